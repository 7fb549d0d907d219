/**
 * The operator's view of a cluster that runs tasks, over a real socket on a free port, because event
 * streams need one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seconds } from '../../../core/base/duration.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { SimulatedCluster } from '../../../core/testing/cluster.ts';
import { decodeMessage } from '../../../core/wire/codec.ts';
import { parseJson } from '../../../core/wire/json.ts';
import { RecordDecoder } from '../../../core/wire/recordio.ts';
import type { Event } from '../../../core/wire/types/mesos.v1.master.ts';
import { SimulatedFramework } from '../../sim/framework.ts';

/** Keys of a running command task of the recording, without those that are not always there. */
const TASK_KEYS = 'id,name,framework_id,executor_id,slave_id,state,resources,role,statuses';

async function busyCluster() {
  const cluster = new SimulatedCluster({ seed: 1 });
  await cluster.startMaster();
  const { master } = cluster;
  assert.ok(master !== undefined);
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const api = registerMasterOperatorApi({ master, server, clock: cluster.clock, log: silentLog });
  await server.listen();
  const base = `http://127.0.0.1:${server.address.port}`;
  const framework = new SimulatedFramework({
    name: 'f1',
    cluster,
    random: new SeededRandom(3),
    taskCount: 8,
  });
  return {
    cluster,
    base,
    framework,
    async [Symbol.asyncDispose]() {
      api.stop();
      await server.close();
    },
  };
}

function post(base: string, type: string, accept: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  return fetch(`${base}/api/v1`, { method: 'POST', headers, body: JSON.stringify({ type }) });
}

test('the legacy state and both forms of GET_STATE show the same tasks', async () => {
  await using it = await busyCluster();
  await it.cluster.startAgent('a1');
  it.framework.start();
  await it.cluster.advance(seconds(25));
  const state = JSON.parse(await (await fetch(`${it.base}/state`)).text());
  const [framework] = state.frameworks;
  const tasks: Record<string, unknown>[] = [...framework.tasks, ...framework.completed_tasks];
  assert.equal(tasks.length, 8);
  for (const task of tasks) assert.equal(Object.keys(task).join(), TASK_KEYS);
  const json = JSON.parse(await (await post(it.base, 'GET_STATE', 'application/json')).text());
  const answer = await post(it.base, 'GET_STATE', 'application/x-protobuf');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const decoded = decodeMessage('mesos.v1.master.Response', bytes);
  assert.ok(decoded.ok);
  const ids = (list: readonly { readonly task_id: { readonly value: string } }[]) =>
    list.map((task) => task.task_id.value).sort();
  const { get_tasks: shown } = json.get_state;
  const all = [...shown.tasks, ...shown.completed_tasks];
  const { get_tasks: binary } = decoded.value.get_state ?? {};
  assert.deepEqual(ids(all), tasks.map((task) => task['id']).sort());
  assert.deepEqual(ids([...(binary?.tasks ?? []), ...(binary?.completed_tasks ?? [])]), ids(all));
});

for (const accept of ['application/json', 'application/x-protobuf']) {
  test(`the event stream tells every change as it happens, in ${accept}`, async () => {
    await using it = await busyCluster();
    const answer = await post(it.base, 'SUBSCRIBE', accept);
    assert.equal(answer.headers.get('content-type'), accept);
    const reader = answer.body?.getReader();
    assert.ok(reader !== undefined);
    await it.cluster.startAgent('a1');
    it.framework.start();
    await it.cluster.advance(seconds(120));
    const events: Event[] = [];
    const decoder = new RecordDecoder();
    const isOver = (): boolean =>
      events.filter((event) => event.task_updated?.state === 'TASK_RUNNING').length === 8 &&
      events.filter((event) => event.type === 'HEARTBEAT').length >= 8;
    while (!isOver()) {
      const { value, done } = await reader.read();
      assert.equal(done, false);
      for (const record of decoder.push(value ?? new Uint8Array())) {
        events.push(readEvent(record, accept));
      }
    }
    await reader.cancel();
    const types = events.map((event) => event.type);
    assert.deepEqual(types.slice(0, 2), ['SUBSCRIBED', 'HEARTBEAT']);
    const changes = types.filter((type) => type !== 'HEARTBEAT');
    assert.deepEqual(new Set(changes.slice(1, 3)), new Set(['AGENT_ADDED', 'FRAMEWORK_ADDED']));
    assert.equal(changes.filter((type) => type === 'TASK_ADDED').length, 8);
  });
}

function readEvent(record: Uint8Array, accept: string): Event {
  if (accept === 'application/x-protobuf') {
    const event = decodeMessage('mesos.v1.master.Event', record);
    assert.ok(event.ok);
    return event.value;
  }
  const tree = parseJson(Buffer.from(record).toString('utf8'));
  assert.ok(tree.ok);
  return tree.value as Event;
}
