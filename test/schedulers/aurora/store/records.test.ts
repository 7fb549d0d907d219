/** What is written is read again after a restart, and the scheduler goes on where it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../core/base/random.ts';
import { MemoryStorage } from '../../../../core/storage/memory.ts';
import { AuroraMachine } from '../../../../schedulers/aurora/machine/aurora-machine.ts';
import { encodeOperation, loadState } from '../../../../schedulers/aurora/store/records.ts';
import {
  busyScheduler,
  config,
  job,
  SchedulerTester,
  SETTINGS,
  said,
  UPDATE_SETTINGS,
  WEB,
} from '../machine/scheduler-tester.ts';

/** Writes what the tester's machine asked for since the last time. */
async function write(it: SchedulerTester, storage: MemoryStorage): Promise<void> {
  const operations = it
    .takeEffects()
    .flatMap((effect) => (effect.kind === 'persist' ? encodeOperation(effect.operation) : []));
  await storage.write(operations);
}

test('tasks, cron jobs, quotas, hosts and updates are the same after a restart', async () => {
  const it = busyScheduler();
  const storage = new MemoryStorage();
  await write(it, storage);

  const stored = await loadState(storage);
  const before = it.machine.state;
  assert.deepEqual([...stored.tasks], [...before.tasks.all()].map(plain));
  const quota = { resources: [{ numCpus: 1 }, { ramMb: 1 }, { diskMb: 1 }] };
  assert.deepEqual(stored.quotas.get('www'), quota);
  assert.deepEqual([...stored.cronJobs.keys()], ['www/prod/nightly']);
  assert.deepEqual([...stored.hosts], [...before.hosts.values()]);
  const [update] = stored.updates.all();
  const [known] = before.updates.all();
  assert.deepEqual(plain(update?.details), plain(known?.details));
});

test('a deleted task and an update that was going on are found again as they were', async () => {
  const it = new SchedulerTester();
  const storage = new MemoryStorage();
  it.create(job(2));
  it.run();
  it.status(it.id(1), 'TASK_FAILED');
  it.call({ method: 'killTasks', args: { job: WEB, instances: [1] } });
  const request = {
    taskConfig: config({ priority: 7 }),
    instanceCount: 1,
    settings: UPDATE_SETTINGS,
  };
  assert.equal(said(it.call({ method: 'startJobUpdate', args: { request } })), 'OK');
  await write(it, storage);
  const old = it.id(0);

  const machine = new AuroraMachine(SETTINGS, new SeededRandom(2));
  machine.recovered(await loadState(storage), it.now);
  machine.subscribed(it.now);
  const status = { task_id: { value: old }, state: 'TASK_KILLED' as const };
  machine.statusArrived(status, it.now);
  const instances = machine.state.tasks
    .ofJob('www/prod/web')
    .map(({ status, assignedTask: { instanceId, task } }) => [instanceId, status, task.priority]);
  assert.deepEqual(instances.sort(), [
    [0, 'KILLED', 0],
    [0, 'PENDING', 7],
    [1, 'FAILED', 0],
  ]);
});

/** Without members that are undefined, which is what reading gives. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, plain(each)]),
  );
}
