/**
 * Makes the texts of `/state` before anybody asks, a little at a time: the first request at a master
 * with hundreds of thousands of tasks would take seconds otherwise. Takes at most a third of an idle
 * processor, a tenth of a busy one, and nearly nothing while nothing changes.
 */
import { APPROVES_ALL } from '../../auth/authorizer.ts';
import { seconds } from '../../base/duration.ts';
import { endTurn } from '../../net/joined-writes.ts';
import { statePieces } from '../views/state-document.ts';
import type { OperatorContext } from './operator.ts';

/**
 * Between two rounds over the whole state: fifty times as long as the last one worked. A master that has just started and is
 * empty looks again soon; one with much to look at uses at most a fiftieth of a processor to find nothing new.
 */
const REST_MIN_MS = seconds(1);
const REST_MAX_MS = seconds(10);
const REST_PER_WORK = 50;

/** A round waits so often for a master that is busy: what changes all the time would be written for nothing. */
const WAITS_MAX = REST_MAX_MS / REST_MIN_MS;

/** So long it works, so long it pauses. */
const WORK_MS = 1;
const BUSY_PAUSE_MS = 9;
const IDLE_PAUSE_MS = 2;

/** The master is busy when it used more than this of the last pause. */
const IDLE_MAX_UTILIZATION = 0.25;

/** Gives a function that ends it. */
export function keepStateWarm(context: OperatorContext): () => void {
  const { clock } = context;
  let pieces: Iterator<Buffer> | undefined;
  let workedMs = 0;
  let waitCount = 0;
  let before = performance.eventLoopUtilization();
  const work = (): number => {
    if (!context.master.hasState) return REST_MIN_MS;
    const { utilization } = performance.eventLoopUtilization(before);
    const isBusy = utilization >= IDLE_MAX_UTILIZATION;
    if (pieces === undefined && isBusy && waitCount < WAITS_MAX) {
      waitCount += 1;
      return REST_MIN_MS;
    }
    waitCount = 0;
    pieces ??= statePieces(context.state, {
      ...{ flags: {}, leader: undefined, approvers: APPROVES_ALL },
    })[Symbol.iterator]();
    endTurn();
    const start = performance.now();
    while (performance.now() < start + WORK_MS) {
      if (pieces.next().done !== true) continue;
      pieces = undefined;
      const restMs = (workedMs + performance.now() - start) * REST_PER_WORK;
      workedMs = 0;
      return Math.min(Math.max(restMs, REST_MIN_MS), REST_MAX_MS);
    }
    workedMs += performance.now() - start;
    return isBusy ? BUSY_PAUSE_MS : IDLE_PAUSE_MS;
  };
  const again = (): void => {
    const pauseMs = work();
    before = performance.eventLoopUtilization();
    timer = clock.setTimer(pauseMs, again);
  };
  let timer = clock.setTimer(REST_MIN_MS, again);
  return () => timer.cancel();
}
