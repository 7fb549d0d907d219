import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compilePerf,
  perfStatistics,
  perfWords,
} from '../../../../core/agent/containerizer/perf-events.ts';
import { PerfSampler } from '../../../../core/agent/containerizer/perf-sampler.ts';
import { minutes, seconds } from '../../../../core/base/duration.ts';
import { silentLog } from '../../../../core/base/log.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';

const OPTIONS = {
  events: ['cycles', 'task-clock'],
  intervalMs: minutes(1),
  durationMs: seconds(10),
  cgroups: { root: 'mesos' },
};

test('perf is asked for each event of each container', () => {
  assert.deepEqual(perfWords({ ...OPTIONS, events: ['cycles'] }, ['mesos/a', 'mesos/b']), [
    ...['stat', '--all-cpus', '--field-separator', ',', '--log-fd', '1'],
    ...['--event', 'cycles', '--cgroup', 'mesos/a', '--event', 'cycles', '--cgroup', 'mesos/b'],
    ...['--', 'sleep', '10'],
  ]);
});

test('lines of every version of perf become statistics; what was not counted is left out', () => {
  const sampled = { startedAtMs: 5_000, durationMs: seconds(10) };
  const text = [
    '123,cycles,mesos/a',
    '4.5,msec,task-clock,mesos/a,1000,100.00',
    '<not counted>,,LLC-loads,mesos/a,0,0.00',
    '7,,LLC-loads,mesos/b',
    '8,,odd-event,mesos/b',
    'garbage',
    '',
  ].join('\n');
  assert.deepEqual(
    [...perfStatistics(text, sampled)],
    [
      ['mesos/a', { timestamp: 5, duration: 10, cycles: 123, task_clock: 4.5 }],
      ['mesos/b', { timestamp: 5, duration: 10, llc_loads: 7 }],
    ],
  );
});

test('containers are sampled at the interval, also after a sample that failed', async () => {
  const clock = new SimulatedClock();
  const containers: string[] = [];
  const asked: string[] = [];
  const sampler = new PerfSampler(OPTIONS, {
    clock,
    log: silentLog,
    containers: () => containers,
    perf: async (words) => {
      asked.push(words.filter((word) => word.startsWith('mesos/')).join());
      if (asked.length === 1) throw new Error('no such cgroup');
      return '9,cycles,mesos/a\n';
    },
  });
  sampler.start();
  await clock.advance(minutes(1));
  assert.deepEqual(asked, [], 'nothing runs');
  containers.push('a');
  await clock.advance(minutes(1));
  assert.equal(sampler.of('a'), undefined);
  await clock.advance(minutes(1));
  assert.equal(sampler.of('a')?.cycles, 9);
  assert.deepEqual(asked, ['mesos/a,mesos/a', 'mesos/a,mesos/a']);
  sampler.stop();
  await clock.advance(minutes(5));
  assert.equal(asked.length, 2);
});

test('the flags of perf events', () => {
  const compile = (events: string | undefined, durationMs = seconds(10)) =>
    compilePerf({ perf_events: events, perf_interval: minutes(1), perf_duration: durationMs }, [
      'cgroups/perf_event',
    ]);
  assert.deepEqual(compile(undefined), { ok: true, value: undefined });
  const got = compile('cycles,task-clock');
  assert.deepEqual(got.ok && got.value?.events, ['cycles', 'task-clock']);
  assert.deepEqual(compile('cycles', minutes(2)), {
    ok: false,
    error: 'Sampling perf for duration (2mins) > interval (1mins) is not supported.',
  });
  assert.deepEqual(compile(''), { ok: false, error: 'No perf events specified.' });
});
