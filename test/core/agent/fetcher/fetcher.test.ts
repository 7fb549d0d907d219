import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fetcher } from '../../../../core/agent/fetcher/fetcher.ts';
import { SystemUsers } from '../../../../core/agent/users.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';
import type { CommandInfoURI } from '../../../../core/wire/types/mesos.v1.ts';
import {
  DONE,
  lastTold,
  never,
  noWeb,
  REFUSED,
  read,
  Setting,
  sized,
  text,
  web,
} from './fetcher-bench.ts';
import { ftpServer } from './ftp-server.ts';

test('local files are copied, made executable or unpacked as asked', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  execFileSync('tar', ['-C', setting.source, '-czf', `${setting.source}/a.tar.gz`, 'a.txt']);
  const done = await setting.fetch(directory, [
    { value: `file://${setting.source}/a.txt`, executable: true, output_file: 'bin/run' },
    { value: `${setting.source}/a.tar.gz` },
  ]);
  assert.deepEqual(done, DONE);
  assert.equal(statSync(join(directory, 'bin/run')).mode & 0o111, 0o111);
  assert.equal(read(directory, 'a.txt'), 'hello');
  assert.ok(existsSync(join(directory, 'a.tar.gz')), 'the archive stays beside');
});

const ARCHIVES: readonly (readonly [string, readonly string[]])[] = [
  ['a.tar', ['tar', '-cf']],
  ['a.tgz', ['tar', '-czf']],
  ['a.tbz2', ['tar', '-cjf']],
  ['a.tar.xz', ['tar', '-cJf']],
];

for (const isCached of [false, true]) {
  const where = isCached ? 'from the cache' : 'in the sandbox';
  test(`archives of every kind are unpacked ${where}`, async (context) => {
    const setting = new Setting(context);
    const { source } = setting;
    for (const [name, [program = '', ...words]] of ARCHIVES) {
      execFileSync(program, [...words, join(source, name), '-C', source, 'a.txt']);
    }
    execFileSync('zip', ['-q', 'a.zip', 'a.txt'], { cwd: source });
    execFileSync('sh', ['-c', 'gzip -c a.txt > a.txt.gz'], { cwd: source });
    for (const name of [...ARCHIVES.map(([name]) => name), 'a.zip', 'a.txt.gz']) {
      const directory = setting.sandbox();
      const uri = { value: join(source, name), cache: isCached };
      const place = { directory, user: undefined, signal: never };
      const fetcher = setting.fetcher(noWeb, { cacheSizeBytes: 1_000_000 });
      assert.deepEqual(await fetcher.fetchAll('c1', [uri], place), DONE, name);
      assert.equal(read(directory, 'a.txt'), 'hello', name);
      assert.equal(existsSync(join(directory, name)), !isCached, name);
    }
  });
}

test('an archive that is executable or not to be extracted is left whole', async (context) => {
  const setting = new Setting(context);
  writeFileSync(join(setting.source, 'b.tar'), 'no archive at all');
  const directory = setting.sandbox();
  const value = join(setting.source, 'b.tar');
  const uris = [
    { value, executable: true },
    { value, extract: false, output_file: 'c.tar' },
  ];
  assert.deepEqual(await setting.fetch(directory, uris), DONE);
  assert.equal(read(directory, 'c.tar'), 'no archive at all');
});

test('a download follows redirects and keeps the query string in its name', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const http = web((url) => {
    if (url === 'http://host/moved/file.txt?v=1') {
      return { status: 302, headers: { location: '/here?x=2' } };
    }
    return url === 'http://host/here?x=2' ? { body: text('from the web') } : { status: 404 };
  });
  const uris = [{ value: 'http://host/moved/file.txt?v=1' }];
  assert.deepEqual(await setting.fetch(directory, uris, http), DONE);
  assert.equal(read(directory, 'file.txt?v=1'), 'from the web');
});

test('files come from FTP servers, with and without a password', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const port = await ftpServer(context, { 'pub/a.txt': 'from ftp' });
  const uris = [
    { value: `ftp://127.0.0.1:${port}/pub/a.txt` },
    { value: `ftp://me:s3cret@127.0.0.1:${port}/pub/a.txt`, output_file: 'b', cache: true },
  ];
  assert.deepEqual(await setting.fetch(directory, uris), DONE);
  assert.equal(read(directory, 'a.txt'), 'from ftp');
  assert.equal(read(directory, 'b'), 'from ftp');
  assert.deepEqual(setting.cached(), ['c1-a.txt']);
  const missing = [{ value: `ftp://127.0.0.1:${port}/none` }];
  assert.deepEqual(await setting.fetch(directory, missing), REFUSED);
  assert.match(lastTold(directory), /no such file/);
});

test('other schemes are copied by the hadoop program', async (context) => {
  const setting = new Setting(context);
  const home = join(setting.source, 'hadoop');
  mkdirSync(join(home, 'bin'), { recursive: true });
  const program = [
    '#!/bin/sh',
    'case "$*" in',
    '  version) ;;',
    '  "fs -du hdfs://host/a.txt") echo "5  15  hdfs://host/a.txt" ;;',
    '  "fs -copyToLocal hdfs://host/a.txt "*) printf hello > "$4" ;;',
    '  *) echo "cannot: $*" >&2; exit 1 ;;',
    'esac',
  ];
  writeFileSync(join(home, 'bin/hadoop'), program.join('\n'), { mode: 0o755 });
  const directory = setting.sandbox();
  const place = { directory, user: undefined, signal: never };
  const fetcher = setting.fetcher(noWeb, { hadoopHome: home });
  const value = 'hdfs://host/a.txt';
  const uris = [{ value }, { value, cache: true, output_file: 'b.txt' }];
  assert.deepEqual(await fetcher.fetchAll('c1', uris, place), DONE);
  assert.equal(read(directory, 'a.txt'), 'hello');
  assert.equal(read(directory, 'b.txt'), 'hello');
  assert.equal(fetcher.cacheBytes.used, 5);
  assert.deepEqual(await fetcher.fetchAll('c1', [{ value: 's3://b/x' }], place), REFUSED);
  assert.match(lastTold(directory), /cannot: fs -copyToLocal s3:\/\/b\/x/);
});

test('without the hadoop program its schemes are refused', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const place = { directory, user: undefined, signal: never };
  const fetcher = setting.fetcher(noWeb, { hadoopHome: '/nowhere' });
  assert.deepEqual(await fetcher.fetchAll('c1', [{ value: 'hdfs://host/x' }], place), REFUSED);
  assert.match(lastTold(directory), /Hadoop client is not available/);
});

const FAILURES: readonly (readonly [CommandInfoURI, string])[] = [
  [{ value: 'http://host/none' }, 'Error downloading resource, received HTTP return code 404'],
  [{ value: 'file://relative/x' }, 'File URI only supports absolute paths'],
  [{ value: 'relative' }, 'A relative path was passed for the resource'],
  [{ value: '/no/such/file' }, "cannot stat '/no/such/file'"],
  [{ value: '/tmp' }, 'cp failed'],
  [{ value: 'ftp://127.0.0.1:1/x' }, 'Error downloading resource'],
];

test('a URI that cannot be had fails all; the reason stands in the sandbox', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const fetcher = setting.fetcher();
  for (const [uri, why] of FAILURES) {
    const place = { directory, user: undefined, signal: never };
    assert.deepEqual(await fetcher.fetchAll('c1', [uri], place), REFUSED);
    assert.ok(lastTold(directory).includes(why), lastTold(directory));
  }
  assert.deepEqual(fetcher.counts, { succeeded: 0, failed: FAILURES.length });
});

test('a malformed URI is refused before anything is fetched', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const fetcher = setting.fetcher();
  const uris = [{ value: `${setting.source}/a.txt` }, { value: 'lala://nopath' }];
  const place = { directory, user: undefined, signal: never };
  assert.deepEqual(await fetcher.fetchAll('c1', uris, place), {
    ok: false,
    error: 'Could not fetch: Malformed URI (missing path): lala://nopath',
  });
  assert.deepEqual(readdirSync(directory), []);
  assert.deepEqual(fetcher.counts, { succeeded: 0, failed: 1 });
});

test('what happens is told in the original lines', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  const direct = `${setting.source}/a.txt`;
  const cached = `file://${direct}`;
  const uris = [{ value: direct }, { value: cached, cache: true, output_file: 'b.txt' }];
  assert.deepEqual(await setting.fetch(directory, uris), DONE);
  assert.deepEqual(
    read(directory, 'stderr')
      .trimEnd()
      .split('\n')
      .filter((line) => !/^Copying|is no archive/.test(line)),
    [
      `Fetching URI '${direct}'`,
      'Fetching directly into the sandbox directory',
      `Fetched '${direct}' to '${directory}/a.txt'`,
      `Fetching URI '${cached}'`,
      'Downloading into cache',
      'Fetching from cache',
      `Fetched '${cached}' to '${directory}/b.txt'`,
      `Successfully fetched all URIs into '${directory}'`,
    ],
  );
});

test('an executable may be read and run by everybody, whatever its source allowed', async (context) => {
  const setting = new Setting(context);
  const directory = setting.sandbox();
  chmodSync(`${setting.source}/a.txt`, 0o600);
  const uris = [{ value: `${setting.source}/a.txt`, executable: true }];
  assert.deepEqual(await setting.fetch(directory, uris), DONE);
  assert.equal(statSync(join(directory, 'a.txt')).mode & 0o777, 0o755);
});

test('a silent download ends after the stall timeout', async (context) => {
  const setting = new Setting(context);
  const clock = new SimulatedClock();
  const isRead = Promise.withResolvers<void>();
  const http = web((_url, signal) => ({
    body: (async function* () {
      yield Buffer.from('a beginning');
      isRead.resolve();
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    })(),
  }));
  const directory = setting.sandbox();
  const fetcher = new Fetcher(
    {
      frameworksHome: '',
      stallTimeoutMs: 60_000,
      cacheDirectory: setting.cacheDirectory,
      cacheSizeBytes: 0,
      hadoopHome: undefined,
    },
    { http, clock },
  );
  const place = { directory, user: undefined, signal: never };
  const fetched = fetcher.fetchAll('c1', [{ value: 'http://host/a' }], place);
  await isRead.promise;
  clock.advance(60_000);
  assert.deepEqual(await fetched, REFUSED);
  assert.match(lastTold(directory), /the download stalled/);
});

test('a fetch that nobody wants any more ends at once', async (context) => {
  const setting = new Setting(context);
  const giveUp = new AbortController();
  const fifo = join(setting.source, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const place = { directory: setting.sandbox(), user: undefined, signal: giveUp.signal };
  const fetched = setting.fetcher().fetchAll('c1', [{ value: fifo }], place);
  giveUp.abort(new Error('the container is not wanted any more'));
  assert.deepEqual(await fetched, REFUSED);
});

const nobody = new SystemUsers().find('nobody');
const isRoot = process.getuid?.() === 0;

test('files are brought with the rights of the task user, not those of the agent', async (context) => {
  assert.ok(nobody !== undefined && isRoot, 'this test wants root and a user nobody');
  const setting = new Setting(context);
  const directory = setting.sandbox(nobody);
  const secret = join(setting.source, 'secret');
  writeFileSync(secret, 'root only', { mode: 0o600 });
  const place = { directory, user: nobody, signal: never };
  const fetcher = setting.fetcher(web(() => sized('from the web')));
  assert.deepEqual(await fetcher.fetchAll('c1', [{ value: secret }], place), REFUSED);
  const uris = [{ value: 'http://host/a' }, { value: 'http://host/b', cache: true }];
  assert.deepEqual(await fetcher.fetchAll('c1', uris, place), DONE);
  for (const name of ['a', 'b']) assert.equal(statSync(join(directory, name)).uid, nobody.uid);
  assert.deepEqual(setting.cached(), ['nobody', 'nobody/c1-b']);
});

test('files are brought with the rights of all groups of the user', async (context) => {
  assert.ok(nobody !== undefined && isRoot, 'this test wants root and a user nobody');
  const setting = new Setting(context);
  const directory = setting.sandbox(nobody);
  const shared = join(setting.source, 'shared');
  writeFileSync(shared, 'of the group', { mode: 0o640 });
  chownSync(shared, 0, 27);
  const uris = [{ value: shared }];
  const place = { directory, user: { ...nobody, groups: [27] }, signal: never };
  assert.deepEqual(await setting.fetcher().fetchAll('c1', uris, place), DONE);
  assert.equal(read(directory, 'shared'), 'of the group');
  assert.equal(statSync(join(directory, 'shared')).uid, nobody.uid);
});

test('a link in an archive leads the next file nowhere the user may not write', async (context) => {
  assert.ok(nobody !== undefined && isRoot, 'this test wants root and a user nobody');
  const setting = new Setting(context);
  const victim = join(setting.source, 'victim');
  writeFileSync(victim, 'untouched', { mode: 0o644 });
  execFileSync('ln', ['-s', victim, 'b'], { cwd: setting.source });
  execFileSync('tar', ['-cf', 'evil.tar', 'b'], { cwd: setting.source });
  const place = { directory: setting.sandbox(nobody), user: nobody, signal: never };
  const uris = [{ value: join(setting.source, 'evil.tar') }, { value: 'http://host/b' }];
  const fetcher = setting.fetcher(web(() => sized('evil')));
  assert.deepEqual(await fetcher.fetchAll('c1', uris, place), REFUSED);
  assert.equal(readFileSync(victim, 'utf8'), 'untouched');
});
