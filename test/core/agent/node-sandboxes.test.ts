import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fetcher } from '../../../core/agent/fetcher/fetcher.ts';
import { NodeSandboxes } from '../../../core/agent/node-sandboxes.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';

const http: HttpClient = {
  request: () => Promise.reject(new Error('nothing is fetched here')),
  close: () => Promise.resolve(),
};

/** A folder of the test, and what comes of making a sandbox of a container in it. */
function setting(context: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sandboxes-'));
  context.after(() => rmSync(root, { recursive: true }));
  const options = {
    ...{ frameworksHome: '', stallTimeoutMs: 1_000, cacheDirectory: join(root, 'cache') },
    ...{ cacheSizeBytes: 0, hadoopHome: undefined },
  };
  const sandboxes = new NodeSandboxes(new Fetcher(options, { http, clock: new SimulatedClock() }));
  const make = async (directory: string) => {
    const request = { containerId: 'c1', directory, user: undefined, uris: [], links: [] };
    return await sandboxes.prepare(request, new AbortController().signal);
  };
  return { root, make };
}

test('a sandbox has its rights and files for output', async (context) => {
  const { root, make } = setting(context);
  const directory = join(root, 'run', 'containers', 'n');
  assert.deepEqual(await make(directory), { ok: true, user: undefined });
  assert.equal(statSync(directory).mode & 0o777, 0o750);
  assert.deepEqual(readdirSync(directory), ['stderr', 'stdout']);
});

for (const place of ['run/containers', 'run/containers/n', 'run/containers/n/containers']) {
  test(`a sandbox is not made where a link in that of its parent leads: ${place}`, async (context) => {
    const { root, make } = setting(context);
    const outside = join(root, 'outside');
    const link = join(root, place);
    for (const each of [outside, dirname(link)]) mkdirSync(each, { recursive: true });
    const { mode } = statSync(outside);
    symlinkSync(outside, link);
    const directory = join(root, 'run/containers/n/containers/m');
    assert.deepEqual(await make(directory), {
      ok: false,
      stage: 'directory',
      message: `Failed to create executor directory '${directory}': '${link}' is a symbolic link`,
    });
    assert.deepEqual([readdirSync(outside), statSync(outside).mode], [[], mode]);
  });
}

test('a link in the place of an output is not followed', async (context) => {
  const { root, make } = setting(context);
  const directory = join(root, 'run/containers/n');
  mkdirSync(directory, { recursive: true });
  const precious = join(root, 'precious');
  writeFileSync(precious, '');
  symlinkSync(precious, join(directory, 'stdout'));
  const made = await make(directory);
  assert.ok(!made.ok);
  assert.match(made.message, /ELOOP/);
});
