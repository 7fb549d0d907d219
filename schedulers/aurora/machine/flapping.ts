/**
 * How long an instance waits that keeps ending soon after it has started (spec aurora-scheduler, section 3.1).
 * The walk begins at the task that has just ended and goes back over the tasks it replaced.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import type { Random } from '../../../core/base/random.ts';
import { ACTIVE, type ScheduleStatus, TERMINAL } from './schedule-status.ts';

export interface FlappingRule {
  /** A run that ends sooner than this has flapped. */
  readonly thresholdMs: DurationMs;
  readonly initialMs: DurationMs;
  readonly maxMs: DurationMs;
}

interface PastEvent {
  readonly status: ScheduleStatus;
  readonly timestamp: Instant;
}

/** More ancestors than any penalty needs to reach its maximum. */
const ANCESTORS_MAX = 100;

/** Ended on somebody's wish, which says nothing about the task. */
const ASKED_FOR: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  'RESTARTING',
  'KILLING',
  'DRAINING',
]);

export function hasFlapped(events: readonly PastEvent[], rule: FlappingRule): boolean {
  if (events.some((event) => ASKED_FOR.has(event.status))) return false;
  const end = events.findLast((event) => TERMINAL.has(event.status));
  const active = events.findLast((event) => ACTIVE.has(event.status));
  if (end === undefined || active === undefined) return false;
  return end.timestamp - active.timestamp < rule.thresholdMs;
}

/**
 * @param histories the events of the ancestors, the nearest first: those of the task before the one that has
 *   just ended, of the one before that, and so on. Read only as far as they have flapped.
 */
export function flappingPenaltyMs(
  histories: Iterable<readonly PastEvent[]>,
  rule: FlappingRule,
  random: Pick<Random, 'float'>,
): DurationMs {
  let penaltyMs = 0;
  let count = 0;
  for (const events of histories) {
    if (count === ANCESTORS_MAX || !hasFlapped(events, rule)) break;
    count += 1;
    const half = penaltyMs === 0 ? rule.initialMs : penaltyMs;
    penaltyMs = Math.min(rule.maxMs, half + Math.floor(random.float() * half));
  }
  return penaltyMs;
}
