/**
 * What a role may use and uses (spec aurora-scheduler, section 5). Only production tasks on shared hosts are
 * charged; the rest is shown and unlimited.
 */

/** Cores and megabytes. */
export interface QuotaAmounts {
  readonly cpus: number;
  readonly ramMb: number;
  readonly diskMb: number;
}

export const NO_QUOTA: QuotaAmounts = { cpus: 0, ramMb: 0, diskMb: 0 };

/** One configuration and how many instances of it count. */
export interface QuotaUse {
  readonly amounts: QuotaAmounts;
  readonly count: number;
}

/** Below this, figures of processors differ only by how they were added up. */
const EPSILON = 1e-6;

export function sum(parts: Iterable<QuotaAmounts>): QuotaAmounts {
  let total = NO_QUOTA;
  for (const part of parts) total = combine(total, part, (a, b) => a + b);
  return total;
}

/** Per resource the larger one: an update is charged for the worse of before and after. */
export function larger(one: QuotaAmounts, other: QuotaAmounts): QuotaAmounts {
  return combine(one, other, Math.max);
}

export function usedBy(uses: Iterable<QuotaUse>): QuotaAmounts {
  return sum(Array.from(uses, ({ amounts, count }) => times(amounts, count)));
}

export function times(amounts: QuotaAmounts, count: number): QuotaAmounts {
  return combine(amounts, NO_QUOTA, (each) => each * count);
}

/** Undefined when it fits; else what is lacking, in the words of the original. */
export function quotaRefusal(quota: QuotaAmounts, wanted: QuotaAmounts): string | undefined {
  const over: string[] = [];
  const report = (name: string, unit: string, excess: number): void => {
    if (excess > EPSILON) over.push(`${name} quota exceeded by ${excess.toFixed(2)} ${unit}`);
  };
  report('CPU', 'core(s)', wanted.cpus - quota.cpus);
  report('RAM', 'MB', wanted.ramMb - quota.ramMb);
  report('DISK', 'MB', wanted.diskMb - quota.diskMb);
  return over.length === 0 ? undefined : `Insufficient resource quota: ${over.join('; ')}`;
}

function combine(
  one: QuotaAmounts,
  other: QuotaAmounts,
  by: (a: number, b: number) => number,
): QuotaAmounts {
  return {
    cpus: by(one.cpus, other.cpus),
    ramMb: by(one.ramMb, other.ramMb),
    diskMb: by(one.diskMb, other.diskMb),
  };
}
