/** The plain interface over the machine, without sockets; every answer is checked with its description. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { openApiOf } from '../../../../schedulers/aurora/http/rest/openapi.ts';
import { declareRest, REST_ROUTES } from '../../../../schedulers/aurora/http/rest/rest.ts';
import { SchedulerTester } from '../machine/scheduler-tester.ts';

const HELLO = {
  role: 'www',
  environment: 'prod',
  name: 'web',
  service: true,
  instances: 2,
  task: {
    name: 'web',
    processes: [{ name: 'web', cmdline: 'echo {{mesos.instance}}' }],
    resources: { cpu: 1, ram: 128 * 1024 ** 2, disk: 64 * 1024 ** 2 },
  },
};
const JOB = '/v1/jobs/www/prod/web';

const ajv = new Ajv({ strict: false });
const validators = new Map<unknown, ReturnType<typeof ajv.compile>>();
const { components } = openApiOf(REST_ROUTES);
const PROBLEM = { $ref: '#/components/schemas/Problem' };

function validatorOf(schema: object): ReturnType<typeof ajv.compile> {
  const made = validators.get(schema) ?? ajv.compile({ ...schema, components });
  validators.set(schema, made);
  return made;
}

class RestTester {
  readonly it = new SchedulerTester();
  private readonly app: FastifyInstance = Fastify();

  constructor() {
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    declareRest(this.app, {
      call: (call, user) => Promise.resolve(this.it.call(call, user)),
      clusterName: 'devcluster',
      cronZone: 'GMT',
      now: () => this.it.now,
      userOf: () => 'alice',
    });
  }

  /** Status and body; the body fits what the description says of the operation. */
  async ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) {
    const options: InjectOptions = { method, url };
    const sent =
      body === undefined
        ? options
        : {
            ...options,
            headers: { 'content-type': 'application/json' },
            payload: typeof body === 'string' ? body : JSON.stringify(body),
          };
    const answer = await this.app.inject(sent);
    const parsed: unknown = answer.payload === '' ? undefined : answer.json();
    this.check(method, url, { status: answer.statusCode, body: parsed });
    return { status: answer.statusCode, body: parsed, headers: answer.headers };
  }

  async openApi(): Promise<unknown> {
    return (await this.app.inject({ method: 'GET', url: '/v1/openapi.json' })).json();
  }

  private check(
    method: string,
    url: string,
    answer: { readonly status: number; readonly body: unknown },
  ): void {
    const path = url.replace(/\?.*/, '');
    const route = REST_ROUTES.find(
      (each) =>
        each.method === method &&
        new RegExp(`^${each.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    const isGood = route !== undefined && answer.status === route.answer.status;
    const schema = isGood ? route.answer.schema : PROBLEM;
    if (schema === undefined) {
      assert.equal(answer.body, undefined);
      return;
    }
    const isValid = validatorOf(schema);
    assert.ok(isValid(answer.body), JSON.stringify([answer, isValid.errors]));
  }
}

test('a job is created, looked at, scaled, restarted and killed', async () => {
  const rest = new RestTester();
  const made = await rest.ask('POST', '/v1/jobs', HELLO);
  assert.deepEqual(made.body, { key: { role: 'www', environment: 'prod', name: 'web' } });
  assert.equal(made.headers.location, JOB);
  const pending = await rest.ask('GET', `${JOB}/pending`);
  assert.equal(pending.status, 200);
  rest.it.run();
  const listed = await rest.ask('GET', '/v1/jobs?role=www&environment=prod');
  assert.match(JSON.stringify(listed.body), /^\{"total":1,"jobs":\[\{"job":.*"activeTaskCount":2/);
  const job = await rest.ask('GET', JOB);
  assert.match(JSON.stringify(job.body), /"instances":\[\{"first":0,"last":1\}\]/);
  assert.deepEqual((await rest.ask('POST', `${JOB}/instances`, { count: 1 })).status, 202);
  rest.it.run();
  assert.deepEqual(rest.it.statuses(), ['0 RUNNING', '1 RUNNING', '2 RUNNING']);
  const one = await rest.ask('GET', `${JOB}/tasks?instance=2&active=true`);
  assert.match(JSON.stringify(one.body), /^\{"total":1,"tasks":\[/);
  rest.it.take();
  assert.equal((await rest.ask('POST', `${JOB}/restart`, { instances: [1] })).status, 202);
  assert.equal(rest.it.take().filter((line) => line.startsWith('kill')).length, 1);
  assert.equal((await rest.ask('POST', `${JOB}/kill`, { instances: [2] })).status, 202);
  const sla = await rest.ask('GET', `${JOB}/sla?seconds=60`);
  assert.match(JSON.stringify(sla.body), /"platformUptimePercent":100/);
  assert.equal((await rest.ask('DELETE', `${JOB}?message=over`)).status, 202);
  for (const task of rest.it.tasks()) rest.it.status(task.assignedTask.taskId, 'TASK_KILLED');
  assert.equal(rest.it.tasks().filter(({ status }) => status === 'RUNNING').length, 0);
});

test('an update is started, paused, rolled back and found with its events', async () => {
  const rest = new RestTester();
  await rest.ask('POST', '/v1/jobs', HELLO);
  rest.it.run();
  const nothing = await rest.ask('POST', `${JOB}/updates`, HELLO);
  assert.notEqual(nothing.status, 201);
  const changed = { ...HELLO, priority: 5 };
  const diff = await rest.ask('POST', `${JOB}/diff`, changed);
  assert.match(JSON.stringify(diff.body), /"update":\[\{"config":/);
  const started = await rest.ask('POST', `${JOB}/updates?message=faster`, changed);
  assert.equal(started.status, 201);
  const location = String(started.headers.location);
  assert.match(location, /^\/v1\/updates\/www\/prod\/web\/[0-9a-f-]{36}$/);
  const again = await rest.ask('POST', `${JOB}/updates`, changed);
  assert.equal(again.status, 422);
  const list = await rest.ask('GET', '/v1/updates?role=www&environment=prod&name=web');
  assert.match(JSON.stringify(list.body), /"total":1.*"status":"ROLLING_FORWARD"/);
  assert.equal((await rest.ask('POST', `${location}/pause`, { message: 'wait' })).status, 202);
  const paused = await rest.ask('GET', location);
  assert.match(JSON.stringify(paused.body), /"ROLL_FORWARD_PAUSED".*"message":"wait"/);
  assert.equal((await rest.ask('POST', `${location}/resume`)).status, 202);
  assert.equal((await rest.ask('POST', `${location}/rollback`)).status, 202);
  const back = await rest.ask('GET', '/v1/updates?status=ROLLING_BACK');
  assert.match(JSON.stringify(back.body), /"total":1/);
  assert.equal((await rest.ask('POST', `${location}/abort`)).status, 202);
  const pulse = await rest.ask('POST', `${location}/pulse`);
  assert.deepEqual(pulse.body, { status: 'FINISHED' });
  assert.equal((await rest.ask('GET', `${location}x`)).status, 404);
});

test('a cron job shows its next runs, starts now, and leaves the schedule', async () => {
  const rest = new RestTester();
  const cron = { ...HELLO, service: false, cron_schedule: '0 3 * * *' };
  assert.equal((await rest.ask('POST', '/v1/jobs', cron)).status, 201);
  const runs = await rest.ask('GET', `${JOB}/cron?count=2`);
  const [schedule, zone] = ['0 3 * * *', 'GMT'];
  const first = Date.UTC(1970, 0, 1, 3);
  const nextRunsMs = [first, first + 86_400_000];
  assert.deepEqual(runs.body, { schedule, timeZone: zone, nextRunsMs });
  assert.equal((await rest.ask('POST', `${JOB}/cron/start`)).status, 202);
  assert.deepEqual(rest.it.statuses(), ['0 PENDING', '1 PENDING']);
  assert.equal((await rest.ask('DELETE', JOB)).status, 202);
  assert.equal((await rest.ask('GET', JOB)).status, 404);
});

test('quotas, hosts, roles and tiers', async () => {
  const rest = new RestTester();
  const quota = { numCpus: 4, ramMb: 1_024, diskMb: 2_048 };
  assert.equal((await rest.ask('PUT', '/v1/roles/www/quota', quota)).status, 202);
  const read = await rest.ask('GET', '/v1/roles/www/quota');
  assert.match(JSON.stringify(read.body), /"quota":\{"resources":\[\{"numCpus":4\}/);
  rest.it.offer('h1');
  const host = '/v1/hosts/h1/maintenance';
  assert.deepEqual((await rest.ask('GET', host)).body, { host: 'h1', mode: 'NONE' });
  assert.equal((await rest.ask('PUT', host, { mode: 'SCHEDULED' })).status, 202);
  assert.deepEqual((await rest.ask('GET', host)).body, { host: 'h1', mode: 'SCHEDULED' });
  assert.equal((await rest.ask('PUT', host, { mode: 'NONE' })).status, 202);
  assert.equal((await rest.ask('GET', '/v1/hosts/h9/maintenance')).status, 404);
  await rest.ask('POST', '/v1/jobs', HELLO);
  const roles = await rest.ask('GET', '/v1/roles');
  assert.deepEqual(roles.body, { roles: [{ role: 'www', jobCount: 1, cronJobCount: 0 }] });
  assert.match(JSON.stringify((await rest.ask('GET', '/v1/tiers')).body), /"preemptible"/);
});

test('what is wrong with a request is said with its place', async () => {
  const rest = new RestTester();
  const rows = [
    ['POST', '/v1/jobs', '{', 400, /The body is no JSON: /],
    ['POST', '/v1/jobs', [], 422, /body must be object/],
    ['POST', '/v1/jobs', { ...HELLO, tsk: {} }, 422, /tsk/],
    ['POST', '/v1/jobs', { ...HELLO, role: undefined }, 422, /Role required for job/],
    ['POST', '/v1/jobs', { ...HELLO, role: 'a b' }, 422, /Invalid role 'a b'/],
    ['POST', '/v1/jobs', { ...HELLO, cluster: 'other' }, 422, /'devcluster', not 'other'/],
    ['POST', '/v1/jobs', { ...HELLO, contact: '{{who}}' }, 422, /unbound variables: \{?\{?who/],
    ['POST', `${JOB}/updates`, { ...HELLO, name: 'api' }, 422, /job www\/prod\/api, another/],
    ['GET', '/v1/jobs?limit=0', undefined, 400, /query\/limit must be >= 1/],
    ['GET', '/v1/jobs?rol=www', undefined, 400, /additional properties: rol/],
    ['GET', '/v1/updates?status=DONE', undefined, 400, /query\/status must be equal to one/],
    ['GET', '/v1/updates?name=web', undefined, 400, /together with role/],
    ['GET', JOB, undefined, 404, /There is no job www\/prod\/web/],
    ['GET', '/v1/job', undefined, 404, /no such resource/],
    ['PUT', '/v1/jobs', HELLO, 405, /PUT is not what this resource takes: GET, POST/],
    ['PUT', '/v1/roles/www/quota', { numCpus: -1, ramMb: 1, diskMb: 1 }, 422, /body\/numCpus/],
    ['PUT', '/v1/hosts/h1/maintenance', { mode: 'OFF' }, 422, /body\/mode/],
  ] as const;
  for (const [method, url, body, status, text] of rows) {
    const answer = await rest.ask(method, url, body);
    assert.equal(answer.status, status, `${method} ${url}: ${JSON.stringify(answer.body)}`);
    assert.match(JSON.stringify(answer.body), text);
  }
  const twice = await rest.ask('POST', '/v1/jobs', HELLO);
  assert.equal(twice.status, 201);
  const second = await rest.ask('POST', '/v1/jobs', HELLO);
  assert.equal(second.status, 422);
});

test('the description names every operation once, and each part of a path', async () => {
  const rest = new RestTester();
  const text = JSON.stringify(await rest.openApi());
  for (const { id, path } of REST_ROUTES) {
    assert.equal(text.split(`"operationId":"${id}"`).length, 2, id);
    assert.ok(text.includes(`"${path}":`), path);
  }
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.match(text, new RegExp(`"${name}":\\{"(type|oneOf)"`));
  }
});
