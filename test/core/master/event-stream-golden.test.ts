/**
 * The stream of SUBSCRIBE against the recorded one: header lines, the state at its beginning, and the
 * events of two frameworks from their subscription to their removal, in order and with their keys in order.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromJson } from '../../../core/wire/json.ts';
import type { Event } from '../../../core/wire/types/mesos.v1.master.ts';
import type { Event as SchedulerEvent } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, Task, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { RawStream } from '../operator/raw-stream.ts';
import { differences, exchangesOf, headerDifferences } from '../operator/recordings.ts';
import { addRecordedFrameworks } from './recorded-frameworks.ts';
import { type RecordedMaster, recordedState, startRecordedMaster } from './recorded-master.ts';

const RECORDED: {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: readonly { readonly event: Event }[];
} = JSON.parse(
  readFileSync(new URL('../../wire/golden/operator-event-stream.json', import.meta.url), 'utf8'),
);

/** The recorded events without those that time alone brings. */
const CHANGES = RECORDED.events
  .map(({ event }) => event)
  .filter(({ type }) => type !== 'HEARTBEAT')
  .slice(1);

/** The stream of a master's changes. */
class Stream extends RawStream {
  constructor({ port, advance }: RecordedMaster) {
    super({ port, path: '/api/v1', body: { type: 'SUBSCRIBE' }, advance });
  }

  changes(): readonly string[] {
    return this.records.slice(1).filter((each) => each !== '{"type":"HEARTBEAT"}');
  }

  async untilLast(type: string): Promise<void> {
    while (this.changes().at(-1)?.startsWith(`{"type":"${type}"`) !== true) {
      await this.until(this.records.length + 1);
    }
  }

  async untilChanges(count: number): Promise<void> {
    while (this.changes().length < count) await this.until(this.records.length + 1);
  }
}

async function startBusy(): Promise<RecordedMaster> {
  const exchanges = exchangesOf('operator-busy.json');
  const it = await startRecordedMaster(recordedState(exchanges));
  await addRecordedFrameworks(it.master, exchanges, () => it.advance());
  return it;
}

/** A framework whose subscription, tasks, updates and end are those of recorded events. */
async function replayFramework(
  it: RecordedMaster,
  events: readonly Event[],
  seen: () => Promise<void>,
): Promise<string> {
  const { id: _id, ...info } = events[0]?.framework_added?.framework.framework_info ?? {};
  const heard: SchedulerEvent[] = [];
  const connection = { send: (event: SchedulerEvent) => heard.push(event), close: () => {} };
  const subscribe = { framework_info: { user: '', name: '', ...info } };
  const streamId = it.master.subscribe({ type: 'SUBSCRIBE', subscribe }, connection);
  const origin = { principal: undefined, streamId };
  const framework_id = heard.find(({ subscribed }) => subscribed !== undefined)?.subscribed
    ?.framework_id;
  assert.ok(framework_id !== undefined);
  await seen();
  const tasks = events.flatMap(({ task_added }) => task_added?.task ?? []);
  if (tasks.length > 0) {
    const offer = heard.flatMap(({ offers }) => offers?.offers ?? [])[0];
    assert.ok(offer !== undefined, 'nothing was offered');
    const accept = acceptOf(offer, tasks);
    assert.equal(it.master.call({ type: 'ACCEPT', framework_id, accept }, origin), undefined);
    const updates = events.flatMap(({ task_updated }) => task_updated?.status ?? []);
    for (const status of updates.filter(({ source }) => source === 'SOURCE_AGENT')) {
      sendUpdate(it, framework_id.value, status);
    }
    await seen();
  }
  assert.equal(it.master.call({ type: 'TEARDOWN', framework_id }, origin), undefined);
  return framework_id.value;
}

function acceptOf(offer: Offer, tasks: readonly Task[]) {
  const task_infos = tasks.map((task) => ({
    name: task.name,
    task_id: task.task_id,
    agent_id: offer.agent_id,
    resources: task.resources,
    executor: { executor_id: task.executor_id ?? { value: '' }, command: { value: 'executor' } },
  }));
  const operations = [{ type: 'LAUNCH', launch: { task_infos } }] as const;
  return { offer_ids: [offer.id], operations };
}

/** What the recorded agent said when the executor had ended. */
function sendUpdate(it: RecordedMaster, framework: string, status: TaskStatus): void {
  const [agent] = it.master.state.agents.values();
  const { uuid } = status;
  assert.ok(agent?.pid !== undefined && uuid !== undefined);
  const update = {
    framework_id: { value: framework },
    executor_id: status.executor_id,
    slave_id: { value: agent.id },
    status,
    timestamp: status.timestamp ?? 0,
    uuid,
    latest_state: status.state,
  };
  const message = { update, pid: 'slave(1)@127.0.0.1:15051' };
  const content = { name: 'mesos.internal.StatusUpdateMessage', message } as const;
  it.master.input({ kind: 'message', from: agent.pid, content });
}

/** The recorded events of one framework, with bytes as bytes. */
function eventsOf(framework: string): readonly Event[] {
  return CHANGES.filter((event) => JSON.stringify(event).includes(framework)).map((event) => {
    const read = fromJson('mesos.v1.master.Event', event);
    assert.ok(read.ok);
    return read.value;
  });
}

test('the event stream begins with the recorded header lines and state, and a heartbeat', async () => {
  await using it = await startBusy();
  using stream = new Stream(it);
  await stream.until(3);
  assert.equal(stream.status, RECORDED.status);
  assert.deepEqual(headerDifferences(RECORDED.headers, stream.headers, 0), []);
  const [first = '', ...beats] = stream.records;
  assert.deepEqual(differences(RECORDED.events[0]?.event, JSON.parse(first)), []);
  assert.match(first, /"heartbeat_interval_seconds":15\.0\}\}$/);
  assert.deepEqual(beats.slice(0, 2), ['{"type":"HEARTBEAT"}', '{"type":"HEARTBEAT"}']);
});

test('frameworks that come, launch, fail and go give the recorded events in their order', async () => {
  await using it = await startBusy();
  using stream = new Stream(it);
  await stream.until(2);
  const ids = CHANGES.flatMap(
    ({ framework_added }) => framework_added?.framework.framework_info.id?.value ?? [],
  );
  assert.equal(ids.length, 3);
  let shown = 0;
  for (const recordedId of ids) {
    const events = eventsOf(recordedId);
    const id = await replayFramework(it, events, () => it.advance());
    await stream.untilChanges(shown + events.length);
    const ours = stream
      .changes()
      .slice(shown)
      .map((text): unknown => JSON.parse(text.replaceAll(id, recordedId)));
    const recorded = CHANGES.slice(shown, shown + events.length);
    assert.deepEqual(differences(killsInOrder(recorded), killsInOrder(ours)), []);
    shown += events.length;
  }
  assert.equal(shown, CHANGES.length);
});

/** The original kills the tasks of a framework in the order of a hash table. */
function killsInOrder(events: readonly unknown[]): readonly unknown[] {
  const isKill = (text: string): boolean => text.includes('REASON_FRAMEWORK_REMOVED');
  const texts = events.map((event) => JSON.stringify(event));
  const first = texts.findIndex(isKill);
  const name = (text: string): string => /"task_id":\{"value":"(.*?)"/.exec(text)?.[1] ?? '';
  const kills = texts.filter(isKill).sort((a, b) => (name(a) < name(b) ? -1 : 1));
  return texts.map((text, at): unknown =>
    JSON.parse(isKill(text) ? (kills[at - first] ?? '') : text),
  );
}

test('framework events show all their times: first and last subscription the same, the end zero', async () => {
  await using it = await startBusy();
  using stream = new Stream(it);
  await stream.until(2);
  await replayFramework(it, eventsOf('-0005'), () => it.advance());
  await stream.untilChanges(1);
  const { framework } = JSON.parse(stream.changes()[0] ?? '').framework_added;
  assert.deepEqual(framework.registered_time, framework.reregistered_time);
  assert.deepEqual(framework.unregistered_time, { nanoseconds: 0 });
});

test('the oldest stream ends when there are more than may be', async () => {
  const recorded = recordedState(exchangesOf('operator-idle.json'));
  await using it = await startRecordedMaster(recorded, { maxOperatorEventStreamSubscribers: 2 });
  using first = new Stream(it);
  await first.until(2);
  using second = new Stream(it);
  await second.until(2);
  assert.equal(first.isOver, false);
  using third = new Stream(it);
  await third.until(2);
  const before = second.records.length;
  await second.until(before + 1);
  assert.deepEqual([first.isOver, second.isOver, third.isOver], [true, false, false]);
});

test('a state that was told already is not told again; an agent that leaves is', async () => {
  await using it = await startBusy();
  using stream = new Stream(it);
  await stream.until(2);
  const { state } = it.master;
  const record = [...state.frameworks.values()].flatMap(({ tasks }) => [...tasks.values()])[0];
  const [agent] = state.agents.values();
  assert.ok(record !== undefined && agent?.pid !== undefined);
  const running: TaskStatus = {
    task_id: record.task.task_id,
    state: 'TASK_RUNNING',
    uuid: new Uint8Array(16).fill(0x41),
    source: 'SOURCE_EXECUTOR',
    healthy: false,
  };
  const executor_id = record.task.executor_id ?? record.task.task_id;
  for (const state of ['TASK_RUNNING', 'TASK_KILLING'] as const) {
    sendUpdate(it, record.framework, { ...running, state, executor_id });
  }
  const message = { slave_id: { value: agent.id } };
  const content = { name: 'mesos.internal.UnregisterSlaveMessage', message } as const;
  it.master.input({ kind: 'message', from: agent.pid, content });
  await stream.untilLast('AGENT_REMOVED');
  const [first, ...others] = stream.changes().map((text): Event => JSON.parse(text));
  assert.equal(first?.task_updated?.state, 'TASK_KILLING');
  assert.deepEqual(others.at(-1), {
    type: 'AGENT_REMOVED',
    agent_removed: { agent_id: { value: agent.id } },
  });
});

test('nothing is said of agents that are unreachable or gone but what becomes of their tasks', async () => {
  await using it = await startBusy();
  using stream = new Stream(it);
  await stream.until(2);
  const { state } = it.master;
  const [agent] = state.agents.values();
  assert.ok(agent !== undefined);
  const operated = it.master.operate({ kind: 'mark-agent-gone', agent: agent.id });
  await stream.untilChanges(1);
  assert.equal((await operated).status, 200);
  assert.equal(state.agents.size, 0);
  // Whatever is told after it has been told by now, too.
  const [framework] = state.frameworks.keys();
  assert.ok(framework !== undefined && it.master.teardown(framework));
  await stream.untilLast('FRAMEWORK_REMOVED');
  assert.equal(
    stream.changes().some((each) => each.includes('"type":"AGENT_REMOVED"')),
    false,
  );
});
