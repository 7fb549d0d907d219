/** Tests of the virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sleep } from '../../../core/base/clock.ts';
import { SIMULATION_START, SimulatedClock } from '../../../core/testing/clock.ts';

test('timers run in the order of their times, ties in the order of their making', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 })), async (delays) => {
      const clock = new SimulatedClock();
      const ran: number[] = [];
      delays.forEach((delay, at) => {
        clock.setTimer(delay, () => ran.push(at));
      });
      await clock.advance(20);
      const expected = delays.map((delay, at) => ({ delay, at }));
      expected.sort((a, b) => a.delay - b.delay || a.at - b.at);
      assert.deepEqual(
        ran,
        expected.map(({ at }) => at),
      );
    }),
    { numRuns: 50 },
  );
});

test('time stands still between advances and a timer sees its own time', async () => {
  const clock = new SimulatedClock();
  const seen: number[] = [];
  clock.setTimer(50, () => seen.push(clock.now()));
  await clock.advance(49);
  assert.deepEqual(seen, []);
  await clock.advance(51);
  assert.deepEqual(seen, [SIMULATION_START + 50]);
  assert.equal(clock.now(), SIMULATION_START + 100);
});

test('a cancelled timer does not run', async () => {
  const clock = new SimulatedClock();
  clock.setTimer(1, () => assert.fail('it ran')).cancel();
  await clock.advance(10);
  assert.equal(clock.nextTimerAt, undefined);
});

test('promises settle between timers, so a loop of sleeps keeps its pace', async () => {
  const clock = new SimulatedClock();
  const ticks: number[] = [];
  const loop = async (): Promise<void> => {
    for (let count = 0; count < 3; count += 1) {
      await sleep(clock, 10);
      ticks.push(clock.now() - SIMULATION_START);
    }
  };
  const done = loop();
  await clock.advance(100);
  await done;
  assert.deepEqual(ticks, [10, 20, 30]);
});

test('the timers of a stopped process never fire', async () => {
  const clock = new SimulatedClock();
  const view = clock.forProcess();
  view.setTimer(5, () => assert.fail('it ran'));
  view.stop();
  view.setTimer(5, () => assert.fail('it ran'));
  await clock.advance(10);
  assert.equal(view.now(), SIMULATION_START + 10);
});

test('advanceUntil stops at the timer that makes it true, or at its limit', async () => {
  const clock = new SimulatedClock();
  let isDone = false;
  clock.setTimer(30, () => {
    isDone = true;
  });
  assert.equal(await clock.advanceUntil(() => isDone, 20), false);
  assert.equal(clock.now(), SIMULATION_START + 20);
  assert.equal(await clock.advanceUntil(() => isDone, 20), true);
  assert.equal(clock.now(), SIMULATION_START + 30);
});
