/**
 * Chronos decides here: jobs, their runs and what follows from task states. Synchronous and without
 * I/O; every method takes `now` and gives effects (see README.md).
 */
import { unreachable } from '../../core/base/assert.ts';
import type { Instant } from '../../core/base/clock.ts';
import { type DurationMs, minutes } from '../../core/base/duration.ts';
import type { Random } from '../../core/base/random.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { Offer, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import { Definitions } from './definitions.ts';
import { HistoryBook } from './history.ts';
import type { Job } from './job.ts';
import { killTasks } from './kills.ts';
import { Outcomes } from './outcomes.ts';
import { Placement } from './placement.ts';
import { markProgress } from './progress.ts';
import type {
  ChronosEffect,
  HistoryRecord,
  JobRecord,
  PastRun,
  Refusal,
  RunRecord,
  TaskRecord,
} from './records.ts';
import { doesNotExist } from './refusals.ts';
import { reportResult, type TaskResult } from './reported.ts';
import { Starts } from './starts.ts';
import { ChronosState } from './state.ts';

export interface ChronosMachineOptions {
  readonly failureRetryMs: DurationMs;
  readonly disableAfterFailures: number;
  readonly ignoresEpsilon: boolean;
  readonly jobHistoryLimit: number;
  /** Ended runs kept per job, and for how long. */
  readonly runHistoryLimit: number;
  readonly runHistoryAgeMs: DurationMs;
}

/** What happens to the framework. */
export type ChronosInput =
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'offers'; readonly offers: readonly Offer[] }
  | { readonly kind: 'update'; readonly status: TaskStatus }
  | { readonly kind: 'removed' }
  | { readonly kind: 'woke' };

/** What a client asks for. */
export type ChronosCommand =
  | { readonly kind: 'put-scheduled'; readonly job: Job }
  | { readonly kind: 'put-dependent'; readonly job: Job }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'start'; readonly name: string; readonly arguments: string | undefined }
  | { readonly kind: 'mark-success'; readonly name: string }
  | { readonly kind: 'kill-tasks'; readonly name: string }
  | { readonly kind: 'clear-queue' }
  | { readonly kind: 'report'; readonly taskId: string; readonly statusCode: number }
  | {
      readonly kind: 'progress';
      readonly name: string;
      readonly taskId: string;
      readonly count: number;
    };

export interface ChronosRecords {
  readonly jobs: Iterable<JobRecord>;
  readonly runs: Iterable<RunRecord>;
  readonly tasks: Iterable<TaskRecord>;
  readonly histories: Iterable<readonly [name: string, history: HistoryRecord]>;
  readonly pastRuns: readonly PastRun[];
}

const CLEARED_PAUSE_MS = minutes(1);

export type Answer = Result<readonly ChronosEffect[], Refusal>;

export class ChronosMachine {
  readonly state: ChronosState;
  private readonly starts: Starts;
  private readonly placement: Placement;
  private readonly history: HistoryBook;
  private readonly outcomes: Outcomes;
  private readonly definitions: Definitions;

  constructor(options: ChronosMachineOptions, random: Random) {
    this.state = new ChronosState({
      perJobMax: options.runHistoryLimit,
      ageMaxMs: options.runHistoryAgeMs,
    });
    this.starts = new Starts(this.state, options);
    this.placement = new Placement(this.state, this.starts);
    this.history = new HistoryBook(this.state, random, options.jobHistoryLimit);
    this.outcomes = new Outcomes(this.state, this.starts, this.history, options);
    this.definitions = new Definitions(this.state, this.starts);
  }

  /** When `woke` has something to do next. */
  get wakeAt(): Instant | undefined {
    return this.starts.wakeAt;
  }

  /** Takes up what an earlier process has stored; only for a new machine. */
  recover(records: ChronosRecords, now: Instant): readonly ChronosEffect[] {
    for (const record of records.jobs) this.state.putJob(record);
    for (const task of records.tasks) this.state.putTask(task);
    for (const [name, history] of records.histories) this.state.putHistory(name, history);
    const runs = [...records.runs].sort((a, b) => a.notBefore - b.notBefore);
    // All come back through the retry times: those that are due are queued at once.
    for (const run of runs) this.state.putRetry(run);
    for (const { job } of this.state.shownJobs()) this.state.starts.push(job.name, now);
    const gone = this.state.past.recover(records.pastRuns, now);
    return [...gone.map(forgetPastRun), ...this.starts.takeDue(now)];
  }

  handle(input: ChronosInput, now: Instant): readonly ChronosEffect[] {
    switch (input.kind) {
      case 'subscribed':
        return this.askForOffers();
      case 'offers':
        return this.thenDue(this.placement.place(input.offers, now), now);
      case 'update':
        return this.update(input.status, now);
      case 'removed':
        return this.thenDue(this.outcomes.lostAll(now), now);
      case 'woke':
        return this.starts.takeDue(now);
      default:
        return unreachable(input);
    }
  }

  command(command: ChronosCommand, now: Instant): Answer {
    switch (command.kind) {
      case 'put-scheduled':
        return this.definitions.putScheduled(command.job, now);
      case 'put-dependent':
        return this.definitions.putDependent(command.job, now);
      case 'delete':
        return this.definitions.delete(command.name, now);
      case 'start':
        return this.start(command.name, command.arguments, now);
      case 'mark-success':
        return this.markSuccess(command.name, now);
      case 'kill-tasks':
        return this.killTasks(command.name);
      case 'clear-queue':
        return this.clearQueue(now);
      case 'report':
        return this.report(command, now);
      case 'progress':
        return markProgress(this.state, this.history, command);
      default:
        return unreachable(command);
    }
  }

  private askForOffers(): readonly ChronosEffect[] {
    const hasWork = this.state.queue.readyCount > 0;
    return [hasWork ? { kind: 'want-offers', isNew: false } : { kind: 'unwant-offers' }];
  }

  /** Starts and relaunches that have become due by what has just happened. */
  private thenDue(effects: readonly ChronosEffect[], now: Instant): readonly ChronosEffect[] {
    return [...effects, ...this.starts.takeDue(now)];
  }

  private update(status: TaskStatus, now: Instant): readonly ChronosEffect[] {
    const followed = this.thenDue(this.outcomes.update(status, now), now);
    return [...followed, { kind: 'acknowledge', status }];
  }

  private start(name: string, given: string | undefined, now: Instant): Answer {
    const entry = this.state.job(name);
    if (entry === undefined) return err(doesNotExist('Job', name));
    const own = given === undefined || given.trim() === '' ? undefined : given;
    if (this.state.queue.has(name)) return ok([]);
    const due = this.state.newDue(name, now);
    return ok(this.starts.enqueue(entry, { cause: 'manual', due, attempt: 0, arguments: own }));
  }

  private markSuccess(name: string, now: Instant): Answer {
    const entry = this.state.job(name);
    if (entry === undefined) return err(doesNotExist('Job', name));
    const reset = this.outcomes.resetParentCounts(entry);
    const present = this.state.job(name) ?? entry;
    return ok([
      ...reset,
      { kind: 'succeeded', name, tookMs: undefined },
      ...this.outcomes.succeed(present, now),
    ]);
  }

  private killTasks(name: string): Answer {
    if (this.state.job(name) === undefined) return err(doesNotExist('JobSchedule', name));
    return ok(killTasks(this.state, name));
  }

  private report(result: TaskResult, now: Instant): Answer {
    const answer = reportResult(this.state, this.outcomes, result, now);
    return answer.ok ? ok(this.thenDue(answer.value, now)) : answer;
  }

  private clearQueue(now: Instant): Answer {
    const effects: ChronosEffect[] = [];
    for (const run of this.state.queue.all()) {
      this.state.queue.delete(run.key.jobName);
      if (run.cause !== 'schedule') effects.push({ kind: 'forget-run', run });
      // What is due stays due; the original looks again after a minute.
      else this.state.starts.push(run.key.jobName, now + CLEARED_PAUSE_MS);
    }
    return ok([...effects, { kind: 'unwant-offers' }]);
  }
}

function forgetPastRun(taskId: string): ChronosEffect {
  return { kind: 'forget-past-run', taskId };
}
