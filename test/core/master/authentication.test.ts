/** Authentication at the master and our agent's end of it, on a network without sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Authenticatee } from '../../../core/agent/authenticatee.ts';
import type { AuthenticationResult } from '../../../core/agent/authentication.ts';
import { CramMd5Client } from '../../../core/auth/crammd5.ts';
import { silentLog } from '../../../core/base/log.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { Authentication } from '../../../core/master/authentication.ts';
import { LoopbackNetwork } from '../../../core/net/loopback.ts';
import type { Envelope, Upid } from '../../../core/net/ports.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { encodeMessage } from '../../../core/wire/codec.ts';
import { formatUpid } from '../../../core/wire/upid.ts';

const MASTER: Upid = { id: 'master', ip: '10.0.0.1', port: 5050 };
const AGENT: Upid = { id: 'slave(1)', ip: '10.0.0.9', port: 5051 };

function network(credentials: ReadonlyMap<string, string> | undefined) {
  const tasks: (() => void)[] = [];
  const loopback = new LoopbackNetwork((task) => tasks.push(task));
  const transport = loopback.createTransport(MASTER.ip, MASTER.port);
  const peer = loopback.createTransport(AGENT.ip, AGENT.port);
  const clock = new SimulatedClock();
  const said: string[] = [];
  let askedCount = 0;
  const authentication = new Authentication(
    { credentials, timeoutMs: 15_000, hostname: 'm1' },
    {
      transport,
      clock,
      random: new SeededRandom(1),
      log: silentLog,
      onAsked: () => {
        askedCount += 1;
      },
      onIdentified: (pid, principal) => said.push(`${formatUpid(pid)} is ${principal}`),
      onReleased: (envelope) => said.push(`released ${envelope.name}`),
    },
  );
  transport.register('master', (envelope) => {
    if (!authentication.holds(envelope)) said.push(`heard ${envelope.name}`);
  });
  const deliver = (): void => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const send = (name: string, body: Uint8Array = new Uint8Array(0)): void => {
    const envelope: Envelope = { from: AGENT, to: MASTER, name, body };
    peer.send(envelope);
    deliver();
  };
  return { authentication, peer, clock, said, asked: () => askedCount, deliver, send, tasks };
}

function authenticate(it: ReturnType<typeof network>, secret: string) {
  const results: AuthenticationResult[] = [];
  const client = new Authenticatee(
    () => new CramMd5Client({ principal: 'agent', secret }),
    it.peer,
  );
  client.begin(1, { master: MASTER, self: AGENT }, (result) => results.push(result));
  return results;
}

test('our agent authenticates with our master', () => {
  const it = network(new Map([['agent', 's']]));
  const results = authenticate(it, 's');
  it.deliver();
  assert.deepEqual(results, [{ kind: 'completed' }]);
  assert.deepEqual(it.said, [
    'slave(1)@10.0.0.9:5051 is undefined',
    'slave(1)@10.0.0.9:5051 is agent',
  ]);
  assert.equal(it.authentication.sessionCount, 0);
});

test('a wrong secret is refused', () => {
  const it = network(new Map([['agent', 's']]));
  const results = authenticate(it, 't');
  it.deliver();
  assert.deepEqual(results, [{ kind: 'refused' }]);
  assert.deepEqual(it.said, ['slave(1)@10.0.0.9:5051 is undefined']);
});

test('a master without credentials says so', () => {
  const it = network(undefined);
  const results = authenticate(it, 's');
  it.deliver();
  assert.deepEqual(results, [{ kind: 'error', error: 'No authenticator loaded' }]);
});

test('registrations wait for the end of the exchange, other messages do not', () => {
  const it = network(new Map([['agent', 's']]));
  const body = encodeMessage('mesos.internal.AuthenticateMessage', { pid: formatUpid(AGENT) });
  it.send('mesos.internal.AuthenticateMessage', body);
  it.said.length = 0;
  for (let count = 0; count < 20; count++) it.send('mesos.internal.RegisterSlaveMessage');
  it.send('mesos.internal.UpdateSlaveMessage');
  assert.deepEqual(it.said, ['heard mesos.internal.UpdateSlaveMessage']);
  authenticate(it, 's');
  it.deliver();
  const released = it.said.filter((line) => line.startsWith('released'));
  assert.equal(released.length, 8);
  assert.equal(
    it.said.indexOf('slave(1)@10.0.0.9:5051 is agent') < it.said.indexOf(released[0] ?? ''),
    true,
  );
});

test('an exchange that nobody goes on with is given up after its time, without proof', async () => {
  const it = network(new Map([['agent', 's']]));
  const body = encodeMessage('mesos.internal.AuthenticateMessage', { pid: formatUpid(AGENT) });
  it.send('mesos.internal.AuthenticateMessage', body);
  it.send('mesos.internal.RegisterSlaveMessage');
  assert.equal(it.authentication.sessionCount, 1);
  await it.clock.advance(14_999);
  assert.equal(it.authentication.sessionCount, 1);
  await it.clock.advance(1);
  assert.equal(it.authentication.sessionCount, 0);
  assert.equal(it.said.at(-1), 'released mesos.internal.RegisterSlaveMessage');
});

test('the end of the peer ends its exchange', () => {
  const it = network(new Map([['agent', 's']]));
  const body = encodeMessage('mesos.internal.AuthenticateMessage', { pid: formatUpid(AGENT) });
  it.send('mesos.internal.AuthenticateMessage', body);
  it.peer.stop();
  it.deliver();
  assert.equal(it.authentication.sessionCount, 0);
});

test('garbage instead of messages changes nothing', () => {
  const it = network(new Map([['agent', 's']]));
  it.send('mesos.internal.AuthenticateMessage', Uint8Array.of(0xff, 0xff));
  const empty = encodeMessage('mesos.internal.AuthenticateMessage', { pid: 'nobody' });
  it.send('mesos.internal.AuthenticateMessage', empty);
  assert.equal(it.authentication.sessionCount, 0);
  assert.equal(it.asked(), 2);
  const body = encodeMessage('mesos.internal.AuthenticateMessage', { pid: formatUpid(AGENT) });
  it.send('mesos.internal.AuthenticateMessage', body);
  const to = { ...MASTER, id: 'crammd5-authenticator-session(1)' };
  const bad = Uint8Array.of(0x0a, 99);
  it.peer.send({ from: AGENT, to, name: 'mesos.internal.AuthenticationStartMessage', body: bad });
  it.deliver();
  assert.equal(it.authentication.sessionCount, 1);
});
