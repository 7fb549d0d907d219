/** The npm package `marathon-event-bus-client`, unchanged, follows the event bus of our Marathon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../core/base/log.ts';
import { SeededRandom } from '../../core/base/random.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import { SimulatedClock, settle } from '../../core/testing/index.ts';
import { createMarathon } from '../../schedulers/marathon/server.ts';
import { eventually, startProgram } from '../e2e/support/programs.ts';
import { FakeMaster } from '../schedulers/marathon/fake-master.ts';
import { at, optionsWith, SLEEP } from '../schedulers/marathon/world.ts';

const TYPES = [
  'event_stream_attached',
  'add_health_check_event',
  'deployment_info',
  'deployment_step_success',
  'deployment_success',
  'group_change_success',
  'instance_changed_event',
  'pod_created_event',
  'status_update_event',
  'app_terminated_event',
];

/** Prints a line per event, as the package's own examples do. */
const FOLLOWER = `
  const Client = require('marathon-event-bus-client');
  const types = JSON.parse(process.env.TYPES);
  const print = (name, data) => console.log(JSON.stringify({ name, data }));
  new Client({
    marathonHost: '127.0.0.1',
    marathonPort: process.env.MARATHON_PORT,
    eventTypes: types,
    handlers: Object.fromEntries(types.map((type) => [type, print])),
  }).subscribe();
`;

test('the client sees an app come, run and go', async (t) => {
  const clock = new SimulatedClock();
  const master = new FakeMaster(clock).addAgent('a1');
  const marathon = createMarathon(optionsWith({ http_address: '127.0.0.1', http_port: '0' }), {
    clock,
    random: new SeededRandom(1),
    http: master.client(),
    storage: new MemoryStorage(),
    log: silentLog,
  });
  await marathon.start();
  const client = startProgram(process.execPath, ['-e', FOLLOWER], {
    MARATHON_PORT: String(marathon.address.port),
    TYPES: JSON.stringify(TYPES),
  });
  t.after(async () => {
    await client.stop('SIGKILL');
    await marathon.stop();
  });
  const seen = (): readonly unknown[] =>
    client
      .output()
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line): unknown => JSON.parse(line));
  const sees = (name: string): Promise<unknown> =>
    eventually(
      `the client sees ${name}`,
      () => seen().find((each) => at(each, 'name') === name),
      () => client.output(),
    );
  const call = async (method: 'POST' | 'DELETE', url: string, body?: object): Promise<number> => {
    const payload = body === undefined ? {} : { payload: body };
    const answer = await marathon.app.inject({ method, url, ...payload });
    await clock.advance(8_000);
    await settle();
    return answer.statusCode;
  };

  await sees('event_stream_attached');
  assert.equal(await call('POST', '/v2/apps', SLEEP), 201);
  await sees('deployment_success');
  assert.equal(await call('DELETE', '/v2/apps/sleep'), 200);
  await sees('app_terminated_event');

  const update = await sees('status_update_event');
  assert.equal(at(update, 'data', 'appId'), '/sleep');
  assert.equal(at(update, 'data', 'taskStatus'), 'TASK_RUNNING');
  const info = await sees('deployment_info');
  assert.equal(at(info, 'data', 'currentStep', 'actions', 0, 'action'), 'StartApplication');
  for (const name of [
    'group_change_success',
    'instance_changed_event',
    'deployment_step_success',
  ]) {
    await sees(name);
  }
});
