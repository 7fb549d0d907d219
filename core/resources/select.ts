/** Parts of a resource list, amounts in it, and lists with one trait changed. */
import type { Resource } from '../wire/types/mesos.v1.ts';
import { normalize, type Resources } from './arithmetic.ts';
import {
  isAllocatableTo,
  isPersistentVolume,
  isReservedTo,
  isRevocable,
  isScalar,
  isShared,
  isUnreserved,
  reservationRole,
} from './kinds.ts';
import { addItems, addRanges, countRanges, type Items, type Ranges } from './ranges.ts';
import { fromMilli, type Milli, toMilli } from './scalar.ts';

export function unreserved(resources: Resources): Resources {
  return resources.filter(isUnreserved);
}

/** Reserved to exactly `role`, or to any role. */
export function reserved(resources: Resources, role?: string): Resources {
  if (role === undefined) return resources.filter((each) => !isUnreserved(each));
  return resources.filter((each) => isReservedTo(each, role));
}

/** What `role` may use: unreserved, its own and its ancestors' reservations. */
export function allocatableTo(resources: Resources, role: string): Resources {
  if (resources.every((each) => isAllocatableTo(each, role))) return resources;
  return resources.filter((each) => isAllocatableTo(each, role));
}

export function revocable(resources: Resources): Resources {
  return resources.filter(isRevocable);
}

export function nonRevocable(resources: Resources): Resources {
  return resources.filter((each) => !isRevocable(each));
}

export function shared(resources: Resources): Resources {
  return resources.filter(isShared);
}

export function nonShared(resources: Resources): Resources {
  return resources.filter((each) => !isShared(each));
}

export function scalars(resources: Resources): Resources {
  return resources.filter(isScalar);
}

export function persistentVolumes(resources: Resources): Resources {
  return resources.filter(isPersistentVolume);
}

/** By the role of the last reservation; unreserved resources are left out. */
export function reservationsByRole(resources: Resources): ReadonlyMap<string, Resources> {
  return groupBy(
    resources.filter((each) => !isUnreserved(each)),
    reservationRole,
  );
}

/** By `allocation_info.role`; unallocated resources are left out. */
export function allocationsByRole(resources: Resources): ReadonlyMap<string, Resources> {
  const only = resources[0]?.allocation_info?.role;
  if (only !== undefined && resources.every((each) => each.allocation_info?.role === only)) {
    return new Map([[only, resources]]);
  }
  const allocated = resources.filter((each) => each.allocation_info?.role !== undefined);
  return groupBy(allocated, (each) => each.allocation_info?.role ?? '*');
}

/** Stamps `allocation_info.role`. */
export function allocate(resources: Resources, role: string): Resources {
  const allocation_info = { role };
  return resources.map((each) => ({ ...each, allocation_info }));
}

/** Stamps the role on those without `allocation_info` only; the same list when there are none. */
export function allocateMissing(resources: Resources, role: string): Resources {
  if (resources.every((each) => each.allocation_info !== undefined)) return resources;
  return resources.map((each) =>
    each.allocation_info === undefined ? { ...each, allocation_info: { role } } : each,
  );
}

/** Takes `allocation_info` away. */
export function unallocate(resources: Resources): Resources {
  if (resources.every((each) => each.allocation_info === undefined)) return resources;
  return normalize(resources.map(({ allocation_info: _, ...rest }) => rest));
}

/** Without any reservation. */
export function toUnreserved(resources: Resources): Resources {
  return normalize(resources.map(({ reservations: _, ...rest }) => rest));
}

/** Without the last reservation. */
export function popReservation(resource: Resource): Resource {
  const { reservations = [], ...rest } = resource;
  return reservations.length > 1 ? { ...rest, reservations: reservations.slice(0, -1) } : rest;
}

/** Sum over all kinds (reserved, revocable, ...); 0 when there is none. */
export function scalarOf(resources: Resources, name: string): number {
  let milli = 0;
  for (const each of resources) {
    if (each.name === name && each.type === 'SCALAR') milli += toMilli(each.scalar?.value ?? 0);
  }
  return fromMilli(milli);
}

export function rangesOf(resources: Resources, name: string): Ranges {
  let ranges: Ranges = [];
  for (const each of resources) {
    if (each.name === name) ranges = addRanges(ranges, each.ranges?.range ?? []);
  }
  return ranges;
}

export function portsOf(resources: Resources): Ranges {
  return rangesOf(resources, 'ports');
}

export function setOf(resources: Resources, name: string): Items {
  let items: Items = [];
  for (const each of resources) {
    if (each.name === name) items = addItems(items, each.set?.item ?? []);
  }
  return items;
}

/** Thousandths by name; ranges and sets count their elements. Names with nothing are absent. */
export function quantitiesOf(resources: Resources): Map<string, Milli> {
  const quantities = new Map<string, Milli>();
  for (const each of resources) {
    const milli = quantityOf(each);
    if (milli !== 0) quantities.set(each.name, (quantities.get(each.name) ?? 0) + milli);
  }
  return quantities;
}

export function quantityOf(resource: Resource): Milli {
  switch (resource.type) {
    case 'SCALAR':
      return toMilli(resource.scalar?.value ?? 0);
    case 'RANGES':
      return countRanges(resource.ranges?.range ?? []) * 1000;
    case 'SET':
      return (resource.set?.item?.length ?? 0) * 1000;
    default:
      return 0;
  }
}

function groupBy(
  resources: Resources,
  key: (resource: Resource) => string,
): ReadonlyMap<string, Resources> {
  const groups = new Map<string, Resource[]>();
  for (const each of resources) {
    const name = key(each);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return groups;
}
