/**
 * A whole cluster in which everybody must authenticate and ACLs decide: its own frameworks run an app and a
 * job, a stranger gets nowhere.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import { listAt, textAt } from './support/json.ts';
import {
  eventually,
  freePorts,
  http,
  type JsonAnswer,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const CREDENTIALS = {
  credentials: [
    { principal: 'bundled', secret: 'bundled-secret' },
    { principal: 'ops', secret: 'ops-secret' },
    { principal: 'guest', secret: 'guest-secret' },
  ],
};

const NOBODY = { type: 'NONE' };
const ANYONE = { type: 'ANY' };

/** The bundled frameworks run tasks, ops may see and end everything, guests see flags and no more. */
const ACLS = {
  permissive: false,
  register_agents: [{ principals: ANYONE, agents: ANYONE }],
  register_frameworks: [{ principals: { values: ['bundled'] }, roles: ANYONE }],
  run_tasks: [{ principals: { values: ['bundled'] }, users: ANYONE }],
  view_flags: [{ principals: { values: ['ops', 'guest', 'bundled'] }, flags: ANYONE }],
  view_roles: [{ principals: { values: ['ops', 'bundled'] }, roles: ANYONE }],
  view_frameworks: [{ principals: { values: ['ops', 'bundled'] }, users: ANYONE }],
  view_tasks: [{ principals: { values: ['ops', 'bundled'] }, users: ANYONE }],
  view_executors: [{ principals: { values: ['ops', 'bundled'] }, users: ANYONE }],
  access_sandboxes: [{ principals: { values: ['ops'] }, users: ANYONE }],
  teardown_frameworks: [
    { principals: { values: ['ops'] }, framework_principals: ANYONE },
    { principals: NOBODY, framework_principals: ANYONE },
  ],
  get_endpoints: [{ principals: { values: ['ops'] }, paths: { values: ['/metrics/snapshot'] } }],
};

function as(principal: string, secret = `${principal}-secret`): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}` };
}

interface SecureCluster {
  readonly masterPort: number;
  readonly agentPort: number;
  readonly marathonPort: number;
  readonly chronosPort: number;
  readonly program: Program;
  asked(who: Record<string, string>, path: string, port?: number): Promise<JsonAnswer>;
}

async function startSecure(directory: string): Promise<SecureCluster> {
  const file = (name: string, content: unknown): string => {
    const path = join(directory, name);
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  const ports = await freePorts(7);
  const [masterPort = 0, agentPort = 0, marathonPort = 0, chronosPort = 0] = ports;
  const [aurora = 0, dns = 0, dnsHttp = 0] = ports.slice(4);
  const program = startOrrery([
    'local',
    `--work_dir=${join(directory, 'state')}`,
    `--master_port=${masterPort}`,
    `--agent_port=${agentPort}`,
    `--marathon_port=${marathonPort}`,
    `--chronos_port=${chronosPort}`,
    `--aurora_port=${aurora}`,
    `--dns_port=${dns}`,
    `--dns_http_port=${dnsHttp}`,
    '--resources=cpus:4;mem:2048;disk:1024',
    `--credentials=${file('credentials', CREDENTIALS)}`,
    `--credential=${file('credential', CREDENTIALS.credentials[0])}`,
    `--acls=${file('acls.json', ACLS)}`,
  ]);
  return {
    ...{ masterPort, agentPort, marathonPort, chronosPort, program },
    asked: (who, path, port = masterPort) =>
      http('GET', `http://127.0.0.1:${port}${path}`, undefined, who),
  };
}

/** The types of the events that somebody hears, growing. */
async function watch(t: TestContext, port: number, who: string): Promise<readonly string[]> {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const response = await fetch(`http://127.0.0.1:${port}/api/v1`, {
    method: 'POST',
    headers: { ...as(who), 'content-type': 'application/json', accept: 'application/json' },
    body: '{"type":"SUBSCRIBE"}',
    signal: abort.signal,
  });
  assert.equal(response.status, 200);
  const types: string[] = [];
  const read = async (): Promise<void> => {
    const decoder = new RecordDecoder();
    for await (const chunk of response.body ?? []) {
      for (const record of decoder.push(chunk)) {
        types.push(textAt(JSON.parse(Buffer.from(record).toString()), 'type'));
      }
    }
  };
  // The stream ends with the test.
  read().catch(() => undefined);
  await eventually('the stream begins', () => (types.length > 0 ? 1 : undefined));
  return types;
}

test('in a cluster that asks everybody who they are the bundled frameworks work and strangers do not', async (t) => {
  const directory = await temporaryDirectory('security');
  const cluster = await startSecure(directory);
  const { program, masterPort, agentPort, marathonPort, chronosPort } = cluster;
  const details = (): string => program.output();
  t.after(async () => {
    await program.stop('SIGINT');
    await removeDirectory(directory);
  });
  await eventually(
    'both frameworks are registered',
    async () => {
      const { status, body } = await cluster.asked(as('ops'), '/frameworks');
      const active = status === 200 ? listAt(body, 'frameworks') : [];
      return active.length === 2 ? true : undefined;
    },
    details,
  );

  const [seenByOps, seenByGuest] = await Promise.all([
    watch(t, masterPort, 'ops'),
    watch(t, masterPort, 'guest'),
  ]);

  await t.test('an app and a job run', async () => {
    const app = { id: '/sleeper', cmd: 'sleep 1000', cpus: 0.1, mem: 32 };
    const made = await http('POST', `http://127.0.0.1:${marathonPort}/v2/apps`, app);
    assert.equal(made.status, 201, made.text);
    const job = {
      ...{ name: 'once', command: 'true', cpus: 0.1, mem: 32, owner: 'a@example.com' },
      schedule: 'R1//PT1H',
    };
    const planned = await http('POST', `http://127.0.0.1:${chronosPort}/v1/scheduler/iso8601`, job);
    assert.equal(planned.status, 204, planned.text);
    await eventually(
      'the app runs and the job has run',
      async () => {
        const { body } = await cluster.asked(as('ops'), '/tasks');
        const states = listAt(body, 'tasks').map((task) => Reflect.get(Object(task), 'state'));
        return states.includes('TASK_RUNNING') && states.includes('TASK_FINISHED')
          ? true
          : undefined;
      },
      details,
    );
  });

  await t.test('without or with wrong credentials nobody sees anything', async () => {
    for (const who of [{}, as('ops', 'wrong'), as('nobody', 'x')]) {
      for (const path of ['/state', '/tasks', '/metrics/snapshot', '/files/debug', '/flags']) {
        assert.equal((await cluster.asked(who, path)).status, 401, path);
        if (path === '/tasks') continue;
        assert.equal((await cluster.asked(who, path, agentPort)).status, 401, path);
      }
      assert.equal((await cluster.asked(who, '/health')).status, 200);
    }
    const sent = await http('POST', `http://127.0.0.1:${masterPort}/api/v1`, { type: 'GET_STATE' });
    assert.equal(sent.status, 401);
    assert.equal(sent.headers.get('www-authenticate'), 'Basic realm="mesos-master-readwrite"');
  });

  await t.test('a guest sees flags and no frameworks, tasks or sandboxes', async () => {
    const { body } = await cluster.asked(as('guest'), '/state');
    assert.deepEqual(listAt(body, 'frameworks'), []);
    assert.ok(Reflect.get(Object(body), 'flags') !== undefined);
    assert.deepEqual(listAt((await cluster.asked(as('guest'), '/tasks')).body, 'tasks'), []);
    assert.equal((await cluster.asked(as('guest'), '/metrics/snapshot')).status, 403);
    assert.equal((await cluster.asked(as('ops'), '/metrics/snapshot')).status, 200);
    const seen = await cluster.asked(as('ops'), '/state', agentPort);
    const [framework] = listAt(seen.body, 'frameworks');
    const [executor] = listAt(framework, 'executors');
    const path = `/files/read?path=${Reflect.get(Object(executor), 'directory')}/stdout&offset=0`;
    assert.equal((await cluster.asked(as('ops'), path, agentPort)).status, 200);
    assert.equal((await cluster.asked(as('guest'), path, agentPort)).status, 403);
    const hidden = await cluster.asked(as('guest'), '/state', agentPort);
    assert.deepEqual(listAt(hidden.body, 'frameworks'), []);
    const calls = await http(
      'POST',
      `http://127.0.0.1:${masterPort}/api/v1`,
      { type: 'GET_TASKS' },
      { ...as('guest'), accept: 'application/json' },
    );
    assert.equal(
      calls.text,
      '{"type":"GET_TASKS","get_tasks":{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]}}',
    );
  });

  await t.test('the event stream of a guest says nothing of tasks and frameworks', async () => {
    await eventually('ops hear of the task', () =>
      seenByOps.includes('TASK_ADDED') ? 1 : undefined,
    );
    const told = seenByGuest.filter((type) => /^(TASK|FRAMEWORK)_/.test(type));
    assert.deepEqual(told, []);
    assert.equal(seenByGuest[0], 'SUBSCRIBED');
  });

  await t.test('only ops may end a framework', async () => {
    const { body } = await cluster.asked(as('ops'), '/frameworks');
    const chronos = listAt(body, 'frameworks').find((each) =>
      /chronos/.test(String(Reflect.get(Object(each), 'name'))),
    );
    const form = `frameworkId=${Reflect.get(Object(chronos), 'id')}`;
    const end = (who: string) =>
      http('POST', `http://127.0.0.1:${masterPort}/teardown`, form, as(who));
    assert.equal((await end('guest')).status, 403);
    assert.equal((await end('bundled')).status, 403);
    assert.equal((await end('ops')).status, 200);
  });

  await t.test('a framework of a stranger is refused, with and without a secret', async () => {
    const run = async (...flags: readonly string[]): Promise<string> => {
      const started = startOrrery([
        'execute',
        `--master=127.0.0.1:${masterPort}`,
        '--name=stranger',
        '--command=true',
        ...flags,
      ]);
      assert.notEqual(await started.stop('SIGCONT'), 0);
      return started.output();
    };
    assert.match(await run(), /401/);
    assert.match(await run('--principal=guest', '--secret=wrong'), /401/);
    const known = await run('--principal=guest', '--secret=guest-secret');
    assert.match(known, /Not authorized to register framework {2}with roles \{ \* \}/);
  });
});
