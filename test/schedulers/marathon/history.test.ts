/** What ended instances and why: in the history, in events, after restarts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUNS_MAX, RunHistory } from '../../../schedulers/marathon/machine/run-history.ts';
import { EventTape } from './event-tape.ts';
import { at, SLEEP, World } from './world.ts';

async function historyOf(world: World, path: string): Promise<readonly unknown[]> {
  const answer = await world.call('GET', path);
  assert.equal(answer.status, 200, answer.text);
  const list = at(answer.body, 'history');
  assert.ok(Array.isArray(list));
  return list;
}

const NEVER_LOST = { unreachableStrategy: { inactiveAfterSeconds: 60, expungeAfterSeconds: 600 } };

test('each end has its cause, in the history and in the events', async () => {
  const world = await World.start();
  const tape = await EventTape.start(world);
  const causes = async (): Promise<unknown[]> =>
    (await historyOf(world, '/v2/apps/sleep/history'))
      .filter((run) => at(run, 'endedAt') !== undefined)
      .map((run) => at(run, 'cause', 'by'));
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.advance(8_000);
  assert.deepEqual(await causes(), []);

  const [first] = world.master.running('sleep');
  assert.ok(first !== undefined);
  world.master.update(first.info.task_id.value, 'TASK_FAILED', { message: 'exit 1' });
  await world.advance(20_000);
  const [failed] = (await historyOf(world, '/v2/apps/sleep/history')).filter(
    (run) => at(run, 'endedAt') !== undefined,
  );
  assert.equal(at(failed, 'cause'), undefined);
  assert.equal(at(failed, 'condition'), 'Failed');
  assert.equal(at(failed, 'tasks', 0, 'message'), 'exit 1');
  assert.equal(at(failed, 'incarnation'), 1);

  await world.call('DELETE', '/v2/apps/sleep/tasks');
  await world.advance(20_000);
  assert.deepEqual(await causes(), ['request', 'request', undefined]);
  const [asked] = (await historyOf(world, '/v2/apps/sleep/history')).filter(
    (run) => at(run, 'endedAt') !== undefined,
  );
  const requester = { clientIp: '127.0.0.1', uri: '/v2/apps/sleep/tasks' };
  assert.deepEqual(at(asked, 'cause'), { by: 'request', ...requester });

  const scaled = await world.call('PUT', '/v2/apps/sleep', { instances: 1 });
  await world.advance(20_000);
  assert.deepEqual((await causes())[0], 'deployment');
  const [last] = (await historyOf(world, '/v2/apps/sleep/history')).filter(
    (run) => at(run, 'endedAt') !== undefined,
  );
  assert.deepEqual(at(last, 'cause'), {
    by: 'deployment',
    deploymentId: at(scaled.body, 'deploymentId'),
    action: 'ScaleApplication',
  });
  const killed = tape.of('status_update_event').filter((each) => {
    return at(each, 'taskStatus') === 'TASK_KILLED';
  });
  assert.deepEqual(
    killed.map((each) => at(each, 'cause', 'by')),
    ['request', 'request', 'deployment'],
  );

  await world.restart();
  assert.deepEqual(await causes(), ['deployment', 'request', 'request', undefined]);
  await world.stop();
});

test('a cause survives that Marathon dies between the kill and its end', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(8_000);
  const [task] = world.master.running('sleep');
  assert.ok(task !== undefined);
  world.master.ignoresKills = true;
  await world.call('DELETE', '/v2/apps/sleep/tasks');
  await world.restart();
  world.master.update(task.info.task_id.value, 'TASK_KILLED');
  await world.advance(1_000);
  const runs = await historyOf(world, '/v2/apps/sleep/history');
  assert.equal(at(runs.at(-1), 'cause', 'by'), 'request');
  await world.stop();
});

test('fail-over, reconciliation and a new subscription kill nothing', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, ...NEVER_LOST, instances: 5 });
  await world.advance(20_000);
  const before = world.master.running('sleep').map(({ info }) => info.task_id.value);
  assert.equal(before.length, 5);
  await world.restart();
  await world.advance(1_300_000);
  world.master.disconnect();
  await world.advance(60_000);
  for (const id of before) world.master.update(id, 'TASK_UNREACHABLE');
  await world.advance(30_000);
  for (const id of before) world.master.update(id, 'TASK_RUNNING');
  await world.advance(60_000);
  assert.deepEqual(world.master.callsOf('KILL'), []);
  assert.deepEqual(
    world.master.running('sleep').map(({ info }) => info.task_id.value),
    before,
  );
  await world.stop();
});

test('the history forgets the oldest and what is too old', () => {
  const history = new RunHistory();
  const run = (incarnation: number): Parameters<RunHistory['add']>[0] => ({
    specId: '/a',
    instanceId: 'a.instance-1',
    incarnation,
    version: 'v',
    host: 'h',
    agentId: 's',
    stagedAt: 0,
    startedAt: 0,
    endedAt: incarnation * 1_000,
    condition: 'Failed',
    cause: undefined,
    tasks: [],
  });
  for (let count = 1; count <= RUNS_MAX; count += 1)
    assert.equal(history.add(run(count)), undefined);
  assert.equal(history.add(run(RUNS_MAX + 1))?.incarnation, 1);
  assert.equal(history.of('/a').length, RUNS_MAX);
  assert.equal(history.of('/a')[0]?.incarnation, RUNS_MAX + 1);
  const fourteenDays = 14 * 24 * 3_600_000;
  assert.deepEqual(
    history.takeOld(fourteenDays + 3_500).map(({ incarnation }) => incarnation),
    [2, 3],
  );
  assert.equal(history.takeOld(fourteenDays * 2).length, RUNS_MAX - 2);
  assert.deepEqual(history.of('/a'), []);
});
