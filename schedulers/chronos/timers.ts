/** Timers of HTTP routes as `/metrics` shows them (spec chronos, section 11.2). */
import type { Instant } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { double, type JsonObject } from '../../core/wire/json-text.ts';
import { describeSamples } from './percentiles.ts';

/** The newest times, of which the percentiles are made. */
const SAMPLES_MAX = 1_028;
const TICK_MS = seconds(5);
const WINDOW_MINUTES = [1, 5, 15] as const;

export class RouteTimers {
  private readonly timers = new Map<string, RouteTimer>();

  record(name: string, tookMs: number, now: Instant): void {
    const timer = this.timers.get(name) ?? new RouteTimer(now);
    this.timers.set(name, timer);
    timer.record(tookMs, now);
  }

  /** Routes that were never asked have an empty timer. */
  document(names: readonly string[], now: Instant): JsonObject {
    const entries = names.map((name) => {
      const timer = this.timers.get(name) ?? new RouteTimer(now);
      return [name, timer.document(now)] as const;
    });
    return Object.fromEntries(entries);
  }
}

class RouteTimer {
  private readonly startedAt: Instant;
  private readonly samples: number[] = [];
  private readonly rates: number[] = WINDOW_MINUTES.map(() => 0);
  private count = 0;
  private uncounted = 0;
  private tickedAt: Instant;
  private isFirstTick = true;

  constructor(now: Instant) {
    this.startedAt = now;
    this.tickedAt = now;
  }

  record(tookMs: number, now: Instant): void {
    this.tick(now);
    this.samples[this.count % SAMPLES_MAX] = tookMs / 1_000;
    this.count += 1;
    this.uncounted += 1;
  }

  document(now: Instant): JsonObject {
    this.tick(now);
    const ageMs = now - this.startedAt;
    const [m1 = 0, m5 = 0, m15 = 0] = this.rates;
    return {
      count: this.count,
      ...describeSamples(this.samples),
      m15_rate: double(m15),
      m1_rate: double(m1),
      m5_rate: double(m5),
      mean_rate: double(ageMs === 0 ? 0 : (this.count * 1_000) / ageMs),
      duration_units: 'seconds',
      rate_units: 'calls/second',
    };
  }

  /** Moving averages that fade exponentially, a step every five seconds. */
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
