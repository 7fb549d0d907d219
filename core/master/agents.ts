/**
 * Registration of agents (spec libprocess, sections 4.3 and 4.6) and what both registration and
 * re-registration share. Rules are tried in the order of the spec's table; most refusals are silent
 * because the agent tries again.
 */

import { agentId, frameworkId } from '../base/ids.ts';
import { formatUuid } from '../base/random.ts';
import type { Upid } from '../net/ports.ts';
import { add, subtract } from '../resources/arithmetic.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import type {
  RegisterSlaveMessage,
  UnregisterSlaveMessage,
  UpdateSlaveMessage,
} from '../wire/types/mesos.internal.ts';
import type { AgentInfo, AgentInfoCapability, Resource } from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { removeAgent } from './agent-departure.ts';
import { applyCheckpointed, machineOf, unavailabilityOf } from './agent-info.ts';
import { refuseAgent } from './authorization.ts';
import type { MasterContext } from './context.ts';
import { startObserver } from './observers.ts';
import { rescindOffer } from './offers.ts';
import type { Agent } from './records.ts';
import { validateIntroduction } from './validation/agent.ts';

/** What RegisterSlaveMessage and ReregisterSlaveMessage have in common. */
export type AgentIntroduction = Pick<
  RegisterSlaveMessage,
  'slave' | 'checkpointed_resources' | 'version' | 'agent_capabilities' | 'resource_version_uuid'
>;

export function registerAgent(
  context: MasterContext,
  from: Upid,
  message: RegisterSlaveMessage,
): void {
  context.count('messages_register_slave');
  const pid = `${from.id}@${from.ip}:${from.port}`;
  const known = context.state.agentsByPid.get(pid);
  if (isStranger(context, from) || context.registering.has(pid)) return;
  const refused = validateIntroduction(message);
  if (refused !== undefined) {
    context.log('warn', { pid, why: refused }, 'ignored the registration of an agent');
    return;
  }
  const unauthorized = refuseAgent(
    context,
    withListForm(message.slave),
    context.authenticated.get(pid),
  );
  if (unauthorized !== undefined) {
    context.log('warn', { pid, why: unauthorized }, 'ignored the registration of an agent');
    return;
  }
  if (isMachineDown(context, message.slave, from)) {
    shutDown(context, from, 'Machine is `DOWN`');
    return;
  }
  const refusedPolicy = refusePolicy(context, message);
  if (refusedPolicy !== undefined) {
    context.log('warn', { pid, why: refusedPolicy }, 'ignored the registration of an agent');
    return;
  }
  if (known === undefined) {
    admit(context, from, message);
    return;
  }
  if (known.connected) {
    sendRegistered(context, known);
    return;
  }
  const cause = 'a new agent registered at the same address';
  removeAgent(context, known, cause, 'registered', () => admit(context, from, message));
}

function admit(context: MasterContext, from: Upid, message: RegisterSlaveMessage): void {
  const pid = `${from.id}@${from.ip}:${from.port}`;
  const id = context.state.newAgentId();
  const info = withListForm({ ...message.slave, id: { value: id } });
  context.registering.add(pid);
  context.persist([{ kind: 'admit', agent: { id, info, pid: from } }], () => {
    context.registering.delete(pid);
    const agent = newAgent(context, from, { ...message, slave: info });
    context.count('slave_registrations');
    enterAgent(context, agent);
    sendRegistered(context, agent);
    context.log('info', { agentId: id, pid, hostname: info.hostname }, 'agent registered');
  });
}

export function newAgent(context: MasterContext, pid: Upid, message: AgentIntroduction): Agent {
  const info = withListForm(message.slave);
  const checkpointed = toPostReservationRefinement(message.checkpointed_resources ?? []);
  return {
    id: agentId(info.id?.value ?? ''),
    info,
    pid,
    version: message.version ?? '',
    capabilities: capabilitiesOf(message.agent_capabilities),
    registeredTime: context.now,
    reregisteredTime: undefined,
    connected: true,
    active: true,
    deactivated: false,
    drainInfo: undefined,
    estimatedDrainStartTime: undefined,
    checkpointedResources: checkpointed,
    totalResources: applyCheckpointed(info.resources ?? [], checkpointed),
    resourceVersionUuid: message.resource_version_uuid,
    tasks: new Map(),
    executors: new Map(),
    killedTasks: new Map(),
    offers: new Set(),
    inverseOffers: new Set(),
    operations: new Map(),
    usedResources: new Map(),
    offeredResources: [],
    observer: context.state.newObserver(),
    missedPongs: 0,
    awaitingPong: false,
  };
}

export function withListForm(info: AgentInfo): AgentInfo {
  return { ...info, resources: toPostReservationRefinement(info.resources ?? []) };
}

export function capabilitiesOf(
  capabilities: readonly AgentInfoCapability[] | undefined,
): Agent['capabilities'] {
  const types = (capabilities ?? []).map((each) => each.type);
  return new Set(types.filter((type) => type !== undefined));
}

/** Links and pings the agent and hands its resources to the allocator. */
export function enterAgent(context: MasterContext, agent: Agent): void {
  if (!context.state.agents.has(agent.id)) context.state.addAgent(agent);
  context.emit({ kind: 'link', pid: agent.pid });
  startObserver(context, agent);
  context.allocator.addAgent(
    {
      id: agent.id,
      info: agent.info,
      capabilities: [...agent.capabilities],
      unavailability: unavailabilityOf(context.state, agent),
      total: agent.totalResources,
      used: agent.usedResources,
    },
    context.now,
  );
  if (!agent.active) context.allocator.deactivateAgent(agent.id, context.now);
  context.operatorEvent({ kind: 'agent-added', agent });
}

export function connectionInfo(context: MasterContext) {
  const { agentPingTimeoutMs, maxAgentPingTimeouts } = context.options;
  return { total_ping_timeout_seconds: (agentPingTimeoutMs * maxAgentPingTimeouts) / 1000 };
}

function sendRegistered(context: MasterContext, agent: Agent): void {
  context.send(agent, {
    name: 'mesos.internal.SlaveRegisteredMessage',
    message: { slave_id: { value: agent.id }, connection: connectionInfo(context) },
  });
}

/** Told nothing, as by the original: it authenticates and comes again. */
export function isStranger(context: MasterContext, from: Upid): boolean {
  const pid = formatUpid(from);
  const { authenticateAgents } = context.options;
  if (!authenticateAgents || context.authenticated.has(pid)) return false;
  context.log('warn', { pid }, 'ignored the registration of an agent that is not authenticated');
  return true;
}

export function shutDown(context: MasterContext, to: Upid, message: string): void {
  context.sendTo(to, { name: 'mesos.internal.ShutdownMessage', message: { message } });
}

export function isMachineDown(context: MasterContext, info: AgentInfo, pid: Upid): boolean {
  return machineOf(context.state, info.hostname, pid.ip)?.mode === 'DOWN';
}

/** Version and domain. */
export function refusePolicy(
  context: MasterContext,
  message: AgentIntroduction,
): string | undefined {
  const version = /^(\d+)\.\d+\.\d+/.exec(message.version ?? '');
  if (version === null) return `its version '${message.version ?? ''}' cannot be read`;
  if (Number(version[1]) < 1) return `its version ${message.version} is older than 1.0.0`;
  const { domain } = message.slave;
  if (domain !== undefined && context.options.domain === undefined) {
    return 'it has a domain but this master has none';
  }
  if (domain === undefined && context.options.requireAgentDomain) return 'it has no domain';
  return undefined;
}

/** SIGUSR1 at the agent, or a clean end. */
export function unregisterAgent(
  context: MasterContext,
  from: Upid,
  message: UnregisterSlaveMessage,
): void {
  context.count('messages_unregister_slave');
  const agent = context.state.agents.get(agentId(message.slave_id.value));
  if (agent === undefined || agent.pid.ip !== from.ip || agent.pid.port !== from.port) return;
  removeAgent(context, agent, 'the agent unregistered', 'unregistered');
}

/** UpdateSlaveMessage: resource version, operations, oversubscribed resources. */
export function updateAgent(context: MasterContext, message: UpdateSlaveMessage): void {
  context.count('messages_update_slave');
  const agent = context.state.agents.get(agentId(message.slave_id.value));
  if (agent === undefined) return;
  if (message.resource_version_uuid !== undefined) {
    agent.resourceVersionUuid = message.resource_version_uuid;
  }
  if ((message.resource_providers?.providers ?? []).length > 0) {
    const fields = { agentId: agent.id };
    context.log('warn', fields, 'ignored resource providers: this master does not support them');
  }
  if (message.operations !== undefined) reconcileAgentOperations(context, agent, message);
  if (agent.drainInfo?.state === 'DRAINING') context.state.draining.add(agent.id);
  // Unset means true: agents before 1.5 sent this message for nothing else.
  if (message.update_oversubscribed_resources ?? true) {
    updateOversubscribed(context, agent, message.oversubscribed_resources ?? []);
  }
}

function updateOversubscribed(
  context: MasterContext,
  agent: Agent,
  given: readonly Resource[],
): void {
  const revocable = toPostReservationRefinement(given);
  const before = agent.totalResources.filter((each) => each.revocable !== undefined);
  const isSame =
    subtract(before, revocable).length === 0 && subtract(revocable, before).length === 0;
  if (isSame) return;
  for (const record of [...agent.offers]) {
    const resources = record.offer.resources ?? [];
    if (resources.some((each) => each.revocable !== undefined)) rescindOffer(context, record);
  }
  const firm = agent.totalResources.filter((each) => each.revocable === undefined);
  agent.totalResources = add(firm, revocable);
  context.allocator.updateAgent(agent.id, { total: agent.totalResources }, context.now);
  context.operatorEvent({ kind: 'agent-updated', agent });
}

/** Adopts operations only the agent knows; asks about those only the master knows. */
function reconcileAgentOperations(
  context: MasterContext,
  agent: Agent,
  message: UpdateSlaveMessage,
): void {
  const reported = new Set<string>();
  for (const operation of message.operations?.operations ?? []) {
    const uuid = formatUuid(operation.uuid.value);
    reported.add(uuid);
    if (context.state.operations.has(uuid)) continue;
    const owner = operation.framework_id?.value;
    const framework = owner === undefined ? undefined : frameworkId(owner);
    context.state.addOperation({ uuid, framework, agent: agent.id, operation });
  }
  const missing = [...agent.operations.values()].filter((each) => !reported.has(each.uuid));
  if (missing.length === 0) return;
  const operations = missing.map((each) => ({ operation_uuid: each.operation.uuid }));
  context.send(agent, {
    name: 'mesos.internal.ReconcileOperationsMessage',
    message: { operations },
  });
}
