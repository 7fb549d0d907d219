/** Pods through the API: launched as groups, shown, upgraded, killed, removed; what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTape } from './event-tape.ts';
import { at, SLEEP, World } from './world.ts';

const WEB = {
  name: 'web',
  exec: { command: { shell: 'serve' } },
  resources: { cpus: 0.1, mem: 32 },
  endpoints: [{ name: 'http-in', hostPort: 0, labels: { vip: 'a' } }],
  volumeMounts: [{ name: 'shared', mountPath: 'data' }],
  healthCheck: { http: { endpoint: 'http-in', path: '/ok' } },
  labels: { tier: 'front' },
} as const;

const FEED = {
  name: 'feed',
  exec: { command: { argv: ['feed', '--fast'] } },
  resources: { cpus: 0.2, mem: 64, disk: 5 },
  endpoints: [{ name: 'admin', hostPort: 0 }],
  volumeMounts: [{ name: 'shared', mountPath: '/out', readOnly: true }],
  environment: { MODE: 'own' },
  lifecycle: { killGracePeriodSeconds: 1.5 },
} as const;

const POD = {
  id: '/shop/pod',
  labels: { team: 'x' },
  environment: { MODE: 'pod', COMMON: '1' },
  containers: [WEB, FEED],
  volumes: [{ name: 'shared' }],
} as const;

function namesOf(task: object | undefined): Map<string, string> {
  const rows = at(task, 'command', 'environment', 'variables');
  assert.ok(Array.isArray(rows));
  return new Map(rows.map((row: unknown) => [String(at(row, 'name')), String(at(row, 'value'))]));
}

async function statusOf(world: World, id = POD.id): Promise<unknown> {
  return (await world.call('GET', `/v2/pods${id}::status`)).body;
}

test('a pod is created in the shape of the original and launched as one group', async () => {
  const world = await World.start();
  const created = await world.call('POST', '/v2/pods', POD);
  assert.equal(created.status, 201, created.text);
  assert.match(String(created.headers['location']), /\/shop\/pod$/);
  assert.match(String(created.headers['marathon-deployment-id']), /^[0-9a-f-]{36}$/);
  assert.deepEqual(at(created.body, 'scheduling', 'backoff'), {
    backoff: 1,
    backoffFactor: 1.15,
    maxLaunchDelay: 300,
  });
  assert.ok(created.text.startsWith('{"id":"/shop/pod","labels":{"team":"x"},"version":"'));
  const deployments = await world.call('GET', '/v2/deployments');
  assert.deepEqual(at(deployments.body, 0, 'affectedPods'), [POD.id]);
  assert.deepEqual(at(deployments.body, 0, 'affectedApps'), []);
  assert.deepEqual(at(deployments.body, 0, 'steps', 0, 'actions', 0), {
    action: 'StartPod',
    pod: POD.id,
  });
  const queue = await world.call('GET', '/v2/queue');
  assert.equal(at(queue.body, 'queue', 0, 'pod', 'id'), POD.id);
  assert.equal(at(queue.body, 'queue', 0, 'app'), undefined);
  assert.deepEqual(at(await statusOf(world), 'instances'), []);
  await world.advance(5_000);

  const [group] = world.master.groups;
  assert.ok(group !== undefined);
  assert.equal(world.master.groups.length, 1);
  const { executor, ids } = group;
  const instanceId = String(at(await statusOf(world), 'instances', 0, 'id'));
  assert.deepEqual(ids, [`${instanceId}.web.1`, `${instanceId}.feed.1`]);
  const uuid = instanceId.split('.instance-')[1];
  assert.equal(executor.executor_id.value, `instance-shop_pod.${uuid}`);
  assert.equal(executor.type, 'DEFAULT');
  assert.equal(executor.framework_id.value, 'F-1');
  const amounts = executor.resources.map(({ name, scalar }) => [name, scalar?.value]);
  assert.deepEqual(amounts.slice(0, 3), [
    ['cpus', 0.1],
    ['mem', 32],
    ['disk', 10],
  ]);
  assert.deepEqual(
    amounts.slice(3).map(([name]) => name),
    ['ports', 'ports'],
  );
  await world.stop();
});

test('containers get their environment, ports, volumes and checks', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/pods', POD);
  await world.advance(5_000);
  const [web, feed] = world.master.running().map(({ info }) => info);
  assert.deepEqual([web?.name, feed?.name], ['web', 'feed']);
  const environment = namesOf(web);
  const port = environment.get('ENDPOINT_HTTP_IN');
  assert.match(String(port), /^31\d\d\d$/);
  assert.equal(environment.get('EP_HOST_HTTP_IN'), port);
  assert.equal(environment.get('MODE'), 'pod');
  assert.equal(namesOf(feed).get('MODE'), 'own');
  assert.equal(namesOf(feed).get('COMMON'), '1');
  assert.equal(namesOf(feed).get('ENDPOINT_HTTP_IN'), port);
  assert.equal(environment.get('MARATHON_APP_ID'), POD.id);
  assert.equal(environment.get('MARATHON_CONTAINER_ID'), 'web');
  assert.equal(environment.get('MARATHON_CONTAINER_RESOURCE_MEM'), '32.0');
  assert.equal(environment.get('MARATHON_APP_LABELS'), 'TEAM TIER');
  assert.deepEqual(at(web, 'container', 'volumes'), [
    {
      mode: 'RW',
      container_path: 'data',
      source: {
        type: 'SANDBOX_PATH',
        sandbox_path: { type: 'PARENT', path: 'volumes/shared' },
      },
    },
  ]);
  assert.equal(at(feed, 'container', 'volumes', 0, 'mode'), 'RO');
  assert.equal(String(at(web, 'health_check', 'http', 'port')), port);
  assert.equal(at(web, 'discovery', 'name'), 'pod.shop');
  assert.equal(at(feed, 'command', 'value'), 'feed');
  assert.deepEqual(at(feed, 'command', 'arguments'), ['feed', '--fast']);
  assert.equal(at(feed, 'kill_policy', 'grace_period', 'nanoseconds'), 1_500_000_000);
  await world.stop();
});

test('the status of a pod follows its containers and their health', async () => {
  const world = await World.start();
  world.master.firstState = 'TASK_STAGING';
  await world.call('POST', '/v2/pods', POD);
  await world.advance(4_000);
  const [web, feed] = world.master.running().map(({ id }) => id);
  assert.ok(web !== undefined && feed !== undefined);
  const seen = async (): Promise<readonly unknown[]> => {
    const status = await statusOf(world);
    return [at(status, 'status'), at(status, 'instances', 0, 'status')];
  };
  assert.deepEqual(await seen(), ['DEGRADED', 'STAGING']);
  world.master.update(web, 'TASK_RUNNING');
  world.master.update(feed, 'TASK_RUNNING');
  await world.advance(10);
  assert.deepEqual(await seen(), ['DEGRADED', 'DEGRADED']);
  const unreported = at(await statusOf(world), 'instances', 0, 'containers', 0, 'conditions', 0);
  assert.equal(at(unreported, 'reason'), 'health-unreported-by-mesos');
  world.master.update(web, 'TASK_RUNNING', { healthy: true });
  await world.advance(10);
  assert.deepEqual(await seen(), ['STABLE', 'STABLE']);
  const instance = at(await statusOf(world), 'instances', 0);
  assert.equal(at(instance, 'agentHostname'), 'a1.example');
  assert.deepEqual(at(instance, 'resources'), { cpus: 0.4, mem: 128, disk: 15, gpus: 0 });
  assert.equal(at(instance, 'containers', 0, 'endpoints', 0, 'healthy'), true);
  assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
  const group = await world.call('GET', '/v2/groups/shop');
  assert.equal(at(group.body, 'pods', 0, 'status'), 'STABLE');
  const without = await world.call('GET', '/v2/groups/shop?embed=group.apps');
  assert.deepEqual(at(without.body, 'pods'), []);
  world.master.update(web, 'TASK_RUNNING', { healthy: false });
  await world.advance(10);
  assert.deepEqual(await seen(), ['DEGRADED', 'DEGRADED']);
  await world.stop();
});

test('a pod with health checks is deployed when it is healthy, and told so', async () => {
  const world = await World.start();
  const tape = await EventTape.start(world);
  const health = (): unknown[] =>
    tape.of('instance_health_changed_event').map((event) => at(event, 'healthy'));
  const deployments = async (): Promise<unknown> =>
    (await world.call('GET', '/v2/deployments')).body;
  await world.call('POST', '/v2/pods', POD);
  await world.advance(5_000);
  const [web = ''] = world.master.running().map(({ id }) => id);
  assert.equal(at(await deployments(), 0, 'currentStep'), 2);
  world.master.update(web, 'TASK_RUNNING', { healthy: false });
  await world.advance(10);
  assert.equal(at(await deployments(), 0, 'currentStep'), 2);
  world.master.update(web, 'TASK_RUNNING', { healthy: true });
  await world.advance(10);
  assert.deepEqual(await deployments(), []);
  assert.deepEqual(health(), [false, true]);
  // The old one serves until the new one is healthy.
  await world.call('PUT', '/v2/pods/shop/pod', { ...POD, environment: { MODE: 'new' } });
  await world.advance(10_000);
  assert.equal(world.master.groups.length, 2);
  assert.equal(world.master.callsOf('KILL').length, 0);
  const next = world.master.groups[1]?.ids[0] ?? '';
  world.master.update(next, 'TASK_RUNNING', { healthy: true });
  await world.advance(10_000);
  assert.deepEqual(await deployments(), []);
  assert.deepEqual(
    world.master.running().map(({ id }) => id),
    world.master.groups[1]?.ids,
  );
  tape.stop();
  await world.stop();
});

test('a container of an AppC image finds it by its labels', async () => {
  const world = await World.start();
  const image = { kind: 'APPC', id: 'example.com/web', labels: { arch: 'arm64', v: '1' } };
  const containers = [{ ...FEED, volumeMounts: [], image, exec: undefined }];
  const created = await world.call('POST', '/v2/pods', { id: '/appc', containers });
  assert.equal(created.status, 201, created.text);
  await world.advance(5_000);
  const [task] = world.master.running();
  assert.deepEqual(at(task?.info, 'container', 'mesos', 'image'), {
    type: 'APPC',
    appc: {
      name: 'example.com/web',
      labels: {
        labels: [
          { key: 'os', value: 'linux' },
          { key: 'arch', value: 'arm64' },
          { key: 'v', value: '1' },
        ],
      },
    },
    cached: true,
  });
  await world.stop();
});

test('a failed container ends its instance, which is launched again with a delay', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/pods', POD);
  await world.advance(5_000);
  const [web = '', feed = ''] = world.master.running().map(({ id }) => id);
  world.master.update(feed, 'TASK_FAILED', { message: 'Command exited with status 3' });
  await world.advance(1);
  const instance = at(await statusOf(world), 'instances', 0);
  assert.equal(at(instance, 'status'), 'TERMINAL');
  assert.equal(at(instance, 'containers', 1, 'termination', 'exitCode'), 3);
  // Nothing new is started while the executor still ends the others.
  assert.equal(world.master.groups.length, 1);
  world.master.update(web, 'TASK_KILLED');
  await world.advance(500);
  assert.equal(world.master.groups.length, 1);
  await world.advance(10_000);
  assert.equal(world.master.groups.length, 2);
  assert.deepEqual(world.master.groups[1]?.ids, [
    web.replace(/\.1$/, '.2'),
    feed.replace(/\.1$/, '.2'),
  ]);
  await world.stop();
});

test('an update replaces instances, a count only scales, versions are kept', async () => {
  const world = await World.start();
  const plain = { ...POD, containers: [FEED, { ...WEB, healthCheck: undefined }] };
  const first = await world.call('POST', '/v2/pods', plain);
  await world.advance(5_000);
  const scaled = { ...plain, scaling: { kind: 'fixed', instances: 2 } };
  const answer = await world.call('PUT', '/v2/pods/shop/pod', scaled);
  assert.equal(answer.status, 200, answer.text);
  await world.advance(5_000);
  assert.equal(world.master.running().length, 4);
  assert.equal(world.master.callsOf('KILL').length, 0);
  await world.call('PUT', '/v2/pods/shop/pod', { ...scaled, environment: { MODE: 'new' } });
  const [steps] = [await world.call('GET', '/v2/deployments')];
  assert.equal(at(steps.body, 0, 'steps', 0, 'actions', 0, 'action'), 'RestartPod');
  await world.advance(20_000);
  assert.equal(world.master.running().length, 4);
  for (const { info } of world.master.running('web')) {
    assert.equal(namesOf(info).get('MODE'), 'new');
  }
  const versions = await world.call('GET', '/v2/pods/shop/pod::versions');
  assert.ok(Array.isArray(versions.body) && versions.body.length === 3);
  const version = String(at(first.body, 'version'));
  const old = await world.call('GET', `/v2/pods/shop/pod::versions/${version}`);
  assert.deepEqual(at(old.body, 'scaling'), { kind: 'fixed', instances: 1 });
  await world.restart();
  await world.advance(5_000);
  assert.equal(world.master.running().length, 4);
  assert.equal(at(await statusOf(world), 'status'), 'STABLE');
  await world.stop();
});

test('instances are killed by id and come back; a deleted pod ends with all of them', async () => {
  const world = await World.start();
  const events = await EventTape.start(world);
  await world.call('POST', '/v2/pods', {
    ...POD,
    containers: [FEED],
    volumes: [{ name: 'shared' }],
  });
  await world.advance(5_000);
  const id = String(at(await statusOf(world), 'instances', 0, 'id'));
  const killed = await world.call('DELETE', `/v2/pods/shop/pod::instances/${id}`);
  assert.equal(at(killed.body, 'instanceId'), id);
  assert.equal(at(killed.body, 'state', 'condition'), 'Running');
  await world.advance(5_000);
  assert.deepEqual(
    world.master.running().map((task) => task.id),
    [`${id}.feed.2`],
  );
  const unknown = id.replace(/[0-9a-f]{4}$/, '0000');
  const missing = await world.call('DELETE', `/v2/pods/shop/pod::instances/${unknown}`);
  assert.equal(missing.status, 404);
  const bad = await world.call('DELETE', '/v2/pods/shop/pod::instances', ['no id']);
  assert.equal(bad.status, 422);
  const gone = await world.call('DELETE', '/v2/pods/shop/pod');
  assert.equal(gone.status, 202);
  assert.equal(gone.text, '');
  await world.advance(5_000);
  assert.equal(world.master.running().length, 0);
  assert.equal((await world.call('GET', '/v2/pods/shop/pod::status')).status, 404);
  const types = events.types();
  for (const type of ['pod_created_event', 'pod_deleted_event', 'deployment_success']) {
    assert.ok(types.includes(type), type);
  }
  await world.stop();
});

test('what is wrong with a pod is refused with the path and the sentence of the original', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  const broken = (container: object, more: object = {}): object => ({
    id: '/p',
    containers: [{ name: 'c', resources: {}, ...container }],
    ...more,
  });
  const twice = { endpoints: [{ name: 'e', hostPort: 5 }], resources: {} };
  const probe = { healthCheck: { timeoutSeconds: 60, http: { endpoint: 'none' } } };
  const rows: readonly (readonly [object, string, string])[] = [
    [
      {
        id: '/p',
        containers: [
          { name: 'a', ...twice },
          { name: 'b', ...twice },
        ],
      },
      '/',
      'endpoint names nust be unique across all containers',
    ],
    [
      {
        id: '/p',
        containers: [
          { name: 'a', resources: {} },
          { name: 'a', resources: {} },
        ],
      },
      '/containers',
      'container names must be unique',
    ],
    [
      broken({}, { volumes: [{ name: 'v' }] }),
      '/volumes(0)',
      'volume must be referenced by at least one container',
    ],
    [
      broken({ volumeMounts: [{ name: 'v', mountPath: 'x' }] }),
      '/containers(0)/volumeMounts(0)/name',
      'Referenced Volume in VolumeMount should exist',
    ],
    [
      broken(probe),
      '/containers(0)/healthCheck/http/endpoint',
      'contained in the container endpoints',
    ],
    [broken(probe), '/containers(0)/healthCheck/timeoutSeconds', 'got 60, expected less than 60'],
    [
      broken({ endpoints: [{ name: 'e', containerPort: 1 }] }),
      '/containers(0)/endpoints(0)/containerPort',
      'is not allowed when using host-mode networking',
    ],
    [
      broken({ endpoints: [{ name: 'e' }] }, { networks: [{ mode: 'container', name: 'n' }] }),
      '/containers(0)/endpoints(0)/containerPort',
      'is required when using container-mode networking',
    ],
    [
      broken({ endpoints: [{ name: 'e', protocol: ['tcp', 'tcp'] }] }),
      '/containers(0)/endpoints(0)/protocol',
      'Duplicate protocols within the same endpoint are not allowed',
    ],
    [
      broken({ resourceLimits: { cpus: 'unlimited' } }, { legacySharedCgroups: true }),
      '/containers(0)/resourceLimits',
      'resourceLimits cannot be defined if legacySharedCgroups is enabled',
    ],
    [
      broken(
        {},
        { scheduling: { placement: { constraints: [{ fieldName: 'x', operator: 'Y' }] } } },
      ),
      '/scheduling/placement/constraints(0)',
      'operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS',
    ],
    [broken({}, { id: '/sleep' }), '/', 'Applications and Pods may not share the same id'],
  ];
  for (const [body, path, message] of rows) {
    const answer = await world.call('POST', '/v2/pods', body);
    assert.equal(answer.status, 422, answer.text);
    const details = at(answer.body, 'details');
    assert.ok(Array.isArray(details), answer.text);
    const mine = details.find((each: unknown) => at(each, 'path') === path);
    const errors = at(mine, 'errors');
    assert.ok(Array.isArray(errors) && errors.includes(message), `${message}: ${answer.text}`);
  }
  const missing = await world.call('POST', '/v2/pods', { id: '/p' });
  assert.deepEqual(at(missing.body, 'details'), [
    { path: '/containers', errors: ['error.path.missing'] },
  ]);
  await world.call('POST', '/v2/pods', broken({}));
  const again = await world.call('POST', '/v2/pods', broken({}));
  assert.equal(again.status, 409);
  assert.equal(at(again.body, 'message'), 'A pod with id [/p] already exists.');
  const other = await world.call('PUT', '/v2/pods/p', broken({}, { id: '/q' }));
  assert.equal(at(other.body, 'message'), "'/p' does not match definition's id ('/q')");
  const unknown = await world.call('GET', '/v2/pods/nope');
  assert.equal(unknown.text, '{"message":"{\\"message\\": \\"pod with /nope does not exist\\"}"}');
  const app = await world.call('POST', '/v2/apps', { ...SLEEP, id: '/p' });
  assert.equal(app.status, 422);
  assert.equal((await world.call('GET', '/v2/apps/p')).status, 404);
  await world.stop();
});
