/** Who is the master we listen to (spec libprocess, section 4.1). */
import type { Upid } from '../net/ports.ts';

export function sameUpid(a: Upid | undefined, b: Upid | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id && a.ip === b.ip && a.port === b.port;
}
