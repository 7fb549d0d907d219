import assert from 'node:assert/strict';
import test from 'node:test';
import { err, ok } from '../../../core/base/result.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';
import { SimulatedClock, settle } from '../../../core/testing/index.ts';
import { DurableQueue } from '../../../schedulers/kit/durable-queue.ts';
import { FrameworkIdStore } from '../../../schedulers/kit/framework-id.ts';
import { type RecordSchema, RecordStore } from '../../../schedulers/kit/record-store.ts';

/** A storage whose writes end when the test says so. */
class SlowStorage extends MemoryStorage implements Storage {
  readonly writes: (readonly StorageOperation[])[] = [];
  private readonly waiting: PromiseWithResolvers<void>[] = [];

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    this.writes.push(operations);
    const done = Promise.withResolvers<void>();
    this.waiting.push(done);
    await done.promise;
    await super.write(operations);
  }

  async finish(failure?: Error): Promise<void> {
    const next = this.waiting.shift();
    if (failure === undefined) next?.resolve();
    else next?.reject(failure);
    await settle();
  }
}

function put(key: string): StorageOperation {
  return { kind: 'put', key, value: new Uint8Array([1]) };
}

test('effects wait for their own write and for those before, and keep their order', async () => {
  const storage = new SlowStorage();
  const done: string[] = [];
  const queue = new DurableQueue(storage, () => done.push('failed'));
  queue.submit([], () => done.push('nothing to wait for'));
  queue.submit([put('a')], () => done.push('a'));
  queue.submit([], () => done.push('after a'));
  queue.submit([put('b')], () => done.push('b'));
  assert.deepEqual(done, ['nothing to wait for']);
  await storage.finish();
  assert.deepEqual(done, ['nothing to wait for', 'a']);
  await storage.finish();
  assert.deepEqual(done, ['nothing to wait for', 'a', 'after a', 'b']);
});

test('batches that arrive during a write are written together', async () => {
  const storage = new SlowStorage();
  const queue = new DurableQueue(storage, () => {});
  for (const key of ['a', 'b', 'c', 'd']) queue.submit([put(key)], () => {});
  await storage.finish();
  await storage.finish();
  assert.deepEqual(
    storage.writes.map((each) => each.map((operation) => operation.key)),
    [['a'], ['b', 'c', 'd']],
  );
});

test('writes of a busy queue begin an interval apart, those of an idle one at once', async () => {
  const clock = new SimulatedClock();
  const storage = new SlowStorage();
  const queue = new DurableQueue(storage, () => {}, { clock, intervalMs: 4 });
  const keys = (): string[][] => storage.writes.map((each) => each.map(({ key }) => key));
  queue.submit([put('a')], () => {});
  queue.submit([put('b')], () => {});
  await clock.advance(1);
  await storage.finish();
  queue.submit([put('c')], () => {});
  await clock.advance(2);
  assert.deepEqual(keys(), [['a']]);
  await clock.advance(1);
  assert.deepEqual(keys(), [['a'], ['b', 'c']]);
  await storage.finish();
  queue.submit([put('d')], () => {});
  assert.deepEqual(keys(), [['a'], ['b', 'c'], ['d']]);
});

test('after a failed write no effect runs any more', async () => {
  const storage = new SlowStorage();
  const done: string[] = [];
  const queue = new DurableQueue(storage, () => done.push('failed'));
  queue.submit([put('a')], () => done.push('a'));
  queue.submit([put('b')], () => done.push('b'));
  await storage.finish(new Error('disk full'));
  queue.submit([], () => done.push('c'));
  await queue.flush();
  assert.deepEqual(done, ['failed']);
});

const NUMBERS: RecordSchema<number> = {
  prefix: 'test/number/',
  version: 2,
  encode: (value) => value,
  decode: (value, version) => {
    if (typeof value !== 'number') return err('it is no number');
    return ok(version === 1 ? value * 10 : value);
  },
};

test('records come back by id, whatever characters it has', async () => {
  const storage = new MemoryStorage();
  const store = new RecordStore(NUMBERS);
  await storage.write([store.put('/a b/é%', 1), store.put('x', 2)]);
  assert.deepEqual([...(await store.load(storage))].sort(), [
    ['/a b/é%', 1],
    ['x', 2],
  ]);
  await storage.write([store.delete('x')]);
  assert.equal(await store.get(storage, 'x'), undefined);
});

test('older records are upgraded, newer and broken ones are refused by name', async () => {
  const storage = new MemoryStorage();
  const store = new RecordStore(NUMBERS);
  const old = new RecordStore({ ...NUMBERS, version: 1 });
  await storage.write([old.put('old', 4)]);
  assert.deepEqual([...(await store.load(storage)).values()], [40]);
  const newer = new RecordStore({ ...NUMBERS, version: 3 });
  await storage.write([newer.put('new', 4)]);
  await assert.rejects(store.load(storage), {
    code: 'BAD_RECORD',
    message:
      "record 'test/number/new' cannot be read: it was written by a newer program (version 3)",
  });
});

test('the framework id survives the loss of one of its records', async () => {
  const storage = new MemoryStorage();
  const ids = new FrameworkIdStore('test/');
  assert.equal(await ids.load(storage), undefined);
  await storage.write(ids.put('f-0001'));
  const [first] = await storage.list('test/');
  await storage.write([{ kind: 'put', key: first?.[0] ?? '', value: new Uint8Array([1, 2]) }]);
  assert.equal(await ids.load(storage), 'f-0001');
  await storage.write(ids.clear());
  assert.equal(await ids.load(storage), undefined);
});
