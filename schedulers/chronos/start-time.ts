/**
 * The start of a schedule: an ISO 8601 date or date-time (spec chronos, section 3.1). Dates by
 * month, week or ordinal day; a decimal fraction belongs to the last time field that is given.
 */
import { DateTime, FixedOffsetZone } from 'luxon';

const DATE =
  '(?:(?<year>\\d{4})(?:-(?<month>\\d{2})(?:-(?<day>\\d{2}))?)?' +
  '|(?<weekYear>\\d{4})-W(?<week>\\d{2})(?:-(?<weekday>\\d))?' +
  '|(?<ordinalYear>\\d{4})-(?<ordinal>\\d{3}))';
const TIME =
  'T(?<hour>\\d{2})(?::(?<minute>\\d{2})(?::(?<second>\\d{2}))?)?(?:[.,](?<fraction>\\d{1,9}))?';
const OFFSET = '(?<offset>Z|[+-]\\d{2}(?::?\\d{2})?)?';
const PATTERN = new RegExp(`^${DATE}(?:${TIME}${OFFSET})?$`);

/** In the zone of its offset; UTC when it has none. Undefined when it is no date. */
export function parseStart(text: string): DateTime | undefined {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const zone = FixedOffsetZone.instance(offsetMinutes(groups['offset'] ?? 'Z'));
  const number = (name: string, fallback: number) => Number(groups[name] ?? fallback);
  const time = {
    hour: number('hour', 0),
    minute: number('minute', 0),
    second: number('second', 0),
  };
  const date = DateTime.fromObject({ ...dateFields(groups), ...time }, { zone });
  // `24:00` is the next day for luxon; the original refuses it.
  if (!date.isValid || time.hour > 23) return undefined;
  return date.plus({ milliseconds: fractionMs(groups) });
}

/** `yyyy-MM-ddTHH:mm:ss.SSS` and the offset, `Z` when it is zero (section 3.2). */
export function formatStart(start: DateTime): string {
  const text = start.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS");
  return text + (start.offset === 0 ? 'Z' : start.toFormat('ZZ'));
}

function dateFields(groups: Readonly<Record<string, string | undefined>>): Record<string, number> {
  const { weekYear, week, weekday, ordinalYear, ordinal, year, month, day } = groups;
  if (weekYear !== undefined) {
    const weekNumber = Number(week);
    return { weekYear: Number(weekYear), weekNumber, weekday: Number(weekday ?? 1) };
  }
  if (ordinalYear !== undefined) return { year: Number(ordinalYear), ordinal: Number(ordinal) };
  return { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) };
}

function fractionMs(groups: Readonly<Record<string, string | undefined>>): number {
  const fraction = Number(`0.${groups['fraction'] ?? '0'}`);
  if (groups['second'] !== undefined) return Math.floor(fraction * 1_000 + 1e-6);
  return Math.floor(fraction * (groups['minute'] === undefined ? 3_600_000 : 60_000) + 1e-6);
}

function offsetMinutes(text: string): number {
  if (text === 'Z') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.slice(1).replace(':', '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0));
}
