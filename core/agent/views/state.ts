/** The agent's legacy documents (spec operator-api, section 5). */
import type { Approvers } from '../../auth/authorizer.ts';
import {
  attributesModel,
  reservedFull,
  reservedModel,
  resourcesFull,
  resourcesModel,
} from '../../operator/legacy-resources.ts';
import {
  allocationRole,
  discoveryModel,
  labelsModel,
  secondsOf,
  taskModel,
} from '../../operator/legacy-tasks.ts';
import { buildFields, VERSION } from '../../operator/version.ts';
import { visibleResources } from '../../operator/visible-resources.ts';
import { add, type Resources, sum } from '../../resources/arithmetic.ts';
import { unallocate, unreserved } from '../../resources/select.ts';
import { toJsonValue } from '../../wire/json.ts';
import { double, type JsonObject } from '../../wire/json-text.ts';
import type { TaskInfo } from '../../wire/types/mesos.v1.ts';
import { visibleAgentState } from '../authorization.ts';
import type { AgentExecutor, AgentFramework, AgentState } from '../state.ts';

export interface AgentStateContext {
  /** `slave(1)@ip:port`. */
  readonly pid: string;
  readonly masterHostname: string | undefined;
  readonly flags: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly approvers: Approvers;
}

export function agentStateDocument(state: AgentState, context: AgentStateContext): JsonObject {
  const { info } = state;
  const { approvers } = context;
  const shown = visibleAgentState(state, approvers);
  const visible = (resources: Resources): Resources => visibleResources(approvers, resources);
  const flags = approvers.approved('view_flags') ? context.flags : undefined;
  const total = state.totalResources;
  const allocated = unallocate(allocatedResources(state));
  return {
    version: VERSION,
    ...buildFields(),
    start_time: secondsOf(state.startedAt),
    id: info.id?.value ?? '',
    pid: context.pid,
    hostname: info.hostname,
    capabilities: context.capabilities,
    domain: info.domain === undefined ? undefined : toJsonValue('mesos.v1.DomainInfo', info.domain),
    drain_config:
      state.drainConfig === undefined
        ? undefined
        : toJsonValue('mesos.v1.DrainConfig', state.drainConfig),
    estimated_drain_start_time_seconds:
      state.drainStartedAt === undefined ? undefined : Math.floor(state.drainStartedAt / 1000),
    resources: resourcesModel(total),
    reserved_resources: reservedModel(visible(total)),
    unreserved_resources: resourcesModel(unreserved(total)),
    reserved_resources_full: reservedFull(visible(total)),
    unreserved_resources_full: resourcesFull(unreserved(total)),
    reserved_resources_allocated: reservedModel(visible(allocated)),
    unreserved_resources_allocated: resourcesModel(unreserved(allocated)),
    resource_providers: [],
    attributes: attributesModel(info.attributes),
    master_hostname: context.masterHostname,
    log_dir: flags?.['log_dir'],
    external_log_file: flags?.['external_log_file'],
    flags,
    frameworks: [...shown.frameworks.values()].map(frameworkModel),
    completed_frameworks: shown.completedFrameworks.map(frameworkModel),
  };
}

function allocatedResources(state: AgentState): Resources {
  const lists: Resources[] = [];
  for (const framework of state.frameworks.values()) {
    for (const executor of framework.executors.values()) lists.push(executorResources(executor));
  }
  return sum(lists);
}

/** Its own and those of its queued and running tasks. */
export function executorResources(executor: AgentExecutor): Resources {
  let total = executor.info.resources ?? [];
  for (const task of executor.queuedTasks.values()) total = add(total, task.resources ?? []);
  for (const task of executor.launchedTasks.values()) total = add(total, task.resources ?? []);
  return total;
}

function frameworkModel(framework: AgentFramework): JsonObject {
  const { info } = framework;
  const isMultiRole = (info.capabilities ?? []).some((each) => each.type === 'MULTI_ROLE');
  return {
    id: framework.id,
    name: info.name,
    user: info.user,
    failover_timeout: double(info.failover_timeout ?? 0),
    checkpoint: info.checkpoint ?? false,
    hostname: info.hostname ?? '',
    principal: info.principal,
    ...(isMultiRole ? { roles: info.roles ?? [] } : { role: info.role ?? '*' }),
    executors: [...framework.executors.values()].map(executorModel),
    completed_executors: framework.completedExecutors.map(executorModel),
  };
}

function executorModel(executor: AgentExecutor): JsonObject {
  const { info } = executor;
  const resources = executorResources(executor);
  return {
    id: executor.id,
    name: info.name ?? '',
    source: info.source ?? '',
    container: executor.containerId,
    directory: executor.directory,
    resources: resourcesModel(resources),
    role: allocationRole(resources),
    labels: labelsModel(info.labels),
    type: info.type,
    tasks: [...executor.launchedTasks.values()].map(taskModel),
    queued_tasks: [...executor.queuedTasks.values()].map(queuedTaskModel),
    completed_tasks: [...executor.completedTasks, ...executor.terminatedTasks.values()].map(
      taskModel,
    ),
  };
}

function queuedTaskModel(task: TaskInfo): JsonObject {
  return {
    id: task.task_id.value,
    name: task.name,
    slave_id: task.agent_id.value,
    resources: resourcesModel(task.resources ?? []),
    role: allocationRole(task.resources),
    command:
      task.command === undefined ? undefined : toJsonValue('mesos.v1.CommandInfo', task.command),
    executor_id: task.executor?.executor_id.value,
    discovery: discoveryModel(task.discovery),
  };
}

/** Every executor the agent remembers, running ones first. */
export function* executorsOf(state: AgentState): IterableIterator<AgentExecutor> {
  for (const framework of state.frameworks.values()) yield* framework.executors.values();
  for (const framework of [...state.frameworks.values(), ...state.completedFrameworks]) {
    yield* framework.completedExecutors;
  }
}
