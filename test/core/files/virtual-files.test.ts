/** Tests of the virtual files: what is attached is served, nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { APPROVES_ALL } from '../../../core/auth/authorizer.ts';
import { silentLog } from '../../../core/base/log.ts';
import { registerFiles } from '../../../core/files/endpoints.ts';
import { modeText, READ_MAX_BYTES, VirtualFiles } from '../../../core/files/virtual-files.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';

interface Served extends AsyncDisposable {
  get(url: string): Promise<{ readonly status: number; readonly body: string }>;
}

async function serve(): Promise<Served> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'files-test-')));
  const sandbox = path.join(folder, 'sandbox');
  mkdirSync(path.join(sandbox, 'sub'), { recursive: true });
  writeFileSync(path.join(sandbox, 'stdout'), 'hello world\n');
  writeFileSync(path.join(sandbox, 'big'), 'x'.repeat(READ_MAX_BYTES + 10));
  writeFileSync(path.join(folder, 'secret'), 'secret');
  writeFileSync(path.join(sandbox, 'sub', '日本\n.txt'), 'odd');
  symlinkSync(path.join(folder, 'secret'), path.join(sandbox, 'escape'));
  const files = new VirtualFiles();
  files.attach('/box', sandbox);
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  registerFiles(server, files, () => APPROVES_ALL);
  await server.app.ready();
  return {
    get: async (url) => {
      const answer = await server.app.inject({ method: 'GET', url });
      return { status: answer.statusCode, body: answer.body.replace(sandbox, 'BOX') };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const READS: readonly (readonly [query: string, status: number, body: string])[] = [
  ['path=/box/stdout&offset=0', 200, '{"data":"hello world\\n","offset":0}'],
  ['path=/box/stdout&offset=6&length=5', 200, '{"data":"world","offset":6}'],
  ['path=/box/stdout', 200, '{"data":"","offset":12}'],
  ['path=/box/stdout&offset=-1', 200, '{"data":"","offset":12}'],
  ['path=/box/stdout/&offset=0&length=0', 200, '{"data":"","offset":0}'],
  ['path=/box/stdout&offset=50', 200, '{"data":"","offset":50}'],
  ['path=/box/stdout&offset=-2', 400, 'Negative offset provided: -2.\n'],
  ['path=/box/stdout&offset=0&length=-2', 400, 'Negative length provided: -2.\n'],
  ['path=/box/stdout&offset=x', 400, "Failed to parse offset: Failed to convert 'x' to number.\n"],
  ['path=/box/stdout&offset=0x6;length=0x5', 200, '{"data":"world","offset":6}'],
  ['path=/box/stdout&offset=9007199254740991', 200, '{"data":"","offset":9007199254740991}'],
  [
    'path=/box/stdout&offset=9223372036854775808',
    400,
    "Failed to parse offset: Failed to convert '9223372036854775808' to number.\n",
  ],
  ['path=/box/none&offset=0', 404, ''],
  ['path=/box/../secret&offset=0', 400, "'BOX/../secret' is inaccessible.\n"],
  ['path=/box/../none&offset=0', 404, ''],
  ['path=/box/sub/../stdout&offset=0&length=5', 200, '{"data":"hello","offset":0}'],
  ['path=/box/escape&offset=0', 400, "'BOX/escape' is inaccessible.\n"],
  ['path=/box&offset=0', 400, 'Cannot read a directory.\n'],
  ['path=/&offset=0', 404, ''],
  ['path=', 400, "Expecting 'path=value' in query.\n"],
];

test('reading follows the table', async () => {
  await using it = await serve();
  for (const [query, status, body] of READS) {
    assert.deepEqual(await it.get(`/files/read?${query}`), { status, body }, query);
  }
});

test('one read gives at most sixteen pages', async () => {
  await using it = await serve();
  const { body } = await it.get('/files/read?path=/box/big&offset=0');
  assert.equal(JSON.parse(body).data.length, READ_MAX_BYTES);
});

test('browsing a directory lists it sorted, a file gives nothing', async () => {
  await using it = await serve();
  const { body } = await it.get('/files/browse?path=/box');
  const entries: readonly Record<string, unknown>[] = JSON.parse(body);
  assert.deepEqual(
    entries.map((entry) => entry['path']),
    ['/box/big', '/box/escape', '/box/stdout', '/box/sub'],
  );
  assert.deepEqual(Object.keys(entries[0] ?? {}), [
    'gid',
    'mode',
    'mtime',
    'nlink',
    'path',
    'size',
    'uid',
  ]);
  assert.equal((await it.get('/files/browse?path=/box/stdout')).body, '[]');
});

test('downloads are sent as they are', async () => {
  await using it = await serve();
  assert.deepEqual(await it.get('/files/download?path=/box/stdout'), {
    status: 200,
    body: 'hello world\n',
  });
  assert.equal((await it.get('/files/download?path=/nope')).body, '404 Not Found.');
  // A name that a header cannot hold as it is.
  const odd = await it.get(`/files/download?path=${encodeURIComponent('/box/sub/日本\n.txt')}`);
  assert.deepEqual(odd, { status: 200, body: 'odd' });
});

test('a path longer than any file system takes is unknown, and its parts are not looked up', async () => {
  const files = new VirtualFiles();
  let lookups = 0;
  files.addSource({
    find: () => {
      lookups += 1;
      return undefined;
    },
    needOf: () => undefined,
    entries: () => [],
  });
  const long = await files.browse('/a'.repeat(3_000), APPROVES_ALL);
  assert.deepEqual(long, { ok: false, error: { kind: 'unknown' } });
  assert.equal(lookups, 0);
  await files.browse('/a'.repeat(30), APPROVES_ALL);
  assert.equal(lookups, 30);
});

test('a named pipe is no file to download', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'files-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  const files = new VirtualFiles();
  files.attach('/box', folder);
  assert.deepEqual(await files.locate('/box/pipe', APPROVES_ALL), {
    ok: false,
    error: { kind: 'unknown' },
  });
});

test('modes are written as ls does', () => {
  assert.equal(modeText(0o100644), '-rw-r--r--');
  assert.equal(modeText(0o040755), 'drwxr-xr-x');
});
