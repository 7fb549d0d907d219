/** Who may call what (spec aurora-scheduler, section 10.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isPermitted,
  parseShiroIni,
  type ShiroRealm,
} from '../../../../schedulers/aurora/http/security/shiro.ts';
import { decodeAnswer, encodeCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import { job, said, WEB } from '../machine/scheduler-tester.ts';
import { serveRoutes } from './serve-routes.ts';

const INI = `
# comment
[users]
root = secret, admin
web: hunter2, web_deployer, "reader"
eve = pass

[roles]
admin = *
web_deployer = thrift.AuroraSchedulerManager:*:www
reader = "thrift.AuroraAdmin:listBackups,snapshot"
`;

function realm(): ShiroRealm {
  const parsed = parseShiroIni(INI);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('permissions are parts with choices and stars; fewer parts mean all of the rest', () => {
  const rows = [
    ['root', 'thrift.AuroraAdmin:snapshot', true],
    ['root', 'thrift.AuroraSchedulerManager:killTasks:a:b:c', true],
    ['web', 'thrift.AuroraSchedulerManager:killTasks:www:prod:web', true],
    ['web', 'THRIFT.aurorascheduleRManager:killtasks:WWW:prod:web', true],
    ['web', 'thrift.AuroraSchedulerManager:killTasks:other:prod:web', false],
    ['web', 'thrift.AuroraSchedulerManager:killTasks', false],
    ['web', 'thrift.AuroraAdmin:snapshot', true],
    ['web', 'thrift.AuroraAdmin:listBackups', true],
    ['web', 'thrift.AuroraAdmin:performBackup', false],
    ['eve', 'thrift.AuroraAdmin:snapshot', false],
  ] as const;
  for (const [name, permission, expected] of rows) {
    const user = realm().get(name);
    assert.ok(user !== undefined);
    assert.equal(isPermitted(user, permission), expected, `${name} ${permission}`);
  }
});

test('a file that says something else is refused with its line', () => {
  assert.deepEqual(parseShiroIni('[main]\n'), {
    ok: false,
    error: 'section [main] is not known: [users], [roles]',
  });
  const nobody = { ok: false, error: 'neither [users] nor [roles] is there' };
  assert.deepEqual(parseShiroIni('# all of it\n'), nobody);
  assert.deepEqual(parseShiroIni('a = b\n'), { ok: false, error: 'line 1 has no meaning' });
});

const BINARY = 'application/vnd.apache.thrift.binary';

const basic = (text: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

test('who reads needs no name, who writes does, a wrong password is refused everywhere', async () => {
  const { app, it } = serveRoutes({ realm: realm() });
  const post = async (
    headers: Readonly<Record<string, string>>,
    payload: Buffer,
  ): Promise<number> => {
    const types = { 'content-type': BINARY, accept: BINARY };
    const answer = await app.inject({
      method: 'POST',
      url: '/api',
      headers: { ...types, ...headers },
      payload,
    });
    if (answer.statusCode === 401) {
      const challenge = 'BASIC realm="Apache Aurora Scheduler"';
      assert.equal(answer.headers['www-authenticate'], challenge);
    }
    return answer.statusCode;
  };
  const read = encodeCall('binary', { method: 'getRoleSummary', seqid: 1, args: {} });
  const write = encodeCall('binary', { method: 'killTasks', seqid: 1, args: { job: WEB } });
  assert.equal(await post({}, read), 200);
  assert.equal(await post(basic('web:wrong'), read), 401);
  assert.equal(await post(basic('nobody:'), read), 401);
  assert.equal(await post({}, write), 401);
  assert.equal(await post(basic('web:hunter2'), write), 200);
  it.create(job(1));
  const rest = (headers: Readonly<Record<string, string>>) =>
    app.inject({ method: 'DELETE', url: '/v1/jobs/www/prod/web', headers });
  assert.equal((await rest({})).statusCode, 401);
  assert.equal((await rest(basic('eve:pass'))).statusCode, 403);
  assert.equal((await app.inject('/v1/jobs')).statusCode, 200);
});

test('what a user may not do is answered as the original does, and jobs are named in permissions', async () => {
  const { app, it, counted } = serveRoutes({ realm: realm() });
  it.create(job(1));
  const call = async (user: string, body: Buffer, method: 'killTasks' | 'snapshot') => {
    const headers = { 'content-type': BINARY, accept: BINARY, ...basic(user) };
    const answer = await app.inject({ method: 'POST', url: '/api', headers, payload: body });
    assert.equal(answer.statusCode, 200);
    const decoded = decodeAnswer('binary', method, answer.rawPayload);
    assert.ok(decoded.ok && decoded.value.kind === 'reply');
    return said(decoded.value.response);
  };
  const kill = (args: { job?: typeof WEB }): Buffer =>
    encodeCall('binary', { method: 'killTasks', seqid: 1, args });
  const other = { ...WEB, role: 'other' };
  assert.equal(
    await call('web:hunter2', kill({ job: other }), 'killTasks'),
    'AUTH_FAILED Subject web is not permitted to thrift.AuroraSchedulerManager:killTasks:other:prod:web.',
  );
  assert.equal(
    await call('web:hunter2', kill({}), 'killTasks'),
    'INVALID_REQUEST Missing or invalid job key from request.',
  );
  const snapshot = encodeCall('binary', { method: 'snapshot', seqid: 1, args: {} });
  assert.equal(
    await call('eve:pass', snapshot, 'snapshot'),
    'AUTH_FAILED Subject eve lacks permission thrift.AuroraAdmin:snapshot',
  );
  assert.equal(await call('web:hunter2', kill({ job: WEB }), 'killTasks'), 'OK');
  const failure = 'shiro_authorization_failures';
  assert.deepEqual(counted, [failure, 'shiro_bad_requests', failure]);
});
