/** Inverse offers: frameworks are asked to leave agents before maintenance (spec allocator, section 10). */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import type { InverseOfferStatus } from '../wire/types/mesos.v1.allocator.ts';
import type { Filters } from '../wire/types/mesos.v1.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { FrameworkEntry } from './framework-entry.ts';
import { refuseDuration } from './refuse-filters.ts';
import type { InverseAllocation } from './types.ts';

/** One inverse offer for each active framework that holds something and has none to answer. */
export function inverseAllocations(
  agents: readonly AgentEntry[],
  frameworks: ReadonlyMap<FrameworkId, FrameworkEntry>,
  now: Instant,
): readonly InverseAllocation[] {
  const wanted: InverseAllocation[] = [];
  for (const agent of agents) {
    const maintenance = agent.maintenance;
    if (maintenance === undefined) continue;
    for (const frameworkId of agent.holdings.keys()) {
      if (frameworks.get(frameworkId)?.isActive !== true) continue;
      if (maintenance.outstanding.has(frameworkId)) continue;
      if ((maintenance.filteredUntil.get(frameworkId) ?? 0) > now) continue;
      maintenance.outstanding.add(frameworkId);
      const { unavailability } = maintenance;
      wanted.push({ frameworkId, agentId: agent.id, unavailability });
    }
  }
  return wanted;
}

export interface InverseAnswer {
  readonly frameworkId: FrameworkId;
  /** `undefined` when the inverse offer went away without an answer. */
  readonly status: InverseOfferStatus | undefined;
  readonly filters: Filters | undefined;
}

/** Records the answer; gives the end of the filter it set, if any. */
export function answerInverseOffer(
  agent: AgentEntry,
  answer: InverseAnswer,
  allocationIntervalMs: DurationMs,
  now: Instant,
): Instant | undefined {
  const maintenance = agent.maintenance;
  if (maintenance === undefined) return undefined;
  maintenance.outstanding.delete(answer.frameworkId);
  if (answer.status !== undefined) maintenance.statuses.set(answer.frameworkId, answer.status);
  if (answer.filters === undefined) return undefined;
  const durationMs = refuseDuration(answer.filters, allocationIntervalMs);
  if (durationMs === 0) return undefined;
  maintenance.filteredUntil.set(answer.frameworkId, now + durationMs);
  return now + durationMs;
}

/** Takes the framework's outstanding inverse offers and filters away. */
export function forgetFramework(agents: Iterable<AgentEntry>, frameworkId: FrameworkId): void {
  for (const { maintenance } of agents) {
    maintenance?.outstanding.delete(frameworkId);
    maintenance?.filteredUntil.delete(frameworkId);
    maintenance?.statuses.delete(frameworkId);
  }
}

export function clearInverseFilters(agents: Iterable<AgentEntry>, frameworkId: FrameworkId): void {
  for (const { maintenance } of agents) maintenance?.filteredUntil.delete(frameworkId);
}

export function statusesByAgent(
  agents: Iterable<AgentEntry>,
): ReadonlyMap<AgentId, ReadonlyMap<FrameworkId, InverseOfferStatus>> {
  const statuses = new Map<AgentId, ReadonlyMap<FrameworkId, InverseOfferStatus>>();
  for (const { id, maintenance } of agents) {
    if (maintenance !== undefined && maintenance.statuses.size > 0) {
      statuses.set(id, maintenance.statuses);
    }
  }
  return statuses;
}
