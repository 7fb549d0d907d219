/** Finding the job that a request names. */
import { ok, type Result } from '../../../../core/base/result.ts';
import { keyText } from '../../machine/job-key.ts';
import { ACTIVE } from '../../machine/schedule-status.ts';
import type { JobKey, JobSummary, ScheduledTask } from '../../thrift/types.ts';
import { asked, keyOf, problem, type RestAnswer, type RestRequest, resultOf } from './route.ts';

export const ACCEPTED = { status: 202 } as const;

export async function done(
  request: RestRequest,
  call: Parameters<typeof asked>[1],
): Promise<RestAnswer> {
  const answer = await asked(request, call);
  return answer.ok ? ACCEPTED : answer.error;
}

export async function summaries(
  request: RestRequest,
  role: string | undefined,
): Promise<Result<readonly JobSummary[], RestAnswer>> {
  const call = { method: 'getJobSummary', args: { role } } as const;
  const found = await resultOf(request, call, 'jobSummaryResult');
  return found.ok ? ok(found.value.summaries) : found;
}

export type TasksOfJob = (isActive?: boolean) => Promise<readonly ScheduledTask[]>;

/** 404 for a job that is not there. */
export async function withJob(
  request: RestRequest,
  act: (summary: JobSummary, tasks: TasksOfJob) => Promise<RestAnswer>,
): Promise<RestAnswer> {
  const key = keyOf(request);
  const all = await summaries(request, key.role);
  if (!all.ok) return all.error;
  const summary = all.value.find(
    ({ job }) => job.key !== undefined && keyText(job.key) === keyText(key),
  );
  if (summary === undefined) return problem(404, `There is no job ${keyText(key)}`);
  return await act(summary, (isActive = false) => tasksOf(request, key, isActive));
}

async function tasksOf(
  request: RestRequest,
  key: JobKey,
  isActive: boolean,
): Promise<readonly ScheduledTask[]> {
  const query = { jobKeys: [key], ...(isActive ? { statuses: [...ACTIVE] } : {}) };
  const call = { method: 'getTasksWithoutConfigs', args: { query } } as const;
  const found = await resultOf(request, call, 'scheduleStatusResult');
  return found.ok ? found.value.tasks : [];
}

export function withCron(
  request: RestRequest,
  act: (schedule: string) => Promise<RestAnswer>,
): Promise<RestAnswer> {
  return withJob(request, ({ job }) => {
    const { cronSchedule } = job;
    if (cronSchedule === undefined) {
      const text = `Job ${keyText(keyOf(request))} is no cron job`;
      return Promise.resolve(problem(409, text));
    }
    return act(cronSchedule);
  });
}
