/**
 * What each role and its subroles hold and have reserved, and the quotas on top-level roles (spec
 * allocator, sections 4 and 6). Consumption of a quota = reservations, used or not, plus what is
 * offered or allocated without reservation.
 */

import { isRevocable, isUnreserved, reservationRole } from '../resources/kinds.ts';
import {
  addQuantities,
  addQuantity,
  addScalarsOf,
  NO_QUANTITIES,
  type Quantities,
  quantitiesOfScalars,
  subtractQuantities,
} from '../resources/quantities.ts';
import { roleLineage, topLevelRole } from '../resources/roles.ts';
import { type Milli, toMilli } from '../resources/scalar.ts';
import type { QuotaConfig } from '../wire/types/mesos.v1.quota.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';

export interface Quota {
  readonly guarantees: Quantities;
  readonly limits: Quantities;
}

/** Scalars in thousandths, accumulated over the role and its subroles. */
export interface RoleUsage {
  readonly reservations: Quantities;
  /** Unreserved and not revocable. */
  readonly offeredOrAllocated: Quantities;
  /** As above, without what is only offered. */
  readonly allocated: Quantities;
}

interface RoleAmounts extends RoleUsage {
  readonly reservations: Map<string, Milli>;
  readonly offeredOrAllocated: Map<string, Milli>;
  readonly allocated: Map<string, Milli>;
}

const NO_QUOTA: Quota = { guarantees: NO_QUANTITIES, limits: NO_QUANTITIES };
const NO_USAGE: RoleUsage = {
  reservations: NO_QUANTITIES,
  offeredOrAllocated: NO_QUANTITIES,
  allocated: NO_QUANTITIES,
};

export class RoleLedger {
  private readonly roles = new Map<string, RoleAmounts>();
  private readonly quotas = new Map<string, Quota>();
  /** Unreserved scalars of all agents that are not revocable, and how much of them is out. */
  private readonly freeTotal = new Map<string, Milli>();
  private readonly freeOut = new Map<string, Milli>();
  private required: Quantities | undefined;

  get hasQuota(): boolean {
    return this.quotas.size > 0;
  }

  updateQuota(config: QuotaConfig): void {
    const guarantees = quantitiesOfScalars(config.guarantees);
    const limits = quantitiesOfScalars(config.limits);
    if (guarantees.size === 0 && limits.size === 0) this.quotas.delete(config.role);
    else this.quotas.set(config.role, { guarantees, limits });
    this.required = undefined;
  }

  /** Set on top-level roles only; nothing for all others. */
  quotaOf(role: string): Quota {
    return this.quotas.get(role) ?? NO_QUOTA;
  }

  /** Roles with amounts or a quota, now or before. */
  get roleNames(): ReadonlySet<string> {
    return new Set([...this.roles.keys(), ...this.quotas.keys()]);
  }

  usageOf(role: string): RoleUsage {
    return this.roles.get(role) ?? NO_USAGE;
  }

  consumedBy(role: string): Quantities {
    const usage = this.usageOf(role);
    return addQuantities(usage.reservations, usage.offeredOrAllocated);
  }

  /** What the guarantee of the role still lacks. */
  unsatisfied(role: string): Quantities {
    return subtractQuantities(this.quotaOf(role).guarantees, this.consumedBy(role));
  }

  /** What the limits of the role still allow; names without a limit are absent, used up ones 0. */
  roomUnderLimits(role: string): Quantities {
    const consumed = this.consumedBy(role);
    const room = new Map<string, Milli>();
    for (const [name, limit] of this.quotaOf(role).limits) {
      room.set(name, Math.max(0, limit - (consumed.get(name) ?? 0)));
    }
    return room;
  }

  /** What must stay free for guarantees not met yet. */
  get requiredHeadroom(): Quantities {
    if (this.required === undefined) {
      let sum = NO_QUANTITIES;
      for (const role of this.quotas.keys()) sum = addQuantities(sum, this.unsatisfied(role));
      this.required = sum;
    }
    return this.required;
  }

  /** Free amounts beyond the required headroom. */
  get spareHeadroom(): Quantities {
    const free = subtractQuantities(this.freeTotal, this.freeOut);
    return subtractQuantities(free, this.requiredHeadroom);
  }

  /** An agent's total came (1) or went (-1). */
  trackTotal(total: readonly Resource[], sign: 1 | -1): void {
    for (const resource of total) {
      if (resource.type !== 'SCALAR') continue;
      const milli = sign * toMilli(resource.scalar?.value ?? 0);
      if (isUnreserved(resource)) {
        if (!isRevocable(resource)) addQuantity(this.freeTotal, resource.name, milli);
        continue;
      }
      this.required = undefined;
      for (const role of roleLineage(reservationRole(resource))) {
        addQuantity(this.amountsOf(role).reservations, resource.name, milli);
      }
    }
  }

  /** Resources were offered to, or taken back from, a role. */
  trackOffered(role: string, resources: readonly Resource[], sign: 1 | -1): void {
    const counted = resources.filter(isQuotaResource);
    if (counted.length === 0) return;
    addScalarsOf(this.freeOut, counted, sign);
    for (const each of roleLineage(role)) {
      addScalarsOf(this.amountsOf(each).offeredOrAllocated, counted, sign);
    }
    if (this.quotas.has(topLevelRole(role))) this.required = undefined;
  }

  /** The allocated part of one agent for one role changed. */
  changeAllocated(role: string, before: Quantities, after: Quantities): void {
    for (const each of roleLineage(role)) {
      const { allocated } = this.amountsOf(each);
      for (const [name, milli] of before) addQuantity(allocated, name, -milli);
      for (const [name, milli] of after) addQuantity(allocated, name, milli);
    }
  }

  private amountsOf(role: string): RoleAmounts {
    const known = this.roles.get(role);
    if (known !== undefined) return known;
    const amounts = {
      reservations: new Map(),
      offeredOrAllocated: new Map(),
      allocated: new Map(),
    };
    this.roles.set(role, amounts);
    return amounts;
  }
}

/** Unreserved scalars that are not revocable: what guarantees and limits are about. */
export function isQuotaResource(resource: Resource): boolean {
  return resource.type === 'SCALAR' && isUnreserved(resource) && !isRevocable(resource);
}
