/** Figures over time (spec aurora-scheduler, section 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import { NAMES_MAX, VarsHistory } from '../../../../schedulers/aurora/vars-history.ts';
import { serveRoutes } from './serve-routes.ts';

function historyOf(read: (now: number) => Readonly<Record<string, number>>, keptMs = 3_600_000) {
  const clock = new SimulatedClock(1_000);
  const history = new VarsHistory({ intervalMs: 1_000, keptMs }, clock, () => {
    return new Map(Object.entries(read(clock.now())));
  });
  history.start();
  return { clock, history };
}

test('figures are given out by name, each second, from a time on', async () => {
  const { clock, history } = historyOf((now) => ({ b: now / 1_000, a: 7 }));
  const { app } = serveRoutes({ history });
  const get = async (query: string) => (await app.inject(`/graphdata${query}`)).json();
  assert.deepEqual(await get(''), []);
  await clock.advance(3_000);
  assert.deepEqual(await get(''), ['a', 'b']);
  assert.deepEqual(await get('?metrics=b,a'), {
    names: ['time', 'b', 'a'],
    data: [
      [2_000, 2, 7],
      [3_000, 3, 7],
      [4_000, 4, 7],
    ],
  });
  assert.deepEqual((await get('?metrics=b&since=3000')).data, [[4_000, 4]]);
  const unknown = await app.inject('/graphdata?metrics=c');
  assert.deepEqual([unknown.statusCode, unknown.body], [400, 'There is no c']);
  history.stop();
  await clock.advance(3_000);
  assert.equal((await get('?metrics=b')).data.length, 3);
});

test('what is old is forgotten, and only so many figures are followed', async () => {
  const many = Object.fromEntries(Array.from({ length: NAMES_MAX + 5 }, (_, at) => [`n${at}`, at]));
  const { clock, history } = historyOf(() => many, 5_000);
  await clock.advance(60_000);
  assert.equal(history.knownNames.length, NAMES_MAX);
  assert.equal(history.rows(['n1'], 0).length, 6);
});

test('a figure that came later was 0 before', async () => {
  const { clock, history } = historyOf((now) => (now > 2_000 ? { a: 1 } : {}));
  await clock.advance(2_000);
  assert.deepEqual(history.rows(['a'], 0), [
    [2_000, 0],
    [3_000, 1],
  ]);
});

test('counters that go with a time have rates of the last second', async () => {
  let calls = 0;
  const { clock, history } = historyOf(() => {
    calls += 2;
    return { a_events: calls, a_nanos_total: 100 * calls, b_nanos_total: 1, c_events: calls };
  });
  const vars = new Map([
    ['a_events', 9],
    ['a_nanos_total', 9],
    ['b_nanos_total', 1],
    ['c_events', 1],
    ['new_events', 1],
    ['new_ms_total', 1],
  ]);
  const rates = () => Object.fromEntries(history.rates(vars));
  const fresh = { new_events_per_sec: 0, new_ms_total_per_sec: 0, new_ms_per_event: 0 };
  assert.deepEqual(rates(), {
    ...{ a_events_per_sec: 0, a_nanos_total_per_sec: 0, a_nanos_per_event: 0 },
    ...fresh,
  });
  await clock.advance(3_000);
  assert.deepEqual(rates(), {
    ...{ a_events_per_sec: 2, a_nanos_total_per_sec: 200, a_nanos_per_event: 100 },
    ...fresh,
  });
});

test('a page draws them', async () => {
  const { app } = serveRoutes();
  const page = await app.inject('/graphview?query=uptime');
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.body, /graphdata\?metrics=/);
});
