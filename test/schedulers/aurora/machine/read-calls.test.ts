/** Calls that only look (spec aurora-scheduler, section 2.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  MethodArgs,
  Response,
  TaskQuery,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { config, job, SchedulerTester, said, UPDATE_SETTINGS, WEB } from './scheduler-tester.ts';

type Result = NonNullable<Response['result']>;

function resultOf<K extends string>(
  response: Response,
  name: K,
): Extract<Result, Record<K, unknown>>[K] {
  assert.equal(response.responseCode, 'OK', said(response));
  const { result } = response;
  assert.ok(result !== undefined && name in result, `there is no ${name}`);
  return new Map(Object.entries(result)).get(name);
}

const NIGHTLY = { ...WEB, name: 'nightly' };

/** A service of four, in as many states, and a cron job with a run. */
function mixed(): SchedulerTester {
  const it = new SchedulerTester();
  it.create(job(4));
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  it.call({ method: 'killTasks', args: { job: WEB, instances: [1] } });
  it.status(it.id(1), 'TASK_KILLED');
  const description = job(1, { job: NIGHTLY, isService: false }, { cronSchedule: '0 0 * * *' });
  assert.equal(said(it.call({ method: 'scheduleCronJob', args: { description } })), 'OK');
  it.call({ method: 'startCronJob', args: { job: NIGHTLY } });
  it.create(job(1, { job: { role: 'ads', environment: 'test', name: 'a' } }));
  return it;
}

test('roles are told with their jobs, whether they run or have a schedule', () => {
  const { summaries } = resultOf(
    mixed().call({ method: 'getRoleSummary', args: {} }),
    'roleSummaryResult',
  );
  assert.deepEqual(
    summaries.map(({ role, jobCount, cronJobCount }) => [role, jobCount, cronJobCount]).sort(),
    [
      ['ads', 1, 0],
      ['www', 2, 1],
    ],
  );
});

test('jobs are told with numbers of tasks by what became of them', () => {
  const { summaries } = resultOf(
    mixed().call({ method: 'getJobSummary', args: { role: 'www' } }),
    'jobSummaryResult',
  );
  assert.deepEqual(
    summaries.map(({ job: each, stats, nextCronRunMs }) => [
      each?.key?.name,
      each?.instanceCount,
      stats?.activeTaskCount,
      stats?.finishedTaskCount,
      stats?.failedTaskCount,
      stats?.pendingTaskCount,
      nextCronRunMs,
    ]),
    [
      ['web', 5, 2, 1, 1, 1, undefined],
      ['nightly', 1, 0, 0, 0, 1, 86_400_000],
    ],
  );
});

test('jobs that are active or have a schedule are told once each, of a role or of all', () => {
  const names = (ownerRole: string): unknown[] =>
    resultOf(mixed().call({ method: 'getJobs', args: { ownerRole } }), 'getJobsResult')
      .configs.map(({ key }) => key?.name)
      .sort();
  assert.deepEqual(names('www'), ['nightly', 'web']);
  assert.deepEqual(names(''), ['a', 'nightly', 'web']);
});

test('tasks come by query, page after page, and without what their executors get where asked', () => {
  const it = new SchedulerTester();
  it.create(job(10));
  const instances = (query: TaskQuery): number[] =>
    resultOf(
      it.call({ method: 'getTasksStatus', args: { query } }),
      'scheduleStatusResult',
    ).tasks.map(({ assignedTask }) => assignedTask.instanceId);
  assert.deepEqual(instances({ offset: 0, limit: 4 }), [0, 1, 2, 3]);
  assert.deepEqual(instances({ offset: 4, limit: 4 }), [4, 5, 6, 7]);
  assert.deepEqual(instances({ offset: 8, limit: 4 }), [8, 9]);
  assert.deepEqual(instances({ instanceIds: [3, 5], statuses: ['PENDING'], role: ' ' }), [3, 5]);
  assert.deepEqual(instances({ taskIds: [], jobName: 'web', limit: 1 }), [0]);
  // What no job has is not the same as no word about it.
  assert.deepEqual(instances({ environment: '' }), []);
  assert.deepEqual(instances({ role: 'www', environment: 'prod', jobName: '' }), []);
  const { tasks } = resultOf(
    it.call({ method: 'getTasksWithoutConfigs', args: { query: { limit: 1 } } }),
    'scheduleStatusResult',
  );
  assert.equal(tasks.length, 1);
  assert.equal(tasks[0]?.assignedTask.task.executorConfig, undefined);
});

test('active instances are told by configuration, as ranges', () => {
  const it = new SchedulerTester();
  it.create(job(4));
  it.call({ method: 'killTasks', args: { job: WEB, instances: [1] } });
  const { summary } = resultOf(
    it.call({ method: 'getConfigSummary', args: { job: WEB } }),
    'configSummaryResult',
  );
  assert.deepEqual(
    summary.groups.map(({ instances }) => instances),
    [
      [
        { first: 0, last: 0 },
        { first: 2, last: 3 },
      ],
    ],
  );
});

test('a pending task has the reasons of the offer that came nearest', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.offer('h1', { cpus: 0.5, ramMb: 100 });
  it.advance(10);
  const { reasons } = resultOf(
    it.call({ method: 'getPendingReason', args: { query: { jobKeys: [WEB] } } }),
    'getPendingReasonResult',
  );
  assert.deepEqual(reasons, [{ taskId: it.id(0), reason: 'Insufficient: CPU,Insufficient: RAM' }]);
  const refusal = (query: TaskQuery): string =>
    said(it.call({ method: 'getPendingReason', args: { query } }));
  assert.match(
    refusal({ slaveHosts: ['h1'] }),
    /^INVALID_REQUEST SlaveHosts are not supported in TaskQuery\(.*h1/,
  );
  assert.match(
    refusal({ statuses: ['PENDING'] }),
    /^INVALID_REQUEST Statuses is not supported in TaskQuery\(.*PENDING/,
  );
});

test('details of updates come by query; by key with a word of warning', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  const request = {
    taskConfig: config({ priority: 1 }),
    instanceCount: 1,
    settings: UPDATE_SETTINGS,
  };
  it.call({ method: 'startJobUpdate', args: { request } });
  const [update] = it.machine.state.updates.all();
  assert.ok(update !== undefined);
  const { key } = update.summary;
  const ask = (args: MethodArgs['getJobUpdateDetails']): Response =>
    it.call({ method: 'getJobUpdateDetails', args });
  assert.equal(said(ask({})), 'ERROR Either key or query must be set.');
  assert.equal(
    said(ask({ key })),
    'OK The key argument is deprecated, use the query argument instead',
  );
  assert.match(said(ask({ key: { ...key, id: 'x' } })), /^INVALID_REQUEST Invalid update: .*x/);
  const { detailsList } = resultOf(ask({ query: { role: 'www' } }), 'getJobUpdateDetailsResult');
  assert.deepEqual(
    detailsList?.map((each) => each.update?.summary.key),
    [key],
  );
});

test('cron jobs are neither updated nor get more instances', () => {
  const it = mixed();
  const request = {
    taskConfig: config({ job: NIGHTLY }),
    instanceCount: 1,
    settings: UPDATE_SETTINGS,
  };
  assert.equal(
    said(it.call({ method: 'getJobUpdateDiff', args: { request } })),
    'INVALID_REQUEST Cron jobs are not supported.',
  );
  const key = { jobKey: NIGHTLY, instanceId: 0 };
  assert.equal(
    said(it.call({ method: 'addInstances', args: { key, count: 1 } })),
    'INVALID_REQUEST Instances may not be added to cron jobs.',
  );
});
