import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { type Clock, SystemClock, sleep, type Timer } from '../../../core/base/clock.ts';

class ManualClock implements Clock {
  readonly timers: { readonly delayMs: number; readonly callback: () => void; isOff: boolean }[] =
    [];

  now(): number {
    return 0;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { delayMs, callback, isOff: false };
    this.timers.push(timer);
    return {
      cancel: () => {
        timer.isOff = true;
      },
    };
  }
}

test('a timer longer than the limit of the platform fires once, at its time', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.after(() => mock.timers.reset());
  const clock = new SystemClock();
  let fired = 0;
  const limitMs = 2 ** 31 - 1;
  clock.setTimer(limitMs + 1_000, () => {
    fired += 1;
  });
  mock.timers.tick(limitMs);
  mock.timers.tick(999);
  assert.equal(fired, 0);
  mock.timers.tick(1);
  assert.equal(fired, 1);
  mock.timers.tick(limitMs);
  assert.equal(fired, 1);
});

test('a cancelled timer never fires, also a long one that was re-armed', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const clock = new SystemClock();
  const timer = clock.setTimer(2 ** 31 + 1_000, () => assert.fail('fired'));
  mock.timers.tick(2 ** 31);
  timer.cancel();
  mock.timers.tick(10_000);
});

test('a sleep ends when its timer fires', async () => {
  const clock = new ManualClock();
  const sleeping = sleep(clock, 50);
  assert.equal(clock.timers[0]?.delayMs, 50);
  clock.timers[0]?.callback();
  await sleeping;
});

test('an aborted sleep rejects with the reason and leaves no timer', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const sleeping = sleep(clock, 50, controller.signal);
  controller.abort(new Error('stopping'));
  await assert.rejects(sleeping, /stopping/);
  assert.equal(clock.timers[0]?.isOff, true);
  await assert.rejects(sleep(clock, 50, controller.signal), /stopping/);
  assert.equal(clock.timers.length, 1);
});
