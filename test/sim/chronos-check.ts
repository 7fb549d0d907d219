/**
 * The outside check of punctuality (spec chronos, section 10): a job's starts are targets; each window
 * begins at its target and ends epsilon later, with some forgiveness. Pure.
 */
import type { Instant } from '../../core/base/clock.ts';
import { type DurationMs, seconds } from '../../core/base/duration.ts';

export interface PeriodicJob {
  readonly name: string;
  readonly start: Instant;
  readonly intervalMs: DurationMs;
  readonly count: number;
  readonly epsilonMs: DurationMs;
  readonly durationMs: DurationMs;
}

/** A process that did the job's work. */
export interface Run {
  readonly begunAt: Instant;
  /** Undefined while it runs, and for those that were killed. */
  endedAt: Instant | undefined;
}

export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

export const FORGIVENESS_MS: DurationMs = seconds(1);

/** Sentences about targets in good times that were not met by exactly one complete run. */
export function unmetTargets(
  job: PeriodicJob,
  runs: readonly Run[],
  goodTimes: readonly Span[],
): readonly string[] {
  const found: string[] = [];
  for (const target of targetsIn(job, goodTimes)) {
    const last = target + job.epsilonMs + FORGIVENESS_MS;
    const inWindow = runs.filter(({ begunAt }) => begunAt >= target && begunAt <= last);
    const complete = inWindow.filter(({ endedAt }) => endedAt !== undefined);
    if (complete.length === 1) continue;
    const at = new Date(target).toISOString();
    const near = runs.map(({ begunAt }) => begunAt - target).filter((ms) => Math.abs(ms) < 60_000);
    found.push(
      `job ${job.name} has ${complete.length} complete runs of ${inWindow.length} for ${at}` +
        ` (begun near it: ${near.join(', ')} ms)`,
    );
  }
  return found;
}

/** Targets whose whole window, and the run in it, lies in a good time. */
export function targetsIn(job: PeriodicJob, goodTimes: readonly Span[]): readonly Instant[] {
  const targets: Instant[] = [];
  for (let at = 0; at < job.count; at += 1) {
    const target = job.start + at * job.intervalMs;
    const end = target + job.epsilonMs + job.durationMs + FORGIVENESS_MS;
    if (goodTimes.some(({ from, to }) => from <= target && end <= to)) targets.push(target);
  }
  return targets;
}
