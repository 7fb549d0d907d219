/**
 * Asks the master from time to time about all tasks on agents, and lets it tell of everything it knows in between (spec
 * aurora-scheduler, section 3.3). What is asked after each subscription comes beside it.
 */
import type { Clock, Timer } from '../../core/base/clock.ts';
import { type DurationMs, minutes, seconds } from '../../core/base/duration.ts';
import { type FlagValues, flag } from '../../core/base/flags.ts';
import { aboveZero } from './accepted-flags.ts';

export interface ReconciliationOptions {
  readonly initialDelayMs: DurationMs;
  readonly explicitIntervalMs: DurationMs;
  readonly implicitIntervalMs: DurationMs;
  /** Between the first explicit one and the first implicit one. */
  readonly spreadMs: DurationMs;
  readonly batchSize: number;
  readonly batchPauseMs: DurationMs;
}

export const RECONCILIATION_FLAGS = {
  reconciliation_initial_delay: flag('duration', minutes(1), { help: 'Before the first one.' }),
  reconciliation_explicit_interval: flag('duration', minutes(60), {
    help: 'Between questions about all known tasks. (default: 60mins)',
    validate: aboveZero('reconciliation_explicit_interval'),
  }),
  reconciliation_implicit_interval: flag('duration', minutes(60), {
    help: 'Between questions about what the master knows. (default: 60mins)',
    validate: aboveZero('reconciliation_implicit_interval'),
  }),
  reconciliation_schedule_spread: flag('duration', minutes(30), {
    help: 'From the first of these to the first of those. (default: 30mins)',
  }),
  reconciliation_explicit_batch_size: flag('int', 1_000, {
    help: 'Tasks of one question. (default: 1000)',
    validate: aboveZero('reconciliation_explicit_batch_size'),
  }),
  reconciliation_explicit_batch_interval: flag('duration', seconds(5), {
    help: 'Between these questions. (default: 5secs)',
  }),
} as const;

export function reconciliationOptions(
  flags: FlagValues<typeof RECONCILIATION_FLAGS>,
): ReconciliationOptions {
  return {
    initialDelayMs: flags.reconciliation_initial_delay,
    explicitIntervalMs: flags.reconciliation_explicit_interval,
    implicitIntervalMs: flags.reconciliation_implicit_interval,
    spreadMs: flags.reconciliation_schedule_spread,
    batchSize: flags.reconciliation_explicit_batch_size,
    batchPauseMs: flags.reconciliation_explicit_batch_interval,
  };
}

export interface ReconciliationActs {
  readonly explicit: () => void;
  readonly implicit: () => void;
}

export class ReconciliationSchedule {
  private readonly options: ReconciliationOptions;
  private readonly clock: Clock;
  private readonly timers = new Map<keyof ReconciliationActs, Timer>();

  constructor(options: ReconciliationOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
  }

  start(acts: ReconciliationActs): void {
    this.stop();
    const { initialDelayMs, spreadMs, explicitIntervalMs, implicitIntervalMs } = this.options;
    this.after(initialDelayMs, 'explicit', () => acts.explicit(), explicitIntervalMs);
    this.after(initialDelayMs + spreadMs, 'implicit', () => acts.implicit(), implicitIntervalMs);
  }

  stop(): void {
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
  }

  private after(
    delayMs: DurationMs,
    kind: keyof ReconciliationActs,
    act: () => void,
    intervalMs: DurationMs,
  ): void {
    const timer = this.clock.setTimer(delayMs, () => {
      this.after(intervalMs, kind, act, intervalMs);
      act();
    });
    this.timers.set(kind, timer);
  }
}
