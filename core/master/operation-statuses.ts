/**
 * What becomes of operations: statuses from agents, passed on to frameworks, and their acknowledgements
 * (spec scheduler-api, sections 11.6 and 14.3; spec libprocess, section 7).
 */
import { agentId, type FrameworkId, frameworkId } from '../base/ids.ts';
import { formatUuid } from '../base/random.ts';
import type { UpdateOperationStatusMessage } from '../wire/types/mesos.internal.ts';
import type { CallAcknowledgeOperationStatus } from '../wire/types/mesos.v1.scheduler.ts';
import type { OperationStatus } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { deepEqual } from './deep-equal.ts';
import { sendOperationStatus } from './operations.ts';
import type { Agent, Framework, OperationRecord } from './records.ts';
import { isOperationOver } from './task-states.ts';
import { sameBytes } from './updates.ts';

/** So long after its agent's return a framework may come back and acknowledge for itself. */
const ORPHAN_WAIT_MS = 10 * 60 * 1000;

/** From the agent. */
export function operationStatusUpdate(
  context: MasterContext,
  message: UpdateOperationStatusMessage,
): void {
  context.count('messages_operation_status_update');
  const uuid = message.operation_uuid;
  if (uuid === undefined) {
    passOn(context, message);
    return;
  }
  const agent = context.state.agents.get(agentId(message.slave_id?.value ?? ''));
  const record = agent?.operations.get(formatUuid(uuid.value));
  if (agent === undefined || record === undefined) {
    // Its framework may still wait for it, though the master has forgotten the operation.
    if (agent !== undefined) passOn(context, message);
    context.count('invalid_operation_status_updates');
    return;
  }
  context.count('valid_operation_status_updates');
  const id = record.operation.info.id;
  // Agents leave it out where they answer for operations they never heard of.
  const status = id === undefined ? message.status : { ...message.status, operation_id: id };
  const latest = message.latest_status ?? status;
  keepStatus(record, latest);
  const framework = ownerOf(context, record.framework);
  if (id === undefined || framework === undefined) {
    settleForOwner(context, agent, record, latest);
    return;
  }
  sendOperationStatus(context, framework, status);
  if (isOperationOver(latest.state) && latest.uuid === undefined) {
    context.state.removeOperation(record);
  }
}

function ownerOf(context: MasterContext, id: FrameworkId | undefined): Framework | undefined {
  return id === undefined ? undefined : context.state.frameworks.get(id);
}

/** A final state stays; a repeated status is kept once. */
function keepStatus(record: OperationRecord, status: OperationStatus): void {
  const { operation } = record;
  const statuses = operation.statuses ?? [];
  const isNew = !deepEqual(statuses.at(-1), status);
  record.operation = {
    ...operation,
    latest_status: isOperationOver(operation.latest_status.state)
      ? operation.latest_status
      : status,
    statuses: isNew ? [...statuses, status] : statuses,
  };
}

/** Acknowledges for whoever will not: operators, operations without id, frameworks that are over. */
function settleForOwner(
  context: MasterContext,
  agent: Agent,
  record: OperationRecord,
  status: OperationStatus,
): void {
  if (status.uuid !== undefined) {
    if (isAwaited(context, agent, record)) return;
    sendAcknowledgement(context, agent, record, status.uuid.value);
  }
  if (isOperationOver(status.state)) context.state.removeOperation(record);
}

/** After a failover of the master an agent may be back before the framework is. */
function isAwaited(context: MasterContext, agent: Agent, record: OperationRecord): boolean {
  const { framework, operation } = record;
  if (operation.info.id === undefined || framework === undefined) return false;
  if (context.state.completedFrameworks.has(framework)) return false;
  const { reregisteredTime } = agent;
  return reregisteredTime !== undefined && context.now - reregisteredTime < ORPHAN_WAIT_MS;
}

/** What an agent says about an operation that this master does not know. */
function passOn(context: MasterContext, message: UpdateOperationStatusMessage): void {
  const owner = message.framework_id?.value;
  const framework = ownerOf(context, owner === undefined ? undefined : frameworkId(owner));
  if (framework === undefined || message.status.operation_id === undefined) return;
  sendOperationStatus(context, framework, message.status);
}

function sendAcknowledgement(
  context: MasterContext,
  agent: Agent,
  record: OperationRecord,
  statusUuid: Uint8Array,
): void {
  context.send(agent, {
    name: 'mesos.internal.AcknowledgeOperationStatusMessage',
    message: { status_uuid: { value: statusUuid }, operation_uuid: record.operation.uuid },
  });
}

/** ACKNOWLEDGE_OPERATION_STATUS (spec scheduler-api, section 14.3). */
export function acknowledgeOperation(
  context: MasterContext,
  framework: Framework,
  call: CallAcknowledgeOperationStatus,
): void {
  context.count('messages_operation_status_update_acknowledgement');
  const agent = context.state.agents.get(agentId(call.agent_id?.value ?? ''));
  const record = [...framework.operations.values()].find(
    (each) => each.operation.info.id?.value === call.operation_id.value,
  );
  const status = record?.operation.statuses?.find(
    (each) => each.uuid !== undefined && sameBytes(each.uuid.value, call.uuid),
  );
  if (agent?.connected !== true || record === undefined || status === undefined) {
    context.count('invalid_operation_status_update_acknowledgements');
    const fields = { operationId: call.operation_id.value };
    context.log('warn', fields, 'dropped the acknowledgement of an operation');
    return;
  }
  context.count('valid_operation_status_update_acknowledgements');
  sendAcknowledgement(context, agent, record, call.uuid);
  if (isOperationOver(status.state)) context.state.removeOperation(record);
}

/** An agent that could be acknowledged to was replaced by an older one that cannot: nothing more is heard of these. */
export function dropFinishedOperations(context: MasterContext, agent: Agent): void {
  for (const record of [...agent.operations.values()]) {
    const { info, latest_status: status } = record.operation;
    if (info.id === undefined || status.resource_provider_id !== undefined) continue;
    if (isOperationOver(status.state)) context.state.removeOperation(record);
  }
}
