/** Lists, filters, versions, groups, deployments, queue, info: what is read and rolled back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SLEEP, World } from './world.ts';

function ids(value: unknown): unknown[] {
  return Object.values(value ?? {}).map((each) => at(each, 'id'));
}

test('apps are found by command, id and labels', async () => {
  const world = await World.start({}, []);
  await world.call('POST', '/v2/apps', {
    ...SLEEP,
    id: '/web/a',
    labels: { tier: 'front', x: '' },
  });
  await world.call('POST', '/v2/apps', {
    ...SLEEP,
    id: '/web/b',
    cmd: 'Python -m http',
    labels: { tier: 'back' },
  });
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/db' });
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['', ['/web/a', '/web/b', '/db']],
    ['?cmd=python', ['/web/b']],
    ['?id=WEB', ['/web/a', '/web/b']],
    ['?label=tier', ['/web/a', '/web/b']],
    ['?label=tier%3D%3Dfront', ['/web/a']],
    ['?label=tier!%3Dfront', ['/web/b']],
    ['?label=tier+in+(front,back),x', ['/web/a']],
    ['?label=tier+notin+(front)', ['/web/b']],
    ['?id=web&label=x', ['/web/a']],
  ];
  for (const [query, expected] of rows) {
    const answer = await world.call('GET', `/v2/apps${query}`);
    assert.deepEqual(ids(at(answer.body, 'apps')), expected, query);
  }
  const bad = await world.call('GET', '/v2/apps?label=tier%3Dfront');
  assert.equal(bad.status, 422);
  assert.match(
    String(at(bad.body, 'message')),
    /^Can not parse label selector tier=front\. Reason/,
  );
  const unknown = await world.call('GET', '/v2/apps?embed=app.constructor');
  assert.equal(unknown.status, 200);
  const wildcard = await world.call('GET', '/v2/apps/web/*');
  assert.deepEqual(ids(at(wildcard.body, '*')), ['/web/a', '/web/b']);
  await world.stop();
});

test('an app goes back to an earlier version', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  const first = at((await world.call('GET', '/v2/apps/sleep')).body, 'app', 'version');
  await world.call('PUT', '/v2/apps/sleep', { cmd: 'sleep 5', env: { A: 'b' } });
  await world.advance(10_000);
  const stored = await world.call('GET', `/v2/apps/sleep/versions/${String(first)}`);
  assert.equal(at(stored.body, 'cmd'), 'sleep 1000');
  const back = await world.call('PUT', '/v2/apps/sleep', { version: first });
  assert.equal(back.status, 200);
  await world.advance(10_000);
  const app = await world.call('GET', '/v2/apps/sleep');
  assert.equal(at(app.body, 'app', 'cmd'), 'sleep 1000');
  assert.equal(at(app.body, 'app', 'env'), undefined);
  assert.notEqual(at(app.body, 'app', 'version'), first);
  assert.equal(world.master.running('sleep')[0]?.info.command?.value, 'sleep 1000');
  await world.stop();
});

test('an update keeps fields that are not sent, a replacement resets them', async () => {
  const world = await World.start({}, []);
  await world.call('POST', '/v2/apps', { ...SLEEP, labels: { a: 'b' }, instances: 0 });
  await world.call('PATCH', '/v2/apps/sleep', { mem: 64 });
  const patched = await world.call('GET', '/v2/apps/sleep');
  assert.deepEqual(at(patched.body, 'app', 'labels'), { a: 'b' });
  assert.equal(at(patched.body, 'app', 'mem'), 64);
  assert.equal(at(patched.body, 'app', 'portDefinitions', 0, 'port'), 10_000);
  await world.call('PUT', '/v2/apps/sleep?partialUpdate=false', { cmd: 'sleep 1', instances: 0 });
  const replaced = await world.call('GET', '/v2/apps/sleep');
  assert.deepEqual(at(replaced.body, 'app', 'labels'), {});
  assert.equal(at(replaced.body, 'app', 'mem'), 128);
  assert.equal(at(replaced.body, 'app', 'portDefinitions', 0, 'port'), 10_000);
  const created = await world.call('PUT', '/v2/apps/new', { cmd: 'sleep 1', instances: 0 });
  assert.equal(created.status, 201);
  assert.equal(created.headers['location'], 'http://localhost:80/new');
  const missing = await world.call('PATCH', '/v2/apps/none', { mem: 64 });
  assert.equal(missing.status, 404);
  const many = await world.call('PUT', '/v2/apps', [
    { id: '/sleep', mem: 256 },
    { id: '/new', mem: 512 },
  ]);
  assert.equal(many.status, 200);
  const apps = await world.call('GET', '/v2/apps');
  assert.deepEqual([at(apps.body, 'apps', 0, 'mem'), at(apps.body, 'apps', 1, 'mem')], [256, 512]);
  await world.stop();
});

test('a deployment is rolled back, or only ended by force', async () => {
  const world = await World.start({}, []);
  const posted = await world.call('POST', '/v2/apps', { ...SLEEP, id: '/g/sleep' });
  const id = String(at(posted.body, 'deployments', 0, 'id'));
  const rolled = await world.call('DELETE', `/v2/deployments/${id}`);
  assert.equal(rolled.status, 200);
  assert.notEqual(at(rolled.body, 'deploymentId'), id);
  await world.advance(1_000);
  assert.equal((await world.call('GET', '/v2/apps/g/sleep')).status, 404);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  const second = await world.call('POST', '/v2/apps', SLEEP);
  const forced = await world.call(
    'DELETE',
    `/v2/deployments/${String(at(second.body, 'deployments', 0, 'id'))}?force=true`,
  );
  assert.equal(forced.status, 202);
  assert.equal(forced.text, '');
  assert.equal((await world.call('GET', '/v2/apps/sleep')).status, 200);
  await world.stop();
});

test('groups are created, read, scaled, rolled back and deleted', async () => {
  const world = await World.start();
  const group = {
    id: '/product',
    groups: [{ id: 'db', apps: [{ ...SLEEP, id: 'mongo' }] }],
    apps: [{ ...SLEEP, id: 'web', dependencies: ['/product/db'] }],
  };
  const created = await world.call('POST', '/v2/groups', group);
  assert.equal(created.status, 201, created.text);
  const deployments = await world.call('GET', '/v2/deployments');
  assert.deepEqual(at(deployments.body, 0, 'steps'), [
    {
      actions: [
        { action: 'StartApplication', app: '/product/web' },
        { action: 'StartApplication', app: '/product/db/mongo' },
      ],
    },
    { actions: [{ action: 'ScaleApplication', app: '/product/db/mongo' }] },
    { actions: [{ action: 'ScaleApplication', app: '/product/web' }] },
  ]);
  await world.advance(10_000);
  assert.equal(world.master.running().length, 2);
  const read = await world.call('GET', '/v2/groups/product');
  assert.equal(at(read.body, 'groups', 0, 'apps', 0, 'id'), '/product/db/mongo');
  assert.equal(at(read.body, 'enforceRole'), false);
  const version = at(read.body, 'version');
  const scaled = await world.call('PUT', '/v2/groups/product', { scaleBy: 2 });
  assert.equal(scaled.status, 200);
  await world.advance(10_000);
  assert.equal(world.master.running().length, 4);
  const dry = await world.call('PUT', '/v2/groups/product?dryRun=true', { apps: [] });
  assert.deepEqual(at(dry.body, 'steps'), [
    { actions: [{ action: 'StopApplication', app: '/product/web' }] },
  ]);
  assert.equal(world.master.running().length, 4);
  const versions = await world.call('GET', '/v2/groups/product/versions');
  assert.ok(Object.values(versions.body ?? {}).includes(version));
  const back = await world.call('PUT', '/v2/groups/product', { version });
  assert.equal(back.status, 200, back.text);
  await world.advance(10_000);
  assert.equal(world.master.running().length, 2);
  assert.equal((await world.call('POST', '/v2/groups', group)).status, 409);
  assert.equal((await world.call('DELETE', '/v2/groups/product')).status, 200);
  await world.advance(5_000);
  assert.equal(world.master.running().length, 0);
  assert.equal((await world.call('GET', '/v2/groups/product')).status, 404);
  const root = await world.call('GET', '/v2/groups');
  assert.equal(at(root.body, 'id'), '/');
  await world.stop();
});

test('the queue tells what waits and why offers did not fit', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, cpus: 100, mem: 99_999, instances: 2 });
  await world.advance(3_000);
  const queue = await world.call('GET', '/v2/queue?embed=lastUnusedOffers');
  assert.equal(at(queue.body, 'queue', 0, 'count'), 2);
  assert.equal(at(queue.body, 'queue', 0, 'app', 'id'), '/sleep');
  assert.deepEqual(at(queue.body, 'queue', 0, 'delay'), { timeLeftSeconds: 0, overdue: true });
  const summary = at(queue.body, 'queue', 0, 'processedOffersSummary', 'rejectSummaryLastOffers');
  assert.equal(Object.values(summary ?? {}).length, 10);
  assert.deepEqual(at(summary, 4), { reason: 'InsufficientCpus', declined: 2, processed: 2 });
  assert.deepEqual(at(queue.body, 'queue', 0, 'lastUnusedOffers', 0, 'reason'), [
    'InsufficientCpus',
    'InsufficientMemory',
  ]);
  await world.stop();
});

test('tasks are listed as JSON and as text', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/a/sleep' });
  await world.advance(3_000);
  const json = await world.call('GET', '/v2/tasks');
  assert.equal(at(json.body, 'tasks', 0, 'appId'), '/a/sleep');
  assert.deepEqual(at(json.body, 'tasks', 0, 'servicePorts'), [10_000]);
  assert.equal(at(json.body, 'tasks', 0, 'state'), 'TASK_RUNNING');
  const port = String(at(json.body, 'tasks', 0, 'ports', 0));
  const host = String(at(json.body, 'tasks', 0, 'host'));
  const text = await world.call('GET', '/v2/tasks', undefined, { accept: 'text/plain' });
  assert.equal(text.text, `a_sleep\t10000\t${host}:${port}\t\n`);
  const none = await world.call('GET', '/v2/tasks?status=staging');
  assert.deepEqual(at(none.body, 'tasks'), []);
  await world.stop();
});

/** The Python client of Marathon fails at any member beside these. */
const INFO_MEMBERS = `access_control_allow_origin checkpoint decline_offer_duration
  default_network_name env_vars_prefix executor failover_timeout features framework_name ha hostname
  launch_token launch_token_refresh_interval leader_proxy_connection_timeout_ms
  leader_proxy_read_timeout_ms local_port_max local_port_min maintenance_mode master
  max_instances_per_offer mesos_bridge_name mesos_heartbeat_failure_threshold
  mesos_heartbeat_interval mesos_leader_ui_url mesos_role mesos_user min_revive_offers_interval
  new_group_enforce_role offer_matching_timeout on_elected_prepare_timeout
  reconciliation_initial_delay reconciliation_interval scale_apps_initial_delay scale_apps_interval
  store_cache task_launch_confirm_timeout task_launch_timeout task_lost_expunge_initial_delay
  task_lost_expunge_interval task_reservation_timeout webui_url`.split(/\s+/);
const ZOOKEEPER_MEMBERS = `zk zk_compression zk_compression_threshold zk_connection_timeout
  zk_max_node_size zk_max_versions zk_session_timeout zk_timeout`.split(/\s+/);

function membersOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value).sort() : [];
}

test('info, leader, ping, metrics and the start page answer', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/x' });
  const info = await world.call('GET', '/v2/info');
  assert.equal(at(info.body, 'name'), 'marathon');
  assert.equal(at(info.body, 'frameworkId'), 'F-1');
  assert.equal(at(info.body, 'marathon_config', 'webui_url'), null);
  assert.deepEqual(membersOf(at(info.body, 'marathon_config')), INFO_MEMBERS);
  assert.deepEqual(membersOf(at(info.body, 'zookeeper_config')), ZOOKEEPER_MEMBERS);
  const leader = await world.call('GET', '/v2/leader');
  assert.match(String(at(leader.body, 'leader')), /^marathon\.example:\d+$/);
  const ping = await world.call('GET', '/ping');
  assert.equal(ping.text, 'pong');
  assert.equal(ping.headers['x-frame-options'], 'DENY');
  const metrics = await world.call('GET', '/metrics');
  assert.deepEqual(at(metrics.body, 'gauges', 'marathon.apps.active.gauge'), { value: 1 });
  const start = await world.call('GET', '/');
  assert.deepEqual([start.status, start.headers['location']], [302, '/ui/']);
  const file = await world.call('GET', '/ui/index.html');
  assert.equal(file.headers['location'], undefined, 'a file is no folder');
  const folder = await world.call('GET', '/ui/some/folder?next=/');
  assert.equal(folder.headers['location'], '/ui/some/folder/');
  await world.stop();
});

test('browsers of another origin are told what they may do', async () => {
  const world = await World.start({ access_control_allow_origin: 'http://a,http://b' });
  const answer = await world.marathon.app.inject({
    method: 'OPTIONS',
    url: '/v2/apps',
    headers: { 'access-control-request-headers': 'x-a' },
  });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['access-control-allow-origin'], 'http://b');
  assert.equal(answer.headers['access-control-allow-headers'], 'x-a');
  assert.equal(answer.headers['allow'], 'GET, POST, PUT, PATCH, HEAD, OPTIONS');
  await world.stop();
});
