/**
 * Task statuses: those the master makes itself (no uuid, delivered at most once), and how an
 * update changes what the master knows of a task (spec scheduler-api, sections 7 and 16).
 */
import { agentId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { StatusUpdate, StatusUpdateMessage } from '../wire/types/mesos.internal.ts';
import type {
  AgentID,
  Task,
  TaskInfo,
  TaskState,
  TaskStatus,
  TaskStatusReason,
  TimeInfo,
} from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import type { Framework, TaskRecord } from './records.ts';
import { freesResources } from './task-states.ts';

/** TASK_DROPPED, TASK_GONE, ... for partition-aware frameworks, TASK_LOST for the others. */
export function stateFor(framework: Framework, partitionAware: TaskState): TaskState {
  return framework.capabilities.has('PARTITION_AWARE') ? partitionAware : 'TASK_LOST';
}

export interface MasterStatus {
  readonly taskId: string;
  readonly state: TaskState;
  readonly reason: TaskStatusReason | undefined;
  readonly message: string | undefined;
  readonly agentId?: string | undefined;
  readonly unreachableTime?: TimeInfo | undefined;
  /** Health, check and container status are copied from here. */
  readonly lastStatus?: TaskStatus | undefined;
}

/** A status made by the master; fields in the order of the message. */
export function masterStatus(context: MasterContext, fields: MasterStatus): TaskStatus {
  const last = fields.lastStatus;
  return {
    task_id: { value: fields.taskId },
    state: fields.state,
    message: fields.message,
    source: 'SOURCE_MASTER',
    reason: fields.reason,
    agent_id: fields.agentId === undefined ? undefined : { value: fields.agentId },
    timestamp: context.now / 1000,
    healthy: last?.healthy,
    check_status: last?.check_status,
    container_status: last?.container_status,
    unreachable_time: fields.unreachableTime,
  };
}

/**
 * Tells the framework; the caller has recorded whatever must be recorded. `relayed` is an agent's
 * message, which drivers get as it is.
 */
export function sendStatus(
  context: MasterContext,
  framework: Framework,
  status: TaskStatus,
  relayed?: StatusUpdateMessage,
): void {
  const forDriver =
    relayed === undefined
      ? undefined
      : ({ name: 'mesos.internal.StatusUpdateMessage', message: relayed } as const);
  context.event(framework, { type: 'UPDATE', update: { status } }, forDriver);
}

/** The same for a task that the master knows, with its executor; command tasks have none here. */
export function sendTaskStatus(
  context: MasterContext,
  framework: Framework,
  { executor_id }: Task,
  status: TaskStatus,
): void {
  sendStatus(context, framework, executor_id === undefined ? status : { ...status, executor_id });
}

/** The outcome of a task that never became one: counted, told, not stored. */
export function refuseTask(
  context: MasterContext,
  framework: Framework,
  task: TaskInfo,
  outcome: {
    readonly state: TaskState;
    readonly reason: TaskStatusReason;
    readonly message: string;
  },
): void {
  const status = masterStatus(context, {
    ...outcome,
    taskId: task.task_id.value,
    agentId: task.agent_id.value,
  });
  countTerminal(context, framework, status);
  sendStatus(context, framework, status);
}

/** The status a scheduler sees of an update relayed from an agent (spec scheduler-api, section 7). */
export function relayedStatus(update: StatusUpdate): TaskStatus {
  const { agent_id, executor_id, uuid: _uuid, ...rest } = update.status;
  const agent: AgentID | undefined = update.slave_id ?? agent_id;
  return {
    ...rest,
    agent_id: agent,
    executor_id: update.executor_id ?? executor_id,
    timestamp: update.timestamp,
    uuid: update.uuid !== undefined && update.uuid.length > 0 ? update.uuid : undefined,
  };
}

export interface TaskChange {
  readonly status: TaskStatus;
  /** The newest state the agent knows, which may be ahead of `status.state`. */
  readonly latestState: TaskState | undefined;
  /** The update's uuid when it must be acknowledged. */
  readonly uuid: Uint8Array | undefined;
}

/** Brings the task up to date and frees its resources on its first final state. */
export function updateTask(
  context: MasterContext,
  framework: Framework,
  record: TaskRecord,
  change: TaskChange,
): void {
  const { status } = change;
  const statuses = record.task.statuses ?? [];
  const before = record.task.state;
  const target = change.latestState ?? status.state;
  const state = isTerminal(before) ? before : target;
  const acknowledgeable =
    change.uuid === undefined
      ? {}
      : { status_update_state: status.state, status_update_uuid: change.uuid };
  context.state.tasks.replace(record, {
    ...record.task,
    ...acknowledgeable,
    state,
    statuses: withStatus(statuses, status),
  });
  announce(context, framework, statuses, { task: record.task, status });
  if (!isTerminal(before) && isTerminal(state)) countTerminal(context, framework, status, state);
  if (before !== state && state === 'TASK_UNREACHABLE') countDetail(context, status, state);
  if (freesResources(state)) freeResources(context, record);
}

/** A task on the list of unreachable ones gets its last status and moves to the completed ones. */
export function completeUnreachable(
  context: MasterContext,
  framework: Framework,
  given: Task,
  status: TaskStatus,
): void {
  const statuses = given.statuses ?? [];
  const isOver = isTerminal(given.state);
  const task: Task = {
    ...given,
    state: isOver ? given.state : status.state,
    statuses: withStatus(statuses, status),
  };
  context.state.tasks.removeUnreachable(framework, taskId(given.task_id.value));
  context.state.tasks.addCompleted(framework, task);
  if (!isOver) framework.counters.increment(`tasks/terminal/${status.state.toLowerCase()}`);
  announce(context, framework, statuses, { task, status });
}

/** Operators hear of every new state that is reported, also where a final task keeps its own, and of checks. */
function announce(
  context: MasterContext,
  framework: Framework,
  before: readonly TaskStatus[],
  { task, status }: { readonly task: Task; readonly status: TaskStatus },
): void {
  if (before.at(-1)?.state === status.state && !isCheckStatus(status)) return;
  context.operatorEvent({ kind: 'task-updated', framework, task, status, state: task.state });
}

/** Returns the task's resources to the allocator, once. */
export function freeResources(context: MasterContext, record: TaskRecord): void {
  if (!context.state.tasks.release(record)) return;
  context.recover({
    frameworkId: record.framework,
    agentId: agentId(record.agent),
    resources: record.task.resources ?? [],
    filters: undefined,
    isAllocated: true,
  });
}

/** One status per distinct consecutive state, without `data`. */
function withStatus(statuses: readonly TaskStatus[], status: TaskStatus): readonly TaskStatus[] {
  const { data: _data, ...kept } = status;
  const last = statuses.at(-1);
  return last?.state === status.state ? [...statuses.slice(0, -1), kept] : [...statuses, kept];
}

function isCheckStatus(status: TaskStatus): boolean {
  return (
    status.reason === 'REASON_TASK_CHECK_STATUS_UPDATED' ||
    status.reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'
  );
}

/** `master/tasks_failed`, `master/task_failed/source_x/reason_y` and the framework's own. */
export function countTerminal(
  context: MasterContext,
  framework: Framework,
  status: TaskStatus,
  state: TaskState = status.state,
): void {
  const name = state.toLowerCase();
  context.count(name.replace('task_', 'tasks_'));
  framework.counters.increment(`tasks/terminal/${name}`);
  countDetail(context, status, state);
}

function countDetail(context: MasterContext, status: TaskStatus, state: TaskState): void {
  if (status.source === undefined || status.reason === undefined) return;
  const detail = `${status.source}/${status.reason}`.toLowerCase().replaceAll('agent', 'slave');
  context.count(`${state.toLowerCase()}/${detail}`);
}
