/**
 * Answers of the v1 operator API: values (for protobuf) and JSON text with one fragment per object
 * (spec operator-api, section 8). The hand-written ones show empty lists, which `toJson` never does.
 */
import type { Approvers } from '../../auth/authorizer.ts';
import type { Instant } from '../../base/clock.ts';
import { visibleResources } from '../../operator/visible-resources.ts';
import { toEndpointForm } from '../../resources/refinement.ts';
import { toJson, toJsonValue } from '../../wire/json.ts';
import { type JsonObject, writeJson } from '../../wire/json-text.ts';
import type {
  ResponseGetAgentsAgent,
  ResponseGetExecutorsExecutor,
  ResponseGetFrameworksFramework,
  ResponseGetState,
} from '../../wire/types/mesos.v1.master.ts';
import type { AgentInfo, Resource, Task, TimeInfo } from '../../wire/types/mesos.v1.ts';
import type { Agent, Framework } from '../records.ts';
import { type MasterState, pidText } from '../state.ts';
import { capabilitiesOf } from './agents.ts';
import { isActive, isConnected } from './frameworks.ts';

export type GetTasks = NonNullable<ResponseGetState['get_tasks']>;
export type GetExecutors = NonNullable<ResponseGetState['get_executors']>;
type GetFrameworks = NonNullable<ResponseGetState['get_frameworks']>;
type GetAgents = NonNullable<ResponseGetState['get_agents']>;

export function getTasks(state: MasterState): GetTasks {
  const tasks: Task[] = [];
  const unreachable: Task[] = [];
  const completed: Task[] = [];
  for (const frameworks of [state.frameworks.values(), state.completedFrameworks.values()]) {
    for (const framework of frameworks) {
      for (const { task } of framework.tasks.values()) tasks.push(task);
      unreachable.push(...framework.unreachableTasks.values());
      for (const task of framework.completedTasks) completed.push(task);
    }
  }
  return { tasks, unreachable_tasks: unreachable, completed_tasks: completed };
}

export function getExecutors(state: MasterState): GetExecutors {
  const executors: ResponseGetExecutorsExecutor[] = [];
  for (const framework of state.frameworks.values()) {
    for (const [agent, byId] of framework.executors) {
      for (const executor of byId.values()) {
        executors.push({ executor_info: executor, agent_id: { value: agent } });
      }
    }
  }
  return { executors };
}

export function getFrameworks(state: MasterState): GetFrameworks {
  return {
    frameworks: [...state.frameworks.values()].map((each) => frameworkV1(state, each)),
    completed_frameworks: [...state.completedFrameworks.values()].map((each) =>
      frameworkV1(state, each),
    ),
  };
}

export function getAgents(state: MasterState, approvers: Approvers): GetAgents {
  return {
    agents: [...state.agents.values()].map((each) => agentV1(state, each, approvers)),
    recovered_agents: [...state.recoveredAgents.values()].map((each) => each.info),
  };
}

export function agentV1(
  state: MasterState,
  agent: Agent,
  approvers: Approvers,
): ResponseGetAgentsAgent {
  const shown = (resources: readonly Resource[]): readonly Resource[] =>
    toEndpointForm(visibleResources(approvers, resources));
  return {
    agent_info: withoutRoles(visibleInfo(agent.info, approvers)),
    active: agent.active,
    deactivated: agent.deactivated,
    version: agent.version,
    pid: pidText(agent),
    registered_time: timeOf(agent.registeredTime),
    reregistered_time:
      agent.reregisteredTime === undefined ? undefined : timeOf(agent.reregisteredTime),
    total_resources: shown(agent.totalResources),
    allocated_resources: shown(state.usedOn(agent)),
    offered_resources: shown(agent.offeredResources),
    capabilities: capabilitiesOf(agent).map(capability),
    drain_info: agent.drainInfo,
    estimated_drain_start_time:
      agent.estimatedDrainStartTime === undefined
        ? undefined
        : timeOf(agent.estimatedDrainStartTime),
  };
}

function capability(name: string): NonNullable<ResponseGetAgentsAgent['capabilities']>[number] {
  for (const type of KNOWN_CAPABILITIES) if (type === name) return { type };
  return { type: 'UNKNOWN' };
}

const KNOWN_CAPABILITIES = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
] as const;

function visibleInfo(info: AgentInfo, approvers: Approvers): AgentInfo {
  const { resources } = info;
  if (resources === undefined) return info;
  const visible = visibleResources(approvers, resources);
  return visible === resources ? info : { ...info, resources: visible };
}

/** Unreserved resources of the info are shown without the old `role`. */
function withoutRoles(info: AgentInfo): AgentInfo {
  if (!(info.resources ?? []).some((each) => each.role !== undefined)) return info;
  const resources = (info.resources ?? []).map(({ role: _left, ...rest }) => rest);
  return { ...info, resources };
}

export function frameworkV1(
  state: MasterState,
  framework: Framework,
): ResponseGetFrameworksFramework {
  return {
    framework_info: framework.info,
    active: isActive(framework),
    connected: isConnected(framework),
    recovered: framework.state === 'recovered',
    ...(framework.registeredTime === 0
      ? {}
      : {
          registered_time: timeOf(framework.registeredTime),
          reregistered_time: timeOf(framework.reregisteredTime ?? framework.registeredTime),
        }),
    unregistered_time:
      framework.unregisteredTime === undefined ? undefined : timeOf(framework.unregisteredTime),
    offers: [...framework.offers].map(({ offer }) => offer),
    inverse_offers: [...framework.inverseOffers].map(({ inverseOffer }) => inverseOffer),
    allocated_resources: toEndpointForm(state.usedBy(framework)),
    offered_resources: toEndpointForm(state.offeredTo(framework)),
    offer_constraints: framework.offerConstraints ?? {},
  };
}

/** As framework events show it: all times, zero included; no offers, no resources. */
export function frameworkInEvent(framework: Framework): ResponseGetFrameworksFramework {
  return {
    framework_info: framework.info,
    active: isActive(framework),
    connected: isConnected(framework),
    recovered: framework.state === 'recovered',
    registered_time: timeOf(framework.registeredTime),
    reregistered_time: timeOf(framework.reregisteredTime ?? framework.registeredTime),
    unregistered_time: timeOf(framework.unregisteredTime ?? 0),
  };
}

export function timeOf(instant: Instant): TimeInfo {
  return { nanoseconds: instant * 1e6 };
}

// JSON text.

const taskTexts = new WeakMap<Task, string>();

/** Tasks are immutable: their text is made once. */
export function taskText(task: Task): string {
  const known = taskTexts.get(task);
  if (known !== undefined) return known;
  const text = toJson('mesos.v1.Task', task);
  taskTexts.set(task, text);
  return text;
}

export function executorText(executor: ResponseGetExecutorsExecutor): string {
  return toJson('mesos.v1.master.Response.GetExecutors.Executor', executor);
}

export function getExecutorsText(value: GetExecutors): string {
  return `{"executors":[${(value.executors ?? []).map(executorText).join(',')}]}`;
}

export function frameworkText(framework: ResponseGetFrameworksFramework): string {
  return toJson('mesos.v1.master.Response.GetFrameworks.Framework', framework);
}

export function getFrameworksText(value: GetFrameworks): string {
  const frameworks = (value.frameworks ?? []).map(frameworkText).join(',');
  const completed = (value.completed_frameworks ?? []).map(frameworkText).join(',');
  return `{"frameworks":[${frameworks}],"completed_frameworks":[${completed}]}`;
}

export function getAgentsText(value: GetAgents): string {
  const agents = (value.agents ?? []).map(agentText);
  const recovered = (value.recovered_agents ?? []).map(recoveredAgentText);
  return `{"agents":[${agents.join(',')}],"recovered_agents":[${recovered.join(',')}]}`;
}

export function agentText(agent: ResponseGetAgentsAgent): string {
  const tree = toJsonValue('mesos.v1.master.Response.GetAgents.Agent', agent);
  return writeJson({ ...tree, agent_info: infoTree(agent.agent_info) });
}

export function recoveredAgentText(info: AgentInfo): string {
  return writeJson(infoTree(info));
}

/**
 * With the flag that only the old message has: agents always checkpoint. Its number is not part of the v1
 * message; the protobuf form has it as an unknown field, as the agent sent it.
 */
export function infoTree(info: AgentInfo): JsonObject {
  return { ...toJsonValue('mesos.v1.AgentInfo', info), checkpoint: true };
}
