/** Plugins: how they are loaded, what they may forbid and change. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { readDescriptors } from '../../../schedulers/marathon/plugins/descriptor.ts';
import { type LoadedPlugins, loadPlugins } from '../../../schedulers/marathon/plugins/load.ts';
import { type Answer, at, SLEEP, World } from './world.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/plugins');

async function worldWith(plugins: LoadedPlugins, flags = {}): Promise<World> {
  return await World.start(flags, ['a1'], new MemoryStorage(), plugins);
}

async function guardedWorld(): Promise<World> {
  const plugins = await loadPlugins(EXAMPLES, join(EXAMPLES, 'owners.json'), silentLog);
  return await worldWith(plugins);
}

type Call = (method: string, url: string, body?: unknown) => Promise<Answer>;

function as(world: World, user: string, password: string): Call {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return (method, url, body) => world.call(method, url, body, { authorization });
}

/** A file of plugins made for one test. */
async function pluginsOf(t: TestContext, source: string, plugins: object): Promise<LoadedPlugins> {
  const folder = await mkdtemp(join(tmpdir(), 'plugins-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'own.mjs'), source);
  await writeFile(join(folder, 'conf.json'), JSON.stringify({ plugins }));
  return await loadPlugins(folder, join(folder, 'conf.json'), silentLog);
}

test('who is unknown gets the answer of the authenticator, except for a ping and the pages', async () => {
  const world = await guardedWorld();
  for (const url of [
    '/v2/apps',
    '/v2/info',
    '/v2/events',
    '/metrics',
    '/v2/groups',
    '/v2/nothing',
  ]) {
    const answer = await as(world, 'ann', 'wrong')('GET', url);
    const expected = url === '/v2/nothing' ? [401, 404] : [401];
    assert.ok(expected.includes(answer.status), `${url} ${answer.status}`);
  }
  const refused = await world.call('GET', '/v2/apps');
  assert.equal(refused.headers['www-authenticate'], 'Basic realm="Marathon"');
  assert.equal(refused.text, '{"message":"Who are you?"}');
  assert.equal((await world.call('GET', '/ping')).status, 200);
  await world.stop();
});

test('owners see and change what is below their groups, and nothing else', async () => {
  const world = await guardedWorld();
  const root = as(world, 'root', 'change-me');
  const ann = as(world, 'ann', 'secret');
  assert.equal((await root('POST', '/v2/apps', { ...SLEEP, id: '/bank/safe' })).status, 201);
  const forbidden = await ann('POST', '/v2/apps', { ...SLEEP, id: '/bank/other' });
  assert.equal(forbidden.status, 403);
  assert.equal(forbidden.text, '{"message":"ann may not"}');
  assert.equal((await ann('POST', '/v2/apps', { ...SLEEP, id: '/shop/web' })).status, 201);
  await world.advance(10_000);

  const apps = await ann('GET', '/v2/apps');
  assert.deepEqual(at(apps.body, 'apps', 0, 'id'), '/shop/web');
  assert.equal(at(apps.body, 'apps', 1), undefined);
  assert.equal(at((await root('GET', '/v2/apps')).body, 'apps', 1, 'id'), '/shop/web');
  const groups = await ann('GET', '/v2/groups');
  assert.equal(at(groups.body, 'groups', 0, 'id'), '/shop');
  assert.equal(at(groups.body, 'groups', 1), undefined);
  const tasks = await ann('GET', '/v2/tasks');
  assert.equal(at(tasks.body, 'tasks', 0, 'appId'), '/shop/web');
  assert.equal(at(tasks.body, 'tasks', 1), undefined);

  const rows: readonly (readonly [string, string, unknown?])[] = [
    ['GET', '/v2/apps/bank/safe'],
    ['GET', '/v2/apps/bank/safe/tasks'],
    ['GET', '/v2/apps/bank/safe/versions'],
    ['PATCH', '/v2/apps/bank/safe', { mem: 64 }],
    ['DELETE', '/v2/apps/bank/safe'],
    ['DELETE', '/v2/apps/bank/safe/tasks'],
    ['POST', '/v2/apps/bank/safe/restart'],
    ['DELETE', '/v2/groups/bank'],
    ['PUT', '/v2/groups', { groups: [] }],
    ['DELETE', '/v2/leader'],
  ];
  for (const [method, url, body] of rows) {
    assert.equal((await ann(method, url, body)).status, 403, `${method} ${url}`);
  }
  assert.equal(world.master.running().length, 2);
  assert.equal((await ann('DELETE', '/v2/apps/shop/web')).status, 200);
  await world.stop();
});

test('what is forbidden leaves neither an event nor a deployment', async () => {
  const world = await guardedWorld();
  const before = world.marathon.machine.describe();
  await as(world, 'ann', 'secret')('POST', '/v2/apps', SLEEP);
  assert.equal(world.marathon.machine.describe(), before);
  await world.stop();
});

test('the enabled plugins are listed without their configuration', async () => {
  const world = await guardedWorld();
  const { body } = await as(world, 'ann', 'secret')('GET', '/v2/plugins');
  assert.deepEqual(body, {
    plugins: [
      {
        id: 'users',
        plugin: 'mesosphere.marathon.plugin.auth.Authenticator',
        implementation: 'owners.ts#basicUsers',
      },
      {
        id: 'owners',
        plugin: 'mesosphere.marathon.plugin.auth.Authorizer',
        implementation: 'owners.ts#groupOwners',
        tags: ['example'],
        info: { about: 'services belong to the owners of their groups' },
      },
    ],
  });
  await world.stop();
});

const MACHINE = `
export const noRoot = () => ({
  validate: ({ user }) => (user === 'root' ? [{ path: '/user', message: 'must not be root' }] : []),
});
export const notHere = () => ({ isAccepted: (offer) => offer.hostname !== 'a1.example' });
export const named = ({ name }) => ({
  taskInfo: (spec, task) => {
    if (spec.labels.broken !== undefined) throw new Error('broken');
    return { ...task, labels: { labels: [{ key: 'by', value: name }] } };
  },
});
export const echo = () => ({
  serve: ({ method, path, query, body }) => ({
    status: 201,
    headers: { 'content-type': 'text/plain' },
    body: [method, path, query.a, Buffer.from(body)].join(' '),
  }),
});
export const nothing = () => ({});
`;

test('plugins validate definitions, choose offers and change tasks', async (t) => {
  const plugins = await pluginsOf(t, MACHINE, {
    a: { plugin: 'x.RunSpecValidator', implementation: 'own.mjs#noRoot' },
    b: { plugin: 'x.SchedulerPlugin', implementation: 'own.mjs#notHere' },
    c: {
      plugin: 'x.RunSpecTaskProcessor',
      implementation: 'own.mjs#named',
      configuration: { name: 'me' },
    },
  });
  const world = await worldWith(plugins);
  const refused = await world.call('POST', '/v2/apps', { ...SLEEP, user: 'root' });
  assert.equal(refused.status, 422);
  assert.deepEqual(at(refused.body, 'details'), [{ path: '/user', errors: ['must not be root'] }]);
  await world.call('POST', '/v2/apps', SLEEP);
  await world.call('POST', '/v2/apps', { ...SLEEP, id: '/b', labels: { broken: '' } });
  await world.advance(10_000);
  assert.equal(world.master.running().length, 0);
  world.master.addAgent('a2');
  await world.advance(10_000);
  const running = world.master.running();
  assert.deepEqual(
    running.map(({ info }) => info.name),
    ['sleep'],
  );
  const task: unknown = JSON.parse(JSON.stringify(running[0]?.info));
  assert.deepEqual(at(task, 'labels', 'labels'), [{ key: 'by', value: 'me' }]);
  await world.stop();
});

test('a plugin serves the paths below its id', async (t) => {
  const plugins = await pluginsOf(t, MACHINE, {
    web: { plugin: 'x.HttpRequestHandler', implementation: 'own.mjs#echo' },
  });
  const world = await worldWith(plugins);
  const answer = await world.call('POST', '/v2/plugins/web/deep/path?a=1', { b: 2 });
  assert.equal(answer.status, 201);
  assert.equal(answer.text, 'POST /deep/path 1 {"b":2}');
  const unknown = await world.call('GET', '/v2/plugins/none/x');
  assert.equal(unknown.status, 404);
  assert.deepEqual(unknown.body, { message: 'No plugin with this pluginId: none' });
  await world.stop();
});

test('a plugin that cannot be made keeps Marathon from starting', async (t) => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    [
      'x.RunSpecValidator',
      'own.mjs#nothing',
      /plugin 'p' \(own\.mjs#nothing\) has no method 'validate'/,
    ],
    ['x.RunSpecValidator', 'own.mjs#absent', /no exported function absent/],
    ['x.RunSpecValidator', 'other.mjs#x', /plugin 'p' cannot be loaded from 'other\.mjs'/],
    ['x.RunSpecValidator', 'com.example.Validator', /classes of the original cannot be loaded/],
    ['x.RunSpecValidator', '../own.mjs#x', /must name a module/],
    ['x.Unknown', 'own.mjs#x', /plugin 'p' is a 'x\.Unknown', expected one of/],
  ];
  for (const [plugin, implementation, message] of rows) {
    await assert.rejects(pluginsOf(t, MACHINE, { p: { plugin, implementation } }), message);
  }
  assert.ok(!readDescriptors({ plugins: { p: {} } }).ok);
  const off = readDescriptors({
    plugins: { p: { plugin: '?', implementation: '?', enabled: false } },
  });
  assert.deepEqual(off, { ok: true, value: [] });
});
