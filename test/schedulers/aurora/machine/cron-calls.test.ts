/** Cron jobs: calls and runs (spec aurora-scheduler, sections 2.4 and 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobConfiguration } from '../../../../schedulers/aurora/thrift/types.ts';
import { job, SchedulerTester, SETTINGS, said, WEB } from './scheduler-tester.ts';

function cronJob(rest: Partial<JobConfiguration> = {}, instanceCount = 1): JobConfiguration {
  return job(instanceCount, { isService: false }, { cronSchedule: '*/5 * * * *', ...rest });
}

function schedule(it: SchedulerTester, description: JobConfiguration): string {
  return said(it.call({ method: 'scheduleCronJob', args: { description } }));
}

test('a cron job is refused with the reason', () => {
  const it = new SchedulerTester();
  const refusals: readonly (readonly [JobConfiguration, string])[] = [
    [cronJob({ cronSchedule: undefined }), 'Job www/prod/web has no cron schedule'],
    [cronJob({ cronSchedule: '' }), 'Job has an empty cron schedule.'],
    [cronJob({ cronSchedule: '* * 1 * 1' }), 'Invalid cron schedule: * * 1 * 1'],
    [
      cronJob({ cronCollisionPolicy: 'RUN_OVERLAP' }),
      'The RUN_OVERLAP collision policy has been removed (AURORA-38).',
    ],
    [
      job(1, {}, { cronSchedule: '* * * * *' }),
      'A service task may not be run on a cron schedule: JobKey(role:www, environment:prod, name:web)',
    ],
  ];
  for (const [description, text] of refusals) {
    assert.equal(schedule(it, description), `INVALID_REQUEST ${text}`);
  }
  const nameless = cronJob({ key: { ...WEB, name: '' } });
  assert.match(schedule(it, nameless), /^ERROR Job key .* is invalid\.$/);
  const replaced = it.call({ method: 'replaceCronTemplate', args: { config: cronJob() } });
  assert.equal(said(replaced), 'INVALID_REQUEST No cron job found for www/prod/web.');
  it.create(job(1));
  assert.equal(schedule(it, cronJob()), 'INVALID_REQUEST Job www/prod/web already exists');
});

test('a cron job runs at its times, with all its instances', () => {
  const it = new SchedulerTester();
  assert.equal(schedule(it, cronJob({}, 2)), 'OK');
  // The tester begins 1,000 seconds after the epoch.
  it.advance(199_999);
  assert.deepEqual(it.statuses(), []);
  it.advance(1);
  assert.deepEqual(it.statuses(), ['0 PENDING', '1 PENDING']);
  const create = it.call({ method: 'createJob', args: { description: job(1) } });
  assert.equal(said(create), 'INVALID_REQUEST Job www/prod/web already exists');
});

test('the run before is killed, and the next starts when it is gone', () => {
  const it = new SchedulerTester();
  schedule(it, cronJob());
  it.advance(200_000);
  it.run();
  const first = it.id(0);
  it.advance(300_000);
  assert.deepEqual(it.statuses(), ['0 KILLING']);
  assert.equal(it.task(0).taskEvents.at(-1)?.message, 'Killed by cronScheduler');
  it.status(first, 'TASK_KILLED');
  it.advance(4_000);
  assert.deepEqual(it.statuses(), ['0 KILLED', '0 PENDING']);
});

test('a run is skipped when the policy says so', () => {
  const it = new SchedulerTester();
  schedule(it, cronJob({ cronCollisionPolicy: 'CANCEL_NEW' }));
  it.advance(200_000);
  it.run();
  it.advance(300_000);
  assert.deepEqual(it.statuses(), ['0 RUNNING']);
});

test('a cron job is started by hand, replaced, and taken from the schedule', () => {
  const it = new SchedulerTester();
  const start = () => said(it.call({ method: 'startCronJob', args: { job: WEB } }));
  const none = 'Failed to start cron job - No cron job found for www/prod/web.';
  assert.equal(start(), `INVALID_REQUEST ${none}`);
  schedule(it, cronJob());
  assert.equal(start(), 'OK');
  assert.deepEqual(it.statuses(), ['0 PENDING']);
  const config = cronJob({ cronSchedule: '0 0 * * *' });
  assert.equal(said(it.call({ method: 'replaceCronTemplate', args: { config } })), 'OK');
  const { result } = it.call({ method: 'getJobSummary', args: { role: 'www' } });
  assert.ok(result !== undefined && 'jobSummaryResult' in result);
  assert.equal(result.jobSummaryResult.summaries[0]?.nextCronRunMs, 86_400_000);
  const deschedule = () => said(it.call({ method: 'descheduleCronJob', args: { job: WEB } }));
  assert.equal(deschedule(), 'OK');
  assert.deepEqual(it.statuses(), ['0 PENDING']);
  assert.equal(deschedule(), 'OK Job www/prod/web is not scheduled with cron');
  it.advance(172_800_000);
  assert.equal(it.tasks().length, 1);
});

test('a cron job that is allowed no more does not run, until it is allowed again', () => {
  const it = new SchedulerTester();
  assert.equal(schedule(it, cronJob()), 'OK');
  const strict = { ...SETTINGS.configuration, environments: /^test$/ };
  const after = new SchedulerTester({ configuration: strict }, it);
  after.takeEffects();
  after.advance(300_000);
  assert.deepEqual(after.statuses(), []);
  const counted = after
    .takeEffects()
    .flatMap((effect) => (effect.kind === 'count' ? [effect.counter] : []));
  const ofCron = counted.filter((counter) => counter.startsWith('cron_'));
  assert.deepEqual(ofCron, ['cron_job_triggers', 'cron_job_parse_failures']);
  const again = new SchedulerTester({}, after);
  again.advance(300_000);
  assert.deepEqual(again.statuses(), ['0 PENDING']);
});
