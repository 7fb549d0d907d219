/**
 * The books of the fetcher's cache (spec agent-runtime, section 11): entries, who holds them, and
 * the space they take. Pure; the files are the shell's.
 *
 *   absent -> downloading -> ready -> absent (evicted, only while nobody holds it)
 *             downloading -> absent (failed)
 */
import { assert } from '../../base/assert.ts';

export interface CacheEntry {
  readonly key: string;
  /** Below the cache directory. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly state: 'downloading' | 'ready';
}

interface Entry extends CacheEntry {
  sizeBytes: number;
  state: 'downloading' | 'ready';
  holders: number;
}

/** An entry for the caller to download, held; the named files go first. */
export interface Reserved {
  readonly entry: CacheEntry;
  readonly evicted: readonly string[];
}

export class FetcherCache {
  readonly sizeMaxBytes: number;
  /** In the order of their last use, longest ago first. */
  private readonly entries = new Map<string, Entry>();
  private used = 0;

  constructor(sizeMaxBytes: number) {
    this.sizeMaxBytes = sizeMaxBytes;
  }

  get usedBytes(): number {
    return this.used;
  }

  /** Holds the entry if it is ready. */
  claim(key: string): CacheEntry | undefined {
    const entry = this.entries.get(key);
    if (entry?.state !== 'ready') return undefined;
    entry.holders += 1;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry;
  }

  /** Makes room for an absent entry; undefined when there is none and none can be made. */
  reserve(key: string, path: string, sizeBytes: number): Reserved | undefined {
    assert(!this.entries.has(key), `cache entry '${key}' exists already`);
    const evicted = this.makeRoom(sizeBytes);
    if (evicted === undefined) return undefined;
    const entry: Entry = { key, path, sizeBytes, state: 'downloading', holders: 1 };
    this.entries.set(key, entry);
    this.used += sizeBytes;
    return { entry, evicted };
  }

  /** The download is over and was so large; gives the files that must go because of it. */
  complete(key: string, sizeBytes: number): readonly string[] {
    const entry = this.get(key);
    this.used += sizeBytes - entry.sizeBytes;
    entry.sizeBytes = sizeBytes;
    entry.state = 'ready';
    return this.makeRoom(0) ?? [];
  }

  /** The download failed: there is no entry. */
  fail(key: string): void {
    const entry = this.get(key);
    this.entries.delete(key);
    this.used -= entry.sizeBytes;
  }

  /** The holder has read it. Gives files to remove, when the cache had grown too large. */
  release(key: string): readonly string[] {
    const entry = this.get(key);
    assert(entry.holders > 0, `cache entry '${key}' is held by nobody`);
    entry.holders -= 1;
    return this.makeRoom(0) ?? [];
  }

  /** The oldest unheld entries that make room for so many bytes; nothing goes when it is not enough. */
  private makeRoom(sizeBytes: number): readonly string[] | undefined {
    let free = this.sizeMaxBytes - this.used;
    const going: Entry[] = [];
    for (const entry of this.entries.values()) {
      if (free >= sizeBytes) break;
      if (entry.holders > 0) continue;
      going.push(entry);
      free += entry.sizeBytes;
    }
    if (free < sizeBytes && sizeBytes > 0) return undefined;
    for (const entry of going) {
      this.entries.delete(entry.key);
      this.used -= entry.sizeBytes;
    }
    return going.map(({ path }) => path);
  }

  private get(key: string): Entry {
    const entry = this.entries.get(key);
    assert(entry !== undefined, `there is no cache entry '${key}'`);
    return entry;
  }
}
