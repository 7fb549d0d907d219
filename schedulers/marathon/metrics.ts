/** Metrics under the original's names (spec marathon-behaviour, section 12), and their JSON form. */
import type { Instant } from '../../core/base/clock.ts';
import { type Counter, Metrics } from '../../core/base/metrics.ts';
import type { Subscription } from '../../core/scheduler/index.ts';
import type { JsonObject } from '../../core/wire/json-text.ts';
import type { OfferOperation, TaskState, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import { HttpMetrics } from './http-metrics.ts';
import { type MarathonEvent, marathonEvent } from './machine/events.ts';
import { isOverdueLaunch, type LaunchTimeouts } from './machine/overdue-launches.ts';
import type { MarathonState } from './machine/state.ts';
import { appsOf, podsOf } from './model/root.ts';

/** Operations that are counted, by their type. */
const OPERATIONS: Readonly<Record<string, string>> = {
  LAUNCH: 'launch',
  LAUNCH_GROUP: 'launch-group',
  RESERVE: 'reserve',
};

/** Shown from the start, before any has come. */
const COUNTED_STATES: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
];

export class MarathonMetrics {
  readonly registry = new Metrics();
  readonly launched: Counter;
  readonly offersIncoming: Counter;
  readonly offersUsed: Counter;
  readonly offersDeclined: Counter;
  readonly revives: Counter;
  readonly suppresses: Counter;
  readonly deployments: Counter;
  readonly deploymentsDismissed: Counter;
  readonly requestBytes: Counter;
  readonly responseBytes: Counter;
  readonly eventStreamBytes: Counter;
  private readonly outOfMemory: Counter;
  readonly http: HttpMetrics;
  private readonly now: () => Instant;
  private readonly prefix: string;
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, () => number>();

  constructor(prefix: string, now: () => Instant) {
    this.prefix = prefix;
    this.now = now;
    this.http = new HttpMetrics(now);
    this.launched = this.counter('tasks.launched', 'Tasks sent to the master');
    this.offersIncoming = this.counter('mesos.offers.incoming', 'Offers received');
    this.offersUsed = this.counter('mesos.offers.used', 'Offers accepted');
    this.offersDeclined = this.counter('mesos.offers.declined', 'Offers declined');
    this.revives = this.counter('mesos.calls.revive', 'Calls REVIVE sent');
    this.suppresses = this.counter('mesos.calls.suppress', 'Calls SUPPRESS sent');
    this.deployments = this.counter('deployments', 'Deployments begun');
    this.deploymentsDismissed = this.counter('deployments.dismissed', 'Deployments refused');
    const bytes = (name: string, help: string): Counter => this.counter(name, help, '.bytes');
    this.requestBytes = bytes('http.requests.size', 'Size of the bodies of requests');
    this.responseBytes = bytes('http.responses.size', 'Size of answers');
    this.eventStreamBytes = bytes('http.responses.event-stream.size', 'Size of events sent');
    for (const name of Object.values(OPERATIONS)) this.operation(name);
    for (const state of COUNTED_STATES) this.update(state);
    this.outOfMemory = this.counter(
      'mesos.task.oom.memory-limit-exceeded',
      'Tasks that ended as they took too much memory',
    );
    this.gauge('http.requests.active', 'Requests under way', () => this.http.activeCount);
  }

  /** Adds the values that are read from the machine's state. */
  observe(
    state: MarathonState,
    {
      timeouts,
      streamCount,
    }: { readonly timeouts: LaunchTimeouts; readonly streamCount: () => number },
  ): void {
    const startedAt = this.now();
    const count = (test: (condition: string) => boolean): number =>
      [...state.instances.all()].filter(({ condition }) => test(condition)).length;
    this.gauge('apps.active', 'Apps', () => appsOf(state.root).length);
    this.gauge('groups.active', 'Groups', () => state.root.groups.size);
    this.gauge('pods.active', 'Pods', () => podsOf(state.root).length);
    this.gauge('deployments.active', 'Deployments', () => state.deployments.size);
    this.gauge('instances.running', 'Running instances', () => count((c) => c === 'Running'));
    this.gauge('instances.staged', 'Staged instances', () =>
      count((c) => c === 'Staging' || c === 'Provisioned'),
    );
    this.gauge('instances.inflight-kills', 'Kills under way', () => state.kills.size);
    this.gauge('instances.inflight-kill-attempts', 'Kill calls sent for them', () =>
      [...state.kills.values()].reduce((sum, { attempts }) => sum + attempts, 0),
    );
    this.gauge(
      'instances.launch-overdue',
      'Instances that should have come to life',
      () =>
        [...state.instances.all()].filter((each) => isOverdueLaunch(each, timeouts, this.now()))
          .length,
    );
    this.gauge('http.event-streams.active', 'Clients of /v2/events', streamCount);
    const seconds = (): number => (this.now() - startedAt) / 1_000;
    this.gauge('leadership.duration.gauge.seconds', 'Seconds of leading', seconds);
    this.gauge('uptime.gauge.seconds', 'Seconds since the start', seconds);
  }

  countOperation({ type }: OfferOperation): void {
    const name = OPERATIONS[type ?? 'UNKNOWN'];
    if (name !== undefined) this.operation(name).increment();
  }

  countUpdate({ state, reason }: Pick<TaskStatus, 'state' | 'reason'>): void {
    this.update(state).increment();
    if (reason === 'REASON_CONTAINER_LIMITATION_MEMORY') this.outOfMemory.increment();
  }

  private operation(name: string): Counter {
    return this.counter(`mesos.offer-operations.${name}`, `Operations ${name} sent`);
  }

  private update(state: TaskState): Counter {
    const name = `mesos.task-updates.${state.toLowerCase().replaceAll('_', '-')}`;
    return this.counter(name, `Statuses ${state} received`);
  }

  /** The document of `/metrics`. */
  snapshot(): JsonObject {
    const counters = [...this.counters].map(([name, { value }]) => [name, { count: value }]);
    const gauges = [...this.gauges].map(([name, read]) => [name, { value: read() }]);
    return {
      version: '5.0.0',
      counters: Object.fromEntries(counters),
      gauges: Object.fromEntries(gauges),
      histograms: {},
      meters: this.prefixed(this.http.meters()),
      timers: this.prefixed(this.http.timers()),
    };
  }

  /** Counters and gauges as they are, meters as counters, timers as summaries. */
  async prometheus(): Promise<string> {
    return (await this.registry.prometheus()) + this.http.prometheus(this.prefix);
  }

  private prefixed(entries: readonly (readonly [string, JsonObject])[]): JsonObject {
    return Object.fromEntries(entries.map(([name, each]) => [`${this.prefix}.${name}`, each]));
  }

  subscribedEvent(subscription: Subscription, now: Instant): MarathonEvent {
    const master = subscription.masterInfo?.hostname ?? '';
    if (subscription.isResubscription) {
      return marathonEvent('scheduler_reregistered_event', now, { master });
    }
    const { frameworkId } = subscription;
    return marathonEvent('scheduler_registered_event', now, { frameworkId, master });
  }

  disconnectedEvent(now: Instant): MarathonEvent {
    return marathonEvent('scheduler_disconnected_event', now);
  }

  private counter(name: string, help: string, unit: '' | '.bytes' = ''): Counter {
    const full = `${this.prefix}.${name}.counter${unit}`;
    const known = this.counters.get(full);
    if (known !== undefined) return known;
    const made = this.registry.counter(full, help);
    this.counters.set(full, made);
    return made;
  }

  private gauge(name: string, help: string, read: () => number): void {
    const full = name.includes('.gauge')
      ? `${this.prefix}.${name}`
      : `${this.prefix}.${name}.gauge`;
    this.gauges.set(full, read);
    this.registry.gauge(full, help, read);
  }
}
