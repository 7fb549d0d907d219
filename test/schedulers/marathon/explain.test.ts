/** `/explain`: per agent the first thing that did not fit, and what an app waits for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESIDENT_APP, RESIDENT_FLAGS } from './resident-app.ts';
import { at, SLEEP, World } from './world.ts';

async function explained(world: World, path: string): Promise<unknown> {
  const answer = await world.call('GET', path);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

test('each agent is named with its first misfit, the numbers and the smallest change', async () => {
  const world = await World.start({}, []);
  world.master.addAgent('a1', { rack: 'r1' }).addAgent('a2', { rack: 'r2' });
  const rows: readonly (readonly [object, string, object])[] = [
    [
      { cpus: 9 },
      'InsufficientCpus',
      { wanted: 9, offered: 8, smallestChange: 'cpus 8 instead of 9', change: { cpus: 8 } },
    ],
    [
      { cpus: 9, mem: 10_000 },
      'InsufficientCpus',
      { smallestChange: 'cpus 8 instead of 9, mem 8192 MiB instead of 10000' },
    ],
    [{ mem: 10_000 }, 'InsufficientMemory', { wanted: 10_000, offered: 8_192 }],
    [
      { constraints: [['rack', 'LIKE', 'r[3-9]']] },
      'UnfulfilledConstraint',
      {
        text: `constraint ["rack","LIKE","r[3-9]"]: the agent has 'rack' 'r1'`,
        wanted: 'LIKE r[3-9]',
        offered: 'r1',
        change: { constraints: [] },
      },
    ],
    [
      { requirePorts: true, ports: [80] },
      'InsufficientPorts',
      { wanted: 80, smallestChange: 'any port instead of 80', change: { requirePorts: false } },
    ],
    [{ ports: Array(101).fill(0) }, 'InsufficientPorts', { wanted: 101, offered: 100 }],
  ];
  for (const [index, [body, reason, expected]] of rows.entries()) {
    const id = `/row${index}`;
    const created = await world.call('POST', '/v2/apps', { ...SLEEP, ...body, id });
    assert.equal(created.status, 201, created.text);
    await world.advance(8_000);
    const found = await explained(world, `/v2/apps${id}/explain`);
    const agents = at(found, 'agents');
    assert.ok(Array.isArray(agents));
    assert.equal(agents.length, 2, JSON.stringify(found));
    const first: unknown = agents.find((each) => at(each, 'hostname') === 'a1.example');
    assert.equal(at(first, 'reason'), reason);
    assert.equal(at(first, 'fits'), false);
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(at(first, name), value, `${id} ${name}`);
    }
    assert.match(String(at(found, 'summary')), /^0 of 1 instances run as wanted; .*on a/);
  }
  await world.stop();
});

test('a change that is proposed is enough', async () => {
  const world = await World.start({}, ['a1']);
  await world.call('POST', '/v2/apps', { ...SLEEP, cpus: 9, mem: 10_000 });
  await world.advance(8_000);
  const change = at(await explained(world, '/v2/apps/sleep/explain'), 'agents', 0, 'change');
  assert.deepEqual(change, { cpus: 8, mem: 8_192 });
  await world.call('PATCH', '/v2/apps/sleep?force=true', { cpus: 8, mem: 8_192 });
  await world.advance(20_000);
  assert.equal(world.master.running('sleep').length, 1);
  const after = await explained(world, '/v2/apps/sleep/explain');
  assert.deepEqual(at(after, 'waitsFor'), []);
  assert.deepEqual(at(after, 'agents'), []);
  assert.equal(at(after, 'summary'), '1 of 1 instances run as wanted');
  await world.stop();
});

test('what is waited for is told: offers, a deployment step, the back-off', async () => {
  const world = await World.start({}, []);
  await world.call('PUT', '/v2/groups/g', {
    apps: [
      { ...SLEEP, id: 'first' },
      { ...SLEEP, id: 'second', dependencies: ['first'] },
    ],
  });
  await world.advance(8_000);
  const first = await explained(world, '/v2/apps/g/first/explain');
  assert.deepEqual(
    [at(first, 'waitsFor', 0, 'kind'), at(first, 'waitsFor', 1, 'kind')],
    ['deployment', 'offers'],
  );
  assert.match(String(at(first, 'waitsFor', 1, 'text')), /^no offer has come since/);
  const second = await explained(world, '/v2/apps/g/second/explain');
  assert.match(String(at(second, 'waitsFor', 0, 'text')), /waits for \/g\/first \(step 2 of 3\)$/);
  assert.deepEqual(at(second, 'waitsFor', 0, 'open'), ['/g/first']);

  world.master.addAgent('a1');
  await world.advance(20_000);
  const [task] = world.master.running('first.g');
  assert.ok(task !== undefined);
  world.master.update(task.info.task_id.value, 'TASK_FAILED');
  const failedAt = world.clock.now();
  await world.advance(100);
  const failed = await explained(world, '/v2/apps/g/first/explain');
  assert.equal(at(failed, 'waitsFor', 0, 'kind'), 'back-off');
  assert.equal(at(failed, 'waitsFor', 0, 'until'), new Date(failedAt + 1_000).toISOString());
  await world.stop();
});

/** A role as the master shows it. */
function roleWith(name: string, limit: object, consumed: object): object {
  return { name, quota: { role: name, guarantee: { cpus: 1 }, limit, consumed } };
}

test('a quota that leaves no room for one more instance is told with its numbers', async () => {
  const world = await World.start({ mesos_role: 'ads/web' }, []);
  const { master } = world;
  await world.call('POST', '/v2/apps', { ...SLEEP, cpus: 1.5, mem: 64 });
  await world.advance(8_000);
  master.rolesDocument = {
    roles: [
      roleWith('ads', { cpus: 8, mem: 1_024 }, { cpus: 6.6, mem: 100 }),
      roleWith('ads/web', { cpus: 2.1 }, { cpus: 0.6 }),
      roleWith('other', { cpus: 0 }, {}),
      { name: 'ads/web/below', quota: { guarantee: {}, limit: {}, consumed: {} } },
    ],
  };
  const found = await explained(world, '/v2/apps/sleep/explain');
  const waits = at(found, 'waitsFor');
  assert.ok(Array.isArray(waits));
  assert.deepEqual(
    waits.filter((wait: unknown) => at(wait, 'kind') === 'quota'),
    [
      {
        kind: 'quota',
        text: "the quota of role 'ads' is used up: 6.6 of 8 cpus are taken, one more instance wants 1.5",
        role: 'ads',
        resource: 'cpus',
        limit: 8,
        consumed: 6.6,
        wanted: 1.5,
      },
    ],
  );
  assert.match(String(at(found, 'summary')), /the quota of role 'ads' is used up/);
  assert.deepEqual(at(found, 'quota', 'roles'), [
    {
      role: 'ads',
      guarantee: { cpus: 1 },
      limit: { cpus: 8, mem: 1_024 },
      consumed: { cpus: 6.6, mem: 100 },
    },
    { role: 'ads/web', guarantee: { cpus: 1 }, limit: { cpus: 2.1 }, consumed: { cpus: 0.6 } },
  ]);
  assert.equal(at(found, 'quota', 'wanted', 'cpus'), 1.5);
  assert.equal(master.rolesRequests[0]?.url, 'http://1.0.0.0:5050/roles');
  await world.stop();
});

test('a quota that is not known is said not to be, and is asked for only while one waits', async () => {
  const world = await World.start({}, []);
  const { master } = world;
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(8_000);
  const unknown = async (): Promise<unknown> =>
    at(await explained(world, '/v2/apps/sleep/explain'), 'quota', 'unknown');
  master.rolesDocument = undefined;
  assert.equal(await unknown(), 'the master answered 403');
  // Masters before 1.9 tell the guarantee alone.
  master.rolesDocument = { roles: [{ name: '*', quota: { role: '*', guarantee: [] } }] };
  assert.equal(await unknown(), 'the master tells no limits of roles');
  master.rolesDocument = { roles: [] };
  const answer = await explained(world, '/v2/apps/sleep/explain');
  assert.deepEqual(at(answer, 'quota', 'roles'), []);
  const asked = master.rolesRequests.length;
  assert.equal(asked, 3);
  master.addAgent('a1');
  await world.advance(20_000);
  const running = await explained(world, '/v2/apps/sleep/explain');
  assert.equal(at(running, 'ready'), 1);
  assert.equal(at(running, 'quota'), undefined);
  assert.equal(master.rolesRequests.length, asked);
  await world.stop();
});

test('an instance that waits for its volumes says on which agent they are', async () => {
  const world = await World.start(RESIDENT_FLAGS, ['a1', 'a2']);
  await world.call('POST', '/v2/apps', RESIDENT_APP);
  await world.advance(30_000);
  const [task] = world.master.running('db');
  assert.ok(task !== undefined);
  const host = `${task.agentId}.example`;
  world.master.hide(task.agentId);
  world.master.update(task.id, 'TASK_FAILED');
  await world.advance(60_000);
  const found = await explained(world, '/v2/apps/db/explain');
  assert.equal(at(found, 'waitsFor', 0, 'kind'), 'reservation', JSON.stringify(found));
  assert.equal(at(found, 'waitsFor', 0, 'hostname'), host);
  assert.match(String(at(found, 'summary')), new RegExp(`1 waits for what is reserved .*${host}`));
  const agents = at(found, 'agents');
  assert.ok(Array.isArray(agents));
  const other: unknown = agents.find((each) => at(each, 'hostname') !== host);
  assert.equal(at(other, 'fits'), false);
  assert.equal(at(other, 'reason'), 'NoCorrespondingReservationFound');
  await world.stop();
});

test('pods are explained as well; what does not exist is not found', async () => {
  const world = await World.start({}, ['a1']);
  const container = {
    name: 'c',
    exec: { command: { shell: 'x' } },
    resources: { cpus: 9, mem: 1 },
  };
  await world.call('POST', '/v2/pods', { id: '/p', containers: [container] });
  await world.advance(8_000);
  const found = await explained(world, '/v2/pods/p::explain');
  assert.equal(at(found, 'agents', 0, 'reason'), 'InsufficientCpus');
  // The executor needs its share, too.
  assert.equal(at(found, 'agents', 0, 'wanted'), 9.1);
  assert.equal((await world.call('GET', '/v2/pods/q::explain')).status, 404);
  assert.equal((await world.call('GET', '/v2/apps/q/explain')).status, 404);
  assert.equal((await world.call('GET', '/v2/apps/p/explain')).status, 404);
  await world.stop();
});
