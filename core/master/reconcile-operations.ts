/** RECONCILE_OPERATIONS: answered by events (spec scheduler-api, section 15, operations). */
import { agentId } from '../base/ids.ts';
import type {
  CallReconcileOperations,
  CallReconcileOperationsOperation,
} from '../wire/types/mesos.v1.scheduler.ts';
import type { OperationState, OperationStatus } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { sendOperationStatus } from './operations.ts';
import type { Framework, OperationRecord } from './records.ts';

export function reconcileOperations(
  context: MasterContext,
  framework: Framework,
  call: CallReconcileOperations,
): void {
  context.count('messages_reconcile_operations');
  const asked = call.operations ?? [];
  if (asked.length === 0) {
    for (const record of framework.operations.values()) {
      sendOperationStatus(context, framework, lastStatus(record));
    }
    return;
  }
  const known = new Map<string, OperationRecord>();
  for (const record of framework.operations.values()) {
    const id = record.operation.info.id?.value;
    if (id !== undefined) known.set(id, record);
  }
  for (const entry of asked) {
    const record = known.get(entry.operation_id.value);
    if (record === undefined && askAgent(context, framework, entry)) continue;
    const status = record === undefined ? unknownStatus(context, entry) : lastStatus(record);
    sendOperationStatus(context, framework, status);
  }
}

/**
 * An operation of a resource provider that is not there may be known to its agent, whose answer is passed on.
 * No provider subscribes to agents of this master as far as it knows.
 */
function askAgent(
  context: MasterContext,
  framework: Framework,
  { operation_id, agent_id, resource_provider_id }: CallReconcileOperationsOperation,
): boolean {
  if (agent_id === undefined || resource_provider_id === undefined) return false;
  const agent = context.state.agents.get(agentId(agent_id.value));
  if (agent?.capabilities.has('AGENT_OPERATION_FEEDBACK') !== true) return false;
  context.send(agent, {
    name: 'mesos.internal.ReconcileOperationsMessage',
    message: {
      operations: [{ operation_id, resource_provider_id }],
      framework_id: { value: framework.id },
    },
  });
  return true;
}

function lastStatus(record: OperationRecord): OperationStatus {
  const { uuid: _uuid, ...status } =
    record.operation.statuses?.at(-1) ?? record.operation.latest_status;
  return status;
}

function unknownStatus(
  context: MasterContext,
  entry: CallReconcileOperationsOperation,
): OperationStatus {
  const [state, message] = describeUnknown(context, entry.agent_id?.value);
  return {
    operation_id: entry.operation_id,
    state,
    message,
    agent_id: entry.agent_id,
    resource_provider_id: entry.resource_provider_id,
  };
}

function describeUnknown(
  context: MasterContext,
  given: string | undefined,
): readonly [OperationState, string] {
  const { state } = context;
  if (given === undefined) {
    return [
      'OPERATION_UNKNOWN',
      "Reconciliation: Operation is unknown and no 'agent_id' was provided",
    ];
  }
  const id = agentId(given);
  if (state.recoveredAgents.has(id)) {
    return ['OPERATION_RECOVERING', 'Reconciliation: Agent is recovered but has not re-registered'];
  }
  if (state.agents.has(id)) return ['OPERATION_UNKNOWN', 'Reconciliation: Operation is unknown'];
  if (state.unreachableAgents.has(id)) {
    return ['OPERATION_UNREACHABLE', 'Reconciliation: Agent is unreachable'];
  }
  if (state.goneAgents.has(id)) {
    return ['OPERATION_GONE_BY_OPERATOR', 'Reconciliation: Agent marked gone by operator'];
  }
  return ['OPERATION_UNKNOWN', 'Reconciliation: Both operation and agent are unknown'];
}
