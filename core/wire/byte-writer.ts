/**
 * The primitive values of protobuf, written one after the other into one growing buffer.
 *
 *   varint  := 7 bits a byte, lowest first; negative integers take ten bytes
 *   sized   := length content     content is written first, its length put before it afterwards
 *   fixed   := 4 or 8 bytes, little endian
 */

/** What is kept between two messages; nearly all fit. */
const KEPT_BYTES = 64 * 1024;

/** Shorter texts are copied here: a call of the engine's encoder costs more than so many characters. */
const SHORT_TEXT_MAX = 48;

const VARINT_MAX_BYTES = 10;
const TWO_TO_32 = 2 ** 32;

export class ByteWriter {
  private buffer: Buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
  private at = 0;

  /** Forgets what an encoding that failed may have left. */
  restart(): void {
    this.at = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.at);
    this.buffer.copy(bytes, 0, 0, this.at);
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
    this.at = 0;
    return bytes;
  }

  /** Begins a sized value; gives what `end` needs. */
  begin(): number {
    this.reserve(1);
    this.at += 1;
    return this.at;
  }

  /** Ends the sized value that began at `start`. */
  end(start: number): void {
    const size = this.at - start;
    if (size < 0x80) {
      this.buffer[start - 1] = size;
      return;
    }
    // The place of one byte was kept for the length; longer content moves on.
    const more = varintBytes(size) - 1;
    this.reserve(more);
    this.buffer.copyWithin(start + more, start, this.at);
    this.at = start - 1;
    this.uint32(size);
    this.at += size;
  }

  /** A tag of one byte. */
  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at] = value;
    this.at += 1;
  }

  /** A length, a tag or any integer of 32 bits without sign. */
  uint32(value: number): void {
    this.reserve(VARINT_MAX_BYTES);
    const { buffer } = this;
    let rest = value >>> 0;
    let { at } = this;
    while (rest > 0x7f) {
      buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest >>>= 7;
    }
    buffer[at] = rest;
    this.at = at + 1;
  }

  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.integer(value);
  }

  sint32(value: number): void {
    this.uint32((value << 1) ^ (value >> 31));
  }

  /** An integer of 64 bits as a varint; negative ones as their two's complement. */
  integer(value: number): void {
    if (value >= 0 && value < TWO_TO_32) {
      this.uint32(value);
      return;
    }
    const { low, high } = halvesOf(value);
    this.varint64(low, high);
  }

  sint64(value: number): void {
    const { low, high } = halvesOf(value);
    const sign = high >> 31;
    this.varint64(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  fixed32(value: number): void {
    this.reserve(4);
    // Wraps like the casts of the original's language.
    this.buffer.writeUInt32LE(value >>> 0, this.at);
    this.at += 4;
  }

  fixed64(value: number): void {
    const { low, high } = halvesOf(value);
    this.fixed32(low);
    this.fixed32(high);
  }

  varint64(low: number, high: number): void {
    this.reserve(VARINT_MAX_BYTES);
    let [restLow, restHigh] = [low, high];
    while (restHigh > 0 || restLow > 0x7f) {
      this.buffer[this.at] = (restLow & 0x7f) | 0x80;
      this.at += 1;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.buffer[this.at] = restLow;
    this.at += 1;
  }

  float(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeFloatLE(value, this.at);
  }

  double(value: number): void {
    this.reserve(8);
    this.at = this.buffer.writeDoubleLE(value, this.at);
  }

  bool(value: boolean): void {
    this.reserve(1);
    this.buffer[this.at] = value ? 1 : 0;
    this.at += 1;
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  string(value: string): void {
    if (value.length <= SHORT_TEXT_MAX && this.ascii(value)) return;
    const start = this.begin();
    // No character takes more than three bytes for each of its code units.
    this.reserve(value.length * 3);
    this.at += this.buffer.write(value, this.at);
    this.end(start);
  }

  /** False, and nothing is written, when a character is none of ASCII. */
  private ascii(value: string): boolean {
    const { length } = value;
    this.reserve(length + 1);
    const { buffer, at } = this;
    buffer[at] = length;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      buffer[at + 1 + index] = code;
    }
    this.at = at + 1 + length;
    return true;
  }

  private reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) count += 1;
  return count;
}

/** The two's complement of an integer in two halves without sign. */
function halvesOf(value: number): { readonly low: number; readonly high: number } {
  const size = Math.abs(value);
  const low = size >>> 0;
  const high = ((size - low) / TWO_TO_32) >>> 0;
  if (value >= 0) return { low, high };
  const negated = (~low + 1) >>> 0;
  return { low: negated, high: (~high + (negated === 0 ? 1 : 0)) >>> 0 };
}
