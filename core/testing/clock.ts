/**
 * Virtual time. Nothing happens until a test says so: `advance` runs due timers one after another,
 * in the order of their times and then of their making, and lets all promises settle in between.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Instant, Timer } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';

interface Pending {
  readonly at: Instant;
  readonly number: number;
  readonly owner: ProcessClock | undefined;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Where virtual time starts; a fixed day, so that printouts are the same in every run. */
export const SIMULATION_START: Instant = Date.UTC(2020, 0, 1);

/** Timers that one `advance` may run; more means that something re-arms itself without a pause. */
const TIMERS_PER_ADVANCE_MAX = 5_000_000;

export class SimulatedClock implements Clock {
  private time: Instant;
  private nextNumber = 0;
  /** A binary heap by (at, number). */
  private readonly heap: Pending[] = [];

  constructor(start: Instant = SIMULATION_START) {
    this.time = start;
  }

  now(): Instant {
    return this.time;
  }

  setTimer(delayMs: DurationMs, callback: () => void): Timer {
    return this.arm(delayMs, callback, undefined);
  }

  /** The clock of one process: the same time, but its timers end with the process. */
  forProcess(): ProcessClock {
    return new ProcessClock(this, (delayMs, callback, owner) => this.arm(delayMs, callback, owner));
  }

  /** When the next timer is due; `undefined` when there is none. */
  get nextTimerAt(): Instant | undefined {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined) return undefined;
      if (!isDead(first)) return first.at;
      this.pop();
    }
  }

  /** Moves time forward, running what becomes due. */
  async advance(byMs: DurationMs): Promise<void> {
    await this.advanceTo(this.time + byMs);
  }

  async advanceTo(until: Instant): Promise<void> {
    await settle();
    for (let ran = 0; this.runNext(until); ran += 1) {
      if (ran >= TIMERS_PER_ADVANCE_MAX) throw new Error(`timers do not end before ${until}`);
      await settle();
    }
    this.time = Math.max(this.time, until);
  }

  /** Goes on from timer to timer until `isDone`; gives false when `withinMs` passed before. */
  async advanceUntil(isDone: () => boolean, withinMs: DurationMs): Promise<boolean> {
    const limit = this.time + withinMs;
    await settle();
    while (!isDone()) {
      if (!this.runNext(limit)) {
        this.time = Math.max(this.time, limit);
        return isDone();
      }
      await settle();
    }
    return true;
  }

  /** Lets promises that wait for nothing but each other come to rest; time stands still. */
  async settle(): Promise<void> {
    await settle();
  }

  private runNext(until: Instant): boolean {
    const at = this.nextTimerAt;
    if (at === undefined || at > until) return false;
    const due = this.pop();
    this.time = Math.max(this.time, at);
    due?.callback();
    return true;
  }

  private arm(delayMs: DurationMs, callback: () => void, owner: ProcessClock | undefined): Timer {
    assert(!Number.isNaN(delayMs), 'a timer is set for no time');
    const at = this.time + Math.max(delayMs, 0);
    const pending: Pending = { at, number: this.nextNumber++, owner, callback, cancelled: false };
    this.push(pending);
    return {
      cancel: () => {
        pending.cancelled = true;
      },
    };
  }

  private push(pending: Pending): void {
    const heap = this.heap;
    let at = heap.push(pending) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(pending, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = pending;
  }

  private pop(): Pending | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      let least = left;
      const leftItem = heap[left];
      const rightItem = heap[left + 1];
      if (leftItem === undefined) break;
      if (rightItem !== undefined && isBefore(rightItem, leftItem)) least = left + 1;
      const child = heap[least];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
    return first;
  }
}

type Arm = (delayMs: DurationMs, callback: () => void, owner: ProcessClock) => Timer;

/** A view of the clock whose timers all die when the process crashes. */
export class ProcessClock implements Clock {
  private readonly clock: SimulatedClock;
  private readonly arm: Arm;
  isStopped = false;

  constructor(clock: SimulatedClock, arm: Arm) {
    this.clock = clock;
    this.arm = arm;
  }

  now(): Instant {
    return this.clock.now();
  }

  setTimer(delayMs: DurationMs, callback: () => void): Timer {
    return this.arm(delayMs, callback, this);
  }

  /** No timer of this view fires any more. */
  stop(): void {
    this.isStopped = true;
  }
}

/**
 * Waits until all promise jobs have run: one turn of the real event loop, which does no I/O here.
 */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

function isDead(pending: Pending): boolean {
  return pending.cancelled || pending.owner?.isStopped === true;
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
