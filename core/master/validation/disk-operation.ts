/**
 * Rules for CREATE_DISK and DESTROY_DISK (spec scheduler-api, section 12). They work on resources
 * of storage providers, which no agent offers here, so there is always a reason to refuse.
 */
import { contains } from '../../resources/arithmetic.ts';
import { formatResource, formatResources } from '../../resources/format.ts';
import { isPersistentVolume } from '../../resources/kinds.ts';
import { allocateMissing } from '../../resources/select.ts';
import type {
  OfferOperation,
  OfferOperationCreateDisk,
  OfferOperationDestroyDisk,
  Resource,
} from '../../wire/types/mesos.v1.ts';
import type { Agent } from '../records.ts';
import { validateResourceRules } from './resources.ts';

export interface DiskPlace {
  readonly agent: Agent;
  /** How messages name the agent. */
  readonly where: string;
  readonly role: string;
  readonly pool: readonly Resource[];
}

/** Why the operation is dropped. */
export function refuseDiskOperation(operation: OfferOperation, place: DiskPlace): string {
  const { agent, pool, role } = place;
  const type = operation.type ?? 'UNKNOWN';
  const source = operation.create_disk?.source ?? operation.destroy_disk?.source;
  if (source === undefined) return `Unsupported operation ${type}`;
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) {
    return `Not supported on agent ${agent.id} because it does not have RESOURCE_PROVIDER capability`;
  }
  const [allocated = source] = allocateMissing([source], role);
  const invalid =
    validateSource(allocated) ??
    (operation.create_disk === undefined
      ? operation.destroy_disk && validateDestroyDisk(operation.destroy_disk)
      : validateCreateDisk(operation.create_disk));
  if (invalid !== undefined) return `${invalid}${place.where}`;
  if (!contains(pool, [allocated])) {
    return `Invalid ${type} Operation: ${formatResources(pool)} does not contain ${formatResource(allocated)}`;
  }
  return `Operation ${type} is not supported: this master has no resource providers`;
}

function validateSource(source: Resource): string | undefined {
  const invalid = validateResourceRules([source]);
  if (invalid !== undefined) return `Invalid resource: ${invalid}`;
  return source.provider_id === undefined
    ? "'source' is not managed by a resource provider"
    : undefined;
}

function validateCreateDisk(create: OfferOperationCreateDisk): string | undefined {
  const { source, target_type, target_profile } = create;
  if (source.disk?.source?.type !== 'RAW') return "'source' is not a RAW disk resource";
  if (target_type !== 'MOUNT' && target_type !== 'BLOCK') {
    return "'target_type' is neither MOUNT or BLOCK";
  }
  const hasProfile = source.disk.source.profile !== undefined;
  if (hasProfile && target_profile !== undefined) {
    return "'target_profile' must not be set when 'source' has a profile";
  }
  if (!hasProfile && target_profile === undefined) {
    return "'target_profile' must be set when 'source' has no profile";
  }
  return undefined;
}

function validateDestroyDisk({ source }: OfferOperationDestroyDisk): string | undefined {
  const type = source.disk?.source?.type;
  if (type !== 'MOUNT' && type !== 'BLOCK' && type !== 'RAW') {
    return "'source' is neither a MOUNT, BLOCK or RAW disk resource";
  }
  if (source.disk?.source?.id === undefined) return "'source' is not backed by a CSI volume";
  if (!isPersistentVolume(source)) return undefined;
  return `A disk resource containing a persistent volume ${formatResource(source)} cannot be destroyed directly. Please destroy the persistent volume first then destroy the disk resource`;
}
