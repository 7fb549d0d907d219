/**
 * Takes tasks from state to state: applies the rows of the table with their effects and keeps the times at
 * which something has to happen to a task (spec aurora-scheduler, sections 3.1 and 3.3).
 */
import { assert, unreachable } from '../../../core/base/assert.ts';
import { type DurationMs, seconds } from '../../../core/base/duration.ts';
import type {
  AssignedTask,
  JobKey,
  ScheduledTask,
  ScheduleStatus,
  TaskConfig,
  TaskEvent,
} from '../thrift/types.ts';
import { flappingPenaltyMs } from './flapping.ts';
import { keyText } from './job-key.ts';
import { TERMINAL } from './schedule-status.ts';
import { idOf, jobOf } from './task-table.ts';
import { type TaskEffect, type TaskState, taskTransition } from './task-transitions.ts';
import type { Turn } from './turn.ts';
import { DEDICATED } from './veto.ts';

export interface TaskChangeOptions {
  readonly message?: string | undefined;
  /** The change is made only from this state. */
  readonly from?: ScheduleStatus;
  /** Where the task shall run; given with ASSIGNED. */
  readonly assigned?: AssignedTask;
}

/** `killed-again` is refused, too, and the cluster told to kill what should be gone. */
export type ChangeOutcome = 'done' | 'same' | 'illegal' | 'killed-again' | 'not-from' | 'unknown';

const LOST_ACTION = 'Action performed on partitioned task, marking as LOST.';

/** The states in which a task must not stay. */
const TRANSIENT: ReadonlySet<ScheduleStatus> = new Set<ScheduleStatus>([
  'ASSIGNED',
  'PREEMPTING',
  'RESTARTING',
  'KILLING',
  'DRAINING',
]);

export function changeTask(
  turn: Turn,
  id: string,
  to: TaskState,
  options: TaskChangeOptions = {},
): ChangeOutcome {
  const task = turn.state.tasks.get(id);
  if (task === undefined) return 'unknown';
  if (options.from !== undefined && task.status !== options.from) return 'not-from';
  const { maxTaskFailures, isService } = task.assignedTask.task;
  const transition = taskTransition(task.status, to, {
    isService,
    maxTaskFailures,
    failureCount: task.failureCount,
    wasKilling: task.taskEvents.some((event) => event.status === 'KILLING'),
  });
  if (transition.kind === 'same') return 'same';
  if (transition.kind === 'illegal') turn.count('scheduler_illegal_task_state_transitions');
  for (const effect of transition.effects) applyEffect(turn, id, effect, to, options);
  if (transition.kind === 'illegal' && transition.effects.length > 0) return 'killed-again';
  return transition.kind;
}

function applyEffect(
  turn: Turn,
  id: string,
  effect: TaskEffect,
  to: TaskState,
  options: TaskChangeOptions,
): void {
  const task = turn.state.tasks.get(id);
  assert(task !== undefined, `task '${id}' is gone before its change has ended`);
  switch (effect) {
    case 'count-failure':
      turn.putTask({ ...task, failureCount: task.failureCount + 1 });
      return;
    case 'save':
      assert(to !== 'UNKNOWN' && to !== 'DELETED', `${to} is no state to store`);
      save(turn, task, to, options);
      return;
    case 'reschedule':
      reschedule(turn, task);
      return;
    case 'lose':
      changeTask(turn, id, 'LOST', { message: LOST_ACTION });
      return;
    case 'kill':
      turn.act({ kind: 'kill', taskId: id, agentId: task.assignedTask.slaveId });
      return;
    case 'delete':
      turn.removeTask(task);
      clearTimes(turn, id);
      return;
    default:
      unreachable(effect);
  }
}

function save(
  turn: Turn,
  task: ScheduledTask,
  status: ScheduleStatus,
  options: TaskChangeOptions,
): void {
  const event = eventOf(turn, status, options.message);
  const isPartitioned = status === 'PARTITIONED';
  const saved: ScheduledTask = {
    ...task,
    assignedTask: options.assigned ?? task.assignedTask,
    status,
    taskEvents: compacted([...task.taskEvents, event]),
    timesPartitioned: task.timesPartitioned + (isPartitioned ? 1 : 0),
  };
  turn.putTask(saved);
  setTimes(turn, saved);
  countEnd(turn, saved);
}

/** What goes wrong with a job, or in a rack, shows up in the figures. */
function countEnd(turn: Turn, { status, assignedTask }: ScheduledTask): void {
  if (status !== 'LOST' && status !== 'FAILED') return;
  const { job } = assignedTask.task;
  if (job !== undefined) turn.count(`tasks_${status}_${keyText(job)}`);
  if (status !== 'LOST' || assignedTask.slaveHost === undefined) return;
  const { attributes = [] } = turn.state.hosts.get(assignedTask.slaveHost) ?? {};
  for (const { name, values } of attributes) {
    for (const value of values) {
      if (name === 'rack') turn.count(`tasks_lost_rack_${value}`);
      if (name === DEDICATED) turn.count(`tasks_lost_dedicated_${value.replaceAll('*', '_')}`);
    }
  }
}

function eventOf(turn: Turn, status: ScheduleStatus, message: string | undefined): TaskEvent {
  return { timestamp: turn.now, status, message, scheduler: turn.settings.hostname };
}

/** An agent that comes and goes must not fill the history: of equal pairs one after another the last stays. */
function compacted(events: readonly TaskEvent[]): readonly TaskEvent[] {
  const [one, two, three, four] = events.slice(-4).map((event) => event.status);
  const isRepeated =
    one === three && two === four && (one === 'PARTITIONED') !== (two === 'PARTITIONED');
  return isRepeated ? [...events.slice(0, -4), ...events.slice(-2)] : events;
}

function reschedule(turn: Turn, task: ScheduledTask): void {
  const { task: config, instanceId } = task.assignedTask;
  const penaltyMs = flappingPenaltyOf(turn, task);
  const next = {
    ...newTask(turn, config, instanceId),
    ancestorId: idOf(task),
    failureCount: task.failureCount,
  };
  if (penaltyMs === 0) {
    begin(turn, next, 'PENDING', 'Rescheduled');
    return;
  }
  begin(turn, next, 'THROTTLED', `Rescheduled, penalized for ${penaltyMs} ms for flapping`);
  turn.count('task_throttle_events');
  turn.count('task_throttle_ms_total', penaltyMs);
  turn.timetable.set('throttle', idOf(next), turn.now + penaltyMs);
}

/** How long its instance waits before it is there again. */
export function flappingPenaltyOf(turn: Turn, task: ScheduledTask): DurationMs {
  return flappingPenaltyMs(ancestorsOf(turn, task), turn.settings.flapping, turn.random);
}

/** Histories of the tasks that were there before it, the nearest first. */
function* ancestorsOf(turn: Turn, task: ScheduledTask): Generator<readonly TaskEvent[]> {
  const { tasks } = turn.state;
  let id = task.ancestorId;
  for (;;) {
    const ancestor = id === undefined ? undefined : tasks.get(id);
    if (ancestor === undefined) return;
    yield ancestor.taskEvents;
    id = ancestor.ancestorId;
  }
}

/** Adds PENDING tasks of a checked configuration. */
export function insertTasks(turn: Turn, config: TaskConfig, instances: Iterable<number>): void {
  for (const instance of instances) {
    begin(turn, newTask(turn, config, instance), 'PENDING', undefined);
  }
}

function newTask(turn: Turn, config: TaskConfig, instanceId: number): ScheduledTask {
  const key = config.job;
  assert(key !== undefined, 'a checked configuration has no job');
  return {
    assignedTask: {
      taskId: newTaskId(turn, key, instanceId),
      task: config,
      instanceId,
      assignedPorts: new Map(),
    },
    status: 'INIT',
    failureCount: 0,
    taskEvents: [],
    timesPartitioned: 0,
  };
}

function newTaskId(turn: Turn, { role, environment, name }: JobKey, instance: number): string {
  const id = [role, environment, name, instance, turn.random.uuid()].join('-');
  return id.replaceAll(/[^\w-]/g, '-');
}

function begin(
  turn: Turn,
  task: ScheduledTask,
  status: 'PENDING' | 'THROTTLED',
  message: string | undefined,
): void {
  turn.putTask({ ...task, status, taskEvents: [eventOf(turn, status, message)] });
}

/**
 * Sets the times of a task by its state; used with every change, and for all tasks after a start. What was under way
 * then gets its time anew: the cluster has news of it that nobody has heard yet.
 */
export function setTimes(turn: Turn, task: ScheduledTask): void {
  const { timetable, settings } = turn;
  const id = idOf(task);
  const since = task.taskEvents.at(-1)?.timestamp ?? turn.now;
  clearTimes(turn, id);
  if (TRANSIENT.has(task.status)) {
    timetable.set('timeout', id, turn.now + settings.transientTimeoutMs);
  }
  if (task.status === 'KILLING') timetable.set('kill', id, turn.now + settings.killRetryMs);
  if (task.status === 'PARTITIONED') {
    const policy = task.assignedTask.task.partitionPolicy ?? { reschedule: true };
    if (policy.reschedule) {
      timetable.set('partition', id, since + seconds(policy.delaySecs ?? 0));
    }
  }
  if (TERMINAL.has(task.status)) {
    const job = keyText(jobOf(task));
    if (!timetable.has('prune', job)) {
      timetable.set('prune', job, turn.now + settings.pruneNotBeforeMs);
    }
  }
}

function clearTimes(turn: Turn, id: string): void {
  for (const kind of ['timeout', 'kill', 'throttle', 'partition'] as const) {
    turn.timetable.clear(kind, id);
  }
}
