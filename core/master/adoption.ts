/** What an agent runs becomes the master's own knowledge when it comes back to one that has not known it. */
import { frameworkId, type TaskId, taskId } from '../base/ids.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import { allocateMissing } from '../resources/select.ts';
import type { ReregisterSlaveMessage } from '../wire/types/mesos.internal.ts';
import type { ExecutorInfo, Resource, Task } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import type { Agent, Framework } from './records.ts';
import type { MasterState } from './state.ts';

export function adoptExecutors(
  context: MasterContext,
  agent: Agent,
  executors: readonly ExecutorInfo[],
): void {
  for (const info of executors) {
    const framework = context.state.frameworks.get(frameworkId(info.framework_id?.value ?? ''));
    if (framework === undefined) continue;
    const resources = allocated(framework, info.resources);
    context.state.addExecutor(framework, agent, { ...info, resources });
  }
}

export function adoptTasks(
  context: MasterContext,
  agent: Agent,
  tasks: readonly Task[],
): readonly (readonly [Framework, Task])[] {
  const { state } = context;
  const adopted: (readonly [Framework, Task])[] = [];
  const byFramework = new Map<Framework, Map<TaskId, Task>>();
  for (const reported of tasks) {
    const framework = state.frameworks.get(frameworkId(reported.framework_id.value));
    const id = taskId(reported.task_id.value);
    if (framework === undefined || framework.tasks.has(id)) continue;
    const known = byFramework.get(framework) ?? new Map<TaskId, Task>();
    byFramework.set(framework, known);
    if (known.has(id)) continue;
    state.tasks.removeUnreachable(framework, id);
    state.tasks.forgetCompleted(framework, id);
    const task = withAllocation(framework, reported, adopted.at(-1)?.[1].resources);
    known.set(id, task);
    adopted.push([framework, task]);
  }
  for (const [framework, known] of byFramework) {
    state.tasks.addAll(framework, agent, [...known.values()]);
  }
  for (const [framework, task] of adopted) {
    context.operatorEvent({ kind: 'task-added', framework, task });
  }
  return adopted;
}

/** `before` is the list of another task: with the same resources in it, it is taken instead of a second one. */
function withAllocation(
  framework: Framework,
  task: Task,
  before: readonly Resource[] | undefined,
): Task {
  const resources = allocated(framework, task.resources);
  const isRepeated =
    before?.length === resources.length && resources.every((each, at) => each === before[at]);
  if (!isRepeated && resources === task.resources) return task;
  return { ...task, resources: isRepeated ? before : resources };
}

/** Completed tasks that it remembers of frameworks that are there already. */
export function adoptCompleted(state: MasterState, message: ReregisterSlaveMessage): void {
  for (const { framework_info: info, tasks = [] } of message.completed_frameworks ?? []) {
    const framework = state.frameworks.get(frameworkId(info.id?.value ?? ''));
    if (framework === undefined) continue;
    const known = new Set(framework.completedTasks.map((task) => task.task_id.value));
    for (const task of tasks) {
      if (known.has(task.task_id.value)) continue;
      const resources = allocated(framework, task.resources);
      state.tasks.addCompleted(framework, { ...task, resources });
    }
  }
}

/** Agents without MULTI_ROLE leave the allocation role out; it is the framework's only role. */
function allocated(
  framework: Framework,
  resources: readonly Resource[] | undefined,
): readonly Resource[] {
  const [role = '*'] = framework.roles;
  return allocateMissing(toPostReservationRefinement(resources ?? []), role);
}
