/** The only source of time. Machines get `now` as an argument; shells hold a `Clock`. */
import type { DurationMs } from './duration.ts';

/** Milliseconds since the Unix epoch. */
export type Instant = number;

export interface Timer {
  /** Stops the timer; nothing happens when it has fired already. */
  cancel(): void;
}

export interface Clock {
  now(): Instant;
  /** Calls back once after at least `delayMs`; keeps the process alive until then. */
  setTimer(delayMs: DurationMs, callback: () => void): Timer;
}

/** setTimeout overflows above this; longer timers are re-armed. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): Instant {
    return Date.now();
  }

  setTimer(delayMs: DurationMs, callback: () => void): Timer {
    if (delayMs <= 0) {
      // A timer of 0 would take a whole millisecond, which offers wait for.
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate) };
    }
    let handle: NodeJS.Timeout;
    const arm = (restMs: number): void => {
      const step = Math.min(restMs, TIMER_MAX_MS);
      handle = setTimeout(() => {
        if (restMs > step) arm(restMs - step);
        else callback();
      }, step);
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  }
}

/** Resolves after `delayMs` of the clock's time; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, delayMs: DurationMs, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
