/** A binary heap of things that end, the earliest first. */
import type { Instant } from '../base/clock.ts';

export interface Expiring {
  readonly expiresAt: Instant;
}

export class ExpiryQueue<T extends Expiring> {
  private readonly heap: T[] = [];

  get size(): number {
    return this.heap.length;
  }

  get first(): T | undefined {
    return this.heap[0];
  }

  push(item: T): void {
    this.heap.push(item);
    let at = this.heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = this.heap[parent];
      if (above === undefined || above.expiresAt <= item.expiresAt) break;
      this.heap[at] = above;
      at = parent;
    }
    this.heap[at] = item;
  }

  /** Takes the first when it has expired. */
  popExpired(now: Instant): T | undefined {
    const [first] = this.heap;
    if (first === undefined || first.expiresAt > now) return undefined;
    this.popFirst();
    return first;
  }

  popFirst(): void {
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) this.sink(last);
  }

  private sink(item: T): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [this.heap[below], this.heap[below + 1]];
      if (left === undefined) break;
      let smaller = left;
      if (right !== undefined && right.expiresAt < left.expiresAt) {
        smaller = right;
        below += 1;
      }
      if (smaller.expiresAt >= item.expiresAt) break;
      this.heap[at] = smaller;
      at = below;
    }
    this.heap[at] = item;
  }
}
