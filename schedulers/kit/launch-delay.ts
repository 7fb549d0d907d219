/**
 * Back-off per key: the first failure delays by `initialMs`, each next by `factor` times more, up to
 * `maxMs`, counted from the failure (spec marathon-behaviour, section 4.2).
 */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';

export interface DelayRule {
  readonly initialMs: DurationMs;
  readonly factor: number;
  readonly maxMs: DurationMs;
}

interface Delay {
  readonly rule: DelayRule;
  readonly delayMs: DurationMs;
  readonly since: Instant;
}

export class LaunchDelays {
  private readonly delays = new Map<string, Delay>();

  failed(key: string, rule: DelayRule, now: Instant): void {
    const before = this.delays.get(key);
    const delayMs = Math.min(
      before === undefined ? rule.initialMs : before.delayMs * rule.factor,
      rule.maxMs,
    );
    this.delays.set(key, { rule, delayMs, since: now });
  }

  /** Counts the present delay from `now` again, without changing its size. */
  rebase(key: string, now: Instant): void {
    const before = this.delays.get(key);
    if (before !== undefined) this.delays.set(key, { ...before, since: now });
  }

  reset(key: string): void {
    this.delays.delete(key);
  }

  /** The earliest launch; not after `now` when there is no delay. */
  until(key: string, now: Instant): Instant {
    const delay = this.delays.get(key);
    return delay === undefined ? now : delay.since + delay.delayMs;
  }

  /** Drops entries without influence any more: older than their longest delay. */
  sweep(now: Instant): void {
    for (const [key, delay] of this.delays) {
      if (delay.since + delay.rule.maxMs < now) this.delays.delete(key);
    }
  }
}
