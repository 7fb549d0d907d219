/** Containers with what they use (spec operator-api, sections 5.2, 5.3 and GET_CONTAINERS). */
import { scalarOf } from '../../resources/select.ts';
import { toJsonValue } from '../../wire/json.ts';
import type { JsonObject } from '../../wire/json-text.ts';
import type { ResponseGetContainersContainer } from '../../wire/types/mesos.v1.agent.ts';
import type { ContainerStatus, ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import { executorResources } from './state.ts';

/** What the processes of a container have used; undefined when they have gone. */
export interface ProcessUsage {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly memoryBytes: number;
}

/** Usage of a process and its descendants. */
export type UsageReader = (pid: number) => ProcessUsage | undefined;

export interface ContainerQuery {
  readonly containerId: string | undefined;
  readonly frameworkId: string | undefined;
  readonly executorId: string | undefined;
}

export function executorsMatching(
  state: AgentState,
  query: ContainerQuery,
): readonly AgentExecutor[] {
  return [...state.containers.values()].filter(
    (executor) =>
      executor.status !== 'terminated' &&
      (query.containerId === undefined || executor.containerId === query.containerId) &&
      (query.frameworkId === undefined || executor.frameworkId === query.frameworkId) &&
      (query.executorId === undefined || executor.id === query.executorId),
  );
}

/** Keys are sorted, as recorded. */
export function containerModel(
  executor: AgentExecutor,
  statistics: ResourceStatistics | undefined,
): JsonObject {
  return {
    container_id: executor.containerId,
    ...executorFields(executor),
    ...statisticsField(statistics),
    status: toJsonValue('mesos.v1.ContainerStatus', statusOf(executor)),
  };
}

export function statisticsModel(
  executor: AgentExecutor,
  statistics: ResourceStatistics,
): JsonObject {
  return { ...executorFields(executor), ...statisticsField(statistics) };
}

function executorFields(executor: AgentExecutor): JsonObject {
  return {
    executor_id: executor.id,
    executor_name: executor.info.name ?? '',
    framework_id: executor.frameworkId,
    source: executor.info.source ?? '',
  };
}

function statisticsField(statistics: ResourceStatistics | undefined): JsonObject {
  if (statistics === undefined) return {};
  const tree = toJsonValue('mesos.v1.ResourceStatistics', statistics);
  const sorted = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1));
  return { statistics: Object.fromEntries(sorted) };
}

export function containerV1(
  executor: AgentExecutor,
  statistics: ResourceStatistics | undefined,
): ResponseGetContainersContainer {
  return {
    framework_id: { value: executor.frameworkId },
    executor_id: { value: executor.id },
    executor_name: executor.info.name ?? '',
    container_id: { value: executor.containerId },
    container_status: statusOf(executor),
    resource_statistics: statistics,
  };
}

function statusOf(executor: AgentExecutor): ContainerStatus {
  return { container_id: { value: executor.containerId }, executor_pid: executor.pid };
}

/** Nothing when the process is not known or has gone. */
export function statisticsOf(
  executor: AgentExecutor,
  usageOf: UsageReader,
  nowMs: number,
): ResourceStatistics | undefined {
  const usage = executor.pid === undefined ? undefined : usageOf(executor.pid);
  if (usage === undefined) return undefined;
  const resources = executorResources(executor);
  const memoryBytes = scalarOf(resources, 'mem') * 1024 ** 2;
  return {
    timestamp: nowMs / 1000,
    cpus_user_time_secs: usage.cpuUserSeconds,
    cpus_system_time_secs: usage.cpuSystemSeconds,
    cpus_soft_limit: scalarOf(resources, 'cpus'),
    mem_limit_bytes: memoryBytes,
    mem_soft_limit_bytes: memoryBytes,
    mem_rss_bytes: usage.memoryBytes,
  };
}
