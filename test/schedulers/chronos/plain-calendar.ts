/**
 * Calendar arithmetic written a second time, from the rules and without the library of the code under
 * test: civil dates as day numbers, offsets of zones from `Intl` alone.
 */
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface PlainPeriod {
  readonly months: number;
  readonly days: number;
  /** Hours and smaller. */
  readonly clockMs: number;
}

/** Months and days move the wall clock, the rest the time line; in this order, each `count` times. */
export function plusPeriods(
  start: number,
  period: PlainPeriod,
  count: number,
  zone: string,
): number {
  let at = start;
  if (period.months !== 0) {
    at = moveWallClock(at, zone, (wall) => addMonths(wall, period.months * count));
  }
  if (period.days !== 0)
    at = moveWallClock(at, zone, (wall) => wall + period.days * count * DAY_MS);
  return at + period.clockMs * count;
}

/** A wall clock is written as the instant at which it would be that late in UTC. */
function moveWallClock(at: number, zone: string, move: (wall: number) => number): number {
  const offset = offsetAt(at, zone);
  return instantOf(move(at + offset), offset, zone);
}

/**
 * In an hour that comes twice the offset of before is kept where that is possible, else the first of
 * both counts; an hour that does not come is passed as if the change had not happened.
 */
export function instantOf(wall: number, offsetBefore: number, zone: string): number {
  const around = [offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)];
  const possible = [...new Set([offsetBefore, ...around])]
    .map((offset) => wall - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === wall);
  if (possible.includes(wall - offsetBefore)) return wall - offsetBefore;
  if (possible.length > 0) return Math.min(...possible);
  return wall - (around[0] ?? 0);
}

function addMonths(wall: number, months: number): number {
  const date = new Date(wall);
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  const length = daysInMonth(new Date(first).getUTCFullYear(), new Date(first).getUTCMonth());
  const day = Math.min(date.getUTCDate(), length);
  return first + (day - 1) * DAY_MS + (((wall % DAY_MS) + DAY_MS) % DAY_MS);
}

function daysInMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month] ?? 0;
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function offsetAt(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', calendar: 'gregory' },
      ...parts,
      ...time,
    });
    formats.set(zone, format);
  }
  const minute = Math.floor(instant / MINUTE_MS) * MINUTE_MS;
  const fields = new Map(format.formatToParts(minute).map(({ type, value }) => [type, value]));
  const number = (name: Intl.DateTimeFormatPartTypes): number => Number(fields.get(name));
  const wall = Date.UTC(
    number('year'),
    number('month') - 1,
    number('day'),
    number('hour'),
    number('minute'),
    number('second'),
  );
  return wall - minute;
}
