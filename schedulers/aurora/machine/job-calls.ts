/** Calls that change jobs (spec aurora-scheduler, section 2.4). */
import type { MethodArgs, Response } from '../thrift/types.ts';
import {
  auditRefusal,
  BLANK,
  type Caller,
  invalid,
  JOB_UPDATING,
  NO_CRON,
  okay,
  refused,
} from './answers.ts';
import { checkJob, keyDescription } from './configuration-checks.ts';
import { isValidKey, keyText } from './job-key.ts';
import { QuotaUse } from './quota-use.ts';
import { changeTask, insertTasks } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { Turn } from './turn.ts';

export function createJob(turn: Turn, args: MethodArgs['createJob']): Response {
  const { state, settings } = turn;
  const checked = checkJob(args.description, {
    rules: settings.configuration,
    tiers: settings.tiers,
  });
  if (!checked.ok) return invalid(checked.error);
  const { key, taskConfig, instanceCount, cronSchedule } = checked.value;
  const job = keyText(key);
  if (cronSchedule !== undefined) return invalid(NO_CRON);
  if (state.updates.activeOf(job) !== undefined) return JOB_UPDATING;
  if (state.tasks.activeOf(job).length > 0 || state.cronJobs.has(job)) {
    return invalid(`Job ${job} already exists`);
  }
  const quota = new QuotaUse(state, settings.tiers);
  const refusal =
    countRefusal(turn, instanceCount) ?? quota.refusedInstances(taskConfig, instanceCount);
  if (refusal !== undefined) return invalid(refusal);
  insertTasks(turn, taskConfig, upTo(0, instanceCount));
  turn.count('thrift_workload_createJob', instanceCount);
  return okay();
}

export function countRefusal(turn: Turn, instanceCount: number): string | undefined {
  const most = turn.settings.tasksPerJobMax;
  if (instanceCount >= 1 && instanceCount <= most) return undefined;
  return `Instance count must be between 1 and ${most} inclusive.`;
}

export function killTasks(turn: Turn, args: MethodArgs['killTasks'], caller: Caller): Response {
  const { job: key, instances = [], message } = args;
  if (!isValidKey(key)) return refused('ERROR', `Job key ${keyDescription(key)} is invalid.`);
  const audit = auditRefusal(message);
  if (audit !== undefined) return audit;
  const { tasks, updates } = turn.state;
  const job = keyText(key);
  if (updates.activeOf(job) !== undefined) return JOB_UPDATING;
  const wanted = new Set(instances);
  const found = tasks
    .activeOf(job)
    .filter(({ assignedTask }) => wanted.size === 0 || wanted.has(assignedTask.instanceId));
  const by = `Killed by ${caller.user}`;
  const text = message === undefined ? by : `${by}.\n${message}`;
  let killedCount = 0;
  for (const task of found) {
    if (changeTask(turn, idOf(task), 'KILLING', { message: text }) === 'done') killedCount += 1;
  }
  turn.count('thrift_workload_killTasks', killedCount);
  return killedCount === 0 ? okay(undefined, 'No tasks to kill.') : okay();
}

export function restartShards(
  turn: Turn,
  args: MethodArgs['restartShards'],
  caller: Caller,
): Response {
  const { job: key, shardIds } = args;
  if (!isValidKey(key)) return refused('ERROR', `Job key ${keyDescription(key)} is invalid.`);
  const wanted = new Set(shardIds);
  if (wanted.size === 0) return BLANK;
  const job = keyText(key);
  if (turn.state.updates.activeOf(job) !== undefined) return JOB_UPDATING;
  const found = turn.state.tasks
    .activeOf(job)
    .filter(({ assignedTask }) => wanted.has(assignedTask.instanceId));
  if (found.length !== wanted.size) {
    return invalid('Not all requested shards are active.');
  }
  const message = `Restarted by ${caller.user}`;
  for (const task of found) changeTask(turn, idOf(task), 'RESTARTING', { message });
  turn.count('thrift_workload_restartShards', wanted.size);
  return okay();
}

export function addInstances(turn: Turn, args: MethodArgs['addInstances']): Response {
  const { key, count } = args;
  const jobKey = key?.jobKey;
  if (key === undefined || !isValidKey(jobKey)) {
    return refused('ERROR', `Job key ${keyDescription(jobKey)} is invalid.`);
  }
  const { state, settings } = turn;
  const job = keyText(jobKey);
  if (count <= 0) return invalid('Instance count must be positive.');
  if (state.cronJobs.has(job)) return invalid('Instances may not be added to cron jobs.');
  if (state.updates.activeOf(job) !== undefined) return JOB_UPDATING;
  const active = state.tasks.activeOf(job);
  const template = active.find(({ assignedTask }) => assignedTask.instanceId === key.instanceId);
  if (template === undefined) return invalid('No active task found for a given instance ID.');
  const config = template.assignedTask.task;
  const quota = new QuotaUse(state, settings.tiers);
  const refusal =
    countRefusal(turn, active.length + count) ?? quota.refusedInstances(config, count);
  if (refusal !== undefined) return invalid(refusal);
  const first = 1 + Math.max(...active.map(({ assignedTask }) => assignedTask.instanceId));
  insertTasks(turn, config, upTo(first, count));
  turn.count('thrift_workload_addInstances', count);
  return okay();
}

/** `count` numbers from `first` on. */
export function upTo(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
