/**
 * When runs become due: scheduled starts, retries, manual starts, children of finished jobs; and how
 * a launch moves the schedule (spec chronos, sections 3.4, 3.5, 5.1, 6.2).
 *
 * Two rules. Without `epsilon` (or with `--ignore_epsilon`) all missed starts become one immediate
 * run and every launch counts. With it each start happens at most once, at most epsilon late; older
 * starts, and those before the job was created, go into the ledger and do not count.
 */
import type { Instant } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { killTasks } from './kills.ts';
import {
  type ChronosEffect,
  type JobRecord,
  MISSED_MAX,
  type MissedStarts,
  type RunCause,
  type RunRecord,
} from './records.ts';
import {
  countDown,
  countUp,
  formatSchedule,
  hasPeriod,
  moveStart,
  type Schedule,
  skipTo,
  startAt,
} from './schedule.ts';
import type { ChronosState, JobEntry } from './state.ts';
import { formatTaskId } from './task-id.ts';

/** How long a lost launch waits when its job has another run in the queue. */
const RELAUNCH_PAUSE_MS = seconds(1);

export interface StartOptions {
  readonly ignoresEpsilon: boolean;
}

export interface StartRequest {
  readonly cause: RunCause;
  readonly due: Instant;
  readonly attempt: number;
  /** In place of the job's own. */
  readonly arguments?: string | undefined;
}

export class Starts {
  private readonly state: ChronosState;
  private readonly options: StartOptions;

  constructor(state: ChronosState, options: StartOptions) {
    this.state = state;
    this.options = options;
  }

  /** The next time at which `takeDue` may have something to do. */
  get wakeAt(): Instant | undefined {
    const times = [this.state.starts.nextAt, this.state.retryTimes.nextAt];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Queues everything that is due, in the order of its time. */
  takeDue(now: Instant): readonly ChronosEffect[] {
    const effects: ChronosEffect[] = [];
    const { starts, retryTimes } = this.state;
    // Stored runs first: a scheduled start of the same job is derived again after them.
    for (let id = retryTimes.popDue(now); id !== undefined; id = retryTimes.popDue(now)) {
      effects.push(...this.takeRetry(id, now));
    }
    for (let name = starts.popDue(now); name !== undefined; name = starts.popDue(now)) {
      effects.push(...this.consider(name, now));
    }
    return effects;
  }

  /** Looks at a job's schedule after anything about it has changed. */
  consider(name: string, now: Instant): readonly ChronosEffect[] {
    const effects = this.skipMissed(name, now);
    const entry = this.state.job(name);
    const schedule = entry?.schedule;
    if (entry === undefined || schedule === undefined) return effects;
    if (entry.job.disabled || schedule.repeat === 0) return effects;
    const at = startAt(schedule, now);
    if (at > now) {
      this.state.starts.push(name, at);
      return effects;
    }
    if (this.state.queue.has(name)) return effects;
    // A busy job is looked at again when its task ends.
    if (this.state.isBusy(entry.job)) {
      return [...effects, ...this.overlapping(entry, schedule, now)];
    }
    const due = this.state.newDue(name, now);
    return [...effects, ...this.enqueue(entry, { cause: 'schedule', due, attempt: 0 })];
  }

  /** Adds a run to the queue; a silent no-op when the job is queued already. */
  enqueue(entry: JobEntry, request: StartRequest): readonly ChronosEffect[] {
    const { job } = entry;
    if (this.state.queue.has(job.name)) return [];
    if (job.overlap === 'skip' && request.cause === 'dependency' && this.state.isBusy(job)) {
      return this.dropChild(entry, request.due);
    }
    const own = request.arguments;
    const run: RunRecord = {
      key: {
        due: request.due,
        attempt: request.attempt,
        jobName: job.name,
        arguments: (own ?? job.arguments.join(' ')).replaceAll(';', ''),
      },
      cause: request.cause,
      hasOwnArguments: own !== undefined,
      notBefore: request.due,
      relaunches: 0,
    };
    return this.place(entry, run);
  }

  /** A parent has succeeded while a task of a job is alive that skips then. */
  private dropChild(entry: JobEntry, at: Instant): readonly ChronosEffect[] {
    const { job, setAt, parentCounts } = this.state.stored(entry.job.name) ?? entry;
    const missed = { reason: 'overlap', from: at, to: at, count: 1, notedAt: at } as const;
    const record = { job, setAt, parentCounts, missed: withMissed(entry.missed, missed) };
    this.state.putJob(record);
    return [{ kind: 'save-job', record }];
  }

  /** Queues a run that exists; used for new ones, relaunches and after a restart. */
  place(entry: JobEntry, run: RunRecord): readonly ChronosEffect[] {
    const { job } = entry;
    const busy = this.state.isBusy(job);
    this.state.queue.add(run, busy ? 'aside' : job.highPriority ? 'high' : 'normal');
    const saves: ChronosEffect[] = run.cause === 'schedule' ? [] : [{ kind: 'save-run', run }];
    if (busy && job.overlap === 'replace' && run.cause !== 'retry') {
      return [...saves, ...killTasks(this.state, job.name)];
    }
    return busy ? saves : [...saves, { kind: 'want-offers', isNew: true }];
  }

  /** A task of the job has ended: a run that waited aside may be placed now. */
  released(name: string, now: Instant): readonly ChronosEffect[] {
    const entry = this.state.job(name);
    const run = this.state.queue.get(name);
    if (entry === undefined) return [];
    if (run === undefined) return this.consider(name, now);
    if (!this.state.queue.isAside(name) || this.state.isBusy(entry.job)) return [];
    this.state.queue.delete(name);
    return this.place(entry, run);
  }

  /** Moves the schedule because `run` is launched; `consider` the job afterwards. */
  launched(entry: JobEntry, run: RunRecord, now: Instant): readonly ChronosEffect[] {
    const schedule = entry.schedule;
    if (schedule === undefined || run.cause === 'relaunch') return [];
    const byEpsilon = this.usesEpsilon(entry, schedule);
    // Only scheduled starts use up the count where each start is accounted for.
    if (byEpsilon && run.cause !== 'schedule') return [];
    const moved = byEpsilon ? moveStart(schedule, 1, now) : skipTo(schedule, now + 1, now).schedule;
    return this.setSchedule(entry, countDown(moved), entry.missed);
  }

  /** Remembers which start a run is launched for, before the schedule moves on. */
  withStart(entry: JobEntry, run: RunRecord): RunRecord {
    const { schedule } = entry;
    if (run.cause !== 'schedule' || schedule?.start === undefined) return run;
    if (!this.usesEpsilon(entry, schedule)) return run;
    return { ...run, startAt: schedule.start.toMillis() };
  }

  /**
   * A launch was lost, and found out about too late to be repeated: its start is skipped like others
   * that could not happen, and does not use up the count. Undefined where the run may go on.
   */
  skipLostLaunch(
    entry: JobEntry,
    run: RunRecord,
    now: Instant,
  ): readonly ChronosEffect[] | undefined {
    const { startAt: at } = run;
    const { schedule, epsilonMs } = entry;
    if (run.cause !== 'relaunch' || at === undefined || epsilonMs === undefined) return undefined;
    if (schedule === undefined || at >= now - epsilonMs) return undefined;
    const reason = 'older-than-epsilon';
    const missed = withMissed(entry.missed, { reason, from: at, to: at, count: 1, notedAt: now });
    // A definition posted since then has a count of its own.
    return this.setSchedule(entry, entry.setAt > at ? schedule : countUp(schedule), missed);
  }

  /** Whether a queued scheduled start is still wanted, after missed ones were skipped. */
  isStillDue(name: string, now: Instant): boolean {
    const schedule = this.state.job(name)?.schedule;
    return schedule !== undefined && schedule.repeat !== 0 && startAt(schedule, now) <= now;
  }

  /** Moves the start past what will not happen any more and notes it in the ledger. */
  skipMissed(name: string, now: Instant): readonly ChronosEffect[] {
    const effects: ChronosEffect[] = [];
    const first = this.state.job(name);
    if (first === undefined || first.job.disabled) return effects;
    effects.push(...this.skipUntil(first, first.setAt, 'before-creation', now));
    const entry = this.state.job(name);
    if (entry?.epsilonMs !== undefined) {
      const limit = now - entry.epsilonMs;
      effects.push(...this.skipUntil(entry, limit, 'older-than-epsilon', now));
    }
    return effects;
  }

  private skipUntil(
    entry: JobEntry,
    limit: Instant,
    reason: MissedStarts['reason'],
    now: Instant,
  ): readonly ChronosEffect[] {
    const schedule = entry.schedule;
    if (schedule?.start === undefined || schedule.repeat === 0) return [];
    if (!this.usesEpsilon(entry, schedule)) return [];
    return this.skip(entry, schedule, limit, reason, now);
  }

  private skip(
    entry: JobEntry,
    schedule: Schedule,
    limit: Instant,
    reason: MissedStarts['reason'],
    now: Instant,
  ): readonly ChronosEffect[] {
    const skipped = skipTo(schedule, limit, now);
    const { count, last: to } = skipped;
    if (count === 0) return [];
    const from = startAt(schedule, now);
    const missed = withMissed(entry.missed, { reason, from, to, count, notedAt: now });
    return this.setSchedule(entry, skipped.schedule, missed);
  }

  /** A start is due while a task is alive; without a period there is no other start to go on with. */
  private overlapping(entry: JobEntry, schedule: Schedule, now: Instant): readonly ChronosEffect[] {
    const { job } = entry;
    if (!hasPeriod(schedule)) return [];
    if (job.overlap === 'replace') return killTasks(this.state, job.name);
    if (job.overlap !== 'skip') return [];
    const effects = this.skip(entry, schedule, now + 1, 'overlap', now);
    const moved = this.state.job(job.name)?.schedule;
    if (moved !== undefined) this.state.starts.push(job.name, startAt(moved, now));
    return effects;
  }

  private usesEpsilon(entry: JobEntry, schedule: Schedule): boolean {
    return !this.options.ignoresEpsilon && entry.epsilonMs !== undefined && hasPeriod(schedule);
  }

  private setSchedule(
    entry: JobEntry,
    schedule: Schedule,
    missed: readonly MissedStarts[],
  ): readonly ChronosEffect[] {
    const trigger = entry.job.trigger;
    if (trigger.kind !== 'schedule') return [];
    const { setAt, parentCounts } = entry;
    const text = formatSchedule(schedule);
    const cronAfter = schedule.cron === undefined ? {} : { cronAfter: startAt(schedule, 0) - 1 };
    const job = { ...entry.job, trigger: { ...trigger, schedule: text, ...cronAfter } };
    const record: JobRecord = { job, setAt, missed, parentCounts };
    this.state.putJob(record);
    return [{ kind: 'save-job', record }];
  }

  private takeRetry(id: string, now: Instant): readonly ChronosEffect[] {
    const run = this.state.retry(id);
    if (run === undefined) return [];
    if (run.notBefore > now) {
      this.state.retryTimes.push(id, run.notBefore);
      return [];
    }
    this.state.deleteRetry(id);
    const forget: ChronosEffect = { kind: 'forget-run', run };
    const name = run.key.jobName;
    const entry = this.state.job(name);
    if (entry === undefined) return [forget];
    if (!this.state.queue.has(name)) return this.place(entry, run);
    if (run.cause !== 'relaunch') return [forget];
    // A lost launch was promised already; it comes after the run that is queued now.
    this.state.putRetry({ ...run, notBefore: now + RELAUNCH_PAUSE_MS });
    return [];
  }
}

/** Neighbouring entries of one reason are merged. */
function withMissed(ledger: readonly MissedStarts[], next: MissedStarts): readonly MissedStarts[] {
  const last = ledger.at(-1);
  if (last !== undefined && last.reason === next.reason && last.to < next.from) {
    const merged = { ...next, from: last.from, count: last.count + next.count };
    return [...ledger.slice(0, -1), merged];
  }
  return [...ledger, next].slice(-MISSED_MAX);
}

/** The record under which a run is stored. */
export function runId(run: RunRecord): string {
  return formatTaskId(run.key);
}
