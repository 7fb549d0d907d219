/** One test per rule about pods (spec marathon-app-model, section 9). */
import { FEATURES, type Row, refused, testRefusals } from './rows.ts';

const MAIN = { name: 'c', exec: { command: { shell: 'sleep 1' } }, resources: {} };
const POD = { id: '/p', containers: [MAIN] };
const NETWORK = [{ mode: 'container', name: 'n' }];

const withMain = (more: object, pod: object = {}): object => ({
  ...POD,
  ...pod,
  containers: [{ ...MAIN, ...more }],
});
const withEndpoints = (endpoints: readonly object[], networks?: readonly object[]): object =>
  withMain({ endpoints }, networks === undefined ? {} : { networks });
const withCheck = (healthCheck: object): object =>
  withMain({ endpoints: [{ name: 'e', hostPort: 0 }], healthCheck });
const withScheduling = (scheduling: object): object => ({ ...POD, scheduling });

const RESIDENT = {
  ...withMain({ volumeMounts: [{ name: 'v', mountPath: 'm' }] }),
  id: '/dev/p',
  role: 'dev',
  volumes: [{ name: 'v', persistent: { size: 1 } }],
};

const MODEL: readonly Row[] = [
  ['id missing', { containers: [MAIN] }, '/id', 'error.path.missing'],
  ['id empty', { ...POD, id: '' }, '/id', 'error.minLength'],
  ['id upper case', { ...POD, id: '/P' }, '/id', 'error.pattern'],
  ['containers missing', { id: '/p' }, '/containers', 'error.path.missing'],
  ['containers empty', { id: '/p', containers: [] }, '/containers', 'error.minLength'],
  ['labels', { ...POD, labels: { a: 1 } }, '/labels/a', 'error.expected.jsstring'],
  [
    'scaling',
    { ...POD, scaling: { kind: 'fixed', instances: -1 } },
    '/scaling/instances',
    'error.min',
  ],
  [
    'executorResources.cpus',
    { ...POD, executorResources: { cpus: 0.01 } },
    '/executorResources/cpus',
    'error.min',
  ],
  [
    'executorResources.mem',
    { ...POD, executorResources: { mem: 31 } },
    '/executorResources/mem',
    'error.min',
  ],
  [
    'executorResources.disk',
    { ...POD, executorResources: { disk: 9 } },
    '/executorResources/disk',
    'error.min',
  ],
  [
    'backoff',
    withScheduling({ backoff: { backoff: -1 } }),
    '/scheduling/backoff/backoff',
    'error.min',
  ],
  [
    'backoffFactor',
    withScheduling({ backoff: { backoffFactor: 0 } }),
    '/scheduling/backoff/backoffFactor',
    'error.min',
  ],
  [
    'maxLaunchDelay',
    withScheduling({ backoff: { maxLaunchDelay: -1 } }),
    '/scheduling/backoff/maxLaunchDelay',
    'error.min',
  ],
  [
    'upgrade',
    withScheduling({ upgrade: { maximumOverCapacity: 2 } }),
    '/scheduling/upgrade/maximumOverCapacity',
    'error.max',
  ],
  ['container name', withMain({ name: 'C' }), '/containers(0)/name', 'error.pattern'],
  [
    'container name long',
    withMain({ name: 'c'.repeat(64) }),
    '/containers(0)/name',
    'error.maxLength',
  ],
  [
    'container resources',
    { id: '/p', containers: [{ name: 'c' }] },
    '/containers(0)/resources',
    'error.path.missing',
  ],
  [
    'container cpus',
    withMain({ resources: { cpus: -1 } }),
    '/containers(0)/resources/cpus',
    'error.min',
  ],
  [
    'container mem',
    withMain({ resources: { mem: '1' } }),
    '/containers(0)/resources/mem',
    'error.expected.jsnumber',
  ],
  [
    'endpoint name',
    withEndpoints([{ name: '!' }]),
    '/containers(0)/endpoints(0)/name',
    'error.pattern',
  ],
  [
    'endpoint hostPort',
    withEndpoints([{ name: 'e', hostPort: 70_000 }]),
    '/containers(0)/endpoints(0)/hostPort',
    'error.max',
  ],
  [
    'image id',
    withMain({ image: { kind: 'DOCKER' } }),
    '/containers(0)/image/id',
    'error.path.missing',
  ],
  [
    'mount without path',
    withMain({ volumeMounts: [{ name: 'v' }] }),
    '/containers(0)/volumeMounts(0)/mountPath',
    'error.path.missing',
  ],
  [
    'artifact',
    withMain({ artifacts: [{}] }),
    '/containers(0)/artifacts(0)/uri',
    'error.path.missing',
  ],
];

const RULES: readonly Row[] = [
  ['id the root', { ...POD, id: '/' }, '/id', 'Path must contain at least one path element'],
  ['user empty', { ...POD, user: '' }, '/user', 'must not be empty'],
  [
    'container twice',
    { ...POD, containers: [MAIN, MAIN] },
    '/containers',
    'container names must be unique',
  ],
  [
    'endpoint twice',
    withEndpoints([{ name: 'e' }, { name: 'e' }]),
    '/',
    'endpoint names nust be unique across all containers',
  ],
  [
    'container port twice',
    withEndpoints(
      [
        { name: 'e', containerPort: 1 },
        { name: 'f', containerPort: 1 },
      ],
      NETWORK,
    ),
    '/',
    'container ports must be unique across all containers',
  ],
  [
    'host port twice',
    withEndpoints([
      { name: 'e', hostPort: 5 },
      { name: 'f', hostPort: 5 },
    ]),
    '/',
    'host ports must be unique across all containers',
  ],
  [
    'containerPort on the host',
    withEndpoints([{ name: 'e', containerPort: 1 }]),
    '/containers(0)/endpoints(0)/containerPort',
    'is not allowed when using host-mode networking',
  ],
  [
    'containerPort missing',
    withEndpoints([{ name: 'e' }], NETWORK),
    '/containers(0)/endpoints(0)/containerPort',
    'is required when using container-mode networking',
  ],
  [
    'protocol twice',
    withEndpoints([{ name: 'e', hostPort: 0, protocol: ['tcp', 'tcp'] }]),
    '/containers(0)/endpoints(0)/protocol',
    'Duplicate protocols within the same endpoint are not allowed',
  ],
  [
    'hostPort of two networks',
    withEndpoints(
      [{ name: 'e', containerPort: 1, hostPort: 0 }],
      [...NETWORK, { mode: 'container', name: 'm' }],
    ),
    '/containers(0)/endpoints(0)',
    'networkNames must be a single item list when hostPort is specified and more than 1 container network is defined',
  ],
  [
    'volume twice',
    {
      ...withMain({ volumeMounts: [{ name: 'v', mountPath: 'm' }] }),
      volumes: [{ name: 'v' }, { name: 'v' }],
    },
    '/volumes',
    'volume names must be unique',
  ],
  [
    'volume not mounted',
    { ...POD, volumes: [{ name: 'v' }] },
    '/volumes(0)',
    'volume must be referenced by at least one container',
  ],
  [
    'mount of no volume',
    withMain({ volumeMounts: [{ name: 'v', mountPath: 'm' }] }),
    '/containers(0)/volumeMounts(0)/name',
    'Referenced Volume in VolumeMount should exist',
  ],
  [
    'check of no endpoint',
    withCheck({ tcp: { endpoint: 'x' } }),
    '/containers(0)/healthCheck/tcp/endpoint',
    'contained in the container endpoints',
  ],
  [
    'check of two kinds',
    withCheck({ tcp: { endpoint: 'e' }, http: { endpoint: 'e' } }),
    '/containers(0)/healthCheck',
    'Only one of http, tcp, or command may be specified',
  ],
  [
    'check too slow',
    withCheck({ tcp: { endpoint: 'e' }, intervalSeconds: 5, timeoutSeconds: 5 }),
    '/containers(0)/healthCheck/timeoutSeconds',
    'got 5, expected less than 5',
  ],
  [
    'pull config of no secret',
    withMain({ image: { kind: 'DOCKER', id: 'i', pullConfig: { secret: 's' } } }),
    '/containers(0)/image/pullConfig',
    'pullConfig.secret must refer to an existing secret',
  ],
  [
    'limits with shared cgroups',
    withMain({ resourceLimits: { mem: 512 } }, { legacySharedCgroups: true }),
    '/containers(0)/resourceLimits',
    'resourceLimits cannot be defined if legacySharedCgroups is enabled',
  ],
  [
    'constraint',
    withScheduling({ placement: { constraints: [{ fieldName: 'a', operator: 'MAX_PER' }] } }),
    '/scheduling/placement/constraints(0)',
    'MAX_PER requires an integer value',
  ],
  ['role of others', { ...POD, role: 'other' }, '/role', 'got other, expected one of: [*]'],
  [
    'network without name',
    { ...POD, networks: [{ mode: 'container' }] },
    '/networks',
    'Network name must be specified when container network is selected.',
  ],
  [
    'resident unreachable',
    { ...RESIDENT, scheduling: { unreachableStrategy: {} } },
    '/',
    'unreachableStrategy must be disabled for pods with persistent volumes',
  ],
  [
    'resident over capacity',
    { ...RESIDENT, scheduling: { upgrade: { maximumOverCapacity: 0.1 } } },
    '/upgrade/maximumOverCapacity',
    'got 0.1, expected 0.0',
  ],
];

const WITHOUT_FEATURES: readonly Row[] = [
  ...[
    'must be empty',
    'Feature secrets is not enabled. Enable with --enable_features secrets)',
  ].map(
    (error): Row => [
      'pull configuration',
      withMain({ image: { kind: 'DOCKER', id: 'i', pullConfig: { secret: 's' } } }),
      '/containers(0)/image/pullConfig',
      error,
    ],
  ),
  [
    'secrets',
    { ...POD, secrets: { a: { source: 'b' } } },
    '/secrets',
    'Feature secrets is not enabled. Enable with --enable_features secrets)',
  ],
  [
    'secret in environment',
    { ...POD, environment: { A: { secret: 'a' } } },
    '/environment',
    'use of secret-references in the environment requires the secrets feature to be enabled',
  ],
];

testRefusals('/v2/pods', [
  ...refused(MODEL, FEATURES),
  ...refused(RULES, FEATURES),
  ...refused(WITHOUT_FEATURES, {}),
]);
