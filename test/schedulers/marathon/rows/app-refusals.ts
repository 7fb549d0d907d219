/** One test per rule about apps (spec marathon-app-model, sections 2 to 5 and 7). */
import { FEATURES, type Row, refused, testRefusals } from './rows.ts';

const APP = { id: '/a', cmd: 'sleep 1' };
const CONTAINER_NETWORK = [{ mode: 'container', name: 'n' }];

const AGENT_CHECK = { protocol: 'MESOS_HTTP', path: '/' };
const PORT_TEXT =
  'Health check port indices must address an element of the ports array or container port mappings.';
const IP_TEXT =
  'IPv6 can only be used for container type DOCKER and Mesos http/https/tcp health checks';

const COMMAND_OR_CONTAINER =
  "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.";

const GENERAL: readonly Row[] = [
  [
    'id reserved',
    { ...APP, id: '/a/tasks' },
    '/id',
    'must not end with any of the following reserved keywords: restart, tasks, versions, ., ..',
  ],
  ['id the root', { ...APP, id: '/' }, '/id', 'Path must contain at least one path element'],
  ['cmd of one character', { ...APP, cmd: 'x' }, '/', 'must not be an empty string'],
  ['neither', { id: '/a' }, '/', COMMAND_OR_CONTAINER],
  ['both', { ...APP, args: ['x'] }, '/', COMMAND_OR_CONTAINER],
  [
    'single instance',
    { ...APP, instances: 2, labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' } },
    '/',
    'Single instance app may only have one instance',
  ],
  [
    'single instance upgrade',
    {
      ...APP,
      labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
      upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
    },
    '/upgradeStrategy/minimumHealthCapacity',
    'got 0.5, expected 0.0',
  ],
  [
    'migration labels',
    { ...APP, labels: { DCOS_MIGRATION_API_VERSION: 'v1' } },
    '/',
    'DCOS_PACKAGE_FRAMEWORK_NAME and DCOS_MIGRATION_API_PATH must be defined when using DCOS_MIGRATION_API_VERSION',
  ],
  [
    'health check port',
    { ...APP, healthChecks: [{ portIndex: 1 }] },
    '/healthChecks(0)',
    PORT_TEXT,
  ],
  [
    'health check without ports',
    { ...APP, portDefinitions: [], healthChecks: [{ protocol: 'TCP' }] },
    '/healthChecks(0)',
    PORT_TEXT,
  ],
  [
    'two agent checks',
    { ...APP, healthChecks: [AGENT_CHECK, { ...AGENT_CHECK, path: '/b' }] },
    '/',
    'AppDefinition can contain at most one Mesos health check',
  ],
  [
    'IPv6',
    { ...APP, healthChecks: [{ ...AGENT_CHECK, ipProtocol: 'IPv6' }] },
    '/healthChecks(0)',
    IP_TEXT,
  ],
  [
    'check in docker',
    { ...APP, container: { docker: { image: 'i' } }, check: { tcp: { portIndex: 0 } } },
    '/check',
    "AppDefinition must not use 'checks' if using docker",
  ],
  [
    'check port',
    { ...APP, check: { tcp: { portIndex: 4 } } },
    '/check',
    'check port index must address an element of the ports array or container port mappings.',
  ],
  [
    'readiness port',
    { ...APP, readinessChecks: [{ portName: 'x' }] },
    '/readinessChecks(0)/portName',
    'No port definition reference for portName x',
  ],
  [
    'readiness timeout',
    { ...APP, readinessChecks: [{ portName: 'default', intervalSeconds: 5, timeoutSeconds: 5 }] },
    '/readinessChecks(0)/timeoutSeconds',
    'got 5, expected less than 5',
  ],
  [
    'fetch uri',
    { ...APP, fetch: [{ uri: 'http://a b' }] },
    '/fetch(0)/uri',
    'URI has invalid syntax.',
  ],
  ['uris', { ...APP, uris: ['http://a b'] }, '/uris(0)', 'URI has invalid syntax.'],
  [
    'unreachable',
    { ...APP, unreachableStrategy: { inactiveAfterSeconds: 2, expungeAfterSeconds: 1 } },
    '/unreachableStrategy/inactiveAfterSeconds',
    'inactiveAfterSeconds (2) must be less or equal to expungeAfterSeconds, which is 1',
  ],
  [
    'limit below request',
    { ...APP, mem: 256, resourceLimits: { mem: 128 } },
    '/resourceLimits/mem',
    'resource limit must be greater than or equal to requested resource (256.0)',
  ],
];

const ROLES: readonly Row[] = [
  [
    'accepted roles empty',
    { ...APP, acceptedResourceRoles: [] },
    '/acceptedResourceRoles',
    'must not be empty',
  ],
  [
    'accepted role of others',
    { ...APP, acceptedResourceRoles: ['dev'] },
    '/acceptedResourceRoles',
    'acceptedResourceRoles can only contain * and *',
  ],
  ...(
    [
      ['', 'A role name must not be "".'],
      ['.', 'A role name must not be ".".'],
      ['..', 'A role name must not be "..".'],
      ['-a', "A role name must not start with a '-'."],
      ['a b', 'A role name must not include a space (\\x20) character.'],
      ['a\tb', 'A role name must not include a tab (\\x09) character.'],
      ['a/b', 'A role name must not include a slash (\\x2f) character.'],
    ] as const
  ).map(
    ([role, text]): Row => [
      `accepted role '${role}'`,
      { ...APP, acceptedResourceRoles: [role] },
      '/acceptedResourceRoles',
      text,
    ],
  ),
  ['role of others', { ...APP, role: 'dev' }, '/role', 'got dev, expected one of: [*]'],
];

const CONSTRAINTS: readonly Row[] = (
  [
    [[], 'missing field for constraint declaration'],
    [['hostname'], 'Each constraint must have either 2 or 3 fields'],
    [['a', 'LIKE', 'b', 'c'], 'Each constraint must have either 2 or 3 fields'],
    [
      ['a', 'NEAR'],
      'operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS',
    ],
    [['a', 'UNIQUE', ''], 'UNIQUE does not accept a value'],
    [['a', 'GROUP_BY', 'x'], 'GROUP BY must define an integer value or else no value at all'],
    [['a', 'MAX_PER'], 'MAX_PER requires an integer value'],
    [['a', 'MAX_PER', 'x'], 'MAX_PER requires an integer value'],
    [['a', 'LIKE'], 'LIKE and UNLIKE require a non-empty, regular expression value'],
    [['a', 'UNLIKE', ''], 'LIKE and UNLIKE require a non-empty, regular expression value'],
    [['a', 'LIKE', '('], "'(' is not a valid regular expression"],
    [
      ['a', 'IS', '{x}'],
      'IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)',
    ],
  ] as const
).map(
  ([constraint, text]): Row => [
    `constraint ${JSON.stringify(constraint)}`,
    { ...APP, constraints: [constraint] },
    '/constraints(0)',
    text,
  ],
);

const DEPRECATED: readonly Row[] = [
  [
    'docker.network and networks',
    {
      ...APP,
      container: { docker: { image: 'i', network: 'BRIDGE' } },
      networks: [{ mode: 'host' }],
    },
    '/',
    'must not specify both container.docker.network and networks',
  ],
  [
    'networks and ipAddress',
    { ...APP, networks: CONTAINER_NETWORK, ipAddress: {} },
    '/',
    'must not specify both networks and ipAddress',
  ],
  ['ports', { ...APP, ports: [80, 80] }, '/', 'ports must be unique'],
  [
    'ipAddress and ports',
    { ...APP, ipAddress: { networkName: 'n' }, ports: [80] },
    '/',
    'cannot specify both an IP address and port',
  ],
  [
    'ipAddress and portDefinitions',
    { ...APP, ipAddress: { networkName: 'n' }, portDefinitions: [{ port: 0 }] },
    '/',
    'cannot specify both an IP address and port',
  ],
  [
    'ports and portDefinitions',
    { ...APP, ports: [80], portDefinitions: [{ port: 81 }] },
    '/',
    'cannot specify both ports and port definitions',
  ],
  [
    'uris and fetch',
    { ...APP, uris: ['http://a/b'], fetch: [{ uri: 'http://a/b' }] },
    '/uris',
    'may not be set in conjunction with fetch',
  ],
  [
    'discovery in docker',
    {
      ...APP,
      container: { docker: { image: 'i' } },
      ipAddress: { networkName: 'n', discovery: { ports: [] } },
    },
    '/ipAddress',
    'ipAddress/discovery is not allowed for Docker containers',
  ],
  [
    'both kinds of mappings',
    {
      ...APP,
      container: {
        docker: { image: 'i', network: 'BRIDGE', portMappings: [{ containerPort: 80 }] },
        portMappings: [{ containerPort: 80 }],
      },
    },
    '/',
    'cannot specify both portMappings and docker.portMappings',
  ],
  [
    'discovery and mappings',
    {
      ...APP,
      ipAddress: {
        networkName: 'n',
        discovery: { ports: [{ number: 34, name: 'p', protocol: 'tcp' }] },
      },
      container: { type: 'MESOS', portMappings: [] },
    },
    '/',
    'container.portMappings and ipAddress.discovery.ports must not both be set',
  ],
  [
    'credential',
    { ...APP, container: { docker: { image: 'i', credential: { principal: 'p' } } } },
    '/container/docker/credential',
    'must be empty',
  ],
];

const SECRETS: readonly Row[] = [
  [
    'a secret without a name',
    { ...APP, secrets: { '': { source: 'b' } } },
    '/secrets()/',
    'must not be empty',
  ],
  [
    'environment names no secret',
    { ...APP, env: { FOO: { secret: 'x' } } },
    '/env/FOO/secret',
    'references an undefined secret',
  ],
  [
    'gpus in docker',
    { ...APP, gpus: 1, container: { docker: { image: 'i' } } },
    '/',
    'GPU resources only work with the Mesos containerizer',
  ],
];

const WITHOUT_FEATURES: readonly Row[] = [
  [
    'secrets',
    { ...APP, secrets: { a: { source: 'b' } } },
    '/secrets',
    'Feature secrets is not enabled. Enable with --enable_features secrets)',
  ],
  [
    'secret in environment',
    { ...APP, env: { FOO: { secret: 'x' } } },
    '/env',
    'use of secret-references in the environment requires the secrets feature to be enabled',
  ],
  [
    'gpus',
    { ...APP, gpus: 1 },
    '/',
    'Feature gpu_resources is not enabled. Enable with --enable_features gpu_resources)',
  ],
];

testRefusals('/v2/apps', [
  ...[GENERAL, ROLES, CONSTRAINTS, DEPRECATED].flatMap((rows) => refused(rows, FEATURES)),
  ...refused(SECRETS, FEATURES),
  ...refused(WITHOUT_FEATURES, {}),
]);
