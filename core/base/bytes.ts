/** Sizes as flags write them: `512MB`; units B KB MB GB TB, powers of 1024, whole numbers only. */
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

export function parseBytes(text: string): Result<Bytes> {
  const match = /^(\d+)([A-Z]+)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : UNITS[match[2]];
  if (match === null || unit === undefined) return err(`Invalid bytes '${text}'`);
  return ok(Number(match[1]) * unit);
}

export function formatBytes(bytes: Bytes): string {
  for (const unit of ['TB', 'GB', 'MB', 'KB']) {
    const size = UNITS[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
