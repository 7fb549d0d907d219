import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../../../core/base/metrics.ts';

test('a snapshot has counters and gauges by name, sorted', () => {
  const metrics = new Metrics();
  const counter = metrics.counter('master/tasks_lost', 'Lost tasks');
  let uptime = 1;
  metrics.gauge('master/elected', 'Whether elected', () => uptime);
  counter.increment();
  counter.increment(2);
  uptime = 5;
  assert.deepEqual(Object.entries(metrics.snapshot()), [
    ['master/elected', 5],
    ['master/tasks_lost', 3],
  ]);
  assert.equal(counter.value, 3);
});

test('prometheus shows the same values under names of its alphabet', async () => {
  const metrics = new Metrics();
  metrics.counter('allocator/mesos/event-queue', 'Events').increment(4);
  metrics.gauge('system/cpus_total', 'Processors', () => 2);
  const text = await metrics.prometheus();
  assert.match(text, /^allocator_mesos_event_queue 4$/m);
  assert.match(text, /^system_cpus_total 2$/m);
  assert.match(text, /^# HELP system_cpus_total Processors$/m);
});

test('a metric is declared once, and again after its removal', () => {
  const metrics = new Metrics();
  metrics.counter('a', 'A');
  assert.throws(() => metrics.counter('a', 'A'), /metric 'a' is declared twice/);
  metrics.remove('a');
  assert.equal(metrics.has('a'), false);
  metrics.gauge('a', 'A', () => 1);
  assert.deepEqual(metrics.snapshot(), { a: 1 });
});
