/** An agent lets executors in by their token only: ours sends it, nobody else has one. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { signJwt } from '../../core/auth/jwt.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import { at, listAt, textAt } from './support/json.ts';
import { http, PROJECT } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const KEY = 'a key of the agent';

/** An executor made with the package: says whether it was given a token, and that its task runs. */
const EXECUTOR = `
import { createExecutor, executorOptionsFrom, systemPorts } from '${PROJECT}core/executor/index.ts';
const options = executorOptionsFrom(process.env);
if (!options.ok) throw new Error(options.error);
const executor = createExecutor(options.value, {
  launch: (task) => executor.update({ taskId: task.task_id.value, state: 'TASK_RUNNING',
    message: (options.value.authenticationToken === undefined ? 'no token' : 'with a token') +
      ' to ' + process.env.MESOS_DOMAIN_SOCKET }),
  kill: (taskId) => executor.update({ taskId, state: 'TASK_KILLED' }),
  shutdown: () => process.exit(0),
}, systemPorts());
await executor.start();
await executor.ended;
`;

test('an executor with its token is served, one without or with another is not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'tokens-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const [key, program] = [join(directory, 'key'), join(directory, 'executor.mts')];
  writeFileSync(key, KEY, { mode: 0o600 });
  writeFileSync(program, EXECUTOR);
  const socketPath = join(directory, 'agent', 'executors.sock');
  const cluster = await SmallCluster.start(t, 'tokens', {
    agentFlags: [
      ...['--authenticate_http_executors', `--jwt_secret_key=${key}`],
      ...['--http_executor_domain_sockets', `--domain_socket_location=${socketPath}`],
    ],
  });
  const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'tokens', {
    type: 'SUBSCRIBE',
    subscribe: { framework_info: { user: 'root', name: 'tokens' } },
  });
  const [offer] = await session.settledOffers();
  const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value } });
  const task = (id: string, rest: object) => ({
    ...{ name: id, task_id: { value: id }, agent_id: at(offer, 'agent_id') },
    ...{ resources: [scalar('cpus', 0.1), scalar('mem', 32)], ...rest },
  });
  const executor = {
    executor_id: { value: 'e' },
    framework_id: { value: session.frameworkId },
    resources: [scalar('cpus', 0.1), scalar('mem', 64)],
    command: { value: `${process.execPath} ${program}` },
  };
  // A command task must not see any token.
  const command = { value: 'test -z "$MESOS_EXECUTOR_AUTHENTICATION_TOKEN"' };
  const launch = { task_infos: [task('custom', { executor }), task('plain', { command })] };
  await session.call({
    type: 'ACCEPT',
    accept: { offer_ids: [at(offer, 'id')], operations: [{ type: 'LAUNCH', launch }] },
  });
  const running = await session.nextUpdate('custom');
  const how = `with a token to ${socketPath}`;
  assert.equal(at(running, 'update', 'status', 'message'), how);
  let plain = await session.nextUpdate('plain');
  if (at(plain, 'update', 'status', 'state') === 'TASK_RUNNING') {
    plain = await session.nextUpdate('plain');
  }
  assert.equal(at(plain, 'update', 'status', 'state'), 'TASK_FINISHED');

  const state = await http('GET', `${cluster.agentUrl}/state`);
  const [framework] = listAt(state.body, 'frameworks');
  const container = listAt(framework, 'executors').find((each) => at(each, 'id') === 'e');
  const cid = textAt(container, 'container');
  const ask = (token: string | undefined) =>
    http(
      'POST',
      `${cluster.agentUrl}/api/v1/executor`,
      {
        ...{ type: 'MESSAGE', message: { data: 'eA==' } },
        ...{ framework_id: { value: session.frameworkId }, executor_id: { value: 'e' } },
      },
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    );
  const claims = { fid: session.frameworkId, eid: 'e', cid };
  const key1 = Buffer.from(KEY);
  const without = await ask(undefined);
  assert.equal(without.status, 401);
  const realm = 'Bearer realm="mesos-agent-executor"';
  assert.equal(without.headers.get('www-authenticate'), realm);
  const forged = await ask(signJwt(claims, Buffer.from('another key')));
  assert.equal(forged.status, 401);
  assert.equal(
    forged.headers.get('www-authenticate'),
    `${realm}, error="invalid_token", error_description="Invalid JWT: Token signature does not match"`,
  );
  const other = await ask(signJwt({ ...claims, cid: 'other' }, key1));
  assert.equal(other.status, 403);
  assert.match(other.text, / does not contain a 'cid' claim with the correct active ContainerID$/);
  const foreign = await ask(signJwt({ ...claims, fid: 'other' }, key1));
  assert.match(foreign.text, / does not contain an 'fid' claim with the framework ID /);
  assert.equal((await ask(signJwt(claims, key1))).status, 202);

  await using socket = disposable(createHttpClient({ socketPath }));
  const overSocket = async (path: string): Promise<number> => {
    const answer = await socket.client.request({ method: 'GET', url: `http://agent${path}` });
    for await (const _chunk of answer.body);
    return answer.status;
  };
  assert.equal(await overSocket('/slave(1)/api/v1'), 405);
  for (const path of ['/slave(1)/state', '/health', '/api/v1']) {
    assert.equal(await overSocket(path), 403, path);
  }
});

function disposable(client: HttpClient) {
  return { client, [Symbol.asyncDispose]: () => client.close() };
}
