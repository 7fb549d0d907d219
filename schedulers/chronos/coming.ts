/** What is to come for a job: its next starts, and why a due one has not started yet. */
import type { Instant } from '../../core/base/clock.ts';
import { countDown, FOREVER, moveStart, skipTo, startAt } from './schedule.ts';
import type { ChronosState, JobEntry } from './state.ts';

export interface ComingOptions {
  readonly ignoresEpsilon: boolean;
}

/** At most `count` of them, a start that is due already first. Dependent jobs have none. */
export function nextStarts(
  entry: JobEntry,
  count: number,
  options: ComingOptions,
  now: Instant,
): readonly Instant[] {
  let schedule = entry.schedule;
  if (schedule === undefined) return [];
  const starts: Instant[] = [];
  const byEpsilon = entry.epsilonMs !== undefined && !options.ignoresEpsilon;
  if (byEpsilon) {
    const oldest = Math.max(entry.setAt, now - (entry.epsilonMs ?? 0));
    schedule = skipTo(schedule, oldest, now).schedule;
  } else if (schedule.repeat !== 0 && startAt(schedule, now) <= now) {
    // Everything missed becomes one run, now.
    starts.push(now);
    const skipped = skipTo(schedule, now + 1, now);
    if (skipped.count === 0) return starts;
    schedule = countDown(skipped.schedule);
  }
  const max = schedule.repeat === FOREVER ? count : starts.length + schedule.repeat;
  while (starts.length < Math.min(count, max)) {
    const at = startAt(schedule, now);
    if (at === starts.at(-1)) break;
    starts.push(at);
    schedule = moveStart(schedule, 1, now);
  }
  return starts;
}

export interface Waiting {
  /** When the run became due. */
  readonly since: Instant;
  readonly reason: string;
}

/** Undefined when nothing is due, or what is due was launched. */
export function whyWaiting(
  state: ChronosState,
  entry: JobEntry,
  isSubscribed: boolean,
  now: Instant,
): Waiting | undefined {
  const { job, schedule } = entry;
  const queued = state.queue.get(job.name);
  const isDue = schedule !== undefined && schedule.repeat !== 0 && startAt(schedule, now) <= now;
  if (queued === undefined && !isDue) return undefined;
  const since =
    queued !== undefined && queued.cause !== 'schedule'
      ? queued.key.due
      : schedule === undefined
        ? (queued?.key.due ?? now)
        : startAt(schedule, now);
  if (job.disabled) return { since, reason: 'the job is disabled' };
  if (state.isBusy(job)) return { since, reason: 'an earlier run has not ended' };
  if (!isSubscribed) return { since, reason: 'there is no connection to a master' };
  const needs = `${job.cpus} cpus, ${job.mem} MB of memory, ${job.disk} MB of disk`;
  const also = job.constraints.length > 0 ? ' and meets its constraints' : '';
  return { since, reason: `no offer yet that has ${needs}${also}` };
}
