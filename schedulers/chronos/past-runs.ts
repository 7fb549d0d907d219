/**
 * Every run that has ended, per job, newest first: an addition. Kept by count and age per job, and by
 * count over all jobs; what goes is named, so that its record can go, too.
 */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { PastRun } from './records.ts';

export interface PastRunLimits {
  readonly perJobMax: number;
  readonly ageMaxMs: DurationMs;
}

/** Over all jobs; the oldest go first. Some 60 MB. */
export const PAST_RUNS_MAX = 200_000;

export class PastRuns {
  private readonly limits: PastRunLimits;
  /** Oldest first. */
  private readonly byJob = new Map<string, PastRun[]>();
  /** All of them by the time they ended; a run that is gone already is passed over. */
  private readonly all = new Map<string, PastRun>();

  constructor(limits: PastRunLimits) {
    this.limits = limits;
  }

  /** Newest first, without those that are too old by now. */
  of(name: string, now: Instant): readonly PastRun[] {
    const runs = this.byJob.get(name) ?? [];
    return runs.filter((run) => !this.isOld(run, now)).reverse();
  }

  /** Takes up stored runs, in any order; gives those that are too many or too old. */
  recover(runs: readonly PastRun[], now: Instant): readonly string[] {
    return [...runs].sort((a, b) => a.endedAt - b.endedAt).flatMap((run) => this.add(run, now));
  }

  /** Gives the task ids of runs that had to go. */
  add(run: PastRun, now: Instant): readonly string[] {
    const runs = this.byJob.get(run.jobName) ?? [];
    this.byJob.set(run.jobName, runs);
    runs.push(run);
    this.all.set(run.taskId, run);
    const gone: string[] = [];
    if (runs.length > this.limits.perJobMax) gone.push(...this.drop(runs[0]));
    for (const oldest of this.all.values()) {
      if (this.all.size <= PAST_RUNS_MAX && !this.isOld(oldest, now)) break;
      gone.push(...this.drop(oldest));
    }
    return gone;
  }

  /** All runs of a job that is deleted. */
  forget(name: string): readonly string[] {
    const ids = (this.byJob.get(name) ?? []).map((run) => run.taskId);
    for (const id of ids) this.all.delete(id);
    this.byJob.delete(name);
    return ids;
  }

  private isOld(run: PastRun, now: Instant): boolean {
    return run.endedAt < now - this.limits.ageMaxMs;
  }

  private drop(run: PastRun | undefined): readonly string[] {
    if (run === undefined) return [];
    this.all.delete(run.taskId);
    const runs = this.byJob.get(run.jobName);
    // Both lists are in the order of the ends: the oldest of all is the first of its job.
    if (runs?.[0] === run) runs.shift();
    if (runs?.length === 0) this.byJob.delete(run.jobName);
    return [run.taskId];
  }
}
