/**
 * One allocation run over the candidate agents (spec allocator, section 6): first the guarantees of
 * quotas, then fair shares up to the limits. The run changes agents, sorters and the role ledger as
 * it goes, through the books, and collects what it gave.
 */
import { type AgentId, type FrameworkId, frameworkId } from '../base/ids.ts';
import { type Random, shuffled } from '../base/random.ts';
import { add, NO_RESOURCES, normalize, type Resources, subtract } from '../resources/arithmetic.ts';
import { isReservedTo, isShared, isUnreserved } from '../resources/kinds.ts';
import { type Quantities, shrinkTo } from '../resources/quantities.ts';
import { allocatableTo, allocate, quantitiesOf, shared } from '../resources/select.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { Books } from './books.ts';
import { type FrameworkEntry, isAllocatable } from './framework-entry.ts';
import { isRefused } from './refuse-filters.ts';
import { isQuotaResource } from './role-ledger.ts';
import type { Focus } from './schedule.ts';
import type { Allocation } from './types.ts';

/** An agent of the run, and the frameworks it is looked at for. */
export interface Candidate {
  readonly agent: AgentEntry;
  readonly focus: Focus;
}

/** One attempt to give something of an agent to a framework. */
interface Attempt {
  readonly agent: AgentEntry;
  readonly role: string;
  readonly framework: FrameworkEntry;
  /** What the role may use and the framework understands. */
  readonly available: Resources;
}

export class RunInProgress {
  private readonly books: Books;
  private readonly random: Random;
  private readonly given = new Map<FrameworkId, Allocation[]>();
  /**
   * Where in these lists what a framework gets of an agent for a role is. Only with quotas: without
   * them there is one stage, which comes to each of these once.
   */
  private readonly places = new Map<string, number>();
  /** Shared volumes go to one framework per run. */
  private readonly sharedGiven = new Map<AgentId, Resources>();

  constructor(books: Books, random: Random) {
    this.books = books;
    this.random = random;
  }

  /** All allocations of one framework are neighbours. */
  perform(candidates: readonly Candidate[]): readonly Allocation[] {
    if (this.books.ledger.hasQuota) {
      for (const each of shuffled(this.random, candidates)) this.guarantee(each);
    }
    for (const each of shuffled(this.random, candidates)) this.shareFairly(each);
    return [...this.given.values()].flat();
  }

  /** Stage 1: an agent goes to a role only when that brings its guarantee nearer. */
  private guarantee(candidate: Candidate): void {
    const { agent, focus } = candidate;
    const { ledger } = this.books;
    if (agent.available.length === 0) return;
    for (const role of this.roles(focus)) {
      if (agent.available.length === 0) return;
      if (ledger.quotaOf(role).guarantees.size === 0) continue;
      if (ledger.unsatisfied(role).size === 0) continue;
      for (const attempt of this.attempts(candidate, role)) {
        const unsatisfied = ledger.unsatisfied(role);
        if (unsatisfied.size === 0) break;
        this.giveGuaranteed(attempt, unsatisfied);
      }
    }
  }

  /** Stage 2: everything else in the order of shares. */
  private shareFairly(candidate: Candidate): void {
    const { agent, focus } = candidate;
    if (agent.available.length === 0) return;
    for (const role of this.roles(focus)) {
      if (agent.available.length === 0) return;
      for (const attempt of this.attempts(candidate, role)) this.giveShare(attempt);
    }
  }

  /** In sorter order. */
  private roles(focus: Focus): readonly string[] {
    const { frameworks, roleSorter } = this.books;
    if (focus === 'all') return roleSorter.sort();
    const wanted = new Set([...focus].flatMap((id) => [...(frameworks.get(id)?.roles ?? [])]));
    return wanted.size <= 1 ? [...wanted] : roleSorter.sort().filter((role) => wanted.has(role));
  }

  /** In sorter order; without those that are inactive or suppressed. */
  private clients(role: string, focus: Focus): readonly string[] {
    const sorted = this.books.frameworkSorters.get(role)?.sort() ?? [];
    return focus === 'all' ? sorted : sorted.filter((client) => focus.has(frameworkId(client)));
  }

  private *attempts({ agent, focus }: Candidate, role: string): Generator<Attempt> {
    const { frameworks, filterGpuResources } = this.books;
    let free = NO_RESOURCES;
    let seen: Resources | undefined;
    for (const client of this.clients(role, focus)) {
      const framework = frameworks.get(frameworkId(client));
      if (framework === undefined || !framework.fits(role, agent, filterGpuResources)) continue;
      // `available` is a value, so an unchanged reference saves filtering it again.
      if (seen !== agent.available) {
        seen = agent.available;
        free = this.freeFor(agent, role);
      }
      if (free.length === 0) return;
      const available = framework.strip(free);
      if (!isAllocatable(available, this.minimumsOf(framework, role))) continue;
      yield { agent, role, framework, available };
    }
  }

  private freeFor(agent: AgentEntry, role: string): Resources {
    const free = allocatableTo(agent.available, role);
    const given = this.sharedGiven.get(agent.id);
    return given === undefined ? free : subtract(free, given);
  }

  private giveGuaranteed(attempt: Attempt, unsatisfied: Quantities): void {
    const { ledger } = this.books;
    const { available, role } = attempt;
    const countable = shuffled(this.random, available.filter(isQuotaResource));
    const guaranteed = shrinkTo(countable, unsatisfied, 'drop');
    if (guaranteed.length === 0) return;
    const used = quantitiesOf(guaranteed);
    let extra = subtract(countable, guaranteed);
    if (ledger.quotaOf(role).limits.size > 0) {
      extra = shrinkTo(extra, roomAfter(ledger.roomUnderLimits(role), used), 'keep');
    }
    // Filling the guarantee lowers the free and the required amount alike, so the spare stays.
    if (ledger.requiredHeadroom.size > 0) extra = shrinkTo(extra, ledger.spareHeadroom, 'drop');
    const rest = available.filter(
      (each) => isReservedTo(each, role) || (isUnreserved(each) && !isQuotaResource(each)),
    );
    this.give(attempt, add(rest, add(guaranteed, extra)));
  }

  private giveShare(attempt: Attempt): void {
    const { ledger } = this.books;
    const { available, role } = attempt;
    const rest = available.filter((each) => !isQuotaResource(each));
    let extra: Resources = available.filter(isQuotaResource);
    const hasLimits = ledger.hasQuota && ledger.quotaOf(role).limits.size > 0;
    if (hasLimits) {
      extra = shrinkTo(shuffled(this.random, extra), ledger.roomUnderLimits(role), 'keep');
    }
    if (ledger.hasQuota && ledger.requiredHeadroom.size > 0) {
      extra = shrinkTo(shuffled(this.random, extra), ledger.spareHeadroom, 'drop');
    }
    this.give(attempt, [...rest, ...extra]);
  }

  private give(attempt: Attempt, offer: Resources): void {
    const { agent, role, framework } = attempt;
    if (!isAllocatable(offer, this.minimumsOf(framework, role))) return;
    const filters = this.books.filters.of(framework.id, role);
    if (filters !== undefined && isRefused(filters, agent.id, offer)) return;
    const resources = allocate(offer, role);
    const allocation = { frameworkId: framework.id, role, agentId: agent.id, resources };
    if (offer.some(isShared)) {
      this.sharedGiven.set(agent.id, add(this.sharedGiven.get(agent.id) ?? [], shared(offer)));
    }
    this.books.charge({ ...allocation, isAllocated: false }, normalize(offer));
    this.collect(allocation);
  }

  /** Both stages may give of one agent to the same role: that is one offer. */
  private collect(allocation: Allocation): void {
    const { frameworkId, agentId, role } = allocation;
    const mine = this.given.get(frameworkId) ?? [];
    this.given.set(frameworkId, mine);
    const key = this.books.ledger.hasQuota ? `${frameworkId} ${agentId} ${role}` : undefined;
    const at = key === undefined ? undefined : this.places.get(key);
    const before = at === undefined ? undefined : mine[at];
    if (at !== undefined && before !== undefined) {
      mine[at] = { ...before, resources: add(before.resources, allocation.resources) };
      return;
    }
    if (key !== undefined) this.places.set(key, mine.length);
    mine.push(allocation);
  }

  private minimumsOf(framework: FrameworkEntry, role: string): readonly Quantities[] {
    return framework.minimumsFor(role) ?? this.books.minimums;
  }
}

function roomAfter(room: Quantities, used: Quantities): Quantities {
  // Names used up stay in the map with 0, for absent names have no limit.
  return new Map(
    [...room].map(([name, milli]) => [name, Math.max(0, milli - (used.get(name) ?? 0))]),
  );
}
