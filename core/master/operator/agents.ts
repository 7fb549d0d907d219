/**
 * Agents taken out of service by operators: deactivated, drained, active again (spec operator-api,
 * sections 8 and 8.5). All three work on agents that are away, too; they learn of it at their return.
 */
import { type AgentId, agentId } from '../../base/ids.ts';
import type { DrainConfig, DrainInfo } from '../../wire/types/mesos.v1.ts';
import { becomeGone } from '../agent-departure.ts';
import { machineOf, registryRecord } from '../agent-info.ts';
import type { MasterContext } from '../context.ts';
import { rescindInverseOffersOf } from '../inverse-offers.ts';
import { rescindOffersOf } from '../offers.ts';
import type { Agent, DepartedAgent, RecoveredAgent } from '../records.ts';
import type { RegistryOperation } from '../registry.ts';
import type { MasterState } from '../state.ts';
import type { Permit } from './permissions.ts';
import { afterWrite, DONE, type OperatorRequest, type Outcome, refuse } from './requests.ts';

/** What an operator may say about an agent, wherever it is. */
interface Service {
  readonly deactivated: boolean;
  readonly drainInfo: DrainInfo | undefined;
}

type Drain = Extract<OperatorRequest, { kind: 'drain-agent' }>;

export function drainAgent(context: MasterContext, request: Drain, permit: Permit): Outcome {
  const { state } = context;
  const id = agentId(request.agent);
  const agent = state.agents.get(id);
  const refused = agent === undefined ? undefined : refuseDrain(context, agent);
  if (refused !== undefined) return refuse(400, refused);
  const denied = permit();
  if (denied !== undefined) return denied;
  if (!isKnown(state, id)) return refuse(400, 'Unknown agent');
  if (context.departing.get(id) === 'gone') {
    return refuse(409, 'Agent is currently being marked gone');
  }
  const config: DrainConfig = {
    ...(request.maxGracePeriod === undefined ? {} : { max_grace_period: request.maxGracePeriod }),
    ...(request.markGone === undefined ? {} : { mark_gone: request.markGone }),
  };
  const shown: DrainInfo = { state: 'DRAINING', config };
  // The registry merges: what this request leaves out stays as it was there.
  const before = registeredDrain(state, id)?.config ?? {};
  const stored: DrainInfo = { state: 'DRAINING', config: { ...before, ...config } };
  const operations = recordOf(state, id, { deactivated: true, drainInfo: stored });
  return afterWrite(context, operations, () => {
    state.drainRecords.set(id, stored);
    keepOnRecord(state, id, { deactivated: true, drainInfo: stored });
    const present = state.agents.get(id);
    if (present === undefined) return DONE;
    present.drainInfo = shown;
    present.estimatedDrainStartTime = context.now;
    state.draining.add(id);
    takeOutOfService(context, present);
    const name = 'mesos.internal.DrainSlaveMessage';
    context.send(present, { name, message: { config } });
    return DONE;
  });
}

function refuseDrain({ state }: MasterContext, agent: Agent): string | undefined {
  const { hostname } = agent.info;
  if (machineOf(state, hostname, agent.pid.ip) !== undefined) {
    return `Agent ${agent.id} is part of a maintenance schedule under Machine ${hostname} (${agent.pid.ip})`;
  }
  if (agent.capabilities.has('AGENT_DRAINING')) return undefined;
  return `Agent ${agent.id} is not capable of draining`;
}

export function deactivateAgent(context: MasterContext, name: string): Outcome {
  const { state } = context;
  const id = agentId(name);
  if (!isKnown(state, id)) return refuse(400, 'Unknown agent');
  const service = { deactivated: true, drainInfo: registeredDrain(state, id) };
  return afterWrite(context, recordOf(state, id, service), () => {
    keepOnRecord(state, id, service);
    const agent = state.agents.get(id);
    if (agent !== undefined) takeOutOfService(context, agent);
    return DONE;
  });
}

function takeOutOfService(context: MasterContext, agent: Agent): void {
  agent.deactivated = true;
  if (agent.active) {
    agent.active = false;
    context.allocator.deactivateAgent(agent.id, context.now);
  }
  rescindOffersOf(context, agent);
  rescindInverseOffersOf(context, agent);
  context.operatorEvent({ kind: 'agent-updated', agent });
}

export function reactivateAgent(context: MasterContext, name: string): Outcome {
  const { state } = context;
  const id = agentId(name);
  const known = findRecord(state, id);
  if (known?.deactivated !== true) return refuse(400, 'Agent is not deactivated');
  if (known.drainInfo?.state === 'DRAINING') {
    return refuse(400, 'Agent is still in the DRAINING state');
  }
  const service = { deactivated: false, drainInfo: undefined };
  return afterWrite(context, recordOf(state, id, service), () => {
    state.drainRecords.delete(id);
    keepOnRecord(state, id, service);
    const agent = state.agents.get(id);
    // It is done also for one that is away, but said like this.
    if (agent === undefined) return refuse(409, 'Agent removed while processing the call');
    returnToService(context, agent);
    return DONE;
  });
}

function returnToService(context: MasterContext, agent: Agent): void {
  agent.deactivated = false;
  agent.drainInfo = undefined;
  agent.estimatedDrainStartTime = undefined;
  context.state.draining.delete(agent.id);
  if (agent.connected) {
    agent.active = true;
    context.allocator.activateAgent(agent.id, context.now);
  }
  context.operatorEvent({ kind: 'agent-updated', agent });
}

/** After every input: an agent on which nothing is left is DRAINED, or gone if that was asked. */
export function endDrains(context: MasterContext): void {
  for (const id of context.state.draining) {
    const agent = context.state.agents.get(id);
    if (agent?.drainInfo?.state !== 'DRAINING') {
      context.state.draining.delete(id);
      continue;
    }
    if (agent.tasks.size > 0 || agent.operations.size > 0) continue;
    context.state.draining.delete(id);
    if (agent.drainInfo.config.mark_gone === true) becomeGone(context, agent);
    else becomeDrained(context, agent, agent.drainInfo);
  }
}

function becomeDrained(context: MasterContext, agent: Agent, drain: DrainInfo): void {
  const { state } = context;
  const stored: DrainInfo = { ...(registeredDrain(state, agent.id) ?? drain), state: 'DRAINED' };
  const service = { deactivated: true, drainInfo: stored };
  context.persist(recordOf(state, agent.id, service), () => {
    // Another DRAIN_AGENT may have come meanwhile: that drain is judged for itself.
    if (agent.drainInfo !== drain) return;
    state.drainRecords.set(agent.id, stored);
    agent.drainInfo = { ...drain, state: 'DRAINED' };
    context.log('info', { agentId: agent.id }, 'agent is drained');
    context.operatorEvent({ kind: 'agent-updated', agent });
  });
}

function isKnown(state: MasterState, id: AgentId): boolean {
  return findRecord(state, id) !== undefined;
}

function findRecord(
  state: MasterState,
  id: AgentId,
): Agent | RecoveredAgent | DepartedAgent | undefined {
  return state.agents.get(id) ?? state.recoveredAgents.get(id) ?? state.unreachableAgents.get(id);
}

function registeredDrain(state: MasterState, id: AgentId): DrainInfo | undefined {
  return state.drainRecords.get(id) ?? findRecord(state, id)?.drainInfo;
}

/** The registry's record of the agent with another state of service. */
function recordOf(state: MasterState, id: AgentId, service: Service): RegistryOperation[] {
  const present = state.agents.get(id);
  if (present !== undefined) {
    return [{ kind: 'admit', agent: { ...registryRecord(state, present), ...service } }];
  }
  const recovered = state.recoveredAgents.get(id);
  if (recovered !== undefined) return [{ kind: 'admit', agent: { ...recovered, ...service } }];
  const departed = state.unreachableAgents.get(id);
  return departed === undefined
    ? []
    : [{ kind: 'mark-unreachable', agent: { ...departed, ...service } }];
}

/** The same for the records of agents that are away. */
function keepOnRecord(state: MasterState, id: AgentId, service: Service): void {
  const recovered = state.recoveredAgents.get(id);
  if (recovered !== undefined) state.recoveredAgents.set(id, { ...recovered, ...service });
  const departed = state.unreachableAgents.get(id);
  if (departed !== undefined) state.unreachableAgents.set(id, { ...departed, ...service });
}
