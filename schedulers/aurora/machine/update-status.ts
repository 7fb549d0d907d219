/** The life of a job update as a table (spec aurora-scheduler, sections 1.1 and 6.2). */

import { unreachable } from '../../../core/base/assert.ts';
import type { JobUpdateStatus } from '../thrift/types.ts';
import { isActiveUpdate } from '../thrift/update-statuses.ts';

export type { JobUpdateStatus };

export const UPDATE_TRANSITIONS: {
  readonly [from in JobUpdateStatus]: readonly JobUpdateStatus[];
} = {
  ROLLING_FORWARD: [
    'ROLLING_BACK',
    'ROLL_FORWARD_PAUSED',
    'ROLL_FORWARD_AWAITING_PULSE',
    'ROLLED_FORWARD',
    'ABORTED',
    'FAILED',
    'ERROR',
  ],
  ROLLING_BACK: [
    'ROLL_BACK_PAUSED',
    'ROLL_BACK_AWAITING_PULSE',
    'ROLLED_BACK',
    'ABORTED',
    'FAILED',
    'ERROR',
  ],
  ROLL_FORWARD_PAUSED: [
    'ROLLING_FORWARD',
    'ROLL_FORWARD_AWAITING_PULSE',
    'ROLLING_BACK',
    'ABORTED',
    'ERROR',
  ],
  ROLL_BACK_PAUSED: ['ROLLING_BACK', 'ROLL_BACK_AWAITING_PULSE', 'ABORTED', 'ERROR'],
  ROLL_FORWARD_AWAITING_PULSE: [
    'ROLLING_FORWARD',
    'ROLL_FORWARD_PAUSED',
    'ROLLING_BACK',
    'ABORTED',
    'ERROR',
  ],
  ROLL_BACK_AWAITING_PULSE: ['ROLLING_BACK', 'ROLL_BACK_PAUSED', 'ABORTED', 'ERROR'],
  ROLLED_FORWARD: [],
  ROLLED_BACK: [],
  ABORTED: [],
  FAILED: [],
  ERROR: [],
};

export function isRollingBack(status: JobUpdateStatus): boolean {
  return (
    status === 'ROLLING_BACK' ||
    status === 'ROLL_BACK_PAUSED' ||
    status === 'ROLL_BACK_AWAITING_PULSE'
  );
}

export function isAwaitingPulse(status: JobUpdateStatus): boolean {
  return status === 'ROLL_FORWARD_AWAITING_PULSE' || status === 'ROLL_BACK_AWAITING_PULSE';
}

function isPaused(status: JobUpdateStatus): boolean {
  return status === 'ROLL_FORWARD_PAUSED' || status === 'ROLL_BACK_PAUSED';
}

/** What a caller may ask of an update; `pulsesExpired` decides where a coordinated one goes on. */
export type UpdateCall = 'pause' | 'resume' | 'abort' | 'rollback' | 'pulse';

/**
 * The state a call leads to; undefined where it leads nowhere, which the original reports as a transition
 * to `null`.
 */
export function calledFor(
  call: UpdateCall,
  from: JobUpdateStatus,
  pulsesExpired: boolean,
): JobUpdateStatus | undefined {
  if (!isActiveUpdate(from)) return call === 'abort' ? 'ABORTED' : undefined;
  const isBack = isRollingBack(from);
  switch (call) {
    case 'pause':
      return isBack ? 'ROLL_BACK_PAUSED' : 'ROLL_FORWARD_PAUSED';
    case 'resume':
      // What is not paused is where it would go on, or is refused.
      if (pulsesExpired !== isAwaitingPulse(from) && !isPaused(from)) return undefined;
      if (pulsesExpired) return isBack ? 'ROLL_BACK_AWAITING_PULSE' : 'ROLL_FORWARD_AWAITING_PULSE';
      return isBack ? 'ROLLING_BACK' : 'ROLLING_FORWARD';
    case 'abort':
      return 'ABORTED';
    case 'rollback':
      return 'ROLLING_BACK';
    case 'pulse':
      if (from === 'ROLL_FORWARD_AWAITING_PULSE') return 'ROLLING_FORWARD';
      return from === 'ROLL_BACK_AWAITING_PULSE' ? 'ROLLING_BACK' : from;
    default:
      return unreachable(call);
  }
}

export function isAllowed(from: JobUpdateStatus, to: JobUpdateStatus): boolean {
  return UPDATE_TRANSITIONS[from].includes(to);
}
