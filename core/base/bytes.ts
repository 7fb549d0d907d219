/**
 * Sizes as flags write them: `512MB`; units B KB MB GB TB in any case, powers of 1024, whole numbers
 * only (spec flags-and-metrics, section 2.2).
 */
import { err, ok, type Result } from './result.ts';

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

/** Number of bytes. */
export type Bytes = number;

export function megabytes(count: number): Bytes {
  return count * 1024 ** 2;
}

/** The error is the original's sentence. */
export function parseBytes(text: string): Result<Bytes> {
  const match = /^(\d+)(\D.*)$/s.exec(text);
  if (match === null) return err(`Invalid bytes '${text}'`);
  const name = (match[2] ?? '').toUpperCase();
  if (name.startsWith('.')) return err(`Fractional bytes '${text}'`);
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
  if (unit === undefined) return err(`Unknown bytes unit '${name}'`);
  return ok(Number(match[1]) * unit);
}

/** In the largest unit that divides the size: `2GB`, `1536MB`, `0B`. */
export function formatBytes(bytes: Bytes): string {
  for (const unit of ['TB', 'GB', 'MB', 'KB']) {
    const size = UNITS[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
