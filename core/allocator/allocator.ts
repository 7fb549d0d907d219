/**
 * The hierarchical allocator: decides which framework is offered which resources (spec allocator).
 * A machine without effects: inputs are the methods of `Allocator`, `allocate` gives the offers to
 * make. See README.md for the words and the life of an allocation.
 */
import { assert } from '../base/assert.ts';
import type { Instant } from '../base/clock.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { ok, type Result } from '../base/result.ts';
import type { Resources } from '../resources/arithmetic.ts';
import { applyConversions, type ResourceConversion } from '../resources/operations.ts';
import { allocationsByRole, unallocate } from '../resources/select.ts';
import type { InverseOfferStatus } from '../wire/types/mesos.v1.allocator.ts';
import type { QuotaConfig } from '../wire/types/mesos.v1.quota.ts';
import type { Filters, FrameworkInfo, Resource, Unavailability } from '../wire/types/mesos.v1.ts';
import { AgentEntry } from './agent-entry.ts';
import { Books } from './books.ts';
import { FrameworkEntry } from './framework-entry.ts';
import {
  answerInverseOffer,
  clearInverseFilters,
  forgetFramework,
  inverseAllocations,
  statusesByAgent,
} from './inverse-offers.ts';
import { allocatorGauges } from './metrics.ts';
import { type CompiledConstraints, compileConstraints } from './offer-constraints.ts';
import type { RoleUsage } from './role-ledger.ts';
import { type Candidate, RunInProgress } from './run.ts';
import { type Candidates, joinFocus, Schedule } from './schedule.ts';
import {
  type AddAgent,
  type AddFramework,
  type AgentChange,
  type AllocationRun,
  type Allocator,
  type AllocatorOptions,
  DEFAULT_ALLOCATOR_OPTIONS,
  type FrameworkSettings,
  type Recovery,
  type RoleShare,
} from './types.ts';

export class HierarchicalAllocator implements Allocator {
  private readonly options: AllocatorOptions;
  private readonly random: Random;
  private readonly books: Books;
  private readonly schedule: Schedule;
  private runCount = 0;
  private whitelist: ReadonlySet<string> | undefined;

  constructor(random: Random, options: Partial<AllocatorOptions> = {}) {
    this.options = { ...DEFAULT_ALLOCATOR_OPTIONS, ...options };
    this.random = random;
    this.books = new Books(random, this.options);
    this.schedule = new Schedule(this.options);
  }

  addFramework(framework: AddFramework, _now: Instant): void {
    const { id, info } = framework;
    assert(!this.books.frameworks.has(id), `framework ${id} is added twice`);
    const entry = new FrameworkEntry(id, info, constraintsOf(framework));
    this.books.addFramework(entry);
    this.books.chargeKnownHoldings(id, framework.used);
    for (const role of framework.suppressedRoles) entry.suppressed.add(role);
    if (framework.active) this.setActive(entry, true);
  }

  updateFramework(
    id: FrameworkId,
    change: { readonly info: FrameworkInfo } & FrameworkSettings,
    _now: Instant,
  ): void {
    const entry = this.frameworkOf(id);
    const before = entry.roles;
    entry.describe(change.info);
    entry.constraints = constraintsOf(change);
    for (const role of before) {
      if (entry.roles.has(role)) continue;
      this.books.filters.clearRole(id, role);
      entry.suppressed.delete(role);
      this.books.dropIdleRole(entry, role);
    }
    for (const role of entry.roles) {
      const isSuppressed = change.suppressedRoles.includes(role);
      if (entry.suppressed.has(role) && !isSuppressed) this.books.filters.clearRole(id, role);
      if (isSuppressed) entry.suppressed.add(role);
      else entry.suppressed.delete(role);
      this.books.placeRole(entry, role);
    }
    this.schedule.requestFramework(id);
  }

  removeFramework(id: FrameworkId, now: Instant): void {
    const entry = this.frameworkOf(id);
    this.deactivateFramework(id, now);
    for (const agentId of this.books.agentsHolding(id)) {
      const held = this.books.agents.get(agentId)?.holdings.get(id) ?? [];
      this.books.release({ frameworkId: id, agentId, resources: held, isAllocated: true });
      this.schedule.requestAgent(agentId);
    }
    forgetFramework(this.books.agents.values(), id);
    this.books.removeFramework(entry);
  }

  activateFramework(id: FrameworkId, _now: Instant): void {
    this.setActive(this.frameworkOf(id), true);
  }

  deactivateFramework(id: FrameworkId, _now: Instant): void {
    this.setActive(this.frameworkOf(id), false);
    this.books.filters.clearFramework(id);
    for (const { maintenance } of this.books.agents.values()) {
      maintenance?.outstanding.delete(id);
      maintenance?.filteredUntil.delete(id);
    }
  }

  addAgent(agent: AddAgent, _now: Instant): void {
    assert(!this.books.agents.has(agent.id), `agent ${agent.id} is added twice`);
    const entry = new AgentEntry(agent, this.options.domain);
    this.books.addAgent(entry);
    for (const [frameworkId, resources] of agent.used) {
      this.books.charge({ frameworkId, agentId: agent.id, resources, isAllocated: true });
    }
    this.schedule.requestAgent(agent.id);
  }

  updateAgent(id: AgentId, change: AgentChange, _now: Instant): void {
    const agent = this.agentOf(id);
    const attributesBefore = JSON.stringify(agent.info.attributes ?? []);
    agent.describe(change.info ?? agent.info, change.capabilities);
    if (JSON.stringify(agent.info.attributes ?? []) !== attributesBefore) {
      this.books.filters.clearAgent(id);
    }
    if (change.total !== undefined) this.books.setTotal(agent, change.total);
    this.schedule.requestAgent(id);
  }

  removeAgent(id: AgentId, _now: Instant): void {
    this.books.removeAgent(this.agentOf(id));
    this.schedule.forgetAgent(id);
  }

  activateAgent(id: AgentId, _now: Instant): void {
    this.agentOf(id).isActivated = true;
    this.schedule.requestAgent(id);
  }

  deactivateAgent(id: AgentId, _now: Instant): void {
    this.agentOf(id).isActivated = false;
  }

  updateUnavailability(
    id: AgentId,
    unavailability: Unavailability | undefined,
    _now: Instant,
  ): void {
    // Forgets the filters of inverse offers; offers that were declined stay declined.
    this.agentOf(id).setUnavailability(unavailability);
    this.schedule.requestAgent(id);
  }

  updateWhitelist(hostnames: readonly string[] | undefined, _now: Instant): void {
    this.whitelist = hostnames === undefined ? undefined : new Set(hostnames);
    this.schedule.requestAll();
  }

  transitionOfferedToAllocated(agentId: AgentId, resources: readonly Resource[]): void {
    for (const [role, mine] of allocationsByRole(resources)) {
      this.books.markAllocated(agentId, role, mine, 1);
    }
  }

  updateAllocation(
    frameworkId: FrameworkId,
    agentId: AgentId,
    offered: readonly Resource[],
    conversions: readonly ResourceConversion[],
    _now: Instant,
  ): void {
    const updated = applyConversions(offered, conversions);
    assert(updated.ok, `conversions on ${agentId} do not fit: ${updated.ok ? '' : updated.error}`);
    const agent = this.agentOf(agentId);
    const total = applyConversions(agent.total, totalConversions(conversions));
    assert(total.ok, `total of ${agentId} does not fit: ${total.ok ? '' : total.error}`);
    const holder = { frameworkId, agentId, isAllocated: false };
    this.books.release({ ...holder, resources: offered });
    this.books.setTotal(agent, total.value);
    this.books.charge({ ...holder, resources: updated.value });
  }

  updateAvailable(
    agentId: AgentId,
    conversions: readonly ResourceConversion[],
    _now: Instant,
  ): Result<undefined> {
    const agent = this.agentOf(agentId);
    const changes = totalConversions(conversions);
    const available = applyConversions(agent.available, changes);
    if (!available.ok) return available;
    const total = applyConversions(agent.total, changes);
    if (!total.ok) return total;
    this.books.setTotal(agent, total.value);
    this.schedule.requestAgent(agentId);
    return ok(undefined);
  }

  recoverResources(recovery: Recovery, now: Instant): void {
    const { frameworkId, agentId, resources, filters } = recovery;
    if (resources.length === 0) return;
    const agent = this.books.agents.get(agentId);
    // A removed agent or framework has lost its allocations already.
    if (agent === undefined || !agent.holdings.has(frameworkId)) return;
    this.books.release(recovery);
    this.schedule.requestAgent(agentId);
    const framework = this.books.frameworks.get(frameworkId);
    if (filters === undefined || framework?.isActive !== true) return;
    for (const [role, refused] of allocationsByRole(resources)) {
      if (!framework.roles.has(role)) continue;
      const key = { frameworkId, role, agentId };
      this.books.filters.refuse(key, unallocate(refused), filters, now);
    }
  }

  suppressOffers(id: FrameworkId, roles: readonly string[], _now: Instant): void {
    const entry = this.frameworkOf(id);
    for (const role of roles.length === 0 ? entry.roles : roles) {
      entry.suppressed.add(role);
      this.books.placeRole(entry, role);
    }
  }

  reviveOffers(id: FrameworkId, roles: readonly string[], _now: Instant): void {
    const entry = this.frameworkOf(id);
    for (const role of roles.length === 0 ? entry.roles : roles) {
      this.books.filters.clearRole(id, role);
      entry.suppressed.delete(role);
      this.books.placeRole(entry, role);
    }
    clearInverseFilters(this.books.agents.values(), id);
    this.schedule.requestFramework(id);
  }

  updateQuota(config: QuotaConfig, _now: Instant): void {
    this.books.ledger.updateQuota(config);
    this.schedule.requestAll();
  }

  updateWeight(role: string, weight: number, _now: Instant): void {
    assert(weight > 0, `weight ${weight} of role ${role} is not positive`);
    // Changes the order only: what is free was free for everybody before.
    this.books.roleSorter.updateWeight(role, weight);
  }

  updateInverseOffer(
    agentId: AgentId,
    frameworkId: FrameworkId,
    status: InverseOfferStatus | undefined,
    filters: Filters | undefined,
    now: Instant,
  ): void {
    const agent = this.books.agents.get(agentId);
    if (agent === undefined) return;
    const answer = { frameworkId, status, filters };
    const until = answerInverseOffer(agent, answer, this.options.allocationIntervalMs, now);
    this.schedule.wakeAgentAt(agentId, until ?? now + this.options.allocationIntervalMs);
  }

  inverseOfferStatuses(): ReadonlyMap<AgentId, ReadonlyMap<FrameworkId, InverseOfferStatus>> {
    return statusesByAgent(this.books.agents.values());
  }

  recover(expectedAgentCount: number, hasQuota: boolean, now: Instant): void {
    if (hasQuota) this.schedule.recover(expectedAgentCount, now);
  }

  pause(): void {
    this.schedule.pause();
  }

  resume(): void {
    this.schedule.resume();
  }

  nextWake(now: Instant): Instant | undefined {
    const { ledger, filters, agents } = this.books;
    if (!this.schedule.isOpen(agents.size, now)) return this.schedule.closedUntil;
    return this.schedule.nextWake(now, ledger.hasQuota, filters.nextExpiry);
  }

  allocate(now: Instant): AllocationRun {
    const { agents, filters, frameworks, ledger } = this.books;
    for (const key of filters.expire(now)) {
      this.schedule.requestPair(key.agentId, key.frameworkId);
    }
    if (!this.schedule.isOpen(agents.size, now)) {
      return { allocations: [], inverseAllocations: [] };
    }
    const candidates = this.candidates(this.schedule.take(now, ledger.hasQuota));
    this.runCount += 1;
    const run = new RunInProgress(this.books, this.random);
    return {
      allocations: run.perform(candidates.filter(({ agent }) => this.isWhitelisted(agent))),
      // Who holds something on an agent must leave it, whether or not it is offered.
      inverseAllocations: inverseAllocations(
        candidates.map(({ agent }) => agent),
        frameworks,
        now,
      ),
    };
  }

  gauges(): ReadonlyMap<string, number> {
    return allocatorGauges(this.books, this.runCount);
  }

  shares(): readonly RoleShare[] {
    return this.books.roleShares();
  }

  /** Scalars of a role and its subroles in thousandths, for quota checks and metrics. */
  usageOf(role: string): RoleUsage {
    return this.books.ledger.usageOf(role);
  }

  constraintExclusions(): ReadonlyMap<FrameworkId, ReadonlyMap<string, readonly AgentId[]>> {
    return this.books.constraintExclusions();
  }

  activeFilterCount(role: string): number {
    return this.books.filters.activeCount(role);
  }

  /** What is neither offered nor used on the agent. */
  availableOn(id: AgentId): Resources {
    return this.books.agents.get(id)?.available ?? [];
  }

  private candidates({ agents, others }: Candidates): readonly Candidate[] {
    const candidates: Candidate[] = [];
    for (const id of others === undefined ? agents.keys() : this.books.agents.keys()) {
      const agent = this.books.agents.get(id);
      if (agent?.isActivated !== true) continue;
      const own = agents.get(id);
      const focus = own === undefined ? others : joinFocus(own, others);
      if (focus !== undefined) candidates.push({ agent, focus });
    }
    return candidates;
  }

  private setActive(entry: FrameworkEntry, isActive: boolean): void {
    entry.isActive = isActive;
    for (const role of entry.roles) this.books.placeRole(entry, role);
    if (isActive) this.schedule.requestFramework(entry.id);
  }

  private isWhitelisted(agent: AgentEntry): boolean {
    return this.whitelist === undefined || this.whitelist.has(agent.info.hostname);
  }

  private frameworkOf(id: FrameworkId): FrameworkEntry {
    const entry = this.books.frameworks.get(id);
    assert(entry !== undefined, `allocator has no framework ${id}`);
    return entry;
  }

  private agentOf(id: AgentId): AgentEntry {
    const entry = this.books.agents.get(id);
    assert(entry !== undefined, `allocator has no agent ${id}`);
    return entry;
  }
}

/** Validated when the framework subscribed. */
function constraintsOf({ offerConstraints }: FrameworkSettings): CompiledConstraints {
  const compiled = compileConstraints(offerConstraints, {
    programSizeMax: Number.POSITIVE_INFINITY,
  });
  assert(compiled.ok, `offer constraints were not validated: ${compiled.ok ? '' : compiled.error}`);
  return compiled.value;
}

/** Conversions as the agent's total sees them; extra shared copies are no part of a total. */
function totalConversions(
  conversions: readonly ResourceConversion[],
): readonly ResourceConversion[] {
  return conversions
    .filter(({ consumed }) => consumed.length > 0)
    .map(({ consumed, converted }) => ({
      consumed: unallocate(consumed),
      converted: unallocate(converted),
    }));
}
