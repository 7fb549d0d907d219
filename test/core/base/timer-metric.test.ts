/** Timers as metrics: the last sample, and what a window of samples says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerMetric } from '../../../core/base/timer-metric.ts';

test('nothing is shown before the first sample, and only that one before the second', () => {
  const timer = new TimerMetric('registrar/state_store', 1000);
  assert.deepEqual([...timer.values(0)], []);
  timer.record(3.5, 0);
  assert.deepEqual([...timer.values(0)], [['registrar/state_store_ms', 3.5]]);
});

test('percentiles lie between the nearest samples, as recorded of an original', () => {
  const timer = new TimerMetric('t', 1000);
  timer.record(3.636224, 1);
  timer.record(4.651008, 2);
  const values = Object.fromEntries(timer.values(3));
  const rounded = Object.entries(values).map(([name, value]) => [name, value.toFixed(9)]);
  assert.deepEqual(Object.fromEntries(rounded), {
    t_ms: '4.651008000',
    't_ms/count': '2.000000000',
    't_ms/max': '4.651008000',
    't_ms/min': '3.636224000',
    't_ms/p50': '4.143616000',
    't_ms/p90': '4.549529600',
    't_ms/p95': '4.600268800',
    't_ms/p99': '4.640860160',
    't_ms/p999': '4.649993216',
    't_ms/p9999': '4.650906522',
  });
});

test('samples older than the window are forgotten, the last one stays', () => {
  const timer = new TimerMetric('t', 1000);
  timer.record(1, 0);
  timer.record(2, 500);
  timer.record(3, 1200);
  assert.equal(timer.values(1200).get('t_ms/count'), 2);
  assert.deepEqual([...timer.values(5000)], [['t_ms', 3]]);
});

test('at most a thousand samples are kept', () => {
  const timer = new TimerMetric('t', 1_000_000);
  for (let ms = 1; ms <= 5000; ms += 1) timer.record(ms, ms);
  const values = timer.values(5000);
  assert.deepEqual([values.get('t_ms/count'), values.get('t_ms/min')], [1000, 4001]);
});
