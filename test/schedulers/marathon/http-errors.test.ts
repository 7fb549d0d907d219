/** What bad requests are answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SLEEP, World } from './world.ts';

test('broken JSON is a 400 that says where', async () => {
  const world = await World.start();
  const sample = '{\n  "id": "netcat",\n  "cmd": "sleep 1",\n  "instances": 1,\n}';
  const answer = await world.call('POST', '/v2/apps', sample);
  assert.equal(answer.status, 400);
  assert.equal(at(answer.body, 'message'), 'Invalid JSON');
  const details = String(at(answer.body, 'details'));
  assert.match(details, /Unexpected character \('}' \(code 125\)\): was expecting double-quote/);
  assert.match(details, /line: 5, column: 1\]/);
  const empty = await world.call('POST', '/v2/apps', '', { 'content-type': 'application/json' });
  assert.equal(empty.status, 400);
  assert.equal(at(empty.body, 'message'), 'Please specify data in JSON format');
  await world.stop();
});

test('other content types are refused', async () => {
  const world = await World.start();
  const answer = await world.call('POST', '/v2/apps', '{}', { 'content-type': 'text/plain' });
  assert.equal(answer.status, 415);
  assert.deepEqual(answer.body, { message: 'Unsupported Media Type' });
  await world.stop();
});

test('wrong types and broken rules are told apart', async () => {
  const world = await World.start();
  const rows: readonly (readonly [object, string, string, string])[] = [
    [{ cmd: 'sleep 1' }, 'Invalid JSON', '/id', 'error.path.missing'],
    [{ id: 5, cmd: 'x1' }, 'Invalid JSON', '/id', 'error.expected.jsstring'],
    [{ id: '/Upper', cmd: 'x1' }, 'Invalid JSON', '/id', 'error.pattern'],
    [{ ...SLEEP, cpus: '0.3' }, 'Invalid JSON', '/cpus', 'error.expected.jsnumber'],
    [{ ...SLEEP, instances: -1 }, 'Invalid JSON', '/instances', 'error.min'],
    [{ ...SLEEP, env: { A: 1 } }, 'Invalid JSON', '/env/A', 'error.expected.jsstring'],
    [
      { ...SLEEP, healthChecks: [{ protocol: 'HTTP', portIndex: 'x' }] },
      'Invalid JSON',
      '/healthChecks(0)/portIndex',
      'error.expected.jsnumber',
    ],
    [
      { id: '/a' },
      'Object is not valid',
      '/',
      "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
    ],
    [
      { ...SLEEP, constraints: [['hostname', 'UNIQUE', '']] },
      'Object is not valid',
      '/constraints(0)',
      'UNIQUE does not accept a value',
    ],
    [
      { ...SLEEP, acceptedResourceRoles: [] },
      'Object is not valid',
      '/acceptedResourceRoles',
      'must not be empty',
    ],
    [
      { ...SLEEP, id: '/a/restart' },
      'Object is not valid',
      '/id',
      'must not end with any of the following reserved keywords: restart, tasks, versions, ., ..',
    ],
    [
      { ...SLEEP, unreachableStrategy: { inactiveAfterSeconds: 5, expungeAfterSeconds: 4 } },
      'Object is not valid',
      '/unreachableStrategy/inactiveAfterSeconds',
      'inactiveAfterSeconds (5) must be less or equal to expungeAfterSeconds, which is 4',
    ],
    [
      { ...SLEEP, uris: ['http://a/b.tgz'], fetch: [{ uri: 'http://a/b' }] },
      'Object is not valid',
      '/uris',
      'may not be set in conjunction with fetch',
    ],
    [
      { ...SLEEP, healthChecks: [{ protocol: 'HTTP', portIndex: 3 }] },
      'Object is not valid',
      '/healthChecks(0)',
      'Health check port indices must address an element of the ports array or container port mappings.',
    ],
    [{ ...SLEEP, role: 'dev' }, 'Object is not valid', '/role', 'got dev, expected one of: [*]'],
  ];
  for (const [body, message, path, error] of rows) {
    const answer = await world.call('POST', '/v2/apps', body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.equal(at(answer.body, 'message'), message, answer.text);
    assert.equal(at(answer.body, 'details', 0, 'path'), path, answer.text);
    assert.equal(at(answer.body, 'details', 0, 'errors', 0), error, answer.text);
  }
  await world.stop();
});

test('missing things are 404 with their names', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  const rows: readonly (readonly [string, string, string])[] = [
    ['GET', '/v2/apps/foo/bar', "App '/foo/bar' does not exist"],
    ['DELETE', '/v2/apps/foo', "App '/foo' does not exist"],
    ['POST', '/v2/apps/foo/restart', "App '/foo' does not exist"],
    ['GET', '/v2/apps/foo/tasks', "App '/foo' does not exist"],
    ['GET', '/v2/apps/foo/versions', "App '/foo' does not exist"],
    ['GET', '/v2/apps/g/*', "Group '/g' does not exist"],
    ['GET', '/v2/groups/g', "Group '/g' does not exist"],
    [
      'GET',
      '/v2/apps/sleep/versions/2010-01-01T00:00:00.000Z',
      "App '/sleep' does not exist in version 2010-01-01T00:00:00.000Z",
    ],
    [
      'DELETE',
      '/v2/apps/sleep/tasks/sleep.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1',
      "Task 'sleep.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1' does not exist",
    ],
    ['DELETE', '/v2/deployments/x', 'DeploymentPlan x does not exist'],
    ['DELETE', '/v2/queue/foo/delay', 'Application /foo not found in tasks queue.'],
    ['GET', '/v2/nothing', 'URI not found'],
  ];
  for (const [method, url, message] of rows) {
    const answer = await world.call(method, url);
    assert.equal(answer.status, 404, url);
    assert.equal(at(answer.body, 'message'), message);
  }
  assert.equal((await world.call('PUT', '/v2/tasks', {})).status, 405);
  await world.stop();
});

test('an app that exists is a conflict, one under deployment is locked', async () => {
  const world = await World.start({}, []);
  const first = await world.call('POST', '/v2/apps', SLEEP);
  const again = await world.call('POST', '/v2/apps', SLEEP);
  assert.equal(again.status, 409);
  assert.equal(at(again.body, 'message'), 'An app with id [/sleep] already exists.');
  const locked = await world.call('PUT', '/v2/apps/sleep', { instances: 3 });
  assert.equal(locked.status, 409);
  assert.equal(
    at(locked.body, 'message'),
    "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
  );
  const id = at(first.body, 'deployments', 0, 'id');
  assert.deepEqual(at(locked.body, 'deployments'), [{ id }]);
  const forced = await world.call('PUT', '/v2/apps/sleep?force=true', { instances: 3 });
  assert.equal(forced.status, 200);
  const running = await world.call('GET', '/v2/deployments');
  assert.equal(at(running.body, 0, 'id'), at(forced.body, 'deploymentId'));
  assert.equal(at(running.body, 1), undefined);
  await world.stop();
});

test('too many deployments are refused', async () => {
  const world = await World.start({ max_running_deployments: '1' }, []);
  await world.call('POST', '/v2/apps', SLEEP);
  const refused = await world.call('POST', '/v2/apps', { ...SLEEP, id: '/other' });
  assert.equal(refused.status, 403);
  assert.match(
    String(at(refused.body, 'message')),
    /^Max number \(1\) of running deployments is achieved\./,
  );
  await world.stop();
});

test('scale and wipe exclude each other, bad ids and versions are told', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const both = await world.call('DELETE', '/v2/apps/sleep/tasks?scale=true&wipe=true');
  assert.equal(both.status, 400);
  assert.equal(at(both.body, 'message'), 'You cannot use scale and wipe at the same time.');
  const bad = await world.call('POST', '/v2/tasks/delete', { ids: ['nonsense'] });
  assert.equal(bad.status, 400);
  assert.match(String(at(bad.body, 'message')), /^Invalid task id 'nonsense'\./);
  const version = await world.call('GET', '/v2/apps/sleep/versions/yesterday');
  assert.equal(version.status, 422);
  const mixed = await world.call('PUT', '/v2/apps/sleep', {
    version: '2020-01-01T00:00:00.000Z',
    instances: 2,
  });
  assert.equal(mixed.status, 422);
  assert.equal(
    at(mixed.body, 'message'),
    "The 'version' field may only be combined with the 'id' field.",
  );
  await world.stop();
});

test('with credentials every path needs them', async () => {
  const world = await World.start({ http_credentials: 'user:pass:word' });
  const refused = await world.call('GET', '/v2/apps');
  assert.equal(refused.status, 401);
  assert.equal(refused.headers['www-authenticate'], 'basic realm="Mesosphere"');
  const authorization = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
  assert.equal((await world.call('GET', '/v2/apps', undefined, { authorization })).status, 200);
  await world.stop();
});
