/** The allocator's gauges under their original names (spec allocator, section 13). */
import { addQuantities, type Quantities } from '../resources/quantities.ts';
import { fromMilli } from '../resources/scalar.ts';
import type { Books } from './books.ts';

const PREFIX = 'allocator/mesos';
const SHOWN_RESOURCES = ['cpus', 'mem', 'disk'] as const;

/** Durations of runs are measured by the caller, for a machine has no clock. */
export function allocatorGauges(books: Books, runCount: number): ReadonlyMap<string, number> {
  const gauges = new Map<string, number>([[`${PREFIX}/allocation_runs`, runCount]]);
  for (const name of SHOWN_RESOURCES) {
    const base = `${PREFIX}/resources/${name}`;
    gauges.set(`${base}/total`, fromMilli(books.totalScalars.get(name) ?? 0));
    gauges.set(`${base}/offered_or_allocated`, fromMilli(books.usedScalars.get(name) ?? 0));
  }
  for (const { role, dominantShare } of books.roleShares()) {
    gauges.set(`${PREFIX}/roles/${role}/shares/dominant`, dominantShare);
  }
  for (const [role, count] of books.filters.activeCounts) {
    gauges.set(`${PREFIX}/offer_filters/roles/${role}/active`, count);
  }
  addQuotaGauges(gauges, books);
  return gauges;
}

/** Consumption is shown for every role with some, and for the whole tree under an empty name. */
function addQuotaGauges(gauges: Map<string, number>, { ledger }: Books): void {
  const add = (role: string, kind: string, quantities: Quantities): void => {
    for (const [name, milli] of quantities) {
      gauges.set(`${PREFIX}/quota/roles/${role}/resources/${name}/${kind}`, fromMilli(milli));
    }
  };
  let whole: Quantities = new Map();
  for (const role of ledger.roleNames) {
    const usage = ledger.usageOf(role);
    const consumed = addQuantities(usage.reservations, usage.allocated);
    add(role, 'consumed', consumed);
    if (!role.includes('/')) whole = addQuantities(whole, consumed);
    const quota = ledger.quotaOf(role);
    if (quota.guarantees.size === 0 && quota.limits.size === 0) continue;
    add(role, 'guarantee', quota.guarantees);
    add(role, 'limit', quota.limits);
    add(role, 'offered_or_allocated', usage.offeredOrAllocated);
  }
  add('', 'consumed', whole);
}
