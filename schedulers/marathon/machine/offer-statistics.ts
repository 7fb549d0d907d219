/** Why offers were not used, per app, for `/v2/queue` (spec marathon-rest, section 6). */
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

export interface AppOfferStatistics {
  processed: number;
  unused: number;
  lastUsedAt: Instant | undefined;
  lastUnusedAt: Instant | undefined;
  /** Of this launch attempt. */
  readonly rejected: Map<RejectReason, number>;
  /** The last offers, one per agent. */
  readonly lastUnused: Map<string, UnusedOffer>;
}

/** Unused offers kept per app; older ones are forgotten. */
const LAST_UNUSED_MAX = 10;

export class OfferStatistics {
  private readonly byApp = new Map<PathId, AppOfferStatistics>();

  of(app: PathId): AppOfferStatistics | undefined {
    return this.byApp.get(app);
  }

  used(app: PathId, now: Instant): void {
    const entry = this.entry(app);
    entry.processed += 1;
    entry.lastUsedAt = now;
  }

  rejected(app: PathId, offer: Offer, reasons: readonly RejectReason[], now: Instant): void {
    const entry = this.entry(app);
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

  forget(app: PathId): void {
    this.byApp.delete(app);
  }

  private entry(app: PathId): AppOfferStatistics {
    const known = this.byApp.get(app);
    if (known !== undefined) return known;
    const made: AppOfferStatistics = {
      processed: 0,
      unused: 0,
      lastUsedAt: undefined,
      lastUnusedAt: undefined,
      rejected: new Map(),
      lastUnused: new Map(),
    };
    this.byApp.set(app, made);
    return made;
  }
}
