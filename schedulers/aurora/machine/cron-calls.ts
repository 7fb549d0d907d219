/** Calls about cron jobs (spec aurora-scheduler, section 2.4). */
import type { JobConfiguration, JobKey, Response } from '../thrift/types.ts';
import { invalid, JOB_UPDATING, okay, refused } from './answers.ts';
import { checkJob, keyDescription } from './configuration-checks.ts';
import type { CronRuns } from './cron-runs.ts';
import { CronSchedule } from './cron-schedule.ts';
import { countRefusal } from './job-calls.ts';
import { isValidKey, keyText } from './job-key.ts';
import { QuotaUse } from './quota-use.ts';
import type { Turn } from './turn.ts';

export interface CronCallOptions {
  /** Only a job that is there already may be changed. */
  readonly replacesOnly: boolean;
}

export function putCronJob(
  turn: Turn,
  description: JobConfiguration | undefined,
  runs: CronRuns,
  options: CronCallOptions,
): Response {
  const { state, settings } = turn;
  if (description !== undefined && !isValidKey(description.key)) {
    return refused('ERROR', `Job key ${keyDescription(description.key)} is invalid.`);
  }
  const checked = checkJob(description, { rules: settings.configuration, tiers: settings.tiers });
  if (!checked.ok) return invalid(checked.error);
  const { key, taskConfig, instanceCount, cronSchedule, cronCollisionPolicy } = checked.value;
  const job = keyText(key);
  if (cronSchedule === undefined) return invalid(`Job ${job} has no cron schedule`);
  if (state.updates.activeOf(job) !== undefined) return JOB_UPDATING;
  const quota = new QuotaUse(state, settings.tiers);
  const limit =
    countRefusal(turn, instanceCount) ??
    quota.refusedPlan(key.role, taskConfig, { cronJob: checked.value });
  if (limit !== undefined) return invalid(limit);
  const isKnown = state.cronJobs.has(job);
  if (options.replacesOnly && !isKnown) return invalid(`No cron job found for ${job}.`);
  if (!isKnown && state.tasks.activeOf(job).length > 0) {
    return invalid(`Job ${job} already exists`);
  }
  if (cronSchedule === '') return invalid('Job has an empty cron schedule.');
  if (cronCollisionPolicy === 'RUN_OVERLAP') {
    return invalid('The RUN_OVERLAP collision policy has been removed (AURORA-38).');
  }
  if (CronSchedule.parse(cronSchedule) === undefined) {
    return invalid(`Invalid cron schedule: ${cronSchedule}`);
  }
  turn.persist(state.putCronJob(job, checked.value));
  runs.plan(turn, job);
  turn.count('thrift_workload_createOrUpdateCronTemplate', instanceCount);
  return okay();
}

export function descheduleCronJob(turn: Turn, key: JobKey | undefined, runs: CronRuns): Response {
  if (!isValidKey(key)) return refused('ERROR', `Job key ${keyDescription(key)} is invalid.`);
  const job = keyText(key);
  if (turn.state.updates.activeOf(job) !== undefined) return JOB_UPDATING;
  if (!turn.state.cronJobs.has(job)) {
    return okay(undefined, `Job ${job} is not scheduled with cron`);
  }
  turn.persist(turn.state.removeCronJob(job));
  runs.forget(turn, job);
  return okay();
}

export function startCronJob(turn: Turn, key: JobKey | undefined, runs: CronRuns): Response {
  if (!isValidKey(key)) return refused('ERROR', `Job key ${keyDescription(key)} is invalid.`);
  const job = keyText(key);
  if (!turn.state.cronJobs.has(job)) {
    return invalid(`Failed to start cron job - No cron job found for ${job}.`);
  }
  runs.trigger(turn, job);
  return okay();
}
