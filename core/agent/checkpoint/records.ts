/**
 * Checkpoint files are sequences of records (spec agent-runtime, section 1.1):
 *
 *     record := length(uint32, little-endian) protobuf
 *
 * A truncated last record is what a crash leaves behind: it is cut off and reported.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { decodeMessage, encodeMessage, type MessageName } from '../../wire/codec.ts';
import type { MessageTypes } from '../../wire/types/messages.ts';

const HEADER_BYTES = 4;

export function encodeRecords<N extends MessageName>(
  name: N,
  values: readonly MessageTypes[N][],
): Uint8Array {
  const bodies = values.map((value) => encodeMessage(name, value));
  const bytes = new Uint8Array(bodies.reduce((size, body) => size + HEADER_BYTES + body.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const body of bodies) {
    view.setUint32(at, body.length, true);
    bytes.set(body, at + HEADER_BYTES);
    at += HEADER_BYTES + body.length;
  }
  return bytes;
}

export function encodeRecord<N extends MessageName>(name: N, value: MessageTypes[N]): Uint8Array {
  return encodeRecords(name, [value]);
}

export interface DecodedRecords<T> {
  readonly values: readonly T[];
  /** Where the good records end; less than the file's size when the last one is cut short. */
  readonly goodBytes: number;
}

/** All whole records; an undecodable one is an error, a cut one at the end is not. */
export function decodeRecords<N extends MessageName>(
  name: N,
  bytes: Uint8Array,
): Result<DecodedRecords<MessageTypes[N]>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: MessageTypes[N][] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + HEADER_BYTES + view.getUint32(at, true);
    if (end > bytes.length) break;
    const decoded = decodeMessage(name, bytes.subarray(at + HEADER_BYTES, end));
    if (!decoded.ok) return err(`record at byte ${at}: ${decoded.error}`);
    values.push(decoded.value);
    at = end;
  }
  return ok({ values, goodBytes: at });
}

/** A file with exactly one record. */
export function decodeRecord<N extends MessageName>(
  name: N,
  bytes: Uint8Array,
): Result<MessageTypes[N]> {
  const records = decodeRecords(name, bytes);
  if (!records.ok) return records;
  const [only] = records.value.values;
  if (only === undefined) return err('no whole record');
  return ok(only);
}
