/** One test per row about the status of pods, their instances and containers (spec marathon-app-model, section 9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, World } from '../world.ts';
import { pick } from './rows.ts';

const POD = {
  id: '/foo',
  networks: [
    { mode: 'container', name: 'dcos' },
    { mode: 'container', name: 'bigdog' },
  ],
  containers: [
    {
      name: 'ct1',
      exec: { command: { shell: 'sleep 1' } },
      resources: { cpus: 0.5, mem: 64 },
      endpoints: [
        { name: 'web', containerPort: 80 },
        { name: 'admin', containerPort: 90, hostPort: 0, networkNames: ['dcos'] },
      ],
      healthCheck: { http: { endpoint: 'web', path: '/ping' } },
    },
  ],
  scheduling: { unreachableStrategy: 'disabled' },
};
const ADMIN = { name: 'admin', allocatedHostPort: 31_000 };
const HELD = { cpus: 0.5, mem: 64, disk: 0, gpus: 0 };
const EXECUTOR = { cpus: 0.1, mem: 32, disk: 10, gpus: 0 };
const ALL = { cpus: 0.6, mem: 96, disk: 10, gpus: 0 };
const NETWORKS = {
  container_status: {
    network_infos: [
      { name: 'dcos', ip_addresses: [{ ip_address: '1.2.3.4' }] },
      { name: 'bigdog', ip_addresses: [{ ip_address: '2.3.4.5' }] },
    ],
  },
};

/** What the container says after it has been launched; what its instance and it are shown with. */
type Row = readonly [
  state: string | undefined,
  more: Readonly<Record<string, unknown>>,
  instance: Readonly<Record<string, unknown>>,
  container: Readonly<Record<string, unknown>>,
];

const ROWS: readonly Row[] = [
  [
    undefined,
    {},
    { status: 'PENDING', message: undefined, resources: EXECUTOR, networks: [] },
    { status: 'TASK_STAGING', resources: undefined, conditions: [] },
  ],
  [
    'TASK_STAGING',
    {},
    { status: 'STAGING', resources: ALL, networks: [] },
    { status: 'TASK_STAGING', resources: HELD, conditions: [] },
  ],
  [
    'TASK_STARTING',
    NETWORKS,
    {
      status: 'STAGING',
      networks: [
        { name: 'dcos', addresses: ['1.2.3.4'] },
        { name: 'bigdog', addresses: ['2.3.4.5'] },
      ],
    },
    { status: 'TASK_STARTING', endpoints: [ADMIN, { name: 'web' }] },
  ],
  [
    'TASK_RUNNING',
    {},
    { status: 'DEGRADED', message: 'at least one container is not healthy' },
    { status: 'TASK_RUNNING', endpoints: [ADMIN, { name: 'web' }] },
  ],
  [
    'TASK_RUNNING',
    { healthy: false },
    { status: 'DEGRADED', message: 'at least one container is not healthy' },
    { endpoints: [ADMIN, { name: 'web', healthy: false }] },
  ],
  [
    'TASK_RUNNING',
    { healthy: true },
    { status: 'STABLE', message: undefined, resources: ALL },
    { endpoints: [ADMIN, { name: 'web', healthy: true }] },
  ],
  [
    'TASK_UNREACHABLE',
    {},
    { status: 'DEGRADED', message: 'pod instance has become unreachable' },
    { status: 'TASK_UNREACHABLE' },
  ],
  ['TASK_KILLING', {}, { status: 'TERMINAL', resources: ALL }, { status: 'TASK_KILLING' }],
];

async function launched(): Promise<World> {
  const world = await World.start({}, ['a1']);
  // The agent gives its ports in order, so that the row can name one.
  world.master.firstState = 'TASK_STAGING';
  await world.call('POST', '/v2/pods', POD);
  await world.advance(3_000);
  return world;
}

for (const [state, more, instance, container] of ROWS) {
  if (state === undefined) continue;
  test(`a container ${state} ${JSON.stringify(more)} makes its instance ${String(instance['status'])}`, async () => {
    const world = await launched();
    const [task] = world.master.running();
    world.master.update(task?.id ?? '', state, more);
    await world.advance(100);
    const { body } = await world.call('GET', '/v2/pods/foo::status');
    await shownAs(body, instance, container);
    await world.stop();
  });
}

test('a container that nobody has told of makes its instance PENDING', async () => {
  const world = await World.start({}, ['a1']);
  // The ACCEPT is on its way when the connection breaks.
  world.master.ignoresLaunches = true;
  await world.call('POST', '/v2/pods', POD);
  await world.advance(3_000);
  const { body } = await world.call('GET', '/v2/pods/foo::status');
  const [, , instance, container] = ROWS[0] ?? [];
  await shownAs(body, instance ?? {}, container ?? {});
  await world.stop();
});

async function shownAs(
  body: unknown,
  instance: Readonly<Record<string, unknown>>,
  container: Readonly<Record<string, unknown>>,
): Promise<void> {
  const shown = at(body, 'instances', 0);
  assert.deepEqual(pick(shown, Object.keys(instance)), instance);
  const parts = pick(at(shown, 'containers', 0), Object.keys(container));
  assert.deepEqual(withPort(parts), container);
}

/** Which port was chosen is left to chance. */
function withPort(container: Readonly<Record<string, unknown>>): unknown {
  const text = JSON.stringify(container, (_, value) => value ?? null);
  const fixed: unknown = JSON.parse(
    text.replace(/"allocatedHostPort":31\d{3}/, '"allocatedHostPort":31000'),
  );
  return Object.fromEntries(
    Object.entries(fixed ?? {}).map(([name, value]) => [name, value ?? undefined]),
  );
}

test('a pod is as stable as it has stable instances, and terminal while it is removed', async () => {
  const world = await launched();
  const status = async (): Promise<unknown> =>
    at((await world.call('GET', '/v2/pods/foo::status')).body, 'status');
  assert.equal(await status(), 'DEGRADED');
  world.master.update(world.master.running()[0]?.id ?? '', 'TASK_RUNNING', { healthy: true });
  await world.advance(5_000);
  assert.equal(await status(), 'STABLE');
  world.master.obeysKills = false;
  await world.call('DELETE', '/v2/pods/foo');
  await world.advance(100);
  assert.equal(await status(), 'TERMINAL');
  await world.stop();
});
