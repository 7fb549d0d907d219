/** One test per field of apps: how what is sent is shown (spec marathon-app-model, sections 2 to 6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../world.ts';
import { FEATURES, pick, worlds } from './rows.ts';

const APP = { cmd: 'sleep 1', instances: 0 };

/** What is sent beside id and command, and the members that come of it; undefined = not shown. */
type Row = readonly [name: string, sent: object, shown: Readonly<Record<string, unknown>>];

const HOST = [{ mode: 'host' }];
const BRIDGE = [{ mode: 'container/bridge' }];
const NAMED = [{ mode: 'container', name: 'n' }];
const MAPPING = { labels: {}, protocol: 'tcp' };
const CHECK = {
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  maxConsecutiveFailures: 3,
  timeoutSeconds: 20,
  delaySeconds: 15,
  ipProtocol: 'IPv4',
};
const FETCH = { cache: false, executable: false };

const DEFAULTS: Readonly<Record<string, unknown>> = {
  args: undefined,
  user: undefined,
  env: undefined,
  cpus: 1,
  mem: 128,
  disk: 0,
  gpus: 0,
  resourceLimits: undefined,
  executor: '',
  executorResources: undefined,
  constraints: undefined,
  acceptedResourceRoles: undefined,
  role: '*',
  container: undefined,
  networks: HOST,
  requirePorts: false,
  ports: undefined,
  uris: undefined,
  ipAddress: undefined,
  storeUrls: undefined,
  fetch: undefined,
  healthChecks: undefined,
  check: undefined,
  readinessChecks: undefined,
  upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  dependencies: undefined,
  backoffSeconds: 1,
  backoffFactor: 1.15,
  maxLaunchDelaySeconds: 300,
  taskKillGracePeriodSeconds: undefined,
  killSelection: 'YOUNGEST_FIRST',
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  labels: {},
  residency: undefined,
  secrets: undefined,
  tty: undefined,
};

const GIVEN: readonly Row[] = [
  ...Object.entries(DEFAULTS).map(
    ([name, value]): Row => [`${name} left out`, {}, { [name]: value }],
  ),
  // What is shown as it was sent.
  ...Object.entries({
    user: 'nobody',
    env: { A: 'b' },
    cpus: 0.25,
    mem: 64.5,
    disk: 10,
    gpus: 2,
    resourceLimits: { cpus: 'unlimited', mem: 256 },
    executor: '/opt/executor',
    executorResources: { cpus: 0.2, mem: 64, disk: 20 },
    constraints: [['hostname', 'UNIQUE']],
    acceptedResourceRoles: ['*'],
    dependencies: ['/other'],
    backoffSeconds: 5,
    backoffFactor: 2,
    maxLaunchDelaySeconds: 60,
    taskKillGracePeriodSeconds: 7,
    killSelection: 'OLDEST_FIRST',
    unreachableStrategy: 'disabled',
    labels: { a: '' },
    secrets: { a: { source: 'b' } },
    tty: true,
  }).map(([name, value]): Row => [`${name} given`, { [name]: value }, { [name]: value }]),
  [
    'args instead of cmd',
    { cmd: undefined, args: ['a', 'b'] },
    { args: ['a', 'b'], cmd: undefined },
  ],
  ['null is absent', { user: null, container: null, mem: null }, { user: undefined, mem: 128 }],
  ['unknown members', { unknown: 1 }, { unknown: undefined }],
  ['names in any case', { killSelection: 'oldest_first' }, { killSelection: 'OLDEST_FIRST' }],
  ['a mode in any case', { networks: [{ mode: 'HOST' }] }, { networks: HOST }],
  ['operators in any case', { constraints: [['a', 'unique']] }, { constraints: [['a', 'UNIQUE']] }],
  ['relative dependencies', { dependencies: ['other'] }, { dependencies: ['/other'] }],
  ['no ports', { portDefinitions: [] }, { portDefinitions: [] }],
  [
    'a port of its own',
    { portDefinitions: [{ port: 8080, name: 'web' }], requirePorts: true },
    { portDefinitions: [{ port: 8080, name: 'web', protocol: 'tcp' }], requirePorts: true },
  ],
  ['ports', { ports: [8080] }, { portDefinitions: [{ port: 8080, protocol: 'tcp' }] }],
  [
    'uris of archives and others',
    { uris: ['http://a/b.tar.gz', 'http://a/b.sh'] },
    {
      fetch: [
        { uri: 'http://a/b.tar.gz', extract: true, ...FETCH },
        { uri: 'http://a/b.sh', extract: false, ...FETCH },
      ],
    },
  ],
  [
    'fetch',
    { fetch: [{ uri: 'http://a/b', destPath: 'c' }] },
    { fetch: [{ uri: 'http://a/b', extract: true, ...FETCH, destPath: 'c' }] },
  ],
  [
    'a health check of Marathon',
    { healthChecks: [{ path: '/x' }] },
    {
      healthChecks: [
        { ...CHECK, protocol: 'HTTP', path: '/x', portIndex: 0, ignoreHttp1xx: false },
      ],
    },
  ],
  [
    'a health check by TCP',
    { healthChecks: [{ protocol: 'TCP' }] },
    { healthChecks: [{ ...CHECK, protocol: 'TCP', portIndex: 0 }] },
  ],
  [
    'a health check of the agent',
    { healthChecks: [{ protocol: 'COMMAND', command: { value: 'true' }, delaySeconds: 3 }] },
    {
      healthChecks: [
        { ...CHECK, protocol: 'COMMAND', command: { value: 'true' }, delaySeconds: 3 },
      ],
    },
  ],
  [
    'a readiness check',
    { readinessChecks: [{ portName: 'default' }] },
    {
      readinessChecks: [
        {
          name: 'readinessCheck',
          protocol: 'HTTP',
          path: '/',
          portName: 'default',
          intervalSeconds: 30,
          timeoutSeconds: 10,
          httpStatusCodesForReady: [200],
          preserveLastResponse: false,
        },
      ],
    },
  ],
  [
    'a single instance',
    { labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' } },
    { upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 } },
  ],
  [
    'a network without container',
    { networks: NAMED },
    {
      networks: NAMED,
      portDefinitions: undefined,
      container: {
        type: 'MESOS',
        volumes: [],
        portMappings: [{ ...MAPPING, containerPort: 0, name: 'default' }],
      },
    },
  ],
  [
    'an AppC image',
    { container: { type: 'MESOS', appc: { image: 'a', id: 'sha512-1f' } } },
    {
      container: {
        type: 'MESOS',
        appc: { image: 'a', id: 'sha512-1f', labels: {}, forcePullImage: false },
        volumes: [],
      },
    },
  ],
  [
    'a bridge, whose host ports are dynamic',
    {
      networks: BRIDGE,
      requirePorts: true,
      container: { docker: { image: 'i' }, portMappings: [{ containerPort: 80 }] },
    },
    {
      networks: BRIDGE,
      requirePorts: false,
      container: {
        type: 'DOCKER',
        docker: { image: 'i', forcePullImage: false, privileged: false, parameters: [] },
        volumes: [],
        portMappings: [{ ...MAPPING, containerPort: 80, hostPort: 0 }],
      },
    },
  ],
  [
    'docker.network BRIDGE',
    { container: { docker: { image: 'i', network: 'BRIDGE', portMappings: [] } } },
    { networks: BRIDGE },
  ],
  [
    'docker.network HOST',
    { container: { docker: { image: 'i', network: 'HOST' } } },
    { networks: HOST },
  ],
  [
    'docker.network USER',
    { container: { docker: { image: 'i', network: 'USER' } }, ipAddress: { networkName: 'n' } },
    { networks: NAMED, ipAddress: undefined },
  ],
  [
    'docker.network BRIDGE and labels',
    {
      container: { docker: { image: 'i', network: 'BRIDGE' } },
      ipAddress: { networkName: 'mine', labels: { a: 'b' } },
    },
    { networks: [{ mode: 'container/bridge', labels: { a: 'b' } }] },
  ],
  [
    'docker.network HOST and ipAddress',
    { container: { docker: { image: 'i', network: 'HOST' } }, ipAddress: { networkName: 'n' } },
    { networks: HOST },
  ],
  [
    'more definitions of ports than mappings',
    {
      container: {
        docker: { image: 'i', network: 'BRIDGE', portMappings: [{ containerPort: 80 }] },
      },
      portDefinitions: [{ port: 0 }, { port: 0 }],
    },
    {
      networks: BRIDGE,
      portDefinitions: undefined,
      container: {
        type: 'DOCKER',
        docker: { image: 'i', forcePullImage: false, privileged: false, parameters: [] },
        volumes: [],
        portMappings: [
          { ...MAPPING, containerPort: 80, hostPort: 0 },
          { ...MAPPING, containerPort: 0, hostPort: 0 },
        ],
      },
    },
  ],
  [
    'ports of discovery',
    {
      ipAddress: {
        networkName: 'n',
        discovery: { ports: [{ number: 34, name: 'p', protocol: 'tcp' }] },
      },
    },
    {
      container: {
        type: 'MESOS',
        volumes: [],
        portMappings: [{ ...MAPPING, containerPort: 34, name: 'p' }],
      },
    },
  ],
  [
    'ports of discovery, by name alone',
    { ipAddress: { networkName: 'n', discovery: { ports: [{ name: 'p' }] } } },
    {
      container: {
        type: 'MESOS',
        volumes: [],
        portMappings: [{ ...MAPPING, containerPort: 0, name: 'p' }],
      },
    },
  ],
  ['ipAddress', { ipAddress: { networkName: 'n' } }, { networks: NAMED, ipAddress: undefined }],
  ['ipAddress of the bridge', { ipAddress: { networkName: 'mesos-bridge' } }, { networks: BRIDGE }],
  [
    'mappings on the host',
    { container: { docker: { image: 'i' }, portMappings: [{ containerPort: 80 }] } },
    {
      networks: HOST,
      container: {
        type: 'DOCKER',
        docker: { image: 'i', forcePullImage: false, privileged: false, parameters: [] },
        volumes: [],
      },
    },
  ],
];

/** Service ports are given out from 10000; which one depends on the rows before. */
function withoutServicePorts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutServicePorts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'servicePort')
      .map(([name, member]) => [name, withoutServicePorts(member)]),
  );
}

const started = worlds();

GIVEN.forEach(([name, sent, shown], index) => {
  test(`an app with ${name} is shown with ${Object.keys(shown).join(', ')}`, async () => {
    const world = await started.of(FEATURES);
    const url = `/v2/apps/row-${index}`;
    const body = { id: `/row-${index}`, ...APP, ...sent };
    const created = await world.call('POST', '/v2/apps', body);
    assert.equal(created.status, 201, created.text);
    const app = at((await world.call('GET', url)).body, 'app');
    assert.deepEqual(withoutServicePorts(pick(app, Object.keys(shown))), shown);
  });
});

/** What is there, what a partial update sends, and what is shown afterwards. */
const UPDATED: readonly (readonly [
  before: object,
  update: object,
  shown: Record<string, unknown>,
])[] = [
  [
    { container: { docker: { image: 'i' } }, portDefinitions: [{ port: 0 }] },
    {
      container: { type: 'DOCKER', docker: { image: 'i', network: 'USER' } },
      ipAddress: { networkName: 'n' },
    },
    { networks: NAMED, portDefinitions: undefined },
  ],
  [
    { container: { docker: { image: 'i' } }, portDefinitions: [{ port: 0 }] },
    { container: { type: 'DOCKER', docker: { image: 'i', network: 'BRIDGE' } } },
    { networks: BRIDGE, portDefinitions: undefined },
  ],
  [
    { networks: BRIDGE, container: { docker: { image: 'i' } } },
    { container: { type: 'DOCKER', docker: { image: 'i', network: 'HOST' } } },
    { networks: HOST },
  ],
  [
    { networks: NAMED },
    { networks: [{ mode: 'container', name: 'm' }] },
    { networks: [{ mode: 'container', name: 'm' }] },
  ],
  [
    { portDefinitions: [{ port: 80 }] },
    { ports: [81] },
    { portDefinitions: [{ port: 81, protocol: 'tcp' }] },
  ],
  [
    { fetch: [{ uri: 'http://a/b' }] },
    { uris: ['http://a/c.zip'] },
    { fetch: [{ uri: 'http://a/c.zip', extract: true, ...FETCH }] },
  ],
  [{ env: { A: 'b' } }, { env: { C: 'd' } }, { env: { C: 'd' } }],
  [{ constraints: [['a', 'UNIQUE']] }, { constraints: [] }, { constraints: undefined }],
  [{ user: 'nobody' }, { user: null }, { user: 'nobody' }],
  [
    { resourceLimits: { mem: 256 }, executorResources: { cpus: 0.2, mem: 64, disk: 20 } },
    { labels: { a: 'b' } },
    {
      resourceLimits: { mem: 256 },
      executorResources: { cpus: 0.2, mem: 64, disk: 20 },
      labels: { a: 'b' },
    },
  ],
];

UPDATED.forEach(([before, update, shown], index) => {
  for (const method of ['PUT', 'PATCH']) {
    test(`an app with ${JSON.stringify(before)} after ${method} ${JSON.stringify(update)}`, async () => {
      const world = await started.of(FEATURES);
      const url = `/v2/apps/updated-${index}-${method.toLowerCase()}`;
      const id = url.slice('/v2/apps'.length);
      const created = await world.call('POST', '/v2/apps', { id, ...APP, ...before });
      assert.equal(created.status, 201, created.text);
      const updated = await world.call(method, url, update);
      assert.equal(updated.status, 200, updated.text);
      const app = at((await world.call('GET', url)).body, 'app');
      assert.deepEqual(withoutServicePorts(pick(app, Object.keys(shown))), shown);
    });
  }
});
