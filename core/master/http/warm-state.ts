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

/** Between two rounds over the whole state. */
const REST_MS = seconds(10);

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
  let before = performance.eventLoopUtilization();
  const work = (): number => {
    if (!context.master.hasState) return REST_MS;
    const { utilization } = performance.eventLoopUtilization(before);
    pieces ??= statePieces(context.state, {
      ...{ flags: {}, leader: undefined, approvers: APPROVES_ALL },
    })[Symbol.iterator]();
    endTurn();
    const end = performance.now() + WORK_MS;
    while (performance.now() < end) {
      if (pieces.next().done !== true) continue;
      pieces = undefined;
      return REST_MS;
    }
    return utilization < IDLE_MAX_UTILIZATION ? IDLE_PAUSE_MS : BUSY_PAUSE_MS;
  };
  const again = (): void => {
    const pauseMs = work();
    before = performance.eventLoopUtilization();
    timer = clock.setTimer(pauseMs, again);
  };
  let timer = clock.setTimer(REST_MS, again);
  return () => timer.cancel();
}
