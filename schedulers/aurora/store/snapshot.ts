/**
 * The whole state as one struct, the form in which schedulers of either side keep backups (spec aurora-scheduler,
 * section 9).
 */
import { keyText } from '../machine/job-key.ts';
import type { AuroraState, StoredState } from '../machine/state.ts';
import { StoredUpdate, UpdateTable } from '../machine/update-table.ts';
import type { JobConfiguration, Snapshot } from '../thrift/types.ts';

export function snapshotOf(
  state: AuroraState,
  frameworkId: string | undefined,
  timestamp: number,
): Snapshot {
  return {
    timestamp,
    hostAttributes: [...state.hosts.values()],
    tasks: [...state.tasks.all()],
    cronJobs: [...state.cronJobs.values()].map((jobConfiguration) => ({ jobConfiguration })),
    schedulerMetadata: { frameworkId },
    quotaConfigurations: [...state.quotas].map(([role, quota]) => ({ role, quota })),
    jobUpdateDetails: [...state.updates.all()].map(({ details }) => ({ details })),
    hostMaintenanceRequests: [...state.maintenance.values()],
  };
}

export function storedOf(snapshot: Snapshot): StoredState {
  const cronJobs = new Map<string, JobConfiguration>();
  for (const { jobConfiguration } of snapshot.cronJobs) {
    if (jobConfiguration.key !== undefined) {
      cronJobs.set(keyText(jobConfiguration.key), jobConfiguration);
    }
  }
  const updates = new UpdateTable();
  for (const { details } of snapshot.jobUpdateDetails) {
    const { id, job } = details.update.summary.key;
    if (id === undefined || job === undefined) continue;
    const update = new StoredUpdate(details.update);
    update.updateEvents.push(...details.updateEvents);
    update.instanceEvents.push(...details.instanceEvents);
    updates.add(update);
  }
  return {
    tasks: snapshot.tasks,
    cronJobs,
    quotas: new Map(snapshot.quotaConfigurations.map(({ role, quota }) => [role, quota])),
    hosts: snapshot.hostAttributes,
    maintenance: snapshot.hostMaintenanceRequests ?? [],
    updates,
  };
}
