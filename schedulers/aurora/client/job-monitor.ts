/** Waits for what becomes of a job's instances, asking at growing intervals (spec aurora-client, section 2). */
import { sleep } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import { LIVE, TERMINAL } from '../machine/schedule-status.ts';
import type { ScheduledTask, ScheduleStatus } from '../thrift/types.ts';
import { type ClientContext, queryOf } from './context.ts';
import type { ClusterJobKey } from './job-keys.ts';

const POLL_MIN_MS = seconds(2);
const POLL_MAX_MS = seconds(150);

export function isRunningOrFinished(status: ScheduleStatus): boolean {
  return LIVE.has(status) || TERMINAL.has(status);
}

export function isTerminal(status: ScheduleStatus): boolean {
  return TERMINAL.has(status);
}

export interface Waiting {
  readonly key: ClusterJobKey;
  readonly instances?: readonly number[] | undefined;
  readonly until: (status: ScheduleStatus) => boolean;
  /** Gives up when the interval has grown to its limit. */
  readonly isBounded?: boolean;
}

/** False when it took too long. */
export async function waitUntil(context: ClientContext, waiting: Waiting): Promise<boolean> {
  const { key, instances, until, isBounded = false } = waiting;
  const query = {
    ...queryOf(key),
    ...(instances === undefined ? {} : { instanceIds: instances }),
  };
  for (let pollMs = POLL_MIN_MS; ; pollMs = Math.min(POLL_MAX_MS, 2 * pollMs)) {
    const tasks = await context.tasks(key.cluster, query);
    if ([...newestOf(tasks).values()].every(({ status }) => until(status))) return true;
    if (isBounded && pollMs >= POLL_MAX_MS) return false;
    await sleep(context.ports.clock, pollMs);
  }
}

/** Each instance's latest task. */
export function newestOf(tasks: readonly ScheduledTask[]): ReadonlyMap<number, ScheduledTask> {
  const begun = ({ taskEvents }: ScheduledTask): number => taskEvents[0]?.timestamp ?? 0;
  const newest = new Map<number, ScheduledTask>();
  for (const task of tasks) {
    const { instanceId } = task.assignedTask;
    const known = newest.get(instanceId);
    if (known === undefined || begun(task) >= begun(known)) newest.set(instanceId, task);
  }
  return newest;
}
