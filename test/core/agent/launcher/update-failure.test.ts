/** New grants that the kernel does not take. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerIsolation } from '../../../../core/agent/launcher/container-isolation.ts';
import { NodeIsolation } from '../../../../core/agent/launcher/isolation.ts';
import type { Processes } from '../../../../core/agent/launcher/ports.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';

const NO_PROCESSES: Processes = {
  spawn: () => undefined,
  adopt: () => false,
  endOf: () => -1,
  findIn: () => undefined,
  signalTree: () => {},
  sweep: () => {},
  probe: () => Promise.resolve(undefined),
};

test('a file that cannot be written fails the update of its container; one that is not there does not', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'update-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const failures: string[] = [];
  const isolation = new NodeIsolation(new SimulatedClock(), 1_000);
  const container = new ContainerIsolation(
    { id: 'c1', kind: 'process' },
    { tasks: {} },
    {
      processes: { ...NO_PROCESSES, isolation },
      handlers: {
        onChanged: () => {},
        onLimitation: () => {},
        onTaskLimitation: () => {},
        onDiskMeasured: () => {},
        onUpdateFailed: (message) => failures.push(message),
      },
    },
  );
  const shares = join(folder, 'cpu.shares');
  writeFileSync(shares, '1024');
  const missing = { path: join(folder, 'gone/cpu.shares'), value: '2' };
  container.update({ writes: [missing, { path: shares, value: '512' }], watches: [] });
  assert.deepEqual([readFileSync(shares, 'utf8'), failures], ['512', []]);
  container.update({ writes: [{ path: folder, value: '7' }], watches: [] });
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? '', new RegExp(`^Failed to write '7' to '${folder}': EISDIR`));
});
