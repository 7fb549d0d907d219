/** What happens when Marathon, its connection or an agent goes away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { StorageOperation } from '../../../core/storage/ports.ts';
import { EventTape } from './event-tape.ts';
import { at, SLEEP, World } from './world.ts';

/** Storage whose writes wait until they are let go. */
class HeldStorage extends MemoryStorage {
  isHeld = false;
  private readonly waiting: (() => void)[] = [];

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.waiting.push(resolve));
    await super.write(operations);
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

test('after a restart nothing is killed, lost or started twice', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 5 });
  await world.advance(5_000);
  const before = world.master.running('sleep').map(({ id }) => id);
  assert.equal(before.length, 5);
  const killsBefore = world.master.callsOf('KILL').length;
  await world.restart();
  await world.advance(30_000);
  assert.deepEqual(
    world.master.running('sleep').map(({ id }) => id),
    before,
  );
  assert.equal(world.master.callsOf('KILL').length, killsBefore);
  assert.equal(world.master.tasks.size, 5);
  const last = world.master.callsOf('SUBSCRIBE').at(-1);
  assert.equal(last?.framework_id?.value, 'F-1');
  const app = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(app.body, 'app', 'tasksRunning'), 5);
  await world.stop();
});

test('a kill that was answered is sent again after a crash that its call was lost in', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(5_000);
  const [task] = world.master.running('sleep');
  world.master.obeysKills = false;
  const answer = await world.call('DELETE', '/v2/apps/sleep/tasks');
  assert.equal(answer.status, 200);
  world.master.obeysKills = true;
  await world.restart();
  const kills = world.master.callsOf('KILL').map(({ kill }) => kill?.task_id.value);
  assert.deepEqual(kills, [task?.id, task?.id]);
  await world.advance(10_000);
  const [next] = world.master.running('sleep');
  assert.ok(next !== undefined);
  assert.notEqual(next.id, task?.id);
  await world.stop();
});

test('a deployment goes on after a restart in the middle', async () => {
  const world = await World.start();
  world.master.firstState = 'TASK_STAGING';
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.advance(4_000);
  const deployments = await world.call('GET', '/v2/deployments');
  assert.equal(at(deployments.body, 0, 'currentStep'), 2);
  await world.restart();
  const resumed = await world.call('GET', '/v2/deployments');
  assert.equal(at(resumed.body, 0, 'id'), at(deployments.body, 0, 'id'));
  assert.equal(world.master.tasks.size, 2);
  for (const { id } of world.master.running('sleep')) world.master.update(id, 'TASK_RUNNING');
  await world.advance(1_000);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  assert.equal(world.master.tasks.size, 2);
  await world.stop();
});

test('nothing is answered, launched or acknowledged before it is stored', async () => {
  const storage = new HeldStorage();
  const world = await World.start({}, ['a1'], storage);
  storage.isHeld = true;
  let answered = false;
  const posted = world.call('POST', '/v2/apps', SLEEP).then(() => {
    answered = true;
  });
  await world.advance(5_000);
  assert.equal(answered, false);
  assert.equal(world.master.tasks.size, 0);
  storage.release();
  await posted;
  storage.isHeld = true;
  await world.advance(5_000);
  assert.equal(world.master.tasks.size, 0);
  assert.equal(world.master.callsOf('ACCEPT').length, 0);
  storage.release();
  await world.advance(100);
  assert.equal(world.master.tasks.size, 1);
  await world.advance(1_000);
  storage.isHeld = true;
  const task = world.master.running('sleep')[0];
  const acknowledged = world.master.callsOf('ACKNOWLEDGE').length;
  world.master.update(task?.id ?? '', 'TASK_FAILED');
  await world.advance(500);
  assert.equal(world.master.callsOf('ACKNOWLEDGE').length, acknowledged);
  storage.release();
  await world.advance(10);
  assert.equal(world.master.callsOf('ACKNOWLEDGE').length, acknowledged + 1);
  await world.stop();
});

test('an instance whose ACCEPT was lost in a crash is launched again', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const [lost] = world.master.running('sleep');
  assert.ok(lost !== undefined);
  world.master.tasks.delete(lost.id);
  await world.restart();
  await world.advance(10_000);
  const [again] = world.master.running('sleep');
  assert.match(again?.id ?? '', /_app\.2$/);
  await world.stop();
});

test('unacknowledged statuses of the dead process are handled by the next', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, backoffSeconds: 1 });
  await world.advance(3_000);
  const [task] = world.master.running('sleep');
  assert.ok(task !== undefined);
  world.master.disconnect();
  world.master.update(task.id, 'TASK_FAILED');
  await world.restart();
  await world.advance(10_000);
  assert.equal(world.master.running('sleep').length, 1);
  assert.equal(world.master.tasks.size, 2);
  assert.equal(task.pending, undefined);
  await world.stop();
});

test('by default an instance on a lost agent is replaced at once and killed when it returns', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const [first] = world.master.running('sleep');
  assert.ok(first !== undefined);
  world.master.update(first.id, 'TASK_UNREACHABLE');
  await world.advance(6_000);
  const others = world.master.running('sleep').filter(({ id }) => id !== first.id);
  assert.equal(others.length, 1);
  assert.doesNotMatch(others[0]?.id ?? '', new RegExp(first.id.slice(0, 30)));
  world.master.update(first.id, 'TASK_RUNNING');
  await world.advance(1_000);
  assert.equal(world.master.tasks.get(first.id)?.state, 'TASK_KILLED');
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('with an unreachable strategy the instance is waited for, replaced, and expunged in time', async () => {
  const world = await World.start();
  const unreachableStrategy = { inactiveAfterSeconds: 60, expungeAfterSeconds: 600 };
  await world.call('POST', '/v2/apps', { ...SLEEP, unreachableStrategy });
  await world.advance(3_000);
  const [first] = world.master.running('sleep');
  assert.ok(first !== undefined);
  world.master.update(first.id, 'TASK_UNREACHABLE');
  await world.advance(50_000);
  assert.equal(world.master.tasks.size, 1);
  await world.advance(20_000);
  assert.equal(world.master.tasks.size, 2);
  // It returns before it is forgotten: one of the two goes.
  world.master.update(first.id, 'TASK_RUNNING');
  await world.advance(5_000);
  const states = [...world.master.tasks.values()].map(({ state }) => state).sort();
  assert.deepEqual(states, ['TASK_KILLED', 'TASK_RUNNING']);
  await world.stop();
});

test('disabled unreachable handling waits for ever', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, unreachableStrategy: 'disabled' });
  await world.advance(3_000);
  const [first] = world.master.running('sleep');
  assert.ok(first !== undefined);
  world.master.update(first.id, 'TASK_UNREACHABLE');
  await world.advance(3_600_000);
  assert.equal(world.master.tasks.size, 1);
  world.master.update(first.id, 'TASK_RUNNING');
  await world.advance(1_000);
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('an instance that is lost from sight keeps no other from its place, one given up on does', async () => {
  const world = await World.start();
  const unreachableStrategy = { inactiveAfterSeconds: 60, expungeAfterSeconds: 600 };
  const constraints = [['rack', 'UNIQUE']];
  world.master.addAgent('r1', { rack: 'one' });
  const app = { ...SLEEP, constraints, unreachableStrategy };
  await world.call('POST', '/v2/apps', app);
  await world.advance(5_000);
  const [first] = world.master.running('sleep');
  assert.equal(first?.agentId, 'r1');
  world.master.update(first?.id ?? '', 'TASK_UNREACHABLE');
  await world.call('PUT', '/v2/apps/sleep', { instances: 2 });
  await world.advance(5_000);
  assert.equal(world.master.tasks.size, 2);
  // Given up on, it is to be replaced, and its place is taken.
  await world.advance(70_000);
  assert.equal(world.master.tasks.size, 2);
  await world.stop();
});

test('a lost connection loses nothing', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.advance(3_000);
  const before = world.master.running('sleep').map(({ id }) => id);
  world.master.disconnect();
  await world.advance(120_000);
  assert.deepEqual(
    world.master.running('sleep').map(({ id }) => id),
    before,
  );
  assert.ok(world.master.callsOf('SUBSCRIBE').length >= 2);
  await world.stop();
});

test('kills that are not obeyed are repeated', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  world.master.obeysKills = false;
  await world.call('DELETE', '/v2/apps/sleep');
  await world.advance(65_000);
  assert.equal(world.master.callsOf('KILL').length, 3);
  world.master.obeysKills = true;
  await world.restart();
  await world.advance(1_000);
  assert.equal(world.master.running().length, 0);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  await world.stop();
});

test('instances that waited before a restart are launched after it', async () => {
  const world = await World.start({}, []);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(1_000);
  await world.restart();
  world.master.addAgent('late');
  await world.advance(5_000);
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('an app of another role makes Marathon subscribe with that role too', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/dev/a', role: 'dev' });
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(10_000);
  const subscriptions = world.master.callsOf('SUBSCRIBE');
  assert.deepEqual(
    subscriptions.map((call) => at(call, 'subscribe', 'framework_info', 'roles')),
    [['*'], ['*', 'dev']],
  );
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('nobody is told that an app is gone before that is written', async () => {
  const storage = new HeldStorage();
  const world = await World.start({}, ['a1'], storage);
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/g/sleep' });
  await world.call('POST', '/v2/pods', { id: '/pod', containers: [{ name: 'a', resources: {} }] });
  await world.advance(5_000);
  storage.isHeld = true;
  const answers: string[] = [];
  const ask = async (path: string): Promise<void> => {
    const { status } = await world.call('DELETE', `${path}?force=true`);
    answers.push(`${path} ${status}`);
  };
  const paths = ['/v2/pods/pod', '/v2/apps/g/sleep', '/v2/groups/g'];
  const asked = [...paths, ...paths].map(ask);
  await world.advance(1_000);
  assert.deepEqual(answers, []);
  storage.release();
  await Promise.all(asked);
  assert.deepEqual(answers.toSorted(), [
    '/v2/apps/g/sleep 200',
    '/v2/apps/g/sleep 404',
    '/v2/groups/g 200',
    '/v2/groups/g 404',
    '/v2/pods/pod 202',
    '/v2/pods/pod 404',
  ]);
  await world.stop();
});

test('each of two changes that are written together is told with the app as it made it', async () => {
  const storage = new HeldStorage();
  const world = await World.start({}, ['a1'], storage);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(5_000);
  const tape = await EventTape.start(world);
  storage.isHeld = true;
  const changes = [128, 256].map((mem) => world.call('PUT', '/v2/apps/sleep?force=true', { mem }));
  await world.advance(10);
  storage.release();
  await Promise.all(changes);
  await world.advance(10);
  assert.deepEqual(
    tape.of('api_post_event').map((event) => at(event, 'appDefinition', 'mem')),
    [128, 256],
  );
  tape.stop();
  await world.stop();
});
