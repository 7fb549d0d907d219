/** Rules over resource lists of tasks, executors and operations (spec scheduler-api, section 12). */

import { validateId } from '../../base/id-rules.ts';
import { formatResource } from '../../resources/format.ts';
import { isDynamicallyReserved, isUnreserved, reservationRole } from '../../resources/kinds.ts';
import { validateResources } from '../../resources/validate.ts';
import type { Resource } from '../../wire/types/mesos.v1.ts';

/** The common check of any resource list; the texts carry their inner prefix. */
export function validateResourceRules(resources: readonly Resource[]): string | undefined {
  const invalid = validateResources(resources);
  if (invalid !== undefined) return `Invalid resources: ${invalid}`;
  const gpus = resources.find(
    (each) => each.name === 'gpus' && !Number.isInteger(each.scalar?.value ?? 0),
  );
  if (gpus !== undefined) {
    return "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer";
  }
  for (const resource of resources) {
    const disk = validateDiskInfo(resource);
    if (disk !== undefined) return `Invalid DiskInfo: ${disk}`;
  }
  const revocable = resources.find(
    (each) => isDynamicallyReserved(each) && each.revocable !== undefined,
  );
  if (revocable === undefined) return undefined;
  return `Invalid ReservationInfo: Dynamically reserved resource ${formatResource(revocable)} cannot be created from revocable resources`;
}

function validateDiskInfo(resource: Resource): string | undefined {
  const disk = resource.disk;
  if (disk === undefined) return undefined;
  if (disk.persistence === undefined) {
    if (disk.volume !== undefined) return 'Non-persistent volume not supported';
    return disk.source === undefined ? 'DiskInfo is set but empty' : undefined;
  }
  if (resource.revocable !== undefined) {
    return 'Persistent volumes cannot be created from revocable resources';
  }
  if (isUnreserved(resource)) {
    return 'Persistent volumes cannot be created from unreserved resources';
  }
  if (disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  if (disk.volume.host_path !== undefined) {
    return "Expecting 'host_path' to be unset for persistent volume";
  }
  const id = validateId(disk.persistence.id);
  return id === undefined ? undefined : `Invalid persistence ID for persistent volume: ${id}`;
}

/** A persistence id may occur once per reservation role. */
export function validateUniquePersistenceIds(resources: readonly Resource[]): string | undefined {
  const seen = new Set<string>();
  for (const resource of resources) {
    const id = resource.disk?.persistence?.id;
    if (id === undefined) continue;
    const key = `${reservationRole(resource)}\0${id}`;
    if (seen.has(key)) return `Persistence ID '${id}' is not unique`;
    seen.add(key);
  }
  return undefined;
}

export function validateSingleAllocationRole(resources: readonly Resource[]): string | undefined {
  let role: string | undefined;
  for (const resource of resources) {
    const next = resource.allocation_info?.role;
    if (next === undefined) return 'The resources are not allocated to a role';
    if (role !== undefined && role !== next) {
      return `The resources have multiple allocation roles ('${next}' and '${role}') but only one allocation role is allowed`;
    }
    role = next;
  }
  return undefined;
}

export function validateRevocability(resources: readonly Resource[]): string | undefined {
  const revocable = new Set<string>();
  const firm = new Set<string>();
  for (const each of resources) (each.revocable === undefined ? firm : revocable).add(each.name);
  for (const name of revocable) {
    if (!firm.has(name)) continue;
    return `Cannot use both revocable and non-revocable '${name}' at the same time`;
  }
  return undefined;
}

/** All of one resource provider, or all of none. */
export function validateSingleProvider(resources: readonly Resource[]): string | undefined {
  const providers = new Set(resources.map((each) => each.provider_id?.value));
  if (providers.size === 1) return undefined;
  if (providers.has(undefined)) {
    return 'Some resources have a resource provider and some do not';
  }
  return `The resources have multiple resource providers: ${[...providers].join(', ')}`;
}

/** Ports and sets that both lists name. */
export function overlaps(a: readonly Resource[], b: readonly Resource[]): boolean {
  return a.some((left) => b.some((right) => left.name === right.name && overlap(left, right)));
}

function overlap(a: Resource, b: Resource): boolean {
  if (a.type === 'RANGES' && b.type === 'RANGES') {
    return (a.ranges?.range ?? []).some((left) =>
      (b.ranges?.range ?? []).some((right) => left.begin <= right.end && right.begin <= left.end),
    );
  }
  if (a.type !== 'SET' || b.type !== 'SET') return false;
  return (a.set?.item ?? []).some((item) => (b.set?.item ?? []).includes(item));
}
