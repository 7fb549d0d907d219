/** RECONCILE: what the master believes about tasks (spec scheduler-api, section 15). */
import { agentId, taskId } from '../base/ids.ts';
import type { CallReconcile, CallReconcileTask } from '../wire/types/mesos.v1.scheduler.ts';
import type { TaskState, TimeInfo } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import type { Framework, TaskRecord } from './records.ts';
import { masterStatus, sendStatus, sendTaskStatus, stateFor } from './statuses.ts';

/** An empty list asks for every task the master has. */
export function reconcile(
  context: MasterContext,
  framework: Framework,
  call: Pick<CallReconcile, 'tasks'>,
): void {
  context.count('messages_reconcile_tasks');
  const tasks = call.tasks ?? [];
  if (tasks.length === 0) {
    for (const record of framework.tasks.values()) answerKnown(context, framework, record);
    return;
  }
  for (const entry of tasks) reconcileTask(context, framework, entry);
}

/** One explicit entry; KILL of an unknown task asks here too. */
export function reconcileTask(
  context: MasterContext,
  framework: Framework,
  entry: CallReconcileTask,
): void {
  const known = framework.tasks.get(taskId(entry.task_id.value));
  if (known !== undefined) {
    answerKnown(context, framework, known);
    return;
  }
  const answer = answerUnknown(context, framework, entry.agent_id?.value);
  if (answer === undefined) return;
  const status = masterStatus(context, {
    taskId: entry.task_id.value,
    agentId: entry.agent_id?.value,
    reason: 'REASON_RECONCILIATION',
    ...answer,
  });
  sendStatus(context, framework, status);
}

function answerKnown(context: MasterContext, framework: Framework, record: TaskRecord): void {
  const { task } = record;
  const status = masterStatus(context, {
    taskId: record.id,
    agentId: record.agent,
    // What the scheduler was told last; the agent may know more by now.
    state: task.status_update_state ?? task.state,
    reason: 'REASON_RECONCILIATION',
    message: 'Reconciliation: Latest task state',
    lastStatus: task.statuses?.at(-1),
  });
  sendTaskStatus(context, framework, task, status);
}

interface Answer {
  readonly state: TaskState;
  readonly message: string;
  readonly unreachableTime?: TimeInfo | undefined;
}

function answerUnknown(
  context: MasterContext,
  framework: Framework,
  given: string | undefined,
): Answer | undefined {
  const { state } = context;
  if (given === undefined) {
    // A recovered agent that is still to come may have it.
    if (state.recoveredAgents.size > 0) return undefined;
    const message = 'Reconciliation: Task is unknown';
    return { state: stateFor(framework, 'TASK_UNKNOWN'), message };
  }
  const id = agentId(given);
  if (state.recoveredAgents.has(id)) return undefined;
  if (state.agents.has(id)) {
    const message = 'Reconciliation: Task is unknown to the agent';
    return { state: stateFor(framework, 'TASK_GONE'), message };
  }
  const unreachable = state.unreachableAgents.get(id);
  if (unreachable !== undefined) {
    return {
      state: stateFor(framework, 'TASK_UNREACHABLE'),
      message: 'Reconciliation: Task is unreachable',
      unreachableTime: unreachable.time,
    };
  }
  if (state.goneAgents.has(id)) {
    const message = 'Reconciliation: Task is gone';
    return { state: stateFor(framework, 'TASK_GONE_BY_OPERATOR'), message };
  }
  const message = 'Reconciliation: Task is unknown';
  return { state: stateFor(framework, 'TASK_UNKNOWN'), message };
}
