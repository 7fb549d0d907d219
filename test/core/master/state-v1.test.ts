/** GET_STATE and SUBSCRIBED of a master with many tasks: made in slices, and nothing told in the wrong order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { APPROVES_ALL } from '../../../core/auth/authorizer.ts';
import { defined } from '../../../core/base/assert.ts';
import { silentLog } from '../../../core/base/log.ts';
import { EventStreams } from '../../../core/master/http/event-streams.ts';
import type { Master } from '../../../core/master/master.ts';
import type { Framework } from '../../../core/master/records.ts';
import {
  memberOf,
  shownNow,
  stateBytesPieces,
  stateTextPieces,
} from '../../../core/master/views/state-v1.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import type { Task, TaskState } from '../../../core/wire/types/mesos.v1.ts';
import { RawStream } from '../operator/raw-stream.ts';
import { exchangesOf } from '../operator/recordings.ts';
import { addRecordedFrameworks } from './recorded-frameworks.ts';
import { type RecordedMaster, recordedState, startRecordedMaster } from './recorded-master.ts';

const TASKS = 3_000;

async function startBig(): Promise<RecordedMaster> {
  const exchanges = exchangesOf('operator-busy.json');
  const it = await startRecordedMaster(recordedState(exchanges));
  await addRecordedFrameworks(it.master, exchanges, () => it.advance());
  const [framework, agent] = ownersOf(it.master);
  for (let at = 0; at < TASKS; at += 1) {
    it.master.state.tasks.add(framework, agent, taskOf(framework, agent.id, `many-${at}`));
  }
  return it;
}

function ownersOf({ state }: Master) {
  const framework = [...state.frameworks.values()].find(({ tasks }) => tasks.size > 0);
  return [
    defined(framework, 'framework with tasks'),
    defined([...state.agents.values()][0], 'agent'),
  ] as const;
}

function taskOf(framework: Framework, agent: string, id: string, state?: TaskState): Task {
  return {
    name: `task ${id}`,
    task_id: { value: id },
    framework_id: { value: framework.id },
    agent_id: { value: agent },
    state: state ?? 'TASK_RUNNING',
    resources: [],
    statuses: Array.from({ length: 4 }, (_, at) => ({
      task_id: { value: id },
      state: 'TASK_RUNNING' as const,
      timestamp: at,
    })),
  };
}

test('a change while SUBSCRIBED is being written is told behind it, and others have their turns', async () => {
  await using it = await startBig();
  const { master, port, advance } = it;
  using stream = new RawStream({ port, path: '/api/v1', body: { type: 'SUBSCRIBE' }, advance });
  const isThere = (): boolean =>
    master.metrics.snapshot()['master/operator_event_stream_subscribers'] === 1;
  while (!isThere()) await nextTurn();
  const [framework] = ownersOf(master);
  assert.deepEqual(stream.records, [], 'it is there, and its state is still being written');
  const { id: framework_id } = framework;
  assert.ok(master.teardown(framework_id));
  await stream.until(3);
  const [first = '', second, third = ''] = stream.records;
  assert.match(first, /^\{"type":"SUBSCRIBED"/);
  const shown = JSON.parse(first).subscribed.get_state.get_tasks;
  assert.ok(shown.tasks.length > TASKS);
  assert.ok(shown.tasks.every(({ state }: Task) => state !== 'TASK_KILLED'));
  assert.equal(second, '{"type":"HEARTBEAT"}');
  assert.match(third, /^\{"type":"TASK_UPDATED".*"TASK_KILLED"/);
});

/** A stream of `it` for which no more than so many bytes may wait. */
async function subscribeShort(it: RecordedMaster, queueMaxBytes: number) {
  const streams = new EventStreams({
    ...{ master: it.master, clock: new SimulatedClock(), log: silentLog, subscribersMax: 2 },
    queueMaxBytes,
  });
  streams.start();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  server.app.post('/events', (_request, reply) => {
    streams.subscribe(reply, 'json', APPROVES_ALL);
  });
  const { port } = await server.listen();
  const stream = new RawStream({ port, path: '/events', body: {}, advance: it.advance });
  while (streams.count === 0) await nextTurn();
  return {
    ...{ streams, stream },
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]();
      streams.stop();
      await server.close();
    },
  };
}

test('a subscriber is dropped and counted when too much waits for it', async () => {
  await using it = await startBig();
  await using short = await subscribeShort(it, 1_000);
  const { streams, stream } = short;
  assert.ok(it.master.teardown(ownersOf(it.master)[0].id));
  assert.equal(streams.count, 0);
  assert.equal(it.master.state.counters.get('slow_stream_subscribers'), 1);
  while (!stream.isOver) await nextTurn();
  assert.deepEqual(stream.records, []);
});

test('a SUBSCRIBED that is longer than what may wait is written as fast as it is read', async () => {
  await using it = await startBig();
  await using short = await subscribeShort(it, 200_000);
  const { streams, stream } = short;
  await stream.until(2);
  assert.ok((stream.records[0]?.length ?? 0) > 1024 ** 2);
  assert.equal(streams.count, 1);
});

test('the state is the same in JSON and in the binary form', async () => {
  await using it = await startBig();
  const shown = shownNow(it.master.state, APPROVES_ALL);
  const text = Buffer.concat([...stateTextPieces(shown, '', '')]).toString();
  const holder = encodeMessage('mesos.v1.master.Response', { type: 'GET_STATE', get_state: {} });
  const bytes = Buffer.concat([...stateBytesPieces(shown, holder)]);
  const read = decodeMessage('mesos.v1.master.Response', bytes);
  assert.ok(read.ok);
  const fromText = JSON.parse(text);
  const { get_tasks, get_executors, get_frameworks, get_agents } = defined(
    read.value.get_state,
    'state',
  );
  assert.deepEqual(
    get_tasks?.tasks?.map(({ task_id }) => task_id.value),
    fromText.get_tasks.tasks.map(({ task_id }: Task) => task_id.value),
  );
  assert.equal(get_executors?.executors?.length ?? 0, fromText.get_executors.executors.length);
  assert.equal(get_frameworks?.frameworks?.length, fromText.get_frameworks.frameworks.length);
  assert.equal(get_agents?.agents?.length, fromText.get_agents.agents.length);
  // One behind the other they are what the whole is.
  assert.deepEqual(
    Buffer.from(encodeMessage('mesos.v1.master.Response', read.value)).length,
    bytes.length,
  );
});

test('an empty member becomes one with parts', () => {
  const holder = encodeMessage('mesos.v1.master.Event', { type: 'SUBSCRIBED', subscribed: {} });
  const part = encodeMessage('mesos.v1.master.Event.Subscribed', {
    heartbeat_interval_seconds: 15,
  });
  const read = decodeMessage('mesos.v1.master.Event', Buffer.concat(memberOf(holder, [part])));
  assert.ok(read.ok);
  assert.deepEqual(read.value.subscribed?.heartbeat_interval_seconds, 15);
});
