/**
 * Durations are numbers of milliseconds (fractions allowed); flags write them as `10secs`.
 * Grammar: number, then one of ns us ms secs mins hrs days weeks (spec flags-and-metrics, value syntax).
 */
import { err, ok, type Result } from './result.ts';

/** Milliseconds. */
export type DurationMs = number;

const UNITS_MS: readonly (readonly [string, number])[] = [
  ['weeks', 604_800_000],
  ['days', 86_400_000],
  ['hrs', 3_600_000],
  ['mins', 60_000],
  ['secs', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['ns', 1e-6],
];

export function seconds(count: number): DurationMs {
  return count * 1_000;
}

export function minutes(count: number): DurationMs {
  return count * 60_000;
}

export function hours(count: number): DurationMs {
  return count * 3_600_000;
}

export function parseDuration(text: string): Result<DurationMs> {
  const match = /^(-?\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim());
  if (match === null) return err(`Invalid duration '${text}'`);
  const unit = UNITS_MS.find(([name]) => name === match[2]);
  if (unit === undefined) return err(`Unknown duration unit '${match[2]}'`);
  return ok(Number(match[1]) * unit[1]);
}

/** The largest unit that gives a whole number, else the largest unit not above the value. */
export function formatDuration(durationMs: DurationMs): string {
  if (durationMs === 0) return '0ns';
  const whole = UNITS_MS.find(([, ms]) => Number.isInteger(durationMs / ms));
  const unit = whole ?? UNITS_MS.find(([, ms]) => Math.abs(durationMs) >= ms);
  const [name, ms] = unit ?? ['ns', 1e-6];
  return `${durationMs / ms}${name}`;
}
