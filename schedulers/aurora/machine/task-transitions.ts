/**
 * The life of a task as a table: what each state may become and what follows from it (spec aurora-scheduler,
 * section 3.1). The table knows no store and no cluster: who applies it carries out the effects, in the order
 * in which they are given.
 */
import type { ScheduleStatus } from './schedule-status.ts';

/** `UNKNOWN` is a task that has no record; `DELETED` is asked for when a record shall go. */
export type TaskState = ScheduleStatus | 'UNKNOWN' | 'DELETED';

/**
 * - `count-failure`: one more failure on the record;
 * - `save`: the new state and its event are written;
 * - `reschedule`: a new task takes the instance over;
 * - `lose`: the task goes on to LOST at once;
 * - `kill`: the cluster is told to kill it;
 * - `delete`: the record goes.
 */
export type TaskEffect = 'count-failure' | 'save' | 'reschedule' | 'lose' | 'kill' | 'delete';

/** What conditional effects depend on. */
export interface TaskFacts {
  readonly isService: boolean;
  /** -1 means that any number of failures is allowed. */
  readonly maxTaskFailures: number;
  /** Before this transition. */
  readonly failureCount: number;
  /** Whether the events so far have KILLING among them. */
  readonly wasKilling: boolean;
}

export type Transition =
  | { readonly kind: 'done'; readonly effects: readonly TaskEffect[] }
  | { readonly kind: 'same' }
  /** Refused and counted; a task that should be gone is killed again. */
  | { readonly kind: 'illegal'; readonly effects: readonly TaskEffect[] };

/** In place of `reschedule`, where it depends on the task. */
type Condition = 'if-service' | 'if-failures-left' | 'unless-killing';
type Row = readonly (TaskEffect | Condition)[];
type Rows = { readonly [to in TaskState]?: Row };

const SAVE: Row = ['save'];
const DELETE: Row = ['delete'];
const SAVE_KILL: Row = ['save', 'kill'];
const SAVE_RESCHEDULE: Row = ['save', 'reschedule'];
const SAVE_LOSE: Row = ['save', 'lose'];

const ENDED_BY_ITSELF: Rows = {
  FINISHED: ['save', 'if-service'],
  FAILED: ['count-failure', 'save', 'if-failures-left'],
  KILLED: SAVE_RESCHEDULE,
};

const ASKED_TO_END: Rows = {
  PREEMPTING: SAVE_KILL,
  RESTARTING: SAVE_KILL,
  DRAINING: SAVE_KILL,
  KILLING: SAVE_KILL,
};

/** PREEMPTING, RESTARTING and DRAINING: killed first, replaced when the end is known. */
const TO_BE_REPLACED: Rows = {
  FINISHED: SAVE_RESCHEDULE,
  FAILED: SAVE_RESCHEDULE,
  KILLED: SAVE_RESCHEDULE,
  LOST: ['save', 'reschedule', 'kill'],
  KILLING: SAVE,
  PARTITIONED: SAVE_LOSE,
};

const ENDED: Rows = { DELETED: DELETE };

export const TASK_TRANSITIONS: { readonly [from in TaskState]: Rows } = {
  UNKNOWN: {},
  INIT: { PENDING: SAVE, THROTTLED: SAVE },
  PENDING: { ASSIGNED: SAVE, KILLING: DELETE },
  THROTTLED: { PENDING: SAVE, KILLING: DELETE },
  ASSIGNED: {
    STARTING: SAVE,
    RUNNING: SAVE,
    ...ENDED_BY_ITSELF,
    LOST: ['save', 'reschedule', 'kill'],
    ...ASKED_TO_END,
  },
  STARTING: {
    RUNNING: SAVE,
    ...ENDED_BY_ITSELF,
    LOST: SAVE_RESCHEDULE,
    ...ASKED_TO_END,
    PARTITIONED: SAVE,
  },
  RUNNING: {
    ...ENDED_BY_ITSELF,
    LOST: SAVE_RESCHEDULE,
    ...ASKED_TO_END,
    PARTITIONED: SAVE,
  },
  PREEMPTING: TO_BE_REPLACED,
  RESTARTING: TO_BE_REPLACED,
  DRAINING: TO_BE_REPLACED,
  KILLING: {
    FINISHED: SAVE,
    FAILED: SAVE,
    KILLED: SAVE,
    LOST: SAVE,
    PARTITIONED: SAVE_LOSE,
    DELETED: DELETE,
  },
  PARTITIONED: {
    ASSIGNED: SAVE,
    STARTING: SAVE,
    RUNNING: SAVE,
    FINISHED: SAVE,
    FAILED: ['count-failure', 'save', 'if-failures-left'],
    LOST: ['save', 'unless-killing', 'kill'],
    KILLING: SAVE_LOSE,
    RESTARTING: SAVE_LOSE,
    DRAINING: SAVE_LOSE,
    PREEMPTING: SAVE_LOSE,
  },
  FINISHED: ENDED,
  FAILED: ENDED,
  KILLED: ENDED,
  LOST: ENDED,
  DELETED: {},
};

/**
 * Told to be running although it must not be: because it shall end, because it was taken for ended (an agent that
 * was given up has come back), or because nobody knows it.
 */
const KILLED_AGAIN: ReadonlySet<TaskState> = new Set<TaskState>([
  ...(['UNKNOWN', 'PREEMPTING', 'RESTARTING', 'DRAINING', 'KILLING'] as const),
  ...(['FINISHED', 'FAILED', 'KILLED', 'LOST'] as const),
]);

const ON_AN_AGENT: ReadonlySet<TaskState> = new Set<TaskState>(['ASSIGNED', 'STARTING', 'RUNNING']);

/** What becomes of a task in state `from` that shall be in state `to`. */
export function taskTransition(from: TaskState, to: TaskState, facts: TaskFacts): Transition {
  if (from === to) return { kind: 'same' };
  const row = TASK_TRANSITIONS[from][to];
  if (row === undefined) {
    const isUnwanted = KILLED_AGAIN.has(from) && ON_AN_AGENT.has(to);
    return { kind: 'illegal', effects: isUnwanted ? ['kill'] : [] };
  }
  return { kind: 'done', effects: row.flatMap((each) => resolved(each, facts)) };
}

function resolved(each: TaskEffect | Condition, facts: TaskFacts): readonly TaskEffect[] {
  switch (each) {
    case 'if-service':
      return facts.isService ? ['reschedule'] : [];
    case 'if-failures-left':
      return hasFailuresLeft(facts) ? ['reschedule'] : [];
    case 'unless-killing':
      return facts.wasKilling ? [] : ['reschedule'];
    default:
      return [each];
  }
}

function hasFailuresLeft(facts: TaskFacts): boolean {
  return (
    facts.isService ||
    facts.maxTaskFailures === -1 ||
    facts.failureCount < facts.maxTaskFailures - 1
  );
}
