/** Sockets are what is tested here, so these use free local ports. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { bodyOf, createHttpServer } from '../../../core/net/http-server.ts';

const LONG = 'x'.repeat(2_000);

/** `/master/direct` answers as `/master/route` does; says which of them was asked on the way. */
interface Started {
  readonly port: number;
  /** By which way. */
  readonly asked: string[];
  readonly bodies: string[];
  readonly accepts: (string | undefined)[];
}

async function start(context: TestContext): Promise<Started> {
  const asked: string[] = [];
  const bodies: string[] = [];
  const accepts: (string | undefined)[] = [];
  const server = createHttpServer({
    ip: '127.0.0.1',
    port: 0,
    log: silentLog,
    delegate: 'master',
    bodyMaxBytes: 5_000,
  });
  context.after(() => server.close());
  server.answerDirectly('/master/direct', {
    takes: (headers) => headers['mesos-stream-id'] !== undefined,
    answer: (headers, body) => {
      asked.push('direct');
      bodies.push(String(body));
      accepts.push(headers.accept);
      return answerTo(String(body));
    },
  });
  for (const path of ['direct', 'route']) {
    server.app.post(`/master/${path}`, (request, reply) => {
      asked.push('route');
      bodies.push(String(bodyOf(request)));
      accepts.push(request.headers.accept);
      const { status, text } = answerTo(String(bodyOf(request)));
      if (text === '') return reply.code(status).send();
      return reply.code(status).type('text/plain; charset=utf-8').send(text);
    });
  }
  const { port } = await server.listen();
  return { port, asked, bodies, accepts };
}

function answerTo(body: string): { readonly status: number; readonly text: string } {
  if (body === 'throw') throw new Error('secret');
  if (body === 'ok') return { status: 202, text: '' };
  return { status: 400, text: body === 'long' ? LONG : `no ${body}` };
}

/** The bytes that come back for one request on a connection of its own. */
async function post(port: number, path: string, head: string, body: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  const length = head.includes('Transfer-Encoding') ? '' : `Content-Length: ${body.length}\r\n`;
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${length}${head}\r\n${body}`,
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString('latin1')
    .replaceAll(/Date: [^\r]+/g, 'Date: D');
}

const STREAM = 'Mesos-Stream-Id: s\r\nContent-Type: application/json\r\n';

test('what is answered directly looks like the answer of a route, byte for byte', async (t) => {
  const { port, asked } = await start(t);
  for (const body of ['ok', 'bad', 'long', 'throw']) {
    for (const head of [STREAM, `${STREAM}Accept-Encoding: gzip\r\n`]) {
      const ours = await post(port, '/direct', head, body);
      assert.equal(ours, await post(port, '/master/route', head, body));
      assert.equal(ours, await post(port, '/master/direct', head, body));
      assert.deepEqual(asked.splice(0), ['direct', 'route', 'direct'], body);
    }
  }
});

test('what is not taken, has no length, is packed or too long goes to the route', async (t) => {
  const { port, asked } = await start(t);
  await post(port, '/direct', '', 'ok');
  await post(port, '/direct?a=b', STREAM, 'ok');
  const chunked = `${STREAM}Transfer-Encoding: chunked\r\n`;
  const answer = await post(port, '/direct', chunked, '2\r\nok\r\n0\r\n\r\n');
  assert.match(answer, /^HTTP\/1.1 202/);
  assert.deepEqual(asked, ['route', 'route', 'route']);
  assert.match(await post(port, '/direct', STREAM, 'x'.repeat(5_001)), /^HTTP\/1.1 413/);
  assert.match(
    await post(port, '/direct', `${STREAM}Content-Encoding: gzip\r\n`, 'ok'),
    /^HTTP\/1.1 500/,
  );
});

test('a call does not overtake another one that takes the longer way', async (t) => {
  const { port, asked, bodies, accepts } = await start(t);
  const twice = `${STREAM}Accept: a/a\r\nAccept: b/b\r\n`;
  const head = `POST /direct HTTP/1.1\r\nHost: a\r\n${twice}`;
  const chunked = (body: string): string =>
    `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n${body}\r\n0\r\n\r\n`;
  const direct = (body: string): string => `${head}Content-Length: 1\r\n\r\n${body}`;
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const answers = socket.iterator({ destroyOnReturn: false });
  let received = '';
  const until = async (text: string): Promise<void> => {
    while (!received.includes(text)) received += String((await answers.next()).value);
  };
  socket.write(direct('1') + chunked('2') + direct('3') + chunked('4') + direct('5'));
  await until('no 5');
  assert.deepEqual(bodies, ['1', '2', '3', '4', '5']);
  assert.deepEqual(asked, ['direct', 'route', 'route', 'route', 'route']);
  assert.deepEqual(new Set(accepts), new Set(['b/b']));
  // The short way again, once nothing else is under way.
  socket.write(direct('6'));
  await until('no 6');
  assert.equal(asked.at(-1), 'direct');
});

test('calls that follow each other on one connection are answered in their order', async (t) => {
  const { port } = await start(t);
  const one = (body: string): string =>
    `POST /direct HTTP/1.1\r\nHost: a\r\n${STREAM}Content-Length: ${body.length}\r\n\r\n${body}`;
  const socket = net.connect(port, '127.0.0.1');
  socket.write(one('ok') + one('bad') + one('ok'));
  let received = '';
  for await (const chunk of socket) {
    received += String(chunk);
    if (received.split('HTTP/1.1 ').length > 3) break;
  }
  socket.destroy();
  assert.deepEqual(received.match(/HTTP\/1.1 \d+/g), [
    'HTTP/1.1 202',
    'HTTP/1.1 400',
    'HTTP/1.1 202',
  ]);
});
