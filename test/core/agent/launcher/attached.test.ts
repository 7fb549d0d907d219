import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeAttachedProcesses } from '../../../../core/agent/launcher/attached.ts';
import { NodeIsolation } from '../../../../core/agent/launcher/isolation.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';

for (const name of ['stdout', 'stderr']) {
  test(`a process whose output would go where a link leads is not started: ${name}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'attached-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const sandbox = join(folder, 'sandbox');
    const precious = join(folder, 'precious');
    mkdirSync(sandbox);
    writeFileSync(precious, '');
    symlinkSync(precious, join(sandbox, name));
    const clock = new SimulatedClock();
    const it = new NodeAttachedProcesses(clock, { sweep: () => {} }, new NodeIsolation(clock, 1));
    const command = { shell: true, value: 'exit 0', arguments: [], environment: {} };
    const spec = { command, cwd: sandbox, sandbox, isTerminal: false };
    const handlers = { onOutput: () => {}, onExit: () => {} };
    assert.equal(it.spawn(spec, handlers), undefined);
    assert.equal(readFileSync(precious, 'utf8'), '');
  });
}
