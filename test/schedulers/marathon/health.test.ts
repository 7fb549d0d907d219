/** Health checks, readiness checks, and the events they make. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTape } from './event-tape.ts';
import { at, SLEEP, World } from './world.ts';

const CHECK = {
  protocol: 'HTTP',
  path: '/health',
  gracePeriodSeconds: 10,
  intervalSeconds: 5,
  maxConsecutiveFailures: 3,
};

test('a deployment waits until its instances are healthy', async () => {
  const world = await World.start();
  world.master.probeStatus = 503;
  await world.call('POST', '/v2/apps', { ...SLEEP, healthChecks: [CHECK] });
  await world.advance(8_000);
  assert.equal(world.master.running('sleep').length, 1);
  assert.equal(at((await world.call('GET', '/v2/deployments')).body, 0, 'currentStep'), 2);
  const unknown = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(unknown.body, 'app', 'tasksHealthy'), 0);
  assert.equal(at(unknown.body, 'app', 'tasksUnhealthy'), 0);
  world.master.probeStatus = 204;
  await world.advance(6_000);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  const healthy = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(healthy.body, 'app', 'tasksHealthy'), 1);
  const result = at(healthy.body, 'app', 'tasks', 0, 'healthCheckResults', 0);
  assert.equal(at(result, 'alive'), true);
  assert.match(String(at(result, 'instanceId')), /^sleep\.instance-/);
  assert.match(world.master.probes[0] ?? '', /^http:\/\/a\d\.example:31\d+\/health$/);
  await world.stop();
});

test('the list of all apps follows the health of each', async () => {
  const world = await World.start();
  const counts = async (): Promise<readonly unknown[]> => {
    const { body } = await world.call('GET', '/v2/apps');
    return ['tasksRunning', 'tasksHealthy', 'tasksUnhealthy'].map((name) =>
      at(body, 'apps', 0, name),
    );
  };
  await world.call('POST', '/v2/apps', { ...SLEEP, healthChecks: [CHECK] });
  await world.call('POST', '/v2/apps', { id: '/zero', cmd: 'sleep 1', instances: 0 });
  assert.deepEqual(await counts(), [0, 0, 0]);
  await world.advance(2_000);
  assert.deepEqual(await counts(), [1, 0, 0]);
  await world.advance(10_000);
  assert.deepEqual(await counts(), [1, 1, 0]);
  world.master.probeStatus = 500;
  await world.advance(6_000);
  assert.deepEqual(await counts(), [1, 0, 1]);
  // A part of the list, or more about each, is never taken for the whole.
  const some = await world.call('GET', '/v2/apps?id=zero');
  assert.deepEqual(
    [at(some.body, 'apps', 0, 'id'), at(some.body, 'apps', 1)],
    ['/zero', undefined],
  );
  const more = await world.call('GET', '/v2/apps?embed=apps.tasks');
  assert.equal(at(more.body, 'apps', 0, 'tasks', 0, 'appId'), '/sleep');
  assert.deepEqual(await counts(), [1, 0, 1]);
  await world.stop();
});

test('an instance is killed at the failure after the allowed ones, without back-off', async () => {
  const world = await World.start();
  const tape = await EventTape.start(world);
  await world.call('POST', '/v2/apps', { ...SLEEP, healthChecks: [CHECK] });
  await world.advance(8_000);
  const [first] = world.master.running('sleep');
  assert.ok(first !== undefined);
  world.master.probeStatus = 500;
  await world.advance(15_000);
  const failures = tape.of('failed_health_check_event').length;
  assert.equal(failures, 3);
  assert.equal(first.state, 'TASK_RUNNING');
  world.master.probeStatus = 500;
  await world.advance(5_000);
  assert.equal(first.state, 'TASK_KILLED');
  const [kill] = tape.of('unhealthy_instance_kill_event');
  assert.equal(at(kill, 'taskId'), first.id);
  assert.equal(at(kill, 'reason'), '500 Internal Server Error');
  const { body } = await world.call('GET', '/v2/apps/sleep');
  const { timestamp, ...failure } = Object(at(body, 'app', 'lastTaskFailure'));
  assert.equal(typeof timestamp, 'string');
  assert.deepEqual(failure, {
    appId: '/sleep',
    host: `${first.agentId}.example`,
    message: 'Task was killed since health check failed. Reason: 500 Internal Server Error',
    state: 'TASK_KILLED',
    taskId: first.id,
    version: at(body, 'app', 'version'),
    slaveId: first.agentId,
  });
  const flips = tape.of('instance_health_changed_event').map((event) => at(event, 'healthy'));
  assert.deepEqual(flips, [true, false]);
  world.master.probeStatus = 200;
  await world.advance(10_000);
  assert.equal(world.master.running('sleep').length, 1);
  tape.stop();
  await world.stop();
});

test('failures within the grace period count nothing', async () => {
  const world = await World.start();
  world.master.probeStatus = 500;
  const tape = await EventTape.start(world);
  await world.call('POST', '/v2/apps', {
    ...SLEEP,
    healthChecks: [{ ...CHECK, gracePeriodSeconds: 100 }],
  });
  await world.advance(90_000);
  assert.equal(tape.of('failed_health_check_event').length, 0);
  await world.advance(40_000);
  assert.ok(tape.of('failed_health_check_event').length > 0);
  tape.stop();
  await world.stop();
});

test('a check of the agent is sent with the task and its flag is believed', async () => {
  const world = await World.start();
  const healthChecks = [{ protocol: 'COMMAND', command: { value: 'true' }, intervalSeconds: 7 }];
  await world.call('POST', '/v2/apps', { ...SLEEP, healthChecks });
  await world.advance(3_000);
  const [task] = world.master.running('sleep');
  assert.ok(task !== undefined);
  assert.equal(at(task.info.health_check, 'type'), 'COMMAND');
  assert.equal(at(task.info.health_check, 'command', 'value'), 'true');
  assert.equal(at(task.info.health_check, 'interval_seconds'), 7);
  assert.equal(at((await world.call('GET', '/v2/deployments')).body, 0, 'currentStep'), 2);
  world.master.update(task.id, 'TASK_RUNNING', { healthy: true });
  await world.advance(100);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  // After a restart the answer to reconciliation tells the health again.
  await world.restart();
  const app = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(app.body, 'app', 'tasksHealthy'), 1);
  await world.stop();
});

test('a readiness check that gets no answer shows what the original shows', async () => {
  const world = await World.start();
  world.master.probeStatus = 0;
  await world.call('POST', '/v2/apps', {
    ...SLEEP,
    portDefinitions: [{ port: 0, name: 'http-api' }],
    readinessChecks: [
      {
        intervalSeconds: 5,
        timeoutSeconds: 2,
        path: '/ready',
        httpStatusCodesForReady: [200, 504],
        preserveLastResponse: true,
      },
    ],
  });
  await world.advance(8_000);
  const answer = await world.call('GET', '/v2/apps/sleep?embed=app.readiness');
  const result = at(answer.body, 'app', 'readinessCheckResults', 0);
  assert.equal(at(result, 'ready'), false);
  assert.equal(at(result, 'lastResponse', 'status'), 504);
  assert.equal(at(result, 'lastResponse', 'contentType'), 'text/plain');
  assert.match(
    String(at(result, 'lastResponse', 'body')),
    /^Marathon could not query http:\/\/a\d\.example:31\d{3}\/ready: refused$/,
  );
  await world.stop();
});

test('a readiness check holds the deployment and shows its results', async () => {
  const world = await World.start();
  // Nothing else may be the reason to look at the app again.
  await world.advance(20_000);
  world.master.probeStatus = 503;
  await world.call('POST', '/v2/apps', {
    ...SLEEP,
    portDefinitions: [{ port: 0, name: 'http-api' }],
    readinessChecks: [{ intervalSeconds: 5, timeoutSeconds: 2, path: '/ready' }],
  });
  await world.advance(8_000);
  const running = await world.call('GET', '/v2/deployments');
  const result = at(running.body, 0, 'currentActions', 0, 'readinessCheckResults', 0);
  assert.equal(at(result, 'ready'), false);
  world.master.probeStatus = 200;
  await world.advance(6_000);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  await world.stop();
});
