/**
 * Text of long lists of immutable objects, kept as bytes. A chunk holds the texts of some neighbours;
 * it is made again only when one of them was replaced. Where a chunk ends depends on the object
 * that ends it, not on its place in the list, so an object that comes or goes changes one chunk
 * and not all behind it.
 */

/** Largest number of objects of one chunk; about a quarter on average. */
const CHUNK_MAX = 64;

interface Chunk<Item> {
  readonly items: readonly Item[];
  /** With a comma before each. */
  readonly bytes: Buffer;
}

export class ChunkedText<Item extends object> {
  /** What never changes about an object; decides where chunks end. */
  private readonly idOf: (item: Item) => string;
  /** By their first object. */
  private chunks = new Map<Item, Chunk<Item>>();

  constructor(idOf: (item: Item) => string) {
    this.idOf = idOf;
  }

  /**
   * The texts with commas between them; `textOf` must give the same for the same object each time.
   * Chunks that are no longer part of the list are forgotten.
   */
  *render(items: readonly Item[], textOf: (item: Item, at: number) => string): Generator<Buffer> {
    const used = new Map<Item, Chunk<Item>>();
    for (let at = 0; at < items.length; ) {
      const first = items[at];
      if (first === undefined) break;
      const known = this.chunks.get(first);
      const chunk =
        known !== undefined && isAt(known.items, items, at) ? known : this.make(items, at, textOf);
      used.set(first, chunk);
      yield at === 0 ? chunk.bytes.subarray(1) : chunk.bytes;
      at += chunk.items.length;
    }
    this.chunks = used;
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
    return { items: items.slice(from, at), bytes: Buffer.from(text) };
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
