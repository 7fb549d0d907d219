/**
 * Times as the API writes them: `2020-05-01T10:00:00.123Z`, always three millisecond digits. A
 * version of an app or group is such a text; as all have one format, text order is time order.
 */
import { DateTime } from 'luxon';
import type { Instant } from '../../../core/base/clock.ts';

export type Version = string;

export function formatTimestamp(instant: Instant): Version {
  return new Date(instant).toISOString();
}

/** Any ISO-8601 date and time; `undefined` when the text is none. */
export function parseTimestamp(text: string): Instant | undefined {
  return parseCanonical(text) ?? parseAny(text);
}

/** What `formatTimestamp` writes is read many times more often than anything else. */
function parseCanonical(text: string): Instant | undefined {
  const instant = Date.parse(text);
  const isOurs = !Number.isNaN(instant) && formatTimestamp(instant) === text;
  return isOurs ? instant : undefined;
}

function parseAny(text: string): Instant | undefined {
  const parsed = DateTime.fromISO(text, { zone: 'utc' });
  return parsed.isValid ? parsed.toMillis() : undefined;
}

/** The canonical text of a client's version; `undefined` when it is no time. */
export function parseVersion(text: string): Version | undefined {
  const instant = parseTimestamp(text);
  return instant === undefined ? undefined : formatTimestamp(instant);
}
