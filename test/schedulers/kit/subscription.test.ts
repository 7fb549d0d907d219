import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { StorageOperation } from '../../../core/storage/ports.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { DurableQueue } from '../../../schedulers/kit/durable-queue.ts';
import { FrameworkIdStore } from '../../../schedulers/kit/framework-id.ts';
import type { KnownTask } from '../../../schedulers/kit/reconciliation.ts';
import { FrameworkSubscription } from '../../../schedulers/kit/subscription.ts';
import { FakeMaster } from '../../core/scheduler/fake-master.ts';

class GatedStorage extends MemoryStorage {
  gate: Promise<void> = Promise.resolve();

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    await this.gate;
    await super.write(operations);
  }
}

function setUp(tasks: readonly KnownTask[] = [], storage = new GatedStorage()) {
  const clock = new SimulatedClock();
  const master = new FakeMaster();
  const seen: string[] = [];
  const subscription = new FrameworkSubscription(
    { master: 'm:5050', framework: { user: 'root', name: 'kit', role: '*' } },
    {
      subscribed: ({ frameworkId }) => seen.push(`subscribed ${frameworkId}`),
      disconnected: () => seen.push('disconnected'),
      offers: (offers) => seen.push(`offers ${offers.length}`),
      rescinded: (id) => seen.push(`rescinded ${id}`),
      inverseOffers: (offers) => seen.push(`inverse offers ${offers.length}`),
      update: (status) => seen.push(`update ${status.task_id.value}`),
      removed: (id) => seen.push(`removed ${id}`),
      refused: (why) => seen.push(`refused ${why}`),
      knownTasks: () => tasks,
    },
    {
      clock,
      random: new SeededRandom(3),
      http: master,
      log: silentLog,
      storage,
      durable: new DurableQueue(storage, () => seen.push('storage failed')),
      frameworkIds: new FrameworkIdStore('kit/'),
    },
  );
  return { clock, master, seen, subscription, storage };
}

test('nothing is delivered before the framework id is durable', async () => {
  const { clock, master, seen, subscription, storage } = setUp();
  const opened = Promise.withResolvers<void>();
  storage.gate = opened.promise;
  await subscription.start();
  await clock.settle();
  master.send({ type: 'OFFERS', offers: { offers: [] } });
  await clock.settle();
  assert.deepEqual(seen, []);
  opened.resolve();
  await clock.settle();
  assert.deepEqual(seen, ['subscribed master-0000', 'offers 0']);
  assert.equal(await new FrameworkIdStore('kit/').load(storage), 'master-0000');
  await subscription.stop();
});

test('the stored framework id is used after a restart', async () => {
  const storage = new GatedStorage();
  const first = setUp([], storage);
  await first.subscription.start();
  await first.clock.settle();
  await first.subscription.stop();
  const second = setUp([], storage);
  await second.subscription.start();
  await second.clock.settle();
  assert.equal(second.master.calls('SUBSCRIBE')[0]?.framework_id?.value, 'master-0000');
  await second.subscription.stop();
});

test('known tasks are reconciled after each subscription, then everything', async () => {
  const { clock, master, subscription } = setUp([{ taskId: 't1', agentId: 'a1' }]);
  await subscription.start();
  await clock.settle();
  const [explicit] = master.calls('RECONCILE');
  assert.deepEqual(explicit?.reconcile?.tasks, [
    { task_id: { value: 't1' }, agent_id: { value: 'a1' } },
  ]);
  master.send({
    type: 'UPDATE',
    update: { status: { task_id: { value: 't1' }, state: 'TASK_RUNNING' } },
  });
  await clock.advance(2_000);
  const implicit = master.calls('RECONCILE')[1];
  assert.equal(implicit?.reconcile?.tasks?.length ?? 0, 0);
  master.disconnect();
  await clock.advance(200);
  assert.equal(master.calls('RECONCILE').length, 3);
  await subscription.stop();
});

test('a removed framework subscribes again without an id', async () => {
  const { clock, master, seen, subscription } = setUp();
  await subscription.start();
  await clock.settle();
  master.frameworkId = 'master-0001';
  master.send({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  await clock.advance(100);
  assert.deepEqual(seen, [
    'subscribed master-0000',
    'disconnected',
    'removed master-0000',
    'subscribed master-0001',
  ]);
  assert.equal(subscription.frameworkId, 'master-0001');
  await subscription.stop();
});

test('any other refusal is final', async () => {
  const { clock, master, seen, subscription } = setUp();
  await subscription.start();
  await clock.settle();
  master.send({ type: 'ERROR', error: { message: 'Framework failed over' } });
  await clock.advance(60_000);
  assert.equal(seen.at(-1), 'refused Framework failed over');
  assert.equal(master.subscriptionCount, 1);
  await subscription.stop();
});

test('offers are revived when wanted and suppressed when not', async () => {
  const { clock, master, subscription } = setUp();
  await subscription.start();
  await clock.settle();
  assert.equal(master.calls('SUPPRESS').length, 1);
  subscription.wantOffers('*', true);
  await clock.settle();
  assert.equal(master.calls('REVIVE').length, 1);
  subscription.unwantOffers('*');
  await clock.settle();
  assert.equal(master.calls('SUPPRESS').length, 2);
  await subscription.stop();
});

test('inverse offers are handed on and agreed to', async () => {
  const { clock, master, seen, subscription } = setUp();
  await subscription.start();
  await clock.settle();
  const unavailability = { start: { nanoseconds: 1 } };
  const offer = { id: { value: 'i1' }, framework_id: { value: 'f' }, unavailability };
  master.send({ type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [offer] } });
  await clock.settle();
  assert.deepEqual(seen.slice(1), ['inverse offers 1']);
  subscription.acceptInverseOffers(['i1']);
  await clock.settle();
  const [call] = master.calls('ACCEPT_INVERSE_OFFERS');
  assert.deepEqual(call?.accept_inverse_offers?.inverse_offer_ids, [{ value: 'i1' }]);
  await subscription.stop();
});

test('a refused launch makes its tasks be asked about', async () => {
  const { clock, master, subscription } = setUp();
  await subscription.start();
  await clock.advance(100);
  master.answer = ({ call }) => (call.type === 'ACCEPT' ? { status: 400, text: 'bad' } : undefined);
  const offer = {
    id: { value: 'O1' },
    framework_id: { value: 'f' },
    agent_id: { value: 'a1' },
    hostname: 'h',
  };
  subscription.launch(
    [offer],
    [{ name: 't', task_id: { value: 't1' }, agent_id: { value: 'a1' } }],
  );
  await clock.settle();
  const asked = master.calls('RECONCILE').at(-1);
  assert.equal(asked?.reconcile?.tasks?.[0]?.task_id.value, 't1');
  await subscription.stop();
});
