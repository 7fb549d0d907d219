/** The agent's metrics under their original names (spec flags-and-metrics, section 6.6). */
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import { sum } from '../resources/arithmetic.ts';
import { scalarOf } from '../resources/select.ts';
import type { ContainerInfo, Resource, TaskState } from '../wire/types/mesos.v1.ts';
import type { Agent } from './agent.ts';
import type { Fetcher } from './fetcher/fetcher.ts';
import type { AgentExecutor, AgentState, ExecutorStatus } from './state.ts';

export interface AgentMetricsSources {
  readonly agent: Agent;
  readonly fetcher: Pick<Fetcher, 'counts' | 'cacheBytes'>;
  readonly clock: Clock;
}

export function declareAgentMetrics(metrics: Metrics, sources: AgentMetricsSources): void {
  const { agent, clock, fetcher } = sources;
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(name, help, read);
  gauge('slave/uptime_secs', 'Seconds since the start', () => {
    const startedAt = agent.state?.startedAt;
    return startedAt === undefined ? 0 : (clock.now() - startedAt) / 1000;
  });
  gauge('slave/registered', 'Registered with a master', () =>
    agent.state?.status === 'running' ? 1 : 0,
  );
  gauge(
    'slave/recovery_errors',
    'Checkpoints that could not be read',
    () => agent.counts?.recoveryErrors ?? 0,
  );
  gauge(
    'slave/recovery_time_secs',
    'Duration of the recovery',
    () => (agent.recoveryMs ?? 0) / 1000,
  );
  gauge('slave/frameworks_active', 'Frameworks', () => agent.state?.frameworks.size ?? 0);
  declareTasks(gauge, agent);
  declareExecutors(gauge, agent);
  declareMessages(gauge, agent);
  declareResources(gauge, agent);
  gauge('gc/path_removals_succeeded', 'Removed directories', () => agent.removals.succeeded);
  gauge('gc/path_removals_failed', 'Directories not removed', () => agent.removals.failed);
  gauge('gc/path_removals_pending', 'Directories to be removed', () => agent.removals.pending);
  gauge('containerizer/fetcher/task_fetches_succeeded', 'Fetches', () => fetcher.counts.succeeded);
  gauge('containerizer/fetcher/task_fetches_failed', 'Failed fetches', () => fetcher.counts.failed);
  gauge(
    'containerizer/fetcher/cache_size_total_bytes',
    'Cache size',
    () => fetcher.cacheBytes.total,
  );
  gauge('containerizer/fetcher/cache_size_used_bytes', 'Cache used', () => fetcher.cacheBytes.used);
  // Ours alone: shown when it has happened, so that the names are the original's otherwise.
  metrics.source(() => {
    const count = agent.containers?.droppedClientCount ?? 0;
    return new Map(count === 0 ? [] : [['containerizer/mesos/io_clients_dropped', count]]);
  });
  if (agent.options.isolators.includes('filesystem/linux')) {
    gauge(
      'containerizer/mesos/filesystem/containers_new_rootfs',
      'Containers with a root file system of their own',
      () => (agent.state === undefined ? 0 : countRoots(agent.state)),
    );
  }
  declareNever(gauge);
}

/** Of executors and of tasks in groups; the executor of a group has none, whatever it asks for. */
export function countRoots(state: AgentState): number {
  const hasRoot = (info: ContainerInfo | undefined): boolean =>
    info?.type === 'MESOS' && info.mesos?.image !== undefined;
  let count = 0;
  for (const { kind, info, launchedTasks, isLaunched } of state.containers.values()) {
    if (kind !== 'group') count += isLaunched && hasRoot(info.container) ? 1 : 0;
    else count += [...launchedTasks.values()].filter((each) => hasRoot(each.container)).length;
  }
  return count;
}

/** What cannot happen here: destroying goes on until it succeeds, and there are no resource providers. */
function declareNever(gauge: Declare): void {
  gauge('containerizer/mesos/container_destroy_errors', 'Failed destroys', () => 0);
  for (const name of ['bind/remove_rootfs_errors', 'remove_container_errors']) {
    gauge(`containerizer/mesos/provisioner/${name}`, 'Root directories that stay', () => 0);
  }
  gauge('resource_provider_manager/subscribed', 'Resource providers', () => 0);
  for (const event of ['disconnect', 'subscribe']) {
    gauge(`resource_provider_manager/events/${event}`, 'Events of resource providers', () => 0);
  }
}

type Declare = (name: string, help: string, read: () => number) => void;

const LIVE_STATES: readonly (readonly [string, TaskState])[] = [
  ['staging', 'TASK_STAGING'],
  ['starting', 'TASK_STARTING'],
  ['running', 'TASK_RUNNING'],
  ['killing', 'TASK_KILLING'],
];

function declareTasks(gauge: Declare, agent: Agent): void {
  for (const [name, state] of LIVE_STATES) {
    gauge(`slave/tasks_${name}`, `Tasks in ${state}`, () => countTasks(agent, state));
  }
  for (const name of ['finished', 'failed', 'killed', 'lost', 'gone'] as const) {
    gauge(`slave/tasks_${name}`, `Tasks that ended ${name}`, () => agent.counts?.tasks[name] ?? 0);
  }
}

function* executorsOf(agent: Agent): IterableIterator<AgentExecutor> {
  for (const framework of agent.state?.frameworks.values() ?? []) {
    yield* framework.executors.values();
  }
}

function countTasks(agent: Agent, state: TaskState): number {
  let count = 0;
  for (const executor of executorsOf(agent)) {
    if (state === 'TASK_STAGING') count += executor.queuedTasks.size;
    for (const task of executor.launchedTasks.values()) if (task.state === state) count += 1;
  }
  return count;
}

function declareExecutors(gauge: Declare, agent: Agent): void {
  const statuses: readonly ExecutorStatus[] = ['registering', 'running', 'terminating'];
  for (const status of statuses) {
    gauge(
      `slave/executors_${status}`,
      `Executors ${status}`,
      () => [...executorsOf(agent)].filter((executor) => executor.status === status).length,
    );
  }
  gauge(
    'slave/executors_terminated',
    'Executors that ended',
    () => agent.counts?.executorsTerminated ?? 0,
  );
  gauge(
    'slave/executors_preempted',
    'Executors preempted',
    () => agent.counts?.executorsPreempted ?? 0,
  );
  gauge(
    'slave/container_launch_errors',
    'Containers that could not be started',
    () => agent.counts?.containerLaunchErrors ?? 0,
  );
  gauge(
    'slave/executor_directory_max_allowed_age_secs',
    'Age at which sandboxes go',
    () => (agent.counts?.executorDirectoryMaxAgeMs ?? 0) / 1000,
  );
}

function declareMessages(gauge: Declare, agent: Agent): void {
  gauge('slave/valid_status_updates', 'Updates taken', () => agent.counts?.validStatusUpdates ?? 0);
  gauge(
    'slave/invalid_status_updates',
    'Updates refused',
    () => agent.counts?.invalidStatusUpdates ?? 0,
  );
  gauge(
    'slave/valid_framework_messages',
    'Messages passed on',
    () => agent.counts?.validFrameworkMessages ?? 0,
  );
  gauge(
    'slave/invalid_framework_messages',
    'Messages dropped',
    () => agent.counts?.invalidFrameworkMessages ?? 0,
  );
}

function declareResources(gauge: Declare, agent: Agent): void {
  for (const name of ['cpus', 'gpus', 'mem', 'disk']) {
    for (const kind of ['', '_revocable'] as const) {
      const amount = (resources: readonly Resource[]): number => {
        const isWanted = ({ revocable }: Resource): boolean =>
          (revocable !== undefined) === (kind !== '');
        return scalarOf(resources.filter(isWanted), name);
      };
      const total = (): number => {
        const { totalResources = [], oversubscribedResources = [] } = agent.state ?? {};
        return amount([...totalResources, ...oversubscribedResources]);
      };
      const used = (): number => amount(usedResources(agent));
      gauge(`slave/${name}${kind}_total`, `All ${name}`, total);
      gauge(`slave/${name}${kind}_used`, `Used ${name}`, used);
      gauge(`slave/${name}${kind}_percent`, `Used part of ${name}`, () =>
        total() === 0 ? 0 : used() / total(),
      );
    }
  }
}

function usedResources(agent: Agent): readonly Resource[] {
  const lists: (readonly Resource[])[] = [];
  for (const executor of executorsOf(agent)) {
    if (executor.status === 'terminated') continue;
    lists.push(executor.info.resources ?? []);
    for (const task of executor.queuedTasks.values()) lists.push(task.resources ?? []);
    for (const task of executor.launchedTasks.values()) lists.push(task.resources ?? []);
  }
  return sum(lists);
}
