/**
 * GET_CONTAINERS (spec operator-api, section 10). A nested container shows its own id only; the whole
 * one stands in its status.
 */
import { scalarOf } from '../../resources/select.ts';
import type { ResponseGetContainersContainer } from '../../wire/types/mesos.v1.agent.ts';
import type { Resource, ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import type { PlainContainer } from '../containers/containers.ts';
import { lastPartOf, parentOf, rootOf, wireIdOf } from '../containers/ids.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import {
  executorsMatching,
  statisticsOf,
  statusOf,
  taskPid,
  type UsageReaders,
} from './containers.ts';

export interface ContainersV1Query {
  readonly showNested: boolean;
  readonly showStandalone: boolean;
  readonly usage: UsageReaders;
  readonly now: number;
}

/** Executors with what is nested in them, then standalone ones with theirs. */
export function containersV1(
  state: AgentState,
  plain: Iterable<PlainContainer>,
  query: ContainersV1Query,
): readonly ResponseGetContainersContainer[] {
  const all = { containerId: undefined, frameworkId: undefined, executorId: undefined };
  const live = [...plain].filter(({ phase }) => phase === 'running');
  const shown: ResponseGetContainersContainer[] = [];
  const roots = new Set<string>();
  for (const executor of executorsMatching(state, all)) {
    const { containerId } = executor;
    roots.add(containerId);
    shown.push({
      framework_id: { value: executor.frameworkId },
      executor_id: { value: executor.id },
      executor_name: executor.info.name ?? '',
      container_id: { value: containerId },
      container_status: statusOf(executor),
      resource_statistics: statisticsOf(executor, query.usage, query.now),
    });
    if (!query.showNested) continue;
    shown.push(...tasksOf(executor, query.now));
    const nested = live.filter(({ id }) => id !== containerId && rootOf(id) === containerId);
    shown.push(...nested.map((each) => entryOf(each, query)));
  }
  if (!query.showStandalone) return shown;
  for (const each of live) {
    const isNested = parentOf(each.id) !== undefined;
    if (roots.has(rootOf(each.id)) || (isNested && !query.showNested)) continue;
    shown.push(entryOf(each, query));
  }
  return shown;
}

function* tasksOf(
  executor: AgentExecutor,
  now: number,
): IterableIterator<ResponseGetContainersContainer> {
  for (const [taskId, nested] of executor.nestedContainers) {
    const task = executor.launchedTasks.get(taskId);
    if (task === undefined) continue;
    yield {
      container_id: { value: nested },
      container_status: {
        container_id: wireIdOf(`${executor.containerId}.${nested}`),
        executor_pid: taskPid(task),
      },
      resource_statistics: limitsOf(task.resources ?? [], now),
    };
  }
}

function entryOf(
  { id, pid, resources }: PlainContainer,
  query: ContainersV1Query,
): ResponseGetContainersContainer {
  const usage =
    parentOf(id) === undefined && pid !== undefined ? query.usage.process(pid) : undefined;
  return {
    container_id: { value: lastPartOf(id) },
    container_status: { container_id: wireIdOf(id), executor_pid: pid },
    resource_statistics: {
      ...limitsOf(resources, query.now),
      cpus_user_time_secs: usage?.cpuUserSeconds,
      cpus_system_time_secs: usage?.cpuSystemSeconds,
      mem_rss_bytes: usage?.memoryBytes,
    },
  };
}

/** What nested containers use is counted with their root. */
function limitsOf(resources: readonly Resource[], now: number): ResourceStatistics {
  const cpus = scalarOf(resources, 'cpus');
  const memoryBytes = scalarOf(resources, 'mem') * 1024 ** 2;
  return {
    timestamp: now / 1000,
    cpus_soft_limit: cpus > 0 ? cpus : undefined,
    mem_limit_bytes: memoryBytes > 0 ? memoryBytes : undefined,
    mem_soft_limit_bytes: memoryBytes > 0 ? memoryBytes : undefined,
  };
}
