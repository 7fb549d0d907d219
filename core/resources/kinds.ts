/**
 * Questions about one resource, and when two are of the same kind so that their amounts merge
 * (spec scheduler-api, section 20, rules 4 and 7). Everything here expects the reservation-list form.
 */
import type {
  Labels,
  Resource,
  ResourceDiskInfo,
  ResourceDiskInfoSource,
  ResourceReservationInfo,
} from '../wire/types/mesos.v1.ts';
import { equalItems, equalRanges } from './ranges.ts';
import { toMilli } from './scalar.ts';

export function isUnreserved(resource: Resource): boolean {
  return resource.reservations === undefined || resource.reservations.length === 0;
}

/** The last, most refined reservation. */
export function reservationOf(resource: Resource): ResourceReservationInfo | undefined {
  return resource.reservations?.at(-1);
}

/** The role of the last reservation; `*` for unreserved resources. */
export function reservationRole(resource: Resource): string {
  return reservationOf(resource)?.role ?? '*';
}

export function isReservedTo(resource: Resource, role: string): boolean {
  return !isUnreserved(resource) && reservationRole(resource) === role;
}

export function isDynamicallyReserved(resource: Resource): boolean {
  return reservationOf(resource)?.type === 'DYNAMIC';
}

export function hasRefinedReservation(resource: Resource): boolean {
  return (resource.reservations?.length ?? 0) > 1;
}

/** Whether `role` may use it: unreserved, reserved to the role or to one of its ancestors. */
export function isAllocatableTo(resource: Resource, role: string): boolean {
  if (isUnreserved(resource)) return true;
  const owner = reservationRole(resource);
  return owner === role || isStrictSubrole(role, owner);
}

/** `eng/web` is a strict subrole of `eng`. */
export function isStrictSubrole(role: string, ancestor: string): boolean {
  return (
    role.length > ancestor.length && role.startsWith(ancestor) && role[ancestor.length] === '/'
  );
}

export function isPersistentVolume(resource: Resource): boolean {
  return resource.disk?.persistence !== undefined;
}

export function isShared(resource: Resource): boolean {
  return resource.shared !== undefined;
}

export function isRevocable(resource: Resource): boolean {
  return resource.revocable !== undefined;
}

export function isScalar(resource: Resource): boolean {
  return resource.type === 'SCALAR';
}

/** MOUNT disks, volumes and the like are handed out whole or not at all. */
export function isDivisible(resource: Resource): boolean {
  return !isPersistentVolume(resource) && !hasIdentity(resource.disk?.source);
}

/** Whether there is nothing left of it. */
export function isEmptyResource(resource: Resource): boolean {
  switch (resource.type) {
    case 'SCALAR':
      return toMilli(resource.scalar?.value ?? 0) === 0;
    case 'RANGES':
      return (resource.ranges?.range ?? []).length === 0;
    case 'SET':
      return (resource.set?.item ?? []).length === 0;
    default:
      return false;
  }
}

/** Whether the two merge into one entry when added. */
export function isAddable(left: Resource, right: Resource): boolean {
  if (!isSameKind(left, right)) return false;
  // Copies of a shared volume are separate entries, one for each user.
  if (left.shared !== undefined) return false;
  return left.disk === undefined || isDivisible(left);
}

/** Whether an amount of `right` can be taken from `left`. */
export function isSubtractable(left: Resource, right: Resource): boolean {
  if (!isSameKind(left, right)) return false;
  if (left.shared === undefined && (left.disk === undefined || isDivisible(left))) return true;
  return isSameAmount(left, right);
}

export function equalResource(left: Resource, right: Resource): boolean {
  return isSameKind(left, right) && isSameAmount(left, right);
}

function hasIdentity(source: ResourceDiskInfoSource | undefined): boolean {
  if (source === undefined) return false;
  if (source.type === 'RAW') return source.id !== undefined;
  return source.type === 'MOUNT' || source.type === 'BLOCK';
}

function isSameKind(left: Resource, right: Resource): boolean {
  if (left.name !== right.name || left.type !== right.type) return false;
  if (left.allocation_info?.role !== right.allocation_info?.role) return false;
  if ((left.allocation_info === undefined) !== (right.allocation_info === undefined)) return false;
  if ((left.revocable === undefined) !== (right.revocable === undefined)) return false;
  if ((left.shared === undefined) !== (right.shared === undefined)) return false;
  if (left.provider_id?.value !== right.provider_id?.value) return false;
  return equalReservations(left, right) && equalDisk(left.disk, right.disk);
}

function isSameAmount(left: Resource, right: Resource): boolean {
  switch (left.type) {
    case 'SCALAR':
      return toMilli(left.scalar?.value ?? 0) === toMilli(right.scalar?.value ?? 0);
    case 'RANGES':
      return equalRanges(left.ranges?.range ?? [], right.ranges?.range ?? []);
    case 'SET':
      return equalItems(left.set?.item ?? [], right.set?.item ?? []);
    default:
      return false;
  }
}

function equalReservations(left: Resource, right: Resource): boolean {
  const a = left.reservations;
  const b = right.reservations;
  if (a === b) return true;
  if ((a?.length ?? 0) !== (b?.length ?? 0)) return false;
  return (a ?? []).every((each, at) => {
    const other = b?.[at];
    return (
      each.type === other?.type &&
      each.role === other?.role &&
      each.principal === other?.principal &&
      equalLabels(each.labels, other?.labels)
    );
  });
}

/** Labels are equal in any order. */
function equalLabels(left: Labels | undefined, right: Labels | undefined): boolean {
  const [a, b] = [left?.labels ?? [], right?.labels ?? []];
  if (a.length !== b.length) return false;
  return a.every((label) => b.some((it) => it.key === label.key && it.value === label.value));
}

/** `volume` says only how the disk is used, so it does not count. */
function equalDisk(a: ResourceDiskInfo | undefined, b: ResourceDiskInfo | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (a.persistence?.id !== b.persistence?.id) return false;
  if (a.persistence?.principal !== b.persistence?.principal) return false;
  return equalSource(a.source, b.source);
}

function equalSource(
  a: ResourceDiskInfoSource | undefined,
  b: ResourceDiskInfoSource | undefined,
): boolean {
  if (a === b) return true;
  return (
    a?.type === b?.type &&
    a?.path?.root === b?.path?.root &&
    a?.mount?.root === b?.mount?.root &&
    a?.vendor === b?.vendor &&
    a?.id === b?.id &&
    a?.profile === b?.profile &&
    equalLabels(a?.metadata, b?.metadata)
  );
}
