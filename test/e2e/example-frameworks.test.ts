/** The example frameworks as their user runs them, against a real master and agent. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, startProgram } from './support/programs.ts';
import { type SmallCluster, sharedCluster } from './support/small-cluster.ts';

const shared = sharedCluster('examples');

async function run(t: TestContext, cluster: SmallCluster, program: string, ...args: string[]) {
  const master = `--master=127.0.0.1:${cluster.masterPort}`;
  const example = startProgram(process.execPath, [`examples/${program}`, master, ...args]);
  t.after(() => example.stop('SIGKILL'));
  const code = await eventually(
    `${program} ends`,
    () => example.child.exitCode ?? undefined,
    () => example.output() + cluster.output(),
  );
  assert.equal(code, 0, example.output());
  return example.output();
}

/** Processes whose command line has the text. */
function processesOf(text: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text) ? [Number(name)] : [];
    } catch {
      // It has ended since the directory was read.
      return [];
    }
  });
}

test('the factorial framework answers from the data of statuses', async (t) => {
  const cluster = shared();
  const output = await run(t, cluster, 'factorial/scheduler.ts', '5', '25');
  assert.match(output, /^5! = 120$/m);
  assert.match(output, /^25! = 15511210043330985984000000$/m);
});

test('the area framework finds the recorded areas with one task and with four', async (t) => {
  const cluster = shared();
  const area = async (...args: string[]): Promise<string | undefined> =>
    / is ([\d.]+)$/m.exec(await run(t, cluster, 'area/scheduler.ts', ...args))?.[1];
  assert.equal(await area('--tasks=1', 'x', '0', '10', '0', '10', '100'), '50.495049504950494');
  assert.equal(await area('--tasks=4', 'x', '0', '10', '0', '10', '100'), '50.24876237623762');
});

const PAGES: Readonly<Record<string, string>> = {
  '/': '<title>Start</title><a href="/a">a</a> <a href="b">b</a> <a href="http://other.example/">o</a>',
  '/a': '<title>First "quoted"</title><a href="/">back</a><a href="/b#part">b</a>',
  '/b': '<title>Second</title>',
};

test('the crawler draws the links of a site, and survives the death of an executor', async (t) => {
  const cluster = shared();
  let isKilled = false;
  const site = createServer((request, response) => {
    const page = PAGES[request.url ?? ''];
    if (request.url === '/a' && !isKilled) {
      // Never answered: whoever asked dies with the question.
      isKilled = true;
      for (const pid of processesOf('examples/crawler/')) {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('-executor.ts')) {
          process.kill(pid, 'SIGKILL');
        }
      }
      return;
    }
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(page);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const address = site.address();
  assert.ok(typeof address === 'object' && address !== null);
  const start = `http://127.0.0.1:${address.port}/`;
  const drawing = join(cluster.directory, 'site.dot');
  const output = await run(t, cluster, 'crawler/scheduler.ts', `--output=${drawing}`, start);
  assert.match(output, /trying it again/);
  assert.match(output, /3 pages and 5 links/);
  assert.equal(
    readFileSync(drawing, 'utf8').replaceAll(start, '/'),
    [
      'digraph site {',
      '  "/" -> "/a";',
      '  "/" -> "/b";',
      '  "/" -> "http://other.example/";',
      '  "/" [label="Start"];',
      '  "/a" -> "/";',
      '  "/a" -> "/b";',
      '  "/a" [label="First \\"quoted\\""];',
      '  "/b" [label="Second"];',
      '}\n',
    ].join('\n'),
  );
});
