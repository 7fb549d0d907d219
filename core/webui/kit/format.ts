/** How pages write sizes, times, ids and amounts (spec cli-and-webui, section 7.3). */

const SIZE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes as people read them: no decimals up to MB, one above. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < SIZE_UNITS.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${value.toFixed(at < 3 ? 0 : 1)} ${SIZE_UNITS[at] ?? 'PB'}`;
}

/** An amount without trailing zeros, at most three decimals. */
export function amountText(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

const UNITS: readonly (readonly [limit: number, unit: number, name: string])[] = [
  [60_000, 1_000, 'second'],
  [3_600_000, 60_000, 'minute'],
  [86_400_000, 3_600_000, 'hour'],
  [30 * 86_400_000, 86_400_000, 'day'],
  [365 * 86_400_000, 30 * 86_400_000, 'month'],
  [Number.POSITIVE_INFINITY, 365 * 86_400_000, 'year'],
];

/** A length of time in its largest unit: `3 minutes`. Milliseconds. */
export function durationText(ms: number): string {
  if (ms < 1_000) return 'less than a second';
  const [, unit, name] = UNITS.find(([limit]) => ms < limit) ?? [0, 1_000, 'second'];
  const count = Math.floor(ms / unit);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** `3 minutes ago`, `in 3 minutes`, `just now`. Both in milliseconds of the epoch. */
export function relativeTime(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 1_000) return 'just now';
  return ms > 0 ? `${durationText(ms)} ago` : `in ${durationText(-ms)}`;
}

/** `yyyy-MM-ddTHH:mm:ssZ` in UTC. */
export function isoTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** The part after the fourth dash, with an ellipsis in front; short ids stay. */
export function shortId(id: string): string {
  const parts = id.split('-');
  return parts.length > 5 ? `…${parts.slice(4).join('-')}` : id;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Like `ls -l`: `MMM dd HH:mm`, of other years `MMM dd yyyy`. Milliseconds, in UTC. */
export function fileTime(at: number, now: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${MONTHS[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())}`;
  const isThisYear = date.getUTCFullYear() === new Date(now).getUTCFullYear();
  if (!isThisYear) return `${day} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** JSON as people read it. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
