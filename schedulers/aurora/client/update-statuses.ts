/** Groups of update states by the names that `--status` takes (spec aurora-client, section 3). */
import type { JobUpdateStatus } from '../thrift/types.ts';
import { ACTIVE_UPDATE } from '../thrift/update-statuses.ts';

const INACTIVE: readonly JobUpdateStatus[] = [
  'ROLLED_FORWARD',
  'ROLLED_BACK',
  'ABORTED',
  'ERROR',
  'FAILED',
];

const GROUPS: ReadonlyMap<string, readonly JobUpdateStatus[]> = new Map([
  ['active', ACTIVE_UPDATE],
  ['all', [...ACTIVE_UPDATE, ...INACTIVE]],
  ['blocked', ['ROLL_FORWARD_AWAITING_PULSE', 'ROLL_BACK_AWAITING_PULSE']],
  ['failed', ['ERROR', 'FAILED', 'ROLLED_BACK']],
  ['inactive', INACTIVE],
  ['paused', ['ROLL_FORWARD_PAUSED', 'ROLL_BACK_PAUSED']],
  ['succeeded', ['ROLLED_FORWARD']],
  ...[...ACTIVE_UPDATE, ...INACTIVE].map((each): [string, JobUpdateStatus[]] => [each, [each]]),
]);

export const STATUS_NAMES: readonly string[] = [...GROUPS.keys()];

/** All states of these groups; undefined for none. */
export function statusesOf(names: readonly string[]): readonly JobUpdateStatus[] | undefined {
  if (names.length === 0) return undefined;
  return [...new Set(names.flatMap((name) => GROUPS.get(name) ?? []))];
}
