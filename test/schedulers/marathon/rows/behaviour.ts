/** One test per row of the tables of behaviour: versions, statuses, back-off, health, victims, reverts (spec marathon-behaviour, 1 to 6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTape } from '../event-tape.ts';
import { at, SLEEP, World } from '../world.ts';

type Info = Readonly<Record<'version' | 'lastScalingAt' | 'lastConfigChangeAt', string>>;

async function infoOf(world: World, id = '/sleep'): Promise<Info> {
  const app = at((await world.call('GET', `/v2/apps${id}`)).body, 'app');
  return {
    version: String(at(app, 'version')),
    lastScalingAt: String(at(app, 'versionInfo', 'lastScalingAt')),
    lastConfigChangeAt: String(at(app, 'versionInfo', 'lastConfigChangeAt')),
  };
}

/** What is changed, and which of the three are new afterwards; the rest is as it was. */
const VERSIONS: readonly (readonly [
  name: string,
  change: readonly [method: string, url: string, body?: object],
  fresh: readonly (keyof Info)[],
])[] = [
  ['nothing', ['PUT', '/v2/apps/sleep', { mem: 32 }], []],
  ['its size', ['PUT', '/v2/apps/sleep', { instances: 2 }], ['version', 'lastScalingAt']],
  [
    'what runs',
    ['PUT', '/v2/apps/sleep', { mem: 64 }],
    ['version', 'lastScalingAt', 'lastConfigChangeAt'],
  ],
  [
    'both',
    ['PUT', '/v2/apps/sleep', { mem: 64, instances: 2 }],
    ['version', 'lastScalingAt', 'lastConfigChangeAt'],
  ],
  [
    'labels',
    ['PUT', '/v2/apps/sleep', { labels: { a: 'b' } }],
    ['version', 'lastScalingAt', 'lastConfigChangeAt'],
  ],
  ['its tasks', ['POST', '/v2/apps/sleep/restart'], ['version', 'lastConfigChangeAt']],
];

for (const [name, [method, url, body], fresh] of VERSIONS) {
  test(`an app with ${name} changed has new ${fresh.join(', ') || 'nothing'}`, async () => {
    const world = await World.start();
    await world.call('POST', '/v2/apps', SLEEP);
    const created = await infoOf(world);
    assert.equal(new Set(Object.values(created)).size, 1, 'all three are of the creation');
    await world.advance(3_000);
    const answer = await world.call(method, url, body);
    const now = String(at(answer.body, 'version'));
    const changed = await infoOf(world);
    for (const part of ['version', 'lastScalingAt', 'lastConfigChangeAt'] as const) {
      assert.equal(changed[part], fresh.includes(part) ? now : created[part], part);
    }
    await world.stop();
  });
}

/** How the task ends, and whether the next one has to wait. */
const ENDS: readonly (readonly [state: string, isDelayed: boolean])[] = [
  ['TASK_FAILED', true],
  ['TASK_ERROR', true],
  ['TASK_FINISHED', true],
  ['TASK_DROPPED', true],
  ['TASK_GONE', true],
  ['TASK_KILLED', false],
];

for (const [state, isDelayed] of ENDS) {
  const verb = isDelayed ? 'delays' : 'does not delay';
  test(`${state} ${verb} the next task of the instance, which keeps its id`, async () => {
    const world = await World.start({}, ['a1']);
    await world.call('POST', '/v2/apps', { ...SLEEP, backoffSeconds: 60 });
    await world.advance(3_000);
    const first = world.master.running()[0]?.id ?? '';
    world.master.update(first, state);
    await world.advance(100);
    const queue = (await world.call('GET', '/v2/queue')).body;
    if (isDelayed) {
      assert.deepEqual(at(queue, 'queue', 0, 'delay'), { timeLeftSeconds: 59, overdue: false });
      await world.call('DELETE', '/v2/queue/sleep/delay');
    }
    await world.advance(10_000);
    assert.equal(world.master.running()[0]?.id, first.replace(/1$/, '2'));
    await world.stop();
  });
}

/** What resets a delay, and what does not. */
const RESETS: readonly (readonly [name: string, (world: World) => unknown, isReset: boolean])[] = [
  [
    'a change of what runs',
    (world) => world.call('PUT', '/v2/apps/sleep?force=true', { mem: 64 }),
    true,
  ],
  ['a restart', (world) => world.call('POST', '/v2/apps/sleep/restart?force=true'), true],
  ['a reset', (world) => world.call('DELETE', '/v2/queue/sleep/delay'), true],
  ['scaling', (world) => world.call('PUT', '/v2/apps/sleep?force=true', { instances: 2 }), false],
  ['waiting', () => {}, false],
];

for (const [name, act, isReset] of RESETS) {
  test(`${name} ${isReset ? 'ends' : 'leaves'} the delay of launches`, async () => {
    const world = await World.start({}, []);
    await world.call('POST', '/v2/apps', {
      ...SLEEP,
      backoffSeconds: 3_600,
      maxLaunchDelaySeconds: 3_600,
    });
    world.master.addAgent('a1');
    await world.advance(3_000);
    world.master.hide('a1');
    world.master.update(world.master.running()[0]?.id ?? '', 'TASK_FAILED');
    await world.advance(100);
    await act(world);
    await world.advance(1_000);
    const queue = (await world.call('GET', '/v2/queue')).body;
    assert.equal(at(queue, 'queue', 0, 'delay', 'overdue'), isReset);
    await world.stop();
  });
}

test('each failure in a row multiplies the delay, up to the longest', async () => {
  const world = await World.start({}, ['a1']);
  const rule = { backoffSeconds: 10, backoffFactor: 2, maxLaunchDelaySeconds: 35 };
  await world.call('POST', '/v2/apps', { ...SLEEP, ...rule });
  await world.advance(3_000);
  for (const seconds of [10, 20, 35, 35]) {
    world.master.update(world.master.running()[0]?.id ?? '', 'TASK_FAILED');
    await world.advance(1);
    const { body } = await world.call('GET', '/v2/queue');
    assert.equal(at(body, 'queue', 0, 'delay', 'timeLeftSeconds'), seconds - 1);
    await world.advance(seconds * 1_000 + 6_000);
  }
  await world.stop();
});

/** Statuses of tasks that Marathon does not expect: whether it kills, and whether it tells. */
const STRAYS: readonly (readonly [who: string, state: string, kills: boolean, tells: boolean])[] = [
  ['old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1', 'TASK_RUNNING', true, false],
  ['old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1', 'TASK_STAGING', true, false],
  ['old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1', 'TASK_FINISHED', false, true],
  ['old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1', 'TASK_UNREACHABLE', false, true],
  ['nonsense', 'TASK_RUNNING', true, false],
  ['{instance}._app.99', 'TASK_RUNNING', true, false],
  ['{instance}._app.99', 'TASK_FINISHED', false, false],
  ['{instance}._app.99', 'TASK_KILLING', false, false],
  ['{instance}._app.99', 'TASK_UNREACHABLE', false, false],
];

for (const [who, state, kills, tells] of STRAYS) {
  test(`${state} of ${who} is acknowledged, ${kills ? 'killed' : 'not killed'}, ${tells ? 'told' : 'not told'}`, async () => {
    const world = await World.start({}, ['a1']);
    await world.call('POST', '/v2/apps', SLEEP);
    await world.advance(3_000);
    const own = world.master.running()[0]?.id ?? '';
    const id = who.replace('{instance}', own.replace('._app.1', ''));
    const tape = await EventTape.start(world);
    const uuid = Buffer.from('u').toString('base64');
    const status = { task_id: { value: id }, agent_id: { value: 'a1' }, state, uuid };
    world.master.tell({ type: 'UPDATE', update: { status } });
    await world.advance(100);
    const named = (type: string): number =>
      world.master
        .callsOf(type)
        .filter((call) => (call.kill ?? call.acknowledge)?.task_id.value === id).length;
    assert.equal(named('ACKNOWLEDGE'), 1);
    assert.equal(named('KILL') > 0, kills);
    assert.equal(tape.of('unknown_instance_terminated_event').length, tells ? 1 : 0);
    assert.equal(world.master.running().length, 1, 'the instance goes on');
    tape.stop();
    await world.stop();
  });
}

test('a message of a status is cut, its end is no loss for the rest', async () => {
  const world = await World.start({}, ['a1']);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const message = 'x'.repeat(10_500);
  world.master.update(world.master.running()[0]?.id ?? '', 'TASK_FAILED', { message });
  await world.advance(100);
  const { body } = await world.call('GET', '/v2/apps/sleep');
  const failure = at(body, 'app', 'lastTaskFailure');
  assert.equal(String(at(failure, 'message')).length, 10_000);
  assert.equal(at(failure, 'state'), 'TASK_FAILED');
  await world.stop();
});

/** Which instances go first when an app shrinks from three to one. */
const SELECTIONS: readonly (readonly [killSelection: string, survivor: number])[] = [
  ['YOUNGEST_FIRST', 0],
  ['OLDEST_FIRST', 2],
];

for (const [killSelection, survivor] of SELECTIONS) {
  test(`scaling down ${killSelection} leaves instance ${survivor} of three`, async () => {
    const world = await World.start({}, ['a1']);
    const ids: string[] = [];
    for (const instances of [1, 2, 3]) {
      await world.call('PUT', '/v2/apps/sleep', { ...SLEEP, instances, killSelection });
      await world.advance(10_000);
      ids.push(
        ...world.master
          .running()
          .map(({ id }) => id)
          .filter((id) => !ids.includes(id)),
      );
    }
    await world.call('PUT', '/v2/apps/sleep', { instances: 1 });
    await world.advance(10_000);
    assert.deepEqual(
      world.master.running().map(({ id }) => id),
      [ids[survivor]],
    );
    await world.stop();
  });
}

/** A deployment that cannot end, taken back: what is there afterwards. */
const REVERTS: readonly (readonly [
  name: string,
  before: readonly object[],
  change: readonly [method: string, url: string, body: object],
  after: (world: World) => Promise<void>,
])[] = [
  [
    'a new app',
    [],
    ['POST', '/v2/apps', { ...SLEEP, mem: 100_000 }],
    async (world) => assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 404),
  ],
  [
    'a changed app',
    [SLEEP],
    ['PUT', '/v2/apps/sleep', { mem: 100_000 }],
    async (world) => {
      const { body } = await world.call('GET', '/v2/apps/sleep');
      assert.equal(at(body, 'app', 'mem'), 32);
    },
  ],
  [
    'a new group',
    [SLEEP],
    ['POST', '/v2/groups', { id: '/g', apps: [{ ...SLEEP, id: 'a', mem: 100_000 }] }],
    async (world) => {
      assert.equal((await world.call('GET', '/v2/groups/g')).status, 404);
      assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 200);
    },
  ],
];

for (const [name, before, [method, url, body], after] of REVERTS) {
  test(`a deployment of ${name} is taken back`, async () => {
    const world = await World.start({}, ['a1']);
    for (const app of before) await world.call('POST', '/v2/apps', app);
    await world.advance(5_000);
    const changed = await world.call(method, url, body);
    assert.ok(changed.status < 300, changed.text);
    const id = String(changed.headers['marathon-deployment-id']);
    await world.advance(3_000);
    const reverted = await world.call('DELETE', `/v2/deployments/${id}`);
    assert.equal(reverted.status, 200, reverted.text);
    await world.advance(10_000);
    assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
    await after(world);
    await world.stop();
  });
}
