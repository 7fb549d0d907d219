/** What must hold for Aurora at any moment, and at rest. */
import { strict as assert } from 'node:assert';
import { MemoryStorage } from '../../core/storage/memory.ts';
import type { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import { keyText } from '../../schedulers/aurora/machine/job-key.ts';
import { QuotaUse } from '../../schedulers/aurora/machine/quota-use.ts';
import { inRanges } from '../../schedulers/aurora/machine/ranges.ts';
import {
  AGENT_ASSIGNED,
  type ScheduleStatus,
} from '../../schedulers/aurora/machine/schedule-status.ts';
import { AuroraState } from '../../schedulers/aurora/machine/state.ts';
import { idOf } from '../../schedulers/aurora/machine/task-table.ts';
import type { StoredUpdate } from '../../schedulers/aurora/machine/update-table.ts';
import { loadState, replaceState } from '../../schedulers/aurora/store/records.ts';
import { snapshotOf, storedOf } from '../../schedulers/aurora/store/snapshot.ts';
import { canonicalText } from '../../schedulers/aurora/thrift/compare.ts';
import { decodeStruct, encodeStruct } from '../../schedulers/aurora/thrift/messages.ts';
import type { JobUpdateSettings } from '../../schedulers/aurora/thrift/types.ts';
import type { AuroraCluster } from './aurora-cluster.ts';
import { type Instances, instancesOf } from './aurora-record.ts';

/** Instances are numbered below this: the largest count that was ever asked for. */
export interface Wanted {
  readonly role: string;
  readonly countMax: number;
}

export function checkAtAnyTime(machine: AuroraMachine, wanted: Wanted): void {
  for (const job of machine.state.tasks.jobs()) {
    const instances = machine.state.tasks
      .activeOf(job)
      .map(({ assignedTask }) => assignedTask.instanceId);
    assert.equal(new Set(instances).size, instances.length, `${job} has an instance twice`);
    const most = Math.max(-1, ...instances);
    assert.ok(most < wanted.countMax, `${job} has instance ${most}`);
  }
  const use = new QuotaUse(machine.state, machine.tiers);
  const quota = use.quotaOf(wanted.role);
  const used = use.consumption(wanted.role).prodShared;
  assert.ok(used.cpus <= quota.cpus + 1e-6, `${used.cpus} of ${quota.cpus} processors are used`);
  for (const update of machine.state.updates.all()) checkUpdate(machine, update);
}

function checkUpdate(machine: AuroraMachine, update: StoredUpdate): void {
  const { settings } = update.update.instructions;
  const last = new Map(update.instanceEvents.map(({ instanceId, action }) => [instanceId, action]));
  const inAction = (action: string): number =>
    [...last.values()].filter((each) => each === action).length;
  const failed = inAction('INSTANCE_UPDATE_FAILED');
  if (update.status === 'ROLLED_FORWARD' || update.status === 'ROLLING_FORWARD') {
    assert.ok(failed <= settings.maxFailedInstances, `${failed} failed, and ${update.id} goes on`);
  }
  if (update.status === 'ROLLING_FORWARD') {
    const working = inAction('INSTANCE_UPDATING');
    const size = largestGroup(settings);
    assert.ok(working <= size, `${working} instances at a time in ${update.id}, not ${size}`);
  }
  if (update.isActive) {
    const job = keyText(update.job);
    const active = machine.state.updates.ofJob(job).filter((each) => each.isActive);
    assert.equal(active.length, 1, `${job} has ${active.length} updates`);
  }
}

function largestGroup({ updateStrategy: strategy, updateGroupSize }: JobUpdateSettings): number {
  if (strategy === undefined) return updateGroupSize;
  if ('varBatchStrategy' in strategy) return Math.max(...strategy.varBatchStrategy.groupSizes);
  const { groupSize } =
    'queueStrategy' in strategy ? strategy.queueStrategy : strategy.batchStrategy;
  return groupSize;
}

/** In the moment in which it ends: what the update has touched and all the rest of the job. */
export function checkRolledBack(
  machine: AuroraMachine,
  update: StoredUpdate,
  before: Instances,
): void {
  const failed = update.instanceEvents.some(({ action }) => action === 'INSTANCE_ROLLBACK_FAILED');
  if (failed) return;
  const now = instancesOf(machine, update.job);
  assert.deepEqual(
    [...now].sort(([a], [b]) => a - b),
    [...before].sort(([a], [b]) => a - b),
    `${keyText(update.job)} after ${update.id} was rolled back`,
  );
}

/** In the moment in which it ends: each instance that it was about is as it was asked for. */
export function checkRolledForward(machine: AuroraMachine, update: StoredUpdate): void {
  const { initialState, desiredState } = update.update.instructions;
  const now = instancesOf(machine, update.job);
  const failed = new Set(
    update.instanceEvents
      .filter(({ action }) => action === 'INSTANCE_UPDATE_FAILED')
      .map(({ instanceId }) => instanceId),
  );
  for (const { first, last } of desiredState?.instances ?? []) {
    for (let instance = first; instance <= last; instance += 1) {
      if (failed.has(instance)) continue;
      const text = desiredState && machine.state.configText(desiredState.task);
      assert.equal(now.get(instance), text, `instance ${instance} after ${update.id}`);
    }
  }
  for (const { first, last } of initialState.flatMap(({ instances }) => instances)) {
    for (let instance = first; instance <= last; instance += 1) {
      if (inRanges(desiredState?.instances ?? [], instance)) continue;
      assert.ok(!now.has(instance), `instance ${instance} is there after ${update.id}`);
    }
  }
}

/** At rest: agents run what the scheduler has put there, and all that it takes for running. */
export function checkCluster(machine: AuroraMachine, cluster: AuroraCluster): void {
  const placed = (statuses: Iterable<ScheduleStatus>): readonly string[] =>
    [...statuses]
      .flatMap((status) => machine.state.tasks.withStatus(status))
      .map((task) => `${idOf(task)} on ${task.assignedTask.slaveHost}`);
  const there = cluster.agents.flatMap(({ name, tasks }) =>
    [...tasks.keys()].map((id) => `${id} on ${name}`),
  );
  const known = new Set(placed(AGENT_ASSIGNED));
  assert.deepEqual(
    there.filter((each) => !known.has(each)),
    [],
    'tasks that nobody knows of',
  );
  // Of some, the end is on its way.
  const ending = cluster.agents.flatMap(({ name, unacknowledged }) =>
    [...unacknowledged.keys()].map((id) => `${id} on ${name}`),
  );
  const found = new Set([...there, ...ending]);
  assert.deepEqual(
    placed(['RUNNING']).filter((each) => !found.has(each)),
    [],
    'tasks that are taken for running',
  );
}

/** A backup that is gone back to gives the same state. */
export async function checkBackup(machine: AuroraMachine): Promise<void> {
  const snapshot = snapshotOf(machine.state, 'f1', 0);
  const decoded = decodeStruct('Snapshot', encodeStruct('Snapshot', snapshot));
  assert.ok(decoded.ok, 'a backup cannot be read');
  const storage = new MemoryStorage();
  await storage.write(await replaceState(storage, storedOf(decoded.value)));
  const restored = new AuroraState();
  restored.load(await loadState(storage));
  assert.equal(
    canonicalText('Snapshot', snapshotOf(restored, 'f1', 0)),
    canonicalText('Snapshot', snapshot),
    'a backup that is gone back to gives another state',
  );
}
