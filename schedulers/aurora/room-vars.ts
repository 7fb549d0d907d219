/**
 * Room in the cluster under the original's names: how many tasks of some usual sizes the offers that lie idle would
 * take, what is used, and what is promised by quotas (spec aurora-scheduler, section 10.3). Found anew when it is older
 * than a minute.
 */
import type { Instant } from '../../core/base/clock.ts';
import { minutes } from '../../core/base/duration.ts';
import type { AuroraMachine } from './machine/aurora-machine.ts';
import { consumers, type Pool } from './machine/consumers.ts';
import type { HeldOffer } from './machine/offer-book.ts';
import { type QuotaAmounts, sum } from './machine/quota.ts';
import { quotaAmountsOf } from './machine/task-amounts.ts';
import { DEDICATED } from './machine/veto.ts';

const REFRESH_MS = minutes(1);

/** Cores and MB. */
const SLOTS: ReadonlyMap<string, QuotaAmounts> = new Map([
  ['small', { cpus: 1, ramMb: 1_024, diskMb: 4_096 }],
  ['medium', { cpus: 4, ramMb: 8_192, diskMb: 16_384 }],
  ['large', { cpus: 8, ramMb: 16_384, diskMb: 32_768 }],
  ['xlarge', { cpus: 16, ramMb: 32_768, diskMb: 65_536 }],
]);

const POOL_NAMES: readonly (readonly [name: string, pool: Pool])[] = [
  ['total_consumed', 'total'],
  ['dedicated_consumed', 'dedicated'],
  ['quota_consumed', 'quota'],
  ['free_pool_consumed', 'free'],
];

export class RoomVars {
  private known: ReadonlyMap<string, number> = new Map();
  private foundAt = -Infinity;

  vars(machine: AuroraMachine, now: Instant): ReadonlyMap<string, number> {
    if (now - this.foundAt < REFRESH_MS) return this.known;
    this.known = new Map([...emptySlots(machine), ...amountsInUse(machine)]);
    this.foundAt = now;
    return this.known;
  }
}

function emptySlots(machine: AuroraMachine): ReadonlyMap<string, number> {
  const offers = [...machine.offers.all()];
  const vars = new Map<string, number>();
  for (const isDedicated of [false, true]) {
    const some = offers.filter(({ attributes }) => attributes.has(DEDICATED) === isDedicated);
    for (const isRevocable of [false, true]) {
      const prefix = `${isDedicated ? 'dedicated_' : ''}${isRevocable ? 'revocable_' : ''}`;
      for (const [size, slot] of SLOTS) {
        const counts = some.map((offer) => slotsIn(offer, slot, isRevocable));
        const count = counts.reduce((total, each) => total + each, 0);
        vars.set(`empty_slots_${prefix}${size}`, count);
      }
    }
  }
  return vars;
}

function slotsIn(held: HeldOffer, slot: QuotaAmounts, isRevocable: boolean) {
  const { amounts } = held;
  const cpus = isRevocable ? held.revocableLeft('cpus') : amounts.cpus;
  const fits = Math.min(cpus / slot.cpus, amounts.ramMb / slot.ramMb, amounts.diskMb / slot.diskMb);
  return Math.floor(fits);
}

function amountsInUse(machine: AuroraMachine): ReadonlyMap<string, number> {
  const vars = new Map<string, number>();
  const put = (name: string, { cpus, ramMb, diskMb }: QuotaAmounts): void => {
    vars.set(`resources_${name}_cpu_cores`, Math.floor(cpus));
    vars.set(`resources_${name}_ram_mb`, Math.floor(ramMb));
    vars.set(`resources_${name}_disk_mb`, Math.floor(diskMb));
  };
  for (const [name, pool] of POOL_NAMES) {
    const tasks = consumers(machine, pool);
    put(name, sum(tasks.map(({ assignedTask }) => quotaAmountsOf(assignedTask.task.resources))));
  }
  const quotas = [...machine.state.quotas.values()];
  put('allocated_quota', sum(quotas.map(({ resources }) => quotaAmountsOf(resources))));
  return vars;
}
