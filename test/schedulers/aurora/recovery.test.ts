/** Backups and going back to one (spec aurora-scheduler, section 9). */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import type { StoredState } from '../../../schedulers/aurora/machine/state.ts';
import { AuroraState } from '../../../schedulers/aurora/machine/state.ts';
import { Recovery } from '../../../schedulers/aurora/recovery.ts';
import {
  type BackupFiles,
  backupDirectory,
} from '../../../schedulers/aurora/store/backup-files.ts';
import {
  encodeOperation,
  loadState,
  replaceState,
} from '../../../schedulers/aurora/store/records.ts';
import { snapshotOf, storedOf } from '../../../schedulers/aurora/store/snapshot.ts';
import { canonicalText } from '../../../schedulers/aurora/thrift/compare.ts';
import { decodeStruct, encodeStruct } from '../../../schedulers/aurora/thrift/messages.ts';
import type { Snapshot } from '../../../schedulers/aurora/thrift/types.ts';
import { busyScheduler, job, SchedulerTester, said, WEB } from './machine/scheduler-tester.ts';

/** With a host that goes out of service, too. */
function busy(): SchedulerTester {
  const it = busyScheduler();
  it.call({ method: 'drainHosts', args: { hosts: { hostNames: ['h1'] } } });
  return it;
}

/** Comparable whatever the order. */
function described(stored: StoredState): string {
  const state = new AuroraState();
  state.load(stored);
  return canonicalText('Snapshot', snapshotOf(state, undefined, 0));
}

test('a backup that is gone back to gives the same state, whatever was there', async () => {
  const it = busy();
  const snapshot = snapshotOf(it.machine.state, 'f1', it.now);
  const bytes = encodeStruct('Snapshot', snapshot);
  const decoded = decodeStruct('Snapshot', bytes);
  assert.ok(decoded.ok);
  const before = described(storedOf(decoded.value));
  assert.equal(before, described(storedOf(snapshot)));

  const storage = new MemoryStorage();
  const other = new SchedulerTester();
  other.create(job(7, { job: { ...WEB, name: 'later' } }));
  await storage.write(
    other
      .takeEffects()
      .flatMap((effect) => (effect.kind === 'persist' ? encodeOperation(effect.operation) : [])),
  );
  await storage.write([{ kind: 'put', key: 'aurora/framework/id', value: Buffer.from('f1') }]);
  await storage.write(await replaceState(storage, storedOf(decoded.value)));
  assert.equal(described(await loadState(storage)), before);
  assert.ok((await storage.get('aurora/framework/id')) !== undefined, 'the framework stays');
});

async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'aurora-backups-'));
  try {
    await act(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('the newest files are kept, and unfinished ones are no backups', async () => {
  await withDirectory(async (directory) => {
    const files = backupDirectory(directory, 2);
    const snapshot = snapshotOf(new AuroraState(), undefined, 0);
    const start = new Date(2026, 10, 29, 7, 5).getTime();
    for (const minute of [0, 1, 2]) await files.write(snapshot, start + minute * 60_000);
    await writeFile(join(directory, 'temp_scheduler-backup-2026-11-29-08-00'), 'half');
    assert.deepEqual(await files.list(), [
      'scheduler-backup-2026-11-29-07-06',
      'scheduler-backup-2026-11-29-07-07',
    ]);
    assert.equal((await readdir(directory)).length, 3);
    assert.deepEqual(await files.read('scheduler-backup-2026-11-29-07-07'), {
      ok: true,
      value: { ...snapshot, schedulerMetadata: {} },
    });
    assert.equal(await files.read('../etc/passwd'), undefined);
  });
});

class World {
  readonly it = busy();
  readonly clock = new SimulatedClock();
  readonly kept = new Map<string, Snapshot>();
  replaced: StoredState | undefined;
  isFull = false;
  readonly recovery: Recovery;

  constructor(files?: BackupFiles) {
    const memory: BackupFiles = {
      write: async (snapshot) => {
        if (this.isFull) throw new Error('no space left on device');
        this.kept.set(`scheduler-backup-${this.kept.size}`, snapshot);
      },
      list: async () => [...this.kept.keys()],
      read: async (name) => {
        const value = this.kept.get(name);
        return value === undefined ? undefined : { ok: true, value };
      },
    };
    this.recovery = new Recovery(
      {
        clock: this.clock,
        log: silentLog,
        files: files ?? memory,
        snapshot: () => snapshotOf(this.it.machine.state, 'f1', this.it.now),
        replace: async (stored) => {
          this.replaced = stored;
        },
      },
      3_600_000,
    );
  }

  async call(call: Parameters<Recovery['answer']>[0]) {
    const answer = await this.recovery.answer(call);
    assert.ok(answer !== undefined);
    return answer;
  }
}

test('a backup is staged, looked at, parts are left out, and it becomes the state', async () => {
  const world = new World();
  const { call } = { call: (each: Parameters<World['call']>[0]) => world.call(each) };
  const none = 'ERROR No backup loaded.';
  assert.equal(said(await call({ method: 'queryRecovery', args: {} })), none);
  assert.equal(said(await call({ method: 'commitRecovery', args: {} })), none);
  assert.equal(said(await call({ method: 'deleteRecoveryTasks', args: {} })), none);
  assert.equal(said(await call({ method: 'performBackup', args: {} })), 'OK');
  const { result } = await call({ method: 'listBackups', args: {} });
  assert.deepEqual(result, { listBackupsResult: { backups: ['scheduler-backup-0'] } });
  const stage = (backupId: string) => call({ method: 'stageRecovery', args: { backupId } });
  assert.equal(said(await stage('F')), 'ERROR Backup F does not exist.');
  assert.equal(said(await stage('scheduler-backup-0')), 'OK');
  assert.equal(said(await stage('scheduler-backup-0')), 'ERROR Another backup is already loaded.');
  const query = { instanceIds: [1, 2] };
  const seen = await call({ method: 'queryRecovery', args: { query } });
  assert.ok(seen.result !== undefined && 'queryRecoveryResult' in seen.result);
  const count = seen.result.queryRecoveryResult.tasks.length;
  assert.ok(count >= 2);
  assert.equal(said(await call({ method: 'deleteRecoveryTasks', args: { query } })), 'OK');
  assert.equal(said(await call({ method: 'commitRecovery', args: {} })), 'OK');
  const left = [...(world.replaced?.tasks ?? [])].map(
    ({ assignedTask }) => assignedTask.instanceId,
  );
  assert.deepEqual([...new Set(left)], [0]);
  assert.equal(said(await call({ method: 'queryRecovery', args: {} })), none);
});

test('what is unloaded is gone, and a snapshot on demand has nothing to do', async () => {
  const world = new World();
  await world.call({ method: 'performBackup', args: {} });
  await world.call({ method: 'stageRecovery', args: { backupId: 'scheduler-backup-0' } });
  assert.equal(said(await world.call({ method: 'unloadRecovery', args: {} })), 'OK');
  const query = await world.call({ method: 'queryRecovery', args: {} });
  assert.equal(said(query), 'ERROR No backup loaded.');
  assert.equal(said(await world.call({ method: 'snapshot', args: {} })), 'OK');
});

test('backups are written by time, and one that fails leaves the scheduler alone', async () => {
  const world = new World();
  world.recovery.start();
  await world.clock.advance(3_600_000);
  assert.equal(world.kept.size, 1);
  world.isFull = true;
  const failed = await world.call({ method: 'performBackup', args: {} });
  assert.equal(said(failed), 'ERROR no space left on device');
  world.isFull = false;
  await world.clock.advance(3_600_000);
  assert.equal(world.kept.size, 2);
  world.recovery.stop();
  await world.clock.advance(7_200_000);
  assert.equal(world.kept.size, 2);
});
