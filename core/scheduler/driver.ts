/**
 * The scheduler driver: keeps one subscription alive and turns its stream into callbacks
 * (spec scheduler-api, section 24). States are those of `LifecycleState`.
 */
import { background } from '../base/background.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { seconds } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { LifecycleState } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { detectorFor } from '../election/index.ts';
import type { LeaderDetector } from '../election/ports.ts';
import type { HttpClient } from '../net/ports.ts';
import { isZooKeeperUrl } from '../net/zookeeper/url.ts';
import type { Call, Event } from '../wire/types/mesos.v1.scheduler.ts';
import type {
  AgentID,
  ExecutorID,
  Filters,
  KillPolicy,
  OfferID,
  OfferOperation,
  TaskID,
  TaskInfo,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';
import * as calls from './calls.ts';
import { deliver } from './deliver.ts';
import { Masters, masterUrl, parseMasters } from './masters.ts';
import { Session, type SessionEnd } from './session.ts';
import type { Scheduler, SchedulerCallbacks, SchedulerOptions } from './types.ts';

export interface SchedulerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly log: Log;
  /** Finds the leader instead of `options.master`. */
  readonly detector?: LeaderDetector | undefined;
}

const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = seconds(10);
/** Longest wait for the master to take the TEARDOWN of a stopping scheduler. */
const TEARDOWN_TIMEOUT_MS = seconds(3);

/**
 * A scheduler that is not started yet. `start` resolves as soon as it tries to subscribe; it
 * rejects when `options.master` cannot be understood.
 */
export function createScheduler(
  options: SchedulerOptions,
  callbacks: SchedulerCallbacks,
  ports: SchedulerPorts,
): Scheduler {
  return new Driver(options, callbacks, ports);
}

class Driver implements Scheduler {
  private readonly options: SchedulerOptions;
  private readonly callbacks: SchedulerCallbacks;
  private readonly ports: SchedulerPorts;
  private readonly masters = new Masters([]);
  private readonly stopping = new AbortController();
  private state: LifecycleState = 'new';
  private id: string | undefined;
  private suppressedRoles: readonly string[];
  private session: Session | undefined;
  private wasSubscribed = false;
  /** Whether `subscribed` was called and `disconnected` not yet. */
  private isConnectedForCallbacks = false;
  private unwatch: (() => void) | undefined;
  /** Made here for `zk://`, so ended here, too. */
  private ownDetector: LeaderDetector | undefined;
  /** Failures to subscribe in a row; a new leader starts over. */
  private attempt = 0;
  private wakeUp: (() => void) | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions, callbacks: SchedulerCallbacks, ports: SchedulerPorts) {
    this.options = options;
    this.callbacks = callbacks;
    this.ports = ports;
    this.id = options.frameworkId ?? options.framework.id?.value;
    if (this.id === '') this.id = undefined;
    this.suppressedRoles = options.suppressedRoles ?? [];
  }

  get frameworkId(): string | undefined {
    return this.id;
  }

  get isSubscribed(): boolean {
    return this.session?.isSubscribed === true;
  }

  start(): Promise<void> {
    if (this.state !== 'new') return Promise.resolve();
    const refused = this.findMasters();
    if (refused !== undefined) {
      this.state = 'failed';
      return Promise.reject(new ClusterError('INVALID_MASTER', refused, { retriable: false }));
    }
    this.state = 'running';
    this.loop = this.keepSubscribed();
    return Promise.resolve();
  }

  async stop(options: { readonly teardown?: boolean } = {}): Promise<void> {
    if (this.state === 'running' && options.teardown === true && this.isSubscribed) {
      this.state = 'stopping';
      await this.tearDown();
    }
    this.leave();
    await this.loop;
  }

  call(call: Call): Promise<void> {
    const session = this.session;
    if (session === undefined || !session.isSubscribed || this.id === undefined) {
      const text = `${call.type ?? 'a call'} needs a subscription, there is none now`;
      return Promise.reject(new ClusterError('NOT_SUBSCRIBED', text, { retriable: true }));
    }
    return session.call({ ...call, framework_id: { value: this.id } });
  }

  accept(offerIds: readonly OfferID[], operations: readonly OfferOperation[], filters?: Filters) {
    return this.call(calls.acceptCall(offerIds, operations, filters));
  }

  launch(offerIds: readonly OfferID[], tasks: readonly TaskInfo[], filters?: Filters) {
    return this.call(calls.launchCall(offerIds, tasks, filters));
  }

  decline(offerIds: readonly OfferID[], filters?: Filters) {
    return this.call(calls.declineCall(offerIds, filters));
  }

  acceptInverseOffers(offerIds: readonly OfferID[], filters?: Filters) {
    return this.call(calls.acceptInverseOffersCall(offerIds, filters));
  }

  revive(roles: readonly string[] = []) {
    // Remembered, because the next subscription replaces what the master has.
    const revived = roles.length === 0 ? this.roles() : roles;
    this.suppressedRoles = this.suppressedRoles.filter((role) => !revived.includes(role));
    return this.call(calls.reviveCall(roles));
  }

  suppress(roles: readonly string[] = []) {
    const suppressed = roles.length === 0 ? this.roles() : roles;
    this.suppressedRoles = [...new Set([...this.suppressedRoles, ...suppressed])];
    return this.call(calls.suppressCall(roles));
  }

  kill(taskId: TaskID, agentId?: AgentID, killPolicy?: KillPolicy) {
    return this.call(calls.killCall(taskId, agentId, killPolicy));
  }

  shutdownExecutor(executorId: ExecutorID, agentId: AgentID) {
    return this.call(calls.shutdownCall(executorId, agentId));
  }

  acknowledge(status: TaskStatus): Promise<void> {
    const call = calls.acknowledgeCall(status);
    return call === undefined ? Promise.resolve() : this.call(call);
  }

  reconcile(tasks: readonly { readonly taskId: TaskID; readonly agentId?: AgentID }[]) {
    return this.call(calls.reconcileCall(tasks));
  }

  sendMessage(executorId: ExecutorID, agentId: AgentID, data: Uint8Array) {
    return this.call(calls.messageCall(executorId, agentId, data));
  }

  private roles(): readonly string[] {
    const { roles, role } = this.options.framework;
    return roles ?? [role ?? '*'];
  }

  private findMasters(): string | undefined {
    const { detector } = this.ports;
    if (detector !== undefined) {
      this.follow(detector);
      return undefined;
    }
    const { master } = this.options;
    if (isZooKeeperUrl(master)) {
      const own = detectorFor(master, this.ports);
      if (!own.ok) return own.error;
      this.ownDetector = own.value;
      this.follow(own.value);
      return undefined;
    }
    const parsed = parseMasters(master);
    if (!parsed.ok) return parsed.error;
    this.masters.replace(parsed.value);
    return undefined;
  }

  private follow(detector: LeaderDetector): void {
    this.unwatch = detector.watch(
      (leader) => {
        this.masters.replace(leader === undefined ? [] : [masterUrl(leader)]);
        this.attempt = 0;
        this.session?.close('the leading master has changed');
        this.wakeUp?.();
      },
      (error) => {
        this.fail(error.message);
        this.leave();
      },
    );
  }

  /** Subscribes again and again until stopped or refused. */
  private async keepSubscribed(): Promise<void> {
    while (this.state === 'running') {
      const url = this.masters.next();
      if (url === undefined) {
        await this.pause(this.options.backoffMaxMs ?? BACKOFF_MAX_MS);
        continue;
      }
      const end = await this.subscribeOnce(url);
      if (this.state !== 'running') break;
      if (end.kind === 'refused') {
        this.fail(end.why);
        break;
      }
      if (end.kind === 'redirected' && this.masters.follow(end.location, url)) continue;
      this.attempt = end.kind === 'lost' ? 0 : this.attempt + 1;
      const { attempt } = this;
      const why = end.kind === 'redirected' ? `redirected to ${end.location}` : end.why;
      // A master that stays away is worth a line at the 1st, 2nd, 4th, 8th ... attempt only.
      const isWorthLine = (attempt & (attempt - 1)) === 0;
      const level = isWorthLine ? 'warn' : 'debug';
      this.ports.log[level]({ master: url, why, attempt }, 'not subscribed, trying again');
      await this.pause(this.backoffMs(attempt));
    }
    this.unwatch?.();
    await this.ownDetector?.stop();
  }

  private async subscribeOnce(url: string): Promise<SessionEnd> {
    const session = new Session(this.ports, {
      url,
      encoding: this.options.encoding ?? 'json',
      headers: basicAuthorization(this.options.credential),
      subscribe: calls.subscribeCall(this.options.framework, this.id, this.suppressedRoles),
      onEvent: (event) => this.onEvent(event, url),
    });
    this.session = session;
    try {
      const end = await session.run();
      this.session = undefined;
      return end;
    } catch (thrown) {
      this.session = undefined;
      this.ports.log.error({ error: describeError(thrown) }, 'a scheduler callback has thrown');
      return { kind: 'refused', why: `a scheduler callback has thrown: ${describeError(thrown)}` };
    } finally {
      if (this.isConnectedForCallbacks) this.becomeDisconnected();
    }
  }

  private onEvent(event: Event, url: string): void {
    if (this.state !== 'running') return;
    if (event.type === 'SUBSCRIBED' && event.subscribed !== undefined) {
      this.id = event.subscribed.framework_id.value;
      this.masters.remember(url);
      this.isConnectedForCallbacks = true;
      const isResubscription = this.wasSubscribed;
      this.wasSubscribed = true;
      this.ports.log.info({ master: url, frameworkId: this.id, isResubscription }, 'subscribed');
      this.callbacks.subscribed?.({
        frameworkId: this.id,
        masterInfo: event.subscribed.master_info,
        isResubscription,
      });
      return;
    }
    deliver(event, this.callbacks);
    const status = event.update?.status;
    if (status !== undefined && this.options.acknowledge !== 'manual') {
      // A lost acknowledgement is harmless: the agent sends the update again.
      this.acknowledge(status).catch((thrown: unknown) => {
        this.ports.log.debug({ error: describeError(thrown) }, 'an update was not acknowledged');
      });
    }
  }

  private becomeDisconnected(): void {
    this.isConnectedForCallbacks = false;
    if (this.state === 'running') this.callbacks.disconnected?.();
  }

  private fail(why: string): void {
    this.state = 'failed';
    this.ports.log.error({ why, frameworkId: this.id }, 'the framework was refused');
    this.callbacks.error?.(why);
  }

  /** Half of an exponentially growing bound, plus a random part of the other half. */
  private backoffMs(attempt: number): number {
    const boundMs = BACKOFF_MIN_MS * 2 ** Math.min(attempt, 20);
    const cappedMs = Math.min(boundMs, this.options.backoffMaxMs ?? BACKOFF_MAX_MS);
    return cappedMs / 2 + this.ports.random.float() * (cappedMs / 2);
  }

  /** Ends early when a leader is detected or the scheduler is stopped. */
  private async pause(delayMs: number): Promise<void> {
    const wake = new AbortController();
    this.wakeUp = () => wake.abort();
    const signal = AbortSignal.any([wake.signal, this.stopping.signal]);
    await sleep(this.ports.clock, delayMs, signal).catch(() => undefined);
    this.wakeUp = undefined;
  }

  private async tearDown(): Promise<void> {
    const timeout = new AbortController();
    const limit = sleep(this.ports.clock, TEARDOWN_TIMEOUT_MS, timeout.signal);
    const taken = this.call({ type: 'TEARDOWN' }).catch((thrown: unknown) => {
      // The end of the stream says the same as the answer, and may come before it.
      if (!this.isSubscribed) return;
      this.ports.log.warn({ error: describeError(thrown) }, 'the teardown was not taken');
    });
    await Promise.race([taken, limit.catch(() => undefined)]);
    timeout.abort();
  }

  private leave(): void {
    if (this.state !== 'failed') this.state = 'stopped';
    this.stopping.abort();
    this.session?.close('the scheduler has stopped');
    background(this.ports.log, this.loop, 'leaving the master');
  }
}

/** The header of every call to the master; none without a credential. */
export function basicAuthorization(
  credential: SchedulerOptions['credential'],
): Record<string, string> {
  if (credential === undefined) return {};
  const text = `${credential.principal}:${credential.secret}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}
