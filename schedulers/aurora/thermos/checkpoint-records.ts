/**
 * Records in a checkpoint stream (spec thermos, section 2):
 *
 *   stream := record*
 *   record := length (4 bytes, big-endian) RunnerCkpt (Thrift, binary)
 *
 * A short tail is a record that is still being written.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { decodeStruct, encodeStruct } from '../thrift/messages.ts';
import type { RunnerCkpt } from '../thrift/types.ts';

/** Longer records are no records. */
export const RECORD_MAX_BYTES = 64 * 1024 ** 2;
const LENGTH_BYTES = 4;

export function encodeRecord(record: RunnerCkpt): Buffer {
  const body = encodeStruct('RunnerCkpt', record);
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

export interface RecordsRead {
  readonly records: readonly RunnerCkpt[];
  /** Bytes of the whole records; what follows is not whole yet. */
  readonly wholeBytes: number;
}

export function decodeRecords(bytes: Buffer): Result<RecordsRead> {
  const records: RunnerCkpt[] = [];
  let at = 0;
  while (bytes.length - at >= LENGTH_BYTES) {
    const length = bytes.readUInt32BE(at);
    if (length > RECORD_MAX_BYTES) return err(`a record of ${length} bytes is too long`);
    const end = at + LENGTH_BYTES + length;
    if (end > bytes.length) break;
    const record = decodeStruct('RunnerCkpt', bytes.subarray(at + LENGTH_BYTES, end));
    if (!record.ok) return err(`the record at byte ${at}: ${record.error}`);
    records.push(record.value);
    at = end;
  }
  return ok({ records, wholeBytes: at });
}
