/** What a process answers that does not lead, without sockets. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import type { HttpClient, HttpRequest } from '../../../core/net/ports.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { proxyToLeader } from '../../../schedulers/kit/leader-proxy.ts';

interface Standby {
  leader: string | undefined;
  isLeading: boolean;
  readonly clock: SimulatedClock;
  readonly asked: HttpRequest[];
  readonly app: ReturnType<typeof createHttpServer>['app'];
}

function standby(context: TestContext, failure?: Error): Standby {
  const asked: HttpRequest[] = [];
  const http: HttpClient = {
    async request(request) {
      asked.push(request);
      if (failure !== undefined) throw failure;
      return {
        status: 422,
        headers: { 'content-type': 'application/json', 'x-own': 'kept', connection: 'close' },
        body: (async function* () {
          yield Buffer.from('{"message":"no"}');
        })(),
        text: async () => '',
        bytes: async () => new Uint8Array(),
        cancel: () => {},
      };
    },
    async close() {},
  };
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  context.after(() => server.close());
  const state = {
    leader: 'a:8080',
    isLeading: false,
    clock: new SimulatedClock(),
    asked,
    app: server.app,
  };
  proxyToLeader(
    server.app,
    {
      isLeading: () => state.isLeading,
      leader: () => state.leader,
      self: () => 'b:8080',
      viaHeader: 'x-via',
      isRedirected: (path) => path === '/events',
      answer: (reply, { kind }) => reply.code(502).send(kind),
    },
    { http, clock: state.clock },
  );
  server.app.get('/own', async () => 'mine');
  return state;
}

test('a request goes to the leader as it is, and the answer comes back as it is', async (context) => {
  const it = standby(context);
  const answer = await it.app.inject({
    method: 'PUT',
    url: '/apps?force=true',
    headers: { 'content-type': 'application/json', authorization: 'Basic eA==' },
    payload: '{"id":"/x"}',
  });
  assert.equal(answer.statusCode, 422);
  assert.equal(answer.body, '{"message":"no"}');
  assert.equal(answer.headers['x-own'], 'kept');
  assert.equal(answer.headers['x-via'], '1.1 b:8080');
  const [request] = it.asked;
  assert.equal(request?.method, 'PUT');
  assert.equal(request?.url, 'http://a:8080/apps?force=true');
  assert.equal(Buffer.from(request?.body ?? '').toString(), '{"id":"/x"}');
  const { host, ...headers } = request?.headers ?? {};
  assert.equal(host, undefined);
  assert.equal(headers['authorization'], 'Basic eA==');
  assert.equal(headers['x-via'], '1.1 b:8080');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
});

test('streams are redirected', async (context) => {
  const it = standby(context);
  const answer = await it.app.inject('/events?event_type=x');
  assert.equal(answer.statusCode, 302);
  assert.equal(answer.headers['location'], 'http://a:8080/events?event_type=x');
});

test('a request that has been here before is a loop', async (context) => {
  const it = standby(context);
  const answer = await it.app.inject({ url: '/own', headers: { 'x-via': '1.1 b:8080' } });
  assert.deepEqual([answer.statusCode, answer.body], [502, 'loop']);
});

for (const [code, kind] of [
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'failed'],
] as const) {
  test(`a leader that answers with ${code} is '${kind}'`, async (context) => {
    const it = standby(context, Object.assign(new Error('no'), { code }));
    assert.equal((await it.app.inject('/own')).body, kind);
  });
}

test('without a leader a request waits for one, at most 2.5 s', async (context) => {
  const it = standby(context);
  it.leader = undefined;
  const late = it.app.inject('/own').then(({ body }) => body);
  await it.clock.advance(1_000);
  it.leader = 'a:8080';
  await it.clock.advance(250);
  assert.equal(await late, '{"message":"no"}');
  it.leader = 'b:8080';
  const never = it.app.inject('/own').then(({ body }) => body);
  await it.clock.advance(2_500);
  assert.equal(await never, 'no-leader');
});

test('who comes to lead meanwhile answers itself', async (context) => {
  const it = standby(context);
  it.leader = 'b:8080';
  const own = it.app.inject('/own').then(({ body }) => body);
  await it.clock.advance(500);
  it.isLeading = true;
  await it.clock.advance(250);
  assert.equal(await own, 'mine');
  assert.equal(it.asked.length, 0);
});
