/** Times and durations as the clients show and read them. */
import { err, ok, type Result } from '../../../core/base/result.ts';

/** `2026-11-21 01:00:00` in local time. */
export function localTime(timestampMs: number): string {
  const at = new Date(timestampMs);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  return `${date} ${time}`;
}

/** `2016-11-24T15:06:40`, UTC. */
export function isoTime(timestampMs: number): string {
  return new Date(timestampMs).toISOString().slice(0, 19);
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

export interface TimeSpan {
  readonly seconds: number;
  /** `10 mins` */
  readonly text: string;
}

const UNITS: readonly (readonly [letter: string, seconds: number, name: string])[] = [
  ['d', 86_400, 'days'],
  ['h', 3_600, 'hrs'],
  ['m', 60, 'mins'],
  ['s', 1, 'secs'],
];

/** `XdYhZmWs`, parts may be left out. */
export function parseTimeSpan(text: string): Result<TimeSpan> {
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const parts = match?.slice(1) ?? [];
  if (text === '' || match === null) return err(`Invalid time value '${text}': expected XdYhZmWs`);
  const seconds = UNITS.reduce((sum, [, each], at) => sum + Number(parts[at] ?? 0) * each, 0);
  const finest = UNITS[parts.findLastIndex((part) => part !== undefined)] ?? ['s', 1, 'secs'];
  return ok({ seconds, text: `${seconds / finest[1]} ${finest[2]}` });
}

/** Comma separated, ascending. */
export function parseTimeSpans(text: string): Result<readonly TimeSpan[]> {
  const spans: TimeSpan[] = [];
  for (const part of text.split(',')) {
    const span = parseTimeSpan(part.trim());
    if (!span.ok) return span;
    spans.push(span.value);
  }
  return ok(spans.sort((one, other) => one.seconds - other.seconds));
}
