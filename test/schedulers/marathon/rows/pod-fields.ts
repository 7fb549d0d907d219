/** One test per field of pods: how what is sent is shown (spec marathon-app-model, section 9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../world.ts';
import { FEATURES, pick, worlds } from './rows.ts';

const MAIN = { name: 'main', exec: { command: { shell: 'sleep 1' } }, resources: {} };
const BASE = { containers: [MAIN], scaling: { kind: 'fixed', instances: 0 } };
const BRIDGE = [{ mode: 'container/bridge' }];
const NAMED = [{ mode: 'container', name: 'n' }];

/** What is sent beside the id, where the row looks, and what stands there; undefined = nothing. */
type Row = readonly [
  name: string,
  sent: object,
  path: readonly (string | number)[],
  shown: Readonly<Record<string, unknown>>,
];

const container = (more: object): object => ({ containers: [{ ...MAIN, ...more }] });
const mounting = (...volumes: readonly { readonly name: string }[]): object => ({
  ...container({ volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `m/${name}` })) }),
  volumes,
});
const WEB = { name: 'web', containerPort: 80 };
const HEALTH = {
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  maxConsecutiveFailures: 3,
  timeoutSeconds: 20,
  delaySeconds: 15,
};

const POD_DEFAULTS: Readonly<Record<string, unknown>> = {
  labels: {},
  user: undefined,
  environment: undefined,
  secrets: undefined,
  volumes: undefined,
  networks: [{ mode: 'host' }],
  executorResources: { cpus: 0.1, mem: 32, disk: 10 },
  role: '*',
  linuxInfo: undefined,
  legacySharedCgroups: undefined,
};

const SCHEDULING_DEFAULTS: Readonly<Record<string, unknown>> = {
  backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
  upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  placement: { constraints: [], acceptedResourceRoles: [] },
  killSelection: 'YOUNGEST_FIRST',
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
};

const CONTAINER_DEFAULTS: Readonly<Record<string, unknown>> = {
  name: 'main',
  exec: { command: { shell: 'sleep 1' } },
  resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 },
  resourceLimits: undefined,
  endpoints: undefined,
  image: undefined,
  environment: undefined,
  user: undefined,
  healthCheck: undefined,
  check: undefined,
  volumeMounts: undefined,
  artifacts: undefined,
  labels: undefined,
  lifecycle: undefined,
  tty: undefined,
  linuxInfo: undefined,
};

/** Shown as it was sent. */
const POD_GIVEN: Readonly<Record<string, unknown>> = {
  labels: { a: 'b' },
  user: 'nobody',
  environment: { A: 'b' },
  secrets: { a: { source: 'b' } },
  scaling: { kind: 'fixed', instances: 0 },
  executorResources: { cpus: 100, mem: 100, disk: 20 },
  linuxInfo: { ipcInfo: { mode: 'PRIVATE', shmSize: 16 } },
  legacySharedCgroups: true,
};

const SCHEDULING_GIVEN: Readonly<Record<string, unknown>> = {
  backoff: { backoff: 5, backoffFactor: 2, maxLaunchDelay: 60 },
  upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.25 },
  placement: {
    constraints: [{ fieldName: 'rack', operator: 'LIKE', value: 'r.*' }],
    acceptedResourceRoles: ['*'],
  },
  killSelection: 'OLDEST_FIRST',
  unreachableStrategy: { inactiveAfterSeconds: 5, expungeAfterSeconds: 10 },
};

const CONTAINER_GIVEN: Readonly<Record<string, unknown>> = {
  exec: { command: { argv: ['sleep', '1'] }, overrideEntrypoint: false },
  resources: { cpus: 0.03, mem: 64, disk: 5, gpus: 1 },
  resourceLimits: { cpus: 'unlimited', mem: 256 },
  image: { kind: 'DOCKER', id: 'busybox', forcePull: true, labels: { version: '1' } },
  environment: { A: 'b', B: '' },
  user: 'nobody',
  labels: { a: 'b' },
  lifecycle: { killGracePeriodSeconds: 2.5 },
  tty: true,
  linuxInfo: { seccomp: { profileName: 'p', unconfined: false } },
};

const ENDPOINTS = ['containers', 0, 'endpoints', 0];

const GIVEN: readonly Row[] = [
  ...Object.entries(POD_DEFAULTS).map(
    ([name, value]): Row => [`${name} left out`, {}, [], { [name]: value }],
  ),
  ...Object.entries(SCHEDULING_DEFAULTS).map(
    ([name, value]): Row => [`${name} left out`, {}, ['scheduling'], { [name]: value }],
  ),
  ...Object.entries(CONTAINER_DEFAULTS).map(
    ([name, value]): Row => [`${name} by default`, {}, ['containers', 0], { [name]: value }],
  ),
  ...Object.entries(POD_GIVEN).map(
    ([name, value]): Row => [`${name} given`, { [name]: value }, [], { [name]: value }],
  ),
  ...Object.entries(SCHEDULING_GIVEN).map(
    ([name, value]): Row => [
      `${name} given`,
      { scheduling: { [name]: value } },
      ['scheduling'],
      { [name]: value },
    ],
  ),
  ...Object.entries(CONTAINER_GIVEN).map(
    ([name, value]): Row => [
      `a container's ${name} given`,
      container({ [name]: value }),
      ['containers', 0],
      { [name]: value },
    ],
  ),
  ['unknown members', { unknown: 1 }, [], { unknown: undefined }],
  ['null for absent', { user: null, volumes: null }, [], { user: undefined, volumes: undefined }],
  [
    'a part of the executor',
    { executorResources: { cpus: 1 } },
    [],
    { executorResources: { cpus: 1, mem: 32, disk: 10 } },
  ],
  [
    'an unreachable strategy switched off',
    { scheduling: { unreachableStrategy: 'disabled' } },
    ['scheduling'],
    { unreachableStrategy: 'disabled' },
  ],
  [
    'an operator in lower case',
    { scheduling: { placement: { constraints: [{ fieldName: 'a', operator: 'unique' }] } } },
    ['scheduling', 'placement'],
    { constraints: [{ fieldName: 'a', operator: 'UNIQUE' }] },
  ],
  [
    'a secret in a variable',
    { environment: { A: { secret: 's' } }, secrets: { s: { source: 'x' } } },
    [],
    { environment: { A: { secret: 's' } } },
  ],
  [
    'an image that needs a secret',
    {
      ...container({ image: { kind: 'DOCKER', id: 'i', pullConfig: { secret: 's' } } }),
      secrets: { s: { source: 'x' } },
    },
    ['containers', 0],
    { image: { kind: 'DOCKER', id: 'i', pullConfig: { secret: 's' } } },
  ],
  [
    'an endpoint on the host',
    container({ endpoints: [{ name: 'web' }] }),
    ENDPOINTS,
    { name: 'web', hostPort: 0, containerPort: undefined, protocol: ['tcp'] },
  ],
  [
    'an endpoint on the bridge',
    { ...container({ endpoints: [WEB] }), networks: BRIDGE },
    ENDPOINTS,
    { name: 'web', hostPort: 0, containerPort: 80 },
  ],
  [
    'an endpoint on a network',
    { ...container({ endpoints: [WEB] }), networks: NAMED },
    ENDPOINTS,
    { name: 'web', hostPort: undefined, containerPort: 80, networkNames: undefined },
  ],
  [
    'an endpoint with all it can have',
    {
      ...container({
        endpoints: [
          {
            ...WEB,
            hostPort: 31_000,
            protocol: ['udp', 'tcp'],
            labels: { a: 'b' },
            networkNames: ['n'],
          },
        ],
      }),
      networks: NAMED,
    },
    ENDPOINTS,
    { hostPort: 31_000, protocol: ['udp', 'tcp'], labels: { a: 'b' }, networkNames: ['n'] },
  ],
  [
    'a network',
    { networks: [{ ...NAMED[0], labels: { a: 'b' } }] },
    [],
    { networks: [{ ...NAMED[0], labels: { a: 'b' } }] },
  ],
  ['a network without mode', { networks: [{ name: 'n' }] }, [], { networks: NAMED }],
  [
    'a health check by HTTP',
    container({
      endpoints: [{ name: 'web' }],
      healthCheck: { http: { endpoint: 'web', path: '/ok', scheme: 'HTTPS' } },
    }),
    ['containers', 0],
    { healthCheck: { ...HEALTH, http: { endpoint: 'web', path: '/ok', scheme: 'HTTPS' } } },
  ],
  [
    'a health check by TCP',
    container({ endpoints: [{ name: 'web' }], healthCheck: { tcp: { endpoint: 'web' } } }),
    ['containers', 0],
    { healthCheck: { ...HEALTH, tcp: { endpoint: 'web' } } },
  ],
  [
    'a health check by command',
    container({ healthCheck: { exec: { command: { shell: 'true' } }, delaySeconds: 2 } }),
    ['containers', 0],
    { healthCheck: { ...HEALTH, exec: { command: { shell: 'true' } }, delaySeconds: 2 } },
  ],
  [
    'a check',
    container({ endpoints: [{ name: 'web' }], check: { tcp: { endpoint: 'web' } } }),
    ['containers', 0],
    {
      check: {
        tcp: { endpoint: 'web' },
        intervalSeconds: 60,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    },
  ],
  [
    'an artifact',
    container({ artifacts: [{ uri: 'http://a/b', destPath: 'c' }] }),
    ['containers', 0],
    {
      artifacts: [
        { uri: 'http://a/b', extract: true, executable: false, cache: false, destPath: 'c' },
      ],
    },
  ],
  [
    'a mount',
    {
      ...container({ volumeMounts: [{ name: 'v', mountPath: 'm', readOnly: true }] }),
      volumes: [{ name: 'v' }],
    },
    ['containers', 0],
    { volumeMounts: [{ name: 'v', mountPath: 'm', readOnly: true }] },
  ],
  ['an ephemeral volume', mounting({ name: 'v' }), ['volumes', 0], { name: 'v', host: undefined }],
  [
    'a volume of the host',
    mounting({ name: 'v', ...{ host: '/mnt' } }),
    ['volumes', 0],
    { name: 'v', host: '/mnt' },
  ],
  [
    'a secret volume',
    { ...mounting({ name: 'v', ...{ secret: 's' } }), secrets: { s: { source: 'x' } } },
    ['volumes', 0],
    { name: 'v', secret: 's' },
  ],
  ...residentRows(),
];

/** Persistent volumes change defaults of the scheduling. */
function residentRows(): readonly Row[] {
  const pod = {
    ...mounting({ name: 'v', ...{ persistent: { size: 1 } } }),
    id: '/dev/resident',
    role: 'dev',
  };
  const upgrade = { minimumHealthCapacity: 0.7, maximumOverCapacity: 0 };
  return [
    ['a persistent volume', pod, ['volumes', 0], { persistent: { type: 'root', size: 1 } }],
    [
      'defaults for persistent volumes',
      { ...pod, id: '/dev/defaults' },
      ['scheduling'],
      {
        upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
        unreachableStrategy: 'disabled',
      },
    ],
    [
      'its own values with persistent volumes',
      { ...pod, id: '/dev/own', scheduling: { upgrade, unreachableStrategy: 'disabled' } },
      ['scheduling'],
      { upgrade, unreachableStrategy: 'disabled' },
    ],
  ];
}

const started = worlds();

GIVEN.forEach(([name, sent, path, shown], index) => {
  test(`a pod with ${name} is shown with ${Object.keys(shown).join(', ')}`, async () => {
    const world = await started.of(FEATURES);
    const body = { id: `/row-${index}`, ...BASE, ...sent };
    const created = await world.call('POST', '/v2/pods', body);
    assert.equal(created.status, 201, created.text);
    const pod = (await world.call('GET', `/v2/pods${body.id}`)).body;
    assert.deepEqual(pick(at(pod, ...path), Object.keys(shown)), shown);
    assert.deepEqual(created.body, pod, 'the answer shows what is kept');
  });
});

test('a pod on a network without a name gets the default network', async () => {
  const body = { id: '/p', ...BASE, networks: [{ mode: 'container' }] };
  const world = await started.of({ default_network_name: 'blah' });
  const created = await world.call('POST', '/v2/pods', body);
  assert.equal(at(created.body, 'networks', 0, 'name'), 'blah', created.text);
  const onHost = await world.call('POST', '/v2/pods', { id: '/h', ...BASE });
  assert.deepEqual(at(onHost.body, 'networks'), [{ mode: 'host' }]);
});
