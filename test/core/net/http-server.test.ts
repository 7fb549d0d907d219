/** Sockets are what is tested here, so these use free local ports. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { silentLog } from '../../../core/base/log.ts';
import { replyJson } from '../../../core/net/http-answers.ts';
import { createHttpClient } from '../../../core/net/http-client.ts';
import {
  bodyOf,
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from '../../../core/net/http-server.ts';
import { type StreamingReply, streamingReply } from '../../../core/net/streaming-reply.ts';
import { RecordDecoder } from '../../../core/wire/recordio.ts';

interface Started {
  readonly server: HttpServer;
  readonly port: number;
  readonly url: string;
}

async function start(
  context: TestContext,
  declare: (server: HttpServer) => void,
  options: Partial<HttpServerOptions> = {},
): Promise<Started> {
  const server = createHttpServer({
    ip: '127.0.0.1',
    port: 0,
    log: silentLog,
    delegate: 'master',
    ...options,
  });
  context.after(() => server.close());
  declare(server);
  const { port } = await server.listen();
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Sends raw bytes and gives everything that comes back until `until` is seen or the end. */
async function exchange(port: number, text: string, until?: RegExp): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  let received = '';
  for await (const chunk of socket) {
    received += String(chunk);
    if (until?.test(received) === true) break;
  }
  socket.destroy();
  return received.replaceAll(/Date: [^\r]+/g, 'Date: D');
}

function state(server: HttpServer): void {
  server.app.all('/master/state', (request, reply) => replyJson(request, reply, '{"a":1}'));
  server.app.get('/version', (request, reply) => replyJson(request, reply, '{}'));
  server.app.post('/master/echo', (request, reply) => reply.send(bodyOf(request)));
  server.app.post('/master/accept', (_request, reply) => reply.code(202).send());
  server.app.get('/master/fail', () => {
    throw new Error('secret');
  });
}

test('answers have the headers of the original in its order, and no others', async (t) => {
  const { port } = await start(t, state);
  const json = /\}$/;
  assert.equal(
    await exchange(port, 'GET /state HTTP/1.1\r\nHost: x\r\n\r\n', json),
    'HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 7\r\nContent-Type: application/json\r\n\r\n{"a":1}',
  );
  assert.equal(
    await exchange(
      port,
      'POST /accept HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
      /\n\r\n$/,
    ),
    'HTTP/1.1 202 Accepted\r\nDate: D\r\nContent-Length: 0\r\n\r\n',
  );
  assert.equal(
    await exchange(port, 'GET /nope HTTP/1.1\r\nHost: x\r\n\r\n', /\.$/),
    'HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\n' +
      'Content-Length: 14\r\n\r\n404 Not Found.',
  );
  assert.match(
    await exchange(port, 'GET /fail HTTP/1.1\r\nHost: x\r\n\r\n', /\.$/),
    /^HTTP\/1\.1 500 [\s\S]*\r\n\r\n500 Internal Server Error\.$/,
  );
});

test('of an Accept that comes several times the last counts, with all that it lists', async (t) => {
  const { port } = await start(t, (server) => {
    server.app.get('/accept', (request, reply) =>
      reply.send([request.headers.accept, request.headers['message-accept']].join('; ')),
    );
  });
  const lines = [
    'Accept: a/a',
    'Message-Accept: m/m',
    'ACCEPT: b/b, c/c;q=0',
    'Message-Accept: n/n',
  ];
  const request = `GET /accept HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`;
  assert.match(await exchange(port, request, /n$/), /\r\n\r\nb\/b, c\/c;q=0; n\/n$/);
});

test('HEAD is answered like GET, with the body, by daemons with actors', async (t) => {
  const { port } = await start(t, state);
  const request = 'HEAD /state HTTP/1.1\r\nHost: x\r\n\r\n';
  const answer =
    'HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 7\r\nContent-Type: application/json\r\n\r\n{"a":1}';
  assert.equal(await exchange(port, request, /\}$/), answer);
  // The connection goes on behind the body.
  const twice = await exchange(port, request + request, /\}[\s\S]*\}$/);
  assert.equal(twice, answer + answer);
});

test('HEAD has no body where paths are plain', async (t) => {
  const { port } = await start(
    t,
    (server) => server.app.all('/plain', (request, reply) => replyJson(request, reply, '{"a":1}')),
    { delegate: undefined },
  );
  const request = 'HEAD /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const answer =
    'HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 7\r\nContent-Type: application/json\r\n\r\n';
  assert.equal(await exchange(port, request), answer);
});

test('HTTP/1.0 and Connection: close end the connection after the answer', async (t) => {
  const { port } = await start(t, state);
  assert.match(
    await exchange(port, 'GET /version HTTP/1.0\r\n\r\n'),
    /^HTTP\/1\.1 200 [\s\S]*\{\}$/,
  );
  const close = 'GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  assert.match(await exchange(port, close), /\{\}$/);
});

test('garbled requests and unknown methods end the connection without an answer', async (t) => {
  const { port } = await start(t, state);
  for (const request of [
    'FOO / HTTP/1.1\r\n\r\n',
    'GET version HTTP/1.1\r\n\r\n',
    '\u0001\r\n\r\n',
  ]) {
    assert.equal(await exchange(port, request), '', request);
  }
});

test('a target that is no path is refused, a bad escape in the query ends the connection', async (t) => {
  const { port } = await start(t, state);
  const head = ' HTTP/1.1\r\nHost: x\r\n\r\n';
  assert.match(
    await exchange(port, `OPTIONS *${head}`, /'\/'$/),
    /^HTTP\/1\.1 400 [\s\S]*\r\n\r\nRequest URL path must start with '\/'$/,
  );
  assert.equal(await exchange(port, `GET /state?limit=%zz${head}`), '');
});

test('a client that expects 100 gets its answer only', async (t) => {
  const { port } = await start(t, state);
  const head =
    'POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
  const answer = await exchange(port, `${head}ok`, /ok$/);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
});

test('any content type, or none, gives the raw body', async (t) => {
  const { url } = await start(t, state);
  const client = createHttpClient();
  t.after(() => client.close());
  for (const type of ['application/json', 'text/plain', 'nonsense', 'a/b; c=d', undefined]) {
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await client.request({
      method: 'POST',
      url: `${url}/echo`,
      headers,
      body: '{not json',
    });
    assert.equal(await answer.text(), '{not json', type);
  }
});

test('a compressed request body is decompressed, and refused when it is no gzip', async (t) => {
  const { url } = await start(t, state);
  const client = createHttpClient();
  t.after(() => client.close());
  const post = async (body: Uint8Array): Promise<string> => {
    const headers = { 'content-encoding': 'gzip' };
    const answer = await client.request({ method: 'POST', url: `${url}/echo`, headers, body });
    return `${answer.status} ${await answer.text()}`;
  };
  assert.equal(await post(gzipSync('hello')), '200 hello');
  assert.equal(await post(Buffer.from('hello')), '500 failed to decode body');
});

test('a body over the limit is refused', async (t) => {
  const { url } = await start(t, state, { bodyMaxBytes: 10 });
  const client = createHttpClient();
  t.after(() => client.close());
  const answer = await client.request({ method: 'POST', url: `${url}/echo`, body: 'x'.repeat(11) });
  assert.equal(`${answer.status} ${await answer.text()}`, '413 413 Payload Too Large.');
});

test('a client that leaves before its answer begins is no error', async (t) => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (...said: unknown[]) => void errors.push(said) };
  const body = new PassThrough();
  const { port } = await start(
    t,
    ({ app }) => {
      app.post('/master/slow', async (request, reply) => {
        socket.destroy();
        await once(request.socket, 'close');
        return reply.send(body);
      });
    },
    { log },
  );
  const socket = net.connect(port, '127.0.0.1');
  socket.write('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx');
  await once(body, 'close').catch(() => {});
  assert.match(await exchange(port, 'GET /none HTTP/1.0\r\n\r\n', /\n/), /^HTTP\/1.1 404/);
  assert.deepEqual(errors, []);
});

test('bodies from 1024 bytes on are compressed for those who ask', async (t) => {
  const { url } = await start(t, ({ app }) => {
    app.get('/master/size/:bytes', (request, reply) => {
      const bytes = Number(/\d+/.exec(request.url)?.[0]);
      // Two bytes each, and one more when the number is odd.
      return reply.type('text/plain').send('é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2));
    });
  });
  const client = createHttpClient();
  t.after(() => client.close());
  const get = async (bytes: number, accept: string): Promise<readonly (string | number)[]> => {
    const headers = { 'accept-encoding': accept };
    const answer = await client.request({ method: 'GET', url: `${url}/size/${bytes}`, headers });
    const body = await answer.bytes();
    const encoding = answer.headers['content-encoding'] ?? 'none';
    return [encoding, encoding === 'gzip' ? gunzipSync(body).length : body.length];
  };
  assert.deepEqual(await get(1023, 'gzip'), ['none', 1023]);
  assert.deepEqual(await get(1024, 'gzip'), ['gzip', 1024]);
  assert.deepEqual(await get(1024, 'deflate'), ['none', 1024]);
});

test('JSON is wrapped for JSONP, whatever the name', async (t) => {
  const { url } = await start(t, state);
  const client = createHttpClient();
  t.after(() => client.close());
  const answer = await client.request({ method: 'GET', url: `${url}/state?jsonp=cb` });
  assert.equal(answer.headers['content-type'], 'text/javascript');
  assert.equal(await answer.text(), 'cb({"a":1})');
});

test('a taken port is reported with its address', async (t) => {
  const { port } = await start(t, state);
  const second = createHttpServer({ ip: '127.0.0.1', port, log: silentLog });
  t.after(() => second.close());
  await assert.rejects(second.listen(), {
    code: 'ADDRESS_IN_USE',
    message: `address 127.0.0.1:${port} is already in use`,
  });
});

test('a stream sends each record at once and tells when the client has gone', async (t) => {
  const closed = Promise.withResolvers<void>();
  let stream: StreamingReply | undefined;
  const { url } = await start(t, ({ app }) => {
    app.get('/master/stream', (_request, reply) => {
      const headers = { 'content-type': 'application/json', 'mesos-stream-id': 'x' };
      stream = streamingReply(reply, { headers, onClose: closed.resolve });
      stream.write('1\na');
    });
  });
  const client = createHttpClient();
  t.after(() => client.close());
  const answer = await client.request({ method: 'GET', url: `${url}/stream` });
  assert.equal(answer.headers['transfer-encoding'], 'chunked');
  const decoder = new RecordDecoder();
  const records: string[] = [];
  for await (const chunk of answer.body) {
    for (const record of decoder.push(chunk)) records.push(Buffer.from(record).toString());
    if (records.length === 2) break;
    stream?.write('1\nb');
  }
  assert.deepEqual(records, ['a', 'b']);
  answer.cancel();
  await closed.promise;
  assert.equal(stream?.isOpen, false);
  assert.equal(stream?.write('1\nc'), false);
});

test('a client that does not read is dropped when its queue is full', async (t) => {
  const events: string[] = [];
  const written = Promise.withResolvers<void>();
  const { port } = await start(t, ({ app }) => {
    app.get('/master/stream', (_request, reply) => {
      const stream = streamingReply(reply, {
        headers: {},
        queueMaxBytes: 1000,
        onSlow: () => events.push('slow'),
        onClose: () => events.push('closed'),
      });
      const chunk = Buffer.alloc(1024 * 1024);
      for (let count = 0; count < 100 && stream.write(chunk); count += 1);
      written.resolve();
    });
  });
  const socket = net.connect(port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  socket.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
  await written.promise;
  assert.deepEqual(events, ['slow', 'closed']);
  socket.destroy();
});

test('a path with a bad escape is not found', async (t) => {
  const { port } = await start(t, ({ app }) => {
    app.get('/master/state/:name', (_request, reply) => reply.send('x'));
  });
  for (const path of ['/state%', '/state/%zz', `/state/${'a'.repeat(5_000)}`]) {
    const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, /Found\.$/);
    assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n(?:.*\r\n)*\r\n404 Not Found\.$/);
  }
});

test('closing cuts idle connections and streams within its bound', async (t) => {
  const { server, port, url } = await start(t, ({ app }) => {
    app.get('/master/stream', (_request, reply) => {
      streamingReply(reply, { headers: {} }).write('x');
    });
  });
  const idle = net.connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const idleClosed = once(idle, 'close');
  const client = createHttpClient();
  t.after(() => client.close());
  const stream = await client.request({ method: 'GET', url: `${url}/stream` });
  const ended = stream.bytes();
  await Promise.all([
    server.close(),
    idleClosed,
    assert.rejects(ended, { code: 'CONNECTION_LOST' }),
  ]);
  await assert.rejects(client.request({ method: 'GET', url }), { code: 'CONNECTION_REFUSED' });
});

test('the client gives up waiting for a head, or when it is told to', async (t) => {
  const { url } = await start(t, ({ app }) => {
    app.get('/master/never', () => new Promise(() => {}));
  });
  const client = createHttpClient();
  t.after(() => client.close());
  const never = { method: 'GET', url: `${url}/never` };
  await assert.rejects(client.request({ ...never, headTimeoutMs: 20 }), { code: 'TIMEOUT' });
  const abort = new AbortController();
  const aborted = client.request({ ...never, signal: abort.signal });
  abort.abort();
  await assert.rejects(aborted, { code: 'ABORTED' });
});
