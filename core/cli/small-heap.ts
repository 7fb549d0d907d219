/** How the engine keeps objects. Daemons of which there is one on every machine give memory up for a little processor time. */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Of the space for new objects, where there is work: a quarter of the processor time that the first size costs. */
const WORKING_BYTES = 3 * 1024 ** 2;

/**
 * Keeps the space for new objects at its first size, a megabyte. While modules are loaded it would grow to
 * sixteen, twice, and an idle process never gives that back. Must be called before they are loaded.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Lets that space grow once, to four megabytes, when more is kept than it can hold; called when all modules
 * are loaded. A daemon that never has work stays as small as it is.
 */
export function letHeapGrowOnce(): void {
  setFlagsFromString('--semi-space-growth-factor=4');
  const observer = new PerformanceObserver(() => {
    if (newSpaceBytes() < WORKING_BYTES) return;
    keepHeapSmall();
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/**
 * For a master, to which ten thousand agents may come back at once: new objects are collected by the main thread
 * alone. The engine would take up to four threads for it, which costs a quarter more processor time than it saves
 * on the main thread, and where there are few processors waits for those that others use.
 */
export function collectAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}

function newSpaceBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
