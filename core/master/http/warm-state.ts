/**
 * Makes the texts of `/state` before anybody asks, a little at a time: the first request at a master
 * with hundreds of thousands of tasks would take seconds otherwise. Takes at most a tenth of the
 * processor, and nearly nothing while nothing changes.
 */
import { APPROVES_ALL } from '../../auth/authorizer.ts';
import { seconds } from '../../base/duration.ts';
import { statePieces } from '../views/state-document.ts';
import type { OperatorContext } from './operator.ts';

/** Between two rounds over the whole state. */
const REST_MS = seconds(10);

/** So long it works, so long it pauses. */
const WORK_MS = 2;
const PAUSE_MS = 18;

/** Gives a function that ends it. */
export function keepStateWarm(context: OperatorContext): () => void {
  const { clock } = context;
  let pieces: Iterator<Buffer> | undefined;
  const work = (): number => {
    if (!context.master.hasState) return REST_MS;
    pieces ??= statePieces(context.state, {
      ...{ flags: {}, leader: undefined, approvers: APPROVES_ALL },
    })[Symbol.iterator]();
    const end = performance.now() + WORK_MS;
    while (performance.now() < end) {
      if (pieces.next().done !== true) continue;
      pieces = undefined;
      return REST_MS;
    }
    return PAUSE_MS;
  };
  const again = (): void => {
    timer = clock.setTimer(work(), again);
  };
  let timer = clock.setTimer(REST_MS, again);
  return () => timer.cancel();
}
