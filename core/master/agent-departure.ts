/**
 * How agents leave: disconnected, unreachable, unregistered or replaced, gone (spec scheduler-api,
 * sections 16.4 and 18; spec libprocess, section 4.5). The registry is written first; frameworks
 * hear of it when that is durable.
 */
import { formatDuration } from '../base/duration.ts';
import type { AgentId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type {
  OperationState,
  TaskState,
  TaskStatusReason,
  TimeInfo,
} from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import type { AgentDeparture } from './events.ts';
import { rescindInverseOffersOf } from './inverse-offers.ts';
import { stopObserver } from './observers.ts';
import { rescindOffersOf } from './offers.ts';
import { countEnded } from './operation-metrics.ts';
import { sendOperationStatus } from './operations.ts';
import type { Agent, DepartedAgent, Framework } from './records.ts';
import { pidText } from './state.ts';
import {
  completeUnreachable,
  masterStatus,
  sendTaskStatus,
  stateFor,
  updateTask,
} from './statuses.ts';

const GONE_MESSAGE = 'Agent has been marked gone';

/** What the tasks of a leaving agent become. */
interface TaskFate {
  readonly state: TaskState;
  readonly reason: TaskStatusReason;
  readonly message: string;
  readonly unreachableTime?: TimeInfo | undefined;
  readonly list: 'completed' | 'unreachable';
}

export function timeInfo(now: number): TimeInfo {
  return { nanoseconds: Math.round(now * 1e6) };
}

/** The link to the agent broke: its offers are taken back, it may return within the timeout. */
export function agentExited(context: MasterContext, pid: Upid): void {
  const agent = context.state.agentsByPid.get(`${pid.id}@${pid.ip}:${pid.port}`);
  if (agent === undefined || !agent.connected) return;
  context.log('info', { agentId: agent.id }, 'agent disconnected');
  agent.connected = false;
  agent.active = false;
  context.authenticated.delete(pidText(agent));
  context.allocator.deactivateAgent(agent.id, context.now);
  rescindOffersOf(context, agent);
  rescindInverseOffersOf(context, agent);
  for (const id of new Set([...agent.tasks.keys(), ...agent.executors.keys()])) {
    const framework = context.state.frameworks.get(id);
    if (framework === undefined || framework.info.checkpoint === true) continue;
    dropFromAgent(context, agent, framework, {
      state: 'TASK_LOST',
      reason: 'REASON_AGENT_DISCONNECTED',
      message: `Agent ${agent.info.hostname} disconnected`,
      list: 'completed',
    });
  }
  const timeoutMs = context.options.agentReregisterTimeoutMs;
  context.deadlines.set(`reregister ${agent.id}`, context.now + timeoutMs, () => {
    stayedAway(context, agent);
  });
  context.operatorEvent({ kind: 'agent-updated', agent });
}

/** It has its time over, and waits for its turn to be marked. */
function stayedAway(context: MasterContext, agent: Agent): void {
  const limit = formatDuration(context.options.agentReregisterTimeoutMs);
  context.count('slave_unreachable_scheduled');
  const mark = (): void => {
    context.count('slave_unreachable_completed');
    becomeUnreachable(
      context,
      agent,
      `agent did not reregister within ${limit} after disconnecting`,
    );
  };
  const at = context.removalTurn();
  if (at <= context.now) mark();
  else context.deadlines.set(`reregister ${agent.id}`, at, mark);
}

/** Tasks, executors and their resources of one framework leave the agent. */
function dropFromAgent(
  context: MasterContext,
  agent: Agent,
  framework: Framework,
  fate: TaskFate,
): void {
  for (const record of [...(agent.tasks.get(framework.id)?.values() ?? [])]) {
    const status = masterStatus(context, {
      ...fate,
      taskId: record.id,
      agentId: record.agent,
    });
    // A task whose end is not acknowledged keeps its state, but all that may still be heard of it is this.
    updateTask(context, framework, record, { status, latestState: undefined, uuid: undefined });
    context.state.tasks.remove(record, fate.list);
    context.operatorEvent({ kind: 'task-removed', framework, task: record.task });
    sendTaskStatus(context, framework, record.task, status);
  }
  for (const [id, info] of [...(agent.executors.get(framework.id) ?? [])]) {
    context.state.removeExecutor(framework, agent, id);
    context.recover({
      frameworkId: framework.id,
      agentId: agent.id,
      resources: info.resources ?? [],
      filters: undefined,
      isAllocated: true,
    });
  }
}

/** Writes the registry, then tells everyone. */
export function becomeUnreachable(context: MasterContext, agent: Agent, cause: string): void {
  if (context.departing.has(agent.id) || context.state.agents.get(agent.id) !== agent) return;
  context.departing.set(agent.id, 'unreachable');
  const departed = departedOf(context, agent);
  context.persist([{ kind: 'mark-unreachable', agent: departed }], () => {
    context.departing.delete(agent.id);
    context.state.unreachableAgents.set(agent.id, departed);
    context.count('slave_removals');
    context.count('slave_removals/reason_unhealthy');
    context.log('warn', { agentId: agent.id, cause }, 'agent is unreachable');
    const operations = {
      state: 'OPERATION_UNREACHABLE',
      message: 'Agent was marked unreachable',
    } as const;
    leaveOperations(context, agent, operations);
    leave(context, agent, 'unreachable', (framework) => ({
      state: stateFor(framework, 'TASK_UNREACHABLE'),
      reason: 'REASON_AGENT_REMOVED',
      message: cause,
      unreachableTime: departed.time,
      list: 'unreachable',
    }));
  });
}

/** An agent that unregistered or was replaced; its tasks are lost for everyone. */
export function removeAgent(
  context: MasterContext,
  agent: Agent,
  cause: string,
  reason: 'unregistered' | 'registered' | undefined,
  then: () => void = () => {},
): void {
  if (context.departing.has(agent.id)) return;
  context.departing.set(agent.id, 'removed');
  context.persist([{ kind: 'remove', id: agent.id }], () => {
    context.departing.delete(agent.id);
    context.state.removedAgents.set(agent.id, context.now);
    context.count('slave_removals');
    if (reason !== undefined) context.count(`slave_removals/reason_${reason}`);
    context.log('info', { agentId: agent.id, cause }, 'agent removed');
    // Nobody is told of its operations: they are unknown from now on.
    for (const record of [...agent.operations.values()]) context.state.removeOperation(record);
    leave(context, agent, 'removed', () => ({
      state: 'TASK_LOST',
      reason: 'REASON_AGENT_REMOVED',
      message: `Agent ${agent.info.hostname} removed: ${cause}`,
      list: 'completed',
    }));
    then();
  });
}

/** An operator says the agent never comes back. */
export function becomeGone(
  context: MasterContext,
  agent: Agent,
  then: () => void = () => {},
): void {
  if (context.departing.has(agent.id)) return;
  context.departing.set(agent.id, 'gone');
  const departed = departedOf(context, agent);
  const message = GONE_MESSAGE;
  context.persist([{ kind: 'mark-gone', agent: departed }], () => {
    context.departing.delete(agent.id);
    context.state.goneAgents.set(agent.id, departed);
    context.count('slave_removals');
    context.send(agent, { name: 'mesos.internal.ShutdownMessage', message: { message } });
    leaveOperations(context, agent, { state: 'OPERATION_GONE_BY_OPERATOR', message });
    leave(context, agent, 'gone', goneFate);
    then();
  });
}

function goneFate(framework: Framework): TaskFate {
  const isAware = framework.capabilities.has('PARTITION_AWARE');
  return {
    state: stateFor(framework, 'TASK_GONE_BY_OPERATOR'),
    reason: isAware ? 'REASON_AGENT_REMOVED_BY_OPERATOR' : 'REASON_AGENT_REMOVED',
    message: GONE_MESSAGE,
    list: isAware ? 'completed' : 'unreachable',
  };
}

/** Tasks that were unreachable there will not come back either. */
export function giveUpUnreachableTasks(context: MasterContext, id: AgentId): void {
  for (const [owner, task] of context.state.tasks.unreachableByAgent.of(id)) {
    const framework = context.state.frameworks.get(owner);
    if (framework === undefined) continue;
    const status = masterStatus(context, {
      ...goneFate(framework),
      taskId: task.task_id.value,
      agentId: id,
    });
    completeUnreachable(context, framework, task, status);
    sendTaskStatus(context, framework, task, status);
  }
}

function departedOf(context: MasterContext, agent: Agent): DepartedAgent {
  return {
    id: agent.id,
    time: timeInfo(context.now),
    drainInfo: context.state.drainRecords.get(agent.id) ?? agent.drainInfo,
    deactivated: agent.deactivated ? true : undefined,
  };
}

/** After what is said of its operations: UPDATEs first, then RESCINDs, then FAILURE to every connected framework. */
function leave(
  context: MasterContext,
  agent: Agent,
  how: AgentDeparture,
  fateFor: (framework: Framework) => TaskFate,
): void {
  context.deadlines.cancel(`reregister ${agent.id}`);
  stopObserver(context, agent);
  for (const id of new Set([...agent.tasks.keys(), ...agent.executors.keys()])) {
    const framework = context.state.frameworks.get(id);
    if (framework === undefined) continue;
    dropFromAgent(context, agent, framework, fateFor(framework));
  }
  agent.active = false;
  agent.connected = false;
  rescindOffersOf(context, agent);
  rescindInverseOffersOf(context, agent);
  context.allocator.removeAgent(agent.id, context.now);
  context.emit({ kind: 'unlink', pid: agent.pid });
  context.authenticated.delete(pidText(agent));
  context.state.removeAgent(agent);
  for (const framework of context.state.frameworks.values()) {
    context.event(framework, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
  }
  context.operatorEvent({ kind: 'agent-removed', agent, how });
  context.hooks.masterSlaveLost(agent.info);
}

function leaveOperations(
  context: MasterContext,
  agent: Agent,
  fate: { readonly state: OperationState; readonly message: string },
): void {
  for (const record of [...agent.operations.values()]) {
    context.state.removeOperation(record);
    countEnded(context.state, record.operation.info.type, fate.state);
    const framework =
      record.framework === undefined ? undefined : context.state.frameworks.get(record.framework);
    const operationId = record.operation.info.id;
    if (framework === undefined || operationId === undefined) continue;
    sendOperationStatus(context, framework, {
      operation_id: operationId,
      ...fate,
      agent_id: { value: agent.id },
    });
  }
}
