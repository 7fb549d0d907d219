/** What becomes of a start while a task of the job is alive, and the history of all runs. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { PastRuns } from '../../../schedulers/chronos/past-runs.ts';
import type { PastRun } from '../../../schedulers/chronos/records.ts';
import { ChronosTester } from './chronos-tester.ts';

const START = Date.UTC(2026, 0, 1);
const EVERY_TEN = 'R5/2026-01-01T00:00:10Z/PT10S';

async function started(t: TestContext, afterMs: number): Promise<ChronosTester> {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  it.cluster.plan = () => ({ afterMs, state: 'TASK_FINISHED' });
  return it;
}

const secondsOf = (it: ChronosTester, name: string) =>
  it.launches(name, START).map((ms) => Math.floor(ms / 1_000));

test('queue: a start waits until the run before it has ended', async (t) => {
  const it = await started(t, 25_000);
  await it.post({ name: 'a', schedule: EVERY_TEN, overlap: 'queue' });
  await it.clock.advance(55_000);
  assert.deepEqual(secondsOf(it, 'a'), [10, 35]);
  assert.equal((await it.job('a'))['overlap'], 'queue');
});

test('skip: a start that finds a run alive is noted as missed and does not count', async (t) => {
  const it = await started(t, 25_000);
  await it.post({ name: 'a', schedule: EVERY_TEN, overlap: 'skip' });
  await it.clock.advance(45_000);
  assert.deepEqual(secondsOf(it, 'a'), [10, 40]);
  const missed = await it.http('GET', '/v1/scheduler/jobs/a/missed');
  assert.deepEqual(missed.json, {
    missed: [
      {
        reason: 'overlap',
        from: '2026-01-01T00:00:20.000Z',
        to: '2026-01-01T00:00:30.000Z',
        count: 2,
        notedAt: '2026-01-01T00:00:30.000Z',
      },
    ],
  });
  assert.match(String((await it.job('a'))['schedule']), /^R3\//);
});

test('skip: a child whose run is alive is not started again', async (t) => {
  const it = await started(t, 25_000);
  await it.post({ name: 'a', schedule: EVERY_TEN, concurrent: true });
  await it.post({ name: 'b', parents: ['a'], overlap: 'skip' });
  await it.clock.advance(90_000);
  assert.deepEqual(secondsOf(it, 'b'), [35, 65]);
  assert.match((await it.http('GET', '/scheduler/job/missed/b')).text, /"reason":"overlap"/);
});

test('replace: a start kills what is alive and comes after it, without counting an error', async (t) => {
  const it = await started(t, 25_000);
  await it.post({ name: 'a', schedule: EVERY_TEN, overlap: 'replace' });
  await it.clock.advance(45_000);
  assert.deepEqual(secondsOf(it, 'a'), [10, 20, 30, 40]);
  assert.deepEqual(
    it.tasks('a').map((task) => task.state),
    ['TASK_KILLED', 'TASK_KILLED', 'TASK_KILLED', 'TASK_RUNNING'],
  );
  assert.equal((await it.job('a'))['errorCount'], 0);
});

test('replace: a start by hand replaces, too', async (t) => {
  const it = await started(t, 1_000_000);
  await it.post({ name: 'a', schedule: 'R/2030/P1D', overlap: 'replace' });
  await it.http('PUT', '/scheduler/job/a');
  await it.clock.advance(5_000);
  await it.http('PUT', '/scheduler/job/a');
  await it.clock.advance(5_000);
  assert.deepEqual(
    it.tasks('a').map((task) => task.state),
    ['TASK_KILLED', 'TASK_RUNNING'],
  );
});

interface RunRow {
  readonly [name: string]: unknown;
}

async function history(
  it: ChronosTester,
  query = '',
): Promise<{ runs: RunRow[]; total: number; running: RunRow[] }> {
  return Object((await it.http('GET', `/v1/scheduler/jobs/a/history${query}`)).json);
}

test('every run is in the history with times, attempt, state, message and sandbox, also after a restart', async (t) => {
  const it = await started(t, 0);
  it.cluster.plan = () => undefined;
  await it.post({ name: 'a', schedule: 'R/2026-01-01T00:00:10Z/P1D', retries: 1 });
  await it.clock.advance(11_000);
  const [first] = it.tasks('a');
  it.cluster.report(first?.info.task_id.value ?? '', 'TASK_FAILED', { message: 'exit status 3' });
  await it.clock.advance(62_000);
  assert.equal((await history(it)).running[0]?.['state'], 'TASK_RUNNING');
  it.cluster.report(it.tasks('a')[1]?.info.task_id.value ?? '', 'TASK_FINISHED');
  await it.clock.advance(100);
  await it.crash();
  const { runs, total, running } = await history(it);
  assert.equal(total, 2);
  assert.deepEqual(running, []);
  const shown = runs.map((run) => [
    run['state'],
    run['cause'],
    run['attempt'],
    run['message'],
    run['agent'],
  ]);
  assert.deepEqual(shown, [
    ['TASK_FINISHED', 'retry', 1, '', 'a1'],
    ['TASK_FAILED', 'schedule', 0, 'exit status 3', 'a1'],
  ]);
  assert.match(String(runs[1]?.['start']), /^2026-01-01T00:00:10\.0\d\dZ$/);
  assert.equal(
    runs[1]?.['durationMs'],
    Date.parse(String(runs[1]?.['end'])) - Date.parse(String(runs[1]?.['start'])),
  );
  assert.match(
    String(runs[1]?.['sandbox'] ?? 'http://m:5050/#/agents/a1/frameworks/f/executors/ct%3A/browse'),
    /#\/agents\/a1\/frameworks\/[^/]+\/executors\/ct%3A/,
  );
});

test('the history is paged, kept by count, and goes with its job', async (t) => {
  const it = await new ChronosTester({ runHistoryLimit: 7 }).start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'a', schedule: 'R10/2026-01-01T00:00:01Z/PT1S' });
  await it.clock.advance(20_000);
  assert.equal((await history(it)).total, 7);
  const page = await history(it, '?limit=2&offset=6');
  assert.equal(page.runs.length, 1);
  const stored = async () => (await it.storage.list('chronos/past/')).length;
  assert.equal(await stored(), 7);
  assert.equal((await it.http('GET', '/scheduler/job/a/history?limit=x')).status, 400);
  await it.http('DELETE', '/scheduler/job/a');
  assert.equal(await stored(), 0);
});

const pastRun = (jobName: string, endedAt: number): PastRun => ({
  taskId: `ct:${endedAt}:0:${jobName}:`,
  jobName,
  cause: 'schedule',
  attempt: 0,
  due: endedAt,
  launchedAt: endedAt,
  startedAt: undefined,
  endedAt,
  state: 'TASK_FINISHED',
  message: '',
  agentId: 'a1',
  executorId: '',
});

test('runs that are too old are not shown, and go when the next one ends', () => {
  const runs = new PastRuns({ perJobMax: 100, ageMaxMs: 1_000 });
  for (let at = 0; at < 10; at += 1) runs.add(pastRun(at % 2 === 0 ? 'a' : 'b', at), at);
  assert.deepEqual(
    runs.of('a', 1_004).map((run) => run.endedAt),
    [8, 6, 4],
  );
  assert.deepEqual(
    runs.add(pastRun('c', 1_008), 1_008),
    [0, 1, 2, 3, 4, 5, 6, 7].map((at) => pastRun(at % 2 === 0 ? 'a' : 'b', at).taskId),
  );
  assert.deepEqual(
    runs.of('b', 1_008).map((run) => run.endedAt),
    [9],
  );
  assert.deepEqual(runs.forget('b').length, 1);
});
