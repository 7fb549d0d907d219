/** The keeper as a real process: who it takes, what it writes down, when it ends. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptFiles, underKeeper } from '../../core/agent/launcher/keeper.ts';
import { readProcess } from '../../core/agent/launcher/proc-tree.ts';
import { eventually } from './support/programs.ts';

interface Kept {
  readonly folder: string;
  /** Its own. */
  readonly keeper: string;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  /** Waits for a file of the folder. */
  file(name: string): Promise<string>;
}

/** A shell under a keeper, in place of a launcher. */
function keep(context: TestContext, script: string): Kept {
  const folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = { file: '/bin/sh', words: ['-c', script, 'sh', folder] };
  const keeper = join(folder, 'keeper');
  const kept = underKeeper(keeper, program);
  assert.ok(kept !== undefined, 'this test wants perl, on Linux');
  const child = spawn(kept.file, kept.words, { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  context.after(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // Gone, as it should be.
    }
  });
  const file = (name: string): Promise<string> =>
    eventually(`file ${name}`, () => {
      const path = join(folder, name);
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      return text === '' ? undefined : text;
    });
  return { folder, keeper, child, ended, file };
}

/** Starts a child that waits for a file, names it, and dies as a killed launcher would. */
function orphan(command: string): string {
  return (
    `sh -c 'while [ ! -e "$1/go" ]; do sleep 0.01; done; ${command}' sh "$1" & ` +
    'echo $! > "$1/pid.new"; mv "$1/pid.new" "$1/pid"; kill -KILL $$'
  );
}

for (const [what, command, status] of [
  ['exit status', 'exit 7', 7 << 8],
  ['status above 128', 'exit 143', 143 << 8],
  ['signal', 'kill -TERM $$', 15],
] as const) {
  test(`the ${what} of a dead launcher's child is written down`, async (context) => {
    const kept = keep(context, orphan(command));
    const pid = Number(await kept.file('pid'));
    const identity = { pid, startTime: readProcess(pid)?.startTime ?? '' };
    assert.notEqual(identity.startTime, '');
    // Its first parent would reap it as long as it lives.
    await eventually('the keeper takes it', () =>
      readProcess(pid)?.parent === kept.child.pid ? true : undefined,
    );
    writeFileSync(join(kept.folder, 'go'), '');
    await kept.ended;
    const ends = new KeptFiles(kept.keeper);
    assert.equal(ends.takeEnd({ ...identity, startTime: '1' }), undefined, 'of another process');
    assert.equal(ends.takeEnd(identity), status);
    assert.equal(ends.takeEnd(identity), undefined, 'it is told once');
  });
}

test('a keeper ends with its last child; its launcher leaves nothing behind', async (context) => {
  const kept = keep(context, 'exit 0');
  await kept.ended;
  assert.deepEqual(readdirSync(join(kept.keeper, 'ends')), []);
});

test('a keeper is deaf to polite signals, its launcher is not', async (context) => {
  const kept = keep(
    context,
    'trap "exit 0" TERM; echo $$ > "$1/pid"; while :; do sleep 0.01; done',
  );
  const launcher = Number(await kept.file('pid'));
  kept.child.kill('SIGTERM');
  process.kill(launcher, 0);
  process.kill(launcher, 'SIGTERM');
  await kept.ended;
});

test('ends that nobody asks for are forgotten', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = new KeptFiles(folder);
  const ends = join(folder, 'ends');
  for (const name of ['1', '2', '3.new']) writeFileSync(join(ends, name), '0 5');
  files.keepOnly(new Set([2]));
  assert.deepEqual(readdirSync(ends), ['2']);
  assert.equal(files.takeEnd({ pid: 2, startTime: '5' }), 0);
});
