/**
 * Starts the runs of cron jobs when their time has come (spec aurora-scheduler, section 7). A time that passed
 * while nobody led is not made up for.
 */
import type { DurationMs } from '../../../core/base/duration.ts';
import type { JobConfiguration } from '../thrift/types.ts';
import { checkJob } from './configuration-checks.ts';
import { CronSchedule } from './cron-schedule.ts';
import { upTo } from './job-calls.ts';
import { changeTask, insertTasks } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { Turn } from './turn.ts';

/** A run that waits until the tasks of the one before are gone. */
interface WaitingRun {
  readonly job: JobConfiguration;
  readonly delayMs: DurationMs;
}

export class CronRuns {
  private readonly waiting = new Map<string, WaitingRun>();

  /** Sets the time of the next run; with every change of the job, after every run, and after a start. */
  plan(turn: Turn, key: string): void {
    const at = nextRun(turn, key);
    if (at === undefined) turn.timetable.clear('cron', key);
    else turn.timetable.set('cron', key, at);
  }

  forget(turn: Turn, key: string): void {
    turn.timetable.clear('cron', key);
  }

  /** The time has come. */
  due(turn: Turn, key: string): void {
    this.trigger(turn, key);
    this.plan(turn, key);
  }

  /** Now, as its collision policy allows. */
  trigger(turn: Turn, key: string): void {
    const stored = turn.state.cronJobs.get(key);
    if (stored === undefined) return;
    if (this.waiting.has(key)) {
      turn.count('cron_job_concurrent_runs');
      return;
    }
    turn.count('cron_job_triggers');
    // What is allowed may have changed since it was stored.
    const { configuration: rules, tiers } = turn.settings;
    const checked = checkJob(stored, { rules, tiers });
    if (!checked.ok) {
      turn.count('cron_job_parse_failures');
      return;
    }
    const job = checked.value;
    const active = turn.state.tasks.activeOf(key);
    if (active.length === 0) {
      start(turn, job);
      return;
    }
    turn.count('cron_job_collisions');
    if (job.cronCollisionPolicy !== 'KILL_EXISTING') return;
    const message = 'Killed by cronScheduler';
    for (const task of active) changeTask(turn, idOf(task), 'KILLING', { message });
    const delayMs = turn.settings.cron.startBackoffMs;
    this.waiting.set(key, { job, delayMs });
    turn.timetable.set('cron-start', key, turn.now);
  }

  /** Looks whether the tasks of the run before are gone. */
  tryStart(turn: Turn, key: string): void {
    const waiting = this.waiting.get(key);
    if (waiting === undefined) return;
    if (turn.state.tasks.activeOf(key).length === 0) {
      this.waiting.delete(key);
      start(turn, waiting.job);
      return;
    }
    const { delayMs } = waiting;
    turn.timetable.set('cron-start', key, turn.now + delayMs);
    const next = Math.min(turn.settings.cron.startBackoffMaxMs, delayMs * 2);
    this.waiting.set(key, { job: waiting.job, delayMs: next });
  }
}

export function nextRun(turn: Turn, key: string): number | undefined {
  const text = turn.state.cronJobs.get(key)?.cronSchedule ?? '';
  return CronSchedule.parse(text)?.nextAfter(turn.now, turn.settings.cron.zone);
}

function start(turn: Turn, { taskConfig, instanceCount }: JobConfiguration): void {
  if (taskConfig !== undefined) insertTasks(turn, taskConfig, upTo(0, instanceCount));
}
