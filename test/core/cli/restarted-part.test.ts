import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '../../../core/base/log.ts';
import type { RunningPart } from '../../../core/cli/composite.ts';
import {
  FAILURE_WINDOW_MS,
  RESTART_PAUSE_MS,
  RESTARTS_MAX,
  startRestarted,
} from '../../../core/cli/restarted-part.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';

class Parts {
  readonly clock = new SimulatedClock();
  readonly ports = { clock: this.clock, log: silentLog };
  readonly events: string[] = [];
  private started = 0;
  private fail: (error: Error) => void = () => {};

  readonly start = async (): Promise<RunningPart> => {
    this.started += 1;
    const number = this.started;
    const failed = Promise.withResolvers<unknown>();
    this.fail = failed.resolve;
    this.events.push(`start ${number}`);
    const stop = async (): Promise<void> => {
      this.events.push(`stop ${number}`);
    };
    return { name: 'part', stop, failure: failed.promise };
  };

  running(): Promise<RunningPart> {
    return startRestarted(this.start, this.ports);
  }

  async end(why: string): Promise<void> {
    this.fail(new Error(why));
    await setImmediate();
  }
}

test('a part that ends is stopped and started again, and the one running last is stopped at the end', async () => {
  const it = new Parts();
  const part = await it.running();
  await it.end('leadership abdicated');
  assert.deepEqual(it.events, ['start 1', 'stop 1', 'start 2']);
  await part.stop();
  await it.end('too late to matter');
  assert.deepEqual(it.events, ['start 1', 'stop 1', 'start 2', 'stop 2']);
});

test('starts within a minute are further and further apart, and one now and then is at once', async () => {
  const it = new Parts();
  const part = await it.running();
  for (let each = 0; each < RESTARTS_MAX; each += 1) {
    await it.end('again');
    const pauseMs = each === 0 ? 0 : RESTART_PAUSE_MS * 2 ** (each - 1);
    if (pauseMs > 0) {
      await it.clock.advance(pauseMs - 1);
      assert.equal(it.events.at(-1), `stop ${each + 1}`);
      await it.clock.advance(1);
    }
    assert.equal(it.events.at(-1), `start ${each + 2}`);
  }
  await it.clock.advance(FAILURE_WINDOW_MS);
  await it.end('now and then');
  assert.equal(it.events.at(-1), `start ${RESTARTS_MAX + 2}`);
  await part.stop();
});

test('a part that ends too often within a minute is given up', async () => {
  const it = new Parts();
  const part = await it.running();
  for (let each = 0; each < RESTARTS_MAX; each += 1) {
    await it.end('again');
    await it.clock.advance(RESTART_PAUSE_MS * 2 ** each);
  }
  const count = it.events.length;
  await it.end('once too often');
  assert.match(String(await part.failure), /once too often/);
  assert.equal(it.events.length, count);
});

test('a start that fails is tried again', async () => {
  const it = new Parts();
  const starts = [it.start, async () => Promise.reject(new Error('the port is taken'))];
  const part = await startRestarted(async () => await (starts.shift() ?? it.start)(), it.ports);
  await it.end('leadership abdicated');
  assert.deepEqual(it.events, ['start 1', 'stop 1']);
  await it.clock.advance(RESTART_PAUSE_MS);
  assert.deepEqual(it.events, ['start 1', 'stop 1', 'start 2']);
  await part.stop();
  assert.deepEqual(it.events, ['start 1', 'stop 1', 'start 2', 'stop 2']);
});

test('a part that never starts again fails, and is not stopped twice', async () => {
  const it = new Parts();
  const starts = [it.start];
  const refused = async () => Promise.reject(new Error('the port is taken'));
  const part = await startRestarted(async () => await (starts.shift() ?? refused)(), it.ports);
  await it.end('leadership abdicated');
  await it.clock.advance(FAILURE_WINDOW_MS);
  assert.match(String(await part.failure), /the port is taken/);
  await part.stop();
  assert.deepEqual(it.events, ['start 1', 'stop 1']);
});

test('a part that is stopped in a pause does not start again', async () => {
  const it = new Parts();
  const part = await it.running();
  await it.end('once');
  await it.end('twice');
  await part.killWork?.();
  await part.stop();
  await it.clock.advance(FAILURE_WINDOW_MS);
  assert.deepEqual(it.events, ['start 1', 'stop 1', 'start 2', 'stop 2']);
});
