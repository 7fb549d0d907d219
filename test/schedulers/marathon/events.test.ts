/** The event stream: which events, in which order, with which members. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTape } from './event-tape.ts';
import { at, SLEEP, World } from './world.ts';

test('a deployment tells its steps, and its tasks their states', async () => {
  const world = await World.start();
  const tape = await EventTape.start(world);
  const posted = await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  assert.deepEqual(tape.types(), [
    'event_stream_attached',
    'group_change_success',
    'deployment_info',
    'deployment_step_success',
    'deployment_info',
    'instance_changed_event',
    'api_post_event',
    'instance_changed_event',
    'status_update_event',
    'instance_changed_event',
    'deployment_step_success',
    'deployment_success',
  ]);
  const id = at(posted.body, 'deployments', 0, 'id');
  const [info] = tape.of('deployment_info');
  assert.equal(at(info, 'plan', 'id'), id);
  assert.deepEqual(at(info, 'plan', 'steps'), [
    { actions: [{ action: 'StartApplication', app: '/sleep' }] },
    { actions: [{ action: 'ScaleApplication', app: '/sleep' }] },
  ]);
  assert.deepEqual(at(info, 'currentStep'), {
    actions: [{ action: 'StartApplication', app: '/sleep' }],
  });
  assert.equal(at(tape.of('deployment_success')[0], 'id'), id);
  const [status] = tape.of('status_update_event');
  assert.deepEqual(Object.keys(status ?? {}), [
    'slaveId',
    'taskId',
    'taskStatus',
    'message',
    'appId',
    'host',
    'ipAddresses',
    'ports',
    'version',
    'eventType',
    'timestamp',
  ]);
  assert.equal(at(status, 'taskStatus'), 'TASK_RUNNING');
  const conditions = tape.of('instance_changed_event').map((event) => at(event, 'condition'));
  assert.deepEqual(conditions, ['Scheduled', 'Provisioned', 'Running']);
  assert.equal(at(tape.of('api_post_event')[0], 'appDefinition', 'id'), '/sleep');
  tape.stop();
  await world.stop();
});

test('a stream with types gets only those, and duplicates of statuses are not told', async () => {
  const world = await World.start();
  const tape = await EventTape.start(
    world,
    '?event_type=status_update_event&event_type=app_terminated_event',
  );
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const [task] = world.master.running('sleep');
  assert.ok(task !== undefined);
  world.master.update(task.id, 'TASK_RUNNING');
  await world.advance(100);
  await world.call('DELETE', '/v2/apps/sleep');
  await world.advance(2_000);
  assert.deepEqual(tape.types(), [
    'status_update_event',
    'status_update_event',
    'app_terminated_event',
  ]);
  tape.stop();
  await world.stop();
});

test('without the right accept header there is no stream', async () => {
  const world = await World.start();
  const answer = await world.call('GET', '/v2/events', undefined, { accept: 'application/json' });
  assert.equal(answer.status, 405);
  await world.stop();
});

test('a cancelled deployment ends with its reason', async () => {
  const world = await World.start({}, []);
  const tape = await EventTape.start(world);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.call('PUT', '/v2/apps/sleep?force=true', { instances: 2 });
  await world.advance(10);
  const [failed] = tape.of('deployment_failed');
  assert.equal(at(failed, 'reason'), 'The upgrade has been cancelled');
  tape.stop();
  await world.stop();
});

test('an instance on a lost agent is told inactive at once where nothing is waited for, killed when forgotten', async () => {
  const rows = [
    {
      strategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      told: ['UnreachableInactive', 'Killed'],
    },
    {
      strategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 60 },
      told: ['UnreachableInactive'],
    },
    { strategy: { inactiveAfterSeconds: 5, expungeAfterSeconds: 60 }, told: ['Unreachable'] },
  ];
  for (const { strategy: unreachableStrategy, told } of rows) {
    const world = await World.start();
    await world.call('POST', '/v2/apps', { ...SLEEP, unreachableStrategy });
    await world.advance(3_000);
    const [task] = world.master.running('sleep');
    assert.ok(task !== undefined);
    const tape = await EventTape.start(world);
    world.master.update(task.id, 'TASK_UNREACHABLE');
    await world.advance(1);
    const instanceId = task.id.replace('._app.1', '');
    const changes = tape
      .of('instance_changed_event')
      .filter((event) => at(event, 'instanceId') === instanceId);
    assert.deepEqual(
      changes.map((event) => at(event, 'condition')),
      told,
    );
    assert.equal(tape.types().indexOf('status_update_event'), 1);
    tape.stop();
    await world.stop();
  }
});
