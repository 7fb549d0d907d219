import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLevelStorage } from '../../../core/storage/level.ts';
import { put, testStorage } from './conformance.ts';

const WRITER = fileURLToPath(new URL('./level-writer.ts', import.meta.url));

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'orrery-level-'));
}

testStorage('level', async () => {
  const path = temporaryDirectory();
  const storage = await openLevelStorage(path);
  return {
    storage,
    end: async () => {
      await storage.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
});

test('level: what was written is there after a close and a new start', async () => {
  const path = temporaryDirectory();
  const before = await openLevelStorage(join(path, 'deep', 'down'));
  await before.write([put('a', '1')]);
  await before.close();
  const after = await openLevelStorage(join(path, 'deep', 'down'));
  assert.equal(Buffer.from((await after.get('a')) ?? []).toString(), '1');
  await after.close();
  rmSync(path, { recursive: true });
});

test('level: writes waiting at a close still reach the disk', async () => {
  const path = temporaryDirectory();
  const before = await openLevelStorage(path);
  const writes = Array.from({ length: 50 }, (_, at) => before.write([put(`k${at}`, '')]));
  await before.close();
  await Promise.all(writes);
  const after = await openLevelStorage(path);
  assert.equal((await after.list('k')).length, 50);
  await after.close();
  rmSync(path, { recursive: true });
});

test('level: a process killed between writes has kept all that it acknowledged', async () => {
  const path = temporaryDirectory();
  for (let round = 0; round < 3; round += 1) {
    const acknowledged = await killedAfter(path, round, 100);
    const storage = await openLevelStorage(path);
    const keys = new Set((await storage.list('')).map(([key]) => key));
    const lost = acknowledged.filter((key) => !keys.has(key));
    await storage.close();
    assert.deepEqual(lost, [], `lost in round ${round}`);
    assert.ok(acknowledged.length >= 100);
  }
  rmSync(path, { recursive: true });
});

test('level: a directory open in another process is refused with one clear sentence', async () => {
  const path = temporaryDirectory();
  const child = spawn(process.execPath, [WRITER, path, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await assert.rejects(openLevelStorage(path), {
    code: 'STORAGE_LOCKED',
    message: `directory '${path}' is in use by another process; stop it or choose another directory`,
  });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  rmSync(path, { recursive: true });
});

/** Lets a child write until it has acknowledged `count` keys, kills it, gives those keys. */
async function killedAfter(path: string, round: number, count: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  // Its output ends a moment before it gives up its lock.
  await ended;
  return acknowledged;
}
