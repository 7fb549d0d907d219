/**
 * Many named deadlines, of which the earliest is wanted: what a machine keeps instead of timers.
 * Setting and clearing cost O(log n); stale heap entries are skipped when they come up.
 */
import { assert } from './assert.ts';
import type { Instant } from './clock.ts';

interface Entry {
  readonly at: Instant;
  readonly key: string;
}

export class Deadlines {
  private readonly current = new Map<string, Instant>();
  private heap: Entry[] = [];

  /** Sets or moves the deadline `key`. */
  set(key: string, at: Instant): void {
    // No time is before it: it would be due for ever.
    assert(!Number.isNaN(at), `deadline '${key}' has no time`);
    if (this.current.get(key) === at) return;
    this.current.set(key, at);
    this.push({ at, key });
    // Moved and cleared deadlines leave entries behind; rebuild before they outnumber the live ones.
    if (this.heap.length > 64 && this.heap.length > 4 * this.current.size) this.rebuild();
  }

  clear(key: string): void {
    this.current.delete(key);
  }

  has(key: string): boolean {
    return this.current.has(key);
  }

  /** The earliest deadline. */
  next(): Instant | undefined {
    this.dropStale();
    return this.heap[0]?.at;
  }

  /** Removes and gives the keys that are due, earliest first. */
  due(now: Instant): readonly string[] {
    const keys: string[] = [];
    for (;;) {
      this.dropStale();
      const first = this.heap[0];
      if (first === undefined || first.at > now) return keys;
      this.current.delete(first.key);
      keys.push(first.key);
    }
  }

  private dropStale(): void {
    let first = this.heap[0];
    while (first !== undefined && this.current.get(first.key) !== first.at) {
      this.pop();
      first = this.heap[0];
    }
  }

  private rebuild(): void {
    this.heap = [];
    for (const [key, at] of this.current) this.push({ at, key });
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let child = heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= entry.at) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      const smaller = right !== undefined && right.at < left.at ? right : left;
      if (smaller === right) child += 1;
      if (smaller.at >= last.at) break;
      heap[parent] = smaller;
      parent = child;
    }
    heap[parent] = last;
  }
}
