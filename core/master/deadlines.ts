/**
 * Named deadlines of the machine, in time order (a binary heap). Setting a name again replaces its
 * deadline; cancelled and replaced entries are skipped when they surface.
 */
import { assert } from '../base/assert.ts';
import type { Instant } from '../base/clock.ts';

interface Entry {
  readonly at: Instant;
  readonly sequence: number;
  readonly name: string;
  readonly run: () => void;
}

export class Deadlines {
  private readonly heap: Entry[] = [];
  private readonly live = new Map<string, Entry>();
  private sequence = 0;

  set(name: string, at: Instant, run: () => void): void {
    // No time is before it: it would be due for ever.
    assert(!Number.isNaN(at), `deadline '${name}' has no time`);
    const entry: Entry = { at, sequence: this.sequence++, name, run };
    this.live.set(name, entry);
    this.heap.push(entry);
    this.rise(this.heap.length - 1);
  }

  /** Like `set`, but keeps an earlier deadline of that name. */
  setEarliest(name: string, at: Instant, run: () => void): void {
    const before = this.live.get(name);
    if (before === undefined || before.at > at) this.set(name, at, run);
  }

  cancel(name: string): void {
    this.live.delete(name);
  }

  has(name: string): boolean {
    return this.live.has(name);
  }

  /** The earliest deadline, or undefined when there is none. */
  next(): Instant | undefined {
    this.dropDead();
    return this.heap[0]?.at;
  }

  /** Takes one deadline that is due. */
  takeDue(now: Instant): (() => void) | undefined {
    this.dropDead();
    const first = this.heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.pop();
    this.live.delete(first.name);
    return first.run;
  }

  private dropDead(): void {
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      if (this.live.get(first.name) === first) return;
      this.pop();
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.swapWhenLess(at, parent)) return;
      at = parent;
    }
  }

  private sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const smaller = this.isLess(left + 1, left) ? left + 1 : left;
      if (!this.swapWhenLess(smaller, at)) return;
      at = smaller;
    }
  }

  private isLess(a: number, b: number): boolean {
    const [first, second] = [this.heap[a], this.heap[b]];
    if (first === undefined || second === undefined) return false;
    return first.at < second.at || (first.at === second.at && first.sequence < second.sequence);
  }

  private swapWhenLess(a: number, b: number): boolean {
    const [first, second] = [this.heap[a], this.heap[b]];
    if (first === undefined || second === undefined || !this.isLess(a, b)) return false;
    this.heap[a] = second;
    this.heap[b] = first;
    return true;
  }
}
