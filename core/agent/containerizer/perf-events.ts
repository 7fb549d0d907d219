/**
 * Samples of `cgroups/perf_event` (spec agent-runtime, section 8.1): what is asked of `perf stat`, and what it
 * says. A line of it, by version:
 *
 *     value,event,cgroup                     before 3.13
 *     value,unit,event,cgroup[,more...]      since
 */
import { type DurationMs, formatDuration } from '../../base/duration.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { fromJson } from '../../wire/json.ts';
import type { PerfStatistics } from '../../wire/types/mesos.v1.ts';

export interface PerfOptions {
  readonly events: readonly string[];
  readonly intervalMs: DurationMs;
  readonly durationMs: DurationMs;
}

/** Undefined where nothing is sampled. */
export function compilePerf(
  flags: {
    readonly perf_events: string | undefined;
    readonly perf_interval: DurationMs;
    readonly perf_duration: DurationMs;
  },
  isolators: readonly string[],
): Result<PerfOptions | undefined> {
  const { perf_events: text, perf_interval: intervalMs, perf_duration: durationMs } = flags;
  if (text === undefined) return ok(undefined);
  if (!isolators.includes('cgroups/perf_event')) {
    return err("Flag 'perf_events' needs the isolator 'cgroups/perf_event'");
  }
  if (durationMs > intervalMs) {
    const [duration, interval] = [durationMs, intervalMs].map(formatDuration);
    return err(
      `Sampling perf for duration (${duration}) > interval (${interval}) is not supported.`,
    );
  }
  const events = text.split(',').filter((event) => event !== '');
  if (events.length === 0) return err('No perf events specified.');
  return ok({ events, intervalMs, durationMs });
}

/** Cgroups are relative to the hierarchy. */
export function perfWords(
  { events, durationMs }: Pick<PerfOptions, 'events' | 'durationMs'>,
  cgroups: readonly string[],
): readonly string[] {
  const asked = cgroups.flatMap((cgroup) =>
    events.flatMap((event) => ['--event', event, '--cgroup', cgroup]),
  );
  return [
    ...['stat', '--all-cpus', '--field-separator', ',', '--log-fd', '1', ...asked],
    ...['--', 'sleep', String(durationMs / 1_000)],
  ];
}

/** By cgroup; events that were not counted, or have no field, are left out. */
export function perfStatistics(
  text: string,
  sampled: { readonly startedAtMs: number; readonly durationMs: DurationMs },
): ReadonlyMap<string, PerfStatistics> {
  const counted = new Map<string, Record<string, number>>();
  for (const line of text.split('\n')) {
    const fields = line.split(',');
    const [value = '', ...rest] = fields;
    const [event, cgroup] = fields.length === 3 ? rest : rest.slice(1);
    if (event === undefined || cgroup === undefined || !/^\d+(\.\d+)?$/.test(value)) continue;
    const name = event.toLowerCase().replaceAll('-', '_');
    counted.set(cgroup, { ...counted.get(cgroup), [name]: Number(value) });
  }
  const statistics = new Map<string, PerfStatistics>();
  for (const [cgroup, values] of counted) {
    const read = fromJson('mesos.v1.PerfStatistics', {
      ...values,
      timestamp: sampled.startedAtMs / 1_000,
      duration: sampled.durationMs / 1_000,
    });
    if (read.ok) statistics.set(cgroup, read.value);
  }
  return statistics;
}
