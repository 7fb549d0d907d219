/** Apps from request to running task, with a fake master. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SLEEP, World } from './world.ts';

test('a posted app is answered as documented and its instances run', async () => {
  const world = await World.start();
  const answer = await world.call('POST', '/v2/apps', { ...SLEEP, instances: 3 });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['location'], 'http://localhost:80/sleep');
  assert.equal(answer.headers['marathon-deployment-id'], at(answer.body, 'deployments', 0, 'id'));
  assert.match(answer.text, /"backoffFactor":1.15,.*"cpus":0.1,"disk":0.0,"executor":""/);
  assert.equal(at(answer.body, 'versionInfo'), undefined);
  await world.advance(3_000);
  assert.equal(world.master.running('sleep').length, 3);
  const app = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(app.body, 'app', 'tasksRunning'), 3);
  assert.equal(at(app.body, 'app', 'portDefinitions', 0, 'port'), 10_000);
  assert.deepEqual(at(app.body, 'app', 'deployments'), []);
  const task = world.master.running('sleep')[0];
  assert.match(task?.id ?? '', /^sleep\.instance-[0-9a-f-]{36}\._app\.1$/);
  await world.stop();
});

test('answers have the members, order and numbers of the documented sample', async () => {
  const world = await World.start({}, ['a1']);
  const hidden = (text: string): string =>
    text
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
      .replaceAll(/"ports":\[\d+\]/g, '"ports":[PORT]');
  const common =
    '"id":"/sleep","backoffFactor":1.15,"backoffSeconds":1,"cmd":"sleep 1000","cpus":0.1,"disk":0.0,"executor":"","instances":1,"labels":{},"maxLaunchDelaySeconds":300,"mem":32.0,"gpus":0,"networks":[{"mode":"host"}],';
  const strategies =
    '"killSelection":"YOUNGEST_FIRST","unreachableStrategy":{"inactiveAfterSeconds":0,"expungeAfterSeconds":0},"role":"*",';
  const upgrade =
    '"requirePorts":false,"upgradeStrategy":{"maximumOverCapacity":1.0,"minimumHealthCapacity":1.0},"version":"TIME",';
  const posted = await world.call('POST', '/v2/apps', SLEEP);
  assert.equal(
    hidden(posted.text),
    `{${common}"portDefinitions":[{"port":0,"name":"default","protocol":"tcp"}],${upgrade}${strategies}"tasksStaged":0,"tasksRunning":0,"tasksHealthy":0,"tasksUnhealthy":0,"deployments":[{"id":"UUID"}]}`,
  );
  await world.advance(3_000);
  const read = await world.call('GET', '/v2/apps/sleep');
  assert.equal(
    hidden(read.text),
    `{"app":{${common}"portDefinitions":[{"port":10000,"name":"default","protocol":"tcp"}],${upgrade}"versionInfo":{"lastScalingAt":"TIME","lastConfigChangeAt":"TIME"},${strategies}"tasksStaged":0,"tasksRunning":1,"tasksHealthy":0,"tasksUnhealthy":0,"deployments":[],"tasks":[{"appId":"/sleep","healthCheckResults":[],"host":"a1.example","id":"sleep.instance-UUID._app.1","ipAddresses":[],"ports":[PORT],"servicePorts":[],"slaveId":"a1","state":"TASK_RUNNING","stagedAt":"TIME","startedAt":"TIME","version":"TIME","localVolumes":[],"role":"*"}]}}`,
  );
  await world.stop();
});

test('an app may live in a group whose name looks like a route', async () => {
  const world = await World.start();
  const created = await world.call('PUT', '/v2/apps/tasks/a', { cmd: 'sleep 1' });
  assert.equal(created.status, 201);
  await world.advance(3_000);
  assert.equal(at((await world.call('GET', '/v2/apps/tasks/a')).body, 'app', 'id'), '/tasks/a');
  assert.equal((await world.call('DELETE', '/v2/apps/tasks/a')).status, 200);
  await world.stop();
});

test('the task carries command, environment, ports and discovery as specified', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', {
    id: '/product/db/mongo',
    cmd: 'serve $PORT0',
    portDefinitions: [{ port: 0, name: 'http-api' }, { port: 9000 }],
    env: { A: 'b' },
    labels: { 'my.label': 'x' },
  });
  await world.advance(3_000);
  const info = world.master.running('mongo.db.product')[0]?.info;
  const variables = Object.fromEntries(
    (info?.command?.environment?.variables ?? []).map(({ name, value }) => [name, value]),
  );
  const port = variables['PORT0'] ?? '';
  assert.equal(info?.command?.shell, true);
  assert.equal(variables['PORT'], port);
  assert.equal(variables['PORTS'], `${port},${variables['PORT1']}`);
  assert.equal(variables['PORT_9000'], variables['PORT1']);
  assert.equal(variables['PORT_HTTP-API'], port);
  assert.equal(variables['PORT_10000'], port);
  assert.equal(variables['A'], 'b');
  assert.equal(variables['MARATHON_APP_ID'], '/product/db/mongo');
  assert.equal(variables['MARATHON_APP_LABELS'], 'MY_LABEL');
  assert.equal(variables['MARATHON_APP_LABEL_MY_LABEL'], 'x');
  assert.equal(variables['MARATHON_APP_RESOURCE_MEM'], '128.0');
  assert.match(variables['HOST'] ?? '', /\.example$/);
  assert.equal(variables['MESOS_TASK_ID'], info?.task_id.value);
  assert.equal(info?.discovery?.name, 'mongo.db.product');
  assert.deepEqual(info?.discovery?.ports.ports, [
    { number: Number(port), name: 'http-api', protocol: 'tcp' },
    { number: Number(variables['PORT1']), protocol: 'tcp' },
  ]);
  await world.stop();
});

test('an app that finishes is started again with growing delays', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, backoffSeconds: 10, backoffFactor: 2 });
  await world.advance(3_000);
  const gaps: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const task = world.master.running('sleep')[0];
    assert.ok(task !== undefined);
    world.master.update(task.id, 'TASK_FINISHED');
    const ended = world.clock.now();
    await world.advance(1);
    assert.equal(world.master.running('sleep').length, 0);
    const queue = await world.call('GET', '/v2/queue');
    assert.equal(at(queue.body, 'queue', 0, 'delay', 'overdue'), false);
    await world.clock.advanceUntil(() => world.master.running('sleep').length > 0, 400_000);
    gaps.push(Math.floor((world.clock.now() - ended) / 1_000));
    await world.advance(100);
  }
  assert.deepEqual(gaps, [10, 20, 40]);
  const ids = [...world.master.tasks.keys()];
  assert.deepEqual(
    ids.map((id) => id.split('.').at(-1)),
    ['1', '2', '3', '4'],
  );
  assert.equal(new Set(ids.map((id) => id.replace(/\.\d+$/, ''))).size, 1);
  await world.stop();
});

test('a delay can be reset, and a kill adds none', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, backoffSeconds: 200 });
  await world.advance(3_000);
  const first = world.master.running('sleep')[0]?.id ?? '';
  world.master.update(first, 'TASK_FAILED', { message: 'Command exited with status 1' });
  await world.advance(5_000);
  assert.equal(world.master.running('sleep').length, 0);
  const failed = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(failed.body, 'app', 'lastTaskFailure', 'state'), 'TASK_FAILED');
  assert.equal(at(failed.body, 'app', 'lastTaskFailure', 'taskId'), first);
  assert.equal((await world.call('DELETE', '/v2/queue/sleep/delay')).status, 204);
  await world.advance(6_000);
  const second = world.master.running('sleep')[0]?.id ?? '';
  assert.notEqual(second, '');
  const killed = await world.call('DELETE', `/v2/apps/sleep/tasks/${second}`);
  assert.equal(at(killed.body, 'task', 'id'), second);
  await world.advance(6_000);
  assert.match(world.master.running('sleep')[0]?.id ?? '', /_app\.3$/);
  assert.equal((await world.call('DELETE', '/v2/queue/sleep/delay')).status, 404);
  await world.stop();
});

test('scaling, killing with scale, and deleting leave exactly the wanted tasks', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const put = await world.call('PUT', '/v2/apps/sleep', { instances: 4 });
  assert.equal(put.status, 200);
  assert.equal(put.headers['marathon-deployment-id'], at(put.body, 'deploymentId'));
  await world.advance(8_000);
  assert.equal(world.master.running('sleep').length, 4);
  const victim = world.master.running('sleep')[1]?.id ?? '';
  const scaled = await world.call('POST', '/v2/tasks/delete?scale=true', { ids: [victim] });
  assert.equal(scaled.status, 200);
  await world.advance(3_000);
  assert.equal(world.master.running('sleep').length, 3);
  assert.equal(world.master.tasks.get(victim)?.state, 'TASK_KILLED');
  const app = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(app.body, 'app', 'instances'), 3);
  await world.call('PUT', '/v2/apps/sleep', { instances: 1 });
  await world.advance(3_000);
  assert.equal(world.master.running('sleep').length, 1);
  assert.equal((await world.call('DELETE', '/v2/apps/sleep')).status, 200);
  assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 404);
  await world.advance(3_000);
  assert.equal(world.master.running().length, 0);
  assert.equal(world.marathon.machine.state.instances.size, 0);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  await world.stop();
});

test('a changed command replaces all tasks, a restart too', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.advance(3_000);
  const before = world.master.running('sleep').map(({ id }) => id);
  await world.call('PUT', '/v2/apps/sleep', { cmd: 'sleep 2000' });
  await world.advance(20_000);
  const after = world.master.running('sleep');
  assert.equal(after.length, 2);
  assert.ok(after.every(({ info }) => info.command?.value === 'sleep 2000'));
  assert.ok(after.every(({ id }) => !before.includes(id)));
  const restarted = await world.call('POST', '/v2/apps/sleep/restart');
  assert.equal(restarted.status, 200);
  await world.advance(20_000);
  const last = world.master.running('sleep').map(({ id }) => id);
  assert.equal(last.length, 2);
  assert.ok(last.every((id) => !after.some((task) => task.id === id)));
  const versions = await world.call('GET', '/v2/apps/sleep/versions');
  assert.equal(Array.isArray(at(versions.body, 'versions')), true);
  assert.equal(Object.keys(at(versions.body, 'versions') ?? {}).length, 3);
  await world.stop();
});

test('an unknown running task is killed', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const task = world.master.running('sleep')[0];
  assert.ok(task !== undefined);
  const strange = 'other.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1';
  world.master.tasks.set(strange, { ...task, id: strange });
  world.master.update(strange, 'TASK_RUNNING');
  await world.advance(100);
  assert.equal(world.master.tasks.get(strange)?.state, 'TASK_KILLED');
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('an app that waits in vain keeps no other from starting again', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/huge', cpus: 100 });
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(10_000);
  for (let round = 0; round < 3; round += 1) {
    const [task] = world.master.running('sleep');
    assert.ok(task !== undefined, `round ${round}`);
    world.master.update(task.id, 'TASK_FINISHED');
    await world.advance(10_000);
  }
  assert.equal(world.master.running('sleep').length, 1);
  await world.stop();
});

test('a big app does not keep a small one waiting', async () => {
  const world = await World.start({ launch_tokens: '1000' }, ['a1']);
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/big', instances: 100, cpus: 0.05 });
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/small' });
  await world.clock.advanceUntil(() => world.master.running('small').length === 1, 5_000);
  assert.ok(world.master.running('big').length < 40);
  await world.stop();
});

test('a group can enforce its role', async () => {
  const world = await World.start({}, []);
  await world.call('POST', '/v2/groups', { id: '/dev' });
  const patched = await world.call('PATCH', '/v2/groups/dev', { enforceRole: true });
  assert.equal(patched.status, 200);
  assert.equal(patched.text, '');
  assert.equal(at((await world.call('GET', '/v2/groups/dev')).body, 'enforceRole'), true);
  const created = await world.call('POST', '/v2/apps', { ...SLEEP, id: '/dev/a' });
  assert.equal(at(created.body, 'role'), 'dev');
  const refused = await world.call('POST', '/v2/apps', { ...SLEEP, id: '/dev/b', role: '*' });
  assert.equal(refused.status, 422);
  assert.equal((await world.call('PATCH', '/v2/groups/a/b', { enforceRole: true })).status, 422);
  await world.stop();
});
