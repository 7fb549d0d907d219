/**
 * What counts as a hang: a request, or a step of the cluster, that keeps the thread which serves busy for
 * longer than `HANG_MS`. Time of the thread is measured, since others may use the processors, too.
 */

/** Processor time of the thread that no request may take. */
export const HANG_MS = 100;
/** How often what seemed slow is tried again; the least time counts. */
const TRIALS = 5;

/** Milliseconds of this thread that the work took; never more than have passed. */
export async function effortOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return Math.min(performance.now() - start, (user + system) / 1_000);
}

/** The least effort of a few tries, as soon as one of them is not slow: the collector ran in the others. */
export async function leastEffort(again: () => Promise<number>): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < TRIALS && leastMs > HANG_MS; trial += 1) {
    leastMs = Math.min(leastMs, await again());
  }
  return leastMs;
}
