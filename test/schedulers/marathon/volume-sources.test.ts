/** External volumes and secrets: what is refused, and what tasks are given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SLEEP, World } from './world.ts';

const ALL = { enable_features: 'external_volumes,secrets' };

function external(more: object = {}, volume: object = {}): object {
  return {
    containerPath: '/data',
    mode: 'RW',
    external: {
      name: 'disk1',
      provider: 'dvdi',
      options: { 'dvdi/driver': 'rexray', 'dvdi/iops': ' 100 ' },
      ...more,
    },
    ...volume,
  };
}

function appWith(volume: object, type = 'MESOS', more: object = {}): object {
  const docker = type === 'DOCKER' ? { docker: { image: 'busybox' } } : {};
  return { ...SLEEP, container: { type, ...docker, volumes: [volume] }, ...more };
}

async function detailsOf(body: object, flags: Readonly<Record<string, string>> = ALL) {
  const world = await World.start(flags);
  const answer = await world.call('POST', '/v2/apps', body);
  await world.stop();
  assert.equal(answer.status, 422, answer.text);
  return at(answer.body, 'details');
}

/** The task of the only app, as plain JSON. */
async function taskOf(body: object, path = '/v2/apps'): Promise<unknown> {
  const world = await World.start(ALL);
  const answer = await world.call('POST', path, body);
  assert.equal(answer.status, 201, answer.text);
  await world.advance(10_000);
  const info: unknown = JSON.parse(JSON.stringify(world.master.running()[0]?.info));
  await world.stop();
  return info;
}

const VOLUME = '/container/volumes(0)';

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  [
    'an unknown provider',
    external({ provider: 'x' }),
    `${VOLUME}/external/provider`,
    'is unknown provider',
  ],
  [
    'no driver',
    external({ options: {} }),
    `${VOLUME}/external/options("dvdi/driver")`,
    'not defined',
  ],
  ['no name', external({ name: undefined }), `${VOLUME}/external/name`, 'not defined'],
  ['read only', external({}, { mode: 'RO' }), `${VOLUME}/mode`, 'is not one of (RW)'],
  [
    'iops that are no number',
    external({ options: { 'dvdi/driver': 'rexray', 'dvdi/iops': 'many' } }),
    `${VOLUME}/external/options/"dvdi/iops"`,
    'must be a natural number',
  ],
];

for (const [what, volume, path, message] of REFUSED) {
  test(`an external volume with ${what} is refused`, async () => {
    assert.deepEqual(await detailsOf(appWith(volume)), [{ path, errors: [message] }]);
  });
}

test('the Docker engine takes neither options nor a size', async () => {
  assert.deepEqual(await detailsOf(appWith(external({ size: 5 }), 'DOCKER')), [
    { path: `${VOLUME}/external/options`, errors: ['must only contain dvdi/driver'] },
    { path: `${VOLUME}/external/size`, errors: ['must be undefined for Docker containers'] },
  ]);
});

test('external volumes and secrets need their features', async () => {
  const disabled = (name: string): string =>
    `Feature ${name} is not enabled. Enable with --enable_features ${name})`;
  assert.deepEqual(await detailsOf(appWith(external()), {}), [
    { path: `${VOLUME}/external`, errors: [disabled('external_volumes')] },
  ]);
  assert.deepEqual(await detailsOf({ ...SLEEP, secrets: { s: { source: '/s' } } }, {}), [
    { path: '/secrets', errors: [disabled('secrets')] },
  ]);
});

test('an exclusive volume serves one instance of one app', async () => {
  const text = 'Number of instances is limited to 1 when declaring DVDI volumes in app [/sleep]';
  assert.deepEqual(await detailsOf(appWith(external(), 'MESOS', { instances: 2 })), [
    { path: '/', errors: [text] },
  ]);
  const world = await World.start(ALL);
  const first = await world.call('POST', '/v2/apps', appWith(external()));
  assert.equal(first.status, 201, first.text);
  const second = await world.call('POST', '/v2/apps', appWith(external(), 'MESOS', { id: '/b' }));
  assert.equal(second.status, 422);
  assert.match(second.text, /Volume name 'disk1' in \/sleep conflicts with volume\(s\) of same/);
  const shared = appWith(external({ shared: true, name: 'disk2' }), 'MESOS', {
    instances: 2,
    id: '/c',
  });
  assert.equal((await world.call('POST', '/v2/apps', shared)).status, 201);
  await world.stop();
});

test('a volume of a driver is named to the agent with its options and size', async () => {
  const task = await taskOf(appWith(external({ size: 10 })));
  assert.deepEqual(at(task, 'container', 'volumes'), [
    {
      mode: 'RW',
      container_path: '/data',
      source: {
        type: 'DOCKER_VOLUME',
        docker_volume: {
          driver: 'rexray',
          name: 'disk1',
          driver_options: {
            parameter: [
              { key: 'iops', value: '100' },
              { key: 'size', value: '10' },
            ],
          },
        },
      },
    },
  ]);
});

test('a volume of a storage plugin is named with its capability and secrets', async () => {
  const volume = external({
    provider: 'csi',
    options: {
      pluginName: 'nfs',
      capability: {
        accessMode: 'MULTI_NODE_MULTI_WRITER',
        accessType: 'mount',
        fsType: 'ext4',
        mountFlags: ['ro'],
      },
      nodeStageSecret: { user: { secret: 's' } },
      volumeContext: { server: 'x' },
    },
  });
  const task = await taskOf(appWith(volume, 'MESOS', { secrets: { s: { source: '/store/s' } } }));
  assert.deepEqual(at(task, 'container', 'volumes', 0, 'source'), {
    type: 'CSI_VOLUME',
    csi_volume: {
      plugin_name: 'nfs',
      static_provisioning: {
        volume_id: 'disk1',
        volume_capability: {
          mount: { fs_type: 'ext4', mount_flags: ['ro'] },
          access_mode: { mode: 'MULTI_NODE_MULTI_WRITER' },
        },
        node_stage_secrets: { user: { type: 'REFERENCE', reference: { name: '/store/s' } } },
        volume_context: { server: 'x' },
      },
    },
  });
});

const REFERENCE = { type: 'REFERENCE', reference: { name: '/store/password' } };

test('secrets reach the task of an app by reference only', async () => {
  const task = await taskOf({
    ...SLEEP,
    secrets: { password: { source: '/store/password' } },
    env: { PASSWORD: { secret: 'password' }, PLAIN: 'x', HOST: { secret: 'password' } },
    container: {
      type: 'MESOS',
      docker: { image: 'busybox', pullConfig: { secret: 'password' } },
      volumes: [{ containerPath: 'file', secret: 'password' }],
    },
  });
  const variables = at(task, 'command', 'environment', 'variables');
  assert.ok(Array.isArray(variables));
  const named = (name: string) => variables.filter((each) => at(each, 'name') === name);
  assert.deepEqual(named('PASSWORD'), [{ name: 'PASSWORD', type: 'SECRET', secret: REFERENCE }]);
  assert.deepEqual(named('HOST'), [{ name: 'HOST', type: 'SECRET', secret: REFERENCE }]);
  assert.deepEqual(named('PLAIN'), [{ name: 'PLAIN', type: 'VALUE', value: 'x' }]);
  assert.deepEqual(at(task, 'container', 'volumes', 0, 'source'), {
    type: 'SECRET',
    secret: REFERENCE,
  });
  assert.deepEqual(at(task, 'container', 'mesos', 'image', 'docker', 'config'), REFERENCE);
});

test('secrets reach the containers of a pod by reference only', async () => {
  const task = await taskOf(
    {
      id: '/pod',
      secrets: { password: { source: '/store/password' } },
      environment: { PASSWORD: 'overridden' },
      volumes: [{ name: 'key', secret: 'password' }],
      containers: [
        {
          name: 'one',
          resources: { cpus: 0.1, mem: 32 },
          exec: { command: { shell: 'sleep 1000' } },
          environment: { PASSWORD: { secret: 'password' } },
          volumeMounts: [{ name: 'key', mountPath: 'key' }],
        },
      ],
    },
    '/v2/pods',
  );
  const variables = at(task, 'command', 'environment', 'variables');
  assert.ok(Array.isArray(variables));
  assert.deepEqual(
    variables.filter((each) => at(each, 'name') === 'PASSWORD'),
    [{ name: 'PASSWORD', type: 'SECRET', secret: REFERENCE }],
  );
  assert.deepEqual(at(task, 'container', 'volumes', 0, 'source'), {
    type: 'SECRET',
    secret: REFERENCE,
  });
});

test('secrets that are not declared are refused', async () => {
  assert.deepEqual(await detailsOf({ ...SLEEP, env: { A: { secret: 'none' } } }), [
    { path: '/env/A/secret', errors: ['references an undefined secret'] },
  ]);
  assert.deepEqual(await detailsOf(appWith({ containerPath: 'f', secret: 'none' })), [
    { path: VOLUME, errors: ['volume.secret must refer to an existing secret'] },
  ]);
});
