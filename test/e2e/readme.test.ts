/**
 * Runs the README: starts the cluster as `npm start` does (on free ports) and types every command of
 * its console blocks. What is printed must equal what the README shows, ids and numbers aside.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startLocalCluster } from './support/local-cluster.ts';
import {
  eventually,
  freePorts,
  isAlive,
  PROJECT,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

interface Command {
  readonly text: string;
  readonly expected: string;
}

/** The commands of all console blocks, each with the output shown below it. */
function commandsOf(readme: string): Command[] {
  const blocks = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const [text = '', ...output] = part.split('\n');
        return { text, expected: output.join('\n') };
      }),
  );
}

/** Ids, times and ports differ per run. */
function masked(output: string): string {
  return output
    .trim()
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uuid>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/hello-[a-z0-9]{5}-s\d+/g, 'hello-<hash>-s<n>')
    .replaceAll(/\b31\d\d\d\b/g, '<port>')
    .replaceAll(/127\.0\.0\.1:\d+\/scheduler\/[^/]+/g, '<address>/scheduler/<user>')
    .split('\n')
    .map((line) => line.trim())
    .join('\n');
}

test('the six things of the README print what it shows', async (t) => {
  const startedAt = performance.now();
  await using cluster = await startLocalCluster('readme');
  const { directory } = cluster;
  const { marathon, chronos, dns } = cluster.ports;
  t.diagnostic(`READY after ${Math.round(performance.now() - startedAt)} ms`);

  const local = (text: string): string =>
    text
      .replaceAll('localhost:8080', `127.0.0.1:${marathon}`)
      .replaceAll('~/.orrery/local', join(directory, 'state'))
      .replaceAll('localhost:4400', `127.0.0.1:${chronos}`)
      .replaceAll('-p 8053', `-p ${dns}`)
      .replaceAll('/tmp/HelloWorldOut', join(directory, 'HelloWorldOut'))
      .replaceAll('@examples/chronos/hello-world.json', `@${join(directory, 'job.json')}`);
  const job = readFileSync(join(PROJECT, 'examples/chronos/hello-world.json'), 'utf8');
  writeFileSync(join(directory, 'job.json'), local(job));

  const commands = commandsOf(readFileSync(join(PROJECT, 'README.md'), 'utf8'));
  assert.ok(commands.length >= 11, 'the README shows its six things');
  for (const command of commands) {
    await t.test(command.text, async () => {
      const run = async (): Promise<string> => {
        const { stdout } = await promisify(execFile)('bash', ['-c', local(command.text)], {
          cwd: PROJECT,
        });
        return stdout;
      };
      let printed = '';
      // Only commands that change nothing are typed again until the cluster has caught up.
      const isRead = !/-X (POST|PUT|DELETE)|pkill|job create/.test(command.text);
      if (!isRead) {
        printed = await run();
        assert.equal(masked(printed), masked(command.expected));
        return;
      }
      await eventually(
        `${command.text} prints ${command.expected}`,
        async () => {
          printed = await run();
          return masked(printed) === masked(command.expected) ? true : undefined;
        },
        () => `printed: ${printed}\n${cluster.output()}`,
      );
    });
  }
});

test('Ctrl-C ends the cluster and its tasks', async (t) => {
  const directory = await temporaryDirectory('ctrl-c');
  t.after(() => removeDirectory(directory));
  const names = ['master', 'agent', 'marathon', 'chronos', 'aurora', 'dns', 'dns_http'];
  const ports = await freePorts(names.length);
  const flags = names.map((name, index) => `--${name}_port=${ports[index]}`);
  const marathon = `http://127.0.0.1:${ports[2]}`;
  const start = async (): Promise<ReturnType<typeof startOrrery>> => {
    const cluster = startOrrery(['local', `--work_dir=${join(directory, 'state')}`, ...flags]);
    await eventually(
      'READY',
      () => (/^READY$/m.test(cluster.output()) ? true : undefined),
      () => cluster.output(),
    );
    return cluster;
  };
  const startedPids = (): number[] => {
    try {
      const text = readFileSync(join(directory, 'pids'), 'utf8');
      return text.trim().split('\n').map(Number);
    } catch {
      return [];
    }
  };
  const taskStarts = (count: number): Promise<unknown> =>
    eventually(`task start ${count}`, () => (startedPids().length >= count ? true : undefined));

  const first = await start();
  const app = { id: 'keeper', cmd: `echo $$ >> ${directory}/pids; exec sleep 100000`, mem: 16 };
  const answer = await fetch(`${marathon}/v2/apps`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...app, cpus: 0.1 }),
  });
  assert.equal(answer.status, 201);
  await taskStarts(1);

  await t.test('after kill -9 and a new start the same process is the task', async () => {
    await first.stop('SIGKILL');
    const second = await start();
    await eventually(
      'Marathon counts the task again',
      async () => {
        const body = await (await fetch(`${marathon}/v2/apps/keeper`)).text();
        return body.includes('"tasksRunning":1') ? true : undefined;
      },
      () => second.output(),
    );
    assert.equal(startedPids().length, 1);
    assert.ok(isAlive(startedPids()[0] ?? -1));

    const code = await second.stop('SIGINT');
    assert.equal(code, 0, second.output());
    await eventually('the task is gone', () => !isAlive(startedPids()[0] ?? -1));
    await eventually('no process is left', async () => {
      const left = await promisify(execFile)('pgrep', ['-f', directory]).catch(() => undefined);
      return (left?.stdout ?? '') === '';
    });
  });

  await t.test('after Ctrl-C and a new start the app is there and runs again', async () => {
    const third = await start();
    await taskStarts(2);
    await third.stop('SIGINT');
    await eventually('the task is gone', () => !isAlive(startedPids()[1] ?? -1));
  });
});
