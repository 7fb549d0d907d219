/** Offer operations on the agent's own resources (spec libprocess, section 7). */
import { formatUuid } from '../base/random.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Resources } from '../resources/arithmetic.ts';
import { isDynamicallyReserved, isPersistentVolume } from '../resources/kinds.ts';
import { applyConversions, conversionsOf } from '../resources/operations.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import { unallocate } from '../resources/select.ts';
import type {
  AcknowledgeOperationStatusMessage,
  ApplyOperationMessage,
  ReconcileOperationsMessage,
  ReconcileOperationsMessageOperation,
} from '../wire/types/mesos.internal.ts';
import type {
  FrameworkID,
  OfferOperation,
  Operation,
  OperationStatus,
  Resource,
} from '../wire/types/mesos.v1.ts';
import { operationUpdatesPath, RESOURCE_STATE_PATH, RESOURCES_PATH } from './checkpoint/paths.ts';
import { encodeRecord, encodeRecords } from './checkpoint/records.ts';
import type { AgentContext } from './context.ts';
import { volumeDirectory } from './volumes.ts';

export function applyAgentOperation(context: AgentContext, message: ApplyOperationMessage): void {
  const { state } = context;
  const uuid = formatUuid(message.operation_uuid.value);
  if (state.operations.has(uuid)) return;
  const version = message.resource_version_uuid.uuid.value;
  const isOutdated = formatUuid(version) !== state.resourceVersion;
  const pool = isOutdated
    ? err('Operation assumes outdated resource state')
    : applyTo(state.totalResources, message.operation_info);
  const status: OperationStatus = {
    operation_id: message.operation_info.id,
    state: pool.ok ? 'OPERATION_FINISHED' : isOutdated ? 'OPERATION_DROPPED' : 'OPERATION_ERROR',
    message: pool.ok ? undefined : pool.error,
    uuid: { value: context.newUuid() },
    agent_id: { value: context.agentId },
  };
  const operation: Operation = {
    framework_id: message.framework_id,
    agent_id: { value: context.agentId },
    info: message.operation_info,
    latest_status: status,
    statuses: [status],
    uuid: message.operation_uuid,
  };
  state.operations.set(uuid, operation);
  if (pool.ok) setTotal(context, pool.value);
  else checkpointResourceState(context);
  const update = {
    framework_id: message.framework_id,
    slave_id: { value: context.agentId },
    status,
    latest_status: status,
    operation_uuid: message.operation_uuid,
  };
  context.emit({
    kind: 'append',
    path: operationUpdatesPath(context.agentId, uuid),
    bytes: encodeRecord('mesos.internal.UpdateOperationStatusRecord', { type: 'UPDATE', update }),
    durable: true,
  });
  context.operationUpdates.update(uuid, update, context.now);
}

function applyTo(pool: Resources, operation: OfferOperation): Result<Resources> {
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return conversions;
  // Operations speak of allocated resources, the total of unallocated ones.
  const plain = conversions.value.map((each) => ({
    ...each,
    consumed: unallocate(toPostReservationRefinement(each.consumed)),
    converted: unallocate(toPostReservationRefinement(each.converted)),
  }));
  const applied = applyConversions(pool, plain);
  return applied.ok ? ok(applied.value) : applied;
}

/** The whole set from a master that does not know operations at agents. */
export function replaceCheckpointedResources(
  context: AgentContext,
  resources: readonly Resource[],
): void {
  const wanted = toPostReservationRefinement(resources);
  const total = totalWith(context.state.configuredResources, wanted);
  if (!total.ok) {
    context.log('error', 'checkpointed resources do not fit', { error: total.error });
    return;
  }
  setTotal(context, total.value);
}

/** The configured resources with dynamic reservations and volumes carved out of them. */
export function totalWith(
  configured: readonly Resource[],
  checkpointed: readonly Resource[],
): Result<Resources> {
  let total: Resources = configured;
  for (const resource of checkpointed) {
    const plain = plainOf(resource);
    const conversion = { consumed: [plain], converted: [resource] };
    const applied = applyConversions(total, [conversion]);
    if (!applied.ok) {
      return err(`Checkpointed resource ${resource.name} does not fit: ${applied.error}`);
    }
    total = applied.value;
  }
  return ok(total);
}

/** What the resource was before it was reserved or made a volume. */
function plainOf(resource: Resource): Resource {
  const { reservations = [], disk, shared: _shared, ...rest } = resource;
  const fixed = reservations.filter((each) => each.type !== 'DYNAMIC');
  return {
    ...rest,
    ...(disk?.source === undefined ? {} : { disk: { source: disk.source } }),
    ...(fixed.length === 0 ? {} : { reservations: fixed }),
  };
}

function setTotal(context: AgentContext, total: Resources): void {
  const { state } = context;
  const before = state.checkpointedResources;
  const after = total.filter((each) => isDynamicallyReserved(each) || isPersistentVolume(each));
  state.totalResources = total;
  state.checkpointedResources = after;
  // By their paths: a volume that grows or shrinks is another resource, and the same directory.
  const [old, wanted] = [volumePaths(context, before), volumePaths(context, after)];
  for (const path of wanted.keys()) {
    if (!old.has(path)) context.emit({ kind: 'make-directory', path });
  }
  checkpointResourceState(context);
  for (const [path, { disk }] of old) {
    if (wanted.has(path)) continue;
    // The root of a disk stays, for its next volume.
    const isMount = disk?.source?.type === 'MOUNT';
    context.emit({ kind: 'remove', path, ...(isMount ? { keepsRoot: true } : {}) });
  }
}

function volumePaths(
  context: AgentContext,
  resources: readonly Resource[],
): ReadonlyMap<string, Resource> {
  const found = new Map<string, Resource>();
  for (const each of resources.filter(isPersistentVolume)) {
    const path = pathOf(context, each);
    if (path !== undefined) found.set(path, each);
  }
  return found;
}

/** Of a volume: relative to the work directory where it is below. */
function pathOf(context: AgentContext, volume: Resource): string | undefined {
  const path = volumeDirectory(context, volume);
  const prefix = `${context.options.workDir}/`;
  return path?.startsWith(prefix) === true ? path.slice(prefix.length) : path;
}

function checkpointResourceState(context: AgentContext): void {
  const { operations, checkpointedResources } = context.state;
  context.emit({
    kind: 'write',
    path: RESOURCE_STATE_PATH,
    bytes: encodeRecord('mesos.internal.slave.ResourceState', {
      operations: [...operations.values()],
      resources: checkpointedResources,
    }),
    durable: true,
  });
  context.emit({
    kind: 'write',
    path: RESOURCES_PATH,
    bytes: encodeRecords('mesos.v1.Resource', checkpointedResources),
    durable: true,
  });
}

export function operationAcknowledged(
  context: AgentContext,
  message: AcknowledgeOperationStatusMessage,
): void {
  const uuid = formatUuid(message.operation_uuid.value);
  if (!context.operationUpdates.acknowledge(uuid, message.status_uuid.value)) return;
  context.emit({
    kind: 'append',
    path: operationUpdatesPath(context.agentId, uuid),
    bytes: encodeRecord('mesos.internal.UpdateOperationStatusRecord', {
      type: 'ACK',
      uuid: message.status_uuid,
    }),
    durable: true,
  });
  context.state.operations.delete(uuid);
  checkpointResourceState(context);
}

/**
 * Asked by the master about operations that it knows and we may not, or that a framework asked for and the
 * master does not know: those of resource providers, of which there are none here.
 */
export function reconcileOperations(
  context: AgentContext,
  message: ReconcileOperationsMessage,
): void {
  for (const asked of message.operations ?? []) {
    if (message.framework_id !== undefined) {
      answerFramework(context, message.framework_id, asked);
      continue;
    }
    const { operation_uuid, operation_id } = asked;
    const uuid = operation_uuid === undefined ? undefined : formatUuid(operation_uuid.value);
    const known = uuid === undefined ? undefined : context.state.operations.get(uuid);
    if (known !== undefined) continue;
    const agent_id = { value: context.agentId };
    context.sendToMaster({
      name: 'mesos.internal.UpdateOperationStatusMessage',
      value: {
        slave_id: agent_id,
        status: { operation_id, state: 'OPERATION_DROPPED', agent_id },
        operation_uuid,
      },
    });
  }
}

function answerFramework(
  context: AgentContext,
  framework_id: FrameworkID,
  { operation_id, resource_provider_id }: ReconcileOperationsMessageOperation,
): void {
  const known = [...context.state.operations.values()].find(
    (each) =>
      each.framework_id?.value === framework_id.value &&
      each.info.id?.value !== undefined &&
      each.info.id.value === operation_id?.value,
  );
  const agent_id = { value: context.agentId };
  const { uuid: _uuid, ...status } = known?.latest_status ?? {
    operation_id,
    state: 'OPERATION_UNKNOWN' as const,
    agent_id,
    resource_provider_id,
  };
  context.sendToMaster({
    name: 'mesos.internal.UpdateOperationStatusMessage',
    value: { framework_id, slave_id: agent_id, status },
  });
}
