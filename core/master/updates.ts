/**
 * Status updates from agents and their acknowledgements (spec scheduler-api, sections 14.3 and 17;
 * spec libprocess, section 6).
 */
import { isUuid } from '../base/id-rules.ts';
import { agentId, frameworkId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { Upid } from '../net/ports.ts';
import type { StatusUpdateMessage } from '../wire/types/mesos.internal.ts';
import type { CallAcknowledge } from '../wire/types/mesos.v1.scheduler.ts';
import type { MasterContext } from './context.ts';
import type { Agent, Framework } from './records.ts';
import { freeResources, relayedStatus, sendStatus, updateTask } from './statuses.ts';

/** Forwards an agent's update to its framework and records what it says. */
export function statusUpdate(context: MasterContext, from: Upid, call: StatusUpdateMessage): void {
  const { update } = call;
  context.count('messages_status_update');
  const agent = context.state.agents.get(agentId(update.slave_id?.value ?? ''));
  const framework = context.state.frameworks.get(frameworkId(update.framework_id.value));
  const uuid = update.uuid !== undefined && isUuid(update.uuid) ? update.uuid : undefined;
  const refused = refusal(agent, framework, from, uuid !== undefined);
  if (refused !== undefined || agent === undefined || framework === undefined) {
    context.count('invalid_status_updates');
    const fields = { taskId: update.status.task_id.value, why: refused };
    context.log('warn', fields, 'dropped a status update');
    return;
  }
  const status = relayedStatus(update);
  sendStatus(context, framework, status, call);
  const record = agent.tasks.get(framework.id)?.get(taskId(update.status.task_id.value));
  if (record === undefined) {
    context.count('invalid_status_updates');
    return;
  }
  // Whoever is away has not been told, so that there is nothing to acknowledge: the agent repeats it.
  const isTold = framework.connection !== undefined;
  context.count(isTold ? 'valid_status_updates' : 'invalid_status_updates');
  const latestState = update.latest_state;
  updateTask(context, framework, record, { status, latestState, uuid: isTold ? uuid : undefined });
}

function refusal(
  agent: Agent | undefined,
  framework: Framework | undefined,
  from: Upid,
  hasUuid: boolean,
): string | undefined {
  if (agent === undefined) return 'its agent is not registered';
  if (agent.pid.ip !== from.ip || agent.pid.port !== from.port) {
    return `it came from ${from.id}@${from.ip}:${from.port}, not from the agent`;
  }
  if (framework === undefined) return 'its framework is unknown';
  if (!hasUuid) return 'it has no valid uuid';
  return undefined;
}

/** ACKNOWLEDGE: relayed to the agent; a final status acknowledged completes the task. */
export function acknowledge(
  context: MasterContext,
  framework: Framework,
  call: CallAcknowledge,
): void {
  context.count('messages_status_update_acknowledgement');
  const agent = context.state.agents.get(agentId(call.agent_id.value));
  if (agent === undefined || !agent.connected) {
    dropAcknowledgement(context, call, 'its agent is not registered or not connected');
    return;
  }
  const record = agent.tasks.get(framework.id)?.get(taskId(call.task_id.value));
  if (record !== undefined) {
    const { status_update_state: state, status_update_uuid: uuid } = record.task;
    if (state === undefined) {
      dropAcknowledgement(context, call, 'no update of the task passed this master');
      return;
    }
    if (isTerminal(state) && uuid !== undefined && sameBytes(uuid, call.uuid)) {
      // An agent may have said with the end that the task's latest state is another.
      freeResources(context, record);
      context.state.tasks.remove(record, 'completed');
      context.operatorEvent({ kind: 'task-removed', framework, task: record.task });
    }
  }
  context.count('valid_status_update_acknowledgements');
  context.send(agent, {
    name: 'mesos.internal.StatusUpdateAcknowledgementMessage',
    message: {
      slave_id: { value: agent.id },
      framework_id: { value: framework.id },
      task_id: call.task_id,
      uuid: call.uuid,
    },
  });
}

function dropAcknowledgement(context: MasterContext, call: CallAcknowledge, why: string): void {
  context.count('invalid_status_update_acknowledgements');
  const fields = { taskId: call.task_id.value, agentId: call.agent_id.value, why };
  context.log('warn', fields, 'dropped an acknowledgement');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return a.every((byte, at) => byte === b[at]);
}
