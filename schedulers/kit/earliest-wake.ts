/** One timer for all the moments a machine wants to be woken at: only the earliest is waited for. */
import type { Clock, Instant, Timer } from '../../core/base/clock.ts';

export class EarliestWake {
  private readonly clock: Clock;
  private readonly woke: () => void;
  private timer: Timer | undefined;
  private at: Instant | undefined;
  private isStopped = false;

  /** @param woke called at the moment or after it; the machine says then when it wants to be woken next */
  constructor(clock: Clock, woke: () => void) {
    this.clock = clock;
    this.woke = woke;
  }

  /** A later moment than the one waited for is forgotten: the machine is asked again then. */
  by(at: Instant): void {
    if (this.isStopped || (this.at !== undefined && this.at <= at)) return;
    this.timer?.cancel();
    this.at = at;
    this.timer = this.clock.setTimer(Math.max(0, at - this.clock.now()), () => {
      this.at = undefined;
      if (!this.isStopped) this.woke();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }
}
