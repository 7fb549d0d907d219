/** Why offers were not used, per app or pod, for `/v2/queue` (spec marathon-rest, section 6). */
import type { Instant } from '../../../core/base/clock.ts';
import type { Offer } from '../../../core/wire/types/mesos.v1.ts';
import type { PathId } from '../model/path-id.ts';

/** In funnel order: an offer counts at the first reason that holds. */
export const REJECT_REASONS = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

export interface UnusedOffer {
  readonly offer: Offer;
  readonly reason: readonly RejectReason[];
  readonly timestamp: Instant;
}

export interface SpecOfferStatistics {
  processed: number;
  unused: number;
  lastUsedAt: Instant | undefined;
  lastUnusedAt: Instant | undefined;
  /** Of this launch attempt. */
  readonly rejected: Map<RejectReason, number>;
  /** The last offers, one per agent. */
  readonly lastUnused: Map<string, UnusedOffer>;
}

/** Agents whose last unused offer is kept per app or pod; those of the longest ago are forgotten. */
const LAST_UNUSED_MAX = 1_000;

export class OfferStatistics {
  /** When any offer has come last. */
  lastOfferAt: Instant | undefined;
  private readonly bySpec = new Map<PathId, SpecOfferStatistics>();

  of(id: PathId): SpecOfferStatistics | undefined {
    return this.bySpec.get(id);
  }

  used(id: PathId, now: Instant): void {
    const entry = this.entry(id);
    entry.processed += 1;
    entry.lastUsedAt = now;
  }

  rejected(id: PathId, offer: Offer, reasons: readonly RejectReason[], now: Instant): void {
    const entry = this.entry(id);
    entry.processed += 1;
    entry.unused += 1;
    entry.lastUnusedAt = now;
    const first = REJECT_REASONS.find((reason) => reasons.includes(reason));
    if (first !== undefined) entry.rejected.set(first, (entry.rejected.get(first) ?? 0) + 1);
    entry.lastUnused.delete(offer.agent_id.value);
    entry.lastUnused.set(offer.agent_id.value, { offer, reason: reasons, timestamp: now });
    const oldest = entry.lastUnused.keys().next();
    if (entry.lastUnused.size > LAST_UNUSED_MAX && oldest.done !== true) {
      entry.lastUnused.delete(oldest.value);
    }
  }

  forget(id: PathId): void {
    this.bySpec.delete(id);
  }

  private entry(id: PathId): SpecOfferStatistics {
    const known = this.bySpec.get(id);
    if (known !== undefined) return known;
    const made: SpecOfferStatistics = {
      processed: 0,
      unused: 0,
      lastUsedAt: undefined,
      lastUnusedAt: undefined,
      rejected: new Map(),
      lastUnused: new Map(),
    };
    this.bySpec.set(id, made);
    return made;
  }
}
