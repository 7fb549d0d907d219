/** Sockets are what is tested here, so these use free local ports. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer, type HttpServerOptions } from '../../../core/net/http-server.ts';
import { createLibprocess, type Libprocess } from '../../../core/net/libprocess.ts';
import type { Envelope, Upid } from '../../../core/net/ports.ts';
import { freePorts } from '../../e2e/support/programs.ts';

async function start(
  context: TestContext,
  options: Partial<HttpServerOptions> = {},
): Promise<{ readonly transport: Libprocess; stop(): Promise<void> }> {
  const http = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, ...options });
  const transport = createLibprocess({ http, log: silentLog });
  http.app.get('/version', (_request, reply) => reply.send('v'));
  await http.listen();
  const stop = async (): Promise<void> => {
    await transport.stop();
    await http.close();
  };
  context.after(stop);
  return { transport, stop };
}

function upid(transport: Libprocess, id: string): Upid {
  return { id, ip: transport.ip, port: transport.port };
}

/** Collects what arrives at an actor and waits for a count. */
class Inbox {
  readonly envelopes: Envelope[] = [];
  private wanted = 0;
  private arrived = Promise.withResolvers<void>();

  constructor(transport: Libprocess, id: string) {
    transport.register(id, (envelope) => {
      this.envelopes.push(envelope);
      if (this.envelopes.length === this.wanted) this.arrived.resolve();
    });
  }

  async next(count: number): Promise<readonly string[]> {
    this.wanted = count;
    this.arrived = Promise.withResolvers<void>();
    if (this.envelopes.length < count) await this.arrived.promise;
    return this.envelopes.map(({ name, from, body }) => `${from.id} ${name} ${Buffer.from(body)}`);
  }
}

test('messages of any size arrive in order', async (t) => {
  const [a, b] = await Promise.all([start(t), start(t)]);
  const inbox = new Inbox(b.transport, 'slave(1)');
  const from = upid(a.transport, 'master');
  const to = upid(b.transport, 'slave(1)');
  const bodies = Array.from({ length: 300 }, (_, at) =>
    'x'.repeat(at % 7 === 0 ? at * 977 : at % 5),
  );
  for (const [at, body] of bodies.entries()) {
    a.transport.send({ from, to, name: `m.${at}`, body: Buffer.from(body) });
  }
  const seen = await inbox.next(bodies.length);
  assert.deepEqual(
    seen,
    bodies.map((body, at) => `master m.${at} ${body}`),
  );
});

test('actors of one process talk without a socket, never inside the sender', async (t) => {
  const { transport } = await start(t);
  const inbox = new Inbox(transport, 'b');
  const envelope = { from: upid(transport, 'a'), to: upid(transport, 'b'), name: 'm' };
  transport.send({ ...envelope, body: Buffer.from('1') });
  assert.equal(inbox.envelopes.length, 0);
  assert.deepEqual(await inbox.next(1), ['a m 1']);
});

test('a link is a silent connection; its end tells every watcher once', async (t) => {
  let received = '';
  const accepted = Promise.withResolvers<net.Socket>();
  const peer = net.createServer((socket) => {
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    accepted.resolve(socket);
  });
  t.after(() => peer.close());
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const address = peer.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { transport } = await start(t);
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const at = { ip: '127.0.0.1', port: address.port };
  transport.link({ id: 'a', ...at }, () => told.push('a'));
  transport.link({ id: 'c', ...at }, () => told.push('unlinked'))();
  transport.link({ id: 'b', ...at }, () => {
    told.push('b');
    ended.resolve();
  });
  const socket = await accepted.promise;
  assert.equal(received, '');
  socket.destroy();
  await ended.promise;
  assert.deepEqual(told, ['a', 'b']);
});

test('a link to a port nobody listens on ends', async (t) => {
  const { transport } = await start(t);
  const gone = await start(t);
  const to = upid(gone.transport, 'slave(1)');
  await gone.stop();
  await new Promise<void>((resolve) => {
    transport.link(to, resolve);
  });
});

test('a message to a dead address is lost silently, and later ones arrive again', async (t) => {
  const { transport } = await start(t);
  // Not one that a connection of another file may get for its own end while nobody listens.
  const [port = 0] = await freePorts(1);
  const first = await start(t, { port });
  const to = upid(first.transport, 'slave(1)');
  await first.stop();
  const exited = new Promise<void>((resolve) => {
    transport.link(to, resolve);
  });
  transport.send({ from: upid(transport, 'm'), to, name: 'lost', body: Buffer.from('') });
  await exited;
  const again = createHttpServer({ ip: to.ip, port: to.port, log: silentLog });
  const reborn = createLibprocess({ http: again, log: silentLog });
  await again.listen();
  t.after(async () => {
    await reborn.stop();
    await again.close();
  });
  const inbox = new Inbox(reborn, 'slave(1)');
  transport.send({ from: upid(transport, 'm'), to, name: 'found', body: Buffer.from('') });
  assert.deepEqual(await inbox.next(1), ['m found ']);
});

test('answers: 202 for an actor, 404 for none, in request order, also among HTTP requests', async (t) => {
  const { transport } = await start(t);
  const inbox = new Inbox(transport, 'here');
  const socket = net.connect(transport.port, '127.0.0.1');
  t.after(() => socket.destroy());
  const message = (id: string): string =>
    `POST /${id}/m HTTP/1.1\r\nUser-Agent: libprocess/x@1.2.3.4:5\r\nContent-Length: 1\r\n\r\nb`;
  const get = 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n';
  socket.write(message('here') + message('nowhere') + get + message('here') + message('nowhere'));
  let received = '';
  for await (const chunk of socket) {
    received += String(chunk);
    if ((received.match(/HTTP\/1\.1 /g)?.length ?? 0) === 5 && received.endsWith('.')) break;
  }
  assert.deepEqual(
    [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['202', '404', '200', '202', '404'],
  );
  assert.deepEqual(await inbox.next(2), ['x m b', 'x m b']);
});

test('a sender that is no address is taken as nobody', async (t) => {
  const { transport } = await start(t);
  const inbox = new Inbox(transport, 'here');
  const socket = net.connect(transport.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('POST /here/m HTTP/1.1\r\nLibprocess-From: garbage\r\n\r\n');
  assert.deepEqual(await inbox.next(1), [' m ']);
});

test('a sender that names a foreign ip is refused when ips must match', async (t) => {
  const { transport } = await start(t, { requirePeerIpMatch: true });
  new Inbox(transport, 'here');
  const socket = net.connect(transport.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('POST /here/m HTTP/1.1\r\nLibprocess-From: x@10.9.9.9:5\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(
    String(answer),
    /^HTTP\/1\.1 400 [\s\S]*Message from x@10\.9\.9\.9:5 was sent from IP 127\.0\.0\.1$/,
  );
});
