/**
 * Status updates on their way through the agent (spec executor-api, section 8; libprocess, 6).
 *
 *   executor -> checked, completed -> task state -> stored -> acknowledged -> forwarded
 */
import { executorId, frameworkId, type TaskId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { StatusUpdate } from '../wire/types/mesos.internal.ts';
import type {
  ContainerStatus,
  NetworkInfo,
  Task,
  TaskInfo,
  TaskState,
  TaskStatus,
  TaskStatusReason,
} from '../wire/types/mesos.v1.ts';
import { updatesPathOf } from './checkpoint/effects.ts';
import { updateContainer } from './container-config.ts';
import type { AgentContext } from './context.ts';
import { acknowledgeToExecutor } from './executor-events.ts';
import {
  type AgentExecutor,
  type AgentFramework,
  EXECUTOR_COMPLETED_TASKS_MAX,
  executorWith,
  hasCapability,
  holdsTask,
} from './state.ts';

/** The task as the agent keeps it from the moment it is handed over. */
export function taskOf(
  info: TaskInfo,
  framework: AgentFramework,
  executor: AgentExecutor,
  state: TaskState,
): Task {
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: framework.id },
    executor_id: executor.isCommandExecutor ? undefined : { value: executor.id },
    agent_id: info.agent_id,
    state,
    resources: info.resources,
    labels: info.labels,
    discovery: info.discovery,
    container: info.container,
    health_check: info.health_check,
    kill_policy: info.kill_policy,
    user: info.command?.user ?? info.executor?.command?.user,
    limits: info.limits,
  };
}

/** One status per distinct consecutive state, without `data`. */
export function withStatus(task: Task, status: TaskStatus): Task {
  const { data: _data, ...kept } = status;
  const before = task.statuses ?? [];
  const last = before.at(-1);
  const rest = last?.state === status.state ? before.slice(0, -1) : before;
  return { ...task, state: status.state, statuses: [...rest, kept] };
}

export interface AgentStatus {
  readonly state: TaskState;
  readonly reason: TaskStatusReason;
  readonly message: string;
  readonly limitation?: TaskStatus['limitation'];
}

/** DROPPED or GONE for partition-aware frameworks, LOST for others. */
export function partitionState(
  framework: AgentFramework | { readonly info: AgentFramework['info'] },
  aware: 'TASK_DROPPED' | 'TASK_GONE',
): TaskState {
  return hasCapability(framework.info, 'PARTITION_AWARE') ? aware : 'TASK_LOST';
}

/** An update that the agent itself makes. */
export function sendAgentUpdate(
  context: AgentContext,
  framework: AgentFramework,
  id: TaskId,
  status: AgentStatus,
  executor?: AgentExecutor,
): void {
  const uuid = context.newUuid();
  const executorOf = executor === undefined ? {} : { executor_id: { value: executor.id } };
  handleUpdate(context, framework, executor, {
    framework_id: { value: framework.id },
    ...executorOf,
    slave_id: { value: context.agentId },
    timestamp: context.timestamp,
    uuid,
    status: {
      task_id: { value: id },
      state: status.state,
      message: status.message,
      source: 'SOURCE_AGENT',
      reason: status.reason,
      ...(status.limitation === undefined ? {} : { limitation: status.limitation }),
      agent_id: { value: context.agentId },
      ...executorOf,
      timestamp: context.timestamp,
      uuid,
    },
  });
}

/** An update as an executor sent it, whatever way. */
export function executorUpdate(
  context: AgentContext,
  ids: { readonly frameworkId: string; readonly executorId: string },
  status: TaskStatus,
): void {
  const framework = context.state.frameworks.get(frameworkId(ids.frameworkId));
  const wrongAgent = status.agent_id !== undefined && status.agent_id.value !== context.agentId;
  if (framework === undefined || framework.status === 'terminating' || wrongAgent) {
    context.counts.invalidStatusUpdates += 1;
    return;
  }
  const executor = framework.executors.get(executorId(ids.executorId));
  const uuid = status.uuid ?? context.newUuid();
  const timestamp = status.timestamp ?? context.timestamp;
  handleUpdate(context, framework, executor, {
    framework_id: { value: ids.frameworkId },
    executor_id: { value: ids.executorId },
    slave_id: { value: context.agentId },
    timestamp,
    uuid,
    status: {
      ...status,
      agent_id: { value: context.agentId },
      executor_id: { value: ids.executorId },
      source: 'SOURCE_EXECUTOR',
      timestamp,
      uuid,
    },
  });
}

/** Forgets the task once its terminal update is acknowledged. */
export function completeTask(executor: AgentExecutor, id: TaskId): void {
  const task = executor.terminatedTasks.get(id);
  if (task === undefined) return;
  executor.terminatedTasks.delete(id);
  executor.nestedContainers.delete(id);
  executor.completedTasks.push(task);
  if (executor.completedTasks.length > EXECUTOR_COMPLETED_TASKS_MAX) {
    executor.completedTasks.shift();
  }
}

function handleUpdate(
  context: AgentContext,
  framework: AgentFramework,
  sender: AgentExecutor | undefined,
  update: StatusUpdate,
): void {
  const id = taskId(update.status.task_id.value);
  // The holder is found by the task, not by who sends: news of a task that nobody has, or has any
  // more, are forwarded all the same but never acknowledged to an executor.
  const holder = executorWith(framework, id, holdsTask);
  const status = drained(context, framework, update.status);
  const isFromExecutor = status.source === 'SOURCE_EXECUTOR';
  if (holder === undefined && isFromExecutor && sender?.connection?.kind === 'hosted') {
    // Our own launcher repeats what was not acknowledged: the framework has it long since.
    acknowledgeToExecutor(context, sender, id, update);
    return;
  }
  // A repeated update goes on to the stream, which knows its uuid; it says nothing new of the task.
  const isRepeated = holder !== undefined && knowsStatus(holder, id, status);
  if (holder !== undefined && !isRepeated && !recordState(context, framework, holder, status)) {
    context.counts.invalidStatusUpdates += 1;
    acknowledgeToExecutor(context, holder, id, update);
    return;
  }
  context.counts.validStatusUpdates += 1;
  const whole = withContainer(context, holder, status);
  const completed = { ...update, status: context.hooks.slaveTaskStatus(framework.id, whole) };
  if (!isRepeated) keepStatus(holder, completed.status);
  const known = holder !== undefined && hasHandedOver(holder, id);
  const path = known ? updatesPathOf(context, holder, id) : undefined;
  context.updates.update(completed, path, context.now);
  if (known && isFromExecutor) {
    acknowledgeToExecutor(context, holder, id, update);
  }
}

/** Moves the task; false when the update must be dropped: for a queued or a terminal task. */
function recordState(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  status: TaskStatus,
): boolean {
  const id = taskId(status.task_id.value);
  const launched = executor.launchedTasks.get(id);
  if (launched !== undefined) {
    const task = { ...launched, state: status.state };
    if (!isTerminal(status.state)) {
      executor.launchedTasks.set(id, task);
      return true;
    }
    executor.launchedTasks.delete(id);
    executor.terminatedTasks.set(id, task);
    count(context, status.state);
    if (executor.status === 'running') updateContainer(context, executor);
    return true;
  }
  const queued = executor.queuedTasks.get(id);
  if (queued !== undefined) {
    if (!isTerminal(status.state)) return false;
    removeQueued(executor, id);
    executor.terminatedTasks.set(id, taskOf(queued, framework, executor, status.state));
    count(context, status.state);
    return true;
  }
  return false;
}

function knowsStatus(executor: AgentExecutor, id: TaskId, { uuid }: TaskStatus): boolean {
  const task = executor.launchedTasks.get(id) ?? executor.terminatedTasks.get(id);
  return (task?.statuses ?? []).some((each) => sameUuid(each.uuid, uuid));
}

export function removeQueued(executor: AgentExecutor, id: TaskId): void {
  executor.queuedTasks.delete(id);
  executor.queuedGroups = executor.queuedGroups
    .map((group) => group.filter((task) => task.task_id.value !== id))
    .filter((group) => group.length > 0);
}

function keepStatus(executor: AgentExecutor | undefined, status: TaskStatus): void {
  if (executor === undefined) return;
  const id = taskId(status.task_id.value);
  for (const tasks of [executor.launchedTasks, executor.terminatedTasks]) {
    const task = tasks.get(id);
    if (task !== undefined) tasks.set(id, withStatus(task, status));
  }
}

function hasHandedOver(executor: AgentExecutor, id: TaskId): boolean {
  return executor.launchedTasks.has(id) || executor.terminatedTasks.has(id);
}

/** Container id, pid and addresses, where the executor has not told them. */
function withContainer(
  context: AgentContext,
  executor: AgentExecutor | undefined,
  status: TaskStatus,
): TaskStatus {
  if (executor === undefined || status.source !== 'SOURCE_EXECUTOR') return status;
  const told = status.container_status;
  const isNested = told?.container_id?.parent !== undefined;
  if (isNested && (isTerminal(status.state) || status.state === 'TASK_STARTING')) return status;
  const merged: ContainerStatus = {
    container_id: told?.container_id ?? { value: executor.containerId },
    network_infos: told?.network_infos ?? executor.networkInfos ?? hostNetwork(context),
    executor_pid: told?.executor_pid ?? executor.pid,
    ...(executor.cgroupInfo === undefined ? {} : { cgroup_info: executor.cgroupInfo }),
  };
  return { ...status, container_status: { ...told, ...merged } };
}

function hostNetwork({ self, options }: AgentContext): readonly NetworkInfo[] {
  const { ip6 } = options;
  const second = ip6 === undefined ? [] : [{ protocol: 'IPv6' as const, ip_address: ip6 }];
  return [{ ip_addresses: [{ ip_address: self.ip }, ...second] }];
}

/** While draining, a killed task says why. */
function drained(context: AgentContext, framework: AgentFramework, status: TaskStatus): TaskStatus {
  const { drainConfig } = context.state;
  if (drainConfig === undefined) return status;
  if (status.state !== 'TASK_KILLING' && status.state !== 'TASK_KILLED') return status;
  const isGone =
    drainConfig.mark_gone === true &&
    status.state === 'TASK_KILLED' &&
    hasCapability(framework.info, 'PARTITION_AWARE');
  return {
    ...status,
    state: isGone ? 'TASK_GONE_BY_OPERATOR' : status.state,
    reason: 'REASON_AGENT_DRAINING',
  };
}

function count(context: AgentContext, state: TaskState): void {
  const { tasks } = context.counts;
  switch (state) {
    case 'TASK_FINISHED':
      tasks.finished += 1;
      break;
    case 'TASK_FAILED':
      tasks.failed += 1;
      break;
    case 'TASK_KILLED':
      tasks.killed += 1;
      break;
    case 'TASK_LOST':
      tasks.lost += 1;
      break;
    case 'TASK_GONE':
      tasks.gone += 1;
      break;
    default:
  }
}

function sameUuid(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.every((byte, at) => byte === b[at]);
}
