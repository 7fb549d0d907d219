/** What is said to an executor, in the words of its connection: hosted, HTTP, or driver. */

import type { TaskId } from '../base/ids.ts';
import { formatUuid } from '../base/random.ts';
import type { StatusUpdate } from '../wire/types/mesos.internal.ts';
import type { Event } from '../wire/types/mesos.v1.executor.ts';
import type { KillPolicy, TaskInfo } from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { hostedTaskOf, millisecondsOf } from './command-info.ts';
import type { AgentContext } from './context.ts';
import { executorEnvironment } from './environment.ts';
import { killStarting, startGroup } from './group-launch.ts';
import type { AgentExecutor, AgentFramework } from './state.ts';

/** Events to an HTTP executor that is not connected are lost; it is told again when it subscribes. */
function sendEvent(context: AgentContext, executor: AgentExecutor, event: Event): void {
  if (executor.connection?.kind !== 'http') return;
  const { stream } = executor.connection;
  if (stream !== undefined) context.emit({ kind: 'event', stream, event });
}

export function sendTask(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  task: TaskInfo,
): void {
  const { connection } = executor;
  if (connection?.kind === 'hosted') {
    runHosted(context, executor, task);
  } else if (connection?.kind === 'pid') {
    context.send(connection.pid, {
      name: 'mesos.internal.RunTaskMessage',
      value: {
        framework_id: { value: framework.id },
        framework: framework.info,
        task,
        pid: framework.pid === undefined ? '@0.0.0.0:0' : formatUpid(framework.pid),
      },
    });
  } else {
    sendEvent(context, executor, { type: 'LAUNCH', launch: { task } });
  }
}

export function sendGroup(
  context: AgentContext,
  executor: AgentExecutor,
  tasks: readonly TaskInfo[],
): void {
  if (executor.connection?.kind === 'hosted') {
    startGroup(context, executor, tasks);
    return;
  }
  sendEvent(context, executor, { type: 'LAUNCH_GROUP', launch_group: { task_group: { tasks } } });
}

/** The only task of a command executor, in the executor's own sandbox. */
function runHosted(context: AgentContext, executor: AgentExecutor, task: TaskInfo): void {
  const environment = executorEnvironment(context, executor);
  const hosted = hostedTaskOf(task, { environment });
  const { containerId } = executor;
  context.emit({ kind: 'run', containerId, tasks: [{ hosted, info: task }] });
}

export function sendKill(
  context: AgentContext,
  executor: AgentExecutor,
  id: TaskId,
  policy: KillPolicy | undefined,
): void {
  const { connection } = executor;
  if (connection?.kind === 'hosted') {
    // The command executor of the original talks the old protocol by default, whose adapter drops
    // the policy of a KILL; a drain overrides the task's own policy all the same.
    const keepsPolicy =
      !executor.isCommandExecutor ||
      context.options.httpCommandExecutor ||
      context.state.drainConfig !== undefined;
    const graceMs = keepsPolicy ? millisecondsOf(policy?.grace_period) : undefined;
    if (killStarting(executor, id, graceMs)) return;
    context.emit({ kind: 'kill', containerId: executor.containerId, taskId: id, graceMs });
  } else if (connection?.kind === 'pid') {
    context.send(connection.pid, {
      name: 'mesos.internal.KillTaskMessage',
      value: {
        framework_id: { value: executor.frameworkId },
        task_id: { value: id },
        kill_policy: policy,
      },
    });
  } else {
    sendEvent(context, executor, {
      type: 'KILL',
      kill: { task_id: { value: id }, kill_policy: policy },
    });
  }
}

/** The agent has stored the update. */
export function acknowledgeToExecutor(
  context: AgentContext,
  executor: AgentExecutor,
  id: TaskId,
  update: StatusUpdate,
): void {
  const { connection, containerId } = executor;
  const { uuid } = update;
  if (uuid === undefined) return;
  if (connection?.kind === 'hosted') {
    context.emit({ kind: 'acknowledge', containerId, taskId: id, uuid: formatUuid(uuid) });
  } else if (connection?.kind === 'pid') {
    context.send(connection.pid, {
      name: 'mesos.internal.StatusUpdateAcknowledgementMessage',
      value: {
        slave_id: { value: context.agentId },
        framework_id: { value: executor.frameworkId },
        task_id: { value: id },
        uuid,
      },
    });
  } else {
    sendEvent(context, executor, {
      type: 'ACKNOWLEDGED',
      acknowledged: { task_id: { value: id }, uuid },
    });
  }
}

export function sendMessage(
  context: AgentContext,
  executor: AgentExecutor,
  data: Uint8Array,
): void {
  if (executor.connection?.kind === 'pid') {
    context.send(executor.connection.pid, {
      name: 'mesos.internal.FrameworkToExecutorMessage',
      value: {
        slave_id: { value: context.agentId },
        framework_id: { value: executor.frameworkId },
        executor_id: { value: executor.id },
        data,
      },
    });
    return;
  }
  sendEvent(context, executor, { type: 'MESSAGE', message: { data } });
}

export function sendShutdown(context: AgentContext, executor: AgentExecutor): void {
  const { connection, containerId } = executor;
  if (connection?.kind === 'hosted') {
    context.emit({ kind: 'shutdown-container', containerId });
  } else if (connection?.kind === 'pid') {
    context.send(connection.pid, { name: 'mesos.internal.ShutdownExecutorMessage', value: {} });
  } else {
    sendEvent(context, executor, { type: 'SHUTDOWN' });
  }
}
