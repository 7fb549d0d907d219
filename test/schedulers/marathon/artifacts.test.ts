/** The artifact store: uploads, downloads, and what apps name in `storeUrls`. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { HttpClient, HttpRequest } from '../../../core/net/ports.ts';
import { artifactPath, FileArtifacts } from '../../../schedulers/marathon/artifacts/file-store.ts';
import { ArtifactResolver } from '../../../schedulers/marathon/artifacts/resolve.ts';
import { at, SLEEP, World } from './world.ts';

async function folderOf(
  t: TestContext,
): Promise<{ readonly folder: string; readonly url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, url: pathToFileURL(folder).href };
}

/** A form with one file, as clients send it. */
async function formOf(text: string, name: string, field = 'file') {
  const form = new FormData();
  form.set(field, new File([text], name));
  const response = new Response(form);
  const payload = Buffer.from(await response.arrayBuffer());
  return { payload, headers: { 'content-type': response.headers.get('content-type') ?? '' } };
}

test('an artifact is stored, replaced, read and removed', async (t) => {
  const { folder, url } = await folderOf(t);
  const world = await World.start({ artifact_store: url });
  const { app } = world.marathon;
  const upload = async (method: 'POST' | 'PUT', path: string, text: string) =>
    await app.inject({ method, url: path, ...(await formOf(text, 'hello.txt')) });
  const first = await upload('POST', '/v2/artifacts', 'one');
  assert.deepEqual([first.statusCode, first.headers['location']], [201, `${url}/hello.txt`]);
  assert.equal(first.body, '');
  const second = await upload('PUT', '/v2/artifacts/deep/er/x.json', 'two');
  assert.deepEqual([second.statusCode, second.headers['location']], [201, `${url}/deep/er/x.json`]);
  assert.equal((await upload('POST', '/v2/artifacts/deep/er/x.json', 'three')).statusCode, 200);
  assert.equal(await readFile(join(folder, 'deep/er/x.json'), 'utf8'), 'three');

  const read = await app.inject('/v2/artifacts/deep/er/x.json');
  assert.deepEqual([read.statusCode, read.body], [200, 'three']);
  assert.match(String(read.headers['content-type']), /^application\/json/);
  assert.equal(read.headers['content-length'], '5');
  assert.ok(!Number.isNaN(Date.parse(String(read.headers['last-modified']))));

  assert.equal((await world.call('DELETE', '/v2/artifacts/deep/er/x.json')).status, 200);
  assert.equal((await world.call('DELETE', '/v2/artifacts/deep/er/x.json')).status, 200);
  const gone = await world.call('GET', '/v2/artifacts/deep/er/x.json');
  assert.deepEqual(
    [gone.status, gone.body],
    [404, { message: 'No artifact with path deep/er/x.json' }],
  );
  await world.stop();
});

test('what is no form with a file, and paths out of the store, are refused', async (t) => {
  const { folder, url } = await folderOf(t);
  await writeFile(`${folder}-secret`, 'x');
  t.after(() => rm(`${folder}-secret`));
  const world = await World.start({ artifact_store: url });
  const { app } = world.marathon;
  assert.equal((await world.call('POST', '/v2/artifacts', {})).status, 415);
  const other = await formOf('x', 'x', 'other');
  assert.equal(
    (await app.inject({ method: 'POST', url: '/v2/artifacts', ...other })).statusCode,
    400,
  );
  const dots = await formOf('x', '..');
  assert.equal(
    (await app.inject({ method: 'POST', url: '/v2/artifacts', ...dots })).statusCode,
    422,
  );
  assert.equal(artifactPath('../x'), undefined);
  assert.equal(artifactPath('a/../../x'), undefined);
  assert.equal(artifactPath('//a//b/'), 'a/b');
  const escaped = await app.inject(`/v2/artifacts/..%2f${folder.split('/').at(-1)}-secret`);
  assert.equal(escaped.statusCode, 404);
  await world.stop();
});

test('without a store there are no artifacts, and store URLs are refused', async () => {
  const world = await World.start();
  assert.equal((await world.call('GET', '/v2/artifacts/x')).status, 404);
  const refused = await world.call('POST', '/v2/apps', { ...SLEEP, storeUrls: ['http://h/x.tgz'] });
  assert.equal(refused.status, 422);
  assert.equal(at(refused.body, 'details', 0, 'path'), '/storeUrls');
  await world.stop();
});

/** A web server with some files, each with its ETag or without one. */
function webWith(
  files: Readonly<Record<string, { readonly text: string; readonly etag?: string }>>,
) {
  const asked: string[] = [];
  const client: HttpClient = {
    request: (request: HttpRequest) => {
      asked.push(`${request.method} ${request.url}`);
      const file = files[request.url];
      const bytes = new TextEncoder().encode(file?.text ?? '');
      return Promise.resolve({
        status: file === undefined ? 404 : 200,
        headers: file?.etag === undefined ? {} : { etag: file.etag },
        body: (async function* () {})(),
        text: () => Promise.resolve(file?.text ?? ''),
        bytes: () => Promise.resolve(bytes),
        cancel: () => {},
      });
    },
    close: () => Promise.resolve(),
  };
  return { client, asked };
}

test('store URLs are loaded once per ETag, by content otherwise, and fetched from the store', async (t) => {
  const { url } = await folderOf(t);
  const store = FileArtifacts.open(url);
  assert.ok(store.ok);
  const web = webWith({
    'http://h/a.tgz': { text: 'A', etag: 'W/"v1"' },
    'http://h/b.sh': { text: 'B' },
  });
  const resolver = new ArtifactResolver(store.value, web.client);
  const sha1 = 'ae4f281df5a5d0ff3cad6371f76d5c29b6d953ec';
  const raw = { storeUrls: ['http://h/a.tgz', 'http://h/b.sh'] };
  const first = await resolver.app(raw);
  assert.deepEqual(first, {
    ok: true,
    value: {
      fetch: [
        { uri: `${url}/v1/a.tgz`, extract: true },
        { uri: `${url}/${sha1}/b.sh`, extract: false },
      ],
    },
  });
  const kept = artifactPath(`${sha1}/b.sh`);
  assert.ok(kept !== undefined);
  assert.equal((await store.value.read(kept))?.bytes.toString(), 'B');
  web.asked.length = 0;
  await resolver.app(raw);
  assert.deepEqual(web.asked, ['HEAD http://h/a.tgz', 'HEAD http://h/b.sh', 'GET http://h/b.sh']);

  const withUris = await resolver.app({ uris: ['x'], storeUrls: ['http://h/a.tgz'] });
  assert.deepEqual(withUris, { ok: true, value: { uris: ['x', `${url}/v1/a.tgz`] } });
  const group = await resolver.group({ groups: [{ apps: [{ storeUrls: ['http://h/a.tgz'] }] }] });
  assert.match(JSON.stringify(group), /v1\/a\.tgz/);
  for (const bad of ['http://h/none', 'file:///etc/passwd', 'nonsense']) {
    const refused = await resolver.app({ storeUrls: [bad] });
    assert.ok(!refused.ok);
    assert.equal(refused.error[0]?.path, '/storeUrls');
  }
});
