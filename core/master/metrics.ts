/**
 * The master's metrics under their original names (spec flags-and-metrics, section 6). Values are
 * read from the state when somebody asks; names that come into being at run time (one per framework,
 * one per task state and reason) are declared when they first appear.
 */
import type { MeasuredAllocator } from '../allocator/timed.ts';
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { LeaderDetector } from '../election/ports.ts';
import { scalarOf } from '../resources/select.ts';
import type { Resource, TaskState } from '../wire/types/mesos.v1.ts';
import type { Agent, Framework } from './records.ts';
import type { Registrar } from './registrar.ts';
import type { MasterState } from './state.ts';

export interface MetricSources {
  readonly state: MasterState;
  readonly registrar: Registrar;
  /** With several masters: the registry is kept by the ZooKeeper they meet on. */
  readonly detector: LeaderDetector | undefined;
  readonly clock: Clock;
  readonly allocator: MeasuredAllocator;
  /** What waits: messages during the recovery, inputs of the machine, operators' requests. */
  readonly backlog: () => Readonly<Record<'messages' | 'dispatches' | 'requests', number>>;
  readonly publishPerFramework: boolean;
}

const RESOURCES = ['cpus', 'gpus', 'mem', 'disk'] as const;

const MESSAGES = [
  'authenticate',
  'deactivate_framework',
  'decline_offers',
  'executor_to_framework',
  'exited_executor',
  'framework_to_executor',
  'kill_task',
  'launch_tasks',
  'operation_status_update',
  'operation_status_update_acknowledgement',
  'reconcile_operations',
  'reconcile_tasks',
  'register_framework',
  'register_slave',
  'reregister_framework',
  'reregister_slave',
  'resource_request',
  'revive_offers',
  'status_update',
  'status_update_acknowledgement',
  'suppress_offers',
  'unregister_framework',
  'unregister_slave',
  'update_slave',
] as const;

const VALIDATED = [
  'framework_to_executor_messages',
  'executor_to_framework_messages',
  'status_updates',
  'status_update_acknowledgements',
  'operation_status_updates',
  'operation_status_update_acknowledgements',
] as const;

/** Kept in `MasterState.counters` under these names. */
export const MASTER_COUNTERS: readonly string[] = [
  ...MESSAGES.map((name) => `messages_${name}`),
  ...VALIDATED.flatMap((name) => [`valid_${name}`, `invalid_${name}`]),
  ...['finished', 'failed', 'killed', 'lost', 'error', 'dropped', 'gone', 'gone_by_operator'].map(
    (state) => `tasks_${state}`,
  ),
  'dropped_messages',
  'http_cache_hits',
  'recovery_slave_removals',
  'slave_registrations',
  'slave_reregistrations',
  'slave_removals',
  'slave_removals/reason_registered',
  'slave_removals/reason_unhealthy',
  'slave_removals/reason_unregistered',
  'slave_shutdowns_canceled',
  'slave_shutdowns_completed',
  'slave_shutdowns_scheduled',
  'slave_unreachable_canceled',
  'slave_unreachable_completed',
  'slave_unreachable_scheduled',
];

const LIVE_STATES: readonly (readonly [string, TaskState])[] = [
  ['staging', 'TASK_STAGING'],
  ['starting', 'TASK_STARTING'],
  ['running', 'TASK_RUNNING'],
  ['killing', 'TASK_KILLING'],
];

/** Declares everything that is there from the start. */
export function registerMetrics(metrics: Metrics, sources: MetricSources): void {
  const { state, clock } = sources;
  for (const name of MASTER_COUNTERS) {
    metrics.gauge(`master/${name}`, `Count of ${name}`, () => state.counters.get(name));
  }
  metrics.gauge('master/uptime_secs', 'Seconds since the start', () => {
    return (clock.now() - state.startTime) / 1000;
  });
  metrics.gauge('master/elected', 'Whether this master leads', () => {
    return state.electedTime === undefined ? 0 : 1;
  });
  metrics.gauge('master/outstanding_offers', 'Offers without an answer', () => state.offers.size);
  for (const [name, queue] of [
    ['messages', 'messages'],
    ['dispatches', 'dispatches'],
    ['http_requests', 'requests'],
  ] as const) {
    metrics.gauge(`master/event_queue_${name}`, 'What waits', () => sources.backlog()[queue]);
  }
  registerAgentMetrics(metrics, state);
  registerFrameworkCounts(metrics, state);
  registerTaskMetrics(metrics, state);
  registerResourceMetrics(metrics, state);
  registerRegistrarMetrics(metrics, sources.registrar);
  if (sources.detector !== undefined) registerEnsemble(metrics, sources.detector);
  metrics.source(() => dynamicMetrics(state, sources.publishPerFramework));
  metrics.source(() => sources.allocator.gauges());
  metrics.source(() => joined(sources.allocator.timings?.(clock.now()) ?? []));
}

function registerAgentMetrics(metrics: Metrics, state: MasterState): void {
  const count = (name: string, matches: (agent: Agent) => boolean): void => {
    metrics.gauge(`master/slaves_${name}`, `Agents ${name}`, () => countOf(state.agents, matches));
  };
  count('connected', (agent) => agent.connected);
  count('disconnected', (agent) => !agent.connected);
  count('active', (agent) => agent.active);
  count('inactive', (agent) => !agent.active);
  metrics.gauge('master/slaves_unreachable', 'Agents unreachable', () => {
    return state.unreachableAgents.size;
  });
}

function registerFrameworkCounts(metrics: Metrics, state: MasterState): void {
  const count = (name: string, matches: (framework: Framework) => boolean): void => {
    metrics.gauge(`master/frameworks_${name}`, `Frameworks ${name}`, () => {
      return countOf(state.frameworks, matches);
    });
  };
  count('connected', (framework) => framework.connection !== undefined);
  count('disconnected', (framework) => framework.connection === undefined);
  count('active', (framework) => framework.state === 'active');
  count('inactive', (framework) => framework.state !== 'active');
}

function registerTaskMetrics(metrics: Metrics, state: MasterState): void {
  for (const [name, taskState] of LIVE_STATES) {
    metrics.gauge(`master/tasks_${name}`, `Tasks ${name}`, () => {
      return state.tasks.counts.get(taskState) ?? 0;
    });
  }
  metrics.gauge('master/tasks_unreachable', 'Tasks on unreachable agents', () => {
    return state.tasks.counts.get('TASK_UNREACHABLE') ?? 0;
  });
}

function registerResourceMetrics(metrics: Metrics, state: MasterState): void {
  for (const name of RESOURCES) {
    for (const kind of ['', '_revocable'] as const) {
      const isRevocable = kind !== '';
      const total = (): number =>
        sumOver(state, name, isRevocable, (agent) => [agent.totalResources]);
      const used = (): number =>
        sumOver(state, name, isRevocable, (agent) => agent.usedResources.values());
      metrics.gauge(`master/${name}${kind}_total`, `Total ${name}`, total);
      metrics.gauge(`master/${name}${kind}_used`, `Used ${name}`, used);
      metrics.gauge(`master/${name}${kind}_percent`, `Fraction of ${name} in use`, () => {
        const all = total();
        return all === 0 ? 0 : used() / all;
      });
    }
  }
}

function registerRegistrarMetrics(metrics: Metrics, registrar: Registrar): void {
  metrics.gauge('registrar/queued_operations', 'Writes that wait', () => registrar.queuedCount);
  // The others appear when the registry has been read.
  metrics.source(() => {
    const values = new Map(joined(registrar.timings()));
    if (values.size > 0) values.set('registrar/registry_size_bytes', registrar.sizeBytes);
    return values;
  });
}

/** The masters that are there count as replicas: each keeps what ZooKeeper has (section 6.4). */
function registerEnsemble(metrics: Metrics, detector: LeaderDetector): void {
  metrics.gauge('registrar/log/ensemble_size', 'Masters', () => detector.memberCount ?? 0);
  metrics.gauge('registrar/log/recovered', 'Whether the registry can be read', () =>
    detector.memberCount === undefined ? 0 : 1,
  );
}

function joined(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  return new Map(maps.flatMap((map) => [...map]));
}

function countOf<T>(all: ReadonlyMap<unknown, T>, matches: (each: T) => boolean): number {
  let count = 0;
  for (const each of all.values()) if (matches(each)) count += 1;
  return count;
}

function sumOver(
  state: MasterState,
  name: string,
  isRevocable: boolean,
  lists: (agent: Agent) => Iterable<readonly Resource[]>,
): number {
  let sum = 0;
  for (const agent of state.agents.values()) {
    for (const list of lists(agent)) {
      const part = list.filter((each) => (each.revocable !== undefined) === isRevocable);
      sum += scalarOf(part, name);
    }
  }
  return Math.round(sum * 1000) / 1000;
}

/** Values that come and go: per framework, and per task state, source and reason. */
export function dynamicMetrics(
  state: MasterState,
  perFramework: boolean,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [name, value] of state.counters.entries()) {
    if (name.startsWith('task_')) values.set(`master/${name}`, value);
  }
  if (!perFramework) return values;
  for (const framework of state.frameworks.values()) {
    addFramework(values, framework);
    const { principal } = framework.info;
    if (principal === undefined) continue;
    const { received, processed } = state.driverMessages.of(principal);
    values.set(`frameworks/${principal}/messages_received`, received);
    values.set(`frameworks/${principal}/messages_processed`, processed);
  }
  for (const framework of state.completedFrameworks.values()) addFramework(values, framework);
  return values;
}

const CALLS = [
  'subscribe',
  'teardown',
  'accept',
  'decline',
  'accept_inverse_offers',
  'decline_inverse_offers',
  'revive',
  'kill',
  'shutdown',
  'acknowledge',
  'acknowledge_operation_status',
  'reconcile',
  'reconcile_operations',
  'message',
  'request',
  'suppress',
  'update_framework',
] as const;

const EVENTS = [
  'subscribed',
  'offers',
  'inverse_offers',
  'rescind',
  'rescind_inverse_offer',
  'update',
  'update_operation_status',
  'message',
  'failure',
  'error',
  'heartbeat',
] as const;

const OPERATIONS = [
  'launch',
  'launch_group',
  'reserve',
  'unreserve',
  'create',
  'destroy',
  'grow_volume',
  'shrink_volume',
  'create_disk',
  'destroy_disk',
] as const;

const TERMINAL = [
  'finished',
  'failed',
  'killed',
  'lost',
  'error',
  'dropped',
  'gone',
  'gone_by_operator',
] as const;

const ACTIVE = ['staging', 'starting', 'running', 'killing', 'unreachable', 'unknown'] as const;

/** Kept in `Framework.counters`. */
export const FRAMEWORK_COUNTERS: readonly string[] = [
  'calls',
  ...CALLS.map((each) => `calls/${each}`),
  'events',
  ...EVENTS.map((each) => `events/${each}`),
  ...['sent', 'accepted', 'declined', 'rescinded'].map((each) => `offers/${each}`),
  'operations',
  ...OPERATIONS.map((each) => `operations/${each}`),
  ...TERMINAL.map((each) => `tasks/terminal/task_${each}`),
];

function addFramework(values: Map<string, number>, framework: Framework): void {
  const name = encodeURIComponent(framework.info.name);
  const prefix = `master/frameworks/${name}/${framework.id}/`;
  values.set(`${prefix}subscribed`, framework.connection === undefined ? 0 : 1);
  for (const each of FRAMEWORK_COUNTERS) values.set(prefix + each, framework.counters.get(each));
  const active = new Map<string, number>();
  const live = [...framework.tasks.values()].map(({ task }) => task);
  for (const { state } of [...live, ...framework.unreachableTasks.values()]) {
    active.set(state, (active.get(state) ?? 0) + 1);
  }
  for (const each of ACTIVE) {
    values.set(`${prefix}tasks/active/task_${each}`, active.get(`TASK_${each.toUpperCase()}`) ?? 0);
  }
  for (const role of framework.roles) {
    const isSuppressed = framework.suppressedRoles.has(role);
    values.set(`${prefix}roles/${role}/suppressed`, isSuppressed ? 1 : 0);
  }
}
