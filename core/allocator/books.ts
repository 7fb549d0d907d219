/**
 * The allocator's state: agents, frameworks, who holds what, and the sorters and ledger that must
 * always agree with it. Every change of a holding goes through `charge` and `release`.
 */
import { assert } from '../base/assert.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { add, type Resources, subtract, subtractContained } from '../resources/arithmetic.ts';
import {
  addQuantities,
  addScalarsOf,
  NO_QUANTITIES,
  type Quantities,
  subtractQuantities,
} from '../resources/quantities.ts';
import { type Milli, toMilli } from '../resources/scalar.ts';
import { allocationsByRole, quantitiesOf, unallocate } from '../resources/select.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { FrameworkEntry } from './framework-entry.ts';
import { RefuseFilters } from './refuse-filters.ts';
import { isQuotaResource, RoleLedger } from './role-ledger.ts';
import { ClusterTotals, Sorter } from './sorter.ts';
import type { AllocatorOptions, RoleShare } from './types.ts';

/** Resources of one agent in the hands of one framework, with allocation_info. */
export interface Holding {
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly resources: Resources;
  /** By a task, executor or operation; false: by an offer only. */
  readonly isAllocated: boolean;
}

export class Books {
  readonly agents = new Map<AgentId, AgentEntry>();
  readonly frameworks = new Map<FrameworkId, FrameworkEntry>();
  readonly roleSorter: Sorter;
  readonly frameworkSorters = new Map<string, Sorter>();
  readonly ledger = new RoleLedger();
  readonly filters: RefuseFilters;
  readonly minimums: readonly Quantities[];
  readonly filterGpuResources: boolean;
  /** Scalars in the hands of all frameworks, offered or allocated. */
  readonly usedScalars = new Map<string, Milli>();
  private readonly options: AllocatorOptions;
  private readonly random: Random;
  private readonly totals = new ClusterTotals();
  /** Agents on which a framework holds something, also frameworks that are not added (yet). */
  private readonly holders = new Map<FrameworkId, Set<AgentId>>();
  constructor(random: Random, options: AllocatorOptions) {
    this.options = options;
    this.random = random;
    this.filters = new RefuseFilters(options.allocationIntervalMs);
    this.filterGpuResources = options.filterGpuResources;
    this.minimums = options.minAllocatable.map(
      (minimum) => new Map([...minimum].map(([name, value]) => [name, toMilli(value)])),
    );
    this.roleSorter = new Sorter({
      kind: options.roleSorter,
      totals: this.totals,
      random,
      excludedNames: options.fairSharingExcludedResourceNames,
    });
  }

  get totalScalars(): Quantities {
    return this.totals.quantities;
  }

  addFramework(entry: FrameworkEntry): void {
    this.frameworks.set(entry.id, entry);
    for (const role of entry.roles) this.placeRole(entry, role);
  }

  /** Everything it held must be released. */
  removeFramework(entry: FrameworkEntry): void {
    for (const role of [...this.frameworkSorters.keys()]) this.leaveRole(entry.id, role);
    this.frameworks.delete(entry.id);
    this.filters.clearFramework(entry.id);
  }

  /** Gives the framework its place in the role's sorters, active or not. */
  placeRole(entry: FrameworkEntry, role: string): void {
    const sorter = this.joinRole(entry.id, role);
    const isActive = entry.isActive && entry.roles.has(role) && !entry.suppressed.has(role);
    if (isActive) sorter.activate(entry.id);
    else sorter.deactivate(entry.id);
  }

  /** A role the framework no longer has stays in the sorters while it holds something there. */
  dropIdleRole(entry: FrameworkEntry, role: string): void {
    if (this.holdsIn(entry.id, role)) this.placeRole(entry, role);
    else this.leaveRole(entry.id, role);
  }

  addAgent(agent: AgentEntry): void {
    this.agents.set(agent.id, agent);
    this.totals.change(agent.total, 1);
    this.ledger.trackTotal(agent.total, 1);
  }

  removeAgent(agent: AgentEntry): void {
    for (const [frameworkId, resources] of [...agent.holdings]) {
      this.release({ frameworkId, agentId: agent.id, resources, isAllocated: true });
    }
    this.agents.delete(agent.id);
    this.totals.change(agent.total, -1);
    this.ledger.trackTotal(agent.total, -1);
    this.filters.clearAgent(agent.id);
  }

  setTotal(agent: AgentEntry, total: Resources): void {
    this.totals.change(agent.total, -1);
    this.ledger.trackTotal(agent.total, -1);
    agent.setTotal(total);
    this.totals.change(total, 1);
    this.ledger.trackTotal(total, 1);
  }

  agentsHolding(id: FrameworkId): readonly AgentId[] {
    return [...(this.holders.get(id) ?? [])];
  }

  /** `bare` are the same resources without allocation_info, where the caller has them. */
  charge(holding: Holding, bare?: Resources): void {
    const { frameworkId: id, agentId, resources } = holding;
    const agent = this.agents.get(agentId);
    assert(agent !== undefined, `agent ${agentId} is charged and not there`);
    if (resources.length === 0) return;
    agent.take(bare ?? unallocate(resources));
    addScalarsOf(this.usedScalars, resources, 1);
    agent.holdings.set(id, add(agent.holdings.get(id) ?? [], resources));
    const holders = this.holders.get(id) ?? new Set();
    this.holders.set(id, holders.add(agentId));
    if (this.frameworks.has(id)) this.chargeRoles(holding);
  }

  /** What the framework does not hold there is left out. */
  release(holding: Holding): void {
    const { frameworkId: id, agentId } = holding;
    const agent = this.agents.get(agentId);
    const held = agent?.holdings.get(id);
    if (agent === undefined || held === undefined) return;
    const contained = subtractContained(held, holding.resources);
    const rest = contained ?? subtract(held, holding.resources);
    const resources = contained === undefined ? subtract(held, rest) : holding.resources;
    agent.give(unallocate(resources));
    addScalarsOf(this.usedScalars, resources, -1);
    if (rest.length === 0) {
      agent.holdings.delete(id);
      this.holders.get(id)?.delete(agentId);
      if (this.holders.get(id)?.size === 0) this.holders.delete(id);
    } else {
      agent.holdings.set(id, rest);
    }
    if (this.frameworks.has(id)) this.releaseRoles({ ...holding, resources });
  }

  /** A framework came whose tasks are known by agents, or are stated now. */
  chargeKnownHoldings(id: FrameworkId, stated: ReadonlyMap<AgentId, Resources>): void {
    const known = this.agentsHolding(id);
    for (const agentId of known) {
      const resources = this.agents.get(agentId)?.holdings.get(id) ?? [];
      this.chargeRoles({ frameworkId: id, agentId, resources, isAllocated: true });
    }
    for (const [agentId, resources] of stated) {
      if (known.includes(agentId) || !this.agents.has(agentId)) continue;
      this.charge({ frameworkId: id, agentId, resources, isAllocated: true });
    }
  }

  /** Offered resources became used by tasks (1), or used ones came back (-1). */
  markAllocated(agentId: AgentId, role: string, resources: Resources, sign: 1 | -1): void {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return;
    const counted = quantitiesOf(resources.filter(isQuotaResource));
    const before = agent.allocated.get(role) ?? NO_QUANTITIES;
    // Offers that end with their agent or framework were never allocated: take only what was.
    const after = sign === 1 ? addQuantities(before, counted) : subtractQuantities(before, counted);
    agent.allocated.set(role, after);
    this.ledger.changeAllocated(role, before, after);
  }

  roleShares(): readonly RoleShare[] {
    return [...this.frameworkSorters.keys()].map((role) => ({
      role,
      dominantShare: this.roleSorter.shareOf(role),
    }));
  }

  constraintExclusions(): ReadonlyMap<FrameworkId, ReadonlyMap<string, readonly AgentId[]>> {
    const exclusions = new Map<FrameworkId, ReadonlyMap<string, readonly AgentId[]>>();
    for (const { id, roles, constraints } of this.frameworks.values()) {
      const byRole = new Map<string, readonly AgentId[]>();
      for (const role of roles) {
        const excluded = [...this.agents.values()].filter(
          (agent) => !constraints.allows(role, agent.info),
        );
        if (excluded.length > 0)
          byRole.set(
            role,
            excluded.map((agent) => agent.id),
          );
      }
      exclusions.set(id, byRole);
    }
    return exclusions;
  }

  private chargeRoles({ frameworkId: id, agentId, resources, isAllocated }: Holding): void {
    for (const [role, mine] of allocationsByRole(resources)) {
      const sorter = this.joinRole(id, role);
      sorter.allocated(id, agentId, mine);
      this.roleSorter.allocated(role, agentId, mine);
      this.ledger.trackOffered(role, mine, 1);
      if (isAllocated) this.markAllocated(agentId, role, mine, 1);
    }
  }

  private releaseRoles({ frameworkId: id, agentId, resources, isAllocated }: Holding): void {
    for (const [role, mine] of allocationsByRole(resources)) {
      this.frameworkSorters.get(role)?.unallocated(id, agentId, mine);
      this.roleSorter.unallocated(role, agentId, mine);
      this.ledger.trackOffered(role, mine, -1);
      if (isAllocated) this.markAllocated(agentId, role, mine, -1);
      const isGone = this.frameworks.get(id)?.roles.has(role) === false;
      if (isGone && !this.holdsIn(id, role)) this.leaveRole(id, role);
    }
  }

  private holdsIn(id: FrameworkId, role: string): boolean {
    return this.agentsHolding(id).some((agentId) =>
      (this.agents.get(agentId)?.holdings.get(id) ?? []).some(
        (each) => each.allocation_info?.role === role,
      ),
    );
  }

  private joinRole(id: FrameworkId, role: string): Sorter {
    let sorter = this.frameworkSorters.get(role);
    if (sorter === undefined) {
      sorter = new Sorter({
        totals: this.totals,
        kind: this.options.frameworkSorter,
        random: this.random,
        excludedNames: [],
      });
      this.frameworkSorters.set(role, sorter);
      this.roleSorter.add(role);
      this.roleSorter.activate(role);
    }
    if (!sorter.contains(id)) sorter.add(id);
    return sorter;
  }

  private leaveRole(id: FrameworkId, role: string): void {
    const sorter = this.frameworkSorters.get(role);
    if (sorter?.contains(id) !== true) return;
    sorter.remove(id);
    if (sorter.count > 0) return;
    this.frameworkSorters.delete(role);
    this.roleSorter.remove(role);
  }
}
