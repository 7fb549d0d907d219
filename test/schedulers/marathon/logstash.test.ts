/** The copy of the log for Logstash. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLog } from '../../../core/base/log.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import {
  LINES_WAITING_MAX,
  type LogConnectionEvents,
  LogstashShipper,
  logstashLine,
  RECONNECT_MS,
} from '../../../schedulers/marathon/logstash.ts';

const TARGET = { protocol: 'tcp', host: 'logs.example', port: 5_000 } as const;

class FakeLogstash {
  readonly connections: LogConnectionEvents[] = [];
  readonly texts: string[] = [];
  takesMore = true;
  closedCount = 0;

  connect = (_target: unknown, on: LogConnectionEvents) => {
    this.connections.push(on);
    return {
      write: (line: string) => {
        this.texts.push(String(Object(JSON.parse(line)).message));
        return this.takesMore;
      },
      close: () => {
        this.closedCount += 1;
      },
    };
  };

  get last(): LogConnectionEvents {
    const last = this.connections.at(-1);
    assert.ok(last !== undefined);
    return last;
  }
}

function line(text: string): string {
  return `${JSON.stringify({ level: 30, time: 't', pid: 1, hostname: 'h', name: 'n', msg: text })}\n`;
}

test('a line of the log becomes a document of Logstash', () => {
  const lines: string[] = [];
  const destination = { write: (text: string) => lines.push(text) };
  createLog({ name: 'marathon', level: 'info', destination }).warn({ taskId: 'x' }, 'gone');
  const text = logstashLine(lines[0] ?? '');
  assert.ok(text.endsWith('}\n'));
  const { HOSTNAME, thread_name: thread, '@timestamp': time, ...rest } = JSON.parse(text);
  assert.deepEqual(
    [typeof HOSTNAME, thread, /^\d{4}-.*Z$/.test(time)],
    ['string', String(process.pid), true],
  );
  assert.deepEqual(rest, {
    '@version': '1',
    message: 'gone',
    logger_name: 'marathon',
    level: 'WARN',
    level_value: 30_000,
    taskId: 'x',
  });
});

test('lines wait for the connection, and while the other side is slow', () => {
  const logstash = new FakeLogstash();
  const shipper = new LogstashShipper(TARGET, new SimulatedClock(), logstash.connect);
  shipper.write(line('a') + line('b'));
  assert.deepEqual(logstash.texts, []);
  logstash.takesMore = false;
  logstash.last.opened();
  assert.deepEqual(logstash.texts, ['a']);
  shipper.write(line('c'));
  logstash.takesMore = true;
  logstash.last.drained();
  assert.deepEqual(logstash.texts, ['a', 'b', 'c']);
  assert.equal(logstash.connections.length, 1);
});

test('a lost connection is made anew after a while, and the oldest lines are given up', async () => {
  const logstash = new FakeLogstash();
  const clock = new SimulatedClock();
  const shipper = new LogstashShipper(TARGET, clock, logstash.connect);
  shipper.write(line('old'));
  logstash.last.closed('refused');
  for (let count = 0; count < LINES_WAITING_MAX; count += 1) shipper.write(line(`${count}`));
  await clock.advance(RECONNECT_MS - 1);
  assert.equal(logstash.connections.length, 1);
  await clock.advance(1);
  assert.equal(logstash.connections.length, 2);
  logstash.last.opened();
  assert.deepEqual([logstash.texts.length, logstash.texts[0]], [LINES_WAITING_MAX, '0']);
  shipper.stop();
  logstash.last.closed('stopped');
  shipper.write(line('late'));
  await clock.advance(RECONNECT_MS);
  assert.deepEqual([logstash.connections.length, logstash.closedCount], [2, 1]);
});

test('what a lost connection still says is not about the next one', async () => {
  const logstash = new FakeLogstash();
  const clock = new SimulatedClock();
  const shipper = new LogstashShipper(TARGET, clock, logstash.connect);
  shipper.write(line('one'));
  const first = logstash.last;
  first.closed('refused');
  first.closed('refused');
  await clock.advance(RECONNECT_MS);
  first.opened();
  first.closed('late');
  assert.deepEqual(logstash.texts, []);
  logstash.last.opened();
  assert.deepEqual(logstash.texts, ['one']);
  await clock.advance(RECONNECT_MS);
  assert.equal(logstash.connections.length, 2);
  shipper.stop();
});

test('lines go in datagrams', async (t) => {
  const host = '127.0.0.1';
  const server = createSocket('udp4');
  t.after(() => server.close());
  server.bind(0, host);
  await once(server, 'listening');
  const target = { protocol: 'udp', host, port: server.address().port } as const;
  const shipper = new LogstashShipper(target, new SimulatedClock());
  t.after(() => shipper.stop());
  shipper.write(line('hello'));
  const [bytes] = await once(server, 'message');
  assert.equal(Object(JSON.parse(String(bytes))).message, 'hello');
});
