/**
 * A framework's one subscription for the life of its service: the driver, the durable framework id,
 * reconciliation after each SUBSCRIBED, REVIVE and SUPPRESS on demand (spec scheduler-api, section
 * 24). Calls are fire and forget: what a master did not take shows up in the next reconciliation.
 */
import type { Clock, Timer } from '../../core/base/clock.ts';
import { type DurationMs, minutes, seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import type { LeaderDetector } from '../../core/election/ports.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import {
  createScheduler,
  type Scheduler,
  type SchedulerOptions,
  type Subscription,
} from '../../core/scheduler/index.ts';
import type { Storage } from '../../core/storage/ports.ts';
import type { EventFailure } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type {
  Filters,
  FrameworkInfo,
  InverseOffer,
  KillPolicy,
  Offer,
  OfferOperation,
  TaskInfo,
  TaskStatus,
} from '../../core/wire/types/mesos.v1.ts';
import type { DurableQueue } from './durable-queue.ts';
import type { FrameworkIdStore } from './framework-id.ts';
import { OfferDemand } from './offer-demand.ts';
import { type KnownTask, Reconciliation } from './reconciliation.ts';

export interface FrameworkMessage {
  readonly agentId: string;
  readonly executorId: string;
  readonly data: Uint8Array;
}

/** Called one after another, in the order of the master's stream. */
export interface FrameworkHandlers {
  /** The framework id is durable by now. */
  subscribed(subscription: Subscription): void;
  /** Outstanding offers are void. */
  disconnected(): void;
  offers(offers: readonly Offer[]): void;
  rescinded(offerId: string): void;
  /** Agents that the cluster wants back; nobody answers where this is left out. */
  inverseOffers?(offers: readonly InverseOffer[]): void;
  /** Store what it means, then call `acknowledge(status)`. */
  update(status: TaskStatus): void;
  failure?(failure: EventFailure): void;
  /** Bytes from an executor, as they came. */
  message?(message: FrameworkMessage): void;
  /** The master has removed this framework and its tasks; a new subscription follows. */
  removed(frameworkId: string): void;
  /** A REVIVE goes out. */
  revived?(roles: readonly string[]): void;
  /** A SUPPRESS goes out. */
  suppressed?(roles: readonly string[]): void;
  /** Refused for good; the service has to stop. */
  refused(why: string): void;
  /** Every task that may be alive, for reconciliation. */
  knownTasks(): Iterable<KnownTask>;
}

export interface FrameworkSubscriptionOptions {
  readonly master: string;
  readonly framework: FrameworkInfo;
  readonly encoding?: 'json' | 'protobuf';
  readonly credential?: SchedulerOptions['credential'];
  readonly minReviveIntervalMs?: DurationMs;
  readonly reviveRepeats?: number;
  readonly resumePauseMs?: DurationMs;
  readonly suppresses?: boolean;
  /** `never` when something else asks again. */
  readonly reconciliationIntervalMs?: DurationMs | 'never';
}

export interface FrameworkPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly log: Log;
  readonly storage: Storage;
  readonly durable: DurableQueue;
  readonly frameworkIds: FrameworkIdStore;
  readonly detector?: LeaderDetector | undefined;
}

const REMOVED = 'Framework has been removed';

export class FrameworkSubscription {
  private readonly options: FrameworkSubscriptionOptions;
  private readonly handlers: FrameworkHandlers;
  private readonly ports: FrameworkPorts;
  private readonly demand: OfferDemand;
  private readonly reconciliation: Reconciliation;
  private scheduler: Scheduler | undefined;
  private storedId: string | undefined;
  /** Events that wait behind the write of the framework id. */
  private heldCount = 0;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    options: FrameworkSubscriptionOptions,
    handlers: FrameworkHandlers,
    ports: FrameworkPorts,
  ) {
    this.options = options;
    this.handlers = handlers;
    this.ports = ports;
    this.demand = new OfferDemand(
      {
        minReviveIntervalMs: options.minReviveIntervalMs ?? seconds(5),
        repeats: options.reviveRepeats ?? 0,
        resumePauseMs: options.resumePauseMs ?? 0,
        suppresses: options.suppresses ?? true,
      },
      options.framework.roles ?? [options.framework.role ?? '*'],
    );
    const { reconciliationIntervalMs: intervalMs = minutes(10) } = options;
    this.reconciliation = new Reconciliation(intervalMs === 'never' ? undefined : intervalMs);
  }

  /** The durable id; undefined before the first subscription ever. */
  get frameworkId(): string | undefined {
    return this.storedId;
  }

  get isSubscribed(): boolean {
    return this.scheduler?.isSubscribed === true;
  }

  /** Resolves when it tries to subscribe; rejects when storage or the master's address is bad. */
  async start(): Promise<void> {
    this.storedId = await this.ports.frameworkIds.load(this.ports.storage);
    await this.connect();
  }

  async stop(options: { readonly teardown?: boolean } = {}): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    await this.scheduler?.stop(options);
  }

  /** Asks for offers of a role; `isNew` work also wants those declined before. */
  wantOffers(role: string, isNew: boolean): void {
    this.demand.want(role, isNew);
    this.step();
  }

  unwantOffers(role: string): void {
    this.demand.unwant(role);
    this.step();
  }

  launch(offers: readonly Offer[], tasks: readonly TaskInfo[], filters?: Filters): void {
    this.accept(offers, [{ type: 'LAUNCH', launch: { task_infos: tasks } }], filters);
  }

  /** A refused ACCEPT makes its tasks be reconciled, so that their loss is noticed. */
  accept(offers: readonly Offer[], operations: readonly OfferOperation[], filters?: Filters): void {
    const ids = offers.map((offer) => offer.id);
    this.send('ACCEPT', this.scheduler?.accept(ids, operations, filters), () => {
      for (const task of launchedTasks(operations)) {
        this.reconcile({ taskId: task.task_id.value, agentId: task.agent_id.value });
      }
    });
  }

  decline(offers: readonly Offer[], filters?: Filters): void {
    const ids = offers.map((offer) => offer.id);
    if (ids.length > 0) this.send('DECLINE', this.scheduler?.decline(ids, filters));
  }

  acceptInverseOffers(ids: readonly string[]): void {
    const offerIds = ids.map((value) => ({ value }));
    if (ids.length > 0) {
      this.send('ACCEPT_INVERSE_OFFERS', this.scheduler?.acceptInverseOffers(offerIds));
    }
  }

  kill(taskId: string, agentId: string | undefined, policy?: KillPolicy): void {
    const agent = agentId === undefined ? undefined : { value: agentId };
    this.send('KILL', this.scheduler?.kill({ value: taskId }, agent, policy));
  }

  acknowledge(status: TaskStatus): void {
    this.send('ACKNOWLEDGE', this.scheduler?.acknowledge(status));
  }

  /** Asks about these tasks once, beside the usual reconciliation; about all the master knows, when there are none. */
  askOnce(tasks: readonly KnownTask[]): void {
    if (this.isStopped || !this.isSubscribed) return;
    this.askAbout(tasks);
  }

  /** Asks the master about one task now. */
  reconcile(task: KnownTask): void {
    this.reconciliation.add(task, this.ports.clock.now());
    this.step();
  }

  private async connect(): Promise<void> {
    const scheduler = createScheduler(
      {
        master: this.options.master,
        framework: this.options.framework,
        frameworkId: this.storedId,
        suppressedRoles: this.demand.suppressedRoles(),
        encoding: this.options.encoding ?? 'json',
        credential: this.options.credential,
        acknowledge: 'manual',
      },
      {
        subscribed: (subscription) => this.onSubscribed(subscription),
        disconnected: () => this.after(() => this.onDisconnected()),
        offers: (offers) => this.after(() => this.handlers.offers(offers)),
        inverseOffers: (offers) => this.after(() => this.handlers.inverseOffers?.(offers)),
        rescinded: (offerId) => this.after(() => this.handlers.rescinded(offerId.value)),
        update: (status) => this.after(() => this.onUpdate(status)),
        failure: (failure) => this.after(() => this.handlers.failure?.(failure)),
        message: ({ agentId, executorId, data }) =>
          this.after(() =>
            this.handlers.message?.({ agentId: agentId.value, executorId: executorId.value, data }),
          ),
        error: (why) => this.after(() => this.onError(why)),
      },
      this.ports,
    );
    this.scheduler = scheduler;
    await scheduler.start();
  }

  /**
   * Keeps the order of the stream behind the write of the framework id: an offer must not be used
   * before the id under which its tasks will run is durable.
   */
  private after(handle: () => void): void {
    if (this.isStopped) return;
    if (this.heldCount === 0 && this.storedId === this.scheduler?.frameworkId) {
      handle();
      return;
    }
    this.heldCount += 1;
    this.ports.durable.submit([], () => {
      this.heldCount -= 1;
      if (!this.isStopped) handle();
    });
  }

  private onSubscribed(subscription: Subscription): void {
    const id = subscription.frameworkId;
    if (this.storedId === id) {
      this.onStored(subscription);
      return;
    }
    this.ports.durable.submit(this.ports.frameworkIds.put(id), () => {
      this.storedId = id;
      if (!this.isStopped) this.onStored(subscription);
    });
  }

  private onStored(subscription: Subscription): void {
    const now = this.ports.clock.now();
    this.demand.subscribed();
    this.reconciliation.begin(this.handlers.knownTasks(), now);
    this.handlers.subscribed(subscription);
    this.step();
  }

  private onDisconnected(): void {
    this.demand.disconnected();
    this.reconciliation.stop();
    this.timer?.cancel();
    this.handlers.disconnected();
  }

  private onUpdate(status: TaskStatus): void {
    this.reconciliation.answered(status.task_id.value);
    this.handlers.update(status);
  }

  private onError(why: string): void {
    const id = this.storedId;
    if (why !== REMOVED || id === undefined) {
      this.handlers.refused(why);
      return;
    }
    this.ports.log.warn({ frameworkId: id }, 'the framework was removed, subscribing as a new one');
    this.ports.durable.submit(this.ports.frameworkIds.clear(), () => {
      this.storedId = undefined;
      if (this.isStopped) return;
      this.handlers.removed(id);
      this.connect().catch((thrown: unknown) => this.handlers.refused(describeError(thrown)));
    });
  }

  /** Sends what demand and reconciliation ask for now, and sets the one timer for the rest. */
  private step(): void {
    if (this.isStopped || !this.isSubscribed) return;
    const now = this.ports.clock.now();
    const demand = this.demand.step(now);
    if (demand.suppress.length > 0) {
      this.send('SUPPRESS', this.scheduler?.suppress(demand.suppress));
      this.handlers.suppressed?.(demand.suppress);
    }
    if (demand.revive.length > 0) {
      this.send('REVIVE', this.scheduler?.revive(demand.revive));
      this.handlers.revived?.(demand.revive);
    }
    let asked = this.reconciliation.step(now);
    if (asked.beginAgain) {
      this.reconciliation.begin(this.handlers.knownTasks(), now);
      asked = this.reconciliation.step(now);
    }
    for (const tasks of asked.explicit) this.askAbout(tasks);
    if (asked.implicit) this.send('RECONCILE', this.scheduler?.reconcile([]));
    this.wakeAt([demand.wakeAt, asked.wakeAt]);
  }

  private askAbout(tasks: readonly KnownTask[]): void {
    const entries = tasks.map(({ taskId, agentId }) => ({
      taskId: { value: taskId },
      ...(agentId === undefined ? {} : { agentId: { value: agentId } }),
    }));
    this.send('RECONCILE', this.scheduler?.reconcile(entries));
  }

  private wakeAt(times: readonly (number | undefined)[]): void {
    this.timer?.cancel();
    const known = times.filter((time) => time !== undefined);
    if (known.length === 0) return;
    const delayMs = Math.max(0, Math.min(...known) - this.ports.clock.now());
    this.timer = this.ports.clock.setTimer(delayMs, () => this.step());
  }

  private send(name: string, sent: Promise<void> | undefined, onRefused?: () => void): void {
    sent?.catch((thrown: unknown) => {
      this.ports.log.debug({ call: name, error: describeError(thrown) }, 'a call was not taken');
      onRefused?.();
    });
  }
}

/** The tasks that operations on an offer start, alone or in groups. */
export function launchedTasks(operations: readonly OfferOperation[]): readonly TaskInfo[] {
  return operations.flatMap(({ launch, launch_group }) => [
    ...(launch?.task_infos ?? []),
    ...(launch_group?.task_group.tasks ?? []),
  ]);
}
