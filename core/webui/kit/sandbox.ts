/** Where an agent keeps the files of a task, from the agent's own state document. Pure. */
import { type Json, recordsIn, textIn } from './reading.ts';

/** Executors of a framework, those that ended last. */
function executorsOf(state: Json, frameworkId: string): readonly Json[] {
  const frameworks = [
    ...recordsIn(state, 'frameworks'),
    ...recordsIn(state, 'completed_frameworks'),
  ].filter((framework) => textIn(framework, 'id') === frameworkId);
  return [
    ...frameworks.flatMap((framework) => recordsIn(framework, 'executors')),
    ...frameworks.flatMap((framework) => recordsIn(framework, 'completed_executors')),
  ];
}

export interface SandboxOwner {
  readonly frameworkId: string;
  /** Unknown when only the task is known. */
  readonly executorId?: string | undefined;
  readonly taskId?: string | undefined;
}

/**
 * The directory of the executor or, for a task of a group, that of the task below it. Undefined when the
 * agent knows no such executor (any more).
 */
export function sandboxPath(state: Json, owner: SandboxOwner): string | undefined {
  const { taskId } = owner;
  const executor = executorsOf(state, owner.frameworkId).find((each) =>
    owner.executorId === undefined
      ? textIn(each, 'id') === taskId || hasTask(each, taskId)
      : textIn(each, 'id') === owner.executorId,
  );
  if (executor === undefined) return undefined;
  const directory = textIn(executor, 'directory');
  const isInGroup = taskId !== undefined && textIn(executor, 'type') === 'DEFAULT';
  return isInGroup ? `${directory}/tasks/${taskId}` : directory;
}

function hasTask(executor: Json, taskId: string | undefined): boolean {
  return ['tasks', 'completed_tasks', 'queued_tasks'].some((key) =>
    recordsIn(executor, key).some((task) => textIn(task, 'id') === taskId),
  );
}
