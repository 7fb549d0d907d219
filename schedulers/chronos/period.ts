/**
 * ISO 8601 periods: `P[nY][nM][nW][nD][T[nH][nM][nS]]`, numbers may be signed, seconds may have a
 * fraction, the bare `P` is zero (spec chronos, sections 3.1 and 3.2).
 */
import type { DurationMs } from '../../core/base/duration.ts';

export interface Period {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  /** Whole seconds and milliseconds have the sign of the number they came from. */
  readonly seconds: number;
  readonly millis: number;
}

export const NO_PERIOD: Period = {
  years: 0,
  months: 0,
  weeks: 0,
  days: 0,
  hours: 0,
  minutes: 0,
  seconds: 0,
  millis: 0,
};

const FIELD = '(?:([+-]?\\d{1,9})';
const PATTERN = new RegExp(
  `^P${FIELD}Y)?${FIELD}M)?${FIELD}W)?${FIELD}D)?` +
    `(?:T(?=[+\\-\\d])${FIELD}H)?${FIELD}M)?(?:([+-]?\\d{1,9})(?:[.,](\\d{1,9}))?S)?)?$`,
);

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** A mean month of the Gregorian calendar. */
export const MONTH_MS = 30.436875 * DAY_MS;

export function parsePeriod(text: string): Period | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [years, months, weeks, days, hours, minutes, seconds] = match
    .slice(1, 8)
    .map((field) => (field === undefined ? 0 : Number(field)));
  const fraction = (match[8] ?? '').padEnd(3, '0').slice(0, 3);
  const sign = match[7]?.startsWith('-') === true ? -1 : 1;
  return {
    years: years ?? 0,
    months: months ?? 0,
    weeks: weeks ?? 0,
    days: days ?? 0,
    hours: hours ?? 0,
    minutes: minutes ?? 0,
    seconds: seconds ?? 0,
    millis: match[8] === undefined ? 0 : sign * Number(fraction),
  };
}

/** Not normalised: `PT24H` and `PT60M` stay; zero is `PT0S`. */
export function formatPeriod(period: Period): string {
  const date = [
    field(period.years, 'Y'),
    field(period.months, 'M'),
    field(period.weeks, 'W'),
    field(period.days, 'D'),
  ].join('');
  const time = [
    field(period.hours, 'H'),
    field(period.minutes, 'M'),
    formatSeconds(period.seconds, period.millis),
  ].join('');
  if (date === '' && time === '') return 'PT0S';
  return `P${date}${time === '' ? '' : `T${time}`}`;
}

export function calendarMonths(period: Period): number {
  return period.years * 12 + period.months;
}

export function calendarDays(period: Period): number {
  return period.weeks * 7 + period.days;
}

/** Hours and smaller, which run on the time line. */
export function clockMs(period: Period): DurationMs {
  return (
    period.hours * HOUR_MS + period.minutes * MINUTE_MS + period.seconds * 1_000 + period.millis
  );
}

/** The length with mean months; exact when there are no months or years. */
export function meanMs(period: Period): DurationMs {
  return calendarMonths(period) * MONTH_MS + calendarDays(period) * DAY_MS + clockMs(period);
}

function field(amount: number, unit: string): string {
  return amount === 0 ? '' : `${amount}${unit}`;
}

function formatSeconds(seconds: number, millis: number): string {
  if (seconds === 0 && millis === 0) return '';
  if (millis === 0) return `${seconds}S`;
  const sign = seconds < 0 || millis < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}.${String(Math.abs(millis)).padStart(3, '0')}S`;
}
