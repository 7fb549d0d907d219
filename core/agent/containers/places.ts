/** Where a container lives that belongs to an executor: its own, or that of a task of a group. */
import { containerId } from '../../base/ids.ts';
import { hasTerminal } from '../command-info.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import { rootOf } from './ids.ts';

/** What children take from their parent. */
export interface Place {
  readonly sandbox: string;
  readonly workingDirectory: string;
  readonly userName: string | undefined;
  readonly executor?: AgentExecutor;
  /** Whether its input and output can be attached to. */
  readonly isTerminal?: boolean;
}

/** Executors and their tasks that live; `id` is `root` or `root.nested`. */
export function findPlace(state: AgentState, id: string): Place | undefined {
  const root = rootOf(id);
  const executor = state.containers.get(containerId(root));
  if (executor === undefined || executor.status === 'terminated') return undefined;
  const { directory, user: userName } = executor;
  if (id === root) {
    const isTerminal = executor.kind !== 'group' && hasTerminal(executor.info.container);
    return { sandbox: directory, workingDirectory: directory, userName, executor, isTerminal };
  }
  for (const [taskId, nested] of executor.nestedContainers) {
    const task = executor.launchedTasks.get(taskId);
    if (id !== `${root}.${nested}` || task === undefined) continue;
    const sandbox = `${directory}/containers/${nested}`;
    const isTerminal = hasTerminal(task.container);
    return { sandbox, workingDirectory: sandbox, userName, executor, isTerminal };
  }
  return undefined;
}
