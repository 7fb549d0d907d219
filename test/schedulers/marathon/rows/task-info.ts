/** One test per field of the task that goes to the master (spec marathon-behaviour, section 4.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../world.ts';
import { type Made, taskOf } from './offered.ts';

type Row = readonly [
  name: string,
  body: object,
  path: readonly (string | number)[],
  value: unknown,
  made?: Made,
];

const BRIDGE = { networks: [{ mode: 'container/bridge' }] };
const NAMED = { networks: [{ mode: 'container', name: 'n' }] };
const TWO_NAMED = { networks: ['n', 'm'].map((name) => ({ mode: 'container', name })) };
const labels = (pairs: Readonly<Record<string, string>>): object => ({
  labels: Object.entries(pairs).map(([key, value]) => ({ key, value })),
});

const docker = (more: object, networks: object = {}): object => ({
  ...networks,
  container: { type: 'DOCKER', docker: { image: 'nginx' }, ...more },
});
const mesos = (more: object, networks: object = {}): object => ({
  ...networks,
  container: { type: 'MESOS', ...more },
});
const PORTS = ['discovery', 'ports', 'ports'];
const ON_HOST = { 'network-scope': 'host' };
const inside = (name: string): object =>
  labels({ 'network-scope': 'container', 'network-name': name });

const TIMINGS = {
  delay_seconds: 15,
  interval_seconds: 60,
  timeout_seconds: 20,
  consecutive_failures: 3,
  grace_period_seconds: 300,
};

const GENERAL: readonly Row[] = [
  ['its id from its end', {}, ['name'], 'app.product'],
  ['its id', {}, ['task_id', 'value'], 'task-123'],
  ['the agent', {}, ['agent_id', 'value'], 'S'],
  ['labels', { labels: { a: 'b' } }, ['labels'], labels({ a: 'b' })],
  [
    'a grace period',
    { taskKillGracePeriodSeconds: 7 },
    ['kill_policy', 'grace_period', 'nanoseconds'],
    7e9,
  ],
  ['no grace period', {}, ['kill_policy'], undefined],
  [
    'limits',
    { mem: 32, resourceLimits: { cpus: 'unlimited', mem: 64 } },
    ['limits'],
    { cpus: { value: Number.POSITIVE_INFINITY }, mem: { value: 64 } },
  ],
  ['no limits', {}, ['limits'], undefined],
];

const APPC = {
  cmd: undefined,
  container: {
    type: 'MESOS',
    appc: {
      image: 'example.com/a',
      id: 'sha512-1f',
      labels: { os: 'linux' },
      forcePullImage: true,
    },
  },
};

const COMMANDS: readonly Row[] = [
  ['cmd', { cmd: 'a b' }, ['command', 'value'], 'a b'],
  ['cmd', { cmd: 'a b' }, ['command', 'shell'], true],
  ['args', { args: ['a', 'b'] }, ['command', 'arguments'], ['a', 'b']],
  ['args', { args: ['a', 'b'] }, ['command', 'shell'], false],
  ['args', { args: ['a', 'b'] }, ['command', 'value'], 'a'],
  ['args of an image', docker({}, { args: ['a'] }), ['command', 'value'], undefined],
  ['the command of its image', docker({}, { cmd: undefined }), ['command', 'shell'], false],
  ['the command of its image', docker({}, { cmd: undefined }), ['command', 'value'], undefined],
  ['a user', { user: 'nobody' }, ['command', 'user'], 'nobody'],
  ['nothing to fetch', {}, ['command', 'uris'], undefined],
  [
    'an artifact',
    { fetch: [{ uri: 'http://a/b', executable: true, extract: false, destPath: 'c' }] },
    ['command', 'uris'],
    [{ value: 'http://a/b', extract: false, executable: true, cache: false, output_file: 'c' }],
  ],
  ['an old uri', { uris: ['http://a/b.tgz'] }, ['command', 'uris', 0, 'extract'], true],
];

const EXECUTORS: readonly Row[] = [
  [
    'an executor',
    { executor: '/opt/run' },
    ['executor', 'executor_id', 'value'],
    'marathon-task-123',
  ],
  [
    'an executor',
    { executor: '/opt/run', cmd: 'go 1' },
    ['executor', 'command', 'value'],
    "chmod ug+rx '/opt/run' && exec '/opt/run' go 1",
  ],
  ['an executor', { executor: '/opt/run' }, ['command'], undefined],
  [
    'an executor in a container',
    { executor: '/opt/run', container: { type: 'MESOS', docker: { image: 'b' } } },
    ['executor', 'container', 'mesos', 'image', 'docker', 'name'],
    'b',
  ],
  [
    'an executor in a container',
    { executor: '/opt/run', container: { type: 'MESOS', docker: { image: 'b' } } },
    ['container'],
    undefined,
  ],
  ['the executor of the flag', {}, ['executor', 'source'], 'task-123', { executor: '/x' }],
  ['the ordinary executor', { executor: '//cmd' }, ['executor'], undefined, { executor: '/x' }],
];

const CONTAINERS: readonly Row[] = [
  ['no container', {}, ['container'], undefined],
  ['a terminal', { tty: true }, ['container', 'tty_info'], {}],
  ['an AppC image', APPC, ['container', 'type'], 'MESOS'],
  [
    'an AppC image',
    APPC,
    ['container', 'mesos', 'image'],
    {
      type: 'APPC',
      appc: {
        name: 'example.com/a',
        id: 'sha512-1f',
        labels: { labels: [{ key: 'os', value: 'linux' }] },
      },
      cached: false,
    },
  ],
  ['an engine', docker({}), ['container', 'type'], 'DOCKER'],
  ['an engine', docker({}), ['container', 'docker', 'network'], 'HOST'],
  ['a bridge', docker({}, BRIDGE), ['container', 'docker', 'network'], 'BRIDGE'],
  ['a network', docker({}, NAMED), ['container', 'docker', 'network'], 'USER'],
  ['a network', docker({}, NAMED), ['container', 'network_infos', 0, 'name'], 'n'],
  [
    'mapped ports, one per protocol',
    docker({ portMappings: [{ containerPort: 80, protocol: 'udp,tcp' }] }, BRIDGE),
    ['container', 'docker', 'port_mappings'],
    [
      { host_port: 1_000, container_port: 80, protocol: 'udp' },
      { host_port: 1_000, container_port: 80, protocol: 'tcp' },
    ],
  ],
  [
    'a mapping of whatever the host has',
    docker({ portMappings: [{ containerPort: 0 }] }, BRIDGE),
    ['container', 'docker', 'port_mappings'],
    [{ host_port: 1_000, container_port: 1_000, protocol: 'tcp' }],
  ],
  [
    'all that the engine takes',
    docker({
      docker: {
        image: 'nginx',
        privileged: true,
        forcePullImage: true,
        parameters: [{ key: 'hostname', value: 'a' }],
      },
    }),
    ['container', 'docker'],
    {
      image: 'nginx',
      network: 'HOST',
      port_mappings: [],
      privileged: true,
      force_pull_image: true,
      parameters: [
        { key: 'hostname', value: 'a' },
        { key: 'label', value: 'MESOS_TASK_ID=task-123' },
      ],
    },
  ],
  [
    'a volume of the host',
    docker({ volumes: [{ containerPath: '/c', hostPath: 'relative', mode: 'RW' }] }),
    ['container', 'volumes'],
    [{ mode: 'RW', container_path: '/c', host_path: 'relative' }],
  ],
  ['an image', mesos({ docker: { image: 'b' } }), ['container', 'type'], 'MESOS'],
  [
    'an image',
    mesos({ docker: { image: 'b' } }),
    ['container', 'mesos', 'image'],
    { type: 'DOCKER', docker: { name: 'b' }, cached: true },
  ],
  [
    'an image that is always pulled',
    mesos({ docker: { image: 'b', forcePullImage: true } }),
    ['container', 'mesos', 'image', 'cached'],
    false,
  ],
  ['a bridge', mesos({}, BRIDGE), ['container', 'network_infos', 0, 'name'], 'mesos-bridge'],
  [
    'two networks',
    mesos({ portMappings: [] }, TWO_NAMED),
    ['container', 'network_infos', 1, 'name'],
    'm',
  ],
  [
    'labels of a network',
    mesos({}, { networks: [{ mode: 'container', name: 'n', labels: { a: 'b' } }] }),
    ['container', 'network_infos', 0, 'labels'],
    labels({ a: 'b' }),
  ],
  [
    'mapped ports',
    mesos({ portMappings: [{ containerPort: 80 }] }, BRIDGE),
    ['container', 'network_infos', 0, 'port_mappings'],
    [{ host_port: 1_000, container_port: 80, protocol: 'tcp' }],
  ],
  [
    'labels of the old bridge',
    {
      ipAddress: { labels: { a: 'b' } },
      container: { type: 'DOCKER', docker: { image: 'i', network: 'BRIDGE' } },
    },
    ['container', 'docker', 'network'],
    'BRIDGE',
  ],
];

const DISCOVERY: readonly Row[] = [
  ['visibility', {}, ['discovery', 'visibility'], 'FRAMEWORK'],
  ['its name', {}, ['discovery', 'name'], 'app.product'],
  ['no ports', { portDefinitions: [] }, PORTS, [], { hostPorts: [] }],
  [
    'a port per protocol',
    {
      portDefinitions: [
        { port: 0, protocol: 'udp,tcp', name: 'http', labels: { VIP: '127.0.0.1:80' } },
      ],
    },
    PORTS,
    ['udp', 'tcp'].map((protocol) => ({
      number: 1_000,
      name: 'http',
      protocol,
      labels: labels({ VIP: '127.0.0.1:80' }),
    })),
  ],
  [
    'a port of the bridge',
    mesos({ portMappings: [{ containerPort: 80, name: 'web', labels: { a: 'b' } }] }, BRIDGE),
    PORTS,
    [{ number: 1_000, name: 'web', protocol: 'tcp', labels: labels({ a: 'b', ...ON_HOST }) }],
  ],
  [
    'a port of a network on the host',
    mesos({ portMappings: [{ containerPort: 80, hostPort: 0, networkNames: ['n'] }] }, NAMED),
    [...PORTS, 0, 'labels'],
    labels(ON_HOST),
  ],
  [
    'a port of a network',
    mesos({ portMappings: [{ containerPort: 80, name: 'web' }] }, NAMED),
    PORTS,
    [{ number: 80, name: 'web', protocol: 'tcp', labels: inside('n') }],
    { hostPorts: [undefined] },
  ],
  [
    'a port of two networks',
    mesos({ portMappings: [{ containerPort: 80, name: 'web' }] }, TWO_NAMED),
    PORTS,
    ['n', 'm'].map((name) => ({
      number: 80,
      name: 'web',
      protocol: 'tcp',
      labels: inside(name),
    })),
    { hostPorts: [undefined] },
  ],
  [
    'a port of one of two networks',
    mesos({ portMappings: [{ containerPort: 80, networkNames: ['m'] }] }, TWO_NAMED),
    [...PORTS, 0, 'labels'],
    inside('m'),
    { hostPorts: [undefined] },
  ],
];

const CHECKS: readonly Row[] = [
  ['a check that Marathon runs', { healthChecks: [{}] }, ['health_check'], undefined],
  [
    'a command check',
    { healthChecks: [{ protocol: 'COMMAND', command: { value: 'true' } }] },
    ['health_check'],
    { ...TIMINGS, type: 'COMMAND', command: { shell: true, value: 'true' } },
  ],
  [
    'a check by HTTP',
    { healthChecks: [{ protocol: 'MESOS_HTTP' }] },
    ['health_check'],
    {
      ...TIMINGS,
      type: 'HTTP',
      http: { scheme: 'http', port: 1_000, path: '/', protocol: 'IPv4' },
    },
  ],
  [
    'a check by HTTPS',
    { healthChecks: [{ protocol: 'MESOS_HTTPS', path: '/x', portIndex: 0 }] },
    ['health_check', 'http'],
    { scheme: 'https', port: 1_000, path: '/x', protocol: 'IPv4' },
  ],
  [
    'a check by TCP in a network',
    mesos(
      { portMappings: [{ containerPort: 80 }] },
      {
        ...NAMED,
        healthChecks: [{ protocol: 'MESOS_TCP' }],
      },
    ),
    ['health_check', 'tcp'],
    { port: 80, protocol: 'IPv4' },
  ],
  [
    'a check of a port of its own',
    { healthChecks: [{ protocol: 'MESOS_TCP', port: 77 }] },
    ['health_check', 'tcp', 'port'],
    77,
  ],
  [
    'only its first check of the agent',
    { healthChecks: ['a', 'b'].map((value) => ({ protocol: 'COMMAND', command: { value } })) },
    ['health_check', 'command', 'value'],
    'a',
  ],
  [
    'the timings of a check',
    {
      healthChecks: [
        {
          protocol: 'MESOS_TCP',
          gracePeriodSeconds: 1,
          intervalSeconds: 2,
          timeoutSeconds: 3,
          maxConsecutiveFailures: 4,
          delaySeconds: 5,
        },
      ],
    },
    ['health_check', 'delay_seconds'],
    5,
  ],
  [
    'a generic check by HTTP',
    { check: { http: { portIndex: 0, path: '/x' } } },
    ['check', 'http'],
    { port: 1_000, path: '/x' },
  ],
  ['a generic check by TCP', { check: { tcp: { port: 9 } } }, ['check', 'tcp'], { port: 9 }],
  [
    'a generic check by command',
    { check: { exec: { command: { shell: 'true' } } } },
    ['check', 'command'],
    { command: { shell: true, value: 'true' } },
  ],
];

const ROWS = [...GENERAL, ...COMMANDS, ...EXECUTORS, ...CONTAINERS, ...DISCOVERY, ...CHECKS];

for (const [name, body, path, value, made] of ROWS) {
  test(`${path.join('.')} of the task of an app with ${name} is ${JSON.stringify(value)}`, () => {
    const found = at(taskOf(body, made), ...path);
    // What is undefined is not sent.
    assert.deepEqual(withoutUndefined(found), value);
  });
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      each === undefined ? [] : [[name, withoutUndefined(each)]],
    ),
  );
}
