/** What must hold for Aurora at any moment, and at rest. */
import { strict as assert } from 'node:assert';
import type { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import { QuotaUse } from '../../schedulers/aurora/machine/quota-use.ts';
import { inRanges } from '../../schedulers/aurora/machine/ranges.ts';
import type { StoredUpdate } from '../../schedulers/aurora/machine/update-table.ts';

/** Instances are numbered below this: the largest count that was ever asked for. */
export interface Wanted {
  readonly role: string;
  readonly countMax: number;
  /** Updates that were taken up anew after a pause or a death. */
  readonly interrupted: ReadonlySet<string>;
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
  for (const update of machine.state.updates.all()) checkUpdate(machine, update, wanted);
}

function checkUpdate(machine: AuroraMachine, update: StoredUpdate, wanted: Wanted): void {
  const { settings } = update.update.instructions;
  const last = new Map(update.instanceEvents.map(({ instanceId, action }) => [instanceId, action]));
  const inAction = (action: string): number =>
    [...last.values()].filter((each) => each === action).length;
  const failed = inAction('INSTANCE_UPDATE_FAILED');
  if (update.status === 'ROLLED_FORWARD' || update.status === 'ROLLING_FORWARD') {
    assert.ok(failed <= settings.maxFailedInstances, `${failed} failed, and ${update.id} goes on`);
  }
  if (update.status === 'ROLLING_FORWARD' && !wanted.interrupted.has(update.id)) {
    const working = inAction('INSTANCE_UPDATING');
    const size = settings.updateGroupSize;
    assert.ok(working <= size, `${working} instances at a time in ${update.id}, not ${size}`);
  }
  if (update.isActive) {
    const active = machine.state.updates.ofJob(jobText(update)).filter((each) => each.isActive);
    assert.equal(active.length, 1, `${jobText(update)} has ${active.length} updates`);
  }
}

/** In the moment in which it ends. */
export function checkRolledBack(machine: AuroraMachine, update: StoredUpdate): void {
  const { initialState } = update.update.instructions;
  const touched = new Set(update.instanceEvents.map(({ instanceId }) => instanceId));
  const active = new Map(
    machine.state.tasks
      .activeOf(jobText(update))
      .map(({ assignedTask }) => [assignedTask.instanceId, assignedTask.task]),
  );
  for (const instance of touched) {
    const before = initialState.find(({ instances }) => inRanges(instances, instance))?.task;
    const now = active.get(instance);
    const text = (config: typeof before): string =>
      config === undefined ? 'none' : machine.state.configText(config);
    assert.equal(text(now), text(before), `instance ${instance} after ${update.id} rolled back`);
  }
}

function jobText({ job }: StoredUpdate): string {
  return `${job.role}/${job.environment}/${job.name}`;
}
