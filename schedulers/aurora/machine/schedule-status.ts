/** The groups of task states that the rules speak of (spec aurora-scheduler, section 1.1). */

import type { ScheduleStatus } from '../thrift/types.ts';

export type { ScheduleStatus };

/** Not ended: the instance is taken. */
export const ACTIVE: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  'PENDING',
  'THROTTLED',
  'ASSIGNED',
  'STARTING',
  'RUNNING',
  'PREEMPTING',
  'RESTARTING',
  'DRAINING',
  'KILLING',
  'PARTITIONED',
]);

/** Active and bound to an agent. */
export const AGENT_ASSIGNED: ReadonlySet<ScheduleStatus> = new Set(
  [...ACTIVE].filter((status) => status !== 'PENDING' && status !== 'THROTTLED'),
);

/** Has run and has not ended. */
export const LIVE: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  'RUNNING',
  'KILLING',
  'PREEMPTING',
  'RESTARTING',
  'DRAINING',
  'PARTITIONED',
]);

export const TERMINAL: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  'FAILED',
  'FINISHED',
  'KILLED',
  'LOST',
]);

export function isScheduleStatus(value: unknown): value is ScheduleStatus {
  return STATUSES.has(value);
}

const STATUSES: ReadonlySet<unknown> = new Set(['INIT', ...ACTIVE, ...TERMINAL]);
