/**
 * What the master remembers about agents, frameworks, tasks, offers and operations.
 * Wire messages inside (`info`, `task`, `offer`) are immutable and replaced as a whole, so their
 * identity is a safe cache key for rendered text. Only `MasterState` changes these records.
 */
import type { Instant } from '../base/clock.ts';
import type { AgentId, ExecutorId, FrameworkId, OfferId, TaskId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type { OfferConstraints } from '../wire/types/mesos.v1.scheduler.ts';
import type {
  AgentInfo,
  AgentInfoCapabilityType,
  DrainInfo,
  ExecutorInfo,
  FrameworkInfo,
  FrameworkInfoCapabilityType,
  InverseOffer,
  MachineInfo,
  Offer,
  Operation,
  Resource,
  Task,
  TimeInfo,
  UUID,
} from '../wire/types/mesos.v1.ts';
import type { CappedMap } from './capped.ts';
import type { FrameworkCounters } from './counters.ts';

/** A registered agent (`Slave` of the original). */
export interface Agent {
  readonly id: AgentId;
  /** Always with `id`; `resources` in reservation-list form, without checkpointed changes. */
  info: AgentInfo;
  pid: Upid;
  version: string;
  capabilities: ReadonlySet<AgentInfoCapabilityType>;
  readonly registeredTime: Instant;
  reregisteredTime: Instant | undefined;
  /** False after its socket broke, until it re-registers. */
  connected: boolean;
  /** Whether its resources are offered: connected and not deactivated. */
  active: boolean;
  /** By an operator's call, also while draining. */
  deactivated: boolean;
  drainInfo: DrainInfo | undefined;
  estimatedDrainStartTime: Instant | undefined;
  /** Dynamic reservations and persistent volumes. */
  checkpointedResources: readonly Resource[];
  /** All it has now: info.resources with checkpointed ones applied, plus revocable ones. */
  totalResources: readonly Resource[];
  resourceVersionUuid: UUID | undefined;
  readonly tasks: Map<FrameworkId, Map<TaskId, TaskRecord>>;
  /** Not those generated for command tasks. */
  readonly executors: Map<FrameworkId, Map<ExecutorId, ExecutorInfo>>;
  /** Kills asked for, kept for resending at re-registration. */
  readonly killedTasks: Map<FrameworkId, Set<TaskId>>;
  readonly offers: Set<OfferRecord>;
  readonly inverseOffers: Set<InverseOfferRecord>;
  /** Pending and unacknowledged operations by uuid (text form). */
  readonly operations: Map<string, OperationRecord>;
  readonly usedResources: Map<FrameworkId, readonly Resource[]>;
  offeredResources: readonly Resource[];
  /** Number N of its observer, the actor `slave-observer(N)`. */
  observer: number;
  /** Pings sent in a row without a pong. */
  missedPongs: number;
  awaitingPong: boolean;
}

export type FrameworkState =
  /** Known only through agents (after a master failover); its scheduler has not come yet. */
  | 'recovered'
  /** The scheduler is away; the failover timer runs. */
  | 'disconnected'
  /** Connected, but asked for no offers (driver's DeactivateFramework). */
  | 'inactive'
  | 'active';

/** The way to a framework's scheduler: a stream over HTTP, or (classic drivers) a pid. */
export type FrameworkConnection =
  | { readonly kind: 'http'; readonly id: ConnectionId }
  | { readonly kind: 'pid'; readonly pid: Upid };

/** Names a stream between shell and machine; the `Mesos-Stream-Id` of HTTP subscriptions. */
export type ConnectionId = string;

export interface Framework {
  readonly id: FrameworkId;
  /** Always with `id`. */
  info: FrameworkInfo;
  state: FrameworkState;
  connection: FrameworkConnection | undefined;
  /** The pid of its classic driver, also while that is away; undefined after a subscription by HTTP. */
  driver: Upid | undefined;
  roles: ReadonlySet<string>;
  suppressedRoles: ReadonlySet<string>;
  offerConstraints: OfferConstraints | undefined;
  capabilities: ReadonlySet<FrameworkInfoCapabilityType>;
  /** 0 as long as it is known through agents only. */
  registeredTime: Instant;
  reregisteredTime: Instant | undefined;
  unregisteredTime: Instant | undefined;
  /** Non-terminal tasks, and terminal ones whose last status is not acknowledged. */
  readonly tasks: Map<TaskId, TaskRecord>;
  readonly unreachableTasks: CappedMap<TaskId, Task>;
  /** Oldest first. The same task id may occur several times. */
  readonly completedTasks: Task[];
  readonly executors: Map<AgentId, Map<ExecutorId, ExecutorInfo>>;
  readonly offers: Set<OfferRecord>;
  readonly inverseOffers: Set<InverseOfferRecord>;
  readonly operations: Map<string, OperationRecord>;
  readonly usedResources: Map<AgentId, readonly Resource[]>;
  /** The sum of `usedResources`. */
  usedTotal: readonly Resource[];
  /** A cache; read it through `MasterState.offeredTo`. */
  offeredTotal: readonly Resource[] | undefined;
  readonly counters: FrameworkCounters;
  readonly revisions: FrameworkRevisions;
}

/** Each rises whenever anything in that list is added, replaced or removed; for kept texts. */
export interface FrameworkRevisions {
  tasks: number;
  unreachable: number;
  completed: number;
  executors: number;
}

export interface TaskRecord {
  readonly framework: FrameworkId;
  readonly agent: AgentId;
  readonly id: TaskId;
  /** Replaced at each change. `status_update_*` is the last status forwarded to the framework. */
  task: Task;
  /** Whether `task.resources` are still counted as used. */
  usesResources: boolean;
}

export interface OfferRecord {
  readonly id: OfferId;
  readonly framework: FrameworkId;
  readonly agent: AgentId;
  readonly role: string;
  /** Full form; the event sent to the framework may show less. */
  readonly offer: Offer;
}

export interface InverseOfferRecord {
  readonly id: OfferId;
  readonly framework: FrameworkId;
  readonly agent: AgentId;
  readonly inverseOffer: InverseOffer;
}

export interface OperationRecord {
  readonly uuid: string;
  readonly framework: FrameworkId | undefined;
  readonly agent: AgentId;
  operation: Operation;
}

/** What left the cluster, remembered in the registry. */
export interface DepartedAgent {
  readonly id: AgentId;
  readonly time: TimeInfo;
  readonly drainInfo?: DrainInfo | undefined;
  readonly deactivated?: boolean | undefined;
}

/** An agent of the registry that has not come back since this master leads. */
export interface RecoveredAgent {
  readonly id: AgentId;
  readonly info: AgentInfo;
  /** Where it was last; asked to come back after a restart of the master. */
  readonly pid: Upid | undefined;
  readonly drainInfo?: DrainInfo | undefined;
  readonly deactivated?: boolean | undefined;
}

export interface Machine {
  readonly info: MachineInfo;
  readonly agents: ReadonlySet<AgentId>;
}
