import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import type { LeaderDetector } from '../../../core/election/ports.ts';
import {
  createScheduler,
  type Scheduler,
  type SchedulerCallbacks,
  type SchedulerOptions,
} from '../../../core/scheduler/index.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { encodeRecord } from '../../../core/wire/recordio.ts';
import type { MasterInfo, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { FakeMaster } from './fake-master.ts';

interface Setup {
  readonly clock: SimulatedClock;
  readonly master: FakeMaster;
  readonly scheduler: Scheduler;
  /** Callbacks in the order in which they were called. */
  readonly seen: string[];
}

function setUp(
  options: Partial<SchedulerOptions> = {},
  more: { callbacks?: SchedulerCallbacks; detector?: LeaderDetector; master?: FakeMaster } = {},
): Setup {
  const clock = new SimulatedClock();
  const master = more.master ?? new FakeMaster();
  const seen: string[] = [];
  const scheduler = createScheduler(
    { master: 'm1:5050', framework: { user: 'root', name: 'test' }, ...options },
    {
      subscribed: (it) => seen.push(`subscribed ${it.frameworkId} ${it.isResubscription}`),
      disconnected: () => seen.push('disconnected'),
      offers: (offers) => seen.push(`offers ${offers.map((offer) => offer.id.value)}`),
      update: (status) => seen.push(`update ${status.task_id.value} ${status.state}`),
      error: (message) => seen.push(`error ${message}`),
      ...more.callbacks,
    },
    {
      clock,
      random: new SeededRandom(1),
      http: master,
      log: silentLog,
      detector: more.detector,
    },
  );
  return { clock, master, scheduler, seen };
}

const RUNNING: TaskStatus = {
  task_id: { value: 't1' },
  agent_id: { value: 'a1' },
  state: 'TASK_RUNNING',
  uuid: Uint8Array.from({ length: 16 }, (_, index) => index),
};

for (const encoding of ['json', 'protobuf'] as const) {
  test(`a scheduler subscribes and gets events in ${encoding}`, async () => {
    const { clock, master, scheduler, seen } = setUp({ encoding });
    await scheduler.start();
    await clock.settle();
    master.send({ type: 'OFFERS', offers: { offers: [offer('O1')] } });
    await clock.settle();
    assert.deepEqual(seen, ['subscribed master-0000 false', 'offers O1']);
    assert.equal(scheduler.isSubscribed, true);
    assert.equal(master.received[0]?.url, 'http://m1:5050/api/v1/scheduler');
    await scheduler.stop();
  });
}

test('calls carry the framework id and the stream id, in the order they were made', async () => {
  const { clock, master, scheduler } = setUp();
  await scheduler.start();
  await clock.settle();
  const made = [
    scheduler.launch([{ value: 'O1' }], []),
    scheduler.kill({ value: 't1' }),
    scheduler.revive(),
  ];
  await Promise.all(made);
  const after = master.received.slice(1);
  assert.deepEqual(
    after.map((each) => each.call.type),
    ['ACCEPT', 'KILL', 'REVIVE'],
  );
  for (const each of after) {
    assert.equal(each.headers['mesos-stream-id'], '1');
    assert.equal(each.call.framework_id?.value, 'master-0000');
  }
  await scheduler.stop();
});

test('an update is acknowledged after its callback has returned', async () => {
  const order: string[] = [];
  const master = new FakeMaster();
  master.onCall = (call) => order.push(call.type ?? '');
  const { clock, scheduler } = setUp(
    {},
    { master, callbacks: { update: () => order.push('callback') } },
  );
  await scheduler.start();
  await clock.settle();
  master.send({ type: 'UPDATE', update: { status: RUNNING } });
  await clock.settle();
  assert.deepEqual(order, ['SUBSCRIBE', 'callback', 'ACKNOWLEDGE']);
  assert.deepEqual(master.calls('ACKNOWLEDGE')[0]?.acknowledge?.uuid, RUNNING.uuid);
  await scheduler.stop();
});

test('updates without uuid and manual acknowledgement send nothing by themselves', async () => {
  const { clock, master, scheduler } = setUp({ acknowledge: 'manual' });
  await scheduler.start();
  await clock.settle();
  master.send({ type: 'UPDATE', update: { status: RUNNING } });
  const { uuid: _uuid, ...withoutUuid } = RUNNING;
  await scheduler.acknowledge(withoutUuid);
  await clock.settle();
  assert.equal(master.calls('ACKNOWLEDGE').length, 0);
  await scheduler.acknowledge(RUNNING);
  assert.equal(master.calls('ACKNOWLEDGE').length, 1);
  await scheduler.stop();
});

test('a lost connection is followed by a new subscription with the same id', async () => {
  const { clock, master, scheduler, seen } = setUp();
  await scheduler.start();
  await clock.settle();
  master.disconnect();
  await clock.settle();
  assert.equal(scheduler.isSubscribed, false);
  await assert.rejects(scheduler.revive(), { code: 'NOT_SUBSCRIBED' });
  await clock.advance(200);
  assert.deepEqual(seen, [
    'subscribed master-0000 false',
    'disconnected',
    'subscribed master-0000 true',
  ]);
  const again = master.calls('SUBSCRIBE')[1];
  assert.equal(again?.framework_id?.value, 'master-0000');
  assert.equal(again?.subscribe?.framework_info.id?.value, 'master-0000');
  await scheduler.stop();
});

test('suppressed roles stay suppressed after a reconnection', async () => {
  const { clock, master, scheduler } = setUp({
    framework: {
      user: 'root',
      name: 'test',
      roles: ['a', 'b'],
      capabilities: [{ type: 'MULTI_ROLE' }],
    },
  });
  await scheduler.start();
  await clock.settle();
  await scheduler.suppress();
  await scheduler.revive(['b']);
  master.disconnect();
  await clock.advance(200);
  assert.deepEqual(master.calls('SUBSCRIBE')[1]?.subscribe?.suppressed_roles, ['a']);
  await scheduler.stop();
});

test('five missed heartbeats end a silent subscription', async () => {
  const { clock, master, scheduler, seen } = setUp();
  await scheduler.start();
  await clock.advance(60_000);
  master.send({ type: 'HEARTBEAT' });
  await clock.advance(74_000);
  assert.equal(master.subscriptionCount, 1);
  await clock.advance(2_000);
  assert.deepEqual(seen.slice(1), ['disconnected', 'subscribed master-0000 true']);
  await scheduler.stop();
});

test('an unreachable master is tried again with growing pauses', async () => {
  const { clock, master, scheduler, seen } = setUp({ backoffMaxMs: 2_000 });
  master.answer = () => 'unreachable';
  await scheduler.start();
  await clock.advance(60_000);
  const attempts = master.received.length;
  assert.ok(attempts > 25 && attempts < 80, `${attempts} attempts in a minute`);
  master.answer = () => undefined;
  await clock.advance(2_000);
  assert.deepEqual(seen, ['subscribed master-0000 false']);
  await scheduler.stop();
});

test('masters of a list are tried in turn', async () => {
  const { clock, master, scheduler } = setUp({ master: 'm1:5050,m2:5050' });
  master.answer = ({ url }) => (url.includes('m1') ? 'unreachable' : undefined);
  await scheduler.start();
  await clock.advance(500);
  assert.equal(scheduler.isSubscribed, true);
  assert.equal(master.received.at(-1)?.url, 'http://m2:5050/api/v1/scheduler');
  await scheduler.stop();
});

test('a redirect to the leader is followed without a pause', async () => {
  const { clock, master, scheduler } = setUp();
  master.answer = ({ url }) =>
    url.includes('m1') ? { status: 307, location: '//m2:5051/api/v1/scheduler' } : undefined;
  await scheduler.start();
  await clock.settle();
  assert.equal(scheduler.isSubscribed, true);
  assert.equal(master.received.at(-1)?.url, 'http://m2:5051/api/v1/scheduler');
  await scheduler.stop();
});

test('masters that redirect to each other are not asked without a pause', async () => {
  const { clock, master, scheduler } = setUp({ master: 'm1:5050' });
  master.answer = ({ url }) => ({
    status: 307,
    location: url.includes('m1') ? '//m2:5050/api/v1/scheduler' : '//m1:5050/api/v1/scheduler',
  });
  await scheduler.start();
  await clock.settle();
  assert.ok(master.received.length <= 5, `${master.received.length} requests at once`);
  await clock.advance(60_000);
  assert.ok(master.received.length < 200);
  await scheduler.stop();
});

test('503 is retried, any other refusal of SUBSCRIBE is final', async () => {
  const { clock, master, scheduler, seen } = setUp();
  master.answer = () => ({ status: 503, text: 'No leader elected' });
  await scheduler.start();
  await clock.advance(1_000);
  assert.ok(master.received.length > 1);
  master.answer = () => ({ status: 400, text: 'Failed to validate scheduler::Call: bad' });
  await clock.advance(10_000);
  const sent = master.received.length;
  await clock.advance(60_000);
  assert.equal(master.received.length, sent);
  assert.deepEqual(seen, [
    'error SUBSCRIBE was answered 400: Failed to validate scheduler::Call: bad',
  ]);
  await scheduler.stop();
});

test('an ERROR event ends the scheduler', async () => {
  const { clock, master, scheduler, seen } = setUp();
  await scheduler.start();
  await clock.settle();
  master.send({ type: 'ERROR', error: { message: 'Framework failed over' } });
  await clock.advance(60_000);
  assert.equal(master.subscriptionCount, 1);
  assert.deepEqual(seen.slice(1), ['disconnected', 'error Framework failed over']);
  await scheduler.stop();
});

test('a refused call gives the text of the master and keeps the subscription', async () => {
  const { clock, master, scheduler } = setUp();
  await scheduler.start();
  await clock.settle();
  master.answer = () => ({ status: 400, text: 'Expecting kill to be present' });
  await assert.rejects(scheduler.kill({ value: 't' }), {
    code: 'CALL_REFUSED',
    message: 'Expecting kill to be present',
  });
  assert.equal(scheduler.isSubscribed, true);
  await scheduler.stop();
});

test('a call refused for its stream id makes the scheduler subscribe again', async () => {
  const { clock, master, scheduler } = setUp();
  await scheduler.start();
  await clock.settle();
  master.answer = ({ call }) =>
    call.type === 'KILL'
      ? { status: 400, text: "The stream ID 'x' included in this request didn't match" }
      : undefined;
  await assert.rejects(scheduler.kill({ value: 't' }), { code: 'CALL_REFUSED' });
  await clock.advance(200);
  assert.equal(master.subscriptionCount, 2);
  await scheduler.stop();
});

test('waiting calls are rejected when the connection is lost', async () => {
  const { clock, master, scheduler } = setUp();
  await scheduler.start();
  await clock.settle();
  master.answer = ({ call }) => (call.type === 'KILL' ? 'silent' : undefined);
  const sent = Array.from({ length: 64 }, (_, at) => scheduler.kill({ value: `t${at}` }));
  const waiting = scheduler.kill({ value: 'waiting' });
  await clock.settle();
  assert.equal(master.calls('KILL').length, 64);
  master.disconnect();
  for (const each of sent) await assert.rejects(each, { code: 'MASTER_UNREACHABLE' });
  await assert.rejects(waiting, { code: 'NOT_SUBSCRIBED' });
  await scheduler.stop();
});

test('a record that is no event ends the subscription, not the scheduler', async () => {
  const { clock, master, scheduler } = setUp();
  await scheduler.start();
  await clock.settle();
  master.sendBytes(encodeRecord('{"type":'));
  await clock.advance(200);
  assert.equal(master.subscriptionCount, 2);
  assert.equal(scheduler.isSubscribed, true);
  await scheduler.stop();
});

test('an event that came before broken framing is delivered', async () => {
  const { clock, master, scheduler, seen } = setUp();
  await scheduler.start();
  await clock.settle();
  const event = { type: 'OFFERS', offers: { offers: [offer('O1')] } };
  master.sendBytes(Buffer.concat([encodeRecord(JSON.stringify(event)), Buffer.from('x\n')]));
  await clock.advance(200);
  const expected = ['subscribed master-0000 false', 'offers O1', 'disconnected'];
  assert.deepEqual(seen, [...expected, 'subscribed master-0000 true']);
  assert.equal(master.subscriptionCount, 2);
  await scheduler.stop();
});

test('a throwing callback ends the scheduler', async () => {
  const { clock, master, scheduler, seen } = setUp(
    {},
    {
      callbacks: {
        offers: () => {
          throw new Error('bug');
        },
      },
    },
  );
  await scheduler.start();
  await clock.settle();
  master.send({ type: 'OFFERS', offers: { offers: [offer('O1')] } });
  await clock.advance(10_000);
  assert.equal(scheduler.isSubscribed, false);
  assert.equal(seen.at(-1), 'error a scheduler callback has thrown: bug');
  await scheduler.stop();
});

test('stopping with teardown ends the framework first', async () => {
  const { clock, master, scheduler, seen } = setUp();
  await scheduler.start();
  await clock.settle();
  await scheduler.stop({ teardown: true });
  assert.equal(master.calls('TEARDOWN').length, 1);
  assert.equal(master.isConnected, false);
  await clock.advance(60_000);
  assert.equal(master.subscriptionCount, 1);
  assert.deepEqual(seen, ['subscribed master-0000 false']);
});

test('a scheduler stops while it waits to try again', async () => {
  const { clock, master, scheduler } = setUp();
  master.answer = () => 'unreachable';
  await scheduler.start();
  await clock.advance(5_000);
  await scheduler.stop();
  const attempts = master.received.length;
  await clock.advance(60_000);
  assert.equal(master.received.length, attempts);
});

test('a bad master address is refused at the start', async () => {
  for (const master of ['', 'm1', 'm1:5050,', 'm1:port']) {
    const { scheduler } = setUp({ master });
    await assert.rejects(scheduler.start(), { code: 'INVALID_MASTER' }, master);
  }
});

test('a detector decides where to subscribe, and a new leader at once', async () => {
  let tell: (leader: MasterInfo | undefined) => void = () => {};
  const detector: LeaderDetector = {
    watch: (onChange) => {
      tell = onChange;
      onChange(undefined);
      return () => {};
    },
    stop: () => Promise.resolve(),
  };
  const { clock, master, scheduler } = setUp({ master: 'zk://z/mesos' }, { detector });
  await scheduler.start();
  await clock.advance(5_000);
  assert.equal(master.received.length, 0);
  tell(leader('a', 5050));
  await clock.settle();
  assert.equal(master.received.at(-1)?.url, 'http://a:5050/api/v1/scheduler');
  tell(leader('b', 5051));
  await clock.advance(200);
  assert.equal(master.received.at(-1)?.url, 'http://b:5051/api/v1/scheduler');
  await scheduler.stop();
});

test('basic authentication is sent with every call', async () => {
  const { clock, master, scheduler } = setUp({ credential: { principal: 'p', secret: 's' } });
  await scheduler.start();
  await clock.settle();
  await scheduler.revive();
  for (const { headers } of master.received) {
    assert.equal(headers['authorization'], `Basic ${Buffer.from('p:s').toString('base64')}`);
  }
  await scheduler.stop();
});

function offer(id: string) {
  return {
    id: { value: id },
    framework_id: { value: 'master-0000' },
    agent_id: { value: 'a1' },
    hostname: 'host1',
  };
}

function leader(hostname: string, port: number): MasterInfo {
  return { id: hostname, ip: 0, port, address: { hostname, port } };
}
