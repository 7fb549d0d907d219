/** Run times of a job as the statistics endpoints show them (spec chronos, 4.2.11 and 4.2.12). */
import { percentile } from '../kit/route-timer.ts';

export const PERCENTILES = [
  '75thPercentile',
  '95thPercentile',
  '98thPercentile',
  '99thPercentile',
  'median',
  'mean',
  'count',
] as const;

export type PercentileName = (typeof PERCENTILES)[number];

/** All of them; `mean` is in fact the median, as in the original. */
export function summarize(samples: readonly number[]): Readonly<Record<PercentileName, number>> {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = percentile(sorted, 0.5);
  return {
    '75thPercentile': percentile(sorted, 0.75),
    '95thPercentile': percentile(sorted, 0.95),
    '98thPercentile': percentile(sorted, 0.98),
    '99thPercentile': percentile(sorted, 0.99),
    median,
    mean: median,
    count: sorted.length,
  };
}
