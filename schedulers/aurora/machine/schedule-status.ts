/**
 * The states of a task as the API names them, their numbers on the wire and the groups the rules speak of
 * (spec aurora-scheduler, section 1.1).
 */

/** Name to number on the wire. */
export const SCHEDULE_STATUS = {
  PENDING: 0,
  STARTING: 1,
  RUNNING: 2,
  FINISHED: 3,
  FAILED: 4,
  KILLED: 5,
  KILLING: 6,
  LOST: 7,
  ASSIGNED: 9,
  INIT: 11,
  RESTARTING: 12,
  PREEMPTING: 13,
  THROTTLED: 16,
  DRAINING: 17,
  PARTITIONED: 18,
} as const;

export type ScheduleStatus = keyof typeof SCHEDULE_STATUS;

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
