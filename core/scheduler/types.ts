/**
 * The public scheduler API (spec scheduler-api, section 24: rules for schedulers as clients).
 * A framework gives `SchedulerCallbacks` and uses a `Scheduler` to call the master. Works against
 * this master and an original one.
 */
import type { DurationMs } from '../base/duration.ts';
import type {
  Call,
  EventFailure,
  EventUpdateOperationStatus,
} from '../wire/types/mesos.v1.scheduler.ts';
import type {
  AgentID,
  ExecutorID,
  Filters,
  FrameworkInfo,
  InverseOffer,
  KillPolicy,
  MasterInfo,
  Offer,
  OfferID,
  OfferOperation,
  TaskID,
  TaskInfo,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';

export interface Subscription {
  readonly frameworkId: string;
  readonly masterInfo: MasterInfo | undefined;
  /** False for the first subscription of this scheduler object, true after a reconnection. */
  readonly isResubscription: boolean;
}

/** Called one after another, in the order of the stream. A throwing callback ends the scheduler. */
export interface SchedulerCallbacks {
  subscribed?(subscription: Subscription): void;
  /** The connection is gone; calls are refused until `subscribed`. Outstanding offers are void. */
  disconnected?(): void;
  offers?(offers: readonly Offer[]): void;
  rescinded?(offerId: OfferID): void;
  inverseOffers?(offers: readonly InverseOffer[]): void;
  inverseOfferRescinded?(offerId: OfferID): void;
  /**
   * A task changed. Statuses with a uuid are acknowledged by the scheduler object after this
   * callback returns, unless `acknowledge: 'manual'`; then call `acknowledge(status)` when stored.
   */
  update?(status: TaskStatus): void;
  operationUpdate?(update: EventUpdateOperationStatus): void;
  message?(message: {
    readonly agentId: AgentID;
    readonly executorId: ExecutorID;
    readonly data: Uint8Array;
  }): void;
  failure?(failure: EventFailure): void;
  /** The master refused this framework for good; the scheduler has stopped. */
  error?(message: string): void;
}

export interface SchedulerOptions {
  /** `host:port`, a list of them with commas, or `zk://...`. */
  readonly master: string;
  readonly framework: FrameworkInfo;
  /** Known framework id (`framework.id` works too): subscribe as its next instance. */
  readonly frameworkId?: string | undefined;
  readonly suppressedRoles?: readonly string[];
  readonly encoding?: 'json' | 'protobuf';
  readonly acknowledge?: 'automatic' | 'manual';
  /** Longest pause between attempts to subscribe; default 10 s. */
  readonly backoffMaxMs?: DurationMs;
  /** Basic authentication. */
  readonly credential?: { readonly principal: string; readonly secret: string } | undefined;
}

/**
 * A live scheduler. Calls resolve when the master has answered 2xx, and reject with a
 * `ClusterError` (`NOT_SUBSCRIBED`, `CALL_REFUSED` with the master's text, `MASTER_UNREACHABLE`).
 * A 2xx answer says only that the call was taken; outcomes come as events.
 */
export interface Scheduler {
  readonly frameworkId: string | undefined;
  readonly isSubscribed: boolean;
  start(): Promise<void>;
  /** Leaves the stream; with `teardown` the master also ends the framework and its tasks. */
  stop(options?: { readonly teardown?: boolean }): Promise<void>;
  /** Any call; `framework_id` is filled in. */
  call(call: Call): Promise<void>;
  accept(
    offerIds: readonly OfferID[],
    operations: readonly OfferOperation[],
    filters?: Filters,
  ): Promise<void>;
  /** ACCEPT with one LAUNCH. */
  launch(
    offerIds: readonly OfferID[],
    tasks: readonly TaskInfo[],
    filters?: Filters,
  ): Promise<void>;
  decline(offerIds: readonly OfferID[], filters?: Filters): Promise<void>;
  acceptInverseOffers(offerIds: readonly OfferID[], filters?: Filters): Promise<void>;
  revive(roles?: readonly string[]): Promise<void>;
  suppress(roles?: readonly string[]): Promise<void>;
  kill(taskId: TaskID, agentId?: AgentID, killPolicy?: KillPolicy): Promise<void>;
  shutdownExecutor(executorId: ExecutorID, agentId: AgentID): Promise<void>;
  acknowledge(status: TaskStatus): Promise<void>;
  /** An empty list asks for all known tasks. */
  reconcile(
    tasks: readonly { readonly taskId: TaskID; readonly agentId?: AgentID }[],
  ): Promise<void>;
  sendMessage(executorId: ExecutorID, agentId: AgentID, data: Uint8Array): Promise<void>;
}
