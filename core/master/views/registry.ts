/** `/registrar(1)/registry`: what survives this master (spec operator-api, section 6.5). */
import { toPreReservationRefinement } from '../../resources/refinement.ts';
import { toJsonValue } from '../../wire/json.ts';
import { double, type JsonObject, type JsonValue } from '../../wire/json-text.ts';
import type { Agent, DepartedAgent, RecoveredAgent } from '../records.ts';
import type { MasterState } from '../state.ts';
import { sortedKeys } from './maintenance.ts';
import { infoTree } from './v1.ts';

export function registryDocument(state: MasterState): JsonValue {
  if (!state.isRecovered) return {};
  const agents = [...state.agents.values(), ...state.recoveredAgents.values()];
  const machines = [...state.machines.values()];
  const quotas = [...state.quotas.values()];
  return sortedKeys({
    master: { info: toJsonValue('mesos.v1.MasterInfo', state.info) },
    slaves: listOrNothing(
      'slaves',
      agents.map((agent) => agentEntry(state, agent)),
    ),
    unreachable: listOrNothing('slaves', [...state.unreachableAgents.values()].map(departedEntry)),
    gone: listOrNothing('slaves', [...state.goneAgents.values()].map(departedEntry)),
    machines: listOrNothing(
      'machines',
      machines.map((info) => ({ info: toJsonValue('mesos.v1.MachineInfo', info) })),
    ),
    schedules: optional(
      state.schedules.map((each) => toJsonValue('mesos.v1.maintenance.Schedule', each)),
    ),
    quota_configs: optional(quotas.map((each) => toJsonValue('mesos.v1.quota.QuotaConfig', each))),
    minimum_capabilities: optional(minimumCapabilities(state)),
    weights: optional(
      [...state.weights].map(([role, weight]) => ({ info: { role, weight: double(weight) } })),
    ),
  });
}

/** What older masters must know to take over this registry. */
function minimumCapabilities(state: MasterState): readonly JsonObject[] {
  const lists = [state.agents, state.recoveredAgents, state.unreachableAgents];
  const needsDraining = lists.some((list) =>
    [...list.values()].some(({ deactivated }) => deactivated === true),
  );
  return [
    ...(needsDraining ? [{ capability: 'AGENT_DRAINING' }] : []),
    ...(state.quotas.size > 0 ? [{ capability: 'QUOTA_V2' }] : []),
  ];
}

function agentEntry(state: MasterState, agent: Agent | RecoveredAgent): JsonObject {
  const drain = state.drainRecords.get(agent.id) ?? agent.drainInfo;
  return {
    // Stored in the old form, with the role beside each resource.
    info: infoTree({
      ...agent.info,
      resources: toPreReservationRefinement(agent.info.resources ?? []).map((each) => ({
        ...each,
        role: each.role ?? '*',
      })),
    }),
    deactivated: agent.deactivated ?? false,
    drain_info: drain === undefined ? undefined : toJsonValue('mesos.v1.DrainInfo', drain),
  };
}

function departedEntry(agent: DepartedAgent): JsonObject {
  return { id: { value: agent.id }, timestamp: toJsonValue('mesos.v1.TimeInfo', agent.time) };
}

function listOrNothing(name: string, entries: readonly JsonObject[]): JsonObject | undefined {
  return entries.length === 0 ? undefined : { [name]: entries };
}

function optional(entries: readonly JsonObject[]): readonly JsonObject[] | undefined {
  return entries.length === 0 ? undefined : entries;
}
