import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ChronosTester } from './chronos-tester.ts';

const REQUIRED = 'java.lang.IllegalArgumentException: requirement failed: ';

async function started(
  t: TestContext,
  options: ConstructorParameters<typeof ChronosTester>[0] = {},
): Promise<ChronosTester> {
  const it = await new ChronosTester(options).start();
  it.cluster.plan = () => undefined;
  t.after(() => it.chronos.stop());
  return it;
}

function messageOf(json: unknown): string {
  return typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : '';
}

test('a posted job is shown with every field, in order, on one line', async (t) => {
  const it = await started(t);
  const posted = await it.http('POST', '/v1/scheduler/iso8601', {
    name: 'nightly-report',
    command: './report.sh',
    schedule: 'R/2030-03-09T02:00:00Z/P1D',
    owner: 'ops@example.com',
    epsilon: 'PT30M',
    fetch: [{ uri: 'https://repo.example/report.sh', executable: true }],
    environmentVariables: [{ name: 'LANG', value: 'C' }],
    constraints: [
      ['rack', 'EQUALS', 'r1'],
      ['rack', 'NEAR', 'x'],
    ],
  });
  assert.equal(posted.status, 204);
  assert.equal(posted.text, '');
  const shown = await it.http('GET', '/v1/scheduler/jobs');
  assert.equal(
    shown.text,
    '[{"name":"nightly-report","command":"./report.sh","shell":true,"executor":"",' +
      '"executorFlags":"","taskInfoData":"","retries":2,"owner":"ops@example.com","ownerName":"",' +
      '"description":"","successCount":0,"errorCount":0,"lastSuccess":"","lastError":"",' +
      '"cpus":0.1,"disk":256.0,"mem":128.0,"disabled":false,"softError":false,' +
      '"dataProcessingJobType":false,"errorsSinceLastSuccess":0,' +
      '"fetch":[{"uri":"https://repo.example/report.sh","executable":true,"cache":false,' +
      '"extract":true}],"uris":["https://repo.example/report.sh"],' +
      '"environmentVariables":[{"name":"LANG","value":"C"}],"arguments":[],"highPriority":false,' +
      '"runAsUser":"root","concurrent":false,"maxCompletionTime":0,' +
      '"constraints":[["rack","EQUALS","r1"]],"schedule":"R/2030-03-09T02:00:00Z/P1D",' +
      '"scheduleTimeZone":""}]',
  );
  const single = await it.http('GET', '/v1/scheduler/job/nightly-report');
  assert.match(single.text, /"uris":\[\]/);
  const old = await it.http('GET', '/scheduler/job/nightly-report');
  assert.match(old.text, /"shell":true,"epsilon":"PT30M","executor"/);
  assert.match(old.text, /"description":"","async":false,"successCount"/);
});

test('values are read leniently', async (t) => {
  const it = await started(t);
  await it.post({
    name: 7,
    schedule: 'R/2030-01-01T00:00:00Z/P1D',
    cpus: '0.5',
    mem: null,
    disabled: 'true',
    retries: '5',
    container: { type: 'docker' },
    gpus: 1,
  });
  const job = await it.job('7');
  assert.equal(job['name'], '7');
  assert.equal(job['cpus'], 0.5);
  assert.equal(job['mem'], 128);
  assert.equal(job['disabled'], true);
  assert.equal(job['retries'], 5);
  assert.equal('container' in job, false);
});

const REFUSED: readonly (readonly [
  why: string,
  path: string,
  body: unknown,
  status: number,
  message: string,
])[] = [
  [
    'a bad name',
    'iso8601',
    { name: 'a b', schedule: 'R//P1D' },
    400,
    `${REQUIRED}the job's name is invalid. Allowed names: '([\\w\\.-]+)'`,
  ],
  ['no name', 'iso8601', { schedule: 'R//P1D' }, 400, "'name' is missing"],
  [
    'a bad schedule',
    'iso8601',
    { name: 'a', schedule: 'FOO' },
    400,
    "Cannot parse schedule 'FOO' (wtf bro)",
  ],
  [
    'a start before 1970',
    'iso8601',
    { name: 'a', schedule: 'R/1969-12-31/P1D' },
    400,
    "Scheduled start date '1969-12-31T00:00:00.000Z' is before 1970!",
  ],
  [
    'uris and fetch',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', uris: ['x'], fetch: [{ uri: 'y' }] },
    400,
    `${REQUIRED}Tried to add both uri (deprecated) and fetch parameters on a`,
  ],
  [
    'a bad epsilon',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', epsilon: '5m' },
    400,
    "Cannot parse epsilon '5m'",
  ],
  [
    'parents at iso8601',
    'iso8601',
    { name: 'a', parents: ['b'] },
    400,
    "job 'a' has parents, post it to .../dependency",
  ],
  [
    'a schedule at dependency',
    'dependency',
    { name: 'a', schedule: 'R//P1D' },
    400,
    "job 'a' has no parents, post it to .../iso8601",
  ],
  [
    'no parents',
    'dependency',
    { name: 'a', parents: [] },
    500,
    'java.lang.Exception: Error, parent does not exist',
  ],
  [
    'its own parent',
    'dependency',
    { name: 'a', parents: ['a'] },
    400,
    `${REQUIRED}JobSchedule a would be its own ancestor`,
  ],
  [
    'a bad number',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', cpus: 'many' },
    400,
    "'cpus' is not a number",
  ],
  [
    'a bad list',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', arguments: 'x' },
    400,
    "'arguments' is not a list",
  ],
  [
    'a bad network',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', container: { image: 'i', network: 'bridge' } },
    400,
    "'container.network' is not one of BRIDGE, HOST, USER",
  ],
  [
    'a bad regular expression',
    'iso8601',
    { name: 'a', schedule: 'R//P1D', constraints: [['a', 'LIKE', '[']] },
    400,
    "'constraints' holds '[', which is no regular expression",
  ],
  ['no object', 'iso8601', [1], 400, "'' is not an object"],
];

for (const [why, path, body, status, message] of REFUSED) {
  test(`a new job is refused for ${why}`, async (t) => {
    const it = await started(t);
    for (const prefix of ['/scheduler', '/v1/scheduler']) {
      const reply = await it.http('POST', `${prefix}/${path}`, body);
      assert.equal(reply.status, status, reply.text);
      const text = status === 400 ? 'Bad Request' : 'Internal Server Error';
      assert.deepEqual(reply.json, { message, status: text });
    }
    assert.equal((await it.http('GET', '/scheduler/jobs')).text, '[]');
  });
}

test('malformed JSON is a 400 that says where', async (t) => {
  const it = await started(t);
  const reply = await it.http('POST', '/scheduler/iso8601', '{"name": "a",}');
  assert.equal(reply.status, 400);
  assert.match(messageOf(reply.json), /position 13 \(line 1 column 14\)/);
});

test('bodies that are not JSON are 415', async (t) => {
  const it = await started(t);
  const reply = await it.chronos.app.inject({
    method: 'POST',
    url: '/scheduler/iso8601',
    headers: { 'content-type': 'text/plain' },
    payload: '{}',
  });
  assert.equal(reply.statusCode, 415);
});

test('unknown jobs are 400 everywhere', async (t) => {
  const it = await started(t);
  const cases = [
    ['GET', 'job/x', 'Job'],
    ['PUT', 'job/x', 'Job'],
    ['GET', 'job/stat/x', 'Job'],
    ['DELETE', 'job/x', 'JobSchedule'],
    ['DELETE', 'task/kill/x', 'JobSchedule'],
  ] as const;
  for (const [method, path, what] of cases) {
    const reply = await it.http(method, `/v1/scheduler/${path}`);
    assert.equal(reply.status, 400, path);
    assert.equal(messageOf(reply.json), `${REQUIRED}${what} 'x' not found`);
  }
  const marked = await it.http('PUT', '/scheduler/job/success/x');
  assert.equal(marked.status, 200);
  assert.equal(marked.text, 'marked job x as successful: false');
});

test('unknown paths are 404 and wrong methods 405', async (t) => {
  const it = await started(t);
  assert.equal((await it.http('GET', '/v1/nothing')).status, 404);
  assert.equal((await it.http('GET', '/v2/scheduler/jobs')).status, 404);
  assert.equal((await it.http('DELETE', '/scheduler/jobs')).status, 405);
  assert.equal((await it.http('POST', '/ping')).status, 405);
  assert.equal((await it.http('PUT', '/v1/scheduler/iso8601', {})).status, 405);
  assert.equal((await it.http('GET', '/scheduler/jobs/search?limit=x')).status, 404);
});

test('HEAD answers as GET does without the body, OPTIONS tells the methods', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  const ask = (method: 'GET' | 'HEAD' | 'OPTIONS', url: string) =>
    it.chronos.app.inject({ method, url });
  for (const path of ['/ping', '/scheduler/jobs', '/v1/scheduler/job/a', '/scheduler/job/none']) {
    const [get, head] = [await ask('GET', path), await ask('HEAD', path)];
    assert.equal(head.statusCode, get.statusCode, path);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.body, '');
  }
  assert.equal((await ask('HEAD', '/scheduler/iso8601')).statusCode, 405);
  const options = await ask('OPTIONS', '/scheduler/job/a');
  assert.equal(options.statusCode, 200);
  assert.equal(options.headers['allow'], 'DELETE,GET,HEAD,PUT,OPTIONS');
  assert.equal((await ask('OPTIONS', '/nothing')).statusCode, 404);
});

test('replacing a job replaces everything, counters included', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D', owner: 'x', successCount: 7 });
  assert.equal((await it.job('a'))['successCount'], 7);
  await it.post({ name: 'a', schedule: 'R/2031-01-01T00:00:00Z/P1D' });
  const job = await it.job('a');
  assert.equal(job['successCount'], 0);
  assert.equal(job['owner'], '');
  assert.equal(job['schedule'], 'R/2031-01-01T00:00:00Z/P1D');
  await it.crash();
  assert.deepEqual(await it.job('a'), job);
});

test('a job whose parents are missing stays hidden until they exist', async (t) => {
  const it = await started(t);
  await it.post({ name: 'grandchild', parents: ['child'] });
  await it.post({ name: 'child', parents: ['parent'] });
  assert.equal((await it.http('GET', '/scheduler/jobs')).text, '[]');
  assert.equal((await it.http('GET', '/scheduler/job/child')).status, 400);
  const cycle = await it.http('POST', '/scheduler/dependency', {
    name: 'parent',
    parents: ['grandchild'],
  });
  assert.equal(cycle.status, 400);
  await it.post({ name: 'parent', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  assert.equal((await it.http('GET', '/scheduler/job/grandchild')).status, 200);
  const missing = await it.http('POST', '/scheduler/dependency', {
    name: 'child',
    parents: ['nobody'],
  });
  assert.equal(
    messageOf(missing.json),
    `${REQUIRED}JobSchedule child does not have all parents defined!`,
  );
  const empty = await it.http('POST', '/scheduler/dependency', { name: 'child', parents: [] });
  assert.equal(messageOf(empty.json), `${REQUIRED}Error, parent does not exist`);
});

test('deleting a scheduled parent makes its children scheduled, with all their fields', async (t) => {
  const it = await started(t);
  await it.post({ name: 'p', schedule: 'R/2030-01-01T00:00:00Z/P1D', scheduleTimeZone: 'PST' });
  await it.post({ name: 'q', schedule: 'R/2031-01-01T00:00:00Z/P1D' });
  await it.post({ name: 'c', parents: ['p', 'q'], concurrent: true, arguments: ['x'] });
  assert.equal((await it.http('DELETE', '/scheduler/job/p')).status, 204);
  const child = await it.job('c');
  assert.equal(child['schedule'], 'R/2030-01-01T00:00:00Z/P1D');
  assert.equal(child['scheduleTimeZone'], 'PST');
  assert.equal(child['concurrent'], true);
  assert.deepEqual(child['arguments'], ['x']);
  assert.equal('parents' in child, false);
});

test('deleting a dependent parent hands its parents down', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  await it.post({ name: 'b', parents: ['a'] });
  await it.post({ name: 'c', parents: ['b'] });
  assert.equal((await it.http('DELETE', '/scheduler/job/b')).status, 204);
  assert.deepEqual((await it.job('c'))['parents'], ['a']);
});

test('search finds by name and command, and any alone filters nothing', async (t) => {
  const it = await started(t);
  for (const name of ['Alpha', 'beta', 'gamma']) {
    await it.post({ name, schedule: 'R/2030-01-01T00:00:00Z/P1D', command: `run ${name}` });
  }
  const names = async (query: string) => {
    const reply = await it.http('GET', `/v1/scheduler/jobs/search?${query}`);
    return [...reply.text.matchAll(/"name":"(\w+)","command"/g)].map((match) => match[1]);
  };
  assert.deepEqual(await names('name=ALP'), ['Alpha']);
  assert.deepEqual(await names('command=gam'), ['gamma']);
  assert.deepEqual(await names('name=zzz&any=bet'), ['beta']);
  assert.deepEqual(await names('any=bet'), ['Alpha', 'beta', 'gamma']);
  assert.deepEqual(await names('limit=1&offset=1'), ['beta']);
  assert.deepEqual(await names('offset=3'), []);
  assert.deepEqual(await names('limit=0'), []);
});

test('the graph is shown as dot and csv', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R1//P1D' });
  await it.post({ name: 'b', parents: ['a'] });
  await it.clock.advance(1_000);
  assert.equal(
    (await it.http('GET', '/v1/scheduler/graph/dot')).text,
    'digraph G {\n  1 [ label="a" ];\n  2 [ label="b" ];\n  1 -> 2;\n}\n',
  );
  assert.equal(
    (await it.http('GET', '/scheduler/graph/csv')).text,
    'node,a,fresh,1 running\nnode,b,fresh,idle\nlink,a,b\n',
  );
});

test('ping, leader, metrics and the page answer', async (t) => {
  const it = await started(t);
  await it.post({ name: 'a', schedule: 'R/2030-01-01T00:00:00Z/P1D' });
  const ping = await it.chronos.app.inject({ method: 'GET', url: '/ping' });
  assert.equal(ping.body, 'pong\n');
  assert.equal(ping.headers['cache-control'], 'must-revalidate,no-cache,no-store');
  assert.equal(ping.headers['access-control-allow-origin'], '*');
  for (const path of ['/leader', '/scheduler/leader', '/v1/scheduler/leader']) {
    assert.equal((await it.http('GET', path)).text, '{"leader":"localhost:4400"}');
  }
  assert.match((await it.http('GET', '/metrics')).text, /^\{"version":"3\.0\.0","gauges":\{/);
  // Where the pages were built they are sent, else it is said how to.
  const page = await it.http('GET', '/');
  assert.match(page.text, /<title>CHRONOS<\/title>|npm run build:ui/);
});

test('basic authentication guards every path', async (t) => {
  const it = await started(t, { httpCredentials: 'u:p' });
  const refused = await it.chronos.app.inject({ method: 'GET', url: '/ping' });
  assert.equal(refused.statusCode, 401);
  assert.equal(refused.headers['www-authenticate'], 'Basic realm="Mesosphere"');
  const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;
  const good = await it.chronos.app.inject({ url: '/ping', headers: { authorization } });
  assert.equal(good.statusCode, 200);
});

test('long answers are compressed for clients that ask, unless that is off', async (t) => {
  for (const compresses of [true, false]) {
    const it = await started(t, { compresses });
    for (const name of ['a', 'b', 'c']) {
      await it.post({ name, schedule: 'R/2030-01-01T00:00:00Z/P1D' });
    }
    const encodingOf = async (headers: Record<string, string>): Promise<unknown> => {
      const reply = await it.chronos.app.inject({ url: '/scheduler/jobs', headers });
      return reply.headers['content-encoding'];
    };
    assert.equal(await encodingOf({ 'accept-encoding': 'gzip' }), compresses ? 'gzip' : undefined);
    assert.equal(await encodingOf({}), undefined);
  }
});
