import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpClient } from '../../../core/net/http-client.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';

const COUNT = 20;

test('requests in order follow each other on one connection and arrive in that order', async () => {
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  const arrived: string[] = [];
  const connections = new Set<unknown>();
  server.app.post('/call', async (request) => {
    arrived.push(String(request.body));
    connections.add(request.socket);
    return `taken ${String(request.body)}`;
  });
  const { port } = await server.listen();
  const client = createHttpClient();
  const url = `http://127.0.0.1:${port}/call`;
  const bodies = Array.from({ length: COUNT }, (_, at) => `${at} ${'x'.repeat(at * 1_000)}`);
  const answers = await Promise.all(
    bodies.map(async (body) => {
      const response = await client.request({ method: 'POST', url, body, inOrder: true });
      return response.text();
    }),
  );
  assert.deepEqual(arrived, bodies);
  assert.equal(connections.size, 1);
  assert.deepEqual(
    answers,
    bodies.map((body) => `taken ${body}`),
  );
  await client.close();
  await server.close();
});

/** Takes requests and answers only the first; counts connections and what came. */
async function silentServer(): Promise<{
  readonly url: string;
  readonly came: () => { readonly connections: number; readonly requests: number };
  readonly allCame: Promise<void>;
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}> {
  let text = '';
  const sockets: net.Socket[] = [];
  const all = Promise.withResolvers<void>();
  const requests = (): number => text.split('POST ').length - 1;
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (text === '') socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
      text += chunk.toString();
      if (requests() === COUNT) all.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/call`,
    came: () => ({ connections: sockets.length, requests: requests() }),
    allCame: all.promise,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

for (const [how, end] of [
  ['the connection ends', undefined],
  ['one is given up', new AbortController()],
] as const) {
  test(`requests in order are not sent again when ${how}`, async () => {
    const server = await silentServer();
    const client = createHttpClient();
    const send = (at: number): Promise<number> => {
      const given = { method: 'POST', url: server.url, body: `${at}`, inOrder: true };
      const signal = at === 2 && end !== undefined ? { signal: end.signal } : {};
      return client.request({ ...given, ...signal }).then(async (response) => {
        await response.bytes();
        return response.status;
      });
    };
    const sent = Array.from({ length: COUNT }, (_, at) => send(at));
    const results = Promise.allSettled(sent);
    await Promise.all([server.allCame, sent[0]]);
    if (end === undefined) server.cut();
    else end.abort();
    const [first, ...others] = await results;
    assert.deepEqual(first, { status: 'fulfilled', value: 202 });
    assert.deepEqual(
      others.map(({ status }) => status),
      others.map(() => 'rejected'),
    );
    assert.deepEqual(server.came(), { connections: 1, requests: COUNT });
    server.cut();
    await client.close();
    await server.close();
  });
}
