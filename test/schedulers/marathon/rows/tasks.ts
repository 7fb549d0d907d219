/** One test per member of tasks as the API shows them (spec marathon-app-model, sections 2.2, 2.3 and 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESIDENT_APP, RESIDENT_FLAGS } from '../resident-app.ts';
import { at, SLEEP, World } from '../world.ts';
import { pick } from './rows.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const WEB = {
  ...SLEEP,
  id: '/g/web',
  portDefinitions: [{ port: 9_000 }, { port: 9_001 }],
  unreachableStrategy: 'disabled',
};

type Status = readonly [state: string, more?: Readonly<Record<string, unknown>>];

/** What the task says after its start, a member of it, and its value. */
type Row = readonly [statuses: readonly Status[], member: string, expected: unknown];

const checked = (check_status: object): readonly Status[] => [['TASK_RUNNING', { check_status }]];
const addressed: readonly Status[] = [
  [
    'TASK_RUNNING',
    { container_status: { network_infos: [{ ip_addresses: [{ ip_address: '10.0.0.11' }] }] } },
  ],
];

const ROWS: readonly Row[] = [
  [[], 'id', /^g_web\.instance-[0-9a-f-]{36}\._app\.1$/],
  [[], 'appId', '/g/web'],
  [[], 'host', 'a1.example'],
  [[], 'slaveId', 'a1'],
  [[], 'state', 'TASK_RUNNING'],
  [[], 'ports', /^31\d{3},31\d{3}$/],
  [[], 'ipAddresses', []],
  [[], 'healthCheckResults', []],
  [[], 'localVolumes', []],
  [[], 'role', '*'],
  [[], 'stagedAt', TIME],
  [[], 'startedAt', TIME],
  [[], 'version', TIME],
  [[], 'checkResult', undefined],
  [[], 'region', undefined],
  [[], 'zone', undefined],
  [addressed, 'ipAddresses', [{ ipAddress: '10.0.0.11', protocol: 'IPv4' }]],
  [
    checked({ type: 'HTTP', http: { status_code: 200 } }),
    'checkResult',
    { http: { statusCode: 200 } },
  ],
  [
    checked({ type: 'TCP', tcp: { succeeded: false } }),
    'checkResult',
    { tcp: { succeeded: false } },
  ],
  [
    checked({ type: 'COMMAND', command: { exit_code: 0 } }),
    'checkResult',
    { command: { exitCode: 0 } },
  ],
  [[['TASK_KILLING']], 'state', 'TASK_KILLING'],
  [[['TASK_UNREACHABLE']], 'state', 'TASK_UNREACHABLE'],
  [[['TASK_UNREACHABLE']], 'startedAt', TIME],
];

for (const [statuses, member, expected] of ROWS) {
  const said = statuses.map(([state, more = {}]) => `${state} ${JSON.stringify(more)}`).join();
  test(`a task ${said} shows its ${member}`, async () => {
    const world = await World.start({}, ['a1']);
    await world.call('POST', '/v2/apps', WEB);
    await world.advance(3_000);
    const id = world.master.running()[0]?.id ?? '';
    for (const [state, more] of statuses) world.master.update(id, state, more);
    await world.advance(100);
    for (const task of [await ownTask(world), await listedTask(world)]) {
      const value = at(task, member);
      if (expected instanceof RegExp) assert.match(String(value), expected);
      else assert.deepEqual(value, expected);
    }
    await world.stop();
  });
}

async function ownTask(world: World): Promise<unknown> {
  return at((await world.call('GET', '/v2/apps/g/web')).body, 'app', 'tasks', 0);
}

async function listedTask(world: World): Promise<unknown> {
  return at((await world.call('GET', '/v2/tasks')).body, 'tasks', 0);
}

test('only the list of all tasks shows service ports', async () => {
  const world = await World.start({}, ['a1']);
  await world.call('POST', '/v2/apps', WEB);
  await world.advance(3_000);
  assert.deepEqual(at(await listedTask(world), 'servicePorts'), [9_000, 9_001]);
  assert.deepEqual(at(await ownTask(world), 'servicePorts'), []);
  const own = await world.call('GET', '/v2/apps/g/web/tasks');
  assert.deepEqual(at(own.body, 'tasks', 0, 'servicePorts'), []);
  await world.stop();
});

test('a task that has not been heard of is staging, and has not started', async () => {
  const world = await World.start({}, ['a1']);
  world.master.firstState = 'TASK_STAGING';
  await world.call('POST', '/v2/apps', WEB);
  await world.advance(3_000);
  const shown = pick(await ownTask(world), ['state', 'startedAt']);
  assert.deepEqual(shown, { state: 'TASK_STAGING', startedAt: undefined });
  await world.stop();
});

test('an instance without a task is not listed', async () => {
  const world = await World.start({}, []);
  await world.call('POST', '/v2/apps', WEB);
  await world.advance(3_000);
  assert.deepEqual((await world.call('GET', '/v2/tasks')).body, { tasks: [] });
  assert.deepEqual((await world.call('GET', '/v2/apps/g/web/tasks')).body, { tasks: [] });
  await world.stop();
});

test('an instance given up on is shown unreachable, without ports, times and version', async () => {
  const world = await World.start({}, ['a1']);
  const unreachableStrategy = { inactiveAfterSeconds: 1, expungeAfterSeconds: 1_000 };
  await world.call('POST', '/v2/apps', { ...WEB, unreachableStrategy });
  await world.advance(3_000);
  const id = world.master.running()[0]?.id ?? '';
  world.master.update(id, 'TASK_UNREACHABLE');
  await world.advance(3_000);
  const { body } = await world.call('GET', '/v2/apps/g/web');
  const tasks = Object.values(at(body, 'app', 'tasks') ?? {});
  const gone = tasks.find((task) => at(task, 'id') === id);
  const inactive = ['state', 'ports', 'stagedAt', 'startedAt', 'version'];
  assert.deepEqual(pick(gone, inactive), {
    state: 'TASK_UNREACHABLE',
    ports: [],
    stagedAt: undefined,
    startedAt: undefined,
    version: undefined,
  });
  await world.stop();
});

test('a task with a volume of its own names it, also after its end', async () => {
  const world = await World.start(RESIDENT_FLAGS, ['a1']);
  await world.call('POST', '/v2/apps', RESIDENT_APP);
  await world.advance(10_000);
  const volume = at(await listedTask(world), 'localVolumes', 0);
  assert.deepEqual(pick(volume, ['runSpecId', 'containerPath']), {
    runSpecId: '/db',
    containerPath: 'data',
  });
  assert.equal(at(volume, 'persistenceId'), `db#data#${String(at(volume, 'uuid'))}`);
  assert.equal(at(await listedTask(world), 'role'), 'stateful');
  await world.stop();
});

test('a health check result has the times of its successes and failures, and the last cause', async () => {
  const world = await World.start({}, ['a1']);
  const healthChecks = [{ intervalSeconds: 5, gracePeriodSeconds: 0 }];
  await world.call('POST', '/v2/apps', { ...WEB, healthChecks });
  await world.advance(8_000);
  const result = async (): Promise<unknown> => at(await ownTask(world), 'healthCheckResults', 0);
  const instanceId = String(at(await ownTask(world), 'id')).replace('._app.1', '');
  const good = await result();
  assert.deepEqual(Object.keys(good ?? {}).sort(), [
    'alive',
    'consecutiveFailures',
    'firstSuccess',
    'instanceId',
    'lastSuccess',
  ]);
  assert.deepEqual(pick(good, ['alive', 'consecutiveFailures', 'instanceId']), {
    alive: true,
    consecutiveFailures: 0,
    instanceId,
  });
  world.master.probeStatus = 500;
  await world.advance(10_000);
  const bad = await result();
  assert.deepEqual(pick(bad, ['alive', 'consecutiveFailures', 'lastFailureCause']), {
    alive: false,
    consecutiveFailures: 2,
    lastFailureCause: '500 Internal Server Error',
  });
  for (const name of ['firstSuccess', 'lastSuccess', 'lastFailure']) {
    assert.match(String(at(bad, name)), TIME, name);
  }
  await world.stop();
});
