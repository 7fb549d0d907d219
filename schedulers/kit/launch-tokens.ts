/** At most `max` launches per interval; a launch that came to life may give its token back. */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';

export class LaunchTokens {
  private readonly max: number;
  private readonly refreshIntervalMs: DurationMs;
  private left: number;
  private refreshedAt: Instant;

  constructor(max: number, refreshIntervalMs: DurationMs, now: Instant) {
    this.max = max;
    this.refreshIntervalMs = refreshIntervalMs;
    this.left = max;
    this.refreshedAt = now;
  }

  available(now: Instant): number {
    const intervals = Math.floor((now - this.refreshedAt) / this.refreshIntervalMs);
    if (intervals > 0) {
      this.left = this.max;
      this.refreshedAt += intervals * this.refreshIntervalMs;
    }
    return this.left;
  }

  /** False when none is left. */
  take(now: Instant): boolean {
    if (this.available(now) === 0) return false;
    this.left -= 1;
    return true;
  }

  giveBack(): void {
    this.left = Math.min(this.left + 1, this.max);
  }

  /** When tokens are full again; undefined when some are left. */
  wakeAt(): Instant | undefined {
    return this.left > 0 ? undefined : this.refreshedAt + this.refreshIntervalMs;
  }
}
