/**
 * The life of an executor at the agent (spec executor-api, sections 4, 5 and 9); `executor-departure.ts` ends it.
 *
 *   registering -> running -> terminating -> terminated -> removed
 */

import { type ContainerId, containerId, executorId, type TaskId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { HostedUpdate } from '../executor/hosted.ts';
import { UNKNOWN_STATUS } from '../executor/wait-status.ts';
import type { ExecutorInfo, TaskInfo } from '../wire/types/mesos.v1.ts';
import {
  checkpointConnection,
  checkpointExecutor,
  checkpointForkedPid,
  checkpointTask,
} from './checkpoint/effects.ts';
import { executorPath, latestRunPath, metaExecutorPath, runPath } from './checkpoint/paths.ts';
import { containerConfigOf, updateContainer } from './container-config.ts';
import type { ContainerizerEvent } from './containerizer/port.ts';
import type { AgentContext } from './context.ts';
import type { PreparedSandbox } from './effects.ts';
import {
  destroyExecutor,
  executorExited,
  launchFailure,
  REGISTRATION_PREFIX,
  shutdownExecutor,
} from './executor-departure.ts';
import { sendGroup, sendTask } from './executor-events.ts';
import { nestedPrepared } from './group-launch.ts';
import { hostedStatus } from './hosted-status.ts';
import type { ContainerLimitation } from './launcher-port.ts';
import type { AgentExecutor, AgentFramework, ExecutorConnection } from './state.ts';
import { executorUpdate, partitionState, taskOf } from './tasks.ts';
import { volumeLinks } from './volumes.ts';

export interface NewExecutor {
  readonly info: ExecutorInfo;
  readonly isCommandExecutor: boolean;
  /** The task that brings the executor, for its URIs and user. */
  readonly firstTask: TaskInfo;
}

/** Makes the executor and asks for its sandbox; its container follows when that exists. */
export function addExecutor(
  context: AgentContext,
  framework: AgentFramework,
  wanted: NewExecutor,
): AgentExecutor {
  const { isCommandExecutor } = wanted;
  const info = context.hooks.slaveExecutorEnvironment(wanted.info);
  const id = containerId(context.random.uuid());
  const ids = {
    agentId: context.agentId,
    frameworkId: framework.id,
    executorId: info.executor_id.value,
    containerId: id,
  };
  const isHosted = isCommandExecutor
    ? context.options.hostsCommandExecutors
    : info.type === 'DEFAULT';
  const executor: AgentExecutor = {
    id: executorId(ids.executorId),
    frameworkId: framework.id,
    info,
    containerId: id,
    kind: !isHosted ? 'process' : isCommandExecutor ? 'command' : 'group',
    isCommandExecutor,
    checkpoint: framework.info.checkpoint === true,
    directory: `${context.options.workDir}/${runPath(ids)}`,
    user: context.options.switchUser ? (info.command?.user ?? framework.info.user) : undefined,
    status: 'registering',
    connection: undefined,
    pid: undefined,
    registeredAt: context.now,
    pendingTermination: undefined,
    isLaunched: false,
    wasSentTasks: false,
    queuedTasks: new Map(),
    queuedGroups: [],
    launchedTasks: new Map(),
    terminatedTasks: new Map(),
    completedTasks: [],
    nestedContainers: new Map(),
    startingGroups: [],
  };
  framework.executors.set(executor.id, executor);
  context.state.containers.set(id, executor);
  for (const path of [executorPath(ids), metaExecutorPath(ids)]) context.gc.unschedule(path);
  checkpointExecutor(context, executor);
  context.emit({
    kind: 'prepare',
    containerId: id,
    directory: executor.directory,
    user: executor.user,
    uris: info.command?.uris ?? [],
    links: volumeLinks(context, executor, wanted.firstTask),
  });
  context.emit({ kind: 'symlink', path: latestRunPath(ids), target: executor.directory });
  const timeoutMs = context.options.executorRegistrationTimeoutMs;
  context.deadlines.set(REGISTRATION_PREFIX + id, context.now + timeoutMs);
  return executor;
}

/** The sandbox exists, or could not be made. */
export function sandboxPrepared(
  context: AgentContext,
  id: ContainerId,
  result: PreparedSandbox,
): void {
  const executor = context.state.containers.get(id);
  if (executor === undefined) {
    nestedPrepared(context, id, result);
    return;
  }
  if (executor.isLaunched) return;
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (framework === undefined) return;
  if (executor.status !== 'registering') {
    executorExited(context, executor, UNKNOWN_STATUS);
    return;
  }
  if (!result.ok) {
    context.counts.containerLaunchErrors += 1;
    executor.pendingTermination =
      result.stage === 'directory'
        ? {
            state: partitionState(framework, 'TASK_DROPPED'),
            reason: 'REASON_EXECUTOR_TERMINATED',
            message: result.message,
          }
        : launchFailure(result.message);
    executorExited(context, executor, UNKNOWN_STATUS);
    return;
  }
  if (executor.pendingTermination !== undefined) {
    context.counts.containerLaunchErrors += 1;
    executorExited(context, executor, UNKNOWN_STATUS);
    return;
  }
  context.hooks.slavePostFetch(id, executor.directory);
  executor.isLaunched = true;
  const config = containerConfigOf(context, framework, executor, result.user);
  context.emit({ kind: 'launch', config });
  if (isReadyAtOnce(context, executor)) {
    executor.connection = { kind: 'hosted' };
    handOverQueued(context, framework, executor);
  }
}

/**
 * A hosted executor takes its only task as soon as it is asked for: the launcher keeps the order. Where a
 * container takes long to make, the task stays here, so that it can be killed meanwhile.
 */
function isReadyAtOnce({ options }: AgentContext, executor: AgentExecutor): boolean {
  const isPlain = executor.info.container === undefined && !options.hasDefaultContainer;
  return executor.kind === 'command' && isPlain;
}

/** Everything but `report`, which recovery takes. */
export function launcherEvent(
  context: AgentContext,
  event: Exclude<ContainerizerEvent, { readonly kind: 'report' }>,
): void {
  const executor = context.state.containers.get(containerId(event.containerId));
  if (executor === undefined) {
    // Left from before: nobody wants it any more.
    if (event.kind === 'exited') {
      context.emit({ kind: 'forget-container', containerId: event.containerId });
    } else if (event.kind === 'started') {
      context.emit({ kind: 'destroy-container', containerId: event.containerId });
    }
    return;
  }
  switch (event.kind) {
    case 'started':
      if (event.pid !== undefined) learnPid(context, executor, event.pid);
      executor.networkInfos = event.networkInfos;
      executor.cgroupInfo = event.cgroupInfo;
      if (executor.kind !== 'process') registerExecutor(context, executor, { kind: 'hosted' });
      break;
    case 'launch-failed':
      context.counts.containerLaunchErrors += 1;
      executor.pendingTermination = launchFailure(event.message, event.reason);
      executorExited(context, executor, UNKNOWN_STATUS);
      break;
    case 'update':
      hostedUpdate(context, executor, event.update);
      break;
    case 'update-failed':
      updateFailed(context, executor, event.message);
      break;
    case 'exited':
      context.emit({ kind: 'forget-container', containerId: event.containerId });
      if (event.limitation !== undefined) limited(executor, event.limitation);
      executorExited(context, executor, event.status);
      break;
  }
}

/** It is never to run with less, or more, than it was granted. */
function updateFailed(context: AgentContext, executor: AgentExecutor, why: string): void {
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (framework === undefined) return;
  destroyExecutor(context, executor, {
    state: partitionState(framework, 'TASK_GONE'),
    reason: 'REASON_CONTAINER_UPDATE_FAILED',
    message: `Failed to update resources for container: ${why}`,
  });
}

/** The container used too much; that outweighs whatever else it was being ended for. */
export function limited(executor: AgentExecutor, limitation: ContainerLimitation): void {
  const { reason, message, resources } = limitation;
  executor.pendingTermination = {
    state: 'TASK_FAILED',
    reason,
    message,
    limitation: { resources },
  };
}

function learnPid(context: AgentContext, executor: AgentExecutor, pid: number): void {
  if (executor.pid === pid) return;
  executor.pid = pid;
  checkpointForkedPid(context, executor);
}

export function hostedUpdate(
  context: AgentContext,
  executor: AgentExecutor,
  update: HostedUpdate,
): void {
  if (update.pid !== undefined && executor.kind === 'command') {
    learnPid(context, executor, update.pid);
  }
  // An executor of its own is killed with its task, and says nothing of what its agent tells better.
  const isTold = executor.pendingTermination !== undefined && isTerminal(update.state);
  const ids = { frameworkId: executor.frameworkId, executorId: executor.id };
  if (!isTold) executorUpdate(context, ids, hostedStatus(executor, update));
  // A framework that is ending takes no updates, but its executor must be able to end.
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (isTold || framework === undefined || framework.status === 'terminating') {
    context.emit({
      kind: 'acknowledge',
      containerId: executor.containerId,
      taskId: update.taskId,
      uuid: update.uuid,
    });
  }
}

/** The executor can be talked to: it gets what is waiting for it. */
export function registerExecutor(
  context: AgentContext,
  executor: AgentExecutor,
  connection: ExecutorConnection,
): void {
  if (executor.status !== 'registering' && executor.status !== 'running') return;
  const isNew = executor.status === 'registering';
  executor.connection = connection;
  executor.status = 'running';
  context.deadlines.clear(REGISTRATION_PREFIX + executor.containerId);
  if (isNew) checkpointConnection(context, executor);
  if (!executor.wasSentTasks && executor.queuedTasks.size === 0) {
    // All its tasks were killed while it started.
    shutdownExecutor(context, executor);
    return;
  }
  deliverQueued(context, executor);
}

/** Hands queued tasks over: single ones in order, then groups. */
export function deliverQueued(context: AgentContext, executor: AgentExecutor): void {
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (executor.status !== 'running' || framework === undefined) return;
  handOverQueued(context, framework, executor);
}

function handOverQueued(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
): void {
  const grouped = new Set<TaskId>();
  for (const group of executor.queuedGroups) {
    for (const task of group) grouped.add(taskId(task.task_id.value));
  }
  const singles = [...executor.queuedTasks].filter(([id]) => !grouped.has(id));
  const groups = executor.queuedGroups;
  executor.queuedGroups = [];
  if (executor.queuedTasks.size > 0) {
    updateContainer(context, executor, [...executor.queuedTasks.values()]);
  }
  for (const [, task] of singles) {
    handOver(context, framework, executor, task);
    sendTask(context, framework, executor, task);
  }
  for (const group of groups) {
    for (const task of group) handOver(context, framework, executor, task);
    sendGroup(context, executor, group);
  }
}

function handOver(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  info: TaskInfo,
): void {
  const id = taskId(info.task_id.value);
  executor.queuedTasks.delete(id);
  executor.wasSentTasks = true;
  const task = taskOf(info, framework, executor, 'TASK_STAGING');
  executor.launchedTasks.set(id, task);
  if (executor.kind === 'group') {
    executor.nestedContainers.set(id, containerId(context.random.uuid()));
  }
  checkpointTask(context, executor, task);
}
