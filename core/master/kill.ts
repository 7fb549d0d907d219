/** KILL (spec scheduler-api, section 14.1). */
import { agentId, frameworkId, type TaskId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { CallKill } from '../wire/types/mesos.v1.scheduler.ts';
import type { Task } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { reconcileTask } from './reconcile.ts';
import type { Agent, Framework } from './records.ts';

export function kill(context: MasterContext, framework: Framework, call: CallKill): void {
  context.count('messages_kill_task');
  const id = taskId(call.task_id.value);
  const record = framework.tasks.get(id);
  if (record === undefined) {
    reconcileTask(context, framework, { task_id: call.task_id, agent_id: call.agent_id });
    return;
  }
  if (call.agent_id !== undefined && agentId(call.agent_id.value) !== record.agent) {
    const fields = { taskId: id, agentId: call.agent_id.value };
    context.log('warn', fields, 'dropped a KILL that names another agent');
    return;
  }
  const agent = context.state.agents.get(record.agent);
  if (agent === undefined) return;
  rememberKill(agent, framework, id);
  if (!agent.connected) return;
  context.send(agent, {
    name: 'mesos.internal.KillTaskMessage',
    message: {
      framework_id: { value: framework.id },
      task_id: call.task_id,
      kill_policy: call.kill_policy,
    },
  });
}

function rememberKill(agent: Agent, framework: Framework, id: TaskId): void {
  const killed = agent.killedTasks.get(framework.id) ?? new Set<TaskId>();
  killed.add(id);
  agent.killedTasks.set(framework.id, killed);
}

/** At re-registration: kills that were asked for of what the agent says is still running, without their policy. */
export function resendKills(context: MasterContext, agent: Agent, reported: readonly Task[]): void {
  for (const { framework_id, task_id, state } of reported) {
    const killed = agent.killedTasks.get(frameworkId(framework_id.value));
    if (isTerminal(state) || killed?.has(taskId(task_id.value)) !== true) continue;
    const message = { framework_id, task_id };
    context.send(agent, { name: 'mesos.internal.KillTaskMessage', message });
  }
}
