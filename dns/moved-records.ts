/**
 * Records of a message written anew behind a shorter beginning of it: pointers into what is gone, or has
 * moved, would lead nowhere. Each name is spelt where it first stands and pointed to from then on, as
 * in any compressed message (RFC 1035, section 4.1.4).
 */
import { HEADER_BYTES, TYPE } from './wire.ts';

/** Where the names stand in a record's data, by its type; in other types none is compressed. */
const NAMES_IN_DATA: Readonly<Record<number, { readonly skip: number; readonly names: number }>> = {
  [TYPE.NS]: { skip: 0, names: 1 },
  5: { skip: 0, names: 1 }, // CNAME
  [TYPE.SOA]: { skip: 0, names: 2 },
  12: { skip: 0, names: 1 }, // PTR
  15: { skip: 2, names: 1 }, // MX
  [TYPE.SRV]: { skip: 6, names: 1 },
};
const POINTER = 0xc0;
const POINTER_MAX = 0x3fff;
const NAME_BYTES_MAX = 255;
/** Type, class, ttl and length. */
const FIXED_BYTES = 10;

/**
 * The records from `start` to `end` of a message of which only what is before `keptBytes` stays in front of them;
 * undefined where a name leads nowhere.
 */
export function moveRecords(
  message: Buffer,
  { start, end, keptBytes }: { start: number; end: number; keptBytes: number },
): Buffer | undefined {
  const writer = new RecordWriter(message, keptBytes);
  let at = start;
  while (at < end) {
    const fixed = writer.copyName(at);
    if (fixed === undefined) return undefined;
    const data = fixed + FIXED_BYTES;
    at = data + message.readUInt16BE(fixed + 8);
    writer.copy(fixed, data);
    if (!writer.copyData(message.readUInt16BE(fixed), data, at)) return undefined;
  }
  return writer.bytes();
}

class RecordWriter {
  private readonly message: Buffer;
  private readonly keptBytes: number;
  private readonly written: number[] = [];
  /** Where the rest of a name stands that stood elsewhere in the message. */
  private readonly moved = new Map<number, number>();

  constructor(message: Buffer, keptBytes: number) {
    this.message = message;
    this.keptBytes = keptBytes;
  }

  bytes(): Buffer {
    return Buffer.from(this.written);
  }

  copy(start: number, end: number): void {
    for (let at = start; at < end; at += 1) this.written.push(this.message[at] ?? 0);
  }

  /** The data of a record whose fixed part was written last; false where a name in it leads nowhere. */
  copyData(type: number, start: number, end: number): boolean {
    const before = this.written.length;
    const { skip, names } = NAMES_IN_DATA[type] ?? { skip: 0, names: 0 };
    let at = Math.min(start + skip, end);
    this.copy(start, at);
    for (let seen = 0; seen < names; seen += 1) {
      const next = this.copyName(at);
      if (next === undefined || next > end) return false;
      at = next;
    }
    this.copy(at, end);
    const length = this.written.length - before;
    this.written[before - 2] = length >> 8;
    this.written[before - 1] = length & 0xff;
    return true;
  }

  /** Gives where the name ends in the message; undefined when it leads nowhere. */
  copyName(start: number): number | undefined {
    let at = start;
    /** Of the labels being read, up to the next pointer. */
    let partStart = start;
    let end: number | undefined;
    for (let byteCount = 0; byteCount < NAME_BYTES_MAX; ) {
      const length = this.message[at];
      if (length === undefined) return undefined;
      if (length >= POINTER) {
        end ??= at + 2;
        const target = ((length - POINTER) << 8) | (this.message[at + 1] ?? 0);
        // Only back: a name that points into itself would not end.
        if (target >= partStart || target < HEADER_BYTES) return undefined;
        partStart = target;
        at = target;
        continue;
      }
      if (length === 0) {
        this.written.push(0);
        return end ?? at + 1;
      }
      const known = at < this.keptBytes ? at : this.moved.get(at);
      if (known !== undefined && known <= POINTER_MAX && end !== undefined) {
        this.written.push((known >> 8) | POINTER, known & 0xff);
        return end;
      }
      this.moved.set(at, this.keptBytes + this.written.length);
      this.copy(at, at + 1 + length);
      at += 1 + length;
      byteCount += 1 + length;
    }
    return undefined;
  }
}
