/**
 * Everything Chronos knows. Only methods of this class change it, and each keeps the indexes in
 * step: tasks by job, children by parent, the heap of starts.
 */

import { assert } from '../../core/base/assert.ts';
import type { Instant } from '../../core/base/clock.ts';
import type { Job } from './job.ts';
import { type PastRunLimits, PastRuns } from './past-runs.ts';
import { meanMs, parsePeriod } from './period.ts';
import type { HistoryRecord, JobRecord, RunRecord, TaskRecord } from './records.ts';
import { RunQueue } from './run-queue.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { formatTaskId } from './task-id.ts';
import { WakeHeap } from './wake-heap.ts';

export interface JobEntry extends JobRecord {
  /** Undefined for dependent jobs. */
  readonly schedule: Schedule | undefined;
  /** Undefined where the job states none. */
  readonly epsilonMs: number | undefined;
}

export const EMPTY_HISTORY: HistoryRecord = { entries: [], samples: [], sampledCount: 0 };

export class ChronosState {
  /** Runs that may be placed when an offer comes. */
  readonly queue = new RunQueue();
  /** When jobs with a schedule start next; entries may be outdated. */
  readonly starts = new WakeHeap();
  /** When retries are due; by task id. */
  readonly retryTimes = new WakeHeap();
  private readonly jobs = new Map<string, JobEntry>();
  private readonly childrenOf = new Map<string, Set<string>>();
  /** Dependent jobs with a parent that is not there: stored, but not shown. */
  private readonly hidden = new Set<string>();
  private readonly tasks = new Map<string, TaskRecord>();
  private readonly tasksOf = new Map<string, Set<string>>();
  private readonly retries = new Map<string, RunRecord>();
  private readonly histories = new Map<string, HistoryRecord>();
  readonly past: PastRuns;
  private readonly lastDue = new Map<string, Instant>();

  constructor(limits: PastRunLimits) {
    this.past = new PastRuns(limits);
  }

  // Jobs.

  /** A job, shown or hidden. */
  stored(name: string): JobEntry | undefined {
    return this.jobs.get(name);
  }

  /** A job that is part of the graph. */
  job(name: string): JobEntry | undefined {
    return this.hidden.has(name) ? undefined : this.jobs.get(name);
  }

  /** The jobs of the graph in the order in which they were added. */
  *shownJobs(): Iterable<JobEntry> {
    for (const [name, entry] of this.jobs) if (!this.hidden.has(name)) yield entry;
  }

  *storedJobs(): Iterable<JobEntry> {
    yield* this.jobs.values();
  }

  get jobCount(): number {
    return this.jobs.size - this.hidden.size;
  }

  /** Children that are part of the graph. */
  children(name: string): readonly string[] {
    return [...(this.childrenOf.get(name) ?? [])].filter((child) => !this.hidden.has(child));
  }

  putJob(record: JobRecord): JobEntry {
    const { job } = record;
    const before = this.jobs.get(job.name);
    const entry: JobEntry = {
      ...record,
      schedule: scheduleOf(job),
      epsilonMs: epsilonOf(job),
    };
    this.jobs.set(job.name, entry);
    // Statistics change with every run, edges hardly ever.
    if (before !== undefined && before.job.trigger === job.trigger) return entry;
    this.unlink(before);
    for (const parent of parentsOf(job)) {
      const children = this.childrenOf.get(parent) ?? new Set();
      this.childrenOf.set(parent, children.add(job.name));
    }
    this.refreshShown(job.name);
    return entry;
  }

  deleteJob(name: string): void {
    this.unlink(this.jobs.get(name));
    this.jobs.delete(name);
    this.histories.delete(name);
    this.queue.delete(name);
    for (const [id, run] of this.retries) if (run.key.jobName === name) this.retries.delete(id);
    this.hidden.delete(name);
    this.refreshShown(name);
  }

  // Tasks.

  task(taskId: string): TaskRecord | undefined {
    return this.tasks.get(taskId);
  }

  allTasks(): Iterable<TaskRecord> {
    return this.tasks.values();
  }

  tasksOfJob(name: string): readonly TaskRecord[] {
    const ids = this.tasksOf.get(name) ?? new Set();
    return [...ids].flatMap((id) => this.tasks.get(id) ?? []);
  }

  /** Whether a further run of the job has to wait for one that is under way. */
  isBusy(job: Job): boolean {
    return !job.concurrent && (this.tasksOf.get(job.name)?.size ?? 0) > 0;
  }

  putTask(task: TaskRecord): void {
    const name = task.run.key.jobName;
    this.tasks.set(task.taskId, task);
    this.tasksOf.set(name, (this.tasksOf.get(name) ?? new Set()).add(task.taskId));
  }

  deleteTask(taskId: string): void {
    const name = this.tasks.get(taskId)?.run.key.jobName;
    this.tasks.delete(taskId);
    if (name === undefined) return;
    const ids = this.tasksOf.get(name);
    ids?.delete(taskId);
    if (ids?.size === 0) this.tasksOf.delete(name);
  }

  // Runs.

  /** A due time that makes a task id which was not used before. */
  newDue(name: string, now: Instant): Instant {
    const due = Math.max(Math.floor(now), (this.lastDue.get(name) ?? 0) + 1);
    this.lastDue.set(name, due);
    return due;
  }

  putRetry(run: RunRecord): void {
    const id = formatTaskId(run.key);
    this.retries.set(id, run);
    this.retryTimes.push(id, run.notBefore);
  }

  retry(id: string): RunRecord | undefined {
    return this.retries.get(id);
  }

  deleteRetry(id: string): void {
    this.retries.delete(id);
  }

  retriesOf(name: string): readonly RunRecord[] {
    return [...this.retries.values()].filter((run) => run.key.jobName === name);
  }

  history(name: string): HistoryRecord {
    return this.histories.get(name) ?? EMPTY_HISTORY;
  }

  putHistory(name: string, history: HistoryRecord): void {
    this.histories.set(name, history);
  }

  /** A stable printout for tests. */
  describe(): string {
    const jobs = [...this.jobs.values()].map(({ job }) => {
      const what =
        job.trigger.kind === 'schedule' ? job.trigger.schedule : `<- ${job.trigger.parents}`;
      return `job ${job.name} ${what}${job.disabled ? ' disabled' : ''}`;
    });
    const runs = this.queue.all().map((run) => `queued ${formatTaskId(run.key)} ${run.cause}`);
    const retries = [...this.retries.keys()].map((id) => `retry ${id}`);
    const tasks = [...this.tasks.values()].map(
      (task) => `task ${task.taskId}${task.isConfirmed ? '' : ' unconfirmed'}`,
    );
    return [...jobs.sort(), ...runs, ...retries.sort(), ...tasks.sort()].join('\n');
  }

  private unlink(entry: JobEntry | undefined): void {
    if (entry === undefined) return;
    for (const parent of parentsOf(entry.job)) {
      const children = this.childrenOf.get(parent);
      children?.delete(entry.job.name);
      if (children?.size === 0) this.childrenOf.delete(parent);
    }
  }

  /** A dependent job is shown when all its parents are; a change is passed on to its children. */
  private refreshShown(changed: string): void {
    const names = [changed];
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const entry = this.jobs.get(name);
      const wasHidden = this.hidden.has(name);
      const parents = entry === undefined ? [] : parentsOf(entry.job);
      const isHidden = parents.some((parent) => this.job(parent) === undefined);
      if (isHidden) this.hidden.add(name);
      else this.hidden.delete(name);
      if (name === changed || isHidden !== wasHidden) {
        names.push(...(this.childrenOf.get(name) ?? []));
      }
    }
  }
}

export function parentsOf(job: Job): readonly string[] {
  return job.trigger.kind === 'parents' ? job.trigger.parents : [];
}

function scheduleOf(job: Job): Schedule | undefined {
  if (job.trigger.kind !== 'schedule') return undefined;
  const { schedule: text, timeZone, cronAfter } = job.trigger;
  const schedule = parseSchedule(text, timeZone, cronAfter);
  assert(schedule !== undefined, `job ${job.name} has schedule ${job.trigger.schedule}`);
  return schedule;
}

function epsilonOf(job: Job): number | undefined {
  const period = job.epsilon === undefined ? undefined : parsePeriod(job.epsilon);
  return period === undefined ? undefined : meanMs(period);
}
