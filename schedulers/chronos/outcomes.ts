/** What follows from task states: counters, retries, children (spec chronos, 5.6, 5.7, 6, 7.1). */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { TaskState, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import type { HistoryBook } from './history.ts';
import type { Job } from './job.ts';
import type {
  ChronosEffect,
  JobNotice,
  JobRecord,
  PastRun,
  RunRecord,
  TaskRecord,
} from './records.ts';
import type { Starts } from './starts.ts';
import { type ChronosState, type JobEntry, parentsOf } from './state.ts';
import { parseTaskId } from './task-id.ts';

export interface OutcomeOptions {
  /** Between a failure and its retry. */
  readonly failureRetryMs: DurationMs;
  /** 0 never disables. */
  readonly disableAfterFailures: number;
}

/** Launches of one run that may be lost on their way before it counts as failed. */
const RELAUNCHES_MAX = 5;

/** Of a task's last message, as kept in the history. */
const MESSAGE_CHARS_MAX = 1_000;

const ALIVE: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_UNREACHABLE',
];

export class Outcomes {
  private readonly state: ChronosState;
  private readonly starts: Starts;
  private readonly history: HistoryBook;
  private readonly options: OutcomeOptions;

  constructor(state: ChronosState, starts: Starts, history: HistoryBook, options: OutcomeOptions) {
    this.state = state;
    this.starts = starts;
    this.history = history;
    this.options = options;
  }

  /** Ids that are not ours are left alone. */
  update(status: TaskStatus, now: Instant): readonly ChronosEffect[] {
    if (parseTaskId(status.task_id.value) === undefined) return [];
    if (ALIVE.includes(status.state)) return this.alive(status, now);
    const task = this.state.task(status.task_id.value);
    // Seen before, or a task of a job that is gone: nothing may be counted twice.
    return task === undefined ? [] : this.ended(task, status, now);
  }

  /** The master has removed the framework, and every task with it. */
  lostAll(now: Instant): readonly ChronosEffect[] {
    return [...this.state.allTasks()].flatMap((task) =>
      this.ended(task, { task_id: { value: task.taskId }, state: 'TASK_LOST' }, now),
    );
  }

  /** A success, real or marked by a client. */
  succeed(entry: JobEntry, now: Instant): readonly ChronosEffect[] {
    const job: Job = {
      ...entry.job,
      successCount: entry.job.successCount + 1,
      errorsSinceLastSuccess: 0,
      lastSuccess: new Date(now).toISOString(),
    };
    const effects = [...this.save(entry, job), ...this.startChildren(job.name, now)];
    if (entry.schedule?.repeat !== 0 || job.disabled) return effects;
    const disabled = this.save(entry, { ...job, disabled: true });
    return [...effects, ...disabled, notice(entry.job, { kind: 'exhausted' }, now)];
  }

  /** The job itself says how its run has ended; the task stays until the master says that it is gone. */
  reported(task: TaskRecord, statusCode: number, now: Instant): readonly ChronosEffect[] {
    const reported: TaskRecord = { ...task, isConfirmed: true, isReported: true };
    this.state.putTask(reported);
    const saved: ChronosEffect = { kind: 'save-task', task: reported };
    const entry = this.state.stored(task.run.key.jobName);
    if (entry === undefined) return [saved];
    const status: TaskStatus = {
      task_id: { value: task.taskId },
      state: statusCode === 0 ? 'TASK_FINISHED' : 'TASK_FAILED',
      message: `the job reported status code ${statusCode}`,
    };
    return [saved, ...this.count(entry, task, status, now)];
  }

  /** All counters into a child are zero again (section 6.2). */
  resetParentCounts(entry: JobEntry): readonly ChronosEffect[] {
    if (Object.keys(entry.parentCounts).length === 0) return [];
    return this.saveRecord({ ...recordOf(entry), parentCounts: {} });
  }

  private alive(status: TaskStatus, now: Instant): readonly ChronosEffect[] {
    const taskId = status.task_id.value;
    const known = this.state.task(taskId);
    const agentId = status.agent_id?.value ?? known?.agentId;
    const run = known?.run ?? adoptedRun(taskId);
    const entry = run === undefined ? undefined : this.state.stored(run.key.jobName);
    if (run === undefined || agentId === undefined) return [];
    if (entry === undefined) return [{ kind: 'kill', taskId, agentId }];
    if (known?.isKilling === true && status.state !== 'TASK_KILLING') {
      // The KILL was lost: what is killed must not come back.
      return [{ kind: 'kill', taskId, agentId }];
    }
    const isRunning = status.state === 'TASK_RUNNING';
    const startedAt = known?.startedAt ?? (isRunning ? now : undefined);
    if (known?.isConfirmed === true && known.startedAt === startedAt) return [];
    const task: TaskRecord = {
      taskId,
      agentId,
      run,
      launchedAt: known?.launchedAt ?? now,
      isConfirmed: true,
      startedAt,
      isKilling: known?.isKilling ?? false,
      isReported: known?.isReported ?? false,
    };
    this.state.putTask(task);
    return [
      { kind: 'save-task', task },
      ...this.resetParentCounts(entry),
      ...(task.isReported === true ? [] : this.history.started(task)),
    ];
  }

  private ended(task: TaskRecord, status: TaskStatus, now: Instant): readonly ChronosEffect[] {
    const name = task.run.key.jobName;
    this.state.deleteTask(task.taskId);
    const effects: ChronosEffect[] = [{ kind: 'forget-task', taskId: task.taskId }];
    const entry = this.state.stored(name);
    if (entry !== undefined) effects.push(...this.followUp(entry, task, status, now));
    return [...effects, ...this.starts.released(name, now)];
  }

  private followUp(
    entry: JobEntry,
    task: TaskRecord,
    status: TaskStatus,
    now: Instant,
  ): readonly ChronosEffect[] {
    if (task.isReported === true) return [];
    if (isLaunchLost(task, status)) return this.relaunch(task.run, now);
    return this.count(entry, task, status, now);
  }

  /** What one end of a run changes; never called twice for a task. */
  private count(
    entry: JobEntry,
    task: TaskRecord,
    status: TaskStatus,
    now: Instant,
  ): readonly ChronosEffect[] {
    const isSuccess = status.state === 'TASK_FINISHED';
    const noted = [
      ...this.history.ended(task, isSuccess, now),
      ...this.keep(entry, task, status, now),
    ];
    if (status.state === 'TASK_KILLED') return noted;
    if (!isSuccess) return [...noted, ...this.failed(entry, task, status, now)];
    const tookMs = now - task.run.key.due;
    return [
      ...noted,
      { kind: 'succeeded', name: entry.job.name, tookMs },
      ...this.succeed(entry, now),
    ];
  }

  /** The run goes into the history of all runs. */
  private keep(
    { job }: JobEntry,
    task: TaskRecord,
    status: TaskStatus,
    now: Instant,
  ): readonly ChronosEffect[] {
    const run: PastRun = {
      taskId: task.taskId,
      jobName: job.name,
      cause: task.run.cause,
      attempt: task.run.key.attempt,
      due: task.run.key.due,
      launchedAt: task.launchedAt,
      startedAt: task.startedAt,
      endedAt: now,
      state: status.state,
      message: (status.message ?? '').slice(0, MESSAGE_CHARS_MAX),
      agentId: task.agentId,
      executorId: job.executor === '' ? task.taskId : job.name,
    };
    const gone = this.state.past.add(run, now);
    return [
      { kind: 'save-past-run', run },
      ...gone.map((taskId) => ({ kind: 'forget-past-run', taskId }) as const),
    ];
  }

  private relaunch(run: RunRecord, now: Instant): readonly ChronosEffect[] {
    const due = this.state.newDue(run.key.jobName, now);
    const again: RunRecord = {
      ...run,
      key: { ...run.key, due },
      cause: 'relaunch',
      notBefore: now,
      relaunches: run.relaunches + 1,
    };
    this.state.putRetry(again);
    return [{ kind: 'save-run', run: again }];
  }

  private failed(
    entry: JobEntry,
    task: TaskRecord,
    status: TaskStatus,
    now: Instant,
  ): readonly ChronosEffect[] {
    const { job } = entry;
    const { attempt } = task.run.key;
    if (attempt < job.retries && mayRetry(job)) return this.retryLater(job, attempt + 1, now);
    const failures = job.errorsSinceLastSuccess + 1;
    const limit = this.options.disableAfterFailures;
    const isDisabling = limit > 0 && failures >= limit;
    const changed: Job = {
      ...job,
      errorCount: job.errorCount + 1,
      errorsSinceLastSuccess: failures,
      lastError: new Date(now).toISOString(),
      disabled: job.disabled || isDisabling,
    };
    const { taskId } = task;
    const text = status.message;
    const told: JobNotice = isDisabling
      ? { kind: 'disabled', failures, taskId, text }
      : { kind: 'failed', taskId, text };
    return [
      ...this.save(entry, changed),
      notice(job, told, now),
      { kind: 'failed', name: job.name },
      ...(job.softError ? this.startChildren(job.name, now) : []),
    ];
  }

  private retryLater(job: Job, attempt: number, now: Instant): readonly ChronosEffect[] {
    const due = now + this.options.failureRetryMs;
    const args = job.arguments.join(' ').replaceAll(';', '');
    const run: RunRecord = {
      key: { due, attempt, jobName: job.name, arguments: args },
      cause: 'retry',
      hasOwnArguments: false,
      notBefore: due,
      relaunches: 0,
    };
    this.state.putRetry(run);
    return [{ kind: 'save-run', run }];
  }

  /** Children that are ready now are queued; the others count the success (section 6.2). */
  private startChildren(parent: string, now: Instant): readonly ChronosEffect[] {
    return this.state.children(parent).flatMap((name) => {
      const child = this.state.job(name);
      if (child === undefined) return [];
      const counted = this.countSuccess(child, parent);
      if (!counted.isReady || child.job.disabled) return counted.effects;
      const due = this.state.newDue(name, now);
      const queued = this.starts.enqueue(child, { cause: 'dependency', due, attempt: 0 });
      return [...counted.effects, ...queued];
    });
  }

  private countSuccess(child: JobEntry, parent: string) {
    const parents = parentsOf(child.job);
    if (parents.length === 1) return { isReady: true, effects: [] };
    const count = (child.parentCounts[parent] ?? 0) + 1;
    const parentCounts = { ...child.parentCounts, [parent]: count };
    const least = Math.min(...parents.map((each) => parentCounts[each] ?? 0));
    const effects = this.saveRecord({ ...recordOf(child), parentCounts });
    return { isReady: count === least, effects };
  }

  private save(entry: JobEntry, job: Job): readonly ChronosEffect[] {
    const present = this.state.stored(entry.job.name) ?? entry;
    return this.saveRecord({ ...recordOf(present), job });
  }

  private saveRecord(record: JobRecord): readonly ChronosEffect[] {
    this.state.putJob(record);
    return [{ kind: 'save-job', record }];
  }
}

export function recordOf(entry: JobEntry): JobRecord {
  const { job, setAt, missed, parentCounts } = entry;
  return { job, setAt, missed, parentCounts };
}

/** A job that ran out of retries is not retried again before it has succeeded (section 7.1). */
function mayRetry(job: Job): boolean {
  return job.lastError === '' || (job.lastSuccess !== '' && job.lastSuccess >= job.lastError);
}

/**
 * Whether the task never reached an agent: no status of it was ever seen, and the master says that
 * the offer was void or that nobody knows the task. An agent keeps the updates of a task that did
 * start until they are acknowledged, so the master would know it.
 */
function isLaunchLost(task: TaskRecord, status: TaskStatus): boolean {
  if (task.isConfirmed || task.run.relaunches >= RELAUNCHES_MAX) return false;
  if (status.state !== 'TASK_LOST' && status.state !== 'TASK_DROPPED') return false;
  return status.reason === 'REASON_INVALID_OFFERS' || status.reason === 'REASON_RECONCILIATION';
}

/** A task of ours that was not in the records, for instance after they were lost. */
function adoptedRun(taskId: string): RunRecord | undefined {
  const key = parseTaskId(taskId);
  if (key === undefined) return undefined;
  return { key, cause: 'manual', hasOwnArguments: false, notBefore: key.due, relaunches: 0 };
}

function notice(job: Job, told: JobNotice, at: Instant): ChronosEffect {
  return { kind: 'notify', job, notice: told, at };
}
