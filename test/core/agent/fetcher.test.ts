import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fetcher } from '../../../core/agent/fetcher.ts';
import { SystemClock } from '../../../core/base/clock.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { CommandInfoURI } from '../../../core/wire/types/mesos.v1.ts';

/** A web server with two pages. */
const http: HttpClient = {
  async request({ url }) {
    const isThere = url.endsWith('/file.txt?v=1');
    async function* body(): AsyncIterable<Uint8Array> {
      yield Buffer.from('from the web');
    }
    return {
      status: isThere ? 200 : 404,
      headers: {},
      body: body(),
      text: async () => '',
      bytes: async () => new Uint8Array(),
      cancel: () => {},
    };
  },
  async close() {},
};

function sandbox(context: TestContext): { readonly source: string; readonly directory: string } {
  const root = mkdtempSync(join(tmpdir(), 'fetcher-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const [source, directory] = [join(root, 'source'), join(root, 'sandbox')];
  for (const folder of [source, directory]) mkdirSync(folder);
  writeFileSync(join(source, 'a.txt'), 'hello');
  execFileSync('tar', ['-C', source, '-czf', join(source, 'a.tar.gz'), 'a.txt']);
  return { source, directory };
}

async function fetchAll(directory: string, uris: readonly CommandInfoURI[]) {
  const options = { frameworksHome: '', stallTimeoutMs: 60_000 };
  const fetcher = new Fetcher(options, { http, clock: new SystemClock() });
  return await fetcher.fetchAll('c1', uris, { directory, user: undefined });
}

test('local files are copied, made executable or unpacked as asked', async (context) => {
  const { source, directory } = sandbox(context);
  const done = await fetchAll(directory, [
    { value: `file://${source}/a.txt`, executable: true, output_file: 'bin/run' },
    { value: `${source}/a.tar.gz` },
  ]);
  assert.deepEqual(done, { ok: true, value: undefined });
  assert.equal(statSync(join(directory, 'bin/run')).mode & 0o111, 0o111);
  assert.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'hello');
});

test('a download keeps the query string in its name', async (context) => {
  const { directory } = sandbox(context);
  await fetchAll(directory, [{ value: 'http://host/file.txt?v=1' }]);
  assert.equal(readFileSync(join(directory, 'file.txt?v=1'), 'utf8'), 'from the web');
});

const REFUSALS: readonly (readonly [CommandInfoURI, string])[] = [
  [{ value: 'http://host/none' }, 'Error downloading resource, received HTTP return code 404'],
  [{ value: 'file://relative' }, 'File URI only supports absolute paths'],
  [{ value: 'relative' }, 'A relative path was passed for the resource'],
  [{ value: 'http://host' }, 'Malformed URI (missing path): http://host'],
  [{ value: "/tmp/it's" }, 'Illegal characters in URI'],
  [
    { value: '/etc/hostname', output_file: '../x' },
    'URI output file must be within the sandbox directory',
  ],
  [{ value: 'hdfs://host/x' }, "URIs of scheme 'hdfs' are not supported by this agent"],
];

test('a URI that cannot be had fails all; the reason stands in the sandbox', async (context) => {
  const { directory } = sandbox(context);
  for (const [uri, why] of REFUSALS) {
    const done = await fetchAll(directory, [uri]);
    assert.ok(!done.ok);
    assert.equal(done.error, "Failed to fetch all URIs for container 'c1': exited with status 1");
    const told = readFileSync(join(directory, 'stderr'), 'utf8').trimEnd().split('\n').at(-1);
    assert.ok(told?.includes(why), told);
  }
});
