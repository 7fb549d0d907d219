/** Calls that only look (spec aurora-scheduler, section 2.5). */
import type {
  JobConfiguration,
  JobKey,
  JobStats,
  JobSummary,
  JobUpdateKey,
  JobUpdateQuery,
  Response,
  RoleSummary,
  ScheduledTask,
  TaskQuery,
} from '../thrift/types.ts';
import { BLANK, invalid, okay, refused } from './answers.ts';
import { checkJob, keyDescription } from './configuration-checks.ts';
import { nextRun } from './cron-runs.ts';
import { isValidKey, keyText } from './job-key.ts';
import type { PendingGroups } from './pending-groups.ts';
import { aggregate, QuotaUse } from './quota-use.ts';
import { groupByConfig } from './ranges.ts';
import { TERMINAL } from './schedule-status.ts';
import { idOf, isActive, matcher } from './task-table.ts';
import type { Turn } from './turn.ts';

export function tasksStatus(turn: Turn, query: TaskQuery = {}): Response {
  return okay({ scheduleStatusResult: { tasks: turn.state.tasks.query(query) } });
}

export function tasksWithoutConfigs(turn: Turn, query: TaskQuery = {}): Response {
  const tasks = turn.state.tasks.query(query).map(withoutExecutor);
  return okay({ scheduleStatusResult: { tasks } });
}

function withoutExecutor(task: ScheduledTask): ScheduledTask {
  const config = { ...task.assignedTask.task, executorConfig: undefined };
  return { ...task, assignedTask: { ...task.assignedTask, task: config } };
}

export function roleSummary(turn: Turn): Response {
  const roles = new Map<string, { jobs: number; cronJobs: number }>();
  const of = (job: string): { jobs: number; cronJobs: number } => {
    const role = job.slice(0, job.indexOf('/'));
    const known = roles.get(role) ?? { jobs: 0, cronJobs: 0 };
    roles.set(role, known);
    return known;
  };
  for (const job of turn.state.tasks.jobs()) of(job).jobs += 1;
  for (const job of turn.state.cronJobs.keys()) of(job).cronJobs += 1;
  const summaries = [...roles].map(
    ([role, { jobs, cronJobs }]): RoleSummary => ({
      role,
      jobCount: jobs,
      cronJobCount: cronJobs,
    }),
  );
  return okay({ roleSummaryResult: { summaries } });
}

export function jobSummary(turn: Turn, role: string | undefined): Response {
  const { tasks, cronJobs } = turn.state;
  const isAsked = (job: string): boolean =>
    role === undefined || role === '' || job.startsWith(`${role}/`);
  const jobs = [...new Set([...tasks.jobs(), ...cronJobs.keys()])].filter(isAsked);
  const summaries = jobs.flatMap((job): readonly JobSummary[] => {
    const all = tasks.ofJob(job);
    const cron = cronJobs.get(job);
    const configuration = cron ?? configurationOf(all, all.length);
    if (configuration === undefined) return [];
    const nextCronRunMs = cron === undefined ? undefined : nextRun(turn, job);
    return [{ job: configuration, stats: statsOf(all), nextCronRunMs }];
  });
  return okay({ jobSummaryResult: { summaries } });
}

/** Of the latest active task, else of the newest. */
function configurationOf(
  tasks: readonly ScheduledTask[],
  instanceCount: number,
): JobConfiguration | undefined {
  const active = tasks.filter(isActive);
  const newest = (active.length > 0 ? active : tasks).toSorted((a, b) => lastAt(b) - lastAt(a))[0];
  if (newest === undefined) return undefined;
  const { task } = newest.assignedTask;
  return {
    key: task.job,
    owner: task.owner,
    taskConfig: task,
    instanceCount,
    cronCollisionPolicy: 'KILL_EXISTING',
  };
}

function lastAt(task: ScheduledTask): number {
  return task.taskEvents.at(-1)?.timestamp ?? 0;
}

function statsOf(tasks: readonly ScheduledTask[]): JobStats {
  const stats = {
    activeTaskCount: 0,
    finishedTaskCount: 0,
    failedTaskCount: 0,
    pendingTaskCount: 0,
  };
  for (const { status } of tasks) {
    if (status === 'INIT' || status === 'PENDING' || status === 'THROTTLED') {
      stats.pendingTaskCount += 1;
    } else if (status === 'KILLED' || status === 'FINISHED') stats.finishedTaskCount += 1;
    else if (TERMINAL.has(status)) stats.failedTaskCount += 1;
    else stats.activeTaskCount += 1;
  }
  return stats;
}

export function getJobs(turn: Turn, role: string | undefined): Response {
  const { tasks, cronJobs } = turn.state;
  const isAsked = (job: string): boolean =>
    role === undefined || role === '' || job.startsWith(`${role}/`);
  const configs = [...tasks.jobs()]
    .filter((job) => isAsked(job) && !cronJobs.has(job))
    .flatMap((job) => {
      const active = tasks.activeOf(job);
      return active.length === 0 ? [] : (configurationOf(active, active.length) ?? []);
    });
  const crons = [...cronJobs].filter(([job]) => isAsked(job)).map(([, job]) => job);
  return okay({ getJobsResult: { configs: [...configs, ...crons] } });
}

export function configSummary(turn: Turn, key: JobKey | undefined): Response {
  if (!isValidKey(key)) return refused('ERROR', `Job key ${keyDescription(key)} is invalid.`);
  const instances = turn.state.tasks
    .activeOf(keyText(key))
    .map(({ assignedTask }) => [assignedTask.instanceId, assignedTask.task] as const);
  const groups = groupByConfig(turn.state, instances);
  return okay({ configSummaryResult: { summary: { key, groups } } });
}

export function pendingReason(turn: Turn, query: TaskQuery = {}, groups: PendingGroups): Response {
  const { slaveHosts = [], statuses = [] } = query;
  if (slaveHosts.length > 0) {
    return invalid(`SlaveHosts are not supported in ${queryDescription(query)}`);
  }
  if (statuses.length > 0) {
    return invalid(`Statuses is not supported in ${queryDescription(query)}`);
  }
  const matches = matcher(query);
  const reasons = turn.state.tasks
    .withStatus('PENDING')
    .filter(matches)
    .map((task) => {
      const group = groups.of(turn, task.assignedTask.task);
      const reasons = group === undefined ? [] : groups.fits.reasons(group.id, turn.now);
      return { taskId: idOf(task), reason: reasons.join(',') };
    });
  return okay({ getPendingReasonResult: { reasons } });
}

function queryDescription(query: TaskQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const fields = given.map(([name, value]) => `${name}:${JSON.stringify(value)}`);
  return `TaskQuery(${fields.join(', ')})`;
}

export function getQuota(turn: Turn, role = ''): Response {
  if (role.trim() === '') return BLANK;
  const quota = new QuotaUse(turn.state, turn.settings.tiers);
  const use = quota.consumption(role);
  return okay({
    getQuotaResult: {
      quota: aggregate(quota.quotaOf(role)),
      prodSharedConsumption: aggregate(use.prodShared),
      nonProdSharedConsumption: aggregate(use.nonProdShared),
      prodDedicatedConsumption: aggregate(use.prodDedicated),
      nonProdDedicatedConsumption: aggregate(use.nonProdDedicated),
    },
  });
}

export function populateJobConfig(turn: Turn, job: JobConfiguration | undefined): Response {
  const { configuration: rules, tiers } = turn.settings;
  const checked = checkJob(job, { rules, tiers });
  if (!checked.ok) return invalid(`Invalid configuration: ${checked.error}`);
  return okay({ populateJobResult: { taskConfig: checked.value.taskConfig } });
}

export function updateSummaries(turn: Turn, query: JobUpdateQuery = {}): Response {
  const updateSummaries = turn.state.updates.query(query).map(({ summary }) => summary);
  return okay({ getJobUpdateSummariesResult: { updateSummaries } });
}

export function updateDetails(
  turn: Turn,
  key: JobUpdateKey | undefined,
  query: JobUpdateQuery | undefined,
): Response {
  const { updates } = turn.state;
  if (query !== undefined) {
    const detailsList = updates.query(query).map(({ details }) => details);
    return okay({ getJobUpdateDetailsResult: { detailsList } });
  }
  if (key === undefined) return refused('ERROR', 'Either key or query must be set.');
  const update = updates.get(key.id, key.job);
  if (update === undefined) return invalid(`Invalid update: ${updateKeyDescription(key)}`);
  const { details } = update;
  return okay(
    { getJobUpdateDetailsResult: { details, detailsList: [] } },
    'The key argument is deprecated, use the query argument instead',
  );
}

export function updateKeyDescription({ job, id }: JobUpdateKey): string {
  return `JobUpdateKey(job:${keyDescription(job)}, id:${id ?? 'null'})`;
}

export function tierConfigs(turn: Turn): Response {
  const { tiers } = turn.settings;
  return okay({
    getTierConfigResult: {
      defaultTierName: tiers.defaultName,
      tiers: [...tiers.byName].map(([name, { isPreemptible, isRevocable }]) => ({
        name,
        settings: new Map([
          ['preemptible', String(isPreemptible)],
          ['revocable', String(isRevocable)],
        ]),
      })),
    },
  });
}
