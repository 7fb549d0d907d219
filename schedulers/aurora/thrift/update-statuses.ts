/** Groups of update states that scheduler and clients share (spec aurora-scheduler, section 6.1). */
import type { JobUpdateStatus } from './types.ts';

/** The states that allow no second update of the job, in the order in which messages name them. */
export const ACTIVE_UPDATE: readonly JobUpdateStatus[] = [
  'ROLLING_FORWARD',
  'ROLLING_BACK',
  'ROLL_FORWARD_PAUSED',
  'ROLL_BACK_PAUSED',
  'ROLL_FORWARD_AWAITING_PULSE',
  'ROLL_BACK_AWAITING_PULSE',
];

export function isActiveUpdate(status: JobUpdateStatus): boolean {
  return ACTIVE_UPDATE.includes(status);
}
