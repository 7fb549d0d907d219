/** The tables of fields (spec chronos, sections 2.1 and 2.3): a line per form a value may have. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { writeJson } from '../../../core/wire/json-text.ts';
import { decodeJob } from '../../../schedulers/chronos/job-decode.ts';
import { encodeJob } from '../../../schedulers/chronos/job-encode.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';

const NOW = Date.UTC(2026, 0, 1);
const DEFAULTS = { ...CHRONOS_DEFAULTS.jobDefaults, user: 'root' };

type Shown = Readonly<Record<string, unknown>>;

/** As `job/{name}` shows it; the sentence where it is refused. */
function shown(posted: Shown, isVersion2 = false): Shown | string {
  const job = decodeJob(posted, DEFAULTS, NOW);
  if (!job.ok) return job.error;
  return JSON.parse(writeJson(encodeJob(job.value, { fillsFetch: false, isVersion2 })));
}

/** Of each field: what it is when it is not given, and what is shown for what is posted. */
const FIELDS: Readonly<Record<string, readonly [fallback: unknown, ...[unknown, unknown][]]>> = {
  command: ['', ['echo hi', 'echo hi'], [5, '5']],
  shell: [true, [false, false], ['false', false], ['true', true]],
  arguments: [
    [],
    [
      ['-a', 1],
      ['-a', '1'],
    ],
  ],
  executor: ['', ['/x', '/x']],
  executorFlags: ['', ['-v', '-v']],
  taskInfoData: ['', ['data', 'data']],
  retries: [2, [0, 0], ['7', 7], [3.9, 3]],
  owner: ['', ['a@x,b@x', 'a@x,b@x']],
  ownerName: ['', ['me', 'me']],
  description: ['', ['what', 'what']],
  cpus: [0.1, [0, 0.1], ['0.5', 0.5], [2, 2]],
  mem: [128, [0, 128], ['64', 64], [1.5, 1.5]],
  disk: [256, [0, 256], ['1', 1], [1024, 1024]],
  disabled: [false, [true, true], ['true', true], ['false', false]],
  concurrent: [false, [true, true], ['true', true]],
  softError: [false, [true, true], ['true', true]],
  dataProcessingJobType: [false, [true, true], ['true', true]],
  highPriority: [false, [true, true], ['true', true]],
  runAsUser: ['root', ['me', 'me'], ['', '']],
  maxCompletionTime: [0, [60, 60], ['60', 60]],
  uris: [[], [['u'], ['u']]],
  fetch: [
    [],
    [[{}], [{ uri: '', executable: false, cache: false, extract: true }]],
    [
      [{ uri: 'u', output_file: 'o', executable: 'true', cache: true, extract: false }],
      [{ uri: 'u', executable: true, cache: true, extract: false, output_file: 'o' }],
    ],
  ],
  environmentVariables: [[], [[{ name: 'A', value: 1 }], [{ name: 'A', value: '1' }]]],
  constraints: [
    [],
    [
      [
        ['rack', 'EQUALS', 'r'],
        ['rack', 'LIKE', 'r.*'],
        ['rack', 'UNLIKE', 's'],
        ['rack', 'equals', 'r'],
        ['rack', 'CLUSTER', ''],
      ],
      [
        ['rack', 'EQUALS', 'r'],
        ['rack', 'LIKE', 'r.*'],
        ['rack', 'UNLIKE', 's'],
      ],
    ],
  ],
  successCount: [0, [7, 7], ['7', 7]],
  errorCount: [0, [7, 7]],
  errorsSinceLastSuccess: [0, [7, 7]],
  lastSuccess: ['', ['2016-11-17T00:54:09.777Z', '2016-11-17T00:54:09.777Z']],
  lastError: ['', ['2016-11-17T00:54:09.777Z', '2016-11-17T00:54:09.777Z']],
  schedule: ['R1/2026-01-01T00:00:00.000Z/PT24H', ['R/2030/P1D', 'R/2030/P1D']],
  scheduleTimeZone: ['', ['PST', 'PST']],
};

for (const [field, [fallback, ...forms]] of Object.entries(FIELDS)) {
  test(`${field} is ${JSON.stringify(fallback)} unless a job says something else`, () => {
    const fieldOf = (posted: Shown): unknown => Object(shown({ name: 'a', ...posted }))[field];
    assert.deepEqual(fieldOf({}), fallback, 'absent');
    assert.deepEqual(fieldOf({ [field]: null }), fallback, 'null');
    for (const [posted, expected] of forms) {
      assert.deepEqual(fieldOf({ [field]: posted }), expected, JSON.stringify(posted));
    }
  });
}

test('a name may be a number; members that nobody knows are left out', () => {
  const job = Object(shown({ name: 7, gpus: 1, dataJob: true, parentsX: [] }));
  assert.equal(job.name, '7');
  assert.deepEqual(Object.keys(job), [
    ...['name', 'command', 'shell', 'executor', 'executorFlags', 'taskInfoData', 'retries'],
    ...['owner', 'ownerName', 'description', 'successCount', 'errorCount', 'lastSuccess'],
    ...['lastError', 'cpus', 'disk', 'mem', 'disabled', 'softError', 'dataProcessingJobType'],
    ...['errorsSinceLastSuccess', 'fetch', 'uris', 'environmentVariables', 'arguments'],
    ...['highPriority', 'runAsUser', 'concurrent', 'maxCompletionTime', 'constraints'],
    ...['schedule', 'scheduleTimeZone'],
  ]);
});

const KINDS: readonly (readonly [string, Shown, readonly string[]])[] = [
  ['parents alone', { parents: ['b', 'b', 'c'] }, ['parents']],
  ['no parent at all', { parents: [] }, ['parents']],
  ['parents beside a schedule', { parents: ['b'], schedule: 'R//P1D' }, ['parents']],
  ['null for parents', { parents: null, schedule: 'R//P1D' }, ['schedule', 'scheduleTimeZone']],
  ['a schedule', { schedule: 'R//P1D' }, ['schedule', 'scheduleTimeZone']],
  ['neither', {}, ['schedule', 'scheduleTimeZone']],
];

for (const [what, posted, keys] of KINDS) {
  test(`a job with ${what} is shown with ${keys[0]}`, () => {
    const job = Object(shown({ name: 'a', ...posted }));
    const trigger = ['parents', 'schedule', 'scheduleTimeZone'].filter((key) => key in job);
    assert.deepEqual(trigger, keys);
    if (posted['parents'] !== null && keys[0] === 'parents') {
      assert.deepEqual(job.parents, [...new Set(Object(posted).parents)]);
    }
  });
}

test('who runs once, now, keeps what else it says', () => {
  assert.equal(Object(shown({ name: 'a', concurrent: true })).concurrent, true);
});

const NETWORK = { name: 'n' };
const CONTAINER_FIELDS: Readonly<Record<string, readonly [unknown, ...[unknown, unknown][]]>> = {
  type: ['DOCKER', ['docker', 'DOCKER'], ['Mesos', 'MESOS'], ['MESOS', 'MESOS']],
  network: ['HOST', ['BRIDGE', 'BRIDGE'], ['USER', 'USER'], ['HOST', 'HOST']],
  networkName: [undefined, ['net', 'net']],
  networkInfos: [
    [],
    [[NETWORK], [{ ...NETWORK, labels: [], portMappings: [] }]],
    [
      [
        {
          name: 'n',
          protocol: 'IPv6',
          labels: [{ key: 'k', value: 'v' }],
          portMappings: [{ hostPort: 80, containerPort: '8080', protocol: 'tcp' }],
        },
      ],
      [
        {
          name: 'n',
          protocol: 'IPv6',
          labels: [{ key: 'k', value: 'v' }],
          portMappings: [{ hostPort: '80', containerPort: '8080', protocol: 'tcp' }],
        },
      ],
    ],
  ],
  volumes: [
    [],
    [[{ containerPath: '/c' }], [{ containerPath: '/c' }]],
    [
      [{ containerPath: '/c', hostPath: '/h', mode: 'rw' }],
      [{ containerPath: '/c', hostPath: '/h', mode: 'RW' }],
    ],
    [
      [{ containerPath: '/c', mode: 'RO', external: { name: 'v', provider: 'p', options: [] } }],
      [{ containerPath: '/c', mode: 'RO', external: { name: 'v', provider: 'p', options: [] } }],
    ],
  ],
  forcePullImage: [false, [true, true], ['true', true], ['yes', false], ['false', false]],
  parameters: [[], [[{ key: 'env', value: 'A=1' }], [{ key: 'env', value: 'A=1' }]]],
};

for (const [field, [fallback, ...forms]] of Object.entries(CONTAINER_FIELDS)) {
  test(`a container's ${field} is ${JSON.stringify(fallback)} unless it says something else`, () => {
    const fieldOf = (posted: Shown): unknown =>
      Object(shown({ name: 'a', container: { image: 'i', ...posted } })).container?.[field];
    assert.deepEqual(fieldOf({}), fallback, 'absent');
    for (const [posted, expected] of forms) {
      assert.deepEqual(fieldOf({ [field]: posted }), expected, JSON.stringify(posted));
    }
  });
}

test('a container is shown in its order, and only with an image', () => {
  const posted = { image: 'i', networkName: 'n', type: 'mesos' };
  assert.deepEqual(Object.keys(Object(shown({ name: 'a', container: posted })).container), [
    ...['type', 'image', 'network', 'networkName', 'networkInfos', 'volumes'],
    ...['forcePullImage', 'parameters'],
  ]);
  assert.equal('container' in Object(shown({ name: 'a', container: { type: 'x' } })), false);
});

const REFUSED: readonly (readonly [Shown, string])[] = [
  [{}, "'name' is missing"],
  [{ name: 'a', retries: 'many' }, "'retries' is not a number"],
  [{ name: 'a', shell: 'perhaps' }, "'shell' is not true or false"],
  [{ name: 'a', command: {} }, "'command' is not a text"],
  [{ name: 'a', uris: 'x' }, "'uris' is not a list"],
  [{ name: 'a', fetch: ['x'] }, "'fetch[0].' is not an object"],
  [{ name: 'a', parents: [[]] }, "'parents[0]' is not a text"],
  [{ name: 'a', container: 'i' }, "'container.' is not an object"],
  [
    { name: 'a', container: { image: 'i', type: 'x' } },
    "'container.type' is not one of DOCKER, MESOS",
  ],
  [
    { name: 'a', container: { image: 'i', volumes: [{ mode: 'x' }] } },
    "'container.volumes[0].mode' is not one of RW, RO",
  ],
  [
    { name: 'a', container: { image: 'i', networkInfos: [{ name: 'n', protocol: 'ipv4' }] } },
    "'container.networkInfos[0].protocol' is not one of IPv4, IPv6",
  ],
  [
    { name: 'a', constraints: [['rack', 'LIKE', '[[[']] },
    "'constraints' holds '[[[', which is no regular expression",
  ],
  [
    { name: 'a', constraints: ['rack'] },
    "'constraints' is not a list of [attribute, operator, value]",
  ],
];

for (const [posted, sentence] of REFUSED) {
  test(`a job is refused because ${sentence}`, () => {
    assert.equal(shown(posted), sentence);
  });
}

test('2.x clients see epsilon and async as posted, or as that version had them', () => {
  const old = (posted: Shown): unknown[] => {
    const { epsilon, async } = Object(shown({ name: 'a', ...posted }, true));
    return [epsilon, async];
  };
  assert.deepEqual(old({}), ['PT60S', false]);
  assert.deepEqual(old({ epsilon: 'PT5M', async: 'true' }), ['PT5M', true]);
  const keys = Object.keys(Object(shown({ name: 'a' }, true)));
  assert.equal(keys[keys.indexOf('shell') + 1], 'epsilon');
  assert.equal(keys[keys.indexOf('description') + 1], 'async');
});
