/**
 * From what is on disk and what the launcher still runs to a living agent
 * (spec agent-runtime, section 2; executor-api, section 11).
 */
import { formatDuration } from '../base/duration.ts';
import { containerId, executorId, frameworkId, type TaskId, taskId } from '../base/ids.ts';
import { formatUuid } from '../base/random.ts';
import { isTerminal } from '../base/terminal-states.ts';
import { UNKNOWN_STATUS } from '../executor/wait-status.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import type { ExecutorInfo } from '../wire/types/mesos.v1.ts';
import { BOOT_ID_PATH, runPath, taskUpdatesPath } from './checkpoint/paths.ts';
import type {
  OldDirectory,
  RecoveredAgent,
  RecoveredExecutor,
  RecoveredFramework,
  RecoveredTask,
} from './checkpoint/read.ts';
import type { AgentContext } from './context.ts';
import { resumeDrain } from './drain.ts';
import type { AgentInput } from './effects.ts';
import { dropStaging } from './executor-calls.ts';
import {
  destroyExecutor,
  executorExited,
  scheduleSandboxRemoval,
  shutdownExecutor,
} from './executor-departure.ts';
import { hostedUpdate, limited, registerExecutor } from './executors.ts';
import { frameworkPid, removeFrameworkIfIdle } from './frameworks.ts';
import type { LauncherContainer } from './launcher-port.ts';
import { totalWith } from './operations.ts';
import { startOversubscription } from './oversubscription.ts';
import { incompatibility, isReconfigured } from './reconfiguration.ts';
import { disconnect } from './registration.ts';
import type { AgentExecutor, AgentFramework } from './state.ts';
import { partitionState, withStatus } from './tasks.ts';

const RECOVERY_DEADLINE = 'recovery';
const RECONNECT_DEADLINE = 'reconnect';

export function recovered(
  context: AgentContext,
  input: Extract<AgentInput, { readonly kind: 'recovered' }>,
): void {
  const { checkpoint } = input;
  const { state, options } = context;
  for (const note of checkpoint.notes) context.log('warn', 'checkpoint repaired', { note });
  if (checkpoint.errors.length > 0 && options.strict) {
    const failure = `Failed to perform recovery: ${checkpoint.errors.join('; ')}`;
    context.emit({ kind: 'exit', failure });
    return;
  }
  context.counts.recoveryErrors += checkpoint.errors.length;
  const wasRebooted = checkpoint.bootId !== undefined && checkpoint.bootId !== input.bootId;
  context.emit({
    kind: 'write',
    path: BOOT_ID_PATH,
    bytes: new TextEncoder().encode(input.bootId),
    durable: true,
  });
  const known = checkpoint.info;
  const { reconfigurationPolicy: policy } = context.options;
  const refusal = known === undefined ? undefined : incompatibility(policy, known, state.info);
  if (refusal !== undefined && !wasRebooted) {
    context.emit({ kind: 'exit', failure: refusalText(context, refusal) });
    return;
  }
  if (known === undefined || refusal !== undefined) {
    beginAsNew(context, input);
    return;
  }
  context.isReconfigured = isReconfigured(known, state.info);
  state.info = { ...state.info, id: known.id };
  if (!recoverResources(context, checkpoint)) return;
  state.drainConfig = checkpoint.drainConfig;
  for (const framework of checkpoint.frameworks) recoverFramework(context, framework);
  scheduleOld(context, checkpoint.oldDirectories);
  adoptContainers(context, input.containers);
}

/** Their time runs since they were left, however often the agent has started since. */
function scheduleOld(context: AgentContext, directories: readonly OldDirectory[]): void {
  for (const { path, modifiedAt } of directories) {
    context.gc.schedule(path, context.now, modifiedAt);
  }
}

/** No id, or one that may not be kept: whatever still runs belongs to nobody. */
function beginAsNew(
  context: AgentContext,
  input: Extract<AgentInput, { readonly kind: 'recovered' }>,
): void {
  const { info, oldDirectories } = input.checkpoint;
  scheduleOld(context, oldDirectories);
  const id = info?.id?.value;
  if (id !== undefined) {
    for (const path of [`slaves/${id}`, `meta/slaves/${id}`])
      context.gc.schedule(path, context.now);
    context.emit({ kind: 'remove', path: 'meta/slaves/latest' });
  }
  for (const container of input.containers) discard(context, container);
  finishRecovery(context);
}

function recoverResources(context: AgentContext, checkpoint: RecoveredAgent): boolean {
  const { state } = context;
  const checkpointed = toPostReservationRefinement(checkpoint.resources);
  const total = totalWith(state.configuredResources, checkpointed);
  if (!total.ok) {
    const failure = `Failed to perform recovery: ${total.error}`;
    context.emit({ kind: 'exit', failure });
    return false;
  }
  state.totalResources = total.value;
  state.checkpointedResources = checkpointed;
  for (const operation of checkpoint.operations) {
    state.operations.set(formatUuid(operation.uuid.value), operation);
  }
  for (const update of checkpoint.operationUpdates) {
    if (update.operation_uuid === undefined) continue;
    const uuid = formatUuid(update.operation_uuid.value);
    context.operationUpdates.update(uuid, update, context.now);
  }
  return true;
}

function recoverFramework(context: AgentContext, recovered: RecoveredFramework): void {
  const id = frameworkId(recovered.info.id?.value ?? '');
  const framework: AgentFramework = {
    id,
    info: recovered.info,
    pid: frameworkPid(recovered.pid),
    status: 'running',
    executors: new Map(),
    completedExecutors: [],
  };
  context.state.frameworks.set(id, framework);
  for (const executor of recovered.executors) recoverExecutor(context, framework, executor);
}

function recoverExecutor(
  context: AgentContext,
  framework: AgentFramework,
  recovered: RecoveredExecutor,
): void {
  const { run } = recovered;
  if (run === undefined) return;
  const info = withoutDefaultCommand(recovered.info);
  const ids = {
    agentId: context.agentId,
    frameworkId: framework.id,
    executorId: info.executor_id.value,
    containerId: run.containerId,
  };
  const isHosted = recovered.isCommandExecutor && context.options.hostsCommandExecutors;
  const isGroup = !recovered.isCommandExecutor && info.type === 'DEFAULT';
  const executor: AgentExecutor = {
    id: executorId(ids.executorId),
    frameworkId: framework.id,
    info,
    containerId: containerId(run.containerId),
    kind: isHosted ? 'command' : isGroup ? 'group' : 'process',
    isCommandExecutor: recovered.isCommandExecutor,
    checkpoint: true,
    directory: `${context.options.workDir}/${runPath(ids)}`,
    user: undefined,
    status: 'registering',
    connection: undefined,
    pid: run.forkedPid,
    registeredAt: context.now,
    pendingTermination: undefined,
    isLaunched: true,
    wasSentTasks: run.tasks.length > 0,
    queuedTasks: new Map(),
    queuedGroups: [],
    launchedTasks: new Map(),
    terminatedTasks: new Map(),
    completedTasks: [],
    nestedContainers: new Map(),
    startingGroups: [],
  };
  for (const task of run.tasks) {
    recoverTask(context, executor, task, taskUpdatesPath(ids, task.task.task_id.value));
  }
  if (run.isCompleted) {
    executor.status = 'terminated';
    framework.completedExecutors.push(executor);
    scheduleSandboxRemoval(context, executor, run.completedAt);
    return;
  }
  if (run.libprocessPid !== undefined) {
    const pid = frameworkPid(run.libprocessPid);
    if (pid !== undefined) executor.connection = { kind: 'pid', pid };
  }
  framework.executors.set(executor.id, executor);
  context.state.containers.set(executor.containerId, executor);
}

/** Agents before this one wrote it down. */
function withoutDefaultCommand(info: ExecutorInfo): ExecutorInfo {
  if (info.type !== 'DEFAULT') return info;
  const { command: _command, ...rest } = info;
  return rest;
}

/** Replays the task's updates: its statuses, and whether the last one is acknowledged. */
function recoverTask(
  context: AgentContext,
  executor: AgentExecutor,
  recovered: RecoveredTask,
  path: string,
): void {
  let { task } = recovered;
  const acknowledged = new Set<string>();
  let terminalUuid: string | undefined;
  for (const record of recovered.records) {
    if (record.type === 'ACK') {
      if (record.uuid !== undefined) acknowledged.add(formatUuid(record.uuid));
    } else if (record.update !== undefined) {
      task = withStatus(task, record.update.status);
      const { uuid } = record.update;
      if (isTerminal(task.state) && uuid !== undefined) terminalUuid ??= formatUuid(uuid);
    }
  }
  const id: TaskId = taskId(task.task_id.value);
  if (terminalUuid === undefined) executor.launchedTasks.set(id, task);
  else if (acknowledged.has(terminalUuid)) executor.completedTasks.push(task);
  else executor.terminatedTasks.set(id, task);
  context.updates.recover(executor.frameworkId, id, path, recovered.records);
}

/** Matches the executors with what the launcher runs; ends what has no counterpart. */
function adoptContainers(context: AgentContext, containers: readonly LauncherContainer[]): void {
  reconcileContainers(context, containers);
  if (context.options.recover === 'cleanup') {
    beginCleanup(context);
    return;
  }
  const waiting = [...context.state.containers.values()].filter(isWaited);
  askExecutors(context, waiting);
  if (waiting.length === 0) {
    finishRecovery(context);
    return;
  }
  const waitMs = context.options.executorReregistrationTimeoutMs;
  context.deadlines.set(RECOVERY_DEADLINE, context.now + waitMs);
}

/** Driver executors have to be told that the agent is back; again and again, where that is wanted. */
function askExecutors(context: AgentContext, waiting: readonly AgentExecutor[]): void {
  const { executorReregistrationRetryMs: retryMs } = context.options;
  for (const executor of waiting) {
    if (executor.connection?.kind !== 'pid') continue;
    context.emit({ kind: 'link', to: executor.connection.pid });
    context.send(executor.connection.pid, {
      name: 'mesos.internal.ReconnectExecutorMessage',
      value: { slave_id: { value: context.agentId } },
    });
  }
  if (retryMs !== undefined) context.deadlines.set(RECONNECT_DEADLINE, context.now + retryMs);
}

/** Also called when the launcher was replaced while the agent lived. */
export function reconcileContainers(
  context: AgentContext,
  containers: readonly LauncherContainer[],
  about?: ReadonlySet<string>,
): void {
  const byId = new Map(containers.map((container) => [container.id, container]));
  for (const container of containers) {
    if (!context.state.containers.has(containerId(container.id))) discard(context, container);
  }
  for (const executor of [...context.state.containers.values()]) {
    if (about?.has(executor.containerId) === false) continue;
    if (!executor.isLaunched || executor.status === 'terminated') {
      // The launcher died before it forgot what we had taken notice of.
      const isLeft = byId.get(executor.containerId)?.exitStatus !== undefined;
      if (isLeft) {
        context.emit({ kind: 'forget-container', containerId: executor.containerId });
      }
      removeIfRecovered(context, executor);
      continue;
    }
    const container = byId.get(executor.containerId);
    if (container === undefined) {
      // A launch that is still on its way is repeated by the launcher's client, if it is ours.
      const isOurs = context.state.status !== 'recovering';
      const isUnheard = executor.kind === 'command' || !executor.wasSentTasks;
      if (isOurs && executor.status === 'registering' && isUnheard) continue;
      executor.pendingTermination ??= {
        state: 'TASK_FAILED',
        reason: 'REASON_EXECUTOR_TERMINATED',
        message: 'Abnormal executor termination: unknown container',
      };
      executorExited(context, executor, UNKNOWN_STATUS);
      continue;
    }
    adopt(context, executor, container);
  }
}

function removeIfRecovered(context: AgentContext, executor: AgentExecutor): void {
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (framework !== undefined) removeFrameworkIfIdle(context, framework);
}

function adopt(context: AgentContext, executor: AgentExecutor, container: LauncherContainer): void {
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (framework === undefined) return;
  executor.networkInfos = container.networkInfos;
  executor.cgroupInfo = container.cgroupInfo;
  if (executor.kind !== 'process') {
    executor.connection = { kind: 'hosted' };
    for (const { taskId: id, nestedId } of container.updates) {
      if (nestedId !== undefined) executor.nestedContainers.set(taskId(id), containerId(nestedId));
    }
    for (const update of container.updates) hostedUpdate(context, executor, update);
  }
  if (container.exitStatus !== undefined) {
    context.emit({ kind: 'forget-container', containerId: container.id });
    if (container.limitation !== undefined) limited(executor, container.limitation);
    executorExited(context, executor, container.exitStatus);
    return;
  }
  if (executor.kind === 'process' || executor.status !== 'registering') return;
  if (context.state.status === 'recovering') {
    dropStaging(context, framework, executor, new Set(container.taskIds));
  }
  registerExecutor(context, executor, { kind: 'hosted' });
}

/** A container that no executor owns. */
function discard(context: AgentContext, container: LauncherContainer): void {
  const kind = container.exitStatus === undefined ? 'destroy-container' : 'forget-container';
  context.emit({ kind, containerId: container.id });
}

function isWaited(executor: AgentExecutor): boolean {
  return executor.status === 'registering' && executor.kind === 'process';
}

/** The time for executors to come back is over; false when `key` is another deadline. */
export function recoveryWoke(context: AgentContext, key: string): boolean {
  if (key === RECONNECT_DEADLINE) {
    askExecutors(context, [...context.state.containers.values()].filter(isWaited));
    return true;
  }
  if (key !== RECOVERY_DEADLINE) return false;
  const timeout = formatDuration(context.options.executorReregistrationTimeoutMs);
  for (const executor of [...context.state.containers.values()].filter(isWaited)) {
    const framework = context.state.frameworks.get(executor.frameworkId);
    if (framework === undefined) continue;
    destroyExecutor(context, executor, {
      state: partitionState(framework, 'TASK_GONE'),
      reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
      message: `Executor did not reregister within ${timeout}`,
    });
  }
  finishRecovery(context);
  return true;
}

function finishRecovery(context: AgentContext): void {
  const { state, options } = context;
  for (const framework of [...state.frameworks.values()]) removeFrameworkIfIdle(context, framework);
  if (options.recover === 'cleanup' && state.frameworks.size === 0) {
    context.emit({ kind: 'exit', failure: undefined });
    return;
  }
  context.deadlines.clear(RECONNECT_DEADLINE);
  resumeDrain(context);
  startOversubscription(context);
  disconnect(context);
}

/** `--recover=cleanup`: everything is ended, nothing registered. */
function beginCleanup(context: AgentContext): void {
  const { state } = context;
  state.status = 'terminating';
  for (const framework of [...state.frameworks.values()]) {
    for (const executor of [...framework.executors.values()]) shutdownExecutor(context, executor);
    removeFrameworkIfIdle(context, framework);
  }
  if (state.frameworks.size === 0) context.emit({ kind: 'exit', failure: undefined });
}

function refusalText(context: AgentContext, why: string): string {
  return (
    `Failed to perform recovery: ${why}\n` +
    'To restart this agent with a new agent id instead, do as follows:\n' +
    `rm -f ${context.options.workDir}/meta/slaves/latest\n` +
    'This ensures that the agent does not recover old live executors.'
  );
}
