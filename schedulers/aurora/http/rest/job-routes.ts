/** Jobs, their tasks and instances, and what can be done with them. */
import type { Result } from '../../../../core/base/result.ts';
import type { ConvertedJob } from '../../config/job-configuration.ts';
import { CronSchedule } from '../../machine/cron-schedule.ts';
import { keyText } from '../../machine/job-key.ts';
import type { JobKey } from '../../thrift/types.ts';
import { readJobBody } from './job-body.ts';
import { ACCEPTED, done, summaries, withCron, withJob } from './job-lookup.ts';
import {
  asked,
  inQuery,
  keyOf,
  messageOf,
  PAGED,
  page,
  pathOf,
  problem,
  type RestAnswer,
  type RestRequest,
  type RestRoute,
  showing,
} from './route.ts';
import { COUNT, INTEGER, listOf, POSITIVE, record, struct, TEXT } from './schemas.ts';
import { SLA_SCHEMA, slaOf } from './sla.ts';

const JOB = '/v1/jobs/{role}/{environment}/{name}';
const JOB_BODY = {
  schema: {
    type: 'object',
    description:
      'The attributes of Job in .aurora files; the key in the path and the cluster may be left out.',
  },
};
const NEXT_RUNS_MAX = 100;
const MESSAGE = record({ message: TEXT }, ['message']);

export const JOB_ROUTES: readonly RestRoute[] = [
  {
    id: 'listJobs',
    method: 'GET',
    path: '/v1/jobs',
    summary: 'All jobs, services, ad-hoc and cron ones, with counts of their tasks.',
    query: {
      role: inQuery('Only jobs of this role.', TEXT),
      environment: inQuery('Only jobs of this environment.', TEXT),
      ...PAGED,
    },
    answer: { status: 200, schema: record({ total: COUNT, jobs: listOf(struct('JobSummary')) }) },
    run: async (request) => {
      const jobs = await summaries(request, request.query('role'));
      if (!jobs.ok) return jobs.error;
      const environment = request.query('environment');
      const wanted = jobs.value.filter(
        ({ job }) => environment === undefined || job.key?.environment === environment,
      );
      return { status: 200, body: { total: wanted.length, jobs: page(request, wanted) } };
    },
  },
  {
    id: 'createJob',
    method: 'POST',
    path: '/v1/jobs',
    summary:
      'Creates a job; one with cron_schedule becomes a cron job, or replaces the one there is.',
    body: JOB_BODY,
    answer: { status: 201, schema: record({ key: struct('JobKey') }) },
    run: async (request) => {
      const job = readJob(request, {});
      if (!job.ok) return job.error;
      const { configuration } = job.value;
      const { key } = configuration;
      const args = { description: configuration };
      const made = await asked(
        request,
        configuration.cronSchedule === undefined
          ? { method: 'createJob', args }
          : { method: 'scheduleCronJob', args },
      );
      if (!made.ok) return made.error;
      if (key === undefined) return problem(422, 'The job has no key');
      return { status: 201, body: { key }, location: pathOf(key) };
    },
  },
  {
    id: 'getJob',
    method: 'GET',
    path: JOB,
    summary: 'A job and the configurations of its active instances.',
    answer: {
      status: 200,
      schema: record({ summary: struct('JobSummary'), groups: listOf(struct('ConfigGroup')) }),
    },
    run: (request) =>
      withJob(request, async (summary) => {
        const call = { method: 'getConfigSummary', args: { job: keyOf(request) } } as const;
        return await showing(request, call, 'configSummaryResult', ({ summary: { groups } }) => ({
          ...{ summary, groups },
        }));
      }),
  },
  {
    id: 'killJob',
    method: 'DELETE',
    path: JOB,
    summary: 'Kills the instances of a job, and takes a cron job from the schedule.',
    query: { message: inQuery('Kept with the events of the tasks.', TEXT) },
    answer: ACCEPTED,
    run: (request) =>
      withJob(request, async ({ job }, tasks) => {
        const key = keyOf(request);
        if (job.cronSchedule !== undefined) {
          const gone = await asked(request, { method: 'descheduleCronJob', args: { job: key } });
          if (!gone.ok) return gone.error;
          if ((await tasks()).length === 0) return ACCEPTED;
        }
        const message = request.query('message');
        return await done(request, { method: 'killTasks', args: { job: key, message } });
      }),
  },
  {
    id: 'listTasks',
    method: 'GET',
    path: `${JOB}/tasks`,
    summary: 'Tasks of a job with their events, ended ones too.',
    query: {
      instance: inQuery('Only of this instance.', { type: 'integer', minimum: 0 }),
      active: inQuery('Only tasks that have not ended.', { type: 'boolean' }),
      ...PAGED,
    },
    answer: {
      status: 200,
      schema: record({ total: COUNT, tasks: listOf(struct('ScheduledTask')) }),
    },
    run: (request) =>
      withJob(request, async (_summary, tasks) => {
        const instance = request.query('instance');
        const all = await tasks(request.query('active') === 'true');
        const wanted = all.filter(
          ({ assignedTask }) =>
            instance === undefined || assignedTask.instanceId === Number(instance),
        );
        return { status: 200, body: { total: wanted.length, tasks: page(request, wanted) } };
      }),
  },
  {
    id: 'addInstances',
    method: 'POST',
    path: `${JOB}/instances`,
    summary: 'Adds instances that are configured like an active one.',
    body: { schema: record({ count: POSITIVE, like: COUNT }, ['like']) },
    answer: ACCEPTED,
    run: (request) =>
      withJob(request, () => {
        const { count, like: instanceId = 0 } = numbers(request.body);
        const key = { jobKey: keyOf(request), instanceId };
        return done(request, { method: 'addInstances', args: { key, count: count ?? 0 } });
      }),
  },
  {
    id: 'killInstances',
    method: 'POST',
    path: `${JOB}/kill`,
    summary: 'Kills some instances, for good.',
    body: { schema: record({ instances: listOf(COUNT), message: TEXT }, ['message']) },
    answer: ACCEPTED,
    run: (request) =>
      withJob(request, () => {
        const args = { job: keyOf(request), instances: instancesOf(request.body) };
        return done(request, { method: 'killTasks', args: { ...args, ...messageOf(request) } });
      }),
  },
  {
    id: 'restartInstances',
    method: 'POST',
    path: `${JOB}/restart`,
    summary: 'Restarts instances, all at once; without a list, every active one.',
    body: { schema: record({ instances: listOf(COUNT) }, ['instances']), isOptional: true },
    answer: ACCEPTED,
    run: (request) =>
      withJob(request, async (_summary, tasks) => {
        const wanted = instancesOf(request.body);
        const active = await tasks(true);
        const shardIds =
          wanted.length > 0 ? wanted : active.map(({ assignedTask }) => assignedTask.instanceId);
        const args = { job: keyOf(request), shardIds };
        return await done(request, { method: 'restartShards', args });
      }),
  },
  {
    id: 'startUpdate',
    method: 'POST',
    path: `${JOB}/updates`,
    summary: 'Brings the instances to this configuration, as update_config says.',
    body: JOB_BODY,
    query: { message: inQuery('Kept with the events of the update.', TEXT) },
    answer: { status: 201, schema: record({ update: struct('JobUpdateSummary') }) },
    run: startUpdate,
  },
  {
    id: 'diffJob',
    method: 'POST',
    path: `${JOB}/diff`,
    summary: 'What an update to this configuration would do to which instances.',
    body: JOB_BODY,
    answer: { status: 200, schema: struct('GetJobUpdateDiffResult') },
    run: async (request) => {
      const job = readJob(request, keyOf(request));
      if (!job.ok) return job.error;
      const args = { request: updateRequest(job.value) };
      return await showing(request, { method: 'getJobUpdateDiff', args }, 'getJobUpdateDiffResult');
    },
  },
  {
    id: 'listPendingReasons',
    method: 'GET',
    path: `${JOB}/pending`,
    summary: 'Why the pending tasks of a job are not placed.',
    answer: { status: 200, schema: record({ reasons: listOf(struct('PendingReason')) }) },
    run: (request) =>
      withJob(request, async () => {
        const { role, environment, name: jobName } = keyOf(request);
        const query = { role, environment, jobName };
        const call = { method: 'getPendingReason', args: { query } } as const;
        return await showing(request, call, 'getPendingReasonResult');
      }),
  },
  {
    id: 'getSla',
    method: 'GET',
    path: `${JOB}/sla`,
    summary: 'How well the job was served within a time.',
    query: {
      seconds: inQuery('Length of the time, up to now; an hour without it.', POSITIVE),
    },
    answer: { status: 200, schema: SLA_SCHEMA },
    run: (request) =>
      withJob(request, async (_summary, tasks) => {
        const seconds = Number(request.query('seconds') ?? 3_600);
        const now = request.ports.now();
        return {
          status: 200,
          body: slaOf(await tasks(), { from: now - seconds * 1_000, to: now }),
        };
      }),
  },
  {
    id: 'getCronRuns',
    method: 'GET',
    path: `${JOB}/cron`,
    summary: 'The schedule of a cron job, and its next runs.',
    query: {
      count: inQuery('How many runs; 10 without it.', {
        type: 'integer',
        minimum: 1,
        maximum: NEXT_RUNS_MAX,
      }),
    },
    answer: {
      status: 200,
      schema: record({ schedule: TEXT, timeZone: TEXT, nextRunsMs: listOf(INTEGER) }),
    },
    run: (request) =>
      withCron(request, (schedule) => {
        const zone = request.ports.cronZone;
        const nextRunsMs = nextRuns(schedule, request, zone);
        return Promise.resolve({ status: 200, body: { schedule, timeZone: zone, nextRunsMs } });
      }),
  },
  {
    id: 'startCronRun',
    method: 'POST',
    path: `${JOB}/cron/start`,
    summary: 'Runs a cron job now, as its collision policy allows.',
    body: { schema: MESSAGE, isOptional: true },
    answer: ACCEPTED,
    run: (request) =>
      withCron(request, () =>
        done(request, { method: 'startCronJob', args: { job: keyOf(request) } }),
      ),
  },
];

async function startUpdate(request: RestRequest): Promise<RestAnswer> {
  const key = keyOf(request);
  const job = readJob(request, key);
  if (!job.ok) return job.error;
  const message = request.query('message');
  const started = await asked(request, {
    method: 'startJobUpdate',
    args: { request: updateRequest(job.value), message },
  });
  if (!started.ok) return started.error;
  const update =
    started.value !== undefined && 'startJobUpdateResult' in started.value
      ? started.value.startJobUpdateResult.updateSummary
      : undefined;
  const id = update?.key.id;
  // All instances are as they should be already.
  if (update === undefined || id === undefined) {
    return problem(409, 'The update would change nothing');
  }
  const location = pathOf(key).replace('/jobs/', '/updates/');
  return { status: 201, body: { update }, location: `${location}/${id}` };
}

function updateRequest({ configuration, updateSettings }: ConvertedJob) {
  const { taskConfig, instanceCount } = configuration;
  return { taskConfig, instanceCount, settings: updateSettings, metadata: [] };
}

/** The job of the body; one that names another key than the path is refused. */
function readJob(request: RestRequest, key: Partial<JobKey>): Result<ConvertedJob, RestAnswer> {
  const { clusterName } = request.ports;
  const defaults = { cluster: clusterName, ...key };
  const read = readJobBody(request.body, { user: request.user, defaults });
  if (!read.ok) return { ok: false, error: problem(422, read.error) };
  const { cluster, configuration } = read.value;
  if (cluster !== clusterName) {
    const error = problem(422, `This scheduler has cluster '${clusterName}', not '${cluster}'`);
    return { ok: false, error };
  }
  const named = configuration.key;
  const isOther =
    key.name !== undefined &&
    named !== undefined &&
    keyText(named) !== keyText({ ...named, ...key });
  return isOther
    ? { ok: false, error: problem(422, `The body is job ${keyText(named)}, another than the path`) }
    : read;
}

function nextRuns(schedule: string, request: RestRequest, zone: string): readonly number[] {
  const parsed = CronSchedule.parse(schedule);
  const runs: number[] = [];
  let last: number | undefined = request.ports.now();
  for (let left = Number(request.query('count') ?? 10); left > 0; left -= 1) {
    last = parsed?.nextAfter(last, zone);
    if (last === undefined) break;
    runs.push(last);
  }
  return runs;
}

function numbers(body: unknown): Readonly<Record<string, number | undefined>> {
  const found = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  return Object.fromEntries(found.filter(([, value]) => typeof value === 'number'));
}

function instancesOf(body: unknown): readonly number[] {
  if (typeof body !== 'object' || body === null || !('instances' in body)) return [];
  const { instances } = body;
  return Array.isArray(instances) ? instances.filter((each) => typeof each === 'number') : [];
}
