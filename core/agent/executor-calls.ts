/**
 * What executors tell the agent: calls of HTTP executors and messages of driver executors
 * (spec executor-api, sections 4, 8 and 18).
 */
import { executorId, frameworkId, taskId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type {
  ExecutorToFrameworkMessage,
  RegisterExecutorMessage,
  ReregisterExecutorMessage,
  StatusUpdateMessage,
} from '../wire/types/mesos.internal.ts';
import type { Call } from '../wire/types/mesos.v1.executor.ts';
import type { TaskInfo, TaskStatus } from '../wire/types/mesos.v1.ts';
import { formatUpid, parseUpid } from '../wire/upid.ts';
import type { AgentContext } from './context.ts';
import { shutdownExecutor } from './executor-departure.ts';
import { registerExecutor } from './executors.ts';
import type { AgentExecutor, AgentFramework, ExecutorStream } from './state.ts';
import { executorUpdate, partitionState, sendAgentUpdate } from './tasks.ts';

interface Found {
  readonly framework: AgentFramework;
  readonly executor: AgentExecutor;
}

export function findExecutor(
  context: AgentContext,
  framework: string,
  executor: string,
): Found | undefined {
  const known = context.state.frameworks.get(frameworkId(framework));
  const found = known?.executors.get(executorId(executor));
  return known === undefined || found === undefined
    ? undefined
    : { framework: known, executor: found };
}

/** The call is valid and its executor was looked up just before. */
export function executorCall(
  context: AgentContext,
  call: Call,
  stream: ExecutorStream | undefined,
): void {
  const ids = { frameworkId: call.framework_id.value, executorId: call.executor_id.value };
  const found = findExecutor(context, ids.frameworkId, ids.executorId);
  if (found === undefined) {
    if (stream !== undefined) context.emit({ kind: 'close-stream', stream });
    return;
  }
  switch (call.type) {
    case 'SUBSCRIBE':
      if (stream !== undefined) subscribe(context, found, call, stream);
      break;
    case 'UPDATE':
      if (call.update !== undefined) executorUpdate(context, ids, call.update.status);
      break;
    case 'MESSAGE':
      if (call.message !== undefined) toFramework(context, found, call.message.data);
      break;
    default:
  }
}

function subscribe(context: AgentContext, found: Found, call: Call, stream: ExecutorStream): void {
  const { framework, executor } = found;
  const isEnding = executor.status === 'terminating' || executor.status === 'terminated';
  const agentEnds = context.state.status === 'terminating';
  if (isEnding || agentEnds || framework.status === 'terminating' || executor.kind !== 'process') {
    context.emit({ kind: 'event', stream, event: { type: 'SHUTDOWN' } });
    context.emit({ kind: 'close-stream', stream });
    return;
  }
  closeStream(context, executor);
  executor.connection = { kind: 'http', stream };
  const updates = (call.subscribe?.unacknowledged_updates ?? []).map(({ status }) => status);
  const tasks = call.subscribe?.unacknowledged_tasks ?? [];
  resume(context, found, { updates, tasks });
  if (!hasNothingToDo(executor)) {
    context.emit({
      kind: 'event',
      stream,
      event: {
        type: 'SUBSCRIBED',
        subscribed: {
          executor_info: executor.info,
          framework_info: framework.info,
          agent_info: context.state.info,
          container_id: { value: executor.containerId },
        },
      },
    });
  }
  registerExecutor(context, executor, { kind: 'http', stream });
}

function hasNothingToDo(executor: AgentExecutor): boolean {
  return !executor.wasSentTasks && executor.queuedTasks.size === 0;
}

function closeStream(context: AgentContext, executor: AgentExecutor): void {
  const { connection } = executor;
  if (connection?.kind !== 'http' || connection.stream === undefined) return;
  context.emit({ kind: 'close-stream', stream: connection.stream });
}

/** The stream has gone; the agent only forgets it and relies on the container's end. */
export function streamClosed(context: AgentContext, stream: ExecutorStream): void {
  for (const executor of context.state.containers.values()) {
    if (executor.connection?.kind === 'http' && executor.connection.stream === stream) {
      executor.connection = { kind: 'http', stream: undefined };
    }
  }
}

/** Unacknowledged updates again; tasks sent but unknown to the executor are dropped. */
function resume(
  context: AgentContext,
  found: Found,
  left: { readonly updates: readonly TaskStatus[]; readonly tasks: readonly TaskInfo[] },
): void {
  const { framework, executor } = found;
  const ids = { frameworkId: framework.id, executorId: executor.id };
  for (const status of left.updates) executorUpdate(context, ids, status);
  const known = new Set(left.tasks.map((task) => task.task_id.value));
  dropStaging(context, framework, executor, known);
}

/** Tasks handed over that the executor never got. */
export function dropStaging(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  known: ReadonlySet<string>,
): void {
  for (const [id, task] of [...executor.launchedTasks]) {
    if (task.state !== 'TASK_STAGING' || known.has(id)) continue;
    sendAgentUpdate(
      context,
      framework,
      id,
      {
        state: partitionState(framework, 'TASK_DROPPED'),
        reason: 'REASON_AGENT_RESTARTED',
        message: 'Task launched during agent restart',
      },
      executor,
    );
  }
  executor.wasSentTasks = hasEverGotTask(executor);
}

/** Those that may run, and those it has spoken of; an executor that never got one has nothing to do. */
function hasEverGotTask({
  launchedTasks,
  terminatedTasks,
  completedTasks,
}: AgentExecutor): boolean {
  if (launchedTasks.size > 0) return true;
  return [...terminatedTasks.values(), ...completedTasks].some(({ statuses }) =>
    statuses?.some(({ source }) => source === 'SOURCE_EXECUTOR'),
  );
}

/** Straight to a driver framework, else through the master. */
function toFramework(context: AgentContext, found: Found, data: Uint8Array): void {
  const { framework, executor } = found;
  context.counts.validFrameworkMessages += 1;
  const message = {
    name: 'mesos.internal.ExecutorToFrameworkMessage',
    value: {
      slave_id: { value: context.agentId },
      framework_id: { value: framework.id },
      executor_id: { value: executor.id },
      data,
    },
  } as const;
  if (framework.pid === undefined) context.sendToMaster(message);
  else context.send(framework.pid, message);
}

export function pidExecutorRegistered(
  context: AgentContext,
  from: Upid,
  message: RegisterExecutorMessage,
): void {
  const found = findExecutor(context, message.framework_id.value, message.executor_id.value);
  const { status } = context.state;
  const isOpen = status !== 'recovering' && status !== 'terminating';
  if (!isOpen || found?.executor.status !== 'registering' || found.framework.status !== 'running') {
    context.send(from, { name: 'mesos.internal.ShutdownExecutorMessage', value: {} });
    return;
  }
  const { framework, executor } = found;
  context.emit({ kind: 'link', to: from });
  if (hasNothingToDo(executor)) {
    registerExecutor(context, executor, { kind: 'pid', pid: from });
    return;
  }
  context.send(from, {
    name: 'mesos.internal.ExecutorRegisteredMessage',
    value: {
      executor_info: executor.info,
      framework_id: { value: framework.id },
      framework_info: framework.info,
      slave_id: { value: context.agentId },
      slave_info: context.state.info,
    },
  });
  registerExecutor(context, executor, { kind: 'pid', pid: from });
}

export function pidExecutorReregistered(
  context: AgentContext,
  from: Upid,
  message: ReregisterExecutorMessage,
): void {
  const found = findExecutor(context, message.framework_id.value, message.executor_id.value);
  // It may have answered the first of several requests to come back.
  const isAsked = context.options.executorReregistrationRetryMs !== undefined;
  if (isAsked && found?.executor.status === 'running') return;
  const isExpected =
    found?.executor.status === 'registering' && found.framework.status === 'running';
  if (!isExpected || context.state.status !== 'recovering') {
    context.send(from, { name: 'mesos.internal.ShutdownExecutorMessage', value: {} });
    return;
  }
  const { executor } = found;
  executor.connection = { kind: 'pid', pid: from };
  executor.wasSentTasks = true;
  context.emit({ kind: 'link', to: from });
  context.send(from, {
    name: 'mesos.internal.ExecutorReregisteredMessage',
    value: { slave_id: { value: context.agentId }, slave_info: context.state.info },
  });
  const updates = (message.updates ?? []).map(({ status, uuid }) => ({ ...status, uuid }));
  resume(context, found, { updates, tasks: message.tasks ?? [] });
  registerExecutor(context, executor, { kind: 'pid', pid: from });
}

export function pidExecutorUpdate(
  context: AgentContext,
  from: Upid,
  message: StatusUpdateMessage,
): void {
  const { update } = message;
  const sender = parseUpid(message.pid ?? '') ?? from;
  const executor = update.executor_id?.value ?? update.status.executor_id?.value;
  if (update.uuid === undefined || executor === undefined) {
    context.counts.invalidStatusUpdates += 1;
    return;
  }
  const ids = { frameworkId: update.framework_id.value, executorId: executor };
  if (update.status.state === 'TASK_STAGING') {
    const found = findExecutor(context, ids.frameworkId, ids.executorId);
    if (found !== undefined) shutdownExecutor(context, found.executor);
    return;
  }
  const status = { ...update.status, uuid: update.uuid, timestamp: update.timestamp };
  executorUpdate(context, ids, status);
  const found = findExecutor(context, ids.frameworkId, ids.executorId);
  if (found === undefined) {
    context.log('warn', 'update from an unknown executor', {
      from: formatUpid(sender),
      taskId: taskId(update.status.task_id.value),
    });
  }
}

export function pidExecutorMessage(
  context: AgentContext,
  message: ExecutorToFrameworkMessage,
): void {
  const found = findExecutor(context, message.framework_id.value, message.executor_id.value);
  if (found === undefined) {
    context.counts.invalidFrameworkMessages += 1;
    return;
  }
  toFramework(context, found, message.data);
}
