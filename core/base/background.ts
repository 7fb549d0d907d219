/** Work nobody awaits: failures are reported instead of lost. */
import { describeError } from './errors.ts';
import type { Log } from './log.ts';

/** Runs on; a rejection is logged as an error naming what was being done. */
export function background(log: Log, promise: Promise<unknown>, what: string): void {
  promise.catch((thrown: unknown) => {
    log.error({ error: describeError(thrown) }, `background work failed: ${what}`);
  });
}
