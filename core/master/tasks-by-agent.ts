/**
 * Which unreachable tasks were on which agent: they leave their frameworks' lists when the agent
 * returns, is gone or is forgotten.
 */
import { type AgentId, agentId, type FrameworkId, taskId } from '../base/ids.ts';
import type { Task } from '../wire/types/mesos.v1.ts';
import type { MasterState } from './state.ts';

export class TasksByAgent {
  private readonly tasks = new Map<AgentId, Map<string, readonly [FrameworkId, Task]>>();

  set(framework: FrameworkId, task: Task): void {
    const agent = agentOf(task);
    const mine = this.tasks.get(agent) ?? new Map<string, readonly [FrameworkId, Task]>();
    mine.set(keyOf(framework, task), [framework, task]);
    this.tasks.set(agent, mine);
  }

  delete(framework: FrameworkId, task: Task): void {
    const mine = this.tasks.get(agentOf(task));
    mine?.delete(keyOf(framework, task));
    if (mine?.size === 0) this.tasks.delete(agentOf(task));
  }

  /** Copied, so that they may be taken away while they are looked at. */
  of(agent: AgentId): readonly (readonly [FrameworkId, Task])[] {
    return [...(this.tasks.get(agent)?.values() ?? [])];
  }
}

/** Nothing is said of them: what came back is told, of the rest nobody knows. */
export function forgetUnreachableTasks(state: MasterState, agent: AgentId): void {
  for (const [owner, task] of state.tasks.unreachableByAgent.of(agent)) {
    const framework = state.frameworks.get(owner);
    if (framework === undefined) continue;
    state.tasks.removeUnreachable(framework, taskId(task.task_id.value));
  }
}

function agentOf(task: Task): AgentId {
  return agentId(task.agent_id.value);
}

function keyOf(framework: FrameworkId, task: Task): string {
  return `${framework}\0${taskId(task.task_id.value)}`;
}
