/** Puts queued runs on offers (spec chronos, section 5.4). */
import type { Instant } from '../../core/base/clock.ts';
import type { Offer, TaskInfo } from '../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../kit/offer-resources.ts';
import { meetsConstraints } from './constraints.ts';
import type { Job } from './job.ts';
import type { ChronosEffect, RunRecord, TaskRecord } from './records.ts';
import type { Starts } from './starts.ts';
import type { ChronosState, JobEntry } from './state.ts';
import { buildTask } from './task-info.ts';

/** Runs that may fail to fit one after another before a batch of offers counts as used up. */
const MISFITS_MAX = 500;

interface Candidate {
  readonly left: OfferResources;
  readonly tasks: TaskInfo[];
}

export class Placement {
  private readonly state: ChronosState;
  private readonly starts: Starts;

  constructor(state: ChronosState, starts: Starts) {
    this.state = state;
    this.starts = starts;
  }

  /** Launches what fits, in queue order, and declines the offers that were not used. */
  place(offers: readonly Offer[], now: Instant): readonly ChronosEffect[] {
    const candidates = offers.map((offer) => ({ left: new OfferResources(offer), tasks: [] }));
    const effects: ChronosEffect[] = [];
    let misfits = 0;
    for (const run of this.state.queue.ready()) {
      if (misfits >= MISFITS_MAX) break;
      const { entry, effects: checked } = this.check(run, now);
      effects.push(...checked);
      if (entry === undefined) continue;
      const launched = this.tryPlace(entry, run, candidates, now);
      if (launched === undefined) misfits += 1;
      else effects.push(...launched);
    }
    for (const { left, tasks } of candidates) {
      if (tasks.length > 0) effects.push({ kind: 'launch', offer: left.offer, tasks });
    }
    const unused = candidates.filter((each) => each.tasks.length === 0);
    if (unused.length > 0) {
      effects.push({ kind: 'decline', offers: unused.map((each) => each.left.offer) });
    }
    // Without work the offers are better with others; the next due run revives them.
    if (this.state.queue.readyCount === 0) effects.push({ kind: 'unwant-offers' });
    return effects;
  }

  /** Drops runs that have become void; the entry is given when the run may be placed. */
  private check(
    run: RunRecord,
    now: Instant,
  ): { readonly entry: JobEntry | undefined; readonly effects: readonly ChronosEffect[] } {
    const name = run.key.jobName;
    const skipped = run.cause === 'schedule' ? this.starts.skipMissed(name, now) : [];
    const entry = this.state.job(name);
    const late = entry === undefined ? undefined : this.starts.skipLostLaunch(entry, run, now);
    if (late !== undefined) {
      this.state.queue.delete(name);
      return { entry: undefined, effects: [...late, ...forget(run), ...this.again(name, now)] };
    }
    const isVoid =
      entry === undefined ||
      entry.job.disabled ||
      (run.cause === 'schedule' && !this.starts.isStillDue(name, now));
    if (isVoid) {
      this.state.queue.delete(name);
      return { entry: undefined, effects: [...skipped, ...forget(run), ...this.again(name, now)] };
    }
    if (!this.state.isBusy(entry.job)) return { entry, effects: skipped };
    return { entry: undefined, effects: [...skipped, ...this.starts.place(entry, run)] };
  }

  private again(name: string, now: Instant): readonly ChronosEffect[] {
    return this.state.job(name) === undefined ? [] : this.starts.consider(name, now);
  }

  private tryPlace(
    entry: JobEntry,
    run: RunRecord,
    candidates: readonly Candidate[],
    now: Instant,
  ): readonly ChronosEffect[] | undefined {
    const { job } = entry;
    for (const { left, tasks } of candidates) {
      if (!meetsConstraints(job.constraints, left.offer)) continue;
      const resources = left.take(needs(job));
      if (resources === undefined) continue;
      const task = buildTask({
        job,
        key: run.key,
        hasOwnArguments: run.hasOwnArguments,
        offer: left.offer,
        resources,
      });
      tasks.push(task);
      return this.record(entry, run, task, now);
    }
    return undefined;
  }

  /**
   * Everything the launch changes is written in one go before the task is sent: a crash in between
   * leaves a task that reconciliation reports as unknown, never a start that is forgotten or doubled.
   */
  private record(
    entry: JobEntry,
    run: RunRecord,
    info: TaskInfo,
    now: Instant,
  ): readonly ChronosEffect[] {
    const task: TaskRecord = {
      taskId: info.task_id.value,
      agentId: info.agent_id.value,
      run: this.starts.withStart(entry, run),
      launchedAt: now,
      isConfirmed: false,
      startedAt: undefined,
      isKilling: false,
    };
    this.state.queue.delete(run.key.jobName);
    this.state.putTask(task);
    const moved = this.starts.launched(entry, run, now);
    const next = this.starts.consider(run.key.jobName, now);
    return [{ kind: 'save-task', task }, ...forget(run), ...moved, ...next];
  }
}

function needs(job: Job): Readonly<Record<string, number>> {
  return { cpus: job.cpus, mem: job.mem, disk: job.disk };
}

function forget(run: RunRecord): readonly ChronosEffect[] {
  return run.cause === 'schedule' ? [] : [{ kind: 'forget-run', run }];
}
