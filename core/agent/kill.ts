/** KillTask and shutdown of executors at the agent (spec scheduler-api, 14.1; libprocess, 5.2). */
import { executorId, frameworkId, type TaskId, taskId } from '../base/ids.ts';
import type { KillPolicy, TaskInfo } from '../wire/types/mesos.v1.ts';
import type { AgentContext } from './context.ts';
import { shutdownExecutor } from './executor-departure.ts';
import { sendKill, sendMessage } from './executor-events.ts';
import { type AgentExecutor, type AgentFramework, executorWith, holdsTask } from './state.ts';
import { partitionState, sendAgentUpdate } from './tasks.ts';

export function killTask(
  context: AgentContext,
  ids: { readonly frameworkId: string; readonly taskId: string },
  policy: KillPolicy | undefined,
): void {
  const framework = context.state.frameworks.get(frameworkId(ids.frameworkId));
  if (framework === undefined || framework.status === 'terminating') return;
  const id = taskId(ids.taskId);
  const executor = executorWith(framework, id, holdsTask);
  if (executor === undefined) {
    sendAgentUpdate(context, framework, id, {
      state: partitionState(framework, 'TASK_DROPPED'),
      reason: 'REASON_EXECUTOR_TERMINATED',
      message: 'Cannot find executor',
    });
    return;
  }
  if (executor.status === 'terminating' || executor.status === 'terminated') return;
  if (executor.queuedTasks.has(id)) killQueued(context, framework, executor, id);
  else if (executor.launchedTasks.has(id)) sendKill(context, executor, id, policy);
}

/** A group is killed whole; an executor that never got a task and has none left is shut down. */
function killQueued(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  id: TaskId,
): void {
  const group = executor.queuedGroups.find((tasks) => tasks.some(isTask(id)));
  const killed = group === undefined ? [id] : group.map((task) => taskId(task.task_id.value));
  const message =
    group === undefined
      ? 'Killed before delivery to the executor'
      : 'A task within the task group was killed before delivery to the executor';
  for (const each of killed) {
    sendAgentUpdate(
      context,
      framework,
      each,
      { state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH', message },
      executor,
    );
  }
  const isUseless = !executor.wasSentTasks && executor.queuedTasks.size === 0;
  // While it starts it is only waited for once its process is there: that registers and is ended then.
  const canEnd = executor.status === 'running' || !executor.isLaunched;
  if (canEnd && isUseless) shutdownExecutor(context, executor);
}

function isTask(id: TaskId): (task: TaskInfo) => boolean {
  return (task) => task.task_id.value === id;
}

export function shutdownExecutorById(
  context: AgentContext,
  framework: string | undefined,
  executor: string | undefined,
): void {
  if (framework === undefined || executor === undefined) return;
  const found = context.state.frameworks.get(frameworkId(framework));
  if (found === undefined || found.status === 'terminating') return;
  const target = found.executors.get(executorId(executor));
  if (target !== undefined) shutdownExecutor(context, target);
}

export function messageToExecutor(
  context: AgentContext,
  ids: { readonly frameworkId: string; readonly executorId: string },
  data: Uint8Array,
): void {
  const framework = context.state.frameworks.get(frameworkId(ids.frameworkId));
  const executor = framework?.executors.get(executorId(ids.executorId));
  if (executor?.status !== 'running') {
    context.counts.invalidFrameworkMessages += 1;
    return;
  }
  context.counts.validFrameworkMessages += 1;
  sendMessage(context, executor, data);
}
