/**
 * Which running tasks give way to one that has waited too long (spec aurora-scheduler, section 5): on one host,
 * the smallest number of victims, larger ones first, with which the task passes the filter.
 */
import type { Amounts } from './veto.ts';

/** A task as preemption sees it. */
export interface Contender {
  readonly role: string;
  readonly priority: number;
  readonly isPreemptible: boolean;
}

export interface Victim extends Contender {
  readonly taskId: string;
  /** With what its executor takes; revocable resources left out, as they are nobody's to give. */
  readonly amounts: Amounts;
}

export interface PreemptionSite {
  /** What lies idle in offers of the host, without revocable resources. */
  readonly slack: Amounts;
  readonly running: readonly Victim[];
  /** Whether the task passes the filter with these resources and without these tasks. */
  readonly fits: (amounts: Amounts, victims: readonly Victim[]) => boolean;
}

export function mayPreempt(pending: Contender, victim: Contender): boolean {
  if (!pending.isPreemptible && victim.isPreemptible) return true;
  return (
    pending.isPreemptible === victim.isPreemptible &&
    pending.role === victim.role &&
    pending.priority > victim.priority
  );
}

/** Undefined when not even all of them make room; never empty, as slack alone is what offers are for. */
export function findVictims(
  pending: Contender,
  site: PreemptionSite,
): readonly Victim[] | undefined {
  const candidates = site.running
    .filter((victim) => mayPreempt(pending, victim))
    .toSorted((a, b) => compareAmounts(b.amounts, a.amounts));
  const victims: Victim[] = [];
  let amounts = site.slack;
  for (const candidate of candidates) {
    victims.push(candidate);
    amounts = plus(amounts, candidate.amounts);
    if (site.fits(amounts, victims)) return victims;
  }
  return undefined;
}

const ORDER: readonly (keyof Amounts)[] = ['cpus', 'ramMb', 'diskMb', 'gpus', 'ports'];

function compareAmounts(a: Amounts, b: Amounts): number {
  const different = ORDER.find((key) => a[key] !== b[key]);
  return different === undefined ? 0 : a[different] - b[different];
}

function plus(a: Amounts, b: Amounts): Amounts {
  return {
    cpus: a.cpus + b.cpus,
    ramMb: a.ramMb + b.ramMb,
    diskMb: a.diskMb + b.diskMb,
    ports: a.ports + b.ports,
    gpus: a.gpus + b.gpus,
  };
}
