/** Containers with what they use (spec operator-api, sections 5.2, 5.3 and GET_CONTAINERS). */
import { scalarOf } from '../../resources/select.ts';
import { toJsonValue } from '../../wire/json.ts';
import type { JsonObject } from '../../wire/json-text.ts';
import type { ContainerStatus, ResourceStatistics, Task } from '../../wire/types/mesos.v1.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import { executorResources } from './state.ts';

/** What the processes of a container have used; undefined when they have gone. */
export interface ProcessUsage {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly memoryBytes: number;
}

export interface UsageReaders {
  /** Usage of a process and its descendants. */
  process(pid: number): ProcessUsage | undefined;
  /** What the containerizer knows of a container. */
  container(id: string): ResourceStatistics | undefined;
}

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

export function statusOf(executor: AgentExecutor): ContainerStatus {
  const { networkInfos: network_infos, cgroupInfo: cgroup_info } = executor;
  return {
    container_id: { value: executor.containerId },
    executor_pid: pidsOf(executor)[0],
    ...(network_infos === undefined ? {} : { network_infos }),
    ...(cgroup_info === undefined ? {} : { cgroup_info }),
  };
}

/** The executor's own process, or those of the tasks that it hosts. */
export function pidsOf(executor: AgentExecutor): readonly number[] {
  if (executor.pid !== undefined) return [executor.pid];
  return [...executor.launchedTasks.values()].map(taskPid).filter((pid) => pid !== undefined);
}

/** As the task's own updates told it. */
export function taskPid(task: Task): number | undefined {
  return task.statuses?.findLast(({ container_status }) => container_status !== undefined)
    ?.container_status?.executor_pid;
}

/** Nothing when the container has no process yet, or has ended. */
export function statisticsOf(
  executor: AgentExecutor,
  readers: UsageReaders,
  nowMs: number,
): ResourceStatistics | undefined {
  const usage = sumOf(pidsOf(executor).map((pid) => readers.process(pid)));
  const counted = readers.container(executor.containerId);
  if (usage === undefined && counted === undefined) return undefined;
  const resources = executorResources(executor);
  const memoryBytes = scalarOf(resources, 'mem') * 1024 ** 2;
  return {
    cpus_user_time_secs: usage?.cpuUserSeconds,
    cpus_system_time_secs: usage?.cpuSystemSeconds,
    cpus_soft_limit: scalarOf(resources, 'cpus'),
    mem_limit_bytes: memoryBytes,
    mem_soft_limit_bytes: memoryBytes,
    mem_rss_bytes: usage?.memoryBytes,
    // What the kernel counts is nearer to the truth than the sum over processes.
    ...counted,
    timestamp: nowMs / 1000,
  };
}

function sumOf(usages: readonly (ProcessUsage | undefined)[]): ProcessUsage | undefined {
  let total: ProcessUsage | undefined;
  for (const usage of usages) {
    if (usage === undefined) continue;
    total = {
      cpuUserSeconds: (total?.cpuUserSeconds ?? 0) + usage.cpuUserSeconds,
      cpuSystemSeconds: (total?.cpuSystemSeconds ?? 0) + usage.cpuSystemSeconds,
      memoryBytes: (total?.memoryBytes ?? 0) + usage.memoryBytes,
    };
  }
  return total;
}
