/** How long requests took, as the originals' `/metrics` shows it: percentiles of the newest, and rates. */
import type { Instant } from '../../core/base/clock.ts';
import { double, type JsonObject } from '../../core/wire/json-text.ts';
import { Meter } from './meter.ts';

/** The newest times, of which the percentiles are made. */
const SAMPLES_MAX = 1_028;

export class RouteTimer {
  private readonly samples: number[] = [];
  private readonly meter: Meter;

  constructor(now: Instant) {
    this.meter = new Meter(now);
  }

  record(tookMs: number, now: Instant): void {
    this.samples[this.meter.count % SAMPLES_MAX] = tookMs / 1_000;
    this.meter.mark(now);
  }

  document(now: Instant): JsonObject {
    return {
      count: this.meter.count,
      ...describeSamples(this.samples),
      ...this.meter.rateMembers(now),
      duration_units: 'seconds',
      rate_units: 'calls/second',
    };
  }
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
