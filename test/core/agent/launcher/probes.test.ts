import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProbe } from '../../../../core/agent/launcher/probes.ts';
import { seconds } from '../../../../core/base/duration.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';

test('a check whose command takes too long is killed, fails and says so in stderr', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'probe-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  const clock = new SimulatedClock();
  const killed: string[] = [];
  const probe = {
    type: 'COMMAND',
    ...{ delayMs: 0, intervalMs: 0, timeoutMs: seconds(5) },
    command: { shell: true, value: 'sleep 1000', arguments: [], environment: {} },
  } as const;
  const signalTree = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
    killed.push(signal);
    process.kill(-pid, signal);
  };
  const result = runProbe(probe, { cwd }, { signalTree }, clock);
  await clock.advance(seconds(5));
  assert.deepEqual(await result, { type: 'COMMAND', exitCode: undefined });
  assert.deepEqual(killed, ['SIGKILL']);
  assert.equal(readFileSync(join(cwd, 'stderr'), 'utf8'), 'Command timed out after 5secs\n');
});

test('what a check says goes nowhere but into the sandbox', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const cwd = join(folder, 'sandbox');
  const precious = join(folder, 'precious');
  mkdirSync(cwd);
  writeFileSync(precious, '');
  symlinkSync(precious, join(cwd, 'stderr'));
  const command = { shell: true, value: 'echo gotten', arguments: [], environment: {} };
  const delays = { delayMs: 0, intervalMs: 0, timeoutMs: seconds(5) };
  const probe = { type: 'COMMAND', ...delays, command } as const;
  const result = runProbe(probe, { cwd }, { signalTree: () => {} }, new SimulatedClock());
  await assert.rejects(result, { code: 'ELOOP' });
  assert.equal(readFileSync(precious, 'utf8'), '');
});
