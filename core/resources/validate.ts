/** Validity of single resources, in either reservation form (spec scheduler-api, section 20, rule 6). */
import type { Resource, ResourceReservationInfo } from '../wire/types/mesos.v1.ts';
import type { Resources } from './arithmetic.ts';
import { formatResource } from './format.ts';
import { isStrictSubrole } from './kinds.ts';
import { toListForm } from './refinement.ts';
import { validateRole } from './roles.ts';
import { toMilli } from './scalar.ts';

/** `Resource '<text>' is invalid: <why>` for the first bad one; `undefined` when all are valid. */
export function validateResources(resources: Resources): string | undefined {
  for (const resource of resources) {
    const why = validateResource(resource);
    if (why !== undefined) {
      return `Resource '${formatResource(toListForm(resource))}' is invalid: ${why}`;
    }
  }
  return undefined;
}

export function validateResource(resource: Resource): string | undefined {
  if (resource.name === '') return 'Empty resource name';
  return (
    validateAmount(resource) ??
    validateDisk(resource) ??
    validateReservations(resource) ??
    validateShared(resource)
  );
}

function validateAmount(resource: Resource): string | undefined {
  const { scalar, ranges, set } = resource;
  switch (resource.type) {
    case 'SCALAR':
      if (scalar === undefined || ranges !== undefined || set !== undefined) {
        return 'Invalid scalar resource';
      }
      return validateScalar(scalar.value);
    case 'RANGES':
      if (ranges === undefined || scalar !== undefined || set !== undefined) {
        return 'Invalid ranges resource';
      }
      return validateRanges(resource);
    case 'SET': {
      if (set === undefined || scalar !== undefined || ranges !== undefined) {
        return 'Invalid set resource';
      }
      const items = set.item ?? [];
      const isUnique = new Set(items).size === items.length;
      return isUnique ? undefined : 'Invalid set resource: duplicated elements';
    }
    case 'TEXT':
      return 'Unsupported resource type';
    default:
      return 'Invalid resource type';
  }
}

/** Exactly zero is valid; what rounds to zero is not. */
function validateScalar(value: number): string | undefined {
  if (value === 0) return undefined;
  if (!Number.isFinite(value)) return 'Invalid scalar resource: value is not finite';
  return toMilli(value) <= 0 ? 'Invalid scalar resource: value <= 0' : undefined;
}

function validateRanges(resource: Resource): string | undefined {
  const ranges = resource.ranges?.range ?? [];
  if (ranges.some((range) => range.begin > range.end)) {
    return 'Invalid ranges resource: begin > end';
  }
  const sorted = [...ranges].sort((a, b) => a.begin - b.begin);
  const overlaps = sorted.some((range, at) => {
    const before = sorted[at - 1];
    return before !== undefined && range.begin <= before.end;
  });
  return overlaps ? 'Invalid ranges resource: overlapping ranges' : undefined;
}

function validateDisk(resource: Resource): string | undefined {
  if (resource.disk === undefined) return undefined;
  if (resource.name !== 'disk') return `DiskInfo should not be set for ${resource.name} resource`;
  const source = resource.disk.source;
  if (source === undefined) return undefined;
  if (source.type === 'BLOCK' || source.type === 'RAW') {
    if (source.mount !== undefined) {
      return `Mount should not be set for ${source.type} disk source`;
    }
    if (source.path !== undefined) return `Path should not be set for ${source.type} disk source`;
  }
  return source.type === 'UNKNOWN' ? "Unsupported 'DiskInfo.Source.Type' in resource" : undefined;
}

function validateReservations(resource: Resource): string | undefined {
  const { role, reservation, reservations = [] } = resource;
  if (role !== undefined) {
    const why = validateRole(role);
    if (why !== undefined) return why;
  }
  if (reservation?.type !== undefined) {
    return "'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field";
  }
  if (reservation?.role !== undefined) {
    return "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field";
  }
  if (reservations.length > 0) {
    return validateReservationList(reservations) ?? validateMixedForms(resource);
  }
  if (reservation !== undefined && (role === undefined || role === '*')) {
    return 'Invalid reservation: role "*" cannot be dynamically reserved';
  }
  return undefined;
}

function validateReservationList(
  reservations: readonly ResourceReservationInfo[],
): string | undefined {
  let ancestor: string | undefined;
  for (const { type, role } of reservations) {
    if (type === undefined) {
      return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    }
    if (role === undefined) {
      return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    }
    const why = validateRole(role);
    if (why !== undefined) return `Invalid reservation: ${why}`;
    if (role === '*') return 'Invalid reservation: role "*" cannot be reserved';
    if (ancestor !== undefined) {
      if (type === 'STATIC')
        return 'Invalid refined reservation: A refined reservation cannot be STATIC';
      if (!isStrictSubrole(role, ancestor)) {
        return `Invalid refined reservation: role '${role}' is not a refinement of '${ancestor}'`;
      }
    }
    ancestor = role;
  }
  return undefined;
}

/** When both forms are given (endpoint form), they must say the same. */
function validateMixedForms(resource: Resource): string | undefined {
  const { role, reservation, reservations = [] } = resource;
  if (role === undefined && reservation === undefined) return undefined;
  const prefix = 'Invalid resource format:';
  const [only] = reservations;
  if (reservations.length > 1 || only === undefined) {
    const field = role === undefined ? 'reservation' : 'role';
    return `${prefix} 'Resource.${field}' must not be set with more than one reservation`;
  }
  if (role !== undefined && role !== only.role) {
    return `${prefix} 'Resource.role' field with '${role}' does not match the role '${only.role}' in 'Resource.reservations'`;
  }
  if (only.type === 'STATIC' && reservation !== undefined) {
    return `${prefix} 'Resource.reservation' must not be set if the single reservation in 'Resource.reservations' is STATIC`;
  }
  if (reservation !== undefined && reservation.principal !== only.principal) {
    return `${prefix} 'Resource.reservation.principal' does not match the principal in 'Resource.reservations'`;
  }
  return undefined;
}

function validateShared(resource: Resource): string | undefined {
  if (resource.shared === undefined) return undefined;
  if (resource.name !== 'disk') return `Resource ${resource.name} cannot be shared`;
  const isVolume = resource.disk?.persistence !== undefined;
  return isVolume ? undefined : 'Only persistent volumes can be shared';
}
