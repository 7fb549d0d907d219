/** What `/metrics` shows of the HTTP interface, and reports to StatsD and DataDog. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import type { HttpClient, HttpRequest } from '../../../core/net/ports.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { double } from '../../../core/wire/json-text.ts';
import {
  datagramsOf,
  MetricsReporter,
  type ReporterOptions,
  seriesOf,
} from '../../../schedulers/marathon/metrics-reporter.ts';
import { Channel, response } from '../fake-channel.ts';
import { at, optionsWith, SLEEP, World } from './world.ts';

const DOCUMENT = {
  version: '5.0.0',
  gauges: { 'm.apps.active.gauge': { value: 3 } },
  counters: { 'm.mesos.task-updates.task-running.counter': { count: 7 } },
  histograms: {},
  meters: { 'm.rate.meter': { count: 2, m1_rate: double(0.5), units: 'events/second' } },
  timers: {
    'm.duration.timer.seconds': { count: 1, mean: double(0.25), rate_units: 'calls/second' },
  },
};

test('requests are counted, timed and sorted by how they were answered', async () => {
  const world = await World.start();
  await world.call('POST', '/v2/apps', SLEEP);
  await world.call('GET', '/v2/apps/none');
  await world.advance(5_000);
  const { body } = await world.call('GET', '/metrics');
  const gauge = (name: string): unknown => at(body, 'gauges', `marathon.${name}`, 'value');
  const counter = (name: string): unknown => at(body, 'counters', `marathon.${name}`, 'count');
  assert.equal(gauge('http.requests.active.gauge'), 1);
  assert.equal(gauge('http.event-streams.active.gauge'), 0);
  assert.equal(gauge('instances.launch-overdue.gauge'), 0);
  assert.equal(gauge('instances.inflight-kill-attempts.gauge'), 0);
  assert.equal(counter('http.requests.size.counter.bytes'), JSON.stringify(SLEEP).length);
  assert.equal(counter('http.responses.event-stream.size.counter.bytes'), 0);
  assert.equal(counter('mesos.calls.suppress.counter'), 2);
  assert.equal(counter('mesos.calls.revive.counter'), 1);
  const count = (kind: string, name: string): unknown =>
    at(body, kind, `marathon.http.${name}`, 'count');
  assert.equal(count('meters', 'responses.2xx.rate.meter'), 1);
  assert.equal(count('meters', 'responses.4xx.rate.meter'), 1);
  assert.equal(count('meters', 'responses.5xx.rate.meter'), 0);
  assert.equal(count('timers', 'requests.duration.timer.seconds'), 2);
  assert.equal(count('timers', 'requests.get.duration.timer.seconds'), 1);
  assert.equal(count('timers', 'requests.post.duration.timer.seconds'), 1);
  assert.equal(count('timers', 'requests.delete.duration.timer.seconds'), 0);
  const units = at(body, 'meters', 'marathon.http.responses.2xx.rate.meter', 'units');
  assert.equal(units, 'events/second');
  await world.stop();
});

test('an instance that does not come to life and a kill that is not obeyed are shown', async () => {
  const world = await World.start({ task_launch_timeout: '4000' });
  world.master.firstState = 'TASK_STAGING';
  world.master.obeysKills = false;
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(8_000);
  const before = await world.call('GET', '/metrics');
  assert.deepEqual(at(before.body, 'gauges', 'marathon.instances.launch-overdue.gauge'), {
    value: 1,
  });
  await world.advance(60_000);
  const after = await world.call('GET', '/metrics');
  assert.deepEqual(at(after.body, 'gauges', 'marathon.instances.inflight-kill-attempts.gauge'), {
    value: 2,
  });
  await world.stop();
});

test('a report has a line per number; what does not fit into a datagram begins the next', () => {
  assert.deepEqual(datagramsOf(DOCUMENT), [
    [
      'm.apps.active.gauge:3|g\n',
      'm.mesos.task-updates.task-running.counter:7|c\n',
      'm.rate.meter.count:2|g\n',
      'm.rate.meter.m1_rate:0.5|g\n',
      'm.duration.timer.seconds.count:1|g\n',
      'm.duration.timer.seconds.mean:0.25|g\n',
    ].join(''),
  ]);
  const gauges = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`g${index}`, { value: index }]),
  );
  const datagrams = datagramsOf({ gauges });
  assert.equal(datagrams.join('').split('\n').length, 101);
  for (const each of datagrams) assert.ok(each.length <= 508 && each.endsWith('|g\n'), each);
  assert.deepEqual(datagramsOf({}), []);
});

test('series have the names and types of DataDog', () => {
  const source = { host: 'h', intervalMs: 10_000, at: 1_700_999 };
  const [gauge, counter, ...rest] = seriesOf(DOCUMENT, source);
  const common = { interval: 10, host: 'h' };
  assert.deepEqual(gauge, {
    ...common,
    metric: 'm.apps.active.gauge',
    points: [[1_700, 3]],
    type: 'gauge',
  });
  assert.deepEqual(counter, {
    ...common,
    metric: 'm.mesos.task_updates.task_running.counter',
    points: [[1_700, 7]],
    type: 'count',
  });
  assert.deepEqual(
    rest.map((each) => at(each, 'metric')),
    [
      'm.rate.meter.count',
      'm.rate.meter.m1_rate',
      'm.duration.timer.seconds.count',
      'm.duration.timer.seconds.average',
    ],
  );
});

/** Answers with these statuses in turn; a missing one is a connection that broke. */
class FakeApi implements HttpClient {
  readonly requests: HttpRequest[] = [];
  private readonly statuses: readonly (number | undefined)[];

  constructor(statuses: readonly (number | undefined)[]) {
    this.statuses = statuses;
  }

  async request(request: HttpRequest): Promise<ReturnType<typeof response>> {
    const status = this.statuses[this.requests.length];
    this.requests.push(request);
    if (status === undefined) throw new Error('down');
    const body = new Channel();
    body.end();
    return response(status, body.read(), {});
  }

  async close(): Promise<void> {}
}

test('reports go to the API at once and in their interval, whatever becomes of them, until the end', async () => {
  const clock = new SimulatedClock(5_000);
  const http = new FakeApi([undefined, 403, 202]);
  const options: ReporterOptions = { kind: 'api', apiKey: 'k/1', host: 'h', intervalMs: 10_000 };
  const reporter = new MetricsReporter(options, { clock, log: silentLog, http }, () => DOCUMENT);
  reporter.start();
  await clock.advance(25_000);
  assert.equal(http.requests.length, 3);
  const { method, url, body } = http.requests[2] ?? {};
  assert.equal(method, 'POST');
  assert.equal(url, 'https://app.datadoghq.com/api/v1/series?api_key=k%2F1');
  const first: unknown = JSON.parse(String(body));
  assert.deepEqual(at(first, 'series', 0, 'points'), [[25, 3]]);
  reporter.stop();
  await clock.advance(60_000);
  assert.equal(http.requests.length, 3);
});

test('a report arrives over UDP', async () => {
  const clock = new SimulatedClock(0);
  const server = createSocket('udp4');
  await new Promise<void>((resolve) => {
    server.bind(0, '127.0.0.1', resolve);
  });
  const arrived = new Promise<string>((resolve) => {
    server.once('message', (message) => resolve(message.toString()));
  });
  const { port } = server.address();
  const options = { kind: 'udp', host: '127.0.0.1', port, intervalMs: 10_000 } as const;
  const http = new FakeApi([]);
  const reporter = new MetricsReporter(options, { clock, log: silentLog, http }, () => DOCUMENT);
  reporter.start();
  assert.equal(await arrived, datagramsOf(DOCUMENT)[0]);
  reporter.stop();
  server.close();
});

test('flags of reporters say where to report to', () => {
  assert.deepEqual(optionsWith().reporters, []);
  const statsD = { metrics_statsd_host: 's', metrics_statsd_port: '8125' };
  assert.deepEqual(optionsWith(statsD).reporters, []);
  assert.deepEqual(optionsWith({ ...statsD, metrics_statsd: 'true' }).reporters, [
    { kind: 'udp', host: 's', port: 8_125, intervalMs: 10_000 },
  ]);
  const dataDog = { metrics_datadog: 'true', metrics_datadog_transmission_interval_ms: '500' };
  assert.deepEqual(
    optionsWith({ ...dataDog, metrics_datadog_host: 'd', metrics_datadog_port: '1' }).reporters,
    [{ kind: 'udp', host: 'd', port: 1, intervalMs: 500 }],
  );
  const [api] = optionsWith({
    ...dataDog,
    metrics_datadog_protocol: 'api',
    metrics_datadog_api_key: 'k',
  }).reporters;
  assert.equal(api?.kind === 'api' ? api.apiKey : undefined, 'k');
  const refused: readonly (readonly [Record<string, string>, string])[] = [
    [{ metrics_statsd: 'true' }, '--metrics_statsd needs --metrics_statsd_host'],
    [
      { metrics_statsd: 'true', metrics_statsd_host: 'h' },
      '--metrics_statsd needs --metrics_statsd_port',
    ],
    [
      { metrics_statsd: 'true', metrics_statsd_host: 'h', metrics_statsd_port: '0' },
      "Flag 'metrics_statsd_port' is 0, expected 1 to 65535",
    ],
    [
      { ...statsD, metrics_statsd: 'true', metrics_statsd_transmission_interval_ms: '0' },
      "Flag 'metrics_statsd_transmission_interval_ms' must be at least 1",
    ],
    [
      { metrics_datadog: 'true', metrics_datadog_protocol: 'api' },
      '--metrics_datadog needs --metrics_datadog_api_key',
    ],
    [
      { metrics_datadog: 'true', metrics_datadog_protocol: 'tcp' },
      "Flag 'metrics_datadog_protocol' is 'tcp', expected one of udp, api",
    ],
  ];
  for (const [flags, message] of refused) {
    assert.throws(() => optionsWith(flags), { message });
  }
});
