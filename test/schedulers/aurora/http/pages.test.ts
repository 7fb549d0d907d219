/** Endpoints for people and monitors, and calls in plain JSON (spec aurora-scheduler, sections 2.2 and 10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { job, WEB } from '../machine/scheduler-tester.ts';
import { serveRoutes } from './serve-routes.ts';

const JSON_HEAD = { 'content-type': 'application/json' };
const SERVER = { clusterName: 'devcluster', statsUrlPrefix: '' };

test('calls are made in plain JSON, with names for fields and enumerations', async () => {
  const { app, it } = serveRoutes();
  const post = async (method: string, body: unknown) => {
    const payload = JSON.stringify(body);
    const url = `/apibeta/${method}`;
    return (await app.inject({ method: 'POST', url, headers: JSON_HEAD, payload })).json();
  };
  const description = {
    key: WEB,
    owner: { user: 'www' },
    cronCollisionPolicy: 'KILL_EXISTING',
    instanceCount: 3,
    taskConfig: {
      job: WEB,
      owner: { user: 'www' },
      isService: true,
      priority: 0,
      maxTaskFailures: 1,
      resources: [{ numCpus: 1 }, { ramMb: 128 }, { diskMb: 64 }],
      constraints: [{ name: 'host', constraint: { limit: { limit: 1 } } }],
      executorConfig: { name: 'AuroraExecutor', data: '{}' },
      container: { mesos: {} },
      unheardOf: 1,
    },
  };
  const okay = { responseCode: 'OK', serverInfo: SERVER, details: [] };
  assert.deepEqual(await post('createJob', { description }), okay);
  assert.deepEqual(it.statuses(), ['0 PENDING', '1 PENDING', '2 PENDING']);
  const killed = await post('killTasks', { job: WEB, instances: [0, 2], message: 'cleanup' });
  assert.deepEqual(killed, okay);
  assert.deepEqual(it.statuses(), ['1 PENDING']);
  const { result } = await post('getTasksStatus', { query: { statuses: ['PENDING'] } });
  const [task] = result.scheduleStatusResult.tasks;
  assert.equal(task.status, 'PENDING');
  assert.deepEqual(task.assignedTask.task.constraints, description.taskConfig.constraints);
  assert.deepEqual(task.assignedTask.assignedPorts, {});
});

test('what is no call is said so', async () => {
  const { app } = serveRoutes();
  const rows = [
    ['getFish', '{}', 404, 'Method getFish does not exist.'],
    ['getQuota', '[]', 400, 'Request data must be a JSON object of method parameters.'],
    ['getQuota', '{', 400, 'Request must be valid JSON'],
    ['killTasks', '{"job":7}', 400, 'Failed to parse parameter job: Expected JobKey but was 7'],
    [
      'killTasks',
      '{"instances":["x"]}',
      400,
      'Failed to parse parameter instances: Expected a i32 but was "x"',
    ],
    [
      'getTasksStatus',
      '{"query":{"statuses":["FINE"]}}',
      400,
      'Failed to parse parameter query: "FINE" is no ScheduleStatus',
    ],
  ] as const;
  for (const [method, payload, status, message] of rows) {
    const url = `/apibeta/${method}`;
    const answer = await app.inject({ method: 'POST', url, headers: JSON_HEAD, payload });
    assert.equal(answer.statusCode, status, message);
    assert.deepEqual(answer.json().details, [{ message }]);
  }
  const empty = await app.inject({ method: 'POST', url: '/apibeta/getRoleSummary' });
  assert.equal(empty.json().responseCode, 'OK');
  const index = await app.inject('/apibeta');
  assert.deepEqual([index.statusCode, index.headers['location']], [303, '/apihelp/index.html']);
});

test('the name of an instance leads to its port, with method, rest of the path and query', async () => {
  const { app, it } = serveRoutes();
  const resources = [
    { numCpus: 1 },
    { ramMb: 128 },
    { diskMb: 64 },
    { namedPort: 'web' },
    { namedPort: 'http' },
  ];
  it.create(job(2, { resources }));
  it.create(job(1, { job: { ...WEB, name: 'mute' } }));
  const ask = async (url: string, method: 'GET' | 'PUT' = 'GET') => {
    const answer = await app.inject({ method, url });
    return [answer.statusCode, answer.headers['location'] ?? answer.body];
  };
  assert.deepEqual(await ask('/mname/www/prod/web/0'), [
    404,
    'The selected instance is currently in state PENDING',
  ]);
  assert.deepEqual(await ask('/mname/www/prod/web/7'), [404, 'No such live instance found.']);
  assert.equal((await ask('/mname'))[0], 400);
  it.run('h1');
  it.run('h1', { ...WEB, name: 'mute' });
  const port = it.task(0).assignedTask.assignedPorts.get('http');
  assert.deepEqual(await ask('/mname/www/prod/web/0'), [307, `http://h1:${port}/`]);
  assert.deepEqual(await ask('/mname/www/prod/web/0/a/b?c=d', 'PUT'), [
    307,
    `http://h1:${port}/a/b?c=d`,
  ]);
  assert.deepEqual(await ask('/mname/www/prod/mute/0'), [
    404,
    'The task does not have a registered http port.',
  ]);
});

test('what the scheduler holds can be looked at', async () => {
  const { app, it } = serveRoutes();
  it.create(job(1));
  it.run('h1');
  const get = async (url: string) => {
    const { statusCode, body } = await app.inject(url);
    return { statusCode, body };
  };
  const state = JSON.parse((await get('/state')).body);
  assert.deepEqual(state.agents['agent-h1'], [
    { host: 'h1', taskId: it.id(0), instanceId: 0, taskConfig: 0, status: 'RUNNING' },
  ]);
  assert.deepEqual(state.taskConfigs['0'].job, WEB);
  for (const path of ['/agents', '/slaves']) {
    const { body } = await get(path);
    assert.match(body, /<td>h1<\/td><td>agent-h1<\/td><td>NONE<\/td><td>host=h1<\/td>/);
  }
  assert.match((await get(`/structdump/task/${it.id(0)}`)).body, /&quot;status&quot;: /);
  assert.match((await get('/structdump/task/none')).body, /Entity not found/);
  assert.match((await get('/structdump/cron/a/b/c')).body, /Entity not found/);
  assert.equal((await get('/structdump')).statusCode, 400);
  assert.match((await get('/utilization')).body, /<td>total<\/td><td>1.00<\/td><td>128<\/td>/);
  assert.match((await get('/utilization/free/www')).body, /<td>web<\/td><td>1.00<\/td>/);
  assert.deepEqual(await get('/utilization/fish'), {
    statusCode: 400,
    body: 'Invalid metric type.',
  });
});

test('the process tells of itself, changes what it logs, and ends when it is asked to', async () => {
  let quitCount = 0;
  const { app } = serveRoutes({ quit: () => (quitCount += 1) });
  const services = await app.inject('/services');
  assert.deepEqual(services.json(), [{ name: 'scheduler', state: 'ACTIVE' }]);
  assert.match((await app.inject('/threads')).body, /waits for 2 Timeout/);
  assert.equal((await app.inject('/contention')).body, '');
  const post = (payload: string) => app.inject({ method: 'POST', url: '/logconfig', payload });
  assert.match((await app.inject('/logconfig')).body, /ROOT: INFO/);
  const changed = await post('logger=ROOT&level=DEBUG');
  assert.match(changed.body, /ROOT level changed to DEBUG[\s\S]*ROOT: DEBUG/);
  assert.equal((await post('logger=other&level=DEBUG')).statusCode, 400);
  const ended = await app.inject({ method: 'POST', url: '/quitquitquit' });
  assert.deepEqual([ended.body, quitCount], ['Notifying quit listener.', 1]);
  const other = serveRoutes();
  const inside = await other.app.inject({ method: 'POST', url: '/quitquitquit' });
  assert.equal(inside.statusCode, 404, 'not where others live in the process');
});

test('pages of one other origin may call', async () => {
  const { app } = serveRoutes({ origin: 'http://ui.example' });
  for (const [method, status] of [
    ['GET', 200],
    ['OPTIONS', 200],
  ] as const) {
    const answer = await app.inject({ method, url: '/health' });
    assert.equal(answer.statusCode, status);
    assert.equal(answer.headers['access-control-allow-origin'], 'http://ui.example');
    assert.equal(
      answer.headers['access-control-allow-methods'],
      'DELETE,GET,HEAD,OPTIONS,POST,PUT',
    );
    assert.equal(
      answer.headers['access-control-allow-headers'],
      'Accept,Content-Type,Origin,X-Requested-With',
    );
  }
});
