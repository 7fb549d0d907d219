import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { GraphiteReporter, graphiteLines } from '../../../schedulers/chronos/graphite.ts';

const DOCUMENT = {
  version: '3.0.0',
  gauges: { 'a.queueSize': { value: 3 } },
  counters: { 'jobs.run.success.my job': { count: 7 } },
  histograms: { 'jobs.run.time.x': { count: 2, mean: 1_234.567, p99: 2_000.5 } },
  meters: {},
  timers: { 'http.get': { count: 4, mean: 0.0125, m1_rate: 0.25, rate_units: 'calls/second' } },
};

test('a report has a line per number, durations of timers in milliseconds', () => {
  assert.deepEqual(graphiteLines(DOCUMENT, 'prod', 1_700), [
    'prod.a.queueSize 3 1700\n',
    'prod.jobs.run.success.my-job.count 7 1700\n',
    'prod.jobs.run.time.x.count 2 1700\n',
    'prod.jobs.run.time.x.mean 1234.57 1700\n',
    'prod.jobs.run.time.x.p99 2000.50 1700\n',
    'prod.http.get.count 4 1700\n',
    'prod.http.get.mean 12.50 1700\n',
    'prod.http.get.m1_rate 0.25 1700\n',
  ]);
  assert.equal(graphiteLines(DOCUMENT, '', 1)[0], 'a.queueSize 3 1\n');
});

test('reports go out in their interval, also after one that failed, until the end', async () => {
  const clock = new SimulatedClock(5_000);
  const reports: string[] = [];
  let isDown = true;
  const reporter = new GraphiteReporter(
    { host: 'h', port: 2_003, intervalMs: 60_000, prefix: '' },
    { clock, log: silentLog },
    () => DOCUMENT,
    async (_options, text) => {
      if (isDown) throw new Error('down');
      reports.push(text.split('\n')[0] ?? '');
    },
  );
  reporter.start();
  await clock.advance(60_000);
  assert.deepEqual(reports, []);
  isDown = false;
  await clock.advance(59_999);
  assert.deepEqual(reports, []);
  await clock.advance(1);
  assert.deepEqual(reports, ['a.queueSize 3 125']);
  reporter.stop();
  await clock.advance(600_000);
  assert.equal(reports.length, 1);
});

test('a report arrives over TCP whole', async () => {
  const clock = new SimulatedClock(0);
  const arrived = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => arrived.resolve(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const reporter = new GraphiteReporter(
    { host: '127.0.0.1', port, intervalMs: 1_000, prefix: 'p' },
    { clock, log: silentLog },
    () => DOCUMENT,
  );
  reporter.start();
  await clock.advance(1_000);
  assert.equal(await arrived.promise, graphiteLines(DOCUMENT, 'p', 1).join(''));
  reporter.stop();
  await new Promise((resolve) => server.close(resolve));
});
