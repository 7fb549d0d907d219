/** What the agent's end of the launcher's socket waits for. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LauncherClient } from '../../../../core/agent/launcher/client.ts';
import { SystemClock } from '../../../../core/base/clock.ts';
import { silentLog } from '../../../../core/base/log.ts';

test('the start waits for the report of executors, whatever comes before it', async (t) => {
  const workDir = mkdtempSync(join(tmpdir(), 'orrery-client-'));
  mkdirSync(join(workDir, 'launcher'));
  const report = { kind: 'report', containers: [] };
  let isReported = false;
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(`${JSON.stringify({ kind: 'plain-report', containers: [] })}\n`);
      // In a packet of its own, well after the first was read.
      setTimeout(() => {
        isReported = true;
        socket.write(`${JSON.stringify(report)}\n`);
      }, 30);
    });
  });
  await new Promise<void>((resolve) => server.listen(join(workDir, 'launcher/socket'), resolve));
  const client = new LauncherClient(workDir, { clock: new SystemClock(), log: silentLog });
  t.after(async () => {
    await client.stop({ killTasks: false });
    server.close();
    rmSync(workDir, { recursive: true, force: true });
  });
  const events: unknown[] = [];
  await client.start((event) => events.push(event));
  assert.ok(isReported);
  assert.deepEqual(events, [report]);
});
