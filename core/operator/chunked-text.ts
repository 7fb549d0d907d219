/**
 * Text of long lists of immutable objects, kept as bytes. A chunk holds the texts of some neighbours;
 * it is made again only when one of them was replaced. Where a chunk ends depends on the object
 * that ends it, not on its place in the list, so an object that comes or goes changes one chunk
 * and not all behind it.
 */
import { addPiece, ByteBlocks } from '../base/byte-blocks.ts';

/** Largest number of objects of one chunk; about a quarter on average. */
const CHUNK_MAX = 64;

interface Chunk<Item> {
  readonly items: readonly Item[];
  /** With a comma before each. */
  readonly bytes: Buffer;
  /** Where the text of each object ends; undefined when they are not only ASCII. */
  readonly ends: readonly number[] | undefined;
  readonly blocks: ByteBlocks;
}

export class ChunkedText<Item extends object> {
  /** What never changes about an object; decides where chunks end. */
  private readonly idOf: (item: Item) => string;
  /** In the order of the list. */
  private chunks: readonly Chunk<Item>[] = [];
  /** Where the chunk that starts with an object is. */
  private places = new Map<Item, number>();
  private blocks = new ByteBlocks();
  private whole: { readonly revision: number; readonly pieces: readonly Buffer[] } | undefined;

  constructor(idOf: (item: Item) => string) {
    this.idOf = idOf;
  }

  /** The whole text of the list as it was at `revision`, when that is what was rendered last. */
  ready(revision: number): readonly Buffer[] | undefined {
    return this.whole?.revision === revision ? this.whole.pieces : undefined;
  }

  /**
   * The texts with commas between them; `textOf` must give the same for the same object each time.
   * Chunks that are no longer part of the list are forgotten. A `revision` is a number that the list
   * has only while it is exactly this one.
   */
  *render(
    items: readonly Item[],
    textOf: (item: Item, at: number) => string,
    revision?: number,
  ): Generator<Buffer> {
    const { chunks } = this;
    const made: Chunk<Item>[] = [];
    const places = new Map<Item, number>();
    const pieces: Buffer[] = [];
    let neededBytes = 0;
    let place = -1;
    for (let at = 0; at < items.length; ) {
      const first = items[at];
      if (first === undefined) break;
      // An object that was replaced starts no known chunk: it was behind the last one then.
      place = this.places.get(first) ?? place + 1;
      const known = chunks[place];
      const chunk =
        known !== undefined && isAt(known.items, items, at)
          ? this.moved(known)
          : this.make(items, at, textOf, known);
      places.set(first, made.length);
      made.push(chunk);
      neededBytes += chunk.bytes.length;
      const piece = at === 0 ? chunk.bytes.subarray(1) : chunk.bytes;
      addPiece(pieces, piece);
      yield piece;
      at += chunk.items.length;
    }
    this.chunks = made;
    this.places = places;
    this.whole = revision === undefined ? undefined : { revision, pieces };
    if (!this.blocks.isSparse(neededBytes)) return;
    // Forgotten chunks still fill their blocks: what is left moves to new ones the next time.
    this.blocks.giveUp();
    this.blocks = new ByteBlocks();
    this.whole = undefined;
  }

  private moved(chunk: Chunk<Item>): Chunk<Item> {
    const { blocks } = this;
    return chunk.blocks === blocks
      ? chunk
      : { ...chunk, bytes: blocks.join([chunk.bytes]), blocks };
  }

  /** A new chunk; texts of objects that `before` has, too, are copied from it. */
  private make(
    items: readonly Item[],
    from: number,
    textOf: (item: Item, at: number) => string,
    before: Chunk<Item> | undefined,
  ): Chunk<Item> {
    const members: Item[] = [];
    for (let at = from; at < items.length && members.length < CHUNK_MAX; at += 1) {
      const item = items[at];
      if (item === undefined) break;
      members.push(item);
      if (endsChunk(this.idOf(item))) break;
    }
    const { blocks } = this;
    if (before?.ends !== undefined && members.some((item) => before.items.includes(item))) {
      const { parts, ends } = this.reuse(members, before, (item, at) => textOf(item, from + at));
      return { items: members, bytes: blocks.join(parts), ends, blocks };
    }
    let text = '';
    const ends: number[] = [];
    for (const [at, item] of members.entries()) {
      text += `,${textOf(item, from + at)}`;
      ends.push(text.length);
    }
    const bytes = blocks.write(text);
    const isAscii = bytes.length === text.length;
    return { items: members, bytes, ends: isAscii ? ends : undefined, blocks };
  }

  private reuse(
    members: readonly Item[],
    before: Chunk<Item>,
    textOf: (item: Item, at: number) => string,
  ): { readonly parts: readonly Uint8Array[]; readonly ends: readonly number[] } {
    const { items, bytes, ends: endsBefore = [] } = before;
    let end = 0;
    const ends: number[] = [];
    const parts = members.map((item, at) => {
      const place = items.indexOf(item);
      const part =
        place === -1
          ? Buffer.from(`,${textOf(item, at)}`)
          : bytes.subarray(place === 0 ? 0 : endsBefore[place - 1], endsBefore[place]);
      end += part.length;
      ends.push(end);
      return part;
    });
    return { parts, ends };
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
