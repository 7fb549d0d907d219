/** One test per variable of a task's environment (spec marathon-behaviour, section 4.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Made, taskOf, VERSION, variablesOf } from './offered.ts';

/** What the app has, the variables that come of it (undefined = none), and how its task is made. */
type Row = readonly [
  name: string,
  body: object,
  variables: Readonly<Record<string, string | undefined>>,
  made?: Made,
];

const TWO_PORTS = { portDefinitions: [{ port: 8_080 }, { port: 8_081 }] };
const LONG = 'longlabel'.repeat(60);

const mapped = (...portMappings: readonly object[]): object => ({
  networks: [{ mode: 'container/bridge' }],
  container: { type: 'DOCKER', docker: { image: 'i' }, portMappings },
});
const onNetwork = (...portMappings: readonly object[]): object => ({
  networks: [{ mode: 'container', name: 'n' }],
  container: { type: 'MESOS', portMappings },
});

const ROWS: readonly Row[] = [
  ['the task', {}, { MESOS_TASK_ID: 'task-123' }],
  ['the app', {}, { MARATHON_APP_ID: '/product/app', MARATHON_APP_VERSION: VERSION }],
  ['the agent', {}, { HOST: 'host.mega.corp' }],
  [
    'an image of the Docker engine',
    { container: { docker: { image: 'registry/image:1' } } },
    { MARATHON_APP_DOCKER_IMAGE: 'registry/image:1' },
  ],
  [
    'an image of the agent itself',
    { container: { type: 'MESOS', docker: { image: 'registry/image:1' } } },
    { MARATHON_APP_DOCKER_IMAGE: undefined },
  ],
  [
    'whole resources',
    { cpus: 10, mem: 256, disk: 128, gpus: 2 },
    {
      MARATHON_APP_RESOURCE_CPUS: '10.0',
      MARATHON_APP_RESOURCE_MEM: '256.0',
      MARATHON_APP_RESOURCE_DISK: '128.0',
      MARATHON_APP_RESOURCE_GPUS: '2',
    },
  ],
  ['parts of resources', { cpus: 0.1 }, { MARATHON_APP_RESOURCE_CPUS: '0.1' }],
  ['a role of its own', {}, { MARATHON_APP_ENFORCE_GROUP_ROLE: 'FALSE' }],
  [
    'the role of its group',
    {},
    { MARATHON_APP_ENFORCE_GROUP_ROLE: 'TRUE' },
    { enforcesGroupRole: true },
  ],
  ['no labels', {}, { MARATHON_APP_LABELS: '' }],
  [
    'labels',
    { labels: { LABEL1: 'VALUE1', LABEL2: 'VALUE2' } },
    {
      MARATHON_APP_LABELS: 'LABEL1 LABEL2',
      MARATHON_APP_LABEL_LABEL1: 'VALUE1',
      MARATHON_APP_LABEL_LABEL2: 'VALUE2',
    },
  ],
  [
    'labels that are no names of variables',
    { labels: { 'label-with-invalid-chars': 'a', 'other--label\\--\\a': 'b' } },
    {
      MARATHON_APP_LABELS: 'LABEL_WITH_INVALID_CHARS OTHER_LABEL_A',
      MARATHON_APP_LABEL_LABEL_WITH_INVALID_CHARS: 'a',
      MARATHON_APP_LABEL_OTHER_LABEL_A: 'b',
    },
  ],
  [
    'labels that are too long',
    { labels: { [LONG]: 'a', short: LONG } },
    { MARATHON_APP_LABELS: '', MARATHON_APP_LABEL_SHORT: undefined },
  ],
  [
    'ports',
    TWO_PORTS,
    {
      PORT: '1000',
      PORT0: '1000',
      PORT1: '1001',
      PORTS: '1000,1001',
      PORT_8080: '1000',
      PORT_8081: '1001',
    },
  ],
  [
    'any ports',
    { portDefinitions: [{ port: 0 }, { port: 0 }] },
    { PORT0: '1000', PORT_0: undefined, PORT_1000: '1000', PORT_1001: '1001' },
  ],
  [
    'named ports',
    {
      portDefinitions: [
        { port: 0, name: 'http' },
        { port: 0, name: 'http-api' },
      ],
    },
    { PORT_HTTP: '1000', 'PORT_HTTP-API': '1001' },
  ],
  [
    'no ports',
    { portDefinitions: [] },
    { PORT: undefined, PORTS: undefined, PORT0: undefined },
    { hostPorts: [] },
  ],
  [
    'mapped ports',
    mapped({ containerPort: 8_080, name: 'http' }, { containerPort: 8_081, name: 'jabber' }),
    { PORT_8080: '1000', PORT_8081: '1001', PORT_HTTP: '1000', PORT_JABBER: '1001', PORT0: '1000' },
  ],
  [
    'mappings of any port',
    mapped({ containerPort: 0 }, { containerPort: 0 }),
    { PORT0: '1000', PORT_1000: '1000', PORT_1001: '1001', PORT_0: undefined },
  ],
  [
    'ports that are not on the host',
    onNetwork({ containerPort: 80, name: 'web' }),
    { PORT0: '80', PORT: '80', PORTS: '80', PORT_80: '80', PORT_WEB: '80' },
    { hostPorts: [undefined] },
  ],
  [
    'one port on the host and one not',
    onNetwork({ containerPort: 80, hostPort: 0 }, { containerPort: 443 }),
    { PORT0: '1000', PORT1: '443', PORTS: '1000,443', PORT_80: '1000', PORT_443: '443' },
    { hostPorts: [1_000, undefined] },
  ],
  [
    'variables over those of ports and context',
    {
      ...TWO_PORTS,
      env: { PORT: '1', PORTS: 'ports', PORT0: '1', PORT_8080: 'x', HOST: 'h', MESOS_TASK_ID: 't' },
    },
    {
      PORT: '1',
      PORTS: 'ports',
      PORT0: '1',
      PORT_8080: 'x',
      PORT1: '1001',
      HOST: 'h',
      MESOS_TASK_ID: 't',
    },
  ],
  [
    'a prefix',
    TWO_PORTS,
    {
      P_PORT: '1000',
      P_PORTS: '1000,1001',
      P_PORT0: '1000',
      P_PORT_8081: '1001',
      P_HOST: 'host.mega.corp',
      HOST: undefined,
      PORT0: undefined,
      PORTS: undefined,
      MESOS_TASK_ID: 'task-123',
      MARATHON_APP_ID: '/product/app',
    },
    { prefix: 'P_' },
  ],
  [
    'a secret, whose value only the agent learns',
    { env: { A: { secret: 's' } }, secrets: { s: { source: '/path' } } },
    { A: undefined },
  ],
];

for (const [name, body, expected, made] of ROWS) {
  test(`a task of an app with ${name} gets ${Object.keys(expected).join(', ')}`, () => {
    const variables = variablesOf(taskOf(body, made));
    const found = Object.keys(expected).map((each) => [each, variables[each]]);
    assert.deepEqual(Object.fromEntries(found), expected);
  });
}

test('a port that is nowhere known is a random one above 1024, which is the last of PORTS', () => {
  const body = onNetwork({ containerPort: 0, name: 'any' }, { containerPort: 443 });
  const variables = variablesOf(taskOf(body, { hostPorts: [undefined, undefined] }));
  const made = Number(variables['PORT0']);
  assert.ok(made >= 1_025 && made <= 65_535, String(made));
  assert.equal(variables['PORT1'], '443');
  assert.equal(variables['PORT_ANY'], variables['PORT0']);
  assert.equal(variables['PORTS'], `443,${made}`);
  assert.equal(variables['PORT'], '443');
});
