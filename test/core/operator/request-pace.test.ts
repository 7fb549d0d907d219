/** Endpoints that answer only so often. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { parsePace, RequestPace, UNLIMITED } from '../../../core/operator/request-pace.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';

function served(clock: SimulatedClock, pace: RequestPace) {
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  const times: number[] = [];
  server.app.get('/', (_request, reply) =>
    pace.serve(reply, () => {
      times.push(clock.now());
      return reply.send('');
    }),
  );
  return { server, times };
}

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((done) => setImmediate(done));
}

test('the third request within a second waits for its turn', async () => {
  const clock = new SimulatedClock();
  const startedAt = clock.now();
  const pace = new RequestPace(clock);
  const { server, times } = served(clock, pace);
  const answers = [1, 2, 3, 4].map(() => server.app.inject({ url: '/' }));
  await turns();
  for (let step = 0; step < 10; step += 1) {
    await clock.advance(250);
    await turns();
  }
  const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
  assert.deepEqual(statuses, [200, 200, 200, 200]);
  assert.deepEqual(
    times.map((at) => at - startedAt),
    [0, 500, 1000, 1500],
  );
  await server.close();
});

test('whoever waits is answered when the daemon stops', async () => {
  const clock = new SimulatedClock();
  const pace = new RequestPace(clock);
  const { server, times } = served(clock, pace);
  const answers = [1, 2, 3].map(() => server.app.inject({ url: '/' }));
  await turns();
  assert.equal(times.length, 1);
  pace.stop();
  await Promise.all(answers);
  assert.equal(times.length, 3);
  await server.close();
});

test('without a limit nobody waits', async () => {
  const clock = new SimulatedClock();
  const { server, times } = served(clock, new RequestPace(clock, UNLIMITED));
  await Promise.all([1, 2, 3].map(() => server.app.inject({ url: '/' })));
  assert.equal(times.length, 3);
  await server.close();
});

test('a rate is a count and a time', () => {
  assert.deepEqual(parsePace('10/1secs'), { ok: true, value: { count: 10, periodMs: 1000 } });
  assert.deepEqual(parsePace(''), { ok: true, value: UNLIMITED });
  for (const text of ['x', '0/1secs', '1/0secs', '1/2/3', '2']) {
    assert.equal(parsePace(text).ok, false, text);
  }
});
