/** Asks the master about tasks because somebody asked for it (spec aurora-scheduler, sections 2.4 and 3.3). */
import type { Clock, Timer } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { KnownTask } from '../kit/reconciliation.ts';

export class ReconcileOnDemand {
  private readonly clock: Clock;
  /** So that the answers to many questions do not come at once. */
  private readonly batchPauseMs: DurationMs;
  private readonly ask: (tasks: readonly KnownTask[]) => void;
  private timer: Timer | undefined;

  /** `ask` with nothing asks about everything the master knows. */
  constructor(clock: Clock, batchPauseMs: DurationMs, ask: (tasks: readonly KnownTask[]) => void) {
    this.clock = clock;
    this.batchPauseMs = batchPauseMs;
    this.ask = ask;
  }

  /** A later one takes the place of an earlier one. */
  explicit(tasks: readonly KnownTask[], batchSize: number): void {
    this.stop();
    if (tasks.length === 0) return;
    this.ask(tasks.slice(0, batchSize));
    const rest = tasks.slice(batchSize);
    if (rest.length === 0) return;
    this.timer = this.clock.setTimer(this.batchPauseMs, () => this.explicit(rest, batchSize));
  }

  implicit(): void {
    this.ask([]);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
