/** How long the instances of a job have been up, and what that means for its SLA. Pure. */
import type { ScheduledTask } from '../thrift/types.ts';

export class JobUptimes {
  /** Seconds by instance. */
  readonly byInstance: ReadonlyMap<number, number>;

  constructor(tasks: readonly ScheduledTask[], nowMs: number) {
    const found = new Map<number, number>();
    for (const { assignedTask, taskEvents } of tasks) {
      const running = taskEvents.find(({ status }) => status === 'RUNNING');
      if (running === undefined) continue;
      const seconds = Math.floor((nowMs - running.timestamp) / 1_000);
      found.set(assignedTask.instanceId, Math.max(0, seconds));
    }
    this.byInstance = found;
  }

  /** Share of the instances, in percent, that have been up for that long; `without` are taken as down. */
  upPercent(seconds: number, without: ReadonlySet<number> = new Set()): number {
    const total = this.byInstance.size;
    if (total === 0) return 0;
    const up = [...this.byInstance].filter(
      ([instance, uptime]) => uptime >= seconds && !without.has(instance),
    );
    return (100 * up.length) / total;
  }

  /** The uptime that this share of the instances has reached, in seconds. */
  uptimeAt(percentile: number): number {
    const total = this.byInstance.size;
    const sorted = [...this.byInstance.values()].sort((one, other) => one - other);
    const index = total - Math.floor((percentile / 100) * total) - 1;
    return sorted[index] ?? 0;
  }

  /** Seconds until the share is up for that long without the given ones; undefined for never. */
  secondsUntil(percent: number, seconds: number, without: ReadonlySet<number>): number | undefined {
    const total = this.byInstance.size;
    const needed = Math.ceil((percent / 100) * total);
    if (needed === 0) return 0;
    const uptimes = [...this.byInstance]
      .filter(([instance]) => !without.has(instance))
      .map(([, uptime]) => uptime)
      .sort((one, other) => other - one);
    const last = uptimes[needed - 1];
    return last === undefined ? undefined : Math.max(0, seconds - last);
  }
}
