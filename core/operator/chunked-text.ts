/**
 * Text of long lists of immutable objects, kept as bytes. A chunk holds the texts of some neighbours;
 * it is made again only when one of them was replaced. Where a chunk ends depends on the object
 * that ends it, not on its place in the list, so an object that comes or goes changes one chunk
 * and not all behind it.
 */

/** Largest number of objects of one chunk; about a quarter on average. */
const CHUNK_MAX = 64;

/** Sizes of the memory blocks that hold the bytes of many chunks. */
const BLOCK_MIN_BYTES = 4 * 1024;
const BLOCK_MAX_BYTES = 1024 ** 2;

interface Chunk<Item> {
  readonly items: readonly Item[];
  /** With a comma before each. */
  readonly bytes: Buffer;
  readonly blocks: Blocks;
}

export class ChunkedText<Item extends object> {
  /** What never changes about an object; decides where chunks end. */
  private readonly idOf: (item: Item) => string;
  /** By their first object. */
  private chunks = new Map<Item, Chunk<Item>>();
  private blocks = new Blocks();

  constructor(idOf: (item: Item) => string) {
    this.idOf = idOf;
  }

  /**
   * The texts with commas between them; `textOf` must give the same for the same object each time.
   * Chunks that are no longer part of the list are forgotten.
   */
  *render(items: readonly Item[], textOf: (item: Item, at: number) => string): Generator<Buffer> {
    const used = new Map<Item, Chunk<Item>>();
    let usedBytes = 0;
    for (let at = 0; at < items.length; ) {
      const first = items[at];
      if (first === undefined) break;
      const known = this.chunks.get(first);
      const chunk =
        known !== undefined && isAt(known.items, items, at)
          ? this.moved(known)
          : this.make(items, at, textOf);
      used.set(first, chunk);
      usedBytes += chunk.bytes.length;
      yield at === 0 ? chunk.bytes.subarray(1) : chunk.bytes;
      at += chunk.items.length;
    }
    this.chunks = used;
    // Forgotten chunks still fill their blocks: what is left moves to new ones the next time.
    if (this.blocks.heldBytes > 3 * usedBytes + BLOCK_MIN_BYTES) this.blocks = new Blocks();
  }

  private moved(chunk: Chunk<Item>): Chunk<Item> {
    const { blocks } = this;
    return chunk.blocks === blocks ? chunk : { ...chunk, bytes: blocks.keep(chunk.bytes), blocks };
  }

  private make(
    items: readonly Item[],
    from: number,
    textOf: (item: Item, at: number) => string,
  ): Chunk<Item> {
    let text = '';
    let at = from;
    for (; at < items.length && at < from + CHUNK_MAX; at += 1) {
      const item = items[at];
      if (item === undefined) break;
      text += `,${textOf(item, at)}`;
      if (endsChunk(this.idOf(item))) {
        at += 1;
        break;
      }
    }
    const { blocks } = this;
    return { items: items.slice(from, at), bytes: blocks.write(text), blocks };
  }
}

/**
 * Memory for the bytes of many chunks, outside the heap. Shared buffers, because the engine does not
 * count them: with others it would collect a heap of gigabytes again for every 64 MB of text made.
 */
class Blocks {
  /** Bytes of all blocks, also of those that nobody needs any more. */
  heldBytes = 0;
  private block: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  private usedBytes = 0;

  write(text: string): Buffer {
    const part = this.take(Buffer.byteLength(text));
    part.write(text);
    return part;
  }

  keep(bytes: Buffer): Buffer {
    const part = this.take(bytes.length);
    bytes.copy(part);
    return part;
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

/** One object in 16, by the end of its id. */
function endsChunk(id: string): boolean {
  const { length } = id;
  let hash = 0;
  for (let at = Math.max(0, length - 4); at < length; at += 1) {
    hash = (hash * 31 + id.charCodeAt(at)) | 0;
  }
  return ((hash ^ (hash >>> 4) ^ (hash >>> 9)) & 15) === 0;
}

function isAt<Item>(part: readonly Item[], items: readonly Item[], from: number): boolean {
  if (from + part.length > items.length) return false;
  for (let at = 0; at < part.length; at += 1) {
    if (part[at] !== items[from + at]) return false;
  }
  return true;
}
