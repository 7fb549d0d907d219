/** One test per method and path of the API: status, headers and shape (spec marathon-rest, sections 2 to 11). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, at, SLEEP, World } from '../world.ts';

const POD = {
  id: '/pod',
  containers: [{ name: 'c', exec: { command: { shell: 'sleep 1' } }, resources: {} }],
};
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Check = (answer: Answer, world: World) => void;

const members =
  (...names: readonly string[]): Check =>
  ({ body, text }) =>
    assert.deepEqual(Object.keys(body ?? {}), names, text);

const deployed: Check = ({ body, headers, text }) => {
  assert.match(String(at(body, 'version')), TIME, text);
  assert.match(String(at(body, 'deploymentId')), UUID, text);
  assert.equal(headers['marathon-deployment-id'], at(body, 'deploymentId'));
};

const deploymentHeader: Check = ({ headers }) =>
  assert.match(String(headers['marathon-deployment-id']), UUID);

const location =
  (path: string): Check =>
  ({ headers }) =>
    assert.ok(String(headers['location']).endsWith(`:80${path}`), String(headers['location']));

const says =
  (message: string): Check =>
  ({ body }) =>
    assert.equal(at(body, 'message'), message);

const list: Check = ({ body, text }) => assert.ok(Array.isArray(body), text);
const empty: Check = ({ text }) => assert.equal(text, '');

type Row = readonly [method: string, url: string, body: unknown, status: number, ...Check[]];

/** A world with `/sleep`, `/g/sleep` and `/pod` running, for each row anew. */
const ROWS: readonly Row[] = [
  ['GET', '/v2/apps', undefined, 200, members('apps')],
  ['POST', '/v2/apps', { ...SLEEP, id: 'new' }, 201, location('/new'), deploymentHeader],
  ['POST', '/v2/apps', SLEEP, 409, says('An app with id [/sleep] already exists.')],
  ['PUT', '/v2/apps', [{ id: '/sleep', mem: 64 }], 200, deployed],
  ['PUT', '/v2/apps', [{ mem: 64 }], 422],
  ['PATCH', '/v2/apps', [{ id: '/sleep', mem: 64 }], 200, deployed],
  ['PATCH', '/v2/apps', [{ id: '/none', mem: 64 }], 404, says("App '/none' does not exist")],
  ['GET', '/v2/apps/sleep', undefined, 200, members('app')],
  ['GET', '/v2/apps//sleep/', undefined, 200, members('app')],
  ['GET', '/v2/apps/none', undefined, 404, says("App '/none' does not exist")],
  ['GET', '/v2/apps/*', undefined, 200, members('*')],
  ['GET', '/v2/apps/g/*', undefined, 200, members('*')],
  ['PUT', '/v2/apps/sleep', { mem: 64 }, 200, deployed],
  ['PUT', '/v2/apps/fresh', { cmd: 'sleep 1' }, 201, deployed, location('/fresh')],
  ['PATCH', '/v2/apps/sleep', { mem: 64 }, 200, deployed],
  ['PATCH', '/v2/apps/none', { mem: 64 }, 404, says("App '/none' does not exist")],
  ['DELETE', '/v2/apps/sleep', undefined, 200, deployed],
  ['DELETE', '/v2/apps/none', undefined, 404, says("App '/none' does not exist")],
  ['POST', '/v2/apps/sleep/restart', undefined, 200, deployed],
  ['GET', '/v2/apps/sleep/versions', undefined, 200, members('versions')],
  [
    'GET',
    '/v2/apps/sleep/versions/x',
    undefined,
    422,
    says("Invalid timestamp provided 'x'. Expecting ISO-8601 datetime string."),
  ],
  ['GET', '/v2/apps/sleep/tasks', undefined, 200, members('tasks')],
  ['GET', '/v2/apps/g/*/tasks', undefined, 200, members('tasks')],
  ['DELETE', '/v2/apps/sleep/tasks', undefined, 200, members('tasks')],
  ['DELETE', '/v2/apps/sleep/tasks?scale=true', undefined, 200, deployed],
  ['DELETE', '/v2/apps/sleep/tasks/x', undefined, 404, says("Task 'x' does not exist")],
  ['GET', '/v2/tasks', undefined, 200, members('tasks')],
  ['GET', '/v2/tasks?status=RUNNING', undefined, 200, members('tasks')],
  ['POST', '/v2/tasks/delete', { ids: [] }, 200, members('tasks')],
  ['POST', '/v2/tasks/delete', {}, 422],
  [
    'GET',
    '/v2/groups',
    undefined,
    200,
    members('id', 'apps', 'pods', 'groups', 'dependencies', 'version'),
  ],
  [
    'GET',
    '/v2/groups/g',
    undefined,
    200,
    members('id', 'apps', 'pods', 'groups', 'dependencies', 'version', 'enforceRole'),
  ],
  ['GET', '/v2/groups/none', undefined, 404, says("Group '/none' does not exist")],
  ['GET', '/v2/groups/g/apps', undefined, 200, list],
  ['GET', '/v2/groups/none/apps', undefined, 200, list],
  ['GET', '/v2/groups/versions', undefined, 200, list],
  ['GET', '/v2/groups/g/versions', undefined, 200, list],
  ['GET', '/v2/groups/g/versions/x', undefined, 422],
  ['POST', '/v2/groups', { id: 'h' }, 201, deployed, location('/h')],
  ['POST', '/v2/groups/h', { id: 'child' }, 201, deployed, location('/h/child')],
  [
    'POST',
    '/v2/groups',
    { id: '/g' },
    409,
    says('Group /g is already created. Use PUT to change this group.'),
  ],
  [
    'POST',
    '/v2/groups',
    { id: '/sleep' },
    409,
    says('An app with the path /sleep already exists.'),
  ],
  ['PUT', '/v2/groups/g', { scaleBy: 2 }, 200, deployed],
  ['PUT', '/v2/groups/g?dryRun=true', { scaleBy: 2 }, 200, members('steps')],
  ['PUT', '/v2/groups/g', { id: 'g', scaleBy: 2 }, 422],
  [
    'PUT',
    '/v2/groups/g',
    { version: '2010-01-01T00:00:00.000Z' },
    422,
    says('Group /g not available in version 2010-01-01T00:00:00.000Z'),
  ],
  ['PATCH', '/v2/groups/g', { enforceRole: false }, 200, empty],
  ['PATCH', '/v2/groups/g/x', { enforceRole: false }, 422, says('Path needs to be top-level')],
  ['PATCH', '/v2/groups/none', { enforceRole: false }, 404],
  ['DELETE', '/v2/groups/g', undefined, 200, deployed],
  ['DELETE', '/v2/groups', undefined, 200, deployed],
  ['DELETE', '/v2/groups/none', undefined, 404, says("Group '/none' does not exist")],
  ['GET', '/v2/deployments', undefined, 200, list],
  ['DELETE', '/v2/deployments/x', undefined, 404, says('DeploymentPlan x does not exist')],
  ['GET', '/v2/queue', undefined, 200, members('queue')],
  [
    'DELETE',
    '/v2/queue/sleep/delay',
    undefined,
    404,
    says('Application /sleep not found in tasks queue.'),
  ],
  ['GET', '/v2/pods', undefined, 200, list],
  ['POST', '/v2/pods', { ...POD, id: '/other' }, 201, location('/other'), deploymentHeader],
  ['POST', '/v2/pods', POD, 409, says('A pod with id [/pod] already exists.')],
  ['GET', '/v2/pods/pod', undefined, 200],
  ['GET', '/v2/pods/none', undefined, 404, says('{"message": "pod with /none does not exist"}')],
  ['PUT', '/v2/pods/pod', { ...POD, labels: { a: 'b' } }, 200, deploymentHeader],
  ['PUT', '/v2/pods/none', { ...POD, id: '/none' }, 404],
  [
    'PUT',
    '/v2/pods/pod',
    { ...POD, id: '/q' },
    400,
    says("'/pod' does not match definition's id ('/q')"),
  ],
  ['DELETE', '/v2/pods/pod', undefined, 202, empty, deploymentHeader],
  ['DELETE', '/v2/pods/none', undefined, 404],
  ['GET', '/v2/pods/pod::status', undefined, 200],
  ['GET', '/v2/pods/none::status', undefined, 404, says("Pod '/none' does not exist")],
  ['GET', '/v2/pods/::status', undefined, 200, list],
  ['GET', '/v2/pods/pod::versions', undefined, 200, list],
  ['GET', '/v2/pods/none::versions', undefined, 404],
  ['DELETE', '/v2/pods/pod::instances', [], 200, list],
  ['DELETE', '/v2/pods/pod::instances', ['x'], 422],
  ['DELETE', '/v2/pods/pod::instances/x', undefined, 422],
  ['GET', '/v2/info', undefined, 200, ({ body }) => assert.equal(at(body, 'name'), 'marathon')],
  ['GET', '/v2/leader', undefined, 200, members('leader')],
  ['DELETE', '/v2/leader', undefined, 200, says('Leadership abdicated')],
  ['DELETE', '/v2/leader?backup=nonsense', undefined, 422],
  ['GET', '/v2/events', undefined, 405],
  ['GET', '/ping', undefined, 200, ({ text }) => assert.equal(text, 'pong')],
  [
    'GET',
    '/metrics',
    undefined,
    200,
    members('version', 'counters', 'gauges', 'histograms', 'meters', 'timers'),
  ],
  ['GET', '/metrics/prometheus', undefined, 200],
  ['GET', '/v2/plugins', undefined, 200, members('plugins')],
  ['GET', '/v2/plugins/x/y', undefined, 404, says('No plugin with this pluginId: x')],
  ['GET', '/v2/eventSubscriptions', undefined, 400],
  ['GET', '/none', undefined, 404, says('URI not found')],
  ['PUT', '/v2/tasks', {}, 405, says('Method Not Allowed')],
  ['GET', '/', undefined, 302, ({ headers }) => assert.equal(headers['location'], '/ui/')],
];

const HEADERS: Readonly<Record<string, string>> = {
  'x-marathon-leader': 'http://marathon.example:8080',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
};

for (const [method, url, body, status, ...checks] of ROWS) {
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  test(`${method} ${url}${sent} answers ${status}`, async () => {
    const world = await World.start();
    await world.call('POST', '/v2/apps', SLEEP);
    await world.call('POST', '/v2/apps', { ...SLEEP, id: '/g/sleep' });
    await world.call('POST', '/v2/pods', POD);
    await world.advance(10_000);
    const answer = await world.call(method, url, body);
    assert.equal(answer.status, status, answer.text);
    for (const [name, value] of Object.entries(HEADERS)) {
      assert.equal(answer.headers[name], value, name);
    }
    for (const check of checks) check(answer, world);
    await world.stop();
  });
}
