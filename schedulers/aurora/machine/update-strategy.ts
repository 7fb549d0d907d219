/**
 * Which instances an update takes up next (spec aurora-scheduler, section 6.4). Idle are those it has not
 * touched in this direction, in the order in which they shall be; working those it has begun and not finished.
 */
import { unreachable } from '../../../core/base/assert.ts';

export type UpdateStrategy =
  | { readonly kind: 'queue'; readonly groupSize: number }
  | { readonly kind: 'batch'; readonly groupSize: number; readonly autopause: boolean }
  | {
      readonly kind: 'variable';
      readonly groupSizes: readonly number[];
      readonly autopause: boolean;
    };

export interface UpdateProgress {
  readonly idle: readonly number[];
  readonly workingCount: number;
  /** Finished in this direction, whether well or not. */
  readonly doneCount: number;
  readonly isRollingBack: boolean;
}

export function nextGroup(strategy: UpdateStrategy, progress: UpdateProgress): readonly number[] {
  switch (strategy.kind) {
    case 'queue':
      return progress.idle.slice(0, Math.max(0, strategy.groupSize - progress.workingCount));
    case 'batch':
      return progress.workingCount > 0 ? [] : progress.idle.slice(0, strategy.groupSize);
    case 'variable':
      return progress.workingCount > 0 ? [] : progress.idle.slice(0, sizeNow(strategy, progress));
    default:
      return unreachable(strategy);
  }
}

/** Whether the update has to stop before the next group: never before the first one. */
export function pausesBefore(strategy: UpdateStrategy, progress: UpdateProgress): boolean {
  if (strategy.kind === 'queue' || !strategy.autopause || progress.isRollingBack) return false;
  return progress.doneCount > 0 && progress.workingCount === 0 && progress.idle.length > 0;
}

function sizeNow(
  strategy: Extract<UpdateStrategy, { kind: 'variable' }>,
  progress: UpdateProgress,
): number {
  const { groupSizes } = strategy;
  const last = groupSizes.at(-1) ?? 1;
  // Going back, the groups of the way forward are undone from the last one to the first: how many are left
  // says in which group that ends.
  let rest = progress.isRollingBack ? progress.idle.length : progress.doneCount;
  for (const size of groupSizes) {
    if (progress.isRollingBack && rest <= size) return rest;
    if (!progress.isRollingBack && rest < size) return size - rest;
    rest -= size;
  }
  const begun = rest % last;
  if (progress.isRollingBack) return begun === 0 ? last : begun;
  return last - begun;
}
