/** Agents in the legacy model (spec operator-api, section 3.4). */
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import {
  attributesModel,
  reservedFull,
  reservedModel,
  resourcesFull,
  resourcesModel,
  sumModel,
} from '../../operator/legacy-resources.ts';
import { secondsOf } from '../../operator/legacy-tasks.ts';
import { visibleResources } from '../../operator/visible-resources.ts';
import { unreserved } from '../../resources/select.ts';
import { toJsonValue } from '../../wire/json.ts';
import { type JsonObject, RawJson, writeJson } from '../../wire/json-text.ts';
import type { AgentInfo, Resource } from '../../wire/types/mesos.v1.ts';
import type { Agent } from '../records.ts';
import { type MasterState, pidText } from '../state.ts';

/** Recorded order of capabilities; they are a set. */
const CAPABILITY_ORDER = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
];

/** An agent with the `_full` lists; `/slaves`. The text of last time, while it is still true. */
export function agentFullModel(state: MasterState, agent: Agent, approvers: Approvers): RawJson {
  if (hidesSome(approvers, agent)) {
    return new RawJson(writeJson(agentFullTree(state, agent, approvers)));
  }
  const known = fullTexts.get(agent);
  if (known !== undefined && isStillShown(agent, known.seen)) return known.text;
  const text = new RawJson(writeJson(agentFullTree(state, agent)));
  fullTexts.set(agent, { seen: shownMembers(agent), text });
  return text;
}

/** Whether the kept text shows more than there is to be seen. */
export function hidesSome(approvers: Approvers, agent: Agent): boolean {
  if (approvers === APPROVES_ALL) return false;
  const lists = [agent.totalResources, agent.offeredResources, ...agent.usedResources.values()];
  return lists.some((list) => visibleResources(approvers, list) !== list);
}

/** An agent without the `_full` lists; `/state`. */
export function agentTree(
  state: MasterState,
  agent: Agent,
  approvers: Approvers = APPROVES_ALL,
): JsonObject {
  const total = agent.totalResources;
  return {
    ...recoveredAgentTree(agent.info),
    pid: pidText(agent),
    registered_time: secondsOf(agent.registeredTime),
    reregistered_time:
      agent.reregisteredTime === undefined ? undefined : secondsOf(agent.reregisteredTime),
    resources: resourcesModel(total),
    used_resources: sumModel(agent.usedResources.values(), () => state.usedOn(agent)),
    offered_resources: resourcesModel(agent.offeredResources),
    reserved_resources: reservedModel(visibleResources(approvers, total)),
    unreserved_resources: resourcesModel(unreserved(total)),
    active: agent.active,
    deactivated: agent.deactivated,
    version: agent.version,
    capabilities: capabilitiesOf(agent),
    drain_info:
      agent.drainInfo === undefined
        ? undefined
        : toJsonValue('mesos.v1.DrainInfo', agent.drainInfo),
    estimated_drain_start_time_seconds:
      agent.estimatedDrainStartTime === undefined
        ? undefined
        : secondsOf(agent.estimatedDrainStartTime),
  };
}

export function capabilitiesOf(agent: Agent): readonly string[] {
  const known = CAPABILITY_ORDER.filter((name) => hasCapability(agent, name));
  return [...known, ...[...agent.capabilities].filter((name) => !CAPABILITY_ORDER.includes(name))];
}

function hasCapability(agent: Agent, name: string): boolean {
  return [...agent.capabilities].some((capability) => capability === name);
}

/** What is shown of an agent that has not come back after a failover. */
export function recoveredAgentTree(info: AgentInfo): JsonObject {
  return {
    id: info.id?.value ?? '',
    hostname: info.hostname,
    port: info.port ?? 5051,
    attributes: attributesModel(info.attributes),
    domain: info.domain === undefined ? undefined : toJsonValue('mesos.v1.DomainInfo', info.domain),
  };
}

function agentFullTree(
  state: MasterState,
  agent: Agent,
  approvers: Approvers = APPROVES_ALL,
): JsonObject {
  const visible = (resources: readonly Resource[]) => visibleResources(approvers, resources);
  const total = agent.totalResources;
  return {
    ...agentTree(state, agent, approvers),
    reserved_resources_full: reservedFull(visible(total)),
    unreserved_resources_full: resourcesFull(unreserved(total)),
    used_resources_full: resourcesFull(visible(state.usedOn(agent))),
    offered_resources_full: resourcesFull(visible(agent.offeredResources)),
  };
}

interface Fragment {
  readonly seen: readonly unknown[];
  readonly text: RawJson;
}

const fullTexts = new WeakMap<Agent, Fragment>();

/** Everything a text shows of an agent; each of them is replaced, never changed, when it is another. */
export function shownMembers(agent: Agent): readonly unknown[] {
  return [
    agent.info,
    agent.pid,
    agent.version,
    agent.capabilities,
    agent.reregisteredTime,
    agent.totalResources,
    agent.offeredResources,
    agent.active,
    agent.deactivated,
    agent.drainInfo,
    agent.estimatedDrainStartTime,
    ...agent.usedResources.values(),
  ];
}

/** Whether `shownMembers` would be the same; asked for each agent each time, so nothing is made. */
export function isStillShown(agent: Agent, seen: readonly unknown[]): boolean {
  if (
    seen[0] !== agent.info ||
    seen[1] !== agent.pid ||
    seen[2] !== agent.version ||
    seen[3] !== agent.capabilities ||
    seen[4] !== agent.reregisteredTime ||
    seen[5] !== agent.totalResources ||
    seen[6] !== agent.offeredResources ||
    seen[7] !== agent.active ||
    seen[8] !== agent.deactivated ||
    seen[9] !== agent.drainInfo ||
    seen[10] !== agent.estimatedDrainStartTime
  ) {
    return false;
  }
  let at = 11;
  for (const used of agent.usedResources.values()) {
    if (seen[at] !== used) return false;
    at += 1;
  }
  return at === seen.length;
}
