/** One test per call that names what is already there: tasks, versions, deployments, delays, filters (spec marathon-rest). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, at, SLEEP, World } from '../world.ts';
import { pick } from './rows.ts';

const POD = {
  id: '/pod',
  containers: [{ name: 'c', exec: { command: { shell: 'sleep 1' } }, resources: {} }],
};
const LABELLED = { ...SLEEP, id: '/g/sleep', cmd: 'Serve it', labels: { tier: 'front', x: '' } };

/** Of the world where `/sleep` (2 instances), `/g/sleep` and `/pod` run, and `/big` waits. */
interface Names {
  readonly task: string;
  readonly otherTask: string;
  readonly podInstance: string;
  readonly version: string;
  readonly podVersion: string;
  readonly groupVersion: string;
  readonly deployment: string;
}

type Row = readonly [
  name: string,
  request: (names: Names) => readonly [method: string, url: string, body?: unknown],
  status: number,
  check: (answer: Answer, names: Names, world: World) => unknown,
];

const appsAre =
  (...ids: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.values(at(body, 'apps') ?? at(body, '*') ?? body ?? {});
    assert.deepEqual(
      found.map((each) => at(each, 'id')),
      ids,
      text,
    );
  };
const says =
  (message: string) =>
  ({ body }: Answer): void =>
    assert.equal(at(body, 'message'), message);
const shows =
  (path: readonly (string | number)[], names: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.keys(at(body, ...path) ?? {});
    for (const name of names) assert.ok(found.includes(name), `${name} is not in ${text}`);
  };
const lacks =
  (path: readonly (string | number)[], names: readonly string[]) =>
  ({ body, text }: Answer): void => {
    const found = Object.keys(at(body, ...path) ?? {});
    for (const name of names) assert.ok(!found.includes(name), `${name} is in ${text}`);
  };
const deployed = ({ body, headers }: Answer): void => {
  assert.deepEqual(Object.keys(body ?? {}), ['version', 'deploymentId']);
  assert.equal(headers['marathon-deployment-id'], at(body, 'deploymentId'));
};
const tasksAre =
  (name: (names: Names) => readonly string[]) =>
  ({ body, text }: Answer, names: Names): void => {
    const tasks = Object.values(at(body, 'tasks') ?? {});
    assert.deepEqual(tasks.map((task) => at(task, 'id')).sort(), [...name(names)].sort(), text);
  };
const instancesOf =
  (id: string, expected: number) =>
  async (answer: Answer, _names: Names, world: World): Promise<void> => {
    deployed(answer);
    const { body } = await world.call('GET', `/v2/apps${id}`);
    assert.equal(at(body, 'app', 'instances'), expected);
  };

const get = (url: string) => (): readonly [string, string] => ['GET', url];
const label = (selector: string): Row[1] => get(`/v2/apps?label=${encodeURIComponent(selector)}`);

const READS: readonly Row[] = [
  ['cmd in any case', get('/v2/apps?cmd=serve'), 200, appsAre('/g/sleep')],
  ['a part of the id', get('/v2/apps?id=G/SL'), 200, appsAre('/g/sleep')],
  ['both filters', get('/v2/apps?id=sleep&cmd=sleep'), 200, appsAre('/sleep')],
  ['a label', label('tier'), 200, appsAre('/g/sleep')],
  ['a label and its value', label('tier==front'), 200, appsAre('/g/sleep')],
  ['a label that must differ', label('tier != back'), 200, appsAre('/g/sleep')],
  ['a label of a set', label('tier in (front, back)'), 200, appsAre('/g/sleep')],
  ['a label outside a set', label('tier notin (front)'), 200, appsAre()],
  ['two labels', label('tier==front, x'), 200, appsAre('/g/sleep')],
  [
    'half a selector',
    label('tier=front'),
    422,
    ({ text }) => assert.match(text, /Can not parse label selector tier=front\. Reason: /),
  ],
  ['the list', get('/v2/apps'), 200, shows(['apps', 0], ['tasksRunning', 'deployments'])],
  ['the list', get('/v2/apps'), 200, lacks(['apps', 0], ['tasks', 'lastTaskFailure'])],
  ['the list with tasks', get('/v2/apps?embed=apps.tasks'), 200, shows(['apps', 0], ['tasks'])],
  ['an unknown embed', get('/v2/apps?embed=nonsense'), 200, lacks(['apps', 0], ['nonsense'])],
  [
    'statistics',
    get('/v2/apps/sleep?embed=app.taskStats'),
    200,
    ({ body }) => {
      const stats = at(body, 'app', 'tasksStats');
      assert.deepEqual(Object.keys(stats ?? {}), [
        'startedAfterLastScaling',
        'withLatestConfig',
        'totalSummary',
      ]);
      assert.deepEqual(at(stats, 'totalSummary', 'stats', 'counts'), {
        staged: 0,
        running: 2,
        healthy: 0,
        unhealthy: 0,
      });
    },
  ],
  [
    'readiness',
    get('/v2/apps/sleep?embed=readiness'),
    200,
    ({ body }) => assert.deepEqual(at(body, 'app', 'readinessCheckResults'), []),
  ],
  ['one app', get('/v2/apps/sleep'), 200, shows(['app'], ['tasks', 'deployments', 'versionInfo'])],
  ['apps below the root', get('/v2/apps/*'), 200, appsAre('/sleep', '/g/sleep', '/big')],
  ['apps below a group', get('/v2/apps/g/*'), 200, appsAre('/g/sleep')],
  ['a version', ({ version }) => ['GET', `/v2/apps/sleep/versions/${version}`], 200, bareApp],
  [
    'a version in another time zone',
    ({ version }) => ['GET', `/v2/apps/sleep/versions/${version.replace('Z', '%2B00:00')}`],
    200,
    bareApp,
  ],
  [
    'a version there is not',
    get('/v2/apps/sleep/versions/2010-01-01T00:00:00.000Z'),
    404,
    says("App '/sleep' does not exist in version 2010-01-01T00:00:00.000Z"),
  ],
  ['all tasks', get('/v2/tasks'), 200, ({ body }) => assert.equal(length(at(body, 'tasks')), 3)],
  [
    'tasks that are staging',
    get('/v2/tasks?status[]=staging'),
    200,
    ({ body }) => assert.deepEqual(body, { tasks: [] }),
  ],
  [
    'tasks of an unknown status',
    get('/v2/tasks?status=nonsense'),
    200,
    ({ body }) => assert.equal(length(at(body, 'tasks')), 3),
  ],
  [
    'the root group',
    get('/v2/groups'),
    200,
    ({ body }) => {
      groupIs(body, ['/sleep', '/big'], ['/pod'], ['/g']);
      assert.equal(at(body, 'groups', 0, 'enforceRole'), false);
    },
  ],
  ['groups alone', get('/v2/groups?embed=group.groups'), 200, groupShows([], [], ['/g'])],
  ['apps alone', get('/v2/groups?embed=group.apps'), 200, groupShows(['/sleep', '/big'], [], [])],
  ['pods alone', get('/v2/groups?embed=group.pods'), 200, groupShows([], ['/pod'], [])],
  [
    'tasks in a group',
    get('/v2/groups?embed=group.apps&embed=group.apps.tasks'),
    200,
    shows(['apps', 0], ['tasks']),
  ],
  ['apps of all groups', get('/v2/groups/apps'), 200, appsAre('/sleep', '/g/sleep', '/big')],
  [
    'a group in a version',
    ({ groupVersion }) => ['GET', `/v2/groups/versions/${groupVersion}`],
    200,
    ({ body }) => assert.equal(at(body, 'id'), '/'),
  ],
  ['a group version', get('/v2/groups/versions/2010-01-01T00:00:00.000Z'), 404, () => {}],
  ['versions of no group', get('/v2/groups/none/versions'), 404, () => {}],
  [
    'a pod in a version',
    ({ podVersion }) => ['GET', `/v2/pods/pod::versions/${podVersion}`],
    200,
    ({ body }) => assert.equal(at(body, 'id'), '/pod'),
  ],
  [
    'a version of no pod',
    get('/v2/pods/none::versions/2008'),
    404,
    says("Pod '/none' does not exist"),
  ],
  [
    'deployments',
    get('/v2/deployments'),
    200,
    ({ body, text }, { deployment }) => {
      const [first, ...more] = Object.values(body ?? {});
      assert.equal(more.length, 0, text);
      assert.deepEqual(pick(first, ['id', 'affectedApps', 'affectedPods', 'steps']), {
        id: deployment,
        affectedApps: ['/big'],
        affectedPods: [],
        steps: ['Start', 'Scale'].map((kind) => ({
          actions: [{ action: `${kind}Application`, app: '/big' }],
        })),
      });
      assert.deepEqual(pick(first, ['currentActions', 'currentStep', 'totalSteps']), {
        currentActions: [{ action: 'ScaleApplication', app: '/big', readinessCheckResults: [] }],
        currentStep: 2,
        totalSteps: 2,
      });
    },
  ],
  ['the queue', get('/v2/queue'), 200, queueOf([])],
  [
    'the queue with offers',
    get('/v2/queue?embed=lastUnusedOffers'),
    200,
    queueOf(['lastUnusedOffers']),
  ],
];

const WRITES: readonly Row[] = [
  [
    'one task',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}`],
    200,
    ({ body }, { task }) => assert.equal(at(body, 'task', 'id'), task),
  ],
  [
    'one task for good',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}?scale=true`],
    200,
    instancesOf('/sleep', 1),
  ],
  [
    'both ways to kill',
    ({ task }) => ['DELETE', `/v2/apps/sleep/tasks/${task}?scale=true&wipe=true`],
    400,
    says('You cannot use scale and wipe at the same time.'),
  ],
  [
    'all tasks of an app',
    () => ['DELETE', '/v2/apps/sleep/tasks?host=*'],
    200,
    tasksAre(({ task, otherTask }) => [task, otherTask]),
  ],
  ['tasks on no host', () => ['DELETE', '/v2/apps/sleep/tasks?host=none'], 200, tasksAre(() => [])],
  [
    'all tasks for good',
    () => ['DELETE', '/v2/apps/sleep/tasks?scale=true'],
    200,
    instancesOf('/sleep', 0),
  ],
  [
    'tasks by id',
    ({ task }) => ['POST', '/v2/tasks/delete', { ids: [task] }],
    200,
    tasksAre(({ task }) => [task]),
  ],
  [
    'tasks by id for good',
    ({ task, otherTask }) => ['POST', '/v2/tasks/delete?scale=true', { ids: [task, otherTask] }],
    200,
    instancesOf('/sleep', 0),
  ],
  [
    'tasks there are not',
    () => ['POST', '/v2/tasks/delete', { ids: ['a.6f377a47-9bb5-11e4-93fa-56847afe9799'] }],
    200,
    tasksAre(() => []),
  ],
  [
    'what is no id of a task',
    () => ['POST', '/v2/tasks/delete', { ids: ['x'] }],
    400,
    ({ text }) => assert.match(text, /Invalid task id 'x'\. \[/),
  ],
  [
    'ids that are none',
    () => ['POST', '/v2/tasks/delete', { ids: 'x' }],
    422,
    says('Invalid JSON'),
  ],
  [
    'an instance of a pod',
    ({ podInstance }) => ['DELETE', `/v2/pods/pod::instances/${podInstance}`],
    200,
    killed([]),
  ],
  [
    'instances of a pod',
    ({ podInstance }) => ['DELETE', '/v2/pods/pod::instances', [podInstance]],
    200,
    killed([0]),
  ],
  [
    'an instance that is not there',
    () => ['DELETE', '/v2/pods/pod::instances/pod.instance-6f377a47-9bb5-11e4-93fa-56847afe9799'],
    404,
    says("Task 'pod.instance-6f377a47-9bb5-11e4-93fa-56847afe9799' does not exist"),
  ],
  [
    'a deployment',
    ({ deployment }) => ['DELETE', `/v2/deployments/${deployment}`],
    200,
    rolledBack,
  ],
  [
    'a deployment, by force',
    ({ deployment }) => ['DELETE', `/v2/deployments/${deployment}?force=true`],
    202,
    async ({ text }, _names, world) => {
      assert.equal(text, '');
      assert.equal((await world.call('GET', '/v2/apps/big')).status, 200);
      assert.deepEqual((await world.call('GET', '/v2/deployments')).body, []);
    },
  ],
  ['a delay', () => ['DELETE', '/v2/queue/big/delay'], 204, ({ text }) => assert.equal(text, '')],
  [
    'a locked app',
    () => ['PUT', '/v2/apps/big', { mem: 1 }],
    409,
    ({ body }, { deployment }) => {
      const message =
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";
      assert.deepEqual(body, { message, deployments: [{ id: deployment }] });
    },
  ],
  ['a locked app, by force', () => ['PUT', '/v2/apps/big?force=true', { mem: 1 }], 200, deployed],
  ['a locked app, deleted', () => ['DELETE', '/v2/apps/big'], 200, deployed],
  ['a locked app, not deleted', () => ['DELETE', '/v2/apps/big?force=false'], 409, () => {}],
  [
    'an app that is named like a restart',
    () => ['DELETE', '/v2/apps/sleep/restart'],
    404,
    says("App '/sleep/restart' does not exist"),
  ],
  [
    'an update without id',
    () => ['PUT', '/v2/apps', [{ mem: 64 }]],
    422,
    says('App Update must have app id set'),
  ],
  [
    'an app that replaces another',
    () => ['PUT', '/v2/apps/sleep?partialUpdate=false', { cmd: 'sleep 5' }],
    200,
    async (answer, _names, world) => {
      deployed(answer);
      const { body } = await world.call('GET', '/v2/apps/sleep');
      assert.deepEqual(pick(at(body, 'app'), ['instances', 'cpus', 'mem']), {
        instances: 1,
        cpus: 1,
        mem: 128,
      });
    },
  ],
  [
    'an app back in an earlier version',
    ({ version }) => ['PUT', '/v2/apps/sleep', { version }],
    200,
    deployed,
  ],
  [
    'a version and more',
    ({ version }) => ['PUT', '/v2/apps/sleep', { version, mem: 1 }],
    422,
    says("The 'version' field may only be combined with the 'id' field."),
  ],
  [
    'a dry run',
    () => ['PUT', '/v2/groups/g?dryRun=true', { scaleBy: 2 }],
    200,
    async ({ body }, _names, world) => {
      const actions = [{ action: 'ScaleApplication', app: '/g/sleep' }];
      assert.deepEqual(body, { steps: [{ actions }] });
      const { body: app } = await world.call('GET', '/v2/apps/g/sleep');
      assert.equal(at(app, 'app', 'instances'), 1);
    },
  ],
  [
    'a group back in an earlier version',
    ({ groupVersion }) => ['PUT', '/v2/groups?force=true', { version: groupVersion }],
    200,
    deployed,
  ],
  [
    'a group, scaled',
    () => ['PUT', '/v2/groups/g', { scaleBy: 1.5 }],
    200,
    instancesOf('/g/sleep', 2),
  ],
];

function length(value: unknown): number {
  return Object.keys(value ?? {}).length;
}

function bareApp({ body, text }: Answer): void {
  assert.equal(at(body, 'id'), '/sleep', text);
  assert.equal(at(body, 'tasksRunning'), undefined);
}

function groupShows(
  apps: readonly string[],
  pods: readonly string[],
  groups: readonly string[],
): Row[3] {
  return ({ body }) => groupIs(body, apps, pods, groups);
}

function groupIs(body: unknown, ...expected: readonly (readonly string[])[]): void {
  const ids = (name: string): unknown[] =>
    Object.values(at(body, name) ?? {}).map((each) => at(each, 'id'));
  assert.deepEqual([ids('apps'), ids('pods'), ids('groups')], expected);
}

const REASONS = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
];

/** `/big` needs more memory than there is, and is the only one that waits. */
function queueOf(more: readonly string[]): Row[3] {
  return ({ body, text }) => {
    const [entry, ...rest] = Object.values(at(body, 'queue') ?? {});
    assert.equal(rest.length, 0, text);
    const names = ['count', 'role', 'delay', 'since', 'processedOffersSummary', 'app', ...more];
    assert.deepEqual(Object.keys(entry ?? {}).sort(), names.sort());
    assert.deepEqual(pick(entry, ['count', 'role', 'delay']), {
      count: 1,
      role: '*',
      delay: { timeLeftSeconds: 0, overdue: true },
    });
    assert.equal(at(entry, 'app', 'tasksRunning'), undefined);
    const summary = at(entry, 'processedOffersSummary');
    const launches = Object.values(at(summary, 'rejectSummaryLaunchAttempt') ?? {});
    assert.deepEqual(
      launches.map((each) => at(each, 'reason')),
      REASONS,
    );
    const count = Number(at(summary, 'processedOffersCount'));
    const funnel = launches.map((each) => [at(each, 'processed'), at(each, 'declined')]);
    const before = REASONS.slice(0, 5).map(() => [count, 0]);
    const after = REASONS.slice(6).map(() => [0, 0]);
    assert.deepEqual(funnel, [...before, [count, count], ...after]);
    if (more.length === 0) return;
    const offer = at(entry, 'lastUnusedOffers', 0);
    assert.deepEqual(at(offer, 'reason'), ['InsufficientMemory']);
    assert.deepEqual(Object.keys(at(offer, 'offer') ?? {}), [
      'id',
      'hostname',
      'agentId',
      'resources',
      'attributes',
    ]);
  };
}

function killed(path: readonly number[]): Row[3] {
  return ({ body, text }, { podInstance, podVersion }) => {
    const instance = at(body, ...path);
    assert.equal(at(instance, 'instanceId'), podInstance, text);
    assert.equal(at(instance, 'state', 'condition'), 'Running');
    assert.equal(at(instance, 'state', 'goal'), 'Running');
    assert.equal(at(instance, 'runSpecVersion'), podVersion);
    assert.match(String(at(instance, 'agentInfo', 'host')), /^a\d\.example$/);
    assert.deepEqual(at(instance, 'unreachableStrategy'), {
      inactiveAfterSeconds: 0,
      expungeAfterSeconds: 0,
    });
  };
}

async function rolledBack(answer: Answer, { deployment }: Names, world: World): Promise<void> {
  deployed(answer);
  assert.notEqual(at(answer.body, 'deploymentId'), deployment);
  await world.advance(1_000);
  assert.equal((await world.call('GET', '/v2/apps/big')).status, 404);
}

async function worldOfRow(): Promise<World> {
  const world = await World.start();
  await world.call('POST', '/v2/apps', { ...SLEEP, instances: 2 });
  await world.call('POST', '/v2/apps', LABELLED);
  await world.call('POST', '/v2/pods', POD);
  await world.advance(10_000);
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/big', mem: 100_000 });
  await world.advance(10_000);
  return world;
}

async function namesIn(world: World): Promise<Names> {
  const read = async (url: string): Promise<unknown> => (await world.call('GET', url)).body;
  const app = at(await read('/v2/apps/sleep'), 'app');
  const status = await read('/v2/pods/pod::status');
  return {
    task: String(at(app, 'tasks', 0, 'id')),
    otherTask: String(at(app, 'tasks', 1, 'id')),
    podInstance: String(at(status, 'instances', 0, 'id')),
    version: String(at(app, 'version')),
    podVersion: String(at(status, 'spec', 'version')),
    groupVersion: String(at(await read('/v2/groups/versions'), 0)),
    deployment: String(at(await read('/v2/deployments'), 0, 'id')),
  };
}

/** Reading changes nothing: one world is enough. */
let read: Promise<World> | undefined;

async function runRow(world: World, [, request, status, check]: Row): Promise<void> {
  const names = await namesIn(world);
  const [method, url, body] = request(names);
  const answer = await world.call(method, url, body);
  assert.equal(answer.status, status, answer.text);
  await check(answer, names, world);
}

for (const row of READS) {
  test(`${row[0]}: ${row[1](blankNames()).join(' ')} answers ${row[2]}`, async () => {
    read ??= worldOfRow();
    await runRow(await read, row);
  });
}

for (const row of WRITES) {
  const [method, url, body] = row[1](blankNames());
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  test(`${row[0]}: ${method} ${url}${sent} answers ${row[2]}`, async () => {
    const world = await worldOfRow();
    await runRow(world, row);
    await world.stop();
  });
}

/** For the names of the tests. */
function blankNames(): Names {
  return {
    task: '{task}',
    otherTask: '{other}',
    podInstance: '{instance}',
    version: '{version}',
    podVersion: '{version}',
    groupVersion: '{version}',
    deployment: '{id}',
  };
}
