/** What the allocator knows of one agent. Resources here carry no allocation_info. */
import type { Instant } from '../base/clock.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import { add, type Resources, subtract } from '../resources/arithmetic.ts';
import { isShared } from '../resources/kinds.ts';
import type { Quantities } from '../resources/quantities.ts';
import { nonShared, scalarOf } from '../resources/select.ts';
import type { InverseOfferStatus } from '../wire/types/mesos.v1.allocator.ts';
import type {
  AgentInfo,
  AgentInfoCapabilityType,
  DomainInfo,
  Unavailability,
} from '../wire/types/mesos.v1.ts';
import type { AddAgent } from './types.ts';

/** Inverse offers of one agent (spec allocator, section 10). */
export interface AgentMaintenance {
  readonly unavailability: Unavailability;
  readonly outstanding: Set<FrameworkId>;
  readonly statuses: Map<FrameworkId, InverseOfferStatus>;
  readonly filteredUntil: Map<FrameworkId, Instant>;
}

export class AgentEntry {
  readonly id: AgentId;
  info: AgentInfo;
  isActivated = true;
  hasGpus = false;
  isRemote = false;
  isMultiRole = false;
  isHierarchical = false;
  maintenance: AgentMaintenance | undefined;
  /** What each framework holds here by offer or task, with allocation_info. */
  readonly holdings = new Map<FrameworkId, Resources>();
  /** The part of the holdings in use by tasks, by role: unreserved scalars that are not revocable. */
  readonly allocated = new Map<string, Quantities>();
  private totalNow: Resources;
  private used: Resources = [];
  private free: Resources | undefined;
  private readonly masterRegion: string | undefined;

  constructor(agent: AddAgent, masterDomain: DomainInfo | undefined) {
    this.id = agent.id;
    this.info = agent.info;
    this.totalNow = agent.total;
    this.masterRegion = regionOf(masterDomain);
    this.describe(agent.info, agent.capabilities);
    this.setTotal(agent.total);
    this.setUnavailability(agent.unavailability);
  }

  get total(): Resources {
    return this.totalNow;
  }

  /** Not offered and not used; shared volumes of the total are always in it. Never negative. */
  get available(): Resources {
    this.free ??= subtract(this.totalNow, this.used);
    return this.free;
  }

  describe(info: AgentInfo, capabilities: readonly AgentInfoCapabilityType[] | undefined): void {
    this.info = info;
    const region = regionOf(info.domain);
    // An agent without a domain counts as local, and everything does for a master without one.
    this.isRemote =
      region !== undefined && this.masterRegion !== undefined && region !== this.masterRegion;
    if (capabilities === undefined) return;
    this.isMultiRole = capabilities.includes('MULTI_ROLE');
    this.isHierarchical = capabilities.includes('HIERARCHICAL_ROLE');
  }

  setTotal(total: Resources): void {
    this.totalNow = total;
    this.hasGpus = scalarOf(total, 'gpus') > 0;
    this.free = undefined;
  }

  setUnavailability(unavailability: Unavailability | undefined): void {
    this.maintenance =
      unavailability === undefined
        ? undefined
        : {
            unavailability,
            outstanding: new Set(),
            statuses: new Map(),
            filteredUntil: new Map(),
          };
  }

  /** Without allocation_info. Copies of shared volumes do not use the total up. */
  take(resources: Resources): void {
    this.used = add(this.used, withoutShared(resources));
    this.free = undefined;
  }

  give(resources: Resources): void {
    this.used = subtract(this.used, withoutShared(resources));
    this.free = undefined;
  }
}

function withoutShared(resources: Resources): Resources {
  return resources.some(isShared) ? nonShared(resources) : resources;
}

function regionOf(domain: DomainInfo | undefined): string | undefined {
  return domain?.fault_domain?.region.name;
}
