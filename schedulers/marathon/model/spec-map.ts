/**
 * The apps and pods of a tree, immutable: what changed lately lies over a map that many trees share, so that a
 * change costs neither the copying of a big tree nor, to find it, looking at all of it.
 */
import { type Change, changesOf } from './change.ts';
import type { PathId } from './path-id.ts';
import type { RunSpec } from './run-spec.ts';

/** With more changes than this over the shared map (or a part of it) a new one is made. */
const CHANGES_MIN = 32;
const CHANGES_MAX = 256;
const SHARE_OF_BASE = 16;

const NOTHING: ReadonlyMap<PathId, RunSpec> = new Map();
const UNCHANGED: ReadonlyMap<PathId, RunSpec | undefined> = new Map();

export class SpecMap implements ReadonlyMap<PathId, RunSpec> {
  private readonly base: ReadonlyMap<PathId, RunSpec>;
  /** Over the base; undefined = removed. */
  private readonly changed: ReadonlyMap<PathId, RunSpec | undefined>;
  readonly size: number;

  private constructor(
    base: ReadonlyMap<PathId, RunSpec>,
    changed: ReadonlyMap<PathId, RunSpec | undefined>,
  ) {
    this.base = base;
    this.changed = changed;
    let size = base.size;
    for (const [id, spec] of changed) size += Number(spec !== undefined) - Number(base.has(id));
    this.size = size;
  }

  static of(specs: Iterable<readonly [PathId, RunSpec]> = NOTHING): SpecMap {
    return specs instanceof SpecMap ? specs : new SpecMap(new Map(specs), UNCHANGED);
  }

  /** Replaced ones keep their place, new ones come last; undefined removes. */
  with(changes: Iterable<readonly [PathId, RunSpec | undefined]>): SpecMap {
    const changed = new Map(this.changed);
    for (const [id, spec] of changes) {
      if (spec === undefined && !this.base.has(id)) changed.delete(id);
      else if (spec === this.base.get(id)) changed.delete(id);
      else changed.set(id, spec);
    }
    const next = new SpecMap(this.base, changed);
    const max = Math.min(CHANGES_MAX, Math.max(CHANGES_MIN, this.base.size / SHARE_OF_BASE));
    return changed.size <= max ? next : SpecMap.of([...next]);
  }

  /** What differs from an earlier one; undefined when that takes a look at everything. */
  changesSince(original: ReadonlyMap<PathId, RunSpec>): Change<RunSpec>[] | undefined {
    if (!(original instanceof SpecMap) || original.base !== this.base) return undefined;
    const changes: Change<RunSpec>[] = [];
    for (const id of new Set([...original.changed.keys(), ...this.changed.keys()])) {
      const [from, to] = [original.get(id), this.get(id)];
      if (from !== to) changes.push({ id, from, to });
    }
    return changes;
  }

  get(id: PathId): RunSpec | undefined {
    const changed = this.changed.get(id);
    if (changed !== undefined || this.changed.has(id)) return changed;
    return this.base.get(id);
  }

  has(id: PathId): boolean {
    return this.get(id) !== undefined;
  }

  *entries(): MapIterator<[PathId, RunSpec]> {
    const { base, changed } = this;
    if (changed.size === 0) {
      yield* base.entries();
      return;
    }
    for (const [id, spec] of base) {
      const now = changed.has(id) ? changed.get(id) : spec;
      if (now !== undefined) yield [id, now];
    }
    for (const [id, spec] of changed) {
      if (spec !== undefined && !base.has(id)) yield [id, spec];
    }
  }

  [Symbol.iterator](): MapIterator<[PathId, RunSpec]> {
    return this.entries();
  }

  *keys(): MapIterator<PathId> {
    for (const [id] of this) yield id;
  }

  *values(): MapIterator<RunSpec> {
    for (const [, spec] of this) yield spec;
  }

  forEach(act: (spec: RunSpec, id: PathId, map: ReadonlyMap<PathId, RunSpec>) => void): void {
    for (const [id, spec] of this) act(spec, id, this);
  }
}

/** What differs between the apps and pods of two trees. */
export function specChanges(
  original: ReadonlyMap<PathId, RunSpec>,
  target: ReadonlyMap<PathId, RunSpec>,
): Change<RunSpec>[] {
  const known = target instanceof SpecMap ? target.changesSince(original) : undefined;
  return known ?? changesOf(original, target);
}
