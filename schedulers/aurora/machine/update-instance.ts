/**
 * What an update does next with one instance (spec aurora-scheduler, section 6.3). Only the state that the
 * scheduler knows counts: health checks hold RUNNING back in the executor.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import { ACTIVE, type ScheduleStatus, TERMINAL } from './schedule-status.ts';

/** The newest task of the instance. */
export interface ActualTask {
  /** Whether it has the configuration that is wanted. */
  readonly isDesired: boolean;
  readonly status: ScheduleStatus;
  /** Of its last event. */
  readonly since: Instant;
  /** Whether it was killed on purpose: nothing will replace it. */
  readonly wasKilling: boolean;
}

export interface InstanceRule {
  readonly minWaitMs: DurationMs;
  readonly maxFailures: number;
}

export interface InstanceSituation {
  readonly isWanted: boolean;
  readonly actual: ActualTask | undefined;
  /** Ends that this update has counted for the instance so far. */
  readonly failureCount: number;
}

export type InstanceVerdict =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'add' }
  | { readonly kind: 'kill' }
  /** Until the task changes, or until `at`, whichever is first. */
  | { readonly kind: 'wait'; readonly at?: Instant; readonly isFailure: boolean };

const WAIT: InstanceVerdict = { kind: 'wait', isFailure: false };

export function evaluateInstance(
  situation: InstanceSituation,
  rule: InstanceRule,
  now: Instant,
): InstanceVerdict {
  const { actual, isWanted } = situation;
  if (actual === undefined) return isWanted ? { kind: 'add' } : { kind: 'succeeded' };
  if (!isWanted) return evaluateUnwanted(actual);
  if (actual.isDesired) return evaluateDesired(actual, situation.failureCount, rule, now);
  if (isKillable(actual.status)) return { kind: 'kill' };
  // Ended by itself, it is replaced by the scheduler with its old configuration, which is then killed.
  return TERMINAL.has(actual.status) && actual.wasKilling ? { kind: 'add' } : WAIT;
}

function evaluateUnwanted(actual: ActualTask): InstanceVerdict {
  if (isKillable(actual.status)) return { kind: 'kill' };
  return TERMINAL.has(actual.status) && actual.wasKilling ? { kind: 'succeeded' } : WAIT;
}

function evaluateDesired(
  actual: ActualTask,
  failureCount: number,
  rule: InstanceRule,
  now: Instant,
): InstanceVerdict {
  if (actual.status === 'RUNNING') {
    const at = actual.since + rule.minWaitMs;
    return now >= at ? { kind: 'succeeded' } : { kind: 'wait', at, isFailure: false };
  }
  if (!TERMINAL.has(actual.status)) return WAIT;
  // Killed by the way forward, before it was turned back: no failure, and nobody else replaces it.
  if (actual.wasKilling) return { kind: 'add' };
  // The scheduler replaces what has ended; the update only counts how often.
  return failureCount + 1 > rule.maxFailures
    ? { kind: 'failed' }
    : { kind: 'wait', isFailure: true };
}

function isKillable(status: ScheduleStatus): boolean {
  return ACTIVE.has(status) && status !== 'KILLING';
}
