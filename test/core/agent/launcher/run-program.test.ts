import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { runProgram } from '../../../../core/agent/launcher/run-program.ts';
import { minutes } from '../../../../core/base/duration.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';

/** It ends at once, and leaves a child in a session of its own that holds its output open. */
const LEAVES_ONE = `
setsid sh -c 'echo $$ > child; exec sleep 1000' &
while [ ! -s child ]; do :; done
echo said
echo $$ > leader`;

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

test('a program whose output is held open by what it has left behind is over in time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'program-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pidIn = (name: string): number => {
    const path = join(folder, name);
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  };
  const clock = new SimulatedClock();
  const script = `cd ${folder}${LEAVES_ONE}`;
  const end = runProgram(['/bin/sh', '-c', script], {
    variables: {},
    input: '/dev/null',
    clock,
  });
  while (pidIn('leader') === 0 || isRunning(pidIn('leader'))) await setImmediate();
  const child = pidIn('child');
  assert.ok(child > 1);
  t.after(() => process.kill(child, 'SIGKILL'));
  await clock.advance(minutes(2));
  assert.deepEqual(await end, { stdout: 'said\n', stderr: '', code: 128, isTimedOut: true });
});
