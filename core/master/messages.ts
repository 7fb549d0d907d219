/**
 * Messages between schedulers and executors, executor shutdown and exit (spec scheduler-api,
 * sections 14.2 and 14.4; spec libprocess, sections 5.3 and 5.4). All best effort.
 */
import { agentId, executorId, frameworkId } from '../base/ids.ts';
import type {
  ExecutorToFrameworkMessage,
  ExitedExecutorMessage,
} from '../wire/types/mesos.internal.ts';
import type { CallMessage, CallShutdown } from '../wire/types/mesos.v1.scheduler.ts';
import type { MasterContext } from './context.ts';
import type { Framework } from './records.ts';

/** MESSAGE */
export function messageToExecutor(
  context: MasterContext,
  framework: Framework,
  call: CallMessage,
): void {
  context.count('messages_framework_to_executor');
  const agent = context.state.agents.get(agentId(call.agent_id.value));
  if (agent === undefined || !agent.connected) {
    context.count('invalid_framework_to_executor_messages');
    const fields = { agentId: call.agent_id.value, executorId: call.executor_id.value };
    context.log('debug', fields, 'dropped a message to an executor on an unknown agent');
    return;
  }
  context.count('valid_framework_to_executor_messages');
  context.send(agent, {
    name: 'mesos.internal.FrameworkToExecutorMessage',
    message: {
      slave_id: { value: agent.id },
      framework_id: { value: framework.id },
      executor_id: call.executor_id,
      data: call.data,
    },
  });
}

export function messageToFramework(
  context: MasterContext,
  message: ExecutorToFrameworkMessage,
): void {
  context.count('messages_executor_to_framework');
  const framework = context.state.frameworks.get(frameworkId(message.framework_id.value));
  const agent = context.state.agents.get(agentId(message.slave_id.value));
  if (agent === undefined || framework?.connection === undefined) {
    context.count('invalid_executor_to_framework_messages');
    return;
  }
  context.count('valid_executor_to_framework_messages');
  context.event(framework, {
    type: 'MESSAGE',
    message: {
      agent_id: message.slave_id,
      executor_id: message.executor_id,
      data: message.data,
    },
  });
}

/** SHUTDOWN of one executor */
export function shutdownExecutor(
  context: MasterContext,
  framework: Framework,
  call: CallShutdown,
): void {
  const agent = context.state.agents.get(agentId(call.agent_id.value));
  if (agent === undefined) {
    const fields = { agentId: call.agent_id.value };
    context.log('warn', fields, 'dropped a SHUTDOWN of an executor on an unknown agent');
    return;
  }
  context.send(agent, {
    name: 'mesos.internal.ShutdownExecutorMessage',
    message: { executor_id: call.executor_id, framework_id: { value: framework.id } },
  });
}

/** Not sent by agents for executors of command tasks. */
export function exitedExecutor(context: MasterContext, message: ExitedExecutorMessage): void {
  context.count('messages_exited_executor');
  const agent = context.state.agents.get(agentId(message.slave_id.value));
  const framework = context.state.frameworks.get(frameworkId(message.framework_id.value));
  if (agent === undefined || framework === undefined) return;
  const id = executorId(message.executor_id.value);
  const info = context.state.removeExecutor(framework, agent, id);
  if (info === undefined) {
    // Left with the connection of its agent, for example; the framework has been told by then.
    const fields = { frameworkId: framework.id, executorId: id };
    context.log('warn', fields, 'ignored the exit of an unknown executor');
    return;
  }
  context.recover({
    frameworkId: framework.id,
    agentId: agent.id,
    resources: info.resources ?? [],
    filters: undefined,
    isAllocated: true,
  });
  context.event(framework, {
    type: 'FAILURE',
    failure: {
      agent_id: message.slave_id,
      executor_id: message.executor_id,
      status: message.status,
    },
  });
}
