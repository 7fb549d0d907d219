/**
 * Repeating intervals `R[n]/[start]/period`: parse, print, and move to later starts, computed from
 * the calendar in the zone of the start (spec chronos, section 3).
 */
import { DateTime, type DurationLikeObject } from 'luxon';
import type { Instant } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { CronRule, isCron } from './cron.ts';
import {
  calendarDays,
  calendarMonths,
  clockMs,
  DAY_MS,
  formatPeriod,
  meanMs,
  NO_PERIOD,
  type Period,
  parsePeriod,
} from './period.ts';
import { formatStart, parseStart } from './start-time.ts';
import { zoneName } from './zone.ts';

/** The count that stands for "without end". */
export const FOREVER = -1;

export interface Schedule {
  /** Runs left; `FOREVER` for no end. */
  readonly repeat: number;
  /** Undefined: one second before whatever now is. */
  readonly start: DateTime | undefined;
  readonly period: Period;
  /** In place of the period. */
  readonly cron?: CronRule;
}

/** 64 bits with a sign; counts above 2^53 are rounded. */
const REPEAT_MAX = 2n ** 63n - 1n;

const CRON_COUNTED_MAX = 200;

/** Shorter periods count as this one. */
const PERIOD_MIN_MS = seconds(1);

/**
 * Undefined when the text is no schedule. `timeZone` may be empty. A cron expression starts with its
 * first time after `cronAfter`.
 */
export function parseSchedule(
  text: string,
  timeZone: string,
  cronAfter: Instant = 0,
): Schedule | undefined {
  if (isCron(text)) return parseCron(text, timeZone, cronAfter);
  const match = /^R(\d*)\/(.*)\/(P.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, count = '', startText = '', periodText = ''] = match;
  const period = parsePeriod(periodText);
  if (period === undefined || BigInt(count) > REPEAT_MAX) return undefined;
  const repeat = count === '' ? FOREVER : Number(count);
  if (startText === '') return { repeat, start: undefined, period };
  const start = parseStart(startText);
  if (start === undefined) return undefined;
  return { repeat, start: inZone(start, timeZone), period };
}

function parseCron(text: string, timeZone: string, after: Instant): Schedule | undefined {
  const zone = zoneName(timeZone);
  const cron = CronRule.parse(text, zone);
  const first = cron?.firstAfter(after);
  if (cron === undefined || first === undefined) return undefined;
  return { repeat: FOREVER, start: DateTime.fromMillis(first, { zone }), period: NO_PERIOD, cron };
}

export function formatSchedule(schedule: Schedule): string {
  if (schedule.cron !== undefined) return `cron ${schedule.cron.text}`;
  const repeat = schedule.repeat === FOREVER ? 'R' : `R${schedule.repeat}`;
  const start = schedule.start === undefined ? '' : formatStart(schedule.start);
  return `${repeat}/${start}/${formatPeriod(schedule.period)}`;
}

/** When the next run is due; an empty start is always due. */
export function startAt(schedule: Schedule, now: Instant): Instant {
  return schedule.start?.toMillis() ?? now - 1_000;
}

/** False for the zero and negative periods, which never bring a later start. */
export function hasPeriod(schedule: Schedule): boolean {
  return schedule.cron !== undefined || meanMs(schedule.period) > 0;
}

/** Moves the start by `count` periods; the count of runs stays. */
export function moveStart(schedule: Schedule, count: number, now: Instant): Schedule {
  const start = schedule.start ?? DateTime.fromMillis(now - 1_000, { zone: 'utc' });
  const { cron } = schedule;
  if (cron !== undefined) {
    let at = start.toMillis();
    for (let left = count; left > 0; left -= 1) at = cron.firstAfter(at) ?? at;
    return { ...schedule, start: DateTime.fromMillis(at, { zone: cron.zone }) };
  }
  return { ...schedule, start: plusPeriods(start, schedule.period, count) };
}

/** One run less; never below zero. */
export function countDown(schedule: Schedule): Schedule {
  if (schedule.repeat === FOREVER) return schedule;
  return { ...schedule, repeat: Math.max(0, schedule.repeat - 1) };
}

/** A run given back. */
export function countUp(schedule: Schedule): Schedule {
  if (schedule.repeat === FOREVER) return schedule;
  return { ...schedule, repeat: schedule.repeat + 1 };
}

export interface Skipped {
  readonly schedule: Schedule;
  /** How many starts were passed over. */
  readonly count: number;
  /** The last of them. */
  readonly last: Instant;
}

/** Moves the start to the first one not before `instant`. */
export function skipTo(schedule: Schedule, instant: Instant, now: Instant): Skipped {
  const { cron } = schedule;
  if (cron !== undefined) return skipCron(schedule, cron, instant, now);
  const count = periodsUntil(schedule, instant, now);
  if (count === 0) return { schedule, count, last: startAt(schedule, now) };
  const last = startAt(moveStart(schedule, count - 1, now), now);
  return { schedule: moveStart(schedule, count, now), count, last };
}

/** Starts are counted one by one up to a limit; those beyond are not counted. */
function skipCron(schedule: Schedule, cron: CronRule, instant: Instant, now: Instant): Skipped {
  let at = startAt(schedule, now);
  let last = at;
  let count = 0;
  for (const next of cron.timesAfter(at)) {
    if (at >= instant || count >= CRON_COUNTED_MAX) break;
    last = at;
    at = next;
    count += 1;
  }
  if (at < instant) {
    last = cron.lastBefore(instant) ?? last;
    at = cron.firstAfter(instant - 1) ?? instant;
  }
  const start = DateTime.fromMillis(at, { zone: cron.zone });
  return { schedule: { ...schedule, start }, count, last };
}

/** The smallest k >= 0 with start + k periods >= `instant`; 0 when there is no period. */
export function periodsUntil(schedule: Schedule, instant: Instant, now: Instant): number {
  const start = schedule.start ?? DateTime.fromMillis(now - 1_000, { zone: 'utc' });
  if (start.toMillis() >= instant || !hasPeriod(schedule)) return 0;
  const fixedMs = fixedPeriodMs(schedule.period, start);
  if (fixedMs !== undefined) return Math.ceil((instant - start.toMillis()) / fixedMs);
  return searchPeriods(start, schedule.period, instant);
}

function inZone(start: DateTime, timeZone: string): DateTime {
  if (timeZone === '') return start;
  const sameInstant = start.setZone(zoneName(timeZone));
  // In the hour that comes twice when summer time ends, the printed offset tells which one is meant;
  // taking always the first would make an hourly job due again and again.
  if (sameInstant.offset === start.offset) return sameInstant;
  return start.setZone(zoneName(timeZone), { keepLocalTime: true });
}

/** The exact length where every period has the same one. */
function fixedPeriodMs(period: Period, start: DateTime): number | undefined {
  if (calendarMonths(period) !== 0) return undefined;
  if (calendarDays(period) !== 0 && !start.zone.isUniversal) return undefined;
  return Math.max(PERIOD_MIN_MS, calendarDays(period) * DAY_MS + clockMs(period));
}

function plusPeriods(start: DateTime, period: Period, count: number): DateTime {
  const fixedMs = fixedPeriodMs(period, start);
  if (fixedMs !== undefined) return start.plus({ milliseconds: fixedMs * count });
  // Months first, then days on local time, then hours and smaller on the time line.
  const byMonths = plusOnWallClock(start, { months: calendarMonths(period) * count });
  const byDays = plusOnWallClock(byMonths, { days: calendarDays(period) * count });
  return byDays.plus({ milliseconds: clockMs(period) * count });
}

/**
 * The library looks for the new instant from the offset of the old one. Where a zone has changed sides of
 * the date line in between, that is a day off, and near a change of summer time it takes an hour that
 * comes for one that does not.
 */
function plusOnWallClock(start: DateTime, step: DurationLikeObject): DateTime {
  const moved = start.plus(step);
  if (start.zone.isUniversal) return moved;
  const wall = start.setZone('utc', { keepLocalTime: true }).plus(step);
  if (wall.hour === moved.hour && wall.day === moved.day) return moved;
  const again = wall.setZone(start.zone, { keepLocalTime: true });
  return wall.hour === again.hour && wall.day === again.day ? again : moved;
}

/** Binary search around the estimate by mean lengths: months and days across DST are uneven. */
function searchPeriods(start: DateTime, period: Period, instant: Instant): number {
  const reaches = (count: number) => plusPeriods(start, period, count).toMillis() >= instant;
  const estimate = Math.ceil((instant - start.toMillis()) / meanMs(period));
  let low = Math.max(0, estimate - 3);
  while (low > 0 && reaches(low)) low = Math.max(0, low - 64);
  let high = estimate + 3;
  while (!reaches(high)) high += 64;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}
