/**
 * Task statuses: those the master makes itself (no uuid, delivered at most once), and how an
 * update changes what the master knows of a task (spec scheduler-api, sections 7 and 16).
 */
import { agentId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { StatusUpdate, StatusUpdateMessage } from '../wire/types/mesos.internal.ts';
import type {
  AgentID,
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
  const before = record.task.state;
  const target = change.latestState ?? status.state;
  const state = isTerminal(before) ? before : target;
  const acknowledgeable =
    change.uuid === undefined
      ? {}
      : { status_update_state: status.state, status_update_uuid: change.uuid };
  context.state.setTask(record, {
    ...record.task,
    ...acknowledgeable,
    state,
    statuses: withStatus(record.task.statuses ?? [], status),
  });
  // A refused transition of a final task is announced too, with the state it keeps [recorded].
  if (target !== before || isCheckStatus(status)) {
    const { task } = record;
    context.operatorEvent({ kind: 'task-updated', framework, task, status, state });
  }
  if (!isTerminal(before) && isTerminal(state)) countTerminal(context, framework, status, state);
  if (freesResources(state)) freeResources(context, record);
}

/** Returns the task's resources to the allocator, once. */
export function freeResources(context: MasterContext, record: TaskRecord): void {
  if (!context.state.releaseTask(record)) return;
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
  if (status.source === undefined || status.reason === undefined) return;
  const detail = `${status.source}/${status.reason}`.toLowerCase().replaceAll('agent', 'slave');
  context.count(`${name}/${detail}`);
}
