/** What follows from states of tasks and from the queue (spec chronos, sections 5.2 to 5.6, 7.1), row by row. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { TaskState } from '../../../core/wire/types/mesos.v1.ts';
import { ChronosTester } from './chronos-tester.ts';

const LATER = 'R/2030-01-01T00:00:00Z/P1D';

async function started(t: TestContext): Promise<ChronosTester> {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  t.after(() => it.chronos.stop());
  return it;
}

async function stateOf(it: ChronosTester, name: string): Promise<unknown> {
  const { jobs } = Object((await it.http('GET', '/scheduler/jobs/summary')).json);
  return jobs.find((job: { readonly name: string }) => job.name === name)?.state;
}

async function run(it: ChronosTester, name: string): Promise<string> {
  await it.http('PUT', `/scheduler/job/${name}`);
  await it.clock.advance(100);
  return it.tasks(name).at(-1)?.info.task_id.value ?? '';
}

interface Consequence {
  readonly state: TaskState;
  readonly text: 'idle' | '1 running';
  readonly successes: number;
  readonly errors: number;
  readonly children: number;
}

const ended = { text: 'idle', successes: 0, errors: 0, children: 0 } as const;
const alive = { ...ended, text: '1 running' } as const;
const failed = { ...ended, errors: 1 } as const;

const STATES: readonly Consequence[] = [
  { state: 'TASK_STAGING', ...alive },
  { state: 'TASK_STARTING', ...alive },
  { state: 'TASK_RUNNING', ...alive },
  { state: 'TASK_KILLING', ...alive },
  { state: 'TASK_UNREACHABLE', ...alive },
  { state: 'TASK_FINISHED', ...ended, successes: 1, children: 1 },
  { state: 'TASK_FAILED', ...failed },
  { state: 'TASK_LOST', ...failed },
  { state: 'TASK_ERROR', ...failed },
  { state: 'TASK_DROPPED', ...failed },
  { state: 'TASK_GONE', ...failed },
  { state: 'TASK_GONE_BY_OPERATOR', ...failed },
  { state: 'TASK_KILLED', ...ended },
];

for (const { state, text, successes, errors, children } of STATES) {
  test(`after ${state} a job is ${text}, with ${successes} successes and ${errors} errors`, async (t) => {
    const it = await started(t);
    await it.post({ name: 'a', schedule: LATER, retries: 0 });
    await it.post({ name: 'b', parents: ['a'] });
    it.cluster.report(await run(it, 'a'), state);
    await it.clock.advance(100);
    assert.equal(await stateOf(it, 'a'), text);
    const job = await it.job('a');
    assert.deepEqual([job['successCount'], job['errorCount']], [successes, errors]);
    assert.deepEqual([job['lastSuccess'] !== '', job['lastError'] !== ''], [!!successes, !!errors]);
    assert.equal(it.launches('b').length, children);
  });
}

test('a task of ours that is not in the records is taken over, one of no job is killed', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: LATER });
  const status = (id: string) => ({
    task_id: { value: id },
    agent_id: { value: 'a1' },
    state: 'TASK_RUNNING' as const,
  });
  for (const id of ['ct:1:0:a:', 'ct:1:0:nobody:', 'web.1']) {
    it.cluster.send({ type: 'UPDATE', update: { status: status(id) } });
  }
  await it.clock.advance(100);
  assert.equal(await stateOf(it, 'a'), '1 running');
  const killed = it.cluster.calls('KILL').map((call) => call.kill?.task_id.value);
  assert.deepEqual(killed, ['ct:1:0:nobody:']);
});

test('a job is idle, queued, running, and idle again', async (t) => {
  const it = await started(t);
  await it.post({ name: 'hog', schedule: LATER, cpus: 4 });
  await it.post({ name: 'a', schedule: LATER, cpus: 1, concurrent: true });
  assert.equal(await stateOf(it, 'a'), 'idle');
  const hog = await run(it, 'hog');
  await run(it, 'a');
  assert.equal(await stateOf(it, 'a'), 'queued');
  it.cluster.report(hog, 'TASK_KILLED');
  await it.clock.advance(6_000);
  assert.equal(await stateOf(it, 'a'), '1 running');
  const second = await run(it, 'a');
  assert.equal(await stateOf(it, 'a'), '2 running');
  it.cluster.report(second, 'TASK_FINISHED');
  await it.clock.advance(100);
  assert.equal(await stateOf(it, 'a'), '1 running');
});

test('what waits is placed in its order, high priority first, what is void is left out', async (t) => {
  const it = await started(t);
  await it.post({ name: 'hog', schedule: LATER, cpus: 4 });
  for (const name of ['one', 'two', 'gone', 'off']) await it.post({ name, schedule: LATER });
  await it.post({ name: 'high', schedule: LATER, highPriority: true });
  await it.post({ name: 'large', schedule: LATER, cpus: 64 });
  const hog = await run(it, 'hog');
  for (const name of ['large', 'one', 'gone', 'off', 'two', 'high', 'one']) await run(it, name);
  const { gauges } = Object((await it.http('GET', '/metrics')).json);
  const size = (name: string): unknown =>
    gauges[`org.apache.mesos.chronos.scheduler.jobs.TaskManager.${name}`].value;
  assert.deepEqual([size('queueSize'), size('highQueueSize')], [5, 1]);
  await it.http('DELETE', '/scheduler/job/gone');
  await it.post({ name: 'off', schedule: LATER, disabled: true });
  it.cluster.report(hog, 'TASK_KILLED');
  await it.clock.advance(6_000);
  const names = it.cluster.launched.map(({ info }) => info.task_id.value.split(':')[3]);
  assert.deepEqual(names, ['hog', 'high', 'one', 'two']);
  assert.equal(await stateOf(it, 'off'), 'idle');
  assert.equal(await stateOf(it, 'large'), 'queued', 'nobody has so much');
});

test('an exhausted job is disabled by its last success, not by its last failure', async (t) => {
  const it = await started(t);
  await it.post({ name: 'good', schedule: 'R1//P1D', retries: 0 });
  await it.post({ name: 'bad', schedule: 'R1//P1D', retries: 0 });
  await it.clock.advance(1_000);
  it.cluster.report(it.tasks('good')[0]?.info.task_id.value ?? '', 'TASK_FINISHED');
  it.cluster.report(it.tasks('bad')[0]?.info.task_id.value ?? '', 'TASK_FAILED');
  await it.clock.advance(1_000);
  assert.equal((await it.job('good'))['disabled'], true);
  assert.equal((await it.job('bad'))['disabled'], false);
  assert.match(String((await it.job('bad'))['schedule']), /^R0\//);
});
