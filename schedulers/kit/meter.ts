/** How often something happens, as the originals' `/metrics` shows it: averages that fade exponentially, a step every five seconds. */
import type { Instant } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { double, type JsonObject } from '../../core/wire/json-text.ts';

const TICK_MS = seconds(5);
const WINDOW_MINUTES = [1, 5, 15] as const;

export class Meter {
  private readonly startedAt: Instant;
  private readonly rates: number[] = WINDOW_MINUTES.map(() => 0);
  private total = 0;
  private uncounted = 0;
  private tickedAt: Instant;
  private isFirstTick = true;

  constructor(now: Instant) {
    this.startedAt = now;
    this.tickedAt = now;
  }

  get count(): number {
    return this.total;
  }

  mark(now: Instant): void {
    this.tick(now);
    this.total += 1;
    this.uncounted += 1;
  }

  /** Events per second. */
  rateMembers(now: Instant): JsonObject {
    this.tick(now);
    const ageMs = now - this.startedAt;
    const [m1 = 0, m5 = 0, m15 = 0] = this.rates;
    return {
      m15_rate: double(m15),
      m1_rate: double(m1),
      m5_rate: double(m5),
      mean_rate: double(ageMs === 0 ? 0 : (this.total * 1_000) / ageMs),
    };
  }

  private tick(now: Instant): void {
    const ticks = Math.floor((now - this.tickedAt) / TICK_MS);
    if (ticks <= 0) return;
    this.tickedAt += ticks * TICK_MS;
    const perSecond = (this.uncounted * 1_000) / TICK_MS;
    this.uncounted = 0;
    WINDOW_MINUTES.forEach((minutes, index) => {
      const keep = Math.exp(-TICK_MS / (minutes * 60_000));
      const before = this.rates[index] ?? 0;
      const first = this.isFirstTick ? perSecond : before * keep + perSecond * (1 - keep);
      this.rates[index] = first * keep ** (ticks - 1);
    });
    this.isFirstTick = false;
  }
}
