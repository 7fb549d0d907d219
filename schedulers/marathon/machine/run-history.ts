/** The runs that have ended, per app or pod: the last so many, and none older than so long. */
import type { Instant } from '../../../core/base/clock.ts';
import { hours } from '../../../core/base/duration.ts';
import type { EndedRun } from '../model/end-cause.ts';

/** Kept per app or pod; the oldest is forgotten for one more. */
export const RUNS_MAX = 100;

/** Older ones are forgotten by the housekeeping. */
export const RUN_AGE_MAX_MS = hours(14 * 24);

export class RunHistory {
  private readonly bySpec = new Map<string, EndedRun[]>();

  /** Newest first. */
  of(specId: string): readonly EndedRun[] {
    return [...(this.bySpec.get(specId) ?? [])].reverse();
  }

  /** Gives what has to be forgotten for it. */
  add(run: EndedRun): EndedRun | undefined {
    const runs = this.bySpec.get(run.specId);
    if (runs === undefined) {
      this.bySpec.set(run.specId, [run]);
      return undefined;
    }
    runs.push(run);
    return runs.length > RUNS_MAX ? runs.shift() : undefined;
  }

  /** As stored, in any order. */
  load(runs: readonly EndedRun[]): void {
    for (const run of [...runs].sort((a, b) => a.endedAt - b.endedAt)) this.add(run);
  }

  /** Takes out what is too old. */
  takeOld(now: Instant): readonly EndedRun[] {
    const old: EndedRun[] = [];
    for (const [specId, runs] of this.bySpec) {
      while (runs[0] !== undefined && runs[0].endedAt + RUN_AGE_MAX_MS < now) {
        old.push(runs[0]);
        runs.shift();
      }
      if (runs.length === 0) this.bySpec.delete(specId);
    }
    return old;
  }
}
