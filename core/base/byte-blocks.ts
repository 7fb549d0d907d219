/**
 * Memory for the bytes of many small texts, outside the heap. Shared buffers, because the engine does not
 * count them: with others it would collect a heap of gigabytes again for every 64 MB of text made.
 * Texts written one after another lie next to each other, so a run of them is one buffer.
 */

/** Sizes of the memory blocks. */
const BLOCK_MIN_BYTES = 4 * 1024;
const BLOCK_MAX_BYTES = 1024 ** 2;

/**
 * When so much has been given up, the engine is told that there is something to collect. It does not
 * count shared buffers, so a master whose heap hardly grows would keep gigabytes of old texts.
 */
const GIVEN_UP_MAX_BYTES = 192 * 1024 ** 2;

/** More than the growth of counted buffers after which the engine begins to collect, in its own pace. */
const HINT_BYTES = 80 * 1024 ** 2;

/** Of one code unit of a text. */
const UTF8_MAX_BYTES = 3;

/** Of the process, as the engine's memory is. */
let givenUpBytes = 0;

export class ByteBlocks {
  /** Bytes of all blocks, also of those that nobody needs any more. */
  private heldBytes = 0;
  private block: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  private usedBytes = 0;

  get size(): number {
    return this.heldBytes;
  }

  write(text: string): Buffer {
    const { block, usedBytes } = this;
    if (usedBytes + text.length * UTF8_MAX_BYTES <= block.length) {
      const end = usedBytes + block.write(text, usedBytes);
      this.usedBytes = end;
      return block.subarray(usedBytes, end);
    }
    const size = Buffer.byteLength(text);
    const part = this.take(size);
    // What is ASCII only, as nearly everything, is just copied.
    part.write(text, size === text.length ? 'latin1' : 'utf8');
    return part;
  }

  /** One copy of all parts, one behind the other. */
  join(parts: readonly Uint8Array[]): Buffer {
    let size = 0;
    for (const part of parts) size += part.length;
    const whole = this.take(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** Whether so much of the memory is no longer needed that moving the rest to new blocks pays. */
  isSparse(neededBytes: number): boolean {
    return this.heldBytes > 3 * neededBytes + BLOCK_MIN_BYTES;
  }

  /** Nobody takes from these blocks any more; their memory is freed when nobody reads it either. */
  giveUp(): void {
    givenUpBytes += this.heldBytes;
    if (givenUpBytes < GIVEN_UP_MAX_BYTES) return;
    givenUpBytes = 0;
    // Never touched, so it takes addresses only; it is garbage at once.
    void new ArrayBuffer(HINT_BYTES);
  }

  private take(size: number): Buffer {
    if (this.usedBytes + size > this.block.length) {
      const usual = Math.min(Math.max(this.heldBytes, BLOCK_MIN_BYTES), BLOCK_MAX_BYTES);
      this.block = Buffer.from(new SharedArrayBuffer(Math.max(size, usual)));
      this.heldBytes += this.block.length;
      this.usedBytes = 0;
    }
    const part = this.block.subarray(this.usedBytes, this.usedBytes + size);
    this.usedBytes += size;
    return part;
  }
}

/** Adds `next` to a list of pieces; neighbours in memory become one piece. */
export function addPiece(pieces: Buffer[], next: Buffer): void {
  if (next.length === 0) return;
  const last = pieces.at(-1);
  if (
    last !== undefined &&
    last.buffer === next.buffer &&
    last.byteOffset + last.length === next.byteOffset
  ) {
    const length = last.length + next.length;
    pieces[pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, length);
    return;
  }
  pieces.push(next);
}
