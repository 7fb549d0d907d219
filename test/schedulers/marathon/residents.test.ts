/** Apps and pods with persistent volumes: reserve, launch, stop, resume, upgrade, free. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { RESIDENT_APP as DB, RESIDENT_FLAGS as FLAGS } from './resident-app.ts';
import { at, World } from './world.ts';

async function withDb(more: object = {}, agents: readonly string[] = ['a1']): Promise<World> {
  const world = await World.start(FLAGS, agents);
  const answer = await world.call('POST', '/v2/apps', { ...DB, ...more });
  assert.equal(answer.status, 201, answer.text);
  await world.advance(20_000);
  return world;
}

function instances(world: World) {
  return world.marathon.machine.state.instances.of(resolvePathId('/db'));
}

/** Operations in the order in which they were asked for. */
function operations(world: World): string[] {
  return world.master
    .callsOf('ACCEPT')
    .flatMap((call) => call.accept?.operations.map(({ type }) => type) ?? []);
}

function volumeIds(world: World, agent = 'a1'): string[] {
  return world.master
    .reservedAt(agent)
    .flatMap(({ disk }) => (disk?.persistence === undefined ? [] : [disk.persistence.id]));
}

test('a resident app reserves and creates its volume first and is launched on it afterwards', async () => {
  const world = await withDb();
  assert.deepEqual(operations(world), ['RESERVE', 'CREATE', 'LAUNCH']);
  const [instance] = instances(world);
  const [volume] = instance?.reservation?.volumes ?? [];
  assert.match(String(volume?.persistenceId), /^db#data#[0-9a-f-]{36}$/);
  const [task] = world.master.running('db');
  const disk = task?.info.resources.find(({ name }) => name === 'disk');
  assert.deepEqual(disk?.disk, {
    persistence: { id: volume?.persistenceId, principal: 'keeper' },
    volume: { container_path: 'data', mode: 'RW' },
  });
  for (const { role, reservation } of task?.info.resources ?? []) {
    assert.equal(role, 'stateful');
    assert.equal(reservation?.principal, 'keeper');
    assert.deepEqual(reservation?.labels?.labels, [
      { key: 'marathon_framework_id', value: 'F-1' },
      { key: 'marathon_task_id', value: instance?.id },
    ]);
  }
  const { body } = await world.call('GET', '/v2/apps/db');
  assert.deepEqual(at(body, 'app', 'tasks', 0, 'localVolumes'), [{ runSpecId: '/db', ...volume }]);
  const metrics = await world.call('GET', '/metrics');
  for (const name of ['reserve', 'launch']) {
    const counter = `marathon.mesos.offer-operations.${name}.counter`;
    assert.deepEqual(at(metrics.body, 'counters', counter), { count: 1 });
  }
  assert.deepEqual(at(body, 'app', 'residency'), {
    relaunchEscalationTimeoutSeconds: 3600,
    taskLostBehavior: 'WAIT_FOREVER',
  });
  assert.equal(at(body, 'app', 'unreachableStrategy'), 'disabled');
  assert.deepEqual(at(body, 'app', 'upgradeStrategy'), {
    maximumOverCapacity: 0,
    minimumHealthCapacity: 0.5,
  });
  await world.stop();
});

test('a task that ends is launched again on the same volume, also by the next process', async () => {
  const world = await withDb({}, ['a1', 'a2']);
  const [first] = world.master.running('db');
  world.master.update(first?.id ?? '', 'TASK_FAILED');
  await world.advance(20_000);
  const [second] = world.master.running('db');
  assert.equal(second?.agentId, first?.agentId);
  assert.match(second?.id ?? '', /_app\.2$/);
  await world.restart();
  world.master.update(second?.id ?? '', 'TASK_FAILED');
  await world.advance(20_000);
  assert.equal(world.master.running('db')[0]?.agentId, first?.agentId);
  assert.deepEqual(operations(world), ['RESERVE', 'CREATE', 'LAUNCH', 'LAUNCH', 'LAUNCH']);
  await world.stop();
});

test('scaling down keeps the volume, scaling up uses it again', async () => {
  const world = await withDb({ instances: 2 });
  await world.call('PATCH', '/v2/apps/db', { instances: 1 });
  await world.advance(20_000);
  assert.equal(world.master.running('db').length, 1);
  assert.equal(volumeIds(world).length, 1);
  assert.equal(world.marathon.machine.state.deployments.size, 0);
  assert.deepEqual(
    instances(world)
      .map(({ goal }) => goal)
      .sort(),
    ['Running', 'Stopped'],
  );
  const { body } = await world.call('GET', '/v2/apps/db/tasks');
  const tasks = at(body, 'tasks');
  assert.ok(Array.isArray(tasks));
  const stopped = tasks.find((task) => at(task, 'state') === 'TASK_KILLED');
  assert.equal(at(stopped, 'localVolumes', 0, 'containerPath'), 'data');
  assert.deepEqual(at(stopped, 'ports'), []);
  await world.restart();
  await world.call('PATCH', '/v2/apps/db', { instances: 2 });
  await world.advance(20_000);
  assert.equal(world.master.running('db').length, 2);
  assert.equal(operations(world).filter((type) => type === 'RESERVE').length, 2);
  await world.stop();
});

test('deleting the app destroys its volumes and gives back what was reserved', async () => {
  const world = await withDb({ instances: 2 });
  await world.call('PATCH', '/v2/apps/db', { instances: 1 });
  await world.advance(20_000);
  await world.call('DELETE', '/v2/apps/db');
  await world.advance(20_000);
  assert.deepEqual(world.master.reservedAt('a1'), []);
  assert.ok(operations(world).indexOf('DESTROY') < operations(world).indexOf('UNRESERVE'));
  await world.advance(40_000);
  assert.equal(world.marathon.machine.state.orphans.size, 0);
  await world.stop();
});

test('a process that dies after the deletion frees the volume in its next life', async () => {
  const world = await withDb();
  world.master.hide('a1');
  await world.call('DELETE', '/v2/apps/db');
  await world.advance(5_000);
  assert.equal(world.marathon.machine.state.orphans.size, 1);
  await world.restart();
  world.master.hide('a1', false);
  await world.advance(20_000);
  assert.deepEqual(world.master.reservedAt('a1'), []);
  await world.stop();
});

test('wipe=true frees the volume and starts anew with another one', async () => {
  const world = await withDb();
  const [old] = instances(world)[0]?.reservation?.volumes ?? [];
  const [task] = world.master.running('db');
  const killed = await world.call('DELETE', `/v2/apps/db/tasks/${task?.id}?wipe=true`);
  assert.equal(killed.status, 200);
  await world.advance(20_000);
  const [now] = instances(world)[0]?.reservation?.volumes ?? [];
  assert.equal(world.master.running('db').length, 1);
  assert.notEqual(now?.persistenceId, old?.persistenceId);
  assert.deepEqual(world.master.reservedAt('a1'), []);
  await world.stop();
});

test('killing without wipe keeps the volume', async () => {
  const world = await withDb();
  const [old] = instances(world)[0]?.reservation?.volumes ?? [];
  await world.call('DELETE', `/v2/apps/db/tasks`);
  await world.advance(20_000);
  assert.equal(world.master.running('db').length, 1);
  assert.deepEqual(instances(world)[0]?.reservation?.volumes, [old]);
  await world.stop();
});

test('an upgrade stops an old instance before its successor starts on the same volume', async () => {
  const world = await withDb({ instances: 2 });
  const before = instances(world).map(({ reservation }) => reservation?.volumes[0]?.uuid);
  let most = 0;
  let least = 2;
  world.master.obeysKills = false;
  await world.call('PATCH', '/v2/apps/db', { cmd: 'sleep 2000' });
  for (let step = 0; step < 40; step += 1) {
    await world.advance(1_000);
    const running = world.master.running('db');
    most = Math.max(most, running.length);
    least = Math.min(least, running.length);
    // One at a time ends, so that each step can be seen.
    const killed = world.master.calls.findLast((call) => call.type === 'KILL');
    const id = killed?.kill?.task_id.value ?? '';
    if (step % 5 === 4 && running.some((task) => task.id === id)) {
      world.master.update(id, 'TASK_KILLED');
      least = Math.min(least, world.master.running('db').length);
    }
  }
  assert.equal(world.marathon.machine.state.deployments.size, 0);
  assert.deepEqual([least, most], [1, 2]);
  assert.ok(world.master.running('db').every(({ info }) => info.command?.value === 'sleep 2000'));
  const after = instances(world).map(({ reservation }) => reservation?.volumes[0]?.uuid);
  assert.deepEqual(after.sort(), before.sort());
  await world.stop();
});

test('a reservation that no offer shows in time is given up for a new one', async () => {
  const world = await World.start(FLAGS, ['a1']);
  world.master.reserves = false;
  await world.call('POST', '/v2/apps', DB);
  await world.advance(5_000);
  const [first] = instances(world);
  assert.notEqual(first?.reservation?.confirmBy, undefined);
  world.master.reserves = true;
  await world.advance(60_000);
  assert.equal(world.master.running('db').length, 1);
  assert.notEqual(instances(world)[0]?.id, first?.id);
  await world.stop();
});

for (const never of ['TASK_DROPPED', 'TASK_LOST', 'TASK_GONE'] as const) {
  test(`a first task that never ran (${never}) makes its reservation doubtful, a later one does not`, async () => {
    const world = await World.start(FLAGS, ['a1']);
    const running = (): readonly string[] =>
      world.master.running('db').flatMap(({ id, state }) => (state === 'TASK_RUNNING' ? id : []));
    world.master.firstState = never;
    await world.call('POST', '/v2/apps', DB);
    while (world.master.tasks.size === 0) await world.advance(10);
    const [first] = instances(world);
    // The agent was cut off when the master reserved: after that nothing is there.
    world.master.forgetReserved('a1');
    world.master.firstState = 'TASK_RUNNING';
    await world.advance(60_000);
    const [second] = instances(world);
    assert.equal(running().length, 1);
    assert.notEqual(second?.id, first?.id);

    world.master.firstState = never;
    world.master.update(running()[0] ?? '', 'TASK_FAILED');
    await world.advance(2_000);
    world.master.forgetReserved('a1');
    world.master.firstState = 'TASK_RUNNING';
    await world.advance(60_000);
    // Its volume has been written to: it is waited for.
    assert.equal(instances(world)[0]?.id, second?.id);
    assert.deepEqual(running(), []);
    await world.stop();
  });
}

test('a process that dies between reserving and launching launches in its next life', async () => {
  const world = await World.start(FLAGS, ['a1']);
  await world.call('POST', '/v2/apps', DB);
  while (operations(world).length === 0) await world.advance(1);
  assert.deepEqual(operations(world), ['RESERVE', 'CREATE']);
  await world.restart();
  await world.advance(20_000);
  assert.deepEqual(operations(world), ['RESERVE', 'CREATE', 'LAUNCH']);
  assert.equal(world.master.running('db').length, 1);
  await world.stop();
});

test('volumes of nobody are destroyed, reservations of others are left alone', async () => {
  const world = await World.start(FLAGS, ['a1']);
  const labelled = (framework: string, id: string) => ({
    role: 'stateful',
    reservation: {
      labels: {
        labels: [
          { key: 'marathon_framework_id', value: framework },
          { key: 'marathon_task_id', value: id },
        ],
      },
    },
  });
  const disk = { name: 'disk', type: 'SCALAR', scalar: { value: 10 } };
  const old = 'gone.instance-6f377a47-9bb5-11e4-93fa-56847afe9799';
  const volume = { disk: { persistence: { id: 'gone#data#1' } } };
  world.master.putReserved('a1', { ...disk, ...labelled('F-1', old), ...volume });
  world.master.putReserved('a1', { ...disk, ...labelled('F-2', old), ...volume });
  world.master.putReserved('a1', { ...disk, role: 'stateful', reservation: {} });
  await world.call('POST', '/v2/apps', { ...DB, id: '/plain', container: undefined });
  await world.advance(20_000);
  assert.equal(world.master.running('plain').length, 1);
  const left = world.master.reservedAt('a1');
  assert.equal(left.length, 2);
  assert.ok(!JSON.stringify(left).includes('F-1'));
  await world.stop();
});

test('an instance that is lost starts again when its volumes are offered: its task is gone', async () => {
  const world = await withDb({}, ['a1']);
  const [task] = world.master.running('db');
  assert.ok(task !== undefined);
  const volumes = instances(world)[0]?.reservation?.volumes;
  world.master.update(task.id, 'TASK_UNREACHABLE');
  await world.advance(1_000);
  assert.equal(instances(world)[0]?.condition, 'Unreachable');
  const held = task.info.resources?.map((resource) => ({ ...resource })) ?? [];
  world.master.putReserved('a1', ...held);
  // Somebody else wants offers.
  await world.call('POST', '/v2/apps', { ...DB, id: '/plain', container: undefined });
  await world.advance(20_000);
  const again = world.master.running('db').find(({ id }) => id !== task.id);
  assert.equal(again?.id, task.id.replace(/\.1$/, '.2'));
  assert.deepEqual(instances(world)[0]?.reservation?.volumes, volumes);
  await world.stop();
});

test('an instance whose agent is gone for good starts elsewhere with a new volume', async () => {
  const world = await withDb({}, ['a1', 'a2']);
  const [task] = world.master.running('db');
  const before = instances(world)[0]?.reservation?.volumes;
  world.master.update(task?.id ?? '', 'TASK_UNREACHABLE');
  world.master.hide(task?.agentId ?? '');
  await world.advance(60_000);
  assert.equal(instances(world).length, 1, 'it waits: its data is there');
  world.master.update(task?.id ?? '', 'TASK_GONE_BY_OPERATOR');
  await world.advance(20_000);
  const [again] = world.master.running('db');
  assert.notEqual(again?.agentId, task?.agentId);
  assert.notDeepEqual(instances(world)[0]?.reservation?.volumes, before);
  await world.stop();
});

test('path volumes take a part of the biggest disk, mount volumes the smallest that fits, whole', async () => {
  const world = await World.start(FLAGS, ['a1']);
  const disk = (type: 'PATH' | 'MOUNT', root: string, value: number) => ({
    name: 'disk',
    type: 'SCALAR',
    role: '*',
    scalar: { value },
    disk: { source: { type, [type.toLowerCase()]: { root } } },
  });
  world.master.putDisks(
    'a1',
    disk('PATH', '/small', 100),
    disk('PATH', '/big', 200),
    disk('MOUNT', '/m1', 500),
    disk('MOUNT', '/m2', 300),
    disk('MOUNT', '/ssd', 250),
  );
  const persistent = (type: string, more: object = {}) => ({ type, size: 200, ...more });
  const volumes = [
    { containerPath: 'p', mode: 'RW', persistent: persistent('path') },
    { containerPath: 'm', mode: 'RW', persistent: persistent('mount', { maxSize: 1000 }) },
    {
      containerPath: 'n',
      mode: 'RW',
      persistent: persistent('mount', { constraints: [['path', 'UNLIKE', '/ssd']] }),
    },
  ];
  await world.call('POST', '/v2/apps', { ...DB, container: { type: 'MESOS', volumes } });
  await world.advance(20_000);
  const [task] = world.master.running('db');
  const taken = task?.info.resources.flatMap(({ scalar, disk: each }) =>
    each?.volume === undefined ? [] : [[each.volume.container_path, scalar?.value, each.source]],
  );
  assert.deepEqual(taken, [
    ['p', 200, { type: 'PATH', path: { root: '/big' } }],
    ['m', 250, { type: 'MOUNT', mount: { root: '/ssd' } }],
    ['n', 300, { type: 'MOUNT', mount: { root: '/m2' } }],
  ]);
  await world.stop();
});

test('the volume of a pod belongs to its executor and is mounted into its containers', async () => {
  const world = await World.start(FLAGS, ['a1']);
  const answer = await world.call('POST', '/v2/pods', {
    id: '/pod',
    containers: [
      {
        name: 'one',
        exec: { command: { shell: 'sleep 1000' } },
        resources: { cpus: 0.1, mem: 32 },
        volumeMounts: [{ name: 'keep', mountPath: 'data' }],
      },
    ],
    volumes: [{ name: 'keep', persistent: { size: 10 } }],
  });
  assert.equal(answer.status, 201, answer.text);
  await world.advance(20_000);
  assert.deepEqual(operations(world), ['RESERVE', 'CREATE', 'LAUNCH_GROUP']);
  const [group] = world.master.groups;
  const disks = group?.executor.resources.flatMap(({ disk }) => disk?.volume ?? []);
  assert.deepEqual(disks, [{ container_path: 'keep', mode: 'RW' }]);
  const task = JSON.parse(JSON.stringify(world.master.running()[0]?.info));
  assert.deepEqual(task.container.volumes, [
    {
      mode: 'RW',
      container_path: 'data',
      source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'keep' } },
    },
  ]);
  const status = await world.call('GET', '/v2/pods/pod::status');
  assert.equal(at(status.body, 'instances', 0, 'localVolumes', 0, 'containerPath'), 'keep');
  await world.call('DELETE', '/v2/pods/pod');
  await world.advance(20_000);
  assert.deepEqual(world.master.reservedAt('a1'), []);
  await world.stop();
});

test('what was reserved cannot be changed by an update', async () => {
  const world = await withDb();
  const errors = async (change: object, query = ''): Promise<unknown> => {
    const answer = await world.call('PATCH', `/v2/apps/db${query}`, change);
    return answer.status === 200 ? 200 : at(answer.body, 'details', 0, 'errors', 0);
  };
  const container = {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 65 } }],
  };
  assert.equal(await errors({ container }), 'Persistent volumes can not be changed!');
  assert.match(String(await errors({ mem: 256 })), /may not change resource requirements/);
  assert.match(String(await errors({ requirePorts: true })), /may not change resource/);
  assert.equal(await errors({ env: { A: 'b' } }), 200);
  await world.stop();
});

test('a role changed by force holds for new volumes, old ones keep theirs', async () => {
  const world = await World.start(FLAGS, ['a1']);
  const app = { ...DB, id: '/store/db', role: 'store' };
  assert.equal((await world.call('POST', '/v2/apps', app)).status, 201);
  await world.advance(20_000);
  const before = world.master.running('db.store').map(({ info }) => info.resources[0]?.role);
  assert.deepEqual(before, ['store']);
  const url = '/v2/apps/store/db';
  const refused = await world.call('PATCH', url, { role: 'stateful' });
  assert.equal(refused.status, 422);
  assert.match(refused.text, /previous role, \\"store\\".*new role, \\"stateful\\"/);
  const changed = await world.call('PATCH', `${url}?force=true`, {
    role: 'stateful',
    instances: 2,
  });
  assert.equal(changed.status, 200, changed.text);
  await world.advance(60_000);
  await world.restart();
  for (const { id } of world.master.running('db.store')) world.master.update(id, 'TASK_FAILED');
  await world.advance(60_000);
  const after = world.master.running('db.store').map(({ info }) => info.resources[0]?.role);
  assert.deepEqual(after.sort(), ['stateful', 'store']);
  await world.stop();
});
