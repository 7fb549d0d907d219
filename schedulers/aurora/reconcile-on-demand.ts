/** Asks the master about tasks because somebody asked for it (spec aurora-scheduler, sections 2.4 and 3.3). */
import type { Clock, Timer } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import type { KnownTask } from '../kit/reconciliation.ts';

/** So that the answers to many questions do not come at once. */
const BATCH_PAUSE_MS = seconds(5);

export class ReconcileOnDemand {
  private readonly clock: Clock;
  private readonly ask: (tasks: readonly KnownTask[]) => void;
  private timer: Timer | undefined;

  /** `ask` with nothing asks about everything the master knows. */
  constructor(clock: Clock, ask: (tasks: readonly KnownTask[]) => void) {
    this.clock = clock;
    this.ask = ask;
  }

  /** A later one takes the place of an earlier one. */
  explicit(tasks: readonly KnownTask[], batchSize: number): void {
    this.stop();
    if (tasks.length === 0) return;
    this.ask(tasks.slice(0, batchSize));
    const rest = tasks.slice(batchSize);
    if (rest.length === 0) return;
    this.timer = this.clock.setTimer(BATCH_PAUSE_MS, () => this.explicit(rest, batchSize));
  }

  implicit(): void {
    this.ask([]);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
