import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ChronosTester } from './chronos-tester.ts';

const START = Date.UTC(2026, 0, 1);

test('the classic job skips its missed starts and runs ten times, every two seconds', async () => {
  const it = await new ChronosTester({}, START + 1_234).start();
  const job: unknown = JSON.parse(readFileSync('examples/chronos/hello-world.json', 'utf8'));
  const posted = await it.http('POST', '/scheduler/iso8601', job);
  assert.equal(posted.status, 204, posted.text);
  await it.clock.advance(60_000);
  const seconds = it.launches('HelloWorldJob', START).map((ms) => ms / 1_000);
  assert.equal(seconds.length, 10);
  for (const [index, at] of seconds.entries()) {
    const due = 2 * (index + 1);
    assert.ok(at >= due && at < due + 0.1, `run ${index} started at ${at}, due at ${due}`);
  }
  const shown = await it.job('HelloWorldJob');
  assert.equal(shown['successCount'], 10);
  assert.equal(shown['disabled'], true);
  assert.equal(shown['schedule'], 'R0/2026-01-01T00:00:22.000Z/PT2S');
  const missed = await it.http('GET', '/v1/scheduler/job/missed/HelloWorldJob');
  assert.match(missed.text, /"before-creation","from":"2015-02-01T05:52:00.000Z"/);
  const count = (START - Date.UTC(2015, 1, 1, 5, 52)) / 2_000 + 1;
  assert.match(missed.text, new RegExp(`"count":${count},`));
  await it.chronos.stop();
});

test('without epsilon all missed starts become one immediate run', async () => {
  const it = await new ChronosTester().start();
  await it.post({ name: 'old', schedule: 'R3/2015-02-01T05:52:00Z/PT10S' });
  await it.clock.advance(60_000);
  // The first at once, the next ones in the phase of the start.
  const [first = 0, ...rest] = it.launches('old', START);
  assert.ok(first < 100);
  assert.equal(rest.length, 2);
  for (const [index, at] of rest.entries()) assert.ok(Math.abs(at - (index + 1) * 10_000) < 100);
  await it.chronos.stop();
});

test('--ignore_epsilon gives the rule of 3.x to every job', async () => {
  const it = await new ChronosTester({ ignoresEpsilon: true }).start();
  await it.post({ name: 'old', schedule: 'R1/2015-02-01T05:52:00Z/PT10S', epsilon: 'PT1M' });
  await it.clock.advance(1_000);
  assert.equal(it.launches('old').length, 1);
  await it.chronos.stop();
});

test('starts missed while Chronos was away happen late within epsilon, older ones never', async () => {
  const it = await new ChronosTester().start();
  await it.post({ name: 'j', schedule: 'R5/2026-01-01T00:01:00Z/PT1M', epsilon: 'PT90S' });
  await it.clock.advance(61_000);
  assert.equal(it.launches('j').length, 1);
  // Away from 1:01 to 4:50: the starts of 2:00 and 3:00 are older than 90 s, that of 4:00 is not.
  await it.crash(3 * 60_000 + 49_000);
  await it.clock.advance(1_000);
  const late = it.launches('j', START);
  assert.equal(late.length, 2);
  assert.ok((late[1] ?? 0) > 290_000 && (late[1] ?? 0) < 292_000, `${late}`);
  await it.clock.advance(10 * 60_000);
  // Skipped starts do not use up the count: five runs in the end.
  assert.equal(it.launches('j').length, 5);
  const missed = await it.http('GET', '/scheduler/job/missed/j');
  assert.match(missed.text, /"older-than-epsilon","from":"2026-01-01T00:02:00.000Z"/);
  assert.match(missed.text, /"count":2/);
  await it.chronos.stop();
});

test('each start within epsilon happens once, one after another', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => ({ afterMs: 2_500, state: 'TASK_FINISHED' });
  await it.post({ name: 'slow', schedule: 'R4/2026-01-01T00:00:10Z/PT1S', epsilon: 'PT1M' });
  await it.clock.advance(60_000);
  const at = it.launches('slow', START);
  assert.equal(at.length, 4);
  for (let index = 1; index < at.length; index += 1) {
    const gap = (at[index] ?? 0) - (at[index - 1] ?? 0);
    assert.ok(gap >= 2_500 && gap < 2_600, `gap of ${gap} ms`);
  }
  await it.chronos.stop();
});

test('a start that waits for resources longer than epsilon is given up', async () => {
  const it = await new ChronosTester().start();
  await it.post({
    name: 'big',
    schedule: 'R2/2026-01-01T00:00:10Z/PT1H',
    epsilon: 'PT10S',
    cpus: 4,
  });
  it.cluster.plan = () => ({ afterMs: 60_000, state: 'TASK_FINISHED' });
  await it.post({ name: 'hog', schedule: 'R1//PT24H', cpus: 4 });
  await it.clock.advance(120_000);
  assert.deepEqual(it.launches('big'), []);
  const missed = await it.http('GET', '/scheduler/job/missed/big');
  assert.match(missed.text, /"count":1/);
  await it.clock.advance(3_600_000);
  assert.equal(it.launches('big').length, 1);
  await it.chronos.stop();
});

test('offers are asked for when work is due and left to others in between', async () => {
  const it = await new ChronosTester().start();
  assert.equal(it.cluster.suppressed, true);
  await it.post({ name: 'tick', schedule: 'R/2026-01-01T00:00:10Z/PT2S' });
  await it.clock.advance(30_000);
  assert.equal(it.cluster.suppressed, true);
  for (const [index, at] of it.launches('tick', START).entries()) {
    const lateMs = at - (10_000 + index * 2_000);
    assert.ok(lateMs >= 0 && lateMs < 100, `run ${index} is ${lateMs} ms late`);
  }
  assert.ok(it.launches('tick').length >= 10);
  await it.chronos.stop();
});

test('a busy job waits unless it is concurrent', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => ({ afterMs: 25_000, state: 'TASK_FINISHED' });
  await it.post({ name: 'one', schedule: 'R/2026-01-01T00:00:10Z/PT10S' });
  await it.post({ name: 'many', schedule: 'R/2026-01-01T00:00:10Z/PT10S', concurrent: true });
  await it.clock.advance(59_000);
  assert.equal(it.launches('one').length, 2);
  assert.equal(it.launches('many').length, 5);
  await it.chronos.stop();
});

test('a failed run is retried after a minute, until the retries are used up', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => ({ afterMs: 10, state: 'TASK_FAILED' });
  await it.post({
    name: 'f',
    schedule: 'R1/2026-01-01T00:00:10Z/P1Y',
    retries: 2,
    epsilon: 'PT1M',
  });
  await it.clock.advance(600_000);
  const at = it.launches('f', START).map((ms) => Math.round(ms / 1_000));
  assert.deepEqual(at, [10, 70, 130]);
  const attempts = it.tasks('f').map((task) => task.info.task_id.value.split(':')[2]);
  assert.deepEqual(attempts, ['0', '1', '2']);
  const job = await it.job('f');
  assert.equal(job['errorCount'], 1);
  assert.equal(job['errorsSinceLastSuccess'], 1);
  assert.equal(job['successCount'], 0);
  await it.chronos.stop();
});

test('a job that ran out of retries is not retried again before it has succeeded', async () => {
  const it = await new ChronosTester({ disableAfterFailures: 3 }).start();
  it.cluster.plan = () => ({ afterMs: 10, state: 'TASK_FAILED' });
  await it.post({
    name: 'f',
    schedule: 'R/2026-01-01T01:00:00Z/PT1H',
    retries: 1,
    epsilon: 'PT1M',
  });
  await it.clock.advance(5 * 3_600_000);
  // 1:00 and its retry, then 2:00 and 3:00 alone; then it is disabled.
  assert.equal(it.launches('f').length, 4);
  assert.equal((await it.job('f'))['disabled'], true);
  await it.chronos.stop();
});

test('children run when all parents have finished since their last start', async () => {
  const it = await new ChronosTester().start();
  await it.post({ name: 'A', schedule: 'R1/2026-01-01T01:00:00Z/P1Y' });
  await it.post({ name: 'B', parents: ['A'] });
  await it.post({ name: 'C', parents: ['A'] });
  await it.post({ name: 'D', parents: ['B'] });
  await it.post({ name: 'E', parents: ['B', 'C'] });
  await it.clock.advance(3_700_000);
  for (const name of ['A', 'B', 'C', 'D', 'E']) assert.equal(it.launches(name).length, 1, name);
  assert.ok((it.launches('E')[0] ?? 0) > Math.max(...it.launches('B'), ...it.launches('C')));
  // A second success of one parent alone is not enough.
  assert.equal((await it.http('PUT', '/scheduler/job/B')).status, 204);
  await it.clock.advance(10_000);
  assert.equal(it.launches('D').length, 2);
  assert.equal(it.launches('E').length, 1);
  await it.chronos.stop();
});

test('a failed parent starts nothing, unless it has softError', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = (info) =>
    info.name.includes('parent') ? { afterMs: 1, state: 'TASK_FAILED' } : undefined;
  await it.post({ name: 'parent1', schedule: 'R1//P1Y', retries: 0 });
  await it.post({ name: 'child1', parents: ['parent1'] });
  await it.post({ name: 'parent2', schedule: 'R1//P1Y', retries: 0, softError: true });
  await it.post({ name: 'child2', parents: ['parent2'] });
  await it.clock.advance(1_000);
  assert.equal(it.launches('child1').length, 0);
  assert.equal(it.launches('child2').length, 1);
  await it.chronos.stop();
});

test('a crash between write and launch neither loses nor doubles a start', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  it.cluster.losesLaunches = true;
  await it.post({ name: 'once', schedule: 'R1/2026-01-01T00:00:10Z/P1Y', epsilon: 'PT1H' });
  await it.clock.advance(15_000);
  assert.equal(it.cluster.calls('ACCEPT').length, 1);
  assert.equal(it.launches('once').length, 0);
  it.cluster.losesLaunches = false;
  await it.crash(1_000);
  await it.clock.advance(1_000);
  assert.equal(it.launches('once').length, 1);
  await it.crash(60_000);
  await it.clock.advance(3_600_000);
  assert.equal(it.launches('once').length, 1);
  assert.equal(it.cluster.alive().length, 1);
  await it.chronos.stop();
});

test('a lost launch that is found out about after epsilon is skipped and does not count', async () => {
  const it = await new ChronosTester().start();
  it.cluster.losesLaunches = true;
  await it.post({ name: 'tick', schedule: 'R3/2026-01-01T00:00:10Z/PT2M', epsilon: 'PT30S' });
  await it.clock.advance(15_000);
  assert.equal(it.cluster.calls('ACCEPT').length, 1);
  it.cluster.losesLaunches = false;
  await it.crash(60_000);
  await it.clock.advance(3_600_000);
  const launches = it.launches('tick', Date.UTC(2026, 0, 1, 0, 0, 10));
  assert.deepEqual(
    launches.map((at) => Math.floor(at / 1_000)),
    [120, 240, 360],
  );
  const missed = await it.http('GET', '/scheduler/job/missed/tick');
  assert.match(missed.text, /older-than-epsilon/);
  await it.chronos.stop();
});

test('a running task survives a restart and its end is counted once', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  await it.post({ name: 'long', schedule: 'R1//PT24H' });
  await it.clock.advance(1_000);
  const id = it.tasks('long')[0]?.info.task_id.value ?? '';
  await it.crash(5_000);
  assert.equal(it.cluster.calls('SUBSCRIBE').at(-1)?.framework_id?.value, 'master-0000');
  assert.match((await it.http('GET', '/scheduler/jobs/summary')).text, /"1 running"/);
  it.cluster.report(id, 'TASK_FINISHED');
  await it.clock.advance(1_000);
  await it.crash();
  const job = await it.job('long');
  assert.equal(job['successCount'], 1);
  assert.equal(it.launches('long').length, 1);
  await it.chronos.stop();
});

test('a manual start and a retry survive a restart', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => ({ afterMs: 10, state: 'TASK_FAILED' });
  await it.post({ name: 'r', schedule: 'R1/2026-01-01T00:00:10Z/P1Y', epsilon: 'PT1M' });
  await it.post({ name: 'm', schedule: 'R0/2026-01-01T00:00:10Z/P1Y', retries: 0 });
  await it.clock.advance(11_000);
  assert.equal(it.launches('r').length, 1);
  it.cluster.disconnect();
  it.cluster.answer = () => 'unreachable';
  assert.equal((await it.http('PUT', '/scheduler/job/m?arguments=x')).status, 204);
  it.cluster.answer = () => undefined;
  await it.crash(1_000);
  await it.clock.advance(120_000);
  assert.equal(it.launches('m').length, 1);
  assert.match(it.tasks('m')[0]?.info.task_id.value ?? '', /^ct:\d+:0:m:x$/);
  assert.equal(it.launches('r').length, 3);
  await it.chronos.stop();
});

test('a launch on a void offer is made again at once', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  await it.post({ name: 'v', schedule: 'R1/2026-01-01T00:00:10Z/P1Y', epsilon: 'PT1M' });
  await it.clock.advance(9_999);
  let refusals = 1;
  const take = it.cluster.onCall;
  it.cluster.onCall = (call) => {
    if (call.type !== 'ACCEPT' || refusals === 0) return take(call);
    refusals -= 1;
    const offerIds = [{ value: 'gone' }];
    return take({ ...call, accept: { ...call.accept, offer_ids: offerIds } });
  };
  await it.clock.advance(20_000);
  assert.equal(it.launches('v').length, 1);
  assert.ok((it.launches('v', START)[0] ?? 0) < 20_000);
  await it.chronos.stop();
});

test('killing the tasks of a job repeats the KILL until the task is gone', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  await it.post({ name: 'k', schedule: 'R1//PT24H' });
  await it.clock.advance(1_000);
  const take = it.cluster.onCall;
  it.cluster.onCall = (call) => (call.type === 'KILL' ? undefined : take(call));
  assert.equal((await it.http('DELETE', '/scheduler/task/kill/k')).status, 204);
  await it.clock.advance(1_000);
  assert.equal(it.cluster.alive().length, 1);
  it.cluster.onCall = take;
  await it.crash(1_000);
  await it.clock.advance(5_000);
  assert.equal(it.cluster.alive().length, 0);
  assert.equal((await it.job('k'))['errorCount'], 0);
  await it.chronos.stop();
});

test('a removed framework starts over and its runs are retried', async () => {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  await it.post({ name: 'x', schedule: 'R1//PT24H', retries: 1 });
  await it.clock.advance(1_000);
  it.cluster.launched.length = 0;
  it.cluster.frameworkId = 'master-0001';
  it.cluster.send({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  await it.clock.advance(90_000);
  assert.equal(it.chronos.frameworkId, 'master-0001');
  assert.equal(it.launches('x').length, 1);
  await it.chronos.stop();
});
