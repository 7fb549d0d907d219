/**
 * Refuse filters of all frameworks (spec allocator, section 7.4). The key is (framework, role,
 * agent), the value the refused resources; an offer is held back while one filter contains all of
 * it, so anything more on the agent escapes.
 *
 * Allocation is event driven, so a framework that declines the same resources with 0 seconds again
 * and again would be offered them as fast as the network goes. Such a framework alone is slowed
 * down: the first three declines in a row are answered at once, further ones after 10 ms, 20 ms
 * ..., never later than the allocation interval. Any other framework gets the resources at once.
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import { contains, equals, type Resources } from '../resources/arithmetic.ts';
import type { Filters } from '../wire/types/mesos.v1.ts';
import { type Expiring, ExpiryQueue } from './expiry-queue.ts';

const DEFAULT_REFUSE_SECONDS = 5;
const REFUSE_MAX_MS: DurationMs = 365 * 24 * 3_600_000;
/** Their nanoseconds fit an int64, as the original's durations must. */
const REPRESENTABLE_SECONDS_MAX = 9_223_372_036;
const PROMPT_DECLINES_MAX = 3;
const FIRST_PAUSE_MS: DurationMs = 10;
/** Declines further apart than this are not in a row. */
const FORGET_DECLINES_MS: DurationMs = 5_000;

export interface FilterKey {
  readonly frameworkId: FrameworkId;
  readonly role: string;
  readonly agentId: AgentId;
}

interface RefuseFilter extends Expiring {
  readonly key: FilterKey;
  readonly refused: Resources;
  isRemoved: boolean;
}

interface Declines {
  readonly resources: Resources;
  readonly count: number;
  readonly lastAt: Instant;
}

interface AgentFilters {
  readonly active: Set<RefuseFilter>;
  declines: Declines | undefined;
}

type RoleFilters = Map<AgentId, AgentFilters>;

/** How long a call's filters refuse; 0 means no filter (spec scheduler-api, section 10). */
export function refuseDuration(filters: Filters, allocationIntervalMs: DurationMs): DurationMs {
  const seconds = filters.refuse_seconds ?? DEFAULT_REFUSE_SECONDS;
  if (seconds === 0) return 0;
  const isUsable = seconds > 0 && seconds <= REPRESENTABLE_SECONDS_MAX;
  const durationMs = isUsable ? seconds * 1_000 : DEFAULT_REFUSE_SECONDS * 1_000;
  return Math.max(allocationIntervalMs, Math.min(durationMs, REFUSE_MAX_MS));
}

export class RefuseFilters {
  private readonly allocationIntervalMs: DurationMs;
  private readonly frameworks = new Map<FrameworkId, Map<string, RoleFilters>>();
  private readonly queue = new ExpiryQueue<RefuseFilter>();
  private readonly activeByRole = new Map<string, number>();

  constructor(allocationIntervalMs: DurationMs) {
    this.allocationIntervalMs = allocationIntervalMs;
  }

  /** When the next filter ends. */
  get nextExpiry(): Instant | undefined {
    while (this.queue.first?.isRemoved === true) this.queue.popFirst();
    return this.queue.first?.expiresAt;
  }

  get activeCounts(): ReadonlyMap<string, number> {
    return this.activeByRole;
  }

  activeCount(role: string): number {
    return this.activeByRole.get(role) ?? 0;
  }

  refuse(key: FilterKey, refused: Resources, filters: Filters, now: Instant): void {
    const durationMs = refuseDuration(filters, this.allocationIntervalMs);
    const there = this.agentFilters(key);
    const pauseMs = durationMs === 0 ? this.countDecline(there, refused, now) : durationMs;
    if (pauseMs === 0) return;
    const filter = { key, refused, expiresAt: now + pauseMs, isRemoved: false };
    there.active.add(filter);
    this.queue.push(filter);
    this.activeByRole.set(key.role, this.activeCount(key.role) + 1);
  }

  /** The filters of one framework and role by agent, to be asked often in a run. */
  of(frameworkId: FrameworkId, role: string): RoleFilters | undefined {
    return this.frameworks.get(frameworkId)?.get(role);
  }

  /** Ends what has expired; gives the keys concerned. */
  expire(now: Instant): readonly FilterKey[] {
    const expired: FilterKey[] = [];
    for (let filter = this.queue.popExpired(now); filter; filter = this.queue.popExpired(now)) {
      if (filter.isRemoved) continue;
      expired.push(filter.key);
      const there = this.of(filter.key.frameworkId, filter.key.role)?.get(filter.key.agentId);
      there?.active.delete(filter);
      this.remove(filter);
      if (there?.active.size === 0 && there.declines === undefined) this.drop(filter.key);
    }
    return expired;
  }

  clearRole(frameworkId: FrameworkId, role: string): void {
    const roles = this.frameworks.get(frameworkId);
    for (const there of roles?.get(role)?.values() ?? []) this.removeAll(there);
    roles?.delete(role);
  }

  clearFramework(frameworkId: FrameworkId): void {
    for (const role of [...(this.frameworks.get(frameworkId)?.keys() ?? [])]) {
      this.clearRole(frameworkId, role);
    }
    this.frameworks.delete(frameworkId);
  }

  clearAgent(agentId: AgentId): void {
    for (const roles of this.frameworks.values()) {
      for (const agents of roles.values()) {
        const there = agents.get(agentId);
        if (there === undefined) continue;
        this.removeAll(there);
        agents.delete(agentId);
      }
    }
  }

  private agentFilters(key: FilterKey): AgentFilters {
    const roles = entryOf(this.frameworks, key.frameworkId, () => new Map<string, RoleFilters>());
    const agents = entryOf(roles, key.role, (): RoleFilters => new Map());
    return entryOf(agents, key.agentId, () => ({ active: new Set(), declines: undefined }));
  }

  private drop(key: FilterKey): void {
    this.of(key.frameworkId, key.role)?.delete(key.agentId);
  }

  /** The pause after a decline with 0 seconds. */
  private countDecline(there: AgentFilters, refused: Resources, now: Instant): DurationMs {
    const before = there.declines;
    const isInRow =
      before !== undefined &&
      now - before.lastAt < FORGET_DECLINES_MS &&
      equals(before.resources, refused);
    const count = isInRow ? before.count + 1 : 1;
    there.declines = { resources: refused, count, lastAt: now };
    if (count <= PROMPT_DECLINES_MAX) return 0;
    const pauseMs = FIRST_PAUSE_MS * 2 ** (count - PROMPT_DECLINES_MAX - 1);
    return Math.min(pauseMs, this.allocationIntervalMs);
  }

  private removeAll(there: AgentFilters): void {
    for (const filter of there.active) this.remove(filter);
    there.active.clear();
  }

  private remove(filter: RefuseFilter): void {
    filter.isRemoved = true;
    const count = this.activeCount(filter.key.role) - 1;
    if (count === 0) this.activeByRole.delete(filter.key.role);
    else this.activeByRole.set(filter.key.role, count);
  }
}

/** Whether a filter that is alive refuses this offer. */
export function isRefused(
  filters: ReadonlyMap<AgentId, { readonly active: ReadonlySet<{ readonly refused: Resources }> }>,
  agentId: AgentId,
  offer: Resources,
): boolean {
  for (const filter of filters.get(agentId)?.active ?? []) {
    if (contains(filter.refused, offer)) return true;
  }
  return false;
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
