import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { SimulatedClock } from '../../../core/testing/index.ts';
import { EventHub, type EventSink } from '../../../schedulers/kit/event-hub.ts';
import { isJson, problemAnswers, readJson } from '../../../schedulers/kit/http-kit.ts';

function serverWithProblems() {
  const internal: unknown[] = [];
  const problems = problemAnswers({
    render: (problem, _request, reply) =>
      reply.code(problem.status).type('application/json').send(JSON.stringify(problem)),
    onInternal: (thrown) => internal.push(thrown),
  });
  const server = createHttpServer({
    ip: '127.0.0.1',
    port: 0,
    log: silentLog,
    bodyMaxBytes: 100,
    onNotFound: problems.onNotFound,
    onError: problems.onError,
  });
  problems.watch(server.app);
  server.app.post('/things/:id', (request, reply) => {
    if (!isJson(request)) return reply.code(415).send();
    const body = readJson(request);
    return body.ok
      ? reply.send(JSON.stringify(body.value))
      : reply.code(400).send(body.error.message);
  });
  server.app.get('/broken', () => {
    throw new Error('secret');
  });
  return { app: server.app, internal };
}

test('a wrong method is told from an unknown path', async () => {
  const { app } = serverWithProblems();
  const wrong = await app.inject({ method: 'GET', url: '/things/7?x=1' });
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.headers['allow'], 'POST');
  assert.equal((await app.inject({ method: 'GET', url: '/things' })).statusCode, 404);
  assert.equal((await app.inject({ method: 'GET', url: '/things/7/8' })).statusCode, 404);
});

test('JSON errors say where, and content types may have parameters', async () => {
  const { app } = serverWithProblems();
  const post = (payload: string, type: string) =>
    app.inject({ method: 'POST', url: '/things/1', payload, headers: { 'content-type': type } });
  assert.equal((await post('{"a":1}', 'application/json; charset=utf-8')).body, '{"a":1}');
  assert.equal((await post('{}', 'application/vnd.x+json')).statusCode, 200);
  assert.equal((await post('{}', 'text/json-like')).statusCode, 415);
  assert.match((await post('{"a":1,}', 'application/json')).body, /line 1 column 8/);
  const large = await post(JSON.stringify('x'.repeat(200)), 'application/json');
  assert.equal(large.statusCode, 413);
});

test('an error of ours is reported and shows nothing', async () => {
  const { app, internal } = serverWithProblems();
  const reply = await app.inject({ method: 'GET', url: '/broken' });
  assert.equal(reply.statusCode, 500);
  assert.doesNotMatch(reply.body, /secret/);
  assert.equal(internal.length, 1);
});

class Sink implements EventSink {
  readonly written: string[] = [];
  writableLength = 0;
  isEnded = false;

  write(text: string): void {
    this.written.push(text);
  }

  end(): void {
    this.isEnded = true;
  }
}

const HUB = { clientsMax: 2, waitingBytesMax: 100, keepAliveMs: 1_000 };

test('events reach those who asked for their type', () => {
  const hub = new EventHub(new SimulatedClock(), HUB);
  const [all, some] = [new Sink(), new Sink()];
  hub.connect(all);
  const leave = hub.connect(some, new Set(['b']));
  assert.equal(hub.connect(new Sink()), undefined);
  hub.publish('a', '{"n":1}');
  hub.publish('b', '{"n":2}');
  leave?.();
  hub.publish('b', '{"n":3}');
  assert.deepEqual(some.written, ['event: b\r\ndata: {"n":2}\r\n\r\n']);
  assert.equal(all.written.length, 3);
  hub.close();
  assert.equal(all.isEnded, true);
});

test('a client that does not read is dropped and counted', () => {
  const hub = new EventHub(new SimulatedClock(), HUB);
  const sink = new Sink();
  hub.connect(sink);
  sink.writableLength = 101;
  hub.publish('a', '{}');
  assert.equal(sink.isEnded, true);
  assert.equal(hub.clientCount, 0);
  assert.equal(hub.droppedCount, 1);
});

test('silent streams are kept alive, and no timer is left without clients', async () => {
  const clock = new SimulatedClock();
  const hub = new EventHub(clock, HUB);
  const sink = new Sink();
  const leave = hub.connect(sink);
  await clock.advance(2_500);
  assert.equal(sink.written.length, 2);
  leave?.();
  assert.equal(clock.nextTimerAt, undefined);
});
