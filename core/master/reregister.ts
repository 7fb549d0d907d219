/**
 * Re-registration of agents: known ones are reconciled, others re-admitted with everything they run
 * (spec libprocess, section 4.4).
 */
import { agentId, type executorId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import { equals } from '../resources/arithmetic.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import type {
  ReconcileTasksMessage,
  ReregisterSlaveMessage,
} from '../wire/types/mesos.internal.ts';
import type { Task, TaskStatus } from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { adoptCompleted, adoptExecutors, adoptTasks } from './adoption.ts';
import { recoverFrameworks, sendFrameworks, shutDownCompleted } from './agent-frameworks.ts';
import { applyCheckpointed, registryRecord } from './agent-info.ts';
import {
  capabilitiesOf,
  connectionInfo,
  enterAgent,
  isMachineDown,
  isStranger,
  newAgent,
  refusePolicy,
  shutDown,
  withListForm,
} from './agents.ts';
import { refuseAgent } from './authorization.ts';
import type { MasterContext } from './context.ts';
import { deepEqual } from './deep-equal.ts';
import { resendKills } from './kill.ts';
import { rescindOffersOf } from './offers.ts';
import { dropFinishedOperations } from './operation-statuses.ts';
import { sendCheckpointed } from './operations.ts';
import type { Agent, Framework } from './records.ts';
import { masterStatus, sendTaskStatus } from './statuses.ts';
import { forgetUnreachableTasks } from './tasks-by-agent.ts';
import { validateReregistration } from './validation/agent.ts';

export function reregisterAgent(
  context: MasterContext,
  from: Upid,
  message: ReregisterSlaveMessage,
): void {
  context.count('messages_reregister_slave');
  const { state } = context;
  const id = agentId(message.slave.id?.value ?? '');
  if (isStranger(context, from)) return;
  if (context.reregistering.has(id) || context.departing.has(id)) return;
  if (state.goneAgents.has(id)) {
    shutDown(context, from, 'Agent has been marked gone');
    return;
  }
  const refused =
    validateReregistration(message) ??
    refuseAgent(context, withListForm(message.slave), context.authenticated.get(formatUpid(from)));
  if (refused !== undefined) {
    context.log('warn', { agentId: id, why: refused }, 'ignored the re-registration of an agent');
    return;
  }
  if (isMachineDown(context, message.slave, from)) {
    shutDown(context, from, 'Machine is `DOWN`');
    return;
  }
  const policy = refusePolicy(context, message);
  if (policy !== undefined) {
    context.log('warn', { agentId: id, why: policy }, 'ignored the re-registration of an agent');
    return;
  }
  const known = state.agents.get(id);
  const what = moved(known, from, message);
  if (what !== undefined) {
    shutDown(context, from, `Agent attempted to reregister with different ${what}`);
    return;
  }
  const info = withListForm(message.slave);
  const registered = known ?? state.recoveredAgents.get(id);
  const proceed = (): void => {
    if (state.goneAgents.has(id)) shutDown(context, from, 'Agent has been marked gone');
    else if (known !== undefined) returnKnown(context, from, known, message);
    else readmit(context, from, message);
  };
  if (deepEqual(registered?.info, info) && deepEqual(registered?.pid, from)) {
    proceed();
    return;
  }
  const before = known === undefined ? undefined : registryRecord(state, known);
  const { drainInfo, deactivated } =
    before ?? state.recoveredAgents.get(id) ?? state.unreachableAgents.get(id) ?? {};
  context.reregistering.add(id);
  context.persist(
    [{ kind: 'admit', agent: { id, info, pid: from, drainInfo, deactivated } }],
    () => {
      context.reregistering.delete(id);
      proceed();
    },
  );
}

function moved(
  known: Agent | undefined,
  from: Upid,
  message: ReregisterSlaveMessage,
): string | undefined {
  if (known === undefined) return undefined;
  const isSame = known.pid.ip === from.ip && known.info.hostname === message.slave.hostname;
  return isSame ? undefined : 'IP / hostname';
}

/** The master still has it: take over its news and compare what both know. */
function returnKnown(
  context: MasterContext,
  from: Upid,
  agent: Agent,
  message: ReregisterSlaveMessage,
): void {
  const { state, now } = context;
  if (state.agents.get(agent.id) !== agent) return;
  if (!deepEqual(agent.pid, from)) context.emit({ kind: 'unlink', pid: agent.pid });
  state.moveAgent(agent, from);
  context.emit({ kind: 'link', pid: from });
  agent.info = withListForm(message.slave);
  agent.version = message.version ?? '';
  agent.capabilities = capabilitiesOf(message.agent_capabilities);
  // What waits for an acknowledgement cannot get one from an agent that has none to give any more.
  if (!agent.capabilities.has('AGENT_OPERATION_FEEDBACK')) dropFinishedOperations(context, agent);
  agent.resourceVersionUuid = message.resource_version_uuid;
  // Agents that know no operations are told what they have, see below.
  if (agent.capabilities.has('RESOURCE_PROVIDER')) {
    const given = message.checkpointed_resources ?? [];
    agent.checkpointedResources = toPostReservationRefinement(given);
  }
  const revocable = agent.totalResources.filter((each) => each.revocable !== undefined);
  const firm = applyCheckpointed(agent.info.resources ?? [], agent.checkpointedResources);
  const before = agent.totalResources;
  agent.totalResources = [...firm, ...revocable];
  if (!equals(before, agent.totalResources)) rescindOffersOf(context, agent);
  agent.reregisteredTime = now;
  const { info, totalResources: total } = agent;
  const capabilities = [...agent.capabilities];
  context.allocator.updateAgent(agent.id, { info, capabilities, total }, now);
  context.deadlines.cancel(`reregister ${agent.id}`);
  agent.connected = true;
  agent.missedPongs = 0;
  agent.awaitingPong = false;
  if (!agent.deactivated && !agent.active) {
    agent.active = true;
    context.allocator.activateAgent(agent.id, now);
  }
  const reconciliations = reconcileKnown(context, agent, message);
  sendReregistered(context, agent, reconciliations);
  resendKills(context, agent, message.tasks ?? []);
  const frameworks = message.frameworks ?? [];
  shutDownCompleted(context, agent, frameworks);
  const strangers = recoverFrameworks(context, frameworks);
  sendFrameworks(context, agent, frameworks, strangers);
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) sendCheckpointed(context, agent);
  context.log('info', { agentId: agent.id }, 'agent re-registered');
  context.operatorEvent({ kind: 'agent-updated', agent });
}

/** Tasks the agent lost are asked about; executors it lost are dropped here. */
function reconcileKnown(
  context: MasterContext,
  agent: Agent,
  message: ReregisterSlaveMessage,
): readonly ReconcileTasksMessage[] {
  const tasks = new Set(
    (message.tasks ?? []).map((each) => `${each.framework_id.value}\0${each.task_id.value}`),
  );
  const executors = new Set(
    (message.executor_infos ?? []).map(
      (each) => `${each.framework_id?.value ?? ''}\0${each.executor_id.value}`,
    ),
  );
  const reconciliations: ReconcileTasksMessage[] = [];
  for (const [id, known] of agent.tasks) {
    const missing = [...known.values()].filter((record) => !tasks.has(`${id}\0${record.id}`));
    if (missing.length === 0) continue;
    const statuses = missing.map((record) =>
      masterStatus(context, {
        taskId: record.id,
        agentId: agent.id,
        state: record.task.status_update_state ?? record.task.state,
        reason: 'REASON_RECONCILIATION',
        message: 'Reconciliation request',
      }),
    );
    const framework = context.state.frameworks.get(id)?.info;
    reconciliations.push({ framework_id: { value: id }, statuses, framework });
  }
  for (const [id, known] of [...agent.executors]) {
    const framework = context.state.frameworks.get(id);
    if (framework === undefined) continue;
    for (const executor of [...known.keys()]) {
      if (!executors.has(`${id}\0${executor}`)) dropExecutor(context, agent, framework, executor);
    }
  }
  return reconciliations;
}

function dropExecutor(
  context: MasterContext,
  agent: Agent,
  framework: Framework,
  executor: ReturnType<typeof executorId>,
): void {
  const info = context.state.removeExecutor(framework, agent, executor);
  context.recover({
    frameworkId: framework.id,
    agentId: agent.id,
    resources: info?.resources ?? [],
    filters: undefined,
    isAllocated: true,
  });
}

/** After a master failover, a partition, or from another cluster: everything it runs is adopted. */
function readmit(context: MasterContext, from: Upid, message: ReregisterSlaveMessage): void {
  const { state } = context;
  const agent = newAgent(context, from, message);
  if (state.agents.has(agent.id)) return;
  const recovered = state.recoveredAgents.get(agent.id);
  const unreachable = state.unreachableAgents.get(agent.id);
  agent.reregisteredTime = context.now;
  agent.deactivated = recovered?.deactivated ?? unreachable?.deactivated ?? false;
  agent.drainInfo = recovered?.drainInfo ?? unreachable?.drainInfo;
  agent.active = !agent.deactivated;
  if (agent.drainInfo !== undefined) agent.estimatedDrainStartTime = context.now;
  // What it could still be doing as an operation it says with its first update.
  const tellsLater = agent.capabilities.has('RESOURCE_PROVIDER');
  state.addAgent(agent);
  if (agent.drainInfo?.state === 'DRAINING' && !tellsLater) state.draining.add(agent.id);
  adoptCompleted(state, message);
  const frameworks = message.frameworks ?? [];
  const strangers = recoverFrameworks(context, frameworks);
  adoptExecutors(context, agent, message.executor_infos ?? []);
  const adopted = adoptTasks(context, agent, message.tasks ?? []);
  forgetUnreachableTasks(state, agent.id);
  context.count('slave_reregistrations');
  enterAgent(context, agent);
  sendReregistered(context, agent, []);
  shutDownCompleted(context, agent, frameworks);
  sendFrameworks(context, agent, frameworks, strangers);
  context.log('info', { agentId: agent.id, taskCount: adopted.length }, 'agent re-registered');
  if (recovered !== undefined) return;
  const text =
    unreachable === undefined ? 'Unknown agent reregistered' : 'Unreachable agent re-reregistered';
  for (const [framework, task] of adopted) announceReturn(context, framework, task, text);
}

function announceReturn(
  context: MasterContext,
  framework: Framework,
  task: Task,
  message: string,
): void {
  const status: TaskStatus = masterStatus(context, {
    taskId: task.task_id.value,
    agentId: task.agent_id.value,
    state: task.state,
    reason: 'REASON_AGENT_REREGISTERED',
    message,
    lastStatus: task.statuses?.at(-1),
  });
  sendTaskStatus(context, framework, task, status);
}

function sendReregistered(
  context: MasterContext,
  agent: Agent,
  reconciliations: readonly ReconcileTasksMessage[],
): void {
  context.send(agent, {
    name: 'mesos.internal.SlaveReregisteredMessage',
    message: {
      slave_id: { value: agent.id },
      reconciliations,
      connection: connectionInfo(context),
    },
  });
  if (agent.drainInfo === undefined) return;
  context.send(agent, {
    name: 'mesos.internal.DrainSlaveMessage',
    message: { config: agent.drainInfo.config },
  });
}
