/**
 * How well services are served: times up, times until running, and the share of time that the platform did
 * not take away (spec aurora-scheduler, section 8). Reads task histories; keeps nothing.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import { type ScheduleStatus, TERMINAL } from './schedule-status.ts';

interface PastEvent {
  readonly status: ScheduleStatus;
  readonly timestamp: Instant;
}

/** All incarnations of one instance, oldest first, each with its events, oldest first. */
export type InstanceHistory = readonly (readonly PastEvent[])[];

export const UPTIME_PERCENTILES: readonly number[] = [50, 75, 90, 95, 99];

/** The time in seconds that `percent` of the instances have been RUNNING for at least; 0 when there is none. */
export function jobUptimeSecs(uptimesMs: readonly DurationMs[], percent: number): number {
  return reachedBy(uptimesMs, percent) / 1_000;
}

/** Since when a task is RUNNING; undefined when its newest event is another one. */
export function runningSince(events: readonly PastEvent[]): Instant | undefined {
  const last = events.at(-1);
  return last?.status === 'RUNNING' ? last.timestamp : undefined;
}

/** Figures of how long tasks took from PENDING to ASSIGNED, STARTING, RUNNING. */
export type Milestone = 'ASSIGNED' | 'STARTING' | 'RUNNING';

/** The median over the tasks that have not ended and have reached the milestone within the window. */
export function medianTimeMs(
  histories: Iterable<readonly PastEvent[]>,
  milestone: Milestone,
  window: { readonly from: Instant; readonly to: Instant },
): DurationMs {
  const times: DurationMs[] = [];
  for (const events of histories) {
    if (TERMINAL.has(events.at(-1)?.status ?? 'LOST')) continue;
    const pending = events.find((event) => event.status === 'PENDING');
    const reached = events.find((event) => event.status === milestone);
    if (pending === undefined || reached === undefined) continue;
    if (reached.timestamp < window.from || reached.timestamp >= window.to) continue;
    times.push(reached.timestamp - pending.timestamp);
  }
  return reachedBy(times, 50);
}

/** What so many percent of the values are at or above, on a line from one to the next; 0 of none. */
function reachedBy(values: readonly number[], percent: number): number {
  const rising = values.toSorted((a, b) => a - b);
  const place = ((rising.length - 1) * (100 - percent)) / 100;
  const below = rising[Math.floor(place)] ?? 0;
  const above = rising[Math.ceil(place)] ?? 0;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * What a status says about the platform: it keeps the instance up, it took it down, or the time is nobody's
 * (the user's own doing). KILLED is down only when the task was up, PENDING and its like only after the
 * platform took the instance down.
 */
type Blame = 'up' | 'down' | 'removed' | 'removed-unless-down' | 'down-if-up';

const BLAME: { readonly [status in ScheduleStatus]: Blame } = {
  INIT: 'removed',
  PENDING: 'removed-unless-down',
  ASSIGNED: 'removed-unless-down',
  STARTING: 'removed-unless-down',
  THROTTLED: 'removed',
  FINISHED: 'removed',
  RESTARTING: 'removed',
  FAILED: 'removed',
  KILLING: 'removed',
  KILLED: 'down-if-up',
  RUNNING: 'up',
  PARTITIONED: 'up',
  LOST: 'down',
  DRAINING: 'down',
  PREEMPTING: 'down',
};

/** Percent of the time within the window that was up, of the time that was up or down; 100 when there is none. */
export function platformUptimePercent(
  instances: Iterable<InstanceHistory>,
  window: { readonly from: Instant; readonly to: Instant },
): number {
  let upMs = 0;
  let downMs = 0;
  for (const history of instances) {
    const share = uptimeOf(history, window);
    upMs += share.upMs;
    downMs += share.downMs;
  }
  return upMs + downMs === 0 ? 100 : (100 * upMs) / (upMs + downMs);
}

type Side = 'up' | 'down' | 'removed';

function uptimeOf(
  history: InstanceHistory,
  window: { readonly from: Instant; readonly to: Instant },
): { readonly upMs: DurationMs; readonly downMs: DurationMs } {
  const spent = { up: 0, down: 0, removed: 0 };
  let side: Side = 'removed';
  let since = window.from;
  for (const event of history.flat()) {
    const at = Math.min(window.to, Math.max(window.from, event.timestamp));
    spent[side] += at - since;
    since = at;
    side = sideAfter(side, BLAME[event.status]);
  }
  spent[side] += window.to - since;
  return { upMs: spent.up, downMs: spent.down };
}

function sideAfter(before: Side, blame: Blame): Side {
  if (blame === 'removed-unless-down') return before === 'down' ? 'down' : 'removed';
  if (blame === 'down-if-up') return before === 'up' ? 'down' : before;
  return blame;
}

const SIZES = ['small', 'medium', 'large', 'xlarge', 'xxlarge'] as const;

/** Upper bounds, included, of small, medium, large, xlarge. */
const SIZE_BOUNDS = {
  cpu: [1, 4, 8, 16],
  ram: [1_024, 8_192, 16_384, 32_768],
  disk: [4_096, 16_384, 32_768, 65_536],
} as const;

/** The size class of cores or megabytes: `small`, `medium`, `large`, `xlarge`, `xxlarge`. */
export function sizeClass(resource: keyof typeof SIZE_BOUNDS, amount: number): string {
  const index = SIZE_BOUNDS[resource].findIndex((bound) => amount <= bound);
  return SIZES[index === -1 ? SIZES.length - 1 : index] ?? 'xxlarge';
}
