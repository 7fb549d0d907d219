/** A binary heap of names by time. Entries are not removed: the reader checks what still holds. */
import type { Instant } from '../../core/base/clock.ts';

interface Entry {
  readonly at: Instant;
  readonly name: string;
}

export class WakeHeap {
  private readonly entries: Entry[] = [];

  /** The earliest time; undefined when empty. */
  get nextAt(): Instant | undefined {
    return this.entries[0]?.at;
  }

  push(name: string, at: Instant): void {
    this.entries.push({ name, at });
    let index = this.entries.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.time(parent) <= this.time(index)) break;
      this.swap(parent, index);
      index = parent;
    }
  }

  /** The name of the earliest entry not after `now`. */
  popDue(now: Instant): string | undefined {
    const first = this.entries[0];
    if (first === undefined || first.at > now) return undefined;
    const last = this.entries.pop();
    if (last !== undefined && this.entries.length > 0) {
      this.entries[0] = last;
      this.sink();
    }
    return first.name;
  }

  private sink(): void {
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      let least = index;
      if (this.time(left) < this.time(least)) least = left;
      if (this.time(left + 1) < this.time(least)) least = left + 1;
      if (least === index) return;
      this.swap(least, index);
      index = least;
    }
  }

  private time(index: number): number {
    return this.entries[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const [first, second] = [this.entries[a], this.entries[b]];
    if (first === undefined || second === undefined) return;
    this.entries[a] = second;
    this.entries[b] = first;
  }
}
