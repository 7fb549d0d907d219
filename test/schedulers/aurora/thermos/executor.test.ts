/** Thermos as an executor, with a driver that only writes down what it is told (spec thermos, section 5.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../../core/base/log.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import type { Executor, TaskInfo } from '../../../../core/executor/index.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import { ThermosExecutor } from '../../../../schedulers/aurora/thermos/executor.ts';
import { encodeStruct } from '../../../../schedulers/aurora/thrift/messages.ts';
import type { AssignedTask } from '../../../../schedulers/aurora/thrift/types.ts';
import { config } from '../machine/scheduler-tester.ts';

function executor() {
  const told: string[] = [];
  const clock = new SimulatedClock();
  const driver: Executor = {
    isSubscribed: true,
    start: async () => {},
    stop: async () => void told.push('stop'),
    update: ({ taskId, state, message }) => {
      told.push(`${taskId} ${state} ${message}`);
      return new Uint8Array();
    },
    sendMessage: () => {},
    ended: Promise.resolve(),
  };
  const http = { request: () => Promise.reject(new Error('no network')), close: async () => {} };
  const thermos = new ThermosExecutor(
    {
      ...{
        announcer: undefined,
        image: { containerizer: '/none', mountPoint: undefined, createsUser: false },
        executeAsUser: undefined,
        setsUser: false,
      },
      ...{ setsUserForHealthChecks: false, keepsEnvironment: false, stopTimeoutMs: 1_000 },
      log: { destination: 'none', mode: 'standard', rotateBytes: 1, backups: 1 },
    },
    {
      ...{ clock, random: new SeededRandom(1), http, log: silentLog, env: {} },
      die: () => assert.fail('nobody has to die'),
    },
    () => driver,
  );
  return { thermos, told, clock };
}

function task(id: string, data: Uint8Array | undefined): TaskInfo {
  return { name: id, task_id: { value: id }, agent_id: { value: 'a1' }, data };
}

test('a task that cannot be read has been starting before it fails', async () => {
  const assigned: AssignedTask = {
    ...{ taskId: 't1', task: config({ executorConfig: { name: 'AuroraExecutor', data: 'no' } }) },
    ...{ assignedPorts: new Map(), instanceId: 0 },
  };
  for (const data of [undefined, Buffer.from('garbage'), encodeStruct('AssignedTask', assigned)]) {
    const { thermos, told } = executor();
    thermos.callbacks.launch?.(task('t1', data));
    await thermos.done;
    assert.deepEqual(told, [
      't1 TASK_STARTING Initializing sandbox.',
      't1 TASK_FAILED Could not deserialize task.',
      'stop',
    ]);
  }
});

test('an executor has one task in its life, and ends when none comes', async () => {
  const { thermos, told } = executor();
  thermos.callbacks.launch?.(task('t1', undefined));
  thermos.callbacks.launch?.(task('t2', undefined));
  await thermos.done;
  assert.ok(told.includes('t2 TASK_LOST Task already running on this executor: t1'));
  const idle = executor();
  idle.thermos.callbacks.subscribed?.({
    ...{ isResubscription: false, containerId: undefined },
    executor: { executor_id: { value: 'e1' } },
    framework: { user: 'root', name: 'Aurora' },
    agent: { hostname: 'h1' },
  });
  await idle.clock.advance(10_000);
  await idle.thermos.done;
  assert.deepEqual(idle.told, []);
});
