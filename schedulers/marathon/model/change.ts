/** What differs between two trees. Their values are immutable: the same object is the same value. */

import type { PathId } from './path-id.ts';
import type { Group } from './root.ts';
import type { RunSpec } from './run-spec.ts';

/** One app, pod or group that changes; absent `from` means new, absent `to` means removed. */
export interface Change<T> {
  readonly id: PathId;
  readonly from?: T | undefined;
  readonly to?: T | undefined;
}

export interface TreeChanges {
  readonly specs: readonly Change<RunSpec>[];
  readonly groups: readonly Change<Group>[];
}

export function changesOf<T>(
  original: ReadonlyMap<PathId, T>,
  target: ReadonlyMap<PathId, T>,
): Change<T>[] {
  const changes: Change<T>[] = [];
  for (const [id, from] of original) {
    const to = target.get(id);
    if (to !== from) changes.push({ id, from, to });
  }
  for (const [id, to] of target) if (!original.has(id)) changes.push({ id, from: undefined, to });
  return changes;
}
