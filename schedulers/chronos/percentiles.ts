/** Run times of a job as the statistics endpoints show them (spec chronos, 4.2.11 and 4.2.12). */
import { double, type JsonObject } from '../../core/wire/json-text.ts';

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

/** Interpolated between neighbours; 0 for no samples. `sorted` rises. */
export function percentile(sorted: readonly number[], quantile: number): number {
  if (sorted.length === 0) return 0;
  const position = quantile * (sorted.length + 1);
  const below = sorted[Math.floor(position) - 1];
  const above = sorted[Math.floor(position)];
  if (below === undefined) return sorted[0] ?? 0;
  if (above === undefined) return sorted.at(-1) ?? 0;
  return below + (position - Math.floor(position)) * (above - below);
}

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

/** The members of a histogram in `/metrics`, all but its count. */
export function describeSamples(samples: readonly number[]): JsonObject {
  const sorted = [...samples].sort((a, b) => a - b);
  const size = Math.max(1, sorted.length);
  const mean = sorted.reduce((sum, each) => sum + each, 0) / size;
  const variance = sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / size;
  return {
    max: sorted.at(-1) ?? 0,
    mean: double(mean),
    min: sorted[0] ?? 0,
    p50: double(percentile(sorted, 0.5)),
    p75: double(percentile(sorted, 0.75)),
    p95: double(percentile(sorted, 0.95)),
    p98: double(percentile(sorted, 0.98)),
    p99: double(percentile(sorted, 0.99)),
    p999: double(percentile(sorted, 0.999)),
    stddev: double(Math.sqrt(variance)),
  };
}
