/** Connections over TCP end in their time, which is virtual here. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { SimulatedClock } from '../../core/testing/index.ts';
import { TcpServer } from '../../dns/tcp-server.ts';

async function connected(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return { socket, closed: once(socket, 'close') };
}

test('a connection without a query is closed after eight seconds, one within a query after two', async () => {
  const clock = new SimulatedClock();
  const asked: Buffer[] = [];
  const server = new TcpServer((message, reply) => {
    asked.push(Buffer.from(message));
    reply(Buffer.from('answer'));
  }, clock);
  const port = await server.listen('127.0.0.1', 0);
  const { socket, closed } = await connected(port);
  const answered = once(socket, 'data');
  socket.write(Buffer.from([0, 2, 7, 7]));
  await answered;
  assert.deepEqual(asked, [Buffer.from([7, 7])]);
  await clock.advance(7_999);
  assert.equal(socket.destroyed, false);
  const again = once(socket, 'data');
  // A whole query and the begin of another.
  socket.write(Buffer.from([0, 1, 8, 0, 9]));
  await again;
  await clock.advance(1_999);
  assert.equal(socket.readyState, 'open');
  await clock.advance(1);
  await closed;
  const idle = await connected(port);
  // Its limit begins when the server has seen it, which an answer shows.
  const first = once(idle.socket, 'data');
  idle.socket.write(Buffer.from([0, 1, 1]));
  await first;
  await clock.advance(8_000);
  await idle.closed;
  await server.close();
});
