/** One test per event: what makes it, and its members (spec marathon-behaviour, section 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTape } from '../event-tape.ts';
import { at, SLEEP, World } from '../world.ts';
import { pick } from './rows.ts';

const POD = {
  id: '/pod',
  containers: [{ name: 'c', exec: { command: { shell: 'sleep 1' } }, resources: {} }],
};
const CHECK = { intervalSeconds: 5, gracePeriodSeconds: 0, maxConsecutiveFailures: 1 };
const CHECKED = { ...SLEEP, id: '/checked', healthChecks: [CHECK] };
const LISTENER = encodeURIComponent('http://listener.example/');

/** What happens to a world where `/sleep` runs; the type; its members beside type and time; some values. */
type Row = readonly [
  cause: (world: World) => unknown,
  type: string,
  members: readonly string[],
  values: Readonly<Record<string, unknown>>,
];

const call =
  (method: string, url: string, body?: unknown) =>
  async (world: World): Promise<void> => {
    const answer = await world.call(method, url, body);
    assert.ok(answer.status < 400, answer.text);
  };

const says =
  (state: string, more: Readonly<Record<string, unknown>> = {}) =>
  (world: World): void =>
    world.master.update(world.master.running('sleep')[0]?.id ?? '', state, more);

const checked =
  (then: (world: World) => unknown) =>
  async (world: World): Promise<void> => {
    await world.call('POST', '/v2/apps', CHECKED);
    await world.advance(8_000);
    await then(world);
    await world.advance(12_000);
  };

const failing = checked((world) => {
  world.master.probeStatus = 503;
});

async function anotherListenerLeaves(world: World): Promise<void> {
  const other = await EventTape.start(world);
  other.stop();
}

const stray =
  (state: string) =>
  (world: World): void =>
    world.master.tell({
      type: 'UPDATE',
      update: {
        status: {
          task_id: { value: 'old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799._app.1' },
          agent_id: { value: 'a1' },
          state,
        },
      },
    });

/** The instance goes on after these, and makes more of them. */
const FIRST_COUNTS: readonly string[] = ['instance_changed_event', 'status_update_event'];

const PLAN = ['plan', 'currentStep'];

const ROWS: readonly Row[] = [
  [
    call('POST', '/v2/apps', { ...SLEEP, id: '/new' }),
    'api_post_event',
    ['clientIp', 'uri', 'appDefinition'],
    { clientIp: '127.0.0.1', uri: '/v2/apps' },
  ],
  [
    call('PUT', '/v2/apps/sleep', { mem: 64 }),
    'api_post_event',
    ['clientIp', 'uri', 'appDefinition'],
    { uri: '/v2/apps/sleep' },
  ],
  [
    call('POST', '/v2/pods', POD),
    'pod_created_event',
    ['clientIp', 'uri'],
    { clientIp: '127.0.0.1', uri: '/v2/pods' },
  ],
  [
    async (world) => {
      await call('POST', '/v2/pods', POD)(world);
      await world.advance(5_000);
      await call('PUT', '/v2/pods/pod', { ...POD, labels: { a: 'b' } })(world);
    },
    'pod_updated_event',
    ['clientIp', 'uri'],
    { uri: '/v2/pods/pod' },
  ],
  [
    async (world) => {
      await call('POST', '/v2/pods', POD)(world);
      await world.advance(5_000);
      await call('DELETE', '/v2/pods/pod')(world);
    },
    'pod_deleted_event',
    ['clientIp', 'uri'],
    { uri: '/v2/pods/pod' },
  ],
  [
    says('TASK_FAILED', { message: 'Command exited with status 1' }),
    'status_update_event',
    [
      'slaveId',
      'taskId',
      'taskStatus',
      'message',
      'appId',
      'host',
      'ipAddresses',
      'ports',
      'version',
    ],
    {
      slaveId: 'a1',
      taskStatus: 'TASK_FAILED',
      message: 'Command exited with status 1',
      appId: '/sleep',
      host: 'a1.example',
      ipAddresses: [],
    },
  ],
  [
    says('TASK_FAILED'),
    'instance_changed_event',
    ['instanceId', 'condition', 'runSpecId', 'agentId', 'host', 'runSpecVersion'],
    { condition: 'Failed', runSpecId: '/sleep', agentId: 'a1', host: 'a1.example' },
  ],
  [
    checked(() => {}),
    'instance_health_changed_event',
    ['instanceId', 'runSpecId', 'healthy', 'runSpecVersion'],
    { runSpecId: '/checked', healthy: true },
  ],
  [
    stray('TASK_FAILED'),
    'unknown_instance_terminated_event',
    ['instanceId', 'runSpecId', 'condition'],
    {
      instanceId: 'old.instance-6f377a47-9bb5-11e4-93fa-56847afe9799',
      runSpecId: '/old',
      condition: 'Failed',
    },
  ],
  [
    (world) =>
      world.master.tell({
        type: 'MESSAGE',
        message: {
          agent_id: { value: 'a1' },
          executor_id: { value: 'e' },
          data: Buffer.from([0, 127, 128, 255]).toString('base64'),
        },
      }),
    'framework_message_event',
    ['executorId', 'slaveId', 'message'],
    { executorId: 'e', slaveId: 'a1', message: [0, 127, -128, -1] },
  ],
  [() => {}, 'event_stream_attached', ['remoteAddress'], { remoteAddress: '127.0.0.1' }],
  [
    anotherListenerLeaves,
    'event_stream_detached',
    ['remoteAddress'],
    { remoteAddress: '127.0.0.1' },
  ],
  [
    call('POST', `/v2/eventSubscriptions?callbackUrl=${LISTENER}`),
    'subscribe_event',
    ['clientIp', 'callbackUrl'],
    { clientIp: '127.0.0.1', callbackUrl: 'http://listener.example/' },
  ],
  [
    call('DELETE', `/v2/eventSubscriptions?callbackUrl=${LISTENER}`),
    'unsubscribe_event',
    ['clientIp', 'callbackUrl'],
    { callbackUrl: 'http://listener.example/' },
  ],
  [
    call('POST', '/v2/apps', CHECKED),
    'add_health_check_event',
    ['appId', 'version', 'healthCheck'],
    { appId: '/checked' },
  ],
  [
    checked((world) => world.call('DELETE', '/v2/apps/checked')),
    'remove_health_check_event',
    ['appId'],
    { appId: '/checked' },
  ],
  [failing, 'failed_health_check_event', ['appId', 'taskId', 'healthCheck'], { appId: '/checked' }],
  [
    failing,
    'health_status_changed_event',
    ['appId', 'instanceId', 'version', 'alive'],
    { appId: '/checked', alive: false },
  ],
  [
    failing,
    'unhealthy_instance_kill_event',
    ['appId', 'taskId', 'instanceId', 'version', 'reason', 'host', 'slaveId'],
    { appId: '/checked', reason: '503 Service Unavailable', host: 'a1.example', slaveId: 'a1' },
  ],
  [
    call('PATCH', '/v2/apps/sleep', { mem: 64 }),
    'group_change_success',
    ['groupId', 'version'],
    { groupId: '/' },
  ],
  [
    call('PUT', '/v2/groups/g', { apps: [] }),
    'group_change_success',
    ['groupId', 'version'],
    { groupId: '/g' },
  ],
  [
    (world) => world.call('POST', '/v2/apps', SLEEP),
    'group_change_failed',
    ['groupId', 'version', 'reason'],
    { groupId: '/', reason: 'An app with id [/sleep] already exists.' },
  ],
  [call('POST', '/v2/apps', { ...SLEEP, id: '/new' }), 'deployment_info', PLAN, {}],
  [call('POST', '/v2/apps', { ...SLEEP, id: '/new' }), 'deployment_step_success', PLAN, {}],
  [call('POST', '/v2/apps/sleep/restart'), 'deployment_success', ['id', 'plan'], {}],
  [
    async (world) => {
      world.master.hide('a1');
      await call('PATCH', '/v2/apps/sleep', { mem: 9_000 })(world);
      await world.advance(1_000);
      await call('DELETE', '/v2/apps/sleep')(world);
    },
    'deployment_failed',
    ['id', 'plan', 'reason'],
    { reason: 'The upgrade has been cancelled' },
  ],
  [
    async (world) => {
      world.master.hide('a1');
      await call('PATCH', '/v2/apps/sleep', { mem: 9_000 })(world);
      await world.advance(1_000);
      await call('DELETE', '/v2/apps/sleep')(world);
    },
    'deployment_step_failure',
    PLAN,
    {},
  ],
  [call('DELETE', '/v2/apps/sleep'), 'app_terminated_event', ['appId'], { appId: '/sleep' }],
  [(world) => world.master.disconnect(), 'scheduler_disconnected_event', [], {}],
  [
    (world) => world.master.disconnect(),
    'scheduler_reregistered_event',
    ['master'],
    { master: 'master.example' },
  ],
];

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

for (const [cause, type, members, values] of ROWS) {
  test(`${type} has ${members.join(', ') || 'no members'} ${JSON.stringify(values)}`, async () => {
    const world = await World.start({ event_subscriber: 'http_callback' }, ['a1']);
    await world.call('POST', '/v2/apps', SLEEP);
    await world.advance(3_000);
    const tape = await EventTape.start(world);
    await cause(world);
    await world.advance(15_000);
    const found = tape.of(type).at(FIRST_COUNTS.includes(type) ? 0 : -1);
    assert.ok(found !== undefined, `${type} is not among ${tape.types().join(', ')}`);
    assert.deepEqual(Object.keys(found ?? {}), [...members, 'eventType', 'timestamp']);
    assert.match(String(at(found, 'timestamp')), TIME);
    assert.deepEqual(pick(found, Object.keys(values)), values);
    tape.stop();
    await world.stop();
  });
}
