/**
 * RecordIO: the framing of event streams (spec scheduler-api, section 4).
 *
 *   stream := record*            nothing between records
 *   record := length LF payload  length is the payload's size in bytes, ASCII decimal, never 0
 */
import { ClusterError } from '../base/errors.ts';

/** Largest record that is accepted; a master's SUBSCRIBED with the state of a big cluster fits. */
const RECORD_MAX_BYTES = 1024 ** 3;

/** Digits of the largest accepted length; more without a line end are an error. */
const LENGTH_DIGITS_MAX = 20;

const LINE_FEED = 10;

export function encodeRecord(payload: Uint8Array | string): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(`${Buffer.byteLength(payload)}\n${payload}`);
  return Buffer.concat([Buffer.from(`${payload.length}\n`), payload]);
}

/** Cuts a stream into records; chunks may end anywhere. */
export class RecordDecoder {
  private digits = '';
  /** Bytes of the current record that are still to come; undefined while reading a length. */
  private missing: number | undefined;
  private parts: Uint8Array[] = [];
  private readonly recordMaxBytes: number;

  constructor(recordMaxBytes: number = RECORD_MAX_BYTES) {
    this.recordMaxBytes = recordMaxBytes;
  }

  /**
   * The records completed by `chunk`, all of which must be taken. Throws a `ClusterError` on bad framing,
   * after the records before it: they had arrived whole. Then it is unusable.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (this.missing === undefined) {
        at = this.readLength(chunk, at);
        continue;
      }
      const end = Math.min(chunk.length, at + this.missing);
      this.parts.push(chunk.subarray(at, end));
      this.missing -= end - at;
      at = end;
      if (this.missing > 0) continue;
      const record = Buffer.concat(this.parts);
      this.parts = [];
      this.missing = undefined;
      yield record;
    }
  }

  /** Whether the stream may end here. */
  get isBetweenRecords(): boolean {
    return this.missing === undefined && this.digits === '';
  }

  private readLength(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === LINE_FEED) {
        this.missing = parseLength(this.digits, this.recordMaxBytes);
        this.digits = '';
        return at + 1;
      }
      this.digits += String.fromCharCode(byte);
      if (this.digits.length > LENGTH_DIGITS_MAX) throw badFraming(this.digits);
    }
    return chunk.length;
  }
}

function parseLength(digits: string, recordMaxBytes: number): number {
  const length = /^\d+$/.test(digits) ? Number(digits) : 0;
  if (length === 0 || length > recordMaxBytes) throw badFraming(digits);
  return length;
}

function badFraming(digits: string): ClusterError {
  return new ClusterError('RECORDIO', `Failed to decode length '${digits}'`, { retriable: false });
}
