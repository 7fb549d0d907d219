/** Tests of the simulated disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../core/base/random.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedDisk } from '../../../core/testing/storage.ts';

const put = (key: string) => [{ kind: 'put', key, value: Uint8Array.of(1) } as const];

test('a write is visible and resolves after the latency of the disk', async () => {
  const clock = new SimulatedClock();
  const storage = new SimulatedDisk({ clock, random: new SeededRandom(1), latencyMs: 5 }).open();
  let isDone = false;
  void storage.write(put('a')).then(() => {
    isDone = true;
  });
  await clock.advance(4);
  assert.deepEqual([isDone, await storage.get('a')], [false, undefined]);
  await clock.advance(1);
  assert.deepEqual([isDone, await storage.get('a')], [true, Uint8Array.of(1)]);
});

test('a crash keeps a prefix of the unflushed writes and tells nobody', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const clock = new SimulatedClock();
    const disk = new SimulatedDisk({ clock, random: new SeededRandom(seed), latencyMs: 5 });
    const storage = disk.open();
    for (const key of ['a', 'b', 'c']) {
      void storage.write(put(key)).then(() => assert.fail('a crashed writer was answered'));
    }
    disk.crash();
    await clock.advance(100);
    const kept = [...disk.durable.keys()].join('');
    assert.ok(['', 'a', 'ab', 'abc'].includes(kept), `kept ${kept}`);
  }
});

test('a stuck disk finishes its writes, in order, when it works again', async () => {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk({ clock, random: new SeededRandom(1) });
  const storage = disk.open();
  const done: string[] = [];
  disk.stick();
  for (const key of ['a', 'b']) void storage.write(put(key)).then(() => done.push(key));
  await clock.advance(100);
  assert.deepEqual(done, []);
  disk.unstick();
  await clock.settle();
  assert.deepEqual(done, ['a', 'b']);
});
