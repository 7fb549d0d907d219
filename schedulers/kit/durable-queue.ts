/**
 * Holds effects back until the writes they depend on are durable. Batches keep their order; those
 * that arrive while a write is under way are written together (group commit).
 */
import type { Clock, Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';

interface Batch {
  readonly writes: readonly StorageOperation[];
  readonly then: () => void;
}

/** Operations of one group; the rest goes into the next write. */
const GROUP_OPERATIONS_MAX = 2_000;

/**
 * Writes of a busy queue begin so far apart: a synced write costs far more than what is in it. What
 * comes to an idle queue is written at once.
 */
export interface WritePace {
  readonly clock: Clock;
  readonly intervalMs: DurationMs;
}

export class DurableQueue {
  private readonly pace: WritePace | undefined;
  private readonly storage: Storage;
  private readonly onFailure: (thrown: unknown) => void;
  private waiting: Batch[] = [];
  private isWriting = false;
  private hasFailed = false;
  private idle: (() => void)[] = [];

  /** `onFailure` is called once: the store is unusable, the service must stop acting. */
  constructor(storage: Storage, onFailure: (thrown: unknown) => void, pace?: WritePace) {
    this.storage = storage;
    this.pace = pace;
    this.onFailure = onFailure;
  }

  /** Batches not yet carried out. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /**
   * Runs `then` when `writes` and everything submitted before are durable; at once, when there is
   * nothing to wait for. After a failure nothing runs any more.
   */
  submit(writes: readonly StorageOperation[], then: () => void): void {
    if (this.hasFailed) return;
    if (writes.length === 0 && !this.isWriting && this.waiting.length === 0) {
      then();
      return;
    }
    this.waiting.push({ writes, then });
    if (!this.isWriting) void this.drain();
  }

  /** Resolves when everything submitted so far has been carried out (or a write has failed). */
  flush(): Promise<void> {
    if (this.hasFailed || (!this.isWriting && this.waiting.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private async drain(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.length > 0 && !this.hasFailed) {
      const group = this.nextGroup();
      const writes = group.flatMap((batch) => batch.writes);
      const startedAt = this.pace?.clock.now();
      try {
        if (writes.length > 0) await this.storage.write(writes);
      } catch (thrown) {
        this.hasFailed = true;
        this.waiting = [];
        this.onFailure(thrown);
        break;
      }
      for (const batch of group) batch.then();
      if (startedAt !== undefined && writes.length > 0) await this.untilNextWrite(startedAt);
    }
    this.isWriting = false;
    const resolves = this.idle;
    this.idle = [];
    for (const resolve of resolves) resolve();
  }

  private async untilNextWrite(startedAt: Instant): Promise<void> {
    if (this.pace === undefined || this.waiting.length === 0) return;
    const { clock, intervalMs } = this.pace;
    const pauseMs = Math.min(startedAt + intervalMs - clock.now(), intervalMs);
    if (pauseMs <= 0) return;
    await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
  }

  private nextGroup(): readonly Batch[] {
    let operations = 0;
    let count = 0;
    for (const batch of this.waiting) {
      if (count > 0 && operations + batch.writes.length > GROUP_OPERATIONS_MAX) break;
      operations += batch.writes.length;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
