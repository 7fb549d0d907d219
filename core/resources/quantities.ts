/** Amounts by resource name in whole thousandths: what quotas, shares and limits count in. */
import type { Resource, ValueScalar } from '../wire/types/mesos.v1.ts';
import { isDivisible } from './kinds.ts';
import { fromMilli, type Milli, toMilli } from './scalar.ts';

/** Names with amount zero are absent. */
export type Quantities = ReadonlyMap<string, Milli>;

export const NO_QUANTITIES: Quantities = new Map();

export function quantitiesOfScalars(
  values: Readonly<Record<string, ValueScalar>> | undefined,
): Quantities {
  return new Map(Object.entries(values ?? {}).map(([name, { value }]) => [name, toMilli(value)]));
}

export function addQuantities(left: Quantities, right: Quantities): Quantities {
  const sum = new Map(left);
  for (const [name, milli] of right) addQuantity(sum, name, milli);
  return sum;
}

/** Nothing becomes negative. */
export function subtractQuantities(left: Quantities, right: Quantities): Quantities {
  const rest = new Map<string, Milli>();
  for (const [name, milli] of left) {
    const left = milli - (right.get(name) ?? 0);
    if (left > 0) rest.set(name, left);
  }
  return rest;
}

export function containsQuantities(outer: Quantities, inner: Quantities): boolean {
  for (const [name, milli] of inner) if ((outer.get(name) ?? 0) < milli) return false;
  return true;
}

/** Changes `quantities`; entries that reach zero are removed. */
export function addQuantity(quantities: Map<string, Milli>, name: string, milli: Milli): void {
  const sum = (quantities.get(name) ?? 0) + milli;
  if (sum === 0) quantities.delete(name);
  else quantities.set(name, sum);
}

/** Changes `quantities` by the scalars of `resources`, times `sign`. */
export function addScalarsOf(
  quantities: Map<string, Milli>,
  resources: readonly Resource[],
  sign: 1 | -1,
): void {
  for (const { name, type, scalar } of resources) {
    if (type === 'SCALAR') addQuantity(quantities, name, sign * toMilli(scalar?.value ?? 0));
  }
}

/**
 * The scalars that fit into `target`, resources cut where possible; `absent` says what happens to
 * names the target does not have. Volumes and MOUNT disks stay whole or go.
 */
export function shrinkTo(
  resources: readonly Resource[],
  target: Quantities,
  absent: 'keep' | 'drop',
): readonly Resource[] {
  const room = new Map(target);
  const kept: Resource[] = [];
  for (const resource of resources) {
    const free = room.get(resource.name);
    if (free === undefined) {
      if (absent === 'keep') kept.push(resource);
      continue;
    }
    const milli = toMilli(resource.scalar?.value ?? 0);
    if (milli <= free) {
      kept.push(resource);
      room.set(resource.name, free - milli);
    } else if (free > 0 && isDivisible(resource)) {
      kept.push({ ...resource, scalar: { value: fromMilli(free) } });
      room.set(resource.name, 0);
    }
  }
  return kept;
}
