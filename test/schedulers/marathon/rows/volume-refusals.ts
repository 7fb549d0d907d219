/** One test per rule about the volumes of an app (spec marathon-app-model, section 4). */
import { FEATURES, type Row, refused, testRefusals } from './rows.ts';

const APP = { id: '/a', cmd: 'sleep 1' };

const volume = (given: object, more: object = {}): object => ({
  ...APP,
  ...more,
  container: { type: 'MESOS', volumes: [{ containerPath: 'p', mode: 'RW', ...given }] },
});
const persistent = (given: object): object =>
  volume({ persistent: { size: 1, ...given } }, { role: 'dev', id: '/dev/a' });
const dvdi = (given: object): object => ({
  name: 'v',
  provider: 'dvdi',
  options: { 'dvdi/driver': 'rexray' },
  ...given,
});

const LABEL = '^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$';

const VOLUMES: readonly Row[] = [
  ['host without path', volume({}), '/container/volumes(0)/hostPath', 'undefined'],
  [
    'persistent path with slash',
    volume({ containerPath: 'a/b', persistent: { size: 1 } }, { id: '/dev/a', role: 'dev' }),
    '/container/volumes(0)/containerPath',
    'value must not contain "/"',
  ],
  [
    'persistent on root with constraint',
    persistent({ constraints: [['path', 'LIKE', 'a']] }),
    '/container/volumes(0)/persistent',
    'Constraints on root volumes are not supported',
  ],
  [
    'maxSize of a path',
    persistent({ type: 'path', maxSize: 5 }),
    '/container/volumes(0)/persistent',
    'Only mount volumes can have maxSize',
  ],
  [
    'maxSize too small',
    persistent({ type: 'mount', size: 10, maxSize: 5 }),
    '/container/volumes(0)/persistent',
    'Max size must be larger than size',
  ],
  [
    'resident role',
    volume({ persistent: { size: 1 } }),
    '/role',
    'Resident apps cannot have the role *',
  ],
  [
    'resident accepted roles',
    volume(
      { persistent: { size: 1 } },
      { id: '/dev/a', role: 'dev', acceptedResourceRoles: ['dev'] },
    ),
    '/acceptedResourceRoles',
    'A resident app must have `acceptedResourceRoles = ["*"]`.',
  ],
  [
    'resident unreachable',
    volume({ persistent: { size: 1 } }, { id: '/dev/a', role: 'dev', unreachableStrategy: {} }),
    '/',
    'unreachableStrategy must be disabled for resident tasks',
  ],
  [
    'resident over capacity',
    volume(
      { persistent: { size: 1 } },
      {
        id: '/dev/a',
        role: 'dev',
        upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 1 },
      },
    ),
    '/upgradeStrategy/maximumOverCapacity',
    'got 1.0, expected 0.0',
  ],
  [
    'external of unknown provider',
    volume({ external: dvdi({ provider: 'acme' }) }),
    '/container/volumes(0)/external/provider',
    'is unknown provider',
  ],
  [
    'external without driver',
    volume({ external: dvdi({ options: {} }) }),
    '/container/volumes(0)/external/options("dvdi/driver")',
    'not defined',
  ],
  ...(
    [
      ['volumetype', 'io1 ', "must fully match regular expression '"],
      ['newfstype', '', "must fully match regular expression '"],
      ['iops', '0', 'must be a natural number'],
      ['iops', 'b', 'must be a natural number'],
      ['overwritefs', 'b', 'must be a boolean'],
    ] as const
  ).map(
    ([option, value, error]): Row => [
      `external with ${option} '${value}'`,
      volume({
        external: dvdi({ options: { 'dvdi/driver': 'rexray', [`dvdi/${option}`]: value } }),
      }),
      `/container/volumes(0)/external/options/"dvdi/${option}"`,
      error.endsWith("'") ? `${error}${LABEL}'` : error,
    ],
  ),
  [
    'external instances',
    volume({ external: dvdi({}) }, { instances: 2 }),
    '/',
    'Number of instances is limited to 1 when declaring DVDI volumes in app [/a]',
  ],
  [
    'secret unknown',
    volume({ secret: 's' }),
    '/container/volumes(0)',
    'volume.secret must refer to an existing secret',
  ],
];

const WITHOUT_FEATURES: readonly Row[] = [
  [
    'external volume',
    volume({ external: dvdi({}) }),
    '/container/volumes(0)/external',
    'Feature external_volumes is not enabled. Enable with --enable_features external_volumes)',
  ],
];

testRefusals('/v2/apps', [...refused(VOLUMES, FEATURES), ...refused(WITHOUT_FEATURES, {})]);
