/** The allocator with its runs timed, for the metrics (spec flags-and-metrics, section 6.3). */
import type { Instant } from '../base/clock.ts';
import { hours } from '../base/duration.ts';
import type { Random } from '../base/random.ts';
import { type Stopwatch, TimerMetric } from '../base/timer-metric.ts';
import { HierarchicalAllocator } from './allocator.ts';
import type { AllocationRun, Allocator, AllocatorOptions } from './types.ts';

/** Any allocator; ours also tells how long its runs take. */
export type MeasuredAllocator = Allocator & Partial<Pick<TimedAllocator, 'timings'>>;

const WINDOW_MS = hours(1);

export class TimedAllocator extends HierarchicalAllocator {
  private readonly stopwatch: Stopwatch;
  private readonly runs = new TimerMetric('allocator/mesos/allocation_run', WINDOW_MS);
  private readonly latencies = new TimerMetric('allocator/mesos/allocation_run_latency', WINDOW_MS);
  /** When a run became due, by the stopwatch. */
  private dueSince: number | undefined;

  constructor(stopwatch: Stopwatch, random: Random, options: Partial<AllocatorOptions>) {
    super(random, options);
    this.stopwatch = stopwatch;
  }

  override nextWake(now: Instant): Instant | undefined {
    const wake = super.nextWake(now);
    if (wake !== undefined && wake <= now) this.dueSince ??= this.stopwatch();
    return wake;
  }

  override allocate(now: Instant): AllocationRun {
    const startedAt = this.stopwatch();
    this.latencies.record(startedAt - (this.dueSince ?? startedAt), now);
    this.dueSince = undefined;
    const run = super.allocate(now);
    this.runs.record(this.stopwatch() - startedAt, now);
    return run;
  }

  timings(now: Instant): readonly ReadonlyMap<string, number>[] {
    return [this.runs.values(now), this.latencies.values(now)];
  }
}
