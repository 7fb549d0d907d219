/** The Thrift interface over HTTP without sockets (spec aurora-scheduler, sections 2.1 and 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { declareApi } from '../../../../schedulers/aurora/http/api.ts';
import { declareEndpoints } from '../../../../schedulers/aurora/http/endpoints.ts';
import { OPEN } from '../../../../schedulers/aurora/http/security/guard.ts';
import { decodeAnswer, encodeCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import { job, SchedulerTester } from '../machine/scheduler-tester.ts';

const BINARY = 'application/vnd.apache.thrift.binary';
const JSON_TYPE = 'application/vnd.apache.thrift.json';

/** The interface over a machine, with bodies as bytes as the real server gives them. */
function serve(): { readonly app: FastifyInstance; readonly it: SchedulerTester } {
  const it = new SchedulerTester();
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  declareApi(app, {
    call: (call, user) => Promise.resolve(it.call(call, user)),
    serverInfo: { clusterName: 'devcluster', statsUrlPrefix: '' },
    guard: OPEN,
  });
  const vars = new Map([
    ['b', 2],
    ['a', 1],
  ]);
  declareEndpoints(app, { machine: it.machine, now: () => it.now, vars: () => vars });
  return { app, it };
}

const GET_QUOTA = '[1,"getQuota",1,7,{"1":{"str":"www-data"}}]';

test('the quota of the specification is answered as it is written there', async () => {
  const { app, it } = serve();
  const quota = { resources: [{ numCpus: 10 }, { ramMb: 20_480 }, { diskMb: 40_960 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www-data', quota } });
  const answer = await app.inject({
    method: 'POST',
    url: '/api',
    headers: { 'content-type': JSON_TYPE, accept: JSON_TYPE },
    payload: GET_QUOTA,
  });
  assert.equal(answer.headers['content-type'], JSON_TYPE);
  const [version, method, type, seqid, body] = answer.json();
  assert.deepEqual([version, method, type, seqid], [1, 'getQuota', 2, 7]);
  const response = body['0'].rec;
  assert.deepEqual(response['1'], { i32: 1 });
  assert.deepEqual(response['5'], { rec: { 1: { str: 'devcluster' }, 3: { str: '' } } });
  assert.deepEqual(response['6'], { lst: ['rec', 0] });
  assert.deepEqual(response['3'].rec['5'].rec['1'], {
    rec: {
      4: { set: ['rec', 3, { 1: { dbl: 10 } }, { 2: { i64: 20_480 } }, { 3: { i64: 40_960 } }] },
    },
  });
});

test('the encoding of a call is its content type, that of the answer what is accepted', async () => {
  const { app } = serve();
  const binary = encodeCall('binary', { method: 'getRoleSummary', seqid: 3, args: {} });
  const json = encodeCall('json', { method: 'getRoleSummary', seqid: 3, args: {} });
  const rows = [
    [BINARY, BINARY, binary, BINARY],
    [BINARY, '*/*', binary, JSON_TYPE],
    [JSON_TYPE, BINARY, json, BINARY],
    ['application/x-thrift', undefined, json, JSON_TYPE],
    ['application/json;charset=utf-8', undefined, json, JSON_TYPE],
    ['application/json; charset=UTF-8', undefined, json, JSON_TYPE],
  ] as const;
  for (const [type, accept, payload, expected] of rows) {
    const headers = { 'content-type': type, ...(accept === undefined ? {} : { accept }) };
    const answer = await app.inject({ method: 'POST', url: '/api', headers, payload });
    assert.equal(answer.headers['content-type'], expected, `${type} ${accept}`);
    const encoding = expected === BINARY ? 'binary' : 'json';
    const decoded = decodeAnswer(encoding, 'getRoleSummary', answer.rawPayload);
    assert.ok(decoded.ok && decoded.value.kind === 'reply', `${type} ${accept}`);
    assert.equal(decoded.value.seqid, 3);
  }
});

test('another content type, a malformed body and an unknown method are told apart', async () => {
  const { app } = serve();
  const post = (payload: string, type: string) =>
    app.inject({ method: 'POST', url: '/api', headers: { 'content-type': type }, payload });
  const form = 'application/x-www-form-urlencoded';
  const other = await post(GET_QUOTA, form);
  assert.deepEqual([other.statusCode, other.body], [415, `Unsupported Content-Type: ${form}`]);
  assert.equal((await post('[1,"getQuota"', JSON_TYPE)).statusCode, 500);
  const unknown = await post('[1,"getFish",1,4,{}]', JSON_TYPE);
  assert.deepEqual(unknown.json(), [
    1,
    'getFish',
    3,
    4,
    { 1: { str: "Invalid method name: 'getFish'" }, 2: { i32: 1 } },
  ]);
});

test('what waits, what is offered, and figures are shown', async () => {
  const { app, it } = serve();
  it.create(job(1));
  it.offer('small', { cpus: 1 });
  it.advance(1);
  const get = async (url: string) => (await app.inject({ method: 'GET', url })).body;
  assert.deepEqual(JSON.parse(await get('/pendingtasks')), [
    {
      penaltyMs: 1_000,
      taskIds: [it.id(0)],
      name: 'www/prod/web',
      reason: '[Insufficient: CPU]',
    },
  ]);
  assert.equal(JSON.parse(await get('/offers'))[0].hostname, 'small');
  assert.equal(await get('/vars'), 'a 1\nb 2\n');
  assert.equal(await get('/vars.json'), '{"a":1,"b":2}');
  assert.equal(await get('/vars.json?pretty'), '{\n  "a": 1,\n  "b": 2\n}');
  assert.equal(await get('/health'), 'OK');
  assert.equal(await get('/maintenance'), '{"SCHEDULED":[],"DRAINING":{},"DRAINED":[]}');
  assert.equal(await get('/cron'), '{"scheduled":{}}');
  assert.equal(JSON.parse(await get('/tiers')).default, 'preemptible');
});

test('all reasons of the nearest offer are shown, and whom a draining host waits for', async () => {
  const { app, it } = serve();
  const get = async (url: string) => (await app.inject({ method: 'GET', url })).json();
  it.create(job(2));
  it.offer('small', { cpus: 1, ramMb: 10 });
  it.advance(1);
  assert.equal((await get('/pendingtasks'))[0].reason, '[Insufficient: CPU, Insufficient: RAM]');
  it.run('h1');
  const hosts = { hostNames: ['h1'] };
  const defaultSlaPolicy = { coordinatorSlaPolicy: { coordinatorUrl: 'http://c', statusKey: '' } };
  it.call({ method: 'slaDrainHosts', args: { hosts, defaultSlaPolicy, timeoutSecs: 60 } });
  const ids = [it.id(0), it.id(1)];
  assert.deepEqual(await get('/maintenance'), {
    SCHEDULED: [],
    DRAINING: { h1: ids },
    DRAINED: [],
  });
  it.call({ method: 'drainHosts', args: { hosts } });
  assert.deepEqual((await get('/maintenance')).DRAINING, { h1: ids });
});

test('quotas are shown by role', async () => {
  const { app, it } = serve();
  const quota = { resources: [{ numCpus: 10 }, { ramMb: 20_480 }, { diskMb: 40_960 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'r', quota } });
  const get = async (url: string) => (await app.inject({ method: 'GET', url })).json();
  const r = { cpu_cores: 10, ram_mb: 20_480, disk_mb: 40_960 };
  assert.deepEqual(await get('/quotas'), { r });
  assert.deepEqual(await get('/quotas?role=other'), {});
});
