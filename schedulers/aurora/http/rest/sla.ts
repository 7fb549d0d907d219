/** How well one job was served, from the histories of its tasks (spec aurora-scheduler, section 8). */
import type { Instant } from '../../../../core/base/clock.ts';
import {
  jobUptimeSecs,
  type Milestone,
  medianTimeMs,
  platformUptimePercent,
  runningSince,
  UPTIME_PERCENTILES,
} from '../../machine/sla-figures.ts';
import type { ScheduledTask } from '../../thrift/types.ts';
import { NUMBER, record } from './schemas.ts';

const MILESTONES: readonly (readonly [name: string, milestone: Milestone])[] = [
  ['medianTimeToAssignedMs', 'ASSIGNED'],
  ['medianTimeToStartingMs', 'STARTING'],
  ['medianTimeToRunningMs', 'RUNNING'],
];

export const SLA_SCHEMA = record({
  platformUptimePercent: NUMBER,
  ...Object.fromEntries(MILESTONES.map(([name]) => [name, NUMBER])),
  /** By percentile: so many instances have been RUNNING for at least as long. */
  uptimeSecs: record(
    Object.fromEntries(UPTIME_PERCENTILES.map((percent) => [String(percent), NUMBER])),
  ),
});

export function slaOf(
  tasks: readonly ScheduledTask[],
  window: { readonly from: Instant; readonly to: Instant },
): unknown {
  const histories = tasks.map(({ taskEvents }) => taskEvents);
  const byInstance = Map.groupBy(tasks, ({ assignedTask }) => assignedTask.instanceId);
  const instances = [...byInstance.values()].map((each) =>
    each.map(({ taskEvents }) => taskEvents),
  );
  const uptimesMs = tasks.flatMap(({ taskEvents }) => {
    const since = runningSince(taskEvents);
    return since === undefined ? [] : [window.to - since];
  });
  return {
    platformUptimePercent: platformUptimePercent(instances, window),
    ...Object.fromEntries(
      MILESTONES.map(([name, milestone]) => [name, medianTimeMs(histories, milestone, window)]),
    ),
    uptimeSecs: Object.fromEntries(
      UPTIME_PERCENTILES.map((percent) => [String(percent), jobUptimeSecs(uptimesMs, percent)]),
    ),
  };
}
