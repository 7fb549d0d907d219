/**
 * How long something took, as the originals show it (spec flags-and-metrics, section 6): `<name>_ms` is the
 * last sample, absent before the first; `/count`, `/max`, `/min` and percentiles of the samples in a
 * window appear when it holds two.
 */
import type { Instant } from './clock.ts';
import type { DurationMs } from './duration.ts';

/** Milliseconds with fractions since whenever; never goes back. Shells have one, machines are given it. */
export type Stopwatch = () => number;

/** More samples than these push the oldest out of the window. */
const SAMPLES_MAX = 1000;

const PERCENTILES: readonly (readonly [string, number])[] = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
  ['p9999', 0.9999],
];

interface Sample {
  readonly at: Instant;
  readonly ms: number;
}

export class TimerMetric {
  private readonly name: string;
  private readonly windowMs: DurationMs;
  private samples: Sample[] = [];
  private last: number | undefined;

  /** `name` goes without `_ms`. */
  constructor(name: string, windowMs: DurationMs) {
    this.name = name;
    this.windowMs = windowMs;
  }

  record(ms: number, now: Instant): void {
    this.last = ms;
    this.samples.push({ at: now, ms });
    // Cut rarely, so that a sample costs little.
    if (this.samples.length >= 2 * SAMPLES_MAX) this.forget(now);
  }

  /** What there is to show now, by full name. */
  values(now: Instant): ReadonlyMap<string, number> {
    const values = new Map<string, number>();
    const name = `${this.name}_ms`;
    if (this.last !== undefined) values.set(name, this.last);
    this.forget(now);
    const sorted = this.samples.map(({ ms }) => ms).sort((a, b) => a - b);
    if (sorted.length < 2) return values;
    values.set(`${name}/count`, sorted.length);
    values.set(`${name}/max`, sorted.at(-1) ?? 0);
    values.set(`${name}/min`, sorted[0] ?? 0);
    for (const [title, part] of PERCENTILES) values.set(`${name}/${title}`, at(sorted, part));
    return values;
  }

  private forget(now: Instant): void {
    const oldest = now - this.windowMs;
    this.samples = this.samples.slice(-SAMPLES_MAX).filter((sample) => sample.at >= oldest);
  }
}

/** Between the two nearest samples, in proportion. */
function at(sorted: readonly number[], part: number): number {
  const position = part * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[below + 1] ?? low;
  return low + (position - below) * (high - low);
}
