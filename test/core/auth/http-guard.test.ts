/** What stands before every route: disabled endpoints, realms, paths that need a right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAcls } from '../../../core/auth/acls.ts';
import { createAuthorizer } from '../../../core/auth/authorizer.ts';
import { parseFirewallRules } from '../../../core/auth/firewall.ts';
import {
  basicAuthenticator,
  type HttpAuthenticator,
} from '../../../core/auth/http-authenticator.ts';
import { guardServer, type RequestGuard } from '../../../core/auth/http-guard.ts';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer, type HttpServer } from '../../../core/net/http-server.ts';

interface Guarded extends AsyncDisposable {
  readonly server: HttpServer;
  readonly guard: RequestGuard;
  get(url: string, who?: string): Promise<{ readonly status: number; readonly body: string }>;
}

/** `Claims` in place of credentials is a principal that is known by its claims only. */
function namelessOr(named: HttpAuthenticator): HttpAuthenticator {
  return (header) =>
    header === 'Claims'
      ? { ok: true, principal: { value: undefined, claims: { team: 'web' } } }
      : named(header);
}

async function guarded(): Promise<Guarded> {
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const acls = parseAcls({
    get_endpoints: [
      { principals: { values: ['ops'] }, paths: { values: ['/metrics/snapshot'] } },
      { principals: { type: 'NONE' }, paths: { type: 'ANY' } },
    ],
  });
  const disabled = parseFirewallRules({
    disabled_endpoints: { paths: ['/master/state', '/files/browse'] },
  });
  assert.ok(acls.ok && disabled.ok);
  const credentials = new Map([
    ['ops', 'x'],
    ['guest', 'x'],
  ]);
  const guard = guardServer(server, {
    realmOf: (route) => (route === '/open' ? undefined : 'r'),
    authenticators: new Map([['r', namelessOr(basicAuthenticator(credentials, 'r'))]]),
    authorizer: createAuthorizer(acls.value),
    disabled: disabled.value,
    authorizablePathOf: (route) => (route === '/metrics/snapshot' ? route : undefined),
    needsName: (route) => route === '/master/tasks',
  });
  for (const route of ['/master/state', '/master/tasks', '/metrics/snapshot', '/open']) {
    server.app.all(route, (request, reply) =>
      reply.send(guard.principalOf(request)?.value ?? 'nobody'),
    );
  }
  server.app.all('/files/browse', (_request, reply) => reply.send('files'));
  await server.app.ready();
  return {
    server,
    guard,
    get: async (url, who) => {
      const authorization = `Basic ${Buffer.from(`${who}:x`).toString('base64')}`;
      const headers = who === undefined ? {} : { authorization };
      const answer = await server.app.inject({ method: 'GET', url, headers });
      return { status: answer.statusCode, body: answer.body };
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

test('a disabled endpoint is refused before anybody is asked, by all its names', async () => {
  await using it = await guarded();
  const disabled = { status: 403, body: "Endpoint '/master/state' is disabled" };
  for (const url of ['/master/state', '/state', '/state/', '/master/state?x=1', '/state.json']) {
    assert.deepEqual(await it.get(url), disabled, url);
    assert.deepEqual(await it.get(url, 'ops'), disabled, url);
  }
  // Escapes are no way around either.
  assert.equal((await it.get('/master/st%61te', 'ops')).status, 403);
  const files = await it.get('/files/browse?path=/');
  assert.deepEqual(files, { status: 403, body: "Endpoint '/files/browse' is disabled" });
});

test('a realm asks for credentials, a route without one ignores them', async () => {
  await using it = await guarded();
  assert.deepEqual(await it.get('/tasks'), { status: 401, body: '401 Unauthorized.' });
  assert.deepEqual(await it.get('/tasks', 'wrong'), { status: 401, body: '401 Unauthorized.' });
  assert.deepEqual(await it.get('/tasks', 'ops'), { status: 200, body: 'ops' });
  assert.deepEqual(await it.get('/open', 'ops'), { status: 200, body: 'nobody' });
  assert.equal((await it.get('/no/such/route')).status, 404);
});

test('a path that needs a right is 403 without it', async () => {
  await using it = await guarded();
  assert.deepEqual(await it.get('/metrics/snapshot', 'guest'), {
    status: 403,
    body: '403 Forbidden.',
  });
  assert.equal((await it.get('/metrics/snapshot', 'ops')).status, 200);
});

test('a principal that has claims but no name is refused where a name is needed', async () => {
  await using it = await guarded();
  const ask = (url: string) =>
    it.server.app.inject({ method: 'GET', url, headers: { authorization: 'Claims' } });
  const refused = await ask('/master/tasks');
  assert.equal(refused.statusCode, 403);
  assert.match(
    refused.body,
    /^The request's authenticated principal contains claims, but no value string/,
  );
  assert.equal((await ask('/metrics/snapshot')).statusCode, 403);
  assert.equal((await ask('/open')).body, 'nobody');
});
