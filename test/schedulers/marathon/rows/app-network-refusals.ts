/** One test per rule about containers and networks of apps (spec marathon-app-model, sections 4, 5 and 7). */
import { FEATURES, type Row, refused, testRefusals } from './rows.ts';

const APP = { id: '/a', cmd: 'sleep 1' };
const CONTAINER_NETWORK = [{ mode: 'container', name: 'n' }];
const TWO_NETWORKS = [...CONTAINER_NETWORK, { mode: 'container', name: 'm' }];

const mesosDocker = (docker: object): object => ({
  ...APP,
  container: { type: 'MESOS', docker: { image: 'i', ...docker } },
});

const appc = (image: object, more: object = {}): object => ({
  ...APP,
  container: { type: 'MESOS', appc: { image: 'i', ...image }, ...more },
});

const CONTAINERS: readonly Row[] = [
  ['docker missing', { ...APP, container: { type: 'DOCKER' } }, '/container/docker', 'not defined'],
  [
    'MESOS without image or command',
    { id: '/a', container: { type: 'MESOS' } },
    '/',
    "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
  ],
  [
    'AppC id of another hash',
    appc({ id: 'sha256-1' }),
    '/container/appc/id',
    "id must begin with 'sha512-',",
  ],
  [
    'AppC id without digest',
    appc({ id: 'sha512-' }),
    '/container/appc/id',
    "id must contain non-empty digest after 'sha512-'.",
  ],
  ['AppC without image', appc({ image: undefined }), '/container/appc/image', 'error.path.missing'],
  ['AppC in docker', appc({}, { type: 'DOCKER' }), '/container/appc', 'must be empty'],
  [
    'two images',
    appc({}, { docker: { image: 'i' } }),
    '/container',
    'mesos containers should specify, at most, a single image type',
  ],
  [
    'MESOS credential',
    mesosDocker({ credential: { principal: 'p' } }),
    '/container/docker/credential',
    'must be empty',
  ],
  [
    'MESOS network',
    mesosDocker({ network: 'BRIDGE' }),
    '/container/docker/network',
    'must be empty',
  ],
  [
    'MESOS parameters',
    mesosDocker({ parameters: [{ key: 'a', value: 'b' }] }),
    '/container/docker/parameters',
    'must be empty',
  ],
  [
    'MESOS portMappings',
    mesosDocker({ portMappings: [{ containerPort: 80 }] }),
    '/container/docker/portMappings',
    'must be empty',
  ],
  [
    'pullConfig in docker',
    { ...APP, container: { docker: { image: 'i', pullConfig: { secret: 's' } } } },
    '/container/docker/pullConfig',
    'pullConfig is not supported with Docker containerizer',
  ],
  [
    'pullConfig of no secret',
    mesosDocker({ pullConfig: { secret: 's' } }),
    '/container/docker/pullConfig',
    'pullConfig.secret must refer to an existing secret',
  ],
  [
    'seccomp profile and unconfined',
    {
      ...APP,
      container: {
        type: 'MESOS',
        linuxInfo: { seccomp: { profileName: 'p', unconfined: true } },
      },
    },
    '/container/linuxInfo/seccomp',
    'Seccomp unconfined can NOT be true when Profile is defined',
  ],
  [
    'seccomp nothing',
    { ...APP, container: { type: 'MESOS', linuxInfo: { seccomp: { unconfined: false } } } },
    '/container/linuxInfo/seccomp',
    'Seccomp unconfined must be true when Profile is NOT defined',
  ],
  [
    'ipc shared with size',
    {
      ...APP,
      container: { type: 'MESOS', linuxInfo: { ipcInfo: { mode: 'SHARE_PARENT', shmSize: 1 } } },
    },
    '/container/linuxInfo/ipcInfo',
    'ipcInfo shmSize can NOT be set when mode is SHARE_PARENT',
  ],
];

const mapped = (networks: object[], ...portMappings: object[]): object => ({
  ...APP,
  networks,
  container: { type: 'MESOS', portMappings },
});

const NETWORKS: readonly Row[] = [
  [
    'host with name',
    { ...APP, networks: [{ mode: 'host', name: 'n' }] },
    '/networks',
    'Host networks may not have names or labels',
  ],
  [
    'host with labels',
    { ...APP, networks: [{ mode: 'host', labels: { a: 'b' } }] },
    '/networks',
    'Host networks may not have names or labels',
  ],
  [
    'bridge with name',
    { ...APP, networks: [{ mode: 'container/bridge', name: 'n' }] },
    '/networks',
    'Bridge networks may not have names',
  ],
  [
    'twice',
    { ...APP, networks: [...CONTAINER_NETWORK, ...CONTAINER_NETWORK] },
    '/networks',
    'Duplicate networks are not allowed',
  ],
  [
    'mixed',
    { ...APP, networks: [{ mode: 'host' }, ...CONTAINER_NETWORK] },
    '/networks',
    'May specify a single host network, single bridge network, or else 1-to-n container networks',
  ],
  [
    'without name',
    { ...APP, networks: [{ mode: 'container' }] },
    '/networks',
    'Network name must be specified when container network is selected.',
  ],
  [
    'two in docker',
    { ...APP, container: { docker: { image: 'i' } }, networks: TWO_NETWORKS },
    '/',
    'may only specify a single container network when using the Docker container engine',
  ],
  [
    'portDefinitions elsewhere',
    { ...APP, networks: CONTAINER_NETWORK, portDefinitions: [{ port: 0 }] },
    '/',
    'portDefinitions are only allowed with host-networking',
  ],
  [
    'port twice',
    { ...APP, portDefinitions: [{ port: 80 }, { port: 80 }] },
    '/portDefinitions',
    'Ports must be unique.',
  ],
  [
    'port name twice',
    {
      ...APP,
      portDefinitions: [
        { port: 0, name: 'a' },
        { port: 0, name: 'a' },
      ],
    },
    '/portDefinitions',
    'Port names must be unique.',
  ],
  [
    'mapping name twice',
    mapped(CONTAINER_NETWORK, { name: 'a' }, { name: 'a' }),
    '/container/portMappings',
    'Port names must be unique.',
  ],
  [
    'mapping of two networks',
    mapped(TWO_NETWORKS, { hostPort: 0 }),
    '/container/portMappings(0)',
    'networkNames must be a single item list when hostPort is specified and more than 1 container network is defined',
  ],
  [
    'mapping of another network',
    mapped(TWO_NETWORKS, { networkNames: ['x'] }),
    '/container/portMappings(0)/networkNames(0)',
    'is not one of (n,m)',
  ],
];

const WITHOUT_FEATURES: readonly Row[] = [
  ...[
    'must be empty',
    'Feature secrets is not enabled. Enable with --enable_features secrets)',
    'pullConfig.secret must refer to an existing secret',
  ].map(
    (error): Row => [
      'pull configuration',
      mesosDocker({ pullConfig: { secret: 's' } }),
      '/container/docker/pullConfig',
      error,
    ],
  ),
];

testRefusals('/v2/apps', [
  ...refused([...CONTAINERS, ...NETWORKS], FEATURES),
  ...refused(WITHOUT_FEATURES),
]);
