/** The cache of the fetcher. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HttpClient } from '../../../../core/net/ports.ts';
import { DONE, never, REFUSED, read, Setting, sized, text, web } from './fetcher-bench.ts';

test('what refuses to tell its size is brought without the cache', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const page = web(() => sized('got'));
  const http: HttpClient = {
    request: (request) =>
      request.method === 'HEAD' ? Promise.reject(new Error('reset')) : page.request(request),
    close: () => page.close(),
  };
  const uris = [{ value: 'http://host/a', cache: true }];
  assert.deepEqual(await setting.fetch(directory, uris, http), DONE);
  assert.equal(read(directory, 'a'), 'got');
  assert.deepEqual(setting.cached(), []);
});

test('a cached URI is downloaded once, however many ask for it at a time', async (context) => {
  const setting = new Setting(context);
  const http = web(() => sized('from the web'));
  const fetcher = setting.fetcher(http);
  const uris = [{ value: 'http://host/a', cache: true }];
  const directories = [1, 2, 3].map(() => setting.sandbox());
  const all = directories.map((directory) =>
    fetcher.fetchAll('c1', uris, { directory, user: undefined, signal: never }),
  );
  for (const done of await Promise.all(all)) assert.deepEqual(done, DONE);
  for (const directory of directories) assert.equal(read(directory, 'a'), 'from the web');
  assert.deepEqual(http.asked, ['HEAD http://host/a', 'GET http://host/a']);
  assert.deepEqual(fetcher.cacheBytes, { total: 1_000, used: 12 });
});

test('a failed cache download is tried without the cache by those who waited', async (context) => {
  const setting = new Setting(context);
  let downloads = 0;
  const http = web(() => {
    const isFirst = http.asked.at(-1)?.startsWith('GET') === true && downloads++ === 0;
    return isFirst ? { status: 500 } : sized('later');
  });
  const fetcher = setting.fetcher(http);
  const [first, second] = [setting.sandbox(), setting.sandbox()];
  const uris = [{ value: 'http://host/a', cache: true }];
  const [failed, done] = await Promise.all(
    [first, second].map((directory) =>
      fetcher.fetchAll('c1', uris, { directory, user: undefined, signal: never }),
    ),
  );
  assert.deepEqual([failed, done], [REFUSED, DONE]);
  assert.equal(read(second, 'a'), 'later');
  assert.deepEqual(setting.cached(), []);
  assert.equal(fetcher.cacheBytes.used, 0);
});

test('what has no size or does not fit is brought without the cache', async (context) => {
  const setting = new Setting(context);
  const http = web((url) =>
    url.endsWith('/big') ? sized('x'.repeat(2_000)) : { body: text('unsized') },
  );
  const directory = setting.sandbox();
  const uris = ['big', 'unsized'].map((name) => ({ value: `http://host/${name}`, cache: true }));
  assert.deepEqual(await setting.fetch(directory, uris, http), DONE);
  assert.equal(read(directory, 'unsized'), 'unsized');
  assert.equal(read(directory, 'big').length, 2_000);
  assert.deepEqual(setting.cached(), []);
});

test('older files make room, and a file that somebody removed is fetched again', async (context) => {
  const setting = new Setting(context);
  const fetcher = setting.fetcher(web((url) => sized(url.at(-1)?.repeat(600) ?? '')));
  const place = { directory: setting.sandbox(), user: undefined, signal: never };
  for (const name of ['a', 'b']) {
    const uris = [{ value: `http://host/${name}`, cache: true }];
    assert.deepEqual(await fetcher.fetchAll('c1', uris, place), DONE);
  }
  assert.deepEqual(setting.cached(), ['c2-b']);
  rmSync(join(setting.cacheDirectory, 'c2-b'));
  const again = [{ value: 'http://host/b', cache: true, output_file: 'again' }];
  assert.deepEqual(await fetcher.fetchAll('c1', again, place), DONE);
  assert.equal(read(place.directory, 'again'), 'b'.repeat(600));
});

test('the start empties the cache and leaves what is not its own', async (context) => {
  const setting = new Setting(context);
  mkdirSync(join(setting.cacheDirectory, 'web'), { recursive: true });
  for (const name of ['c1-a', 'web/c2-b', 'mine']) {
    writeFileSync(join(setting.cacheDirectory, name), '');
  }
  await setting.fetcher().start();
  assert.deepEqual(setting.cached(), ['mine', 'web']);
  rmSync(setting.cacheDirectory, { recursive: true });
  await setting.fetcher().start();
});
