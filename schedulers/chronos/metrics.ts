/**
 * Metrics in the original's JSON (spec chronos, sections 4.3 and 11.2). Run times are kept for the
 * jobs that ran since the start.
 */
import { double, type JsonObject } from '../../core/wire/json-text.ts';
import { percentile } from './percentiles.ts';
import type { ChronosState } from './state.ts';

const TASK_MANAGER = 'org.apache.mesos.chronos.scheduler.jobs.TaskManager';

export class ChronosMetrics {
  private readonly successes = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private state: ChronosState | undefined;

  /** Gauges and histograms are read from here. */
  watch(state: ChronosState): void {
    this.state = state;
  }

  succeeded(name: string, _tookMs: number | undefined): void {
    this.successes.set(name, (this.successes.get(name) ?? 0) + 1);
  }

  failed(name: string): void {
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
  }

  document(): JsonObject {
    const queue = this.state?.queue;
    return {
      version: '3.0.0',
      gauges: {
        [`${TASK_MANAGER}.highQueueSize`]: { value: queue?.highCount ?? 0 },
        [`${TASK_MANAGER}.queueSize`]: { value: queue?.normalCount ?? 0 },
      },
      counters: {
        ...counters('jobs.run.failure', this.failures),
        ...counters('jobs.run.success', this.successes),
      },
      histograms: this.histograms(),
      meters: {},
      timers: {},
    };
  }

  private histograms(): JsonObject {
    const entries: [string, JsonObject][] = [];
    for (const name of [...this.successes.keys()].sort()) {
      const samples = this.state?.history(name).samples ?? [];
      if (samples.length > 0) entries.push([`jobs.run.time.${name}`, histogram(samples)]);
    }
    return Object.fromEntries(entries);
  }
}

function counters(prefix: string, counts: ReadonlyMap<string, number>): JsonObject {
  const names = [...counts.keys()].sort();
  return Object.fromEntries(
    names.map((name) => [`${prefix}.${name}`, { count: counts.get(name) ?? 0 }]),
  );
}

function histogram(samples: readonly number[]): JsonObject {
  const sorted = [...samples].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  const variance = sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / sorted.length;
  return {
    count: sorted.length,
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
