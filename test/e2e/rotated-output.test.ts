/** Output kept small by logrotate, with real processes: nothing is lost, whoever dies. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LauncherClient } from '../../core/agent/launcher/client.ts';
import type { LauncherEvent } from '../../core/agent/launcher-port.ts';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { eventually, removeDirectory, temporaryDirectory } from './support/programs.ts';

const MAX_BYTES = 200_000;
const LINES = 60_000;

/** All that was written, oldest file first. */
function written(sandbox: string): string {
  const names = readdirSync(sandbox).filter((name) => /^stdout(\.\d+)?$/.test(name));
  const age = (name: string): number => Number(name.split('.')[1] ?? 0);
  return names
    .sort((a, b) => age(b) - age(a))
    .map((name) => readFileSync(join(sandbox, name), 'utf8'))
    .join('');
}

test('rotated output is complete and in order, though the launcher dies meanwhile', async (t) => {
  const folder = await temporaryDirectory('rotated');
  t.after(() => removeDirectory(folder));
  const sandbox = join(folder, 'sandbox');
  mkdirSync(sandbox);
  const events: LauncherEvent[] = [];
  const client = new LauncherClient(folder, { clock: new SystemClock(), log: silentLog });
  t.after(() => client.stop({ killTasks: true }));
  await client.start((event) => {
    events.push(event);
  });
  const stream = { maxBytes: MAX_BYTES, options: 'rotate 9' };
  client.launch({
    id: 'c1',
    kind: 'command',
    frameworkId: 'f',
    executorId: 'c1',
    sandbox,
    sendsKilling: true,
    shutdownGraceMs: 5_000,
    recoveryTimeoutMs: 60_000,
    logs: { stdout: stream, stderr: stream, logrotatePath: 'logrotate' },
  });
  const value =
    `test -p /dev/stdout && echo pipe >&2; seq 1 ${LINES / 2}; ` +
    `while [ ! -e go ]; do sleep 0.05; done; seq ${LINES / 2 + 1} ${LINES}; exit 7`;
  const environment = { PATH: '/usr/sbin:/usr/bin:/bin' };
  const command = { shell: true, value, arguments: [], environment };
  client.run('c1', [{ taskId: 't1', command, killGraceMs: 1_000, maxCompletionMs: 0 }]);
  await eventually('half is written', () =>
    written(sandbox).endsWith(`\n${LINES / 2}\n`) ? true : undefined,
  );
  process.kill(Number(readFileSync(join(folder, 'launcher', 'pid'), 'utf8')), 'SIGKILL');
  await eventually('another launcher has taken over', () =>
    events.filter(({ kind }) => kind === 'report').length > 1 ? true : undefined,
  );
  writeFileSync(join(sandbox, 'go'), '');
  const ended = await eventually('the task ends', () =>
    events.find((event) => event.kind === 'update' && event.update.state === 'TASK_FAILED'),
  );
  assert.ok(ended.kind === 'update');
  assert.equal(ended.update.message, 'Command exited with status 7');
  const expected = Array.from({ length: LINES }, (_, at) => `${at + 1}\n`).join('');
  await eventually('all is written', () => (written(sandbox) === expected ? true : undefined));
  const files = readdirSync(sandbox).filter((name) => /^stdout(\.\d+)?$/.test(name));
  assert.ok(files.length > 1, 'it was rotated');
  for (const name of files) {
    const { size } = statSync(join(sandbox, name));
    assert.ok(size <= MAX_BYTES, `${name} is too large`);
    const isFilled = name === 'stdout' || size > MAX_BYTES - 4_096;
    assert.ok(isFilled, `${name} was rotated before it was full: ${size}`);
  }
  assert.equal(readFileSync(join(sandbox, 'stderr'), 'utf8'), 'pipe\n');
});
