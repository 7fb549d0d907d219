/**
 * What the master and the allocator say to each other (spec allocator, section 8). The allocator is
 * a machine: every call is synchronous, `now` comes in, nothing comes out but values. After any
 * call ask `nextWake(now)`; when it gives an instant not after `now`, call `allocate(now)`.
 */

import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import type { Result } from '../base/result.ts';
import type { ResourceConversion } from '../resources/operations.ts';
import type { InverseOfferStatus } from '../wire/types/mesos.v1.allocator.ts';
import type { QuotaConfig } from '../wire/types/mesos.v1.quota.ts';
import type { OfferConstraints } from '../wire/types/mesos.v1.scheduler.ts';
import type {
  AgentInfo,
  AgentInfoCapabilityType,
  DomainInfo,
  Filters,
  FrameworkInfo,
  Resource,
  Unavailability,
} from '../wire/types/mesos.v1.ts';

export type SorterKind = 'drf' | 'random';

/** Amounts by resource name, in units of the resource (not thousandths). */
export type MinAllocatable = ReadonlyMap<string, number>;

export interface AllocatorOptions {
  /** Upper bound of the wait for an allocation, and lower bound of a refuse filter's life. */
  readonly allocationIntervalMs: DurationMs;
  readonly roleSorter: SorterKind;
  readonly frameworkSorter: SorterKind;
  /** One of the sets must be there; an empty list accepts everything. */
  readonly minAllocatable: readonly MinAllocatable[];
  readonly filterGpuResources: boolean;
  readonly fairSharingExcludedResourceNames: readonly string[];
  /** The master's own domain; agents of other regions go to REGION_AWARE frameworks only. */
  readonly domain: DomainInfo | undefined;
  readonly recoveryTimeoutMs: DurationMs;
  readonly agentRecoveryFactor: number;
}

export const DEFAULT_ALLOCATOR_OPTIONS: AllocatorOptions = {
  allocationIntervalMs: 1_000,
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  minAllocatable: [new Map([['cpus', 0.01]]), new Map([['mem', 32]])],
  filterGpuResources: true,
  fairSharingExcludedResourceNames: [],
  domain: undefined,
  recoveryTimeoutMs: 600_000,
  agentRecoveryFactor: 0.8,
};

export interface FrameworkSettings {
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: OfferConstraints | undefined;
}

export interface AddFramework extends FrameworkSettings {
  readonly id: FrameworkId;
  readonly info: FrameworkInfo;
  /** What its tasks hold already, by agent, with allocation_info (after a master failover). */
  readonly used: ReadonlyMap<AgentId, readonly Resource[]>;
  readonly active: boolean;
}

export interface AddAgent {
  readonly id: AgentId;
  readonly info: AgentInfo;
  readonly capabilities: readonly AgentInfoCapabilityType[];
  readonly unavailability: Unavailability | undefined;
  readonly total: readonly Resource[];
  /** What frameworks hold there already, also those not (yet) added. */
  readonly used: ReadonlyMap<FrameworkId, readonly Resource[]>;
}

export interface AgentChange {
  readonly info?: AgentInfo | undefined;
  readonly capabilities?: readonly AgentInfoCapabilityType[] | undefined;
  readonly total?: readonly Resource[] | undefined;
}

/** One future Offer: the resources of one agent for one role of one framework. */
export interface Allocation {
  readonly frameworkId: FrameworkId;
  readonly role: string;
  readonly agentId: AgentId;
  /** Every resource carries `allocation_info.role`. */
  readonly resources: readonly Resource[];
}

/** One future InverseOffer. */
export interface InverseAllocation {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly unavailability: Unavailability;
}

/** All allocations of one framework are neighbours in the list. */
export interface AllocationRun {
  readonly allocations: readonly Allocation[];
  readonly inverseAllocations: readonly InverseAllocation[];
}

export interface Recovery {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** With allocation_info, as they were allocated. */
  readonly resources: readonly Resource[];
  /**
   * `undefined` sets no filter (rescind, task end, converted resources). A decline or the rest of
   * an ACCEPT gives the call's filters, or `{}` when the call had none (5 s).
   */
  readonly filters: Filters | undefined;
  /** True when a task, executor or operation held them; false when only an offer did. */
  readonly isAllocated: boolean;
}

export interface RoleShare {
  readonly role: string;
  readonly dominantShare: number;
}

/** Implemented by `HierarchicalAllocator` (core/allocator/allocator.ts). */
export interface Allocator {
  addFramework(framework: AddFramework, now: Instant): void;
  /** New info, suppressed roles or constraints; roles that are gone lose their filters. */
  updateFramework(
    id: FrameworkId,
    change: { readonly info: FrameworkInfo } & FrameworkSettings,
    now: Instant,
  ): void;
  /** Frees everything the framework holds. */
  removeFramework(id: FrameworkId, now: Instant): void;
  activateFramework(id: FrameworkId, now: Instant): void;
  /** No more offers; its filters are gone, its allocations stay. */
  deactivateFramework(id: FrameworkId, now: Instant): void;

  addAgent(agent: AddAgent, now: Instant): void;
  updateAgent(id: AgentId, change: AgentChange, now: Instant): void;
  removeAgent(id: AgentId, now: Instant): void;
  activateAgent(id: AgentId, now: Instant): void;
  /** Disconnected, draining or deactivated by an operator: no new offers of it. */
  deactivateAgent(id: AgentId, now: Instant): void;
  updateUnavailability(id: AgentId, unavailability: Unavailability | undefined, now: Instant): void;
  /** `undefined` accepts all hosts. */
  updateWhitelist(hostnames: readonly string[] | undefined, now: Instant): void;

  /** What was offered is now held by a task (matters for quota metrics). */
  transitionOfferedToAllocated(agentId: AgentId, resources: readonly Resource[]): void;
  /** Speculative operations of an ACCEPT change the framework's allocation and the agent's total. */
  updateAllocation(
    frameworkId: FrameworkId,
    agentId: AgentId,
    offered: readonly Resource[],
    conversions: readonly ResourceConversion[],
    now: Instant,
  ): void;
  /** Operator operations; refused when what is consumed is not free. */
  updateAvailable(
    agentId: AgentId,
    conversions: readonly ResourceConversion[],
    now: Instant,
  ): Result<undefined>;
  recoverResources(recovery: Recovery, now: Instant): void;

  /** An empty list means all roles. */
  suppressOffers(id: FrameworkId, roles: readonly string[], now: Instant): void;
  reviveOffers(id: FrameworkId, roles: readonly string[], now: Instant): void;

  updateQuota(config: QuotaConfig, now: Instant): void;
  /** Weight 1 is the default. */
  updateWeight(role: string, weight: number, now: Instant): void;

  /** Records the answer to an inverse offer and sets its filter. */
  updateInverseOffer(
    agentId: AgentId,
    frameworkId: FrameworkId,
    status: InverseOfferStatus | undefined,
    filters: Filters | undefined,
    now: Instant,
  ): void;
  inverseOfferStatuses(): ReadonlyMap<AgentId, ReadonlyMap<FrameworkId, InverseOfferStatus>>;

  /** After a failover with quotas: nothing is allocated until most agents are back. */
  recover(expectedAgentCount: number, hasQuota: boolean, now: Instant): void;
  pause(): void;
  resume(): void;

  /** When `allocate` wants to be called next; at most `now` means at once. */
  nextWake(now: Instant): Instant | undefined;
  allocate(now: Instant): AllocationRun;

  /** Gauges by their original names, `allocator/mesos/...`. */
  gauges(): ReadonlyMap<string, number>;
  /** For debug endpoints and quota checks. */
  shares(): readonly RoleShare[];
  constraintExclusions(): ReadonlyMap<FrameworkId, ReadonlyMap<string, readonly AgentId[]>>;
  activeFilterCount(role: string): number;
}
