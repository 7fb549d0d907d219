/**
 * Rules for RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME of frameworks and
 * operators (spec scheduler-api, section 12; spec operator-api, section 4.9). Operations come normalised; the first failing rule gives its text.
 */
import { add, contains, equals, normalize } from '../../resources/arithmetic.ts';
import { formatResource, formatResources } from '../../resources/format.ts';
import {
  hasRefinedReservation,
  isDynamicallyReserved,
  isPersistentVolume,
  isShared,
  reservationOf,
  reservationRole,
} from '../../resources/kinds.ts';
import { stripVolume } from '../../resources/operations.ts';
import { toMilli } from '../../resources/scalar.ts';
import { unallocate } from '../../resources/select.ts';
import { validateResources } from '../../resources/validate.ts';
import { toJson } from '../../wire/json.ts';
import type {
  OfferOperation,
  OfferOperationGrowVolume,
  OfferOperationReserve,
  OfferOperationShrinkVolume,
  Resource,
} from '../../wire/types/mesos.v1.ts';
import { deepEqual } from '../deep-equal.ts';
import type { Agent, Framework } from '../records.ts';
import { formatSet } from './framework.ts';
import {
  validateResourceRules,
  validateSingleAllocationRole,
  validateSingleProvider,
  validateUniquePersistenceIds,
} from './resources.ts';

export interface OperationPlace {
  /** Undefined for operators, who use free resources: these carry no allocation. */
  readonly framework: Framework | undefined;
  readonly agent: Agent;
  /** Who asks. */
  readonly principal: string | undefined;
}

export function validateOperation(
  operation: OfferOperation,
  place: OperationPlace,
): string | undefined {
  switch (operation.type) {
    case 'RESERVE':
      return validateReserve(operation.reserve ?? {}, place);
    case 'UNRESERVE':
      return validateUnreserve(operation.unreserve?.resources ?? []);
    case 'CREATE':
      return validateCreate(operation.create?.volumes ?? [], place);
    case 'DESTROY':
      return validateDestroy(operation.destroy?.volumes ?? [], place);
    case 'GROW_VOLUME':
      return operation.grow_volume && validateGrow(operation.grow_volume, place);
    case 'SHRINK_VOLUME':
      return operation.shrink_volume && validateShrink(operation.shrink_volume, place);
    default:
      return undefined;
  }
}

/** The rules every list must pass. */
function validateList(resources: readonly Resource[]): string | undefined {
  const why = validateResourceRules(resources) ?? validateSingleProvider(resources);
  return why === undefined ? undefined : `Invalid resources: ${why}`;
}

function validateReserve(
  { source = [], resources = [] }: Partial<OfferOperationReserve>,
  place: OperationPlace,
): string | undefined {
  const list =
    prefixed('Invalid resources: ', validateResourceRules(resources)) ??
    prefixed('Invalid source: ', validateResourceRules(source)) ??
    (source.length === 0 ? undefined : validateRereservation(source, resources)) ??
    prefixed('Invalid resources: ', validateSingleProvider(resources));
  if (list !== undefined) return list;
  const roles = validateSingleAllocationRole(resources);
  for (const resource of resources) {
    const why =
      validateDynamic(resource) ??
      validateReservationCapabilities(resource, place.agent) ??
      validateReservePrincipal(resource, place.principal) ??
      validateReserveRole(resource, place.framework);
    if (why !== undefined) return why;
  }
  if (place.framework === undefined) return undefined;
  return roles === undefined ? undefined : `Invalid reservation resources: ${roles}`;
}

/** With a source, reservations change as one and amounts not at all. */
function validateRereservation(
  source: readonly Resource[],
  resources: readonly Resource[],
): string | undefined {
  const mixed =
    prefixed('Invalid source: ', refuseMixed(source)) ??
    prefixed('Invalid resources: ', refuseMixed(resources));
  if (mixed !== undefined) return mixed;
  const [before, after] = [withoutReservations(source), withoutReservations(resources)];
  if (equals(before, after)) return undefined;
  return `Source and target resources should refer to identical resource quantities: ${formatResources(before)} vs. ${formatResources(after)}`;
}

function refuseMixed(resources: readonly Resource[]): string | undefined {
  const [first] = resources;
  if (first === undefined) return 'Resource cannot be empty';
  const { reservations = [] } = first;
  const isSame = resources.every((each) => deepEqual(each.reservations ?? [], reservations));
  if (isSame) return undefined;
  const list = resources.map((each) => toJson('mesos.v1.Resource', each));
  return `Mixed reservations are not supported[${list.join(',')}]`;
}

function withoutReservations(resources: readonly Resource[]): readonly Resource[] {
  return normalize(resources.map(({ reservations: _, ...rest }) => rest));
}

function validateDynamic(resource: Resource): string | undefined {
  if (isDynamicallyReserved(resource)) return undefined;
  return `Resource ${formatResource(resource)} is not dynamically reserved`;
}

function validateReservationCapabilities(resource: Resource, agent: Agent): string | undefined {
  const text = formatResource(resource);
  if (reservationRole(resource).includes('/') && !agent.capabilities.has('HIERARCHICAL_ROLE')) {
    return `Resource ${text} with reservation for hierarchical role '${reservationRole(resource)}' cannot be reserved on an agent without HIERARCHICAL_ROLE capability`;
  }
  if (hasRefinedReservation(resource) && !agent.capabilities.has('RESERVATION_REFINEMENT')) {
    return `Resource ${text} with reservation refinement cannot be reserved on an agent without RESERVATION_REFINEMENT capability`;
  }
  return undefined;
}

function validateReservePrincipal(
  resource: Resource,
  principal: string | undefined,
): string | undefined {
  if (principal === undefined) return undefined;
  const given = reservationOf(resource)?.principal;
  if (given === undefined) {
    return `A reserve operation was attempted by principal '${principal}', but there is a reserved resource in the request with no principal set`;
  }
  if (given === principal) return undefined;
  return `A reserve operation was attempted by authenticated principal '${principal}', which does not match a reserved resource in the request with principal '${given}'`;
}

function validateReserveRole(
  resource: Resource,
  framework: Framework | undefined,
): string | undefined {
  const allocated = resource.allocation_info?.role;
  if (framework === undefined) {
    if (allocated === undefined) return undefined;
    return 'A reserve operation was attempted with an allocated resource, but the operator API only allows reservations to be made to unallocated resources';
  }
  if (allocated === undefined) {
    return `A reserve operation was attempted on unallocated resource ${formatResource(resource)}, but frameworks can only perform reservations on allocated resources`;
  }
  const role = reservationRole(resource);
  if (role !== allocated) {
    return `A reserve operation was attempted for a resource with role '${role}', but the resource was allocated to role '${allocated}'`;
  }
  if (framework.roles.has(allocated)) return undefined;
  return `A reserve operation was attempted for a resource allocated to role '${allocated}', but the framework only has roles '${formatSet(framework.roles)}'`;
}

function validateUnreserve(resources: readonly Resource[]): string | undefined {
  const list = validateList(resources);
  if (list !== undefined) return list;
  for (const resource of resources) {
    const why = validateDynamic(resource);
    if (why !== undefined) return why;
    if (!isPersistentVolume(resource)) continue;
    return `A dynamically reserved persistent volume ${formatResource(resource)} cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource`;
  }
  return undefined;
}

function validateVolumes(volumes: readonly Resource[]): string | undefined {
  for (const volume of volumes) {
    const why = validateVolume(volume);
    if (why !== undefined) return `Not a persistent volume: ${why}`;
  }
  return undefined;
}

function validateVolume(volume: Resource): string | undefined {
  const { disk } = volume;
  if (disk === undefined) return `Resource ${formatResource(volume)} does not have DiskInfo`;
  if (disk.persistence === undefined) return "'persistence' is not set in DiskInfo";
  if (disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  return disk.volume.mode === 'RO' ? 'Read-only persistent volume not supported' : undefined;
}

function validateCreate(volumes: readonly Resource[], place: OperationPlace): string | undefined {
  const { framework, agent } = place;
  const why = validateList(volumes) ?? validateVolumes(volumes);
  if (why !== undefined) return why;
  const existing = agent.checkpointedResources.filter(isPersistentVolume);
  const unique = validateUniquePersistenceIds([...existing, ...volumes]);
  if (unique !== undefined) return unique;
  for (const volume of volumes) {
    const text = formatResource(volume);
    if (isShared(volume) && framework?.capabilities.has('SHARED_RESOURCES') === false) {
      return `Create volume operation for '${text}' has been attempted by framework '${framework.id}' with no SHARED_RESOURCES capability`;
    }
    const refused =
      validateVolumeCapabilities(volume, agent) ?? validateVolumePrincipal(volume, place.principal);
    if (refused !== undefined) return refused;
  }
  if (framework === undefined) return undefined;
  const roles = validateSingleAllocationRole(volumes);
  return roles === undefined ? undefined : `Invalid volume resources: ${roles}`;
}

function validateVolumeCapabilities(volume: Resource, agent: Agent): string | undefined {
  const text = formatResource(volume);
  if (reservationRole(volume).includes('/') && !agent.capabilities.has('HIERARCHICAL_ROLE')) {
    return `Volume ${text} with reservation for hierarchical role '${reservationRole(volume)}' cannot be created on an agent without HIERARCHICAL_ROLE capability`;
  }
  if (hasRefinedReservation(volume) && !agent.capabilities.has('RESERVATION_REFINEMENT')) {
    return `Volume ${text} with reservation refinement cannot be created on an agent without RESERVATION_REFINEMENT capability`;
  }
  return undefined;
}

function validateVolumePrincipal(
  volume: Resource,
  principal: string | undefined,
): string | undefined {
  if (principal === undefined) return undefined;
  const given = volume.disk?.persistence?.principal;
  if (given === undefined) {
    return `Create volume operation attempted by principal '${principal}', but there is a volume in the operation with no principal set in 'disk.persistence'`;
  }
  if (given === principal) return undefined;
  return `Create volume operation attempted by authenticated principal '${principal}', which does not match a volume in the operation with principal '${given}' set in 'disk.persistence'`;
}

function validateDestroy(volumes: readonly Resource[], place: OperationPlace): string | undefined {
  const { agent } = place;
  const why = validateList(volumes) ?? validateVolumes(volumes);
  if (why !== undefined) return why;
  const bare = unallocate(volumes);
  for (const volume of bare) {
    if (!contains(agent.checkpointedResources, [volume])) return 'Persistent volumes not found';
  }
  for (const used of agent.usedResources.values()) {
    const held = unallocate(used);
    if (bare.some((volume) => contains(held, [volume]))) return 'Persistent volumes in use';
  }
  return undefined;
}

function validateGrow(grow: OfferOperationGrowVolume, place: OperationPlace): string | undefined {
  const { volume, addition } = grow;
  const invalid =
    prefixed("Invalid resource in the 'GrowVolume.volume' field: ", validateResources([volume])) ??
    prefixed(
      "Invalid resource in the 'GrowVolume.addition' field: ",
      validateResources([addition]),
    );
  if (invalid !== undefined) return invalid;
  if (toMilli(addition.scalar?.value ?? 0) <= 0) {
    return "The size of 'GrowVolume.addition' field must be greater than zero";
  }
  const refused = validateResize(volume, ['Growing', 'GrowVolume']);
  if (refused !== undefined) return refused;
  if (add([stripVolume(volume)], [addition]).length !== 1) {
    return "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";
  }
  return validateResizable(volume, place.agent, 'grown');
}

function validateShrink(
  shrink: OfferOperationShrinkVolume,
  place: OperationPlace,
): string | undefined {
  const { volume, subtract } = shrink;
  const invalid = validateResources([volume]);
  if (invalid !== undefined) {
    return `Invalid resource in the 'ShrinkVolume.volume' field: ${invalid}`;
  }
  if (toMilli(subtract.value) <= 0) {
    return "Value of 'ShrinkVolume.subtract' must be greater than zero";
  }
  if (toMilli(subtract.value) >= toMilli(volume.scalar?.value ?? 0)) {
    return "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'";
  }
  const refused = validateResize(volume, ['Shrinking', 'ShrinkVolume']);
  return refused ?? validateResizable(volume, place.agent, 'shrunk');
}

function validateResize(
  volume: Resource,
  [doing, field]: readonly ['Growing' | 'Shrinking', string],
): string | undefined {
  if (volume.provider_id !== undefined) {
    return `${doing} a volume from a resource provider is not supported`;
  }
  if (doing === 'Shrinking' && volume.disk?.source?.type === 'MOUNT') {
    return 'Shrinking a volume on a MOUNT disk is not supported';
  }
  const why = validateVolume(volume);
  if (why !== undefined) return `Invalid persistent volume in the '${field}.volume' field: ${why}`;
  return isShared(volume) ? `${doing} a shared persistent volume is not supported` : undefined;
}

function validateResizable(volume: Resource, agent: Agent, done: string): string | undefined {
  if (agent.capabilities.has('RESIZE_VOLUME')) return undefined;
  return `Volume ${formatResource(volume)} cannot be ${done} on an agent without RESIZE_VOLUME capability`;
}

function prefixed(prefix: string, why: string | undefined): string | undefined {
  return why === undefined ? undefined : `${prefix}${why}`;
}
