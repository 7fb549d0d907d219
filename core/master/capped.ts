/** A map in insertion order that forgets its oldest entry above a limit. */
export class CappedMap<Key, Value> implements Iterable<readonly [Key, Value]> {
  private readonly entriesByKey = new Map<Key, Value>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.entriesByKey.size;
  }

  has(key: Key): boolean {
    return this.entriesByKey.has(key);
  }

  get(key: Key): Value | undefined {
    return this.entriesByKey.get(key);
  }

  /** Adds as the youngest; gives the value that was pushed out. */
  set(key: Key, value: Value): Value | undefined {
    this.entriesByKey.delete(key);
    this.entriesByKey.set(key, value);
    if (this.entriesByKey.size <= this.max) return undefined;
    for (const [oldest, pushedOut] of this.entriesByKey) {
      this.entriesByKey.delete(oldest);
      return pushedOut;
    }
    return undefined;
  }

  delete(key: Key): boolean {
    return this.entriesByKey.delete(key);
  }

  values(): IterableIterator<Value> {
    return this.entriesByKey.values();
  }

  keys(): IterableIterator<Key> {
    return this.entriesByKey.keys();
  }

  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.entriesByKey.entries();
  }
}
