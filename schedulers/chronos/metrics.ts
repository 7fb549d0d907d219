/**
 * Metrics in the original's JSON (spec chronos, sections 4.3 and 11.2). Run times are kept for the
 * jobs that ran since the start.
 */
import type { Instant } from '../../core/base/clock.ts';
import type { JsonObject } from '../../core/wire/json-text.ts';
import { describeSamples } from '../kit/route-timer.ts';
import type { ChronosState } from './state.ts';
import { RouteTimers } from './timers.ts';

const TASK_MANAGER = 'org.apache.mesos.chronos.scheduler.jobs.TaskManager';
const REVIVER = 'org.apache.mesos.chronos.scheduler.mesos.MesosOfferReviver';

export class ChronosMetrics {
  private readonly successes = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new RouteTimers();
  private readonly routes = new Set<string>();
  private state: ChronosState | undefined;
  private reviveCount = 0;
  private reviveRequestCount = 0;

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

  /** A REVIVE went out. */
  revived(): void {
    this.reviveCount += 1;
  }

  /** Offers were asked for; several requests may become one REVIVE. */
  reviveRequested(): void {
    this.reviveRequestCount += 1;
  }

  /** Names of the timers that are always shown. */
  addRoute(name: string): void {
    this.routes.add(name);
  }

  timed(name: string, tookMs: number, now: Instant): void {
    this.timers.record(name, tookMs, now);
  }

  document(now: Instant): JsonObject {
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
        [`${REVIVER}.reviveOffersCount`]: { count: this.reviveCount },
        [`${REVIVER}.reviveOffersRequestCount`]: { count: this.reviveRequestCount },
      },
      histograms: this.histograms(),
      meters: {},
      timers: this.timers.document([...this.routes].sort(), now),
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
  return { count: samples.length, ...describeSamples(samples) };
}
