/**
 * Durations are numbers of milliseconds (fractions allowed); flags write them as `10secs`.
 * Grammar: number, then one of ns us ms secs mins hrs days weeks (spec flags-and-metrics, section
 * 2.1).
 */
import { err, ok, type Result } from './result.ts';

/** Milliseconds. */
export type DurationMs = number;

/** Smallest first, in nanoseconds. */
const UNITS_NS: readonly (readonly [name: string, ns: number])[] = [
  ['ns', 1],
  ['us', 1e3],
  ['ms', 1e6],
  ['secs', 1e9],
  ['mins', 60e9],
  ['hrs', 3_600e9],
  ['days', 86_400e9],
  ['weeks', 604_800e9],
];

const NS_PER_MS = 1e6;

/** Digits of a fractional duration, as the original prints them. */
const SIGNIFICANT_DIGITS = 15;

export function seconds(count: number): DurationMs {
  return count * 1_000;
}

export function minutes(count: number): DurationMs {
  return count * 60_000;
}

export function hours(count: number): DurationMs {
  return count * 3_600_000;
}

/** No sign and no spaces; the error is the original's sentence. */
export function parseDuration(text: string): Result<DurationMs> {
  const digits = /^[\d.]*/.exec(text)?.[0] ?? '';
  const name = text.slice(digits.length);
  if (name === '') return err(`Invalid duration '${text}'`);
  const count = digits === '' ? Number.NaN : Number(digits);
  if (!Number.isFinite(count)) return err(`Failed to convert '${digits}' to number`);
  const unit = UNITS_NS.find(([each]) => each === name);
  if (unit === undefined) {
    return err(
      `Unknown duration unit '${name}'; supported units are 'ns', 'us', 'ms', 'secs', ` +
        "'mins', 'hrs', 'days', and 'weeks'",
    );
  }
  return ok((count * unit[1]) / NS_PER_MS);
}

/**
 * In the largest unit the value reaches, or the next smaller one when only that makes it whole:
 * `90secs`, `1mins`, `10days`, `0ns`.
 */
export function formatDuration(durationMs: DurationMs): string {
  const ns = Math.round(durationMs * NS_PER_MS);
  const reached = UNITS_NS.findLastIndex(([, size]) => Math.abs(ns) >= size);
  const [name, size] = UNITS_NS[Math.max(reached, 0)] ?? ['ns', 1];
  const smaller = UNITS_NS[reached - 1];
  if (ns % size !== 0 && smaller !== undefined && ns % smaller[1] === 0) {
    return `${ns / smaller[1]}${smaller[0]}`;
  }
  return `${Number((ns / size).toPrecision(SIGNIFICANT_DIGITS))}${name}`;
}
