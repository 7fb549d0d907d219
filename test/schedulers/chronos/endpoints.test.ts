/** Every endpoint of spec chronos, section 4, with both prefixes: status, type and text, row by row. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createLog } from '../../../core/base/log.ts';
import { LogLevels } from '../../../schedulers/chronos/log-levels.ts';
import { ChronosTester } from './chronos-tester.ts';

const REQUIRED = 'java.lang.IllegalArgumentException: requirement failed: ';
const JSON_TYPE = 'application/json';
const SOON = { schedule: 'R/2030-01-01T00:00:00Z/P1D', command: 'true' };

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
/** The text is compared in whole, or with a pattern; a refusal's is its message. */
type Row = readonly [
  what: string,
  method: Method,
  path: string,
  body: unknown,
  status: number,
  text: string | RegExp,
  type?: string,
];

const ROWS: readonly Row[] = [
  ['create', 'POST', '/iso8601', { ...SOON, name: 'n' }, 204, ''],
  ['replace', 'POST', '/iso8601', { ...SOON, name: 'a' }, 204, ''],
  ['run once now', 'POST', '/iso8601', { name: 'n' }, 204, ''],
  [
    'replace with a bad schedule',
    'POST',
    '/iso8601',
    { name: 'a', schedule: 'R//' },
    400,
    "Cannot parse schedule 'R//' (wtf bro)",
  ],
  [
    'replace with a start before 1970',
    'POST',
    '/iso8601',
    { name: 'a', schedule: 'R/1960/P1Y' },
    204,
    '',
  ],
  [
    'replace with uris and fetch',
    'POST',
    '/iso8601',
    { ...SOON, name: 'a', uris: ['u'], fetch: [{ uri: 'v' }] },
    204,
    '',
  ],
  ['a dependent job', 'POST', '/dependency', { name: 'n', parents: ['a', 'b'] }, 204, ''],
  [
    'a dependent job with unknown parents',
    'POST',
    '/dependency',
    { name: 'n', parents: ['x'] },
    204,
    '',
  ],
  [
    'an existing job without parents',
    'POST',
    '/dependency',
    { name: 'b', parents: [] },
    400,
    `${REQUIRED}Error, parent does not exist`,
  ],
  [
    'an existing job with unknown parents',
    'POST',
    '/dependency',
    { name: 'b', parents: ['x'] },
    400,
    `${REQUIRED}JobSchedule b does not have all parents defined!`,
  ],
  ['a cycle', 'POST', '/dependency', { name: 'b', parents: ['c'] }, 400, /own ancestor/],
  ['a schedule becomes dependent', 'POST', '/dependency', { name: 's', parents: ['a'] }, 204, ''],
  ['a dependent gets a schedule', 'POST', '/iso8601', { ...SOON, name: 'c' }, 204, ''],
  ['all jobs', 'GET', '/jobs', undefined, 200, /^\[\{"name":"a",.*"scheduleTimeZone":""\}.*\]$/],
  ['one job', 'GET', '/job/b', undefined, 200, /"constraints":\[\],"parents":\["a"\]\}$/],
  ['no such job', 'GET', '/job/x', undefined, 400, `${REQUIRED}Job 'x' not found`],
  ['delete', 'DELETE', '/job/c', undefined, 204, ''],
  ['delete nobody', 'DELETE', '/job/x', undefined, 400, `${REQUIRED}JobSchedule 'x' not found`],
  ['delete all', 'DELETE', '/jobs', undefined, 405, /Method Not Allowed/],
  ['start', 'PUT', '/job/a', undefined, 204, ''],
  ['start a dependent', 'PUT', '/job/b?arguments=-v%201', undefined, 204, ''],
  ['start nobody', 'PUT', '/job/x', undefined, 400, `${REQUIRED}Job 'x' not found`],
  [
    'mark',
    'PUT',
    '/job/success/a',
    undefined,
    200,
    'marked job a as successful: true',
    'text/plain',
  ],
  ['mark nobody', 'PUT', '/job/success/x', undefined, 200, 'marked job x as successful: false'],
  ['search', 'GET', '/jobs/search?name=B', undefined, 200, /^\[\{"name":"b",[^[]*"errorsSince/],
  ['search with a bad limit', 'GET', '/jobs/search?limit=x', undefined, 404, /Not Found/],
  ['search with a bad offset', 'GET', '/jobs/search?offset=-1', undefined, 404, /Not Found/],
  [
    'summary',
    'GET',
    '/jobs/summary',
    undefined,
    200,
    '{"jobs":[' +
      '{"name":"a","status":"fresh","state":"idle","schedule":"R/2030-01-01T00:00:00Z/P1D","parents":[],"disabled":false},' +
      '{"name":"b","status":"fresh","state":"idle","schedule":"","parents":["a"],"disabled":false},' +
      '{"name":"c","status":"fresh","state":"idle","schedule":"","parents":["b"],"disabled":false},' +
      '{"name":"s","status":"fresh","state":"idle","schedule":"R/2030-01-01T00:00:00Z/P1D","parents":[],"disabled":true}]}',
  ],
  [
    'statistics',
    'GET',
    '/job/stat/a',
    undefined,
    200,
    '{"histogram":{"75thPercentile":0.0,"95thPercentile":0.0,"98thPercentile":0.0,"99thPercentile":0.0,"median":0.0,"mean":0.0,"count":0},"taskStatHistory":[]}',
  ],
  ['statistics of nobody', 'GET', '/job/stat/x', undefined, 400, `${REQUIRED}Job 'x' not found`],
  ...[
    '75thPercentile',
    '95thPercentile',
    '98thPercentile',
    '99thPercentile',
    'median',
    'mean',
    'count',
  ].map(
    (name): Row => [
      name,
      'GET',
      `/stats/${name}`,
      undefined,
      200,
      /^\[\{"jobNameLabel":"a","time":0.0\},/,
    ],
  ),
  ['an unknown percentile', 'GET', '/stats/98', undefined, 200, '[]'],
  [
    'csv',
    'GET',
    '/graph/csv',
    undefined,
    200,
    'node,a,fresh,idle\nnode,b,fresh,idle\nnode,c,fresh,idle\nnode,s,fresh,idle\nlink,a,b\nlink,b,c\n',
    'text/plain',
  ],
  [
    'dot',
    'GET',
    '/graph/dot',
    undefined,
    200,
    'digraph G {\n  1 [ label="a" ];\n  2 [ label="b" ];\n  3 [ label="c" ];\n  4 [ label="s" ];\n  1 -> 2;\n  2 -> 3;\n}\n',
    'text/plain',
  ],
  ['kill nothing', 'DELETE', '/task/kill/a', undefined, 204, ''],
  ['kill nobody', 'DELETE', '/task/kill/x', undefined, 400, `${REQUIRED}JobSchedule 'x' not found`],
  ['clear the queue', 'DELETE', '/task/all', undefined, 204, ''],
  ['leader', 'GET', '/leader', undefined, 200, '{"leader":"localhost:4400"}'],
  [
    'progress of nobody',
    'POST',
    '/job/x/task/ct%3A1%3A0%3Ax%3A/progress',
    { numAdditionalElementsProcessed: 1 },
    400,
    `${REQUIRED}JobSchedule 'x' not found`,
  ],
  [
    'progress of no task',
    'POST',
    '/job/a/task/what/progress',
    { numAdditionalElementsProcessed: 1 },
    400,
    `${REQUIRED}Invalid task id format what`,
  ],
  [
    'progress of a job without data',
    'POST',
    '/job/a/task/ct%3A1%3A0%3Aa%3A/progress',
    { numAdditionalElementsProcessed: 1 },
    400,
    `${REQUIRED}JobSchedule 'a' is not enabled to track data`,
  ],
  [
    'a result for a bad id',
    'PUT',
    '/task/what',
    { statusCode: 0 },
    400,
    `${REQUIRED}Invalid task id format what`,
  ],
  [
    'a result for nobody',
    'PUT',
    '/task/ct%3A1%3A0%3Ax%3A',
    { statusCode: 0 },
    400,
    `${REQUIRED}Job 'x' not found`,
  ],
  ['a result without code', 'PUT', '/task/ct%3A1%3A0%3Aa%3A', {}, 400, "'statusCode' is missing"],
  ['a result that comes too late', 'PUT', '/task/ct%3A1%3A0%3Aa%3A', { statusCode: 1 }, 204, ''],
  ['an unknown path', 'GET', '/nothing', undefined, 404, /Not Found/],
  ['a wrong method', 'POST', '/jobs', {}, 405, /Method Not Allowed/],
];

async function started(t: TestContext): Promise<ChronosTester> {
  const it = await new ChronosTester().start();
  it.cluster.plan = () => undefined;
  t.after(() => it.chronos.stop());
  await it.post({ ...SOON, name: 'a' });
  await it.post({ name: 'b', parents: ['a'] });
  await it.post({ name: 'c', parents: ['b'] });
  await it.post({ ...SOON, name: 's', disabled: true });
  return it;
}

for (const prefix of ['/scheduler', '/v1/scheduler']) {
  for (const [what, method, path, body, status, text, type] of ROWS) {
    test(`${method} ${prefix}${path} (${what}) is ${status}`, async (t) => {
      const it = await started(t);
      const reply = await it.chronos.app.inject({
        method,
        url: prefix + path,
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        ...(body === undefined ? {} : { headers: { 'content-type': JSON_TYPE } }),
      });
      assert.equal(reply.statusCode, status, reply.body);
      assert.equal(reply.headers['access-control-allow-origin'], '*');
      if (status >= 400) {
        const { message, status: name } = Object(JSON.parse(reply.body));
        if (typeof text === 'string') assert.equal(message, text);
        else assert.match(String(message), text);
        assert.match(String(name), /^(Bad Request|Not Found|Method Not Allowed)$/);
        assert.match(String(reply.headers['content-type']), /^application\/json/);
        return;
      }
      if (typeof text === 'string') assert.equal(reply.body, text);
      else assert.match(reply.body, text);
      if (type !== undefined) assert.ok(String(reply.headers['content-type']).startsWith(type));
    });
  }
}

test('only 2.x clients may PUT jobs', async (t) => {
  const it = await started(t);
  const job = { ...SOON, name: 'p' };
  assert.equal((await it.http('PUT', '/scheduler/iso8601', job)).status, 204);
  assert.equal((await it.http('PUT', '/v1/scheduler/iso8601', job)).status, 405);
  assert.equal(
    (await it.http('PUT', '/scheduler/dependency', { name: 'q', parents: ['p'] })).status,
    204,
  );
});

test('a result that an asynchronous job reports counts once, and its task stays until it ends', async (t) => {
  const it = await started(t);
  await it.http('PUT', '/scheduler/job/a');
  await it.clock.advance(1_000);
  const id = it.tasks('a')[0]?.info.task_id.value ?? '';
  const url = `/scheduler/task/${encodeURIComponent(id)}`;
  assert.equal((await it.http('PUT', url, { statusCode: 0 })).status, 204);
  await it.clock.advance(100);
  assert.equal((await it.job('a'))['successCount'], 1);
  assert.equal(it.launches('b').length, 1, 'the child has started');
  // The report was written, too: a restart and a second report change nothing.
  await it.crash();
  assert.equal((await it.http('PUT', url, { statusCode: 1 })).status, 204);
  assert.match((await it.http('GET', '/scheduler/graph/csv')).text, /node,a,success,1 running/);
  it.cluster.report(id, 'TASK_FAILED');
  await it.clock.advance(120_000);
  const { successCount, errorCount } = await it.job('a');
  assert.deepEqual([successCount, errorCount], [1, 0]);
  assert.equal(it.launches('a').length, 1, 'no retry');
});

test('a reported failure is retried like any other', async (t) => {
  const it = await started(t);
  await it.http('PUT', '/scheduler/job/a');
  await it.clock.advance(1_000);
  const id = it.tasks('a')[0]?.info.task_id.value ?? '';
  await it.http('PUT', `/scheduler/task/${encodeURIComponent(id)}`, { statusCode: 7 });
  it.cluster.report(id, 'TASK_FINISHED');
  await it.clock.advance(61_000);
  assert.equal(it.launches('a').length, 2);
  assert.match(it.tasks('a')[1]?.info.task_id.value ?? '', /^ct:\d+:1:a:/);
});

test('metrics count what happened and time every route', async (t) => {
  const it = await started(t);
  await it.http('GET', '/scheduler/jobs');
  await it.http('GET', '/v1/scheduler/jobs');
  await it.http('PUT', '/scheduler/job/a');
  await it.clock.advance(100);
  const { json, text } = await it.http('GET', '/metrics?pretty=true');
  assert.match(text, /^\{\n {2}"version": "3\.0\.0"/);
  const { timers, counters, gauges } = Object(json);
  const list = timers['org.apache.mesos.chronos.scheduler.api.JobManagementResource.list'];
  assert.equal(list.count, 2);
  assert.deepEqual(
    Object.keys(list).sort(),
    'count duration_units m15_rate m1_rate m5_rate max mean mean_rate min p50 p75 p95 p98 p99 p999 rate_units stddev'.split(
      ' ',
    ),
  );
  assert.equal(timers['org.apache.mesos.chronos.scheduler.api.LeaderResource.getLeader'].count, 0);
  const reviver = 'org.apache.mesos.chronos.scheduler.mesos.MesosOfferReviver';
  assert.ok(counters[`${reviver}.reviveOffersCount`].count >= 1);
  assert.ok(counters[`${reviver}.reviveOffersRequestCount`].count >= 1);
  const manager = 'org.apache.mesos.chronos.scheduler.jobs.TaskManager';
  assert.deepEqual(gauges[`${manager}.queueSize`], { value: 0 });
  assert.deepEqual(gauges[`${manager}.highQueueSize`], { value: 0 });
});

test('/logging shows the level and changes it', async () => {
  const levels = new LogLevels();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = levels.over(createLog({ name: 'x', level: 'debug', destination: { write } }));
  const it = new ChronosTester({}, undefined, { logLevels: levels });
  const set = (form: string) =>
    it.chronos.app.inject({
      method: 'POST',
      url: '/logging',
      payload: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const page = await it.http('GET', '/logging');
  assert.match(page.text, /<option selected>INHERIT<\/option>/);
  log.debug({}, 'not written');
  const changed = await set('logger=ROOT&level=DEBUG');
  assert.equal(changed.statusCode, 200);
  assert.match(changed.body, /<option selected>DEBUG<\/option>/);
  log.child({ a: 1 }).debug({}, 'written');
  await set('logger=ROOT&level=OFF');
  log.error({}, 'not written either');
  assert.equal(lines.length, 1);
  assert.equal((await set('logger=ROOT&level=LOUD')).statusCode, 400);
  assert.equal((await set('logger=a.b.C&level=INFO')).statusCode, 400);
});
