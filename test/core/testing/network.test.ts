/** Tests of the simulated network: what libprocess promises and what the verbs do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../core/base/random.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { type NetworkOptions, SimulatedNetwork } from '../../../core/testing/network.ts';

interface Pair {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  /** Bodies received by `b`, as texts. */
  readonly got: string[];
  send(text: string, name?: string): void;
}

function pair(options: Partial<NetworkOptions> = {}): Pair {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, ...options });
  const a = network.start('a');
  const b = network.start('b');
  const got: string[] = [];
  b.transport.register('master', (envelope) => got.push(Buffer.from(envelope.body).toString()));
  const from = { id: 'x', ip: a.ip, port: a.port };
  const to = { id: 'master', ip: b.ip, port: b.port };
  return {
    clock,
    network,
    got,
    send: (text, name = 'mesos.internal.X') =>
      a.transport.send({ from, to, name, body: Buffer.from(text) }),
  };
}

test('messages between two processes keep their order whatever their latency', async () => {
  const it = pair({ latencyMs: [1, 100], random: new SeededRandom(7) });
  const sent = Array.from({ length: 50 }, (_, at) => `${at}`);
  for (const text of sent) it.send(text);
  await it.clock.advance(200);
  assert.deepEqual(it.got, sent);
});

test('messages to a missing actor or process vanish', async () => {
  const it = pair();
  it.network.process('b').transport.unregister('master');
  it.send('lost');
  it.network.crash('b');
  it.send('lost too');
  await it.clock.advance(10);
  assert.deepEqual(it.got, []);
});

test('a dropped message is lost once and silently', async () => {
  const it = pair();
  it.network.drop({ message: 'X', from: 'a' });
  it.send('1');
  it.send('2');
  await it.clock.advance(10);
  assert.deepEqual(it.got, ['2']);
});

test('a held message and those behind it wait for the release', async () => {
  const it = pair();
  it.network.hold({ message: 'mesos.internal.Slow' });
  it.send('1');
  it.send('2', 'mesos.internal.Slow');
  it.send('3');
  await it.clock.advance(10);
  assert.deepEqual(it.got, ['1']);
  it.network.release();
  await it.clock.advance(10);
  assert.deepEqual(it.got, ['1', '2', '3']);
});

test('next gives the message that was delivered', async () => {
  const it = pair();
  const next = it.network.next('X', 'a', 'b');
  it.send('hello');
  await it.clock.advance(10);
  assert.equal(Buffer.from((await next).body).toString(), 'hello');
});

test('a partition loses messages both ways and breaks the links when it heals', async () => {
  const it = pair();
  const a = it.network.process('a');
  const b = it.network.process('b');
  let exits = 0;
  a.transport.link({ id: 'master', ip: b.ip, port: b.port }, () => {
    exits += 1;
  });
  it.network.partition('a', 'b');
  it.send('lost');
  await it.clock.advance(1_000);
  assert.deepEqual([it.got, exits], [[], 0]);
  it.network.heal('a', 'b');
  await it.clock.advance(10);
  it.send('arrives');
  await it.clock.advance(10);
  assert.deepEqual([it.got, exits], [['arrives'], 1]);
});

test('all links to an address end together, once, when its process crashes', async () => {
  const it = pair();
  const { transport } = it.network.process('a');
  const b = it.network.process('b');
  const exited: string[] = [];
  transport.link({ id: 'one', ip: b.ip, port: b.port }, () => exited.push('one'));
  transport.link({ id: 'two', ip: b.ip, port: b.port }, () => exited.push('two'));
  const unlink = transport.link({ id: 'three', ip: b.ip, port: b.port }, () =>
    exited.push('three'),
  );
  unlink();
  it.network.crash('b');
  await it.clock.advance(10);
  assert.deepEqual(exited, ['one', 'two']);
});

test('a link to a process that does not run ends at once', async () => {
  const it = pair();
  let exits = 0;
  it.network.process('a').transport.link({ id: 'x', ip: '10.0.0.99', port: 1 }, () => {
    exits += 1;
  });
  await it.clock.advance(10);
  assert.equal(exits, 1);
});

test('a lost message ends the link of its sender', async () => {
  const it = pair({ lossRate: 1 });
  const b = it.network.process('b');
  let exits = 0;
  it.network.process('a').transport.link({ id: 'master', ip: b.ip, port: b.port }, () => {
    exits += 1;
  });
  it.send('lost');
  await it.clock.advance(10);
  assert.deepEqual([it.got, exits], [[], 1]);
});

test('a crashed process sends and receives nothing; its next life has the same address', async () => {
  const it = pair();
  it.network.crash('a');
  it.send('from the dead');
  const again = it.network.start('a');
  await it.clock.advance(10);
  assert.deepEqual(it.got, []);
  assert.equal(again.ip, '10.0.0.1');
});
