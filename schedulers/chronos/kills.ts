/** Kills the tasks of a job; what is killed is remembered, for a KILL may get lost. */
import type { ChronosEffect } from './records.ts';
import type { ChronosState } from './state.ts';

export function killTasks(state: ChronosState, name: string): readonly ChronosEffect[] {
  return state.tasksOfJob(name).flatMap((task) => {
    const killing = { ...task, isKilling: true };
    state.putTask(killing);
    return [
      { kind: 'save-task', task: killing } as const,
      { kind: 'kill', taskId: task.taskId, agentId: task.agentId } as const,
    ];
  });
}
