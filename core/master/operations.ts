/**
 * RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME: applied at once in the
 * master's view (speculatively), sent to the agent, tracked until their status is acknowledged
 * (spec scheduler-api, sections 11.3, 11.6 and 12; spec libprocess, section 7).
 */
import { formatUuid } from '../base/random.ts';
import { add, contains, subtract } from '../resources/arithmetic.ts';
import { isShared } from '../resources/kinds.ts';
import { applyOperation, conversionsOf, type ResourceConversion } from '../resources/operations.ts';
import { toPreReservationRefinement } from '../resources/refinement.ts';
import { unallocate } from '../resources/select.ts';
import type { OfferOperation, OperationStatus } from '../wire/types/mesos.v1.ts';
import type { Acceptance } from './accept.ts';
import { needsCheckpointing } from './agent-info.ts';
import { refuseOperation } from './authorization.ts';
import type { MasterContext } from './context.ts';
import { rescindOffer } from './offers.ts';
import { countEnded, countOperation } from './operation-metrics.ts';
import type { Agent, Framework, OperationRecord } from './records.ts';
import { refuseDiskOperation } from './validation/disk-operation.ts';
import { validateOperation } from './validation/operation.ts';

const SPECULATIVE: ReadonlySet<OfferOperation['type']> = new Set([
  'RESERVE',
  'UNRESERVE',
  'CREATE',
  'DESTROY',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
]);

/** A failing rule drops the operation; the rest of the ACCEPT goes on. */
export function runOperation(
  context: MasterContext,
  acceptance: Acceptance,
  operation: OfferOperation,
  agent: Agent,
): void {
  const { framework } = acceptance;
  const where = `; on agent ${agent.id} at ${pidOf(agent)} (${agent.info.hostname})`;
  if (!SPECULATIVE.has(operation.type)) {
    const { pool, role } = acceptance;
    const why = refuseDiskOperation(operation, { agent, where, role, pool });
    dropOperation(context, framework, operation, why);
    return;
  }
  const invalid = validateOperation(operation, {
    framework,
    agent,
    principal: framework.info.principal,
  });
  if (invalid !== undefined) {
    dropOperation(context, framework, operation, `${invalid}${where}`);
    return;
  }
  const { principal } = framework.info;
  const unauthorized = refuseOperation(context.approversOf(principal), principal, operation);
  if (unauthorized !== undefined) {
    dropOperation(context, framework, operation, unauthorized);
    return;
  }
  if (operation.type === 'DESTROY') rescindOffersWith(context, agent, operation);
  const applied = applyOperation(acceptance.pool, operation);
  if (!applied.ok) {
    dropOperation(context, framework, operation, applied.error);
    return;
  }
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return;
  const isResize = operation.type === 'GROW_VOLUME' || operation.type === 'SHRINK_VOLUME';
  if (!isResize) acceptance.pool = applied.value;
  for (const { consumed, converted } of conversions.value) {
    if (isResize) {
      acceptance.pool = subtract(acceptance.pool, consumed);
      acceptance.resized = add(acceptance.resized, converted);
    }
    // Copies that tasks have taken already are not in the pool, so it cannot tell.
    acceptance.shared = add(
      subtract(acceptance.shared, consumed.filter(isShared)),
      converted.filter(isShared),
    );
  }
  acceptance.conversions.push(...conversions.value);
  applyToAgent(context, agent, conversions.value);
  sendOperation(context, framework, agent, operation);
}

/** Other offers that contain a volume to be destroyed are taken back. */
function rescindOffersWith(context: MasterContext, agent: Agent, operation: OfferOperation): void {
  for (const volume of operation.destroy?.volumes ?? []) {
    for (const record of [...agent.offers]) {
      const offered = unallocate(record.offer.resources ?? []);
      if (contains(offered, unallocate([volume]))) rescindOffer(context, record);
    }
  }
}

/** The agent's own total and checkpointed resources, which carry no allocation. */
export function applyToAgent(
  context: MasterContext,
  agent: Agent,
  conversions: readonly ResourceConversion[],
): void {
  for (const { consumed, converted } of conversions) {
    const rest = subtract(agent.totalResources, unallocate(consumed));
    agent.totalResources = add(rest, unallocate(converted));
  }
  agent.checkpointedResources = agent.totalResources.filter(needsCheckpointing);
  context.operatorEvent({ kind: 'agent-updated', agent });
}

/** Tracks the operation and tells the agent; old agents get the whole checkpointed set. */
export function sendOperation(
  context: MasterContext,
  framework: Framework | undefined,
  agent: Agent,
  operation: OfferOperation,
): void {
  if (framework !== undefined && operation.type !== undefined) {
    countOperation(framework, operation.type);
  }
  if (!agent.capabilities.has('RESOURCE_PROVIDER')) {
    sendCheckpointed(context, agent);
    return;
  }
  const uuid = uuidBytes(context);
  const framework_id = framework === undefined ? undefined : { value: framework.id };
  const record: OperationRecord = {
    uuid: formatUuid(uuid),
    framework: framework?.id,
    agent: agent.id,
    operation: {
      framework_id,
      agent_id: { value: agent.id },
      info: operation,
      latest_status: {
        operation_id: operation.id,
        state: 'OPERATION_PENDING',
        agent_id: { value: agent.id },
      },
      uuid: { value: uuid },
    },
  };
  context.state.addOperation(record);
  context.send(agent, {
    name: 'mesos.internal.ApplyOperationMessage',
    message: {
      framework_id,
      operation_info: operation,
      operation_uuid: { value: uuid },
      resource_version_uuid: { uuid: agent.resourceVersionUuid ?? { value: new Uint8Array(16) } },
    },
  });
}

/** All reservations and volumes, for agents that do not know operations. */
export function sendCheckpointed(context: MasterContext, agent: Agent): void {
  const resources = agent.capabilities.has('RESERVATION_REFINEMENT')
    ? agent.checkpointedResources
    : toPreReservationRefinement(agent.checkpointedResources);
  const name = 'mesos.internal.CheckpointResourcesMessage';
  context.send(agent, { name, message: { resources } });
}

function uuidBytes(context: MasterContext): Uint8Array {
  const bytes = context.random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/** Tells the framework only when the operation has an id. */
export function dropOperation(
  context: MasterContext,
  framework: Framework,
  operation: OfferOperation,
  message: string,
): void {
  const fields = { frameworkId: framework.id, operation: operation.type, why: message };
  context.log('warn', fields, 'dropped an offer operation');
  countEnded(context.state, operation.type, 'OPERATION_ERROR');
  if (operation.id === undefined) return;
  sendOperationStatus(context, framework, {
    operation_id: operation.id,
    state: 'OPERATION_ERROR',
    message,
  });
}

export function sendOperationStatus(
  context: MasterContext,
  framework: Framework,
  status: OperationStatus,
): void {
  context.event(framework, {
    type: 'UPDATE_OPERATION_STATUS',
    update_operation_status: { status },
  });
}

function pidOf(agent: Agent): string {
  return `${agent.pid.id}@${agent.pid.ip}:${agent.pid.port}`;
}
