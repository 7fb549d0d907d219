/** Timers of HTTP routes as `/metrics` shows them (spec chronos, section 11.2). */
import type { Instant } from '../../core/base/clock.ts';
import type { JsonObject } from '../../core/wire/json-text.ts';
import { RouteTimer } from '../kit/route-timer.ts';

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
