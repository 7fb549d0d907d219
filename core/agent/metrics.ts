/** The agent's metrics under their original names (spec flags-and-metrics, section 6.6). */
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import { sum } from '../resources/arithmetic.ts';
import { scalarOf } from '../resources/select.ts';
import type { Resource, TaskState } from '../wire/types/mesos.v1.ts';
import type { Agent } from './agent.ts';
import type { Fetcher } from './fetcher/fetcher.ts';
import type { AgentExecutor, ExecutorStatus } from './state.ts';

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
  gauge(
    'containerizer/mesos/io_clients_dropped',
    'Attached clients that read too slowly',
    () => agent.containers?.droppedClientCount ?? 0,
  );
  gauge('containerizer/mesos/container_destroy_errors', 'Failed destroys', () => 0);
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
  gauge('slave/executors_preempted', 'Executors preempted', () => 0);
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
    const total = (): number => scalarOf(agent.state?.totalResources ?? [], name);
    const used = (): number => usedScalar(agent, name);
    gauge(`slave/${name}_total`, `All ${name}`, total);
    gauge(`slave/${name}_used`, `Used ${name}`, used);
    gauge(`slave/${name}_percent`, `Used part of ${name}`, () =>
      total() === 0 ? 0 : used() / total(),
    );
    for (const what of ['total', 'used', 'percent']) {
      gauge(`slave/${name}_revocable_${what}`, `Revocable ${name}`, () => 0);
    }
  }
}

function usedScalar(agent: Agent, name: string): number {
  const lists: (readonly Resource[])[] = [];
  for (const executor of executorsOf(agent)) {
    if (executor.status === 'terminated') continue;
    lists.push(executor.info.resources ?? []);
    for (const task of executor.queuedTasks.values()) lists.push(task.resources ?? []);
    for (const task of executor.launchedTasks.values()) lists.push(task.resources ?? []);
  }
  return scalarOf(sum(lists), name);
}
