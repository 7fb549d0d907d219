/**
 * What who asks may do with tasks, executors and containers of this agent (spec ha-and-security,
 * section 6). Pure.
 */
import type { Action } from '../auth/actions.ts';
import { APPROVES_ALL, type Approvers } from '../auth/authorizer.ts';
import { containerId, frameworkId } from '../base/ids.ts';
import type { Call } from '../wire/types/mesos.v1.agent.ts';
import type { Task, TaskInfo } from '../wire/types/mesos.v1.ts';
import { pathOf, rootOf } from './containers/ids.ts';
import { containerIdOf } from './http/container-validation.ts';
import type { AgentExecutor, AgentFramework, AgentState } from './state.ts';

/** The user whom an executor is run as, as ACLs see it. */
export function userOfExecutor(state: AgentState, executor: AgentExecutor): string {
  const own = executor.info.command?.user;
  return own ?? frameworkOf(state, executor)?.info.user ?? '';
}

function frameworkOf(state: AgentState, { frameworkId: id }: AgentExecutor) {
  return (
    state.frameworks.get(frameworkId(id)) ??
    state.completedFrameworks.find((each) => each.id === id)
  );
}

/** Why not all of a framework's tasks may be run. */
export function refuseTasks(
  approvers: Approvers,
  { id, info: framework }: Pick<AgentFramework, 'id' | 'info'>,
  tasks: readonly TaskInfo[],
): string | undefined {
  const userOf = (task: TaskInfo): string =>
    task.command?.user ?? task.executor?.command?.user ?? framework.user;
  const refused = tasks.find((task) => !approvers.approved('run_tasks', userOf(task)));
  if (refused === undefined) return undefined;
  const failure = approvers.failure?.();
  if (failure !== undefined) {
    return `Failed to authorize task '${refused.task_id.value}': ${failure.why}`;
  }
  const [first, ...more] = tasks.map((task) => task.task_id.value);
  const what =
    more.length === 0
      ? `task '${first}'`
      : `task group containing tasks [ ${[first, ...more].join(', ')} ]`;
  return `Framework ${id} is not authorized to launch ${what}`;
}

type Kind = 'wait' | 'kill' | 'remove';

/** Whether a call about containers is allowed; calls of other kinds are. */
export function mayCallContainer(approvers: Approvers, state: AgentState, call: Call): boolean {
  if (call.type === 'PRUNE_IMAGES') return approvers.approved('prune_images');
  const given = containerIdOf(call) ?? call.attach_container_input?.container_id;
  if (given === undefined) return true;
  const root = rootOf(pathOf(given));
  const executor = state.containers.get(containerId(root));
  const user = executor === undefined ? undefined : userOfExecutor(state, executor);
  const nested = (action: Action, object = user): boolean =>
    approvers.approvedFor(action, object, root);
  const on = (kind: Kind): boolean =>
    executor === undefined
      ? approvers.approved(`${kind}_standalone_containers`)
      : nested(`${kind}_nested_containers`);
  switch (call.type) {
    case 'LAUNCH_CONTAINER':
    case 'LAUNCH_NESTED_CONTAINER': {
      if (executor === undefined) return approvers.approved('launch_standalone_containers');
      const command = (call.launch_container ?? call.launch_nested_container)?.command;
      return (
        nested('launch_nested_containers_under_parent_with_user') &&
        nested('launch_nested_containers_as_user', command?.user ?? user)
      );
    }
    case 'LAUNCH_NESTED_CONTAINER_SESSION': {
      const command = call.launch_nested_container_session?.command;
      return (
        nested('launch_nested_container_sessions_under_parent_with_user') &&
        nested('launch_nested_container_sessions_as_user', command?.user ?? user)
      );
    }
    case 'WAIT_CONTAINER':
    case 'WAIT_NESTED_CONTAINER':
      return on('wait');
    case 'KILL_CONTAINER':
    case 'KILL_NESTED_CONTAINER':
      return on('kill');
    case 'REMOVE_CONTAINER':
    case 'REMOVE_NESTED_CONTAINER':
      return on('remove');
    case 'ATTACH_CONTAINER_INPUT':
      return nested('attach_containers_input');
    case 'ATTACH_CONTAINER_OUTPUT':
      return nested('attach_containers_output');
    default:
      return true;
  }
}

export function mayViewContainer(
  approvers: Approvers,
  state: AgentState,
  executor: AgentExecutor,
): boolean {
  return approvers.approved('view_containers', userOfExecutor(state, executor));
}

/** Containers of executors that may be seen; for reading only. */
export function withVisibleContainers(state: AgentState, approvers: Approvers): AgentState {
  const shown = [...state.containers].filter(([, executor]) =>
    mayViewContainer(approvers, state, executor),
  );
  return { ...state, containers: new Map(shown) };
}

/** The state with the frameworks, executors and tasks that may be seen; for reading only. */
export function visibleAgentState(state: AgentState, approvers: Approvers): AgentState {
  if (approvers === APPROVES_ALL) return state;
  const isVisible = ({ info }: AgentFramework): boolean =>
    approvers.approved('view_frameworks', info.user);
  const frameworks = [...state.frameworks].filter(([, each]) => isVisible(each));
  return {
    ...state,
    frameworks: new Map(
      frameworks.map(([id, each]) => [id, visibleFramework(approvers, each)] as const),
    ),
    completedFrameworks: state.completedFrameworks
      .filter(isVisible)
      .map((each) => visibleFramework(approvers, each)),
  };
}

function visibleFramework(approvers: Approvers, framework: AgentFramework): AgentFramework {
  const { user } = framework.info;
  const isVisible = ({ info }: AgentExecutor): boolean =>
    approvers.approved('view_executors', info.command?.user ?? user);
  const shown = (executor: AgentExecutor): AgentExecutor =>
    visibleExecutor(approvers, executor, user);
  const executors = [...framework.executors].filter(([, each]) => isVisible(each));
  return {
    ...framework,
    executors: new Map(executors.map(([id, each]) => [id, shown(each)] as const)),
    completedExecutors: framework.completedExecutors.filter(isVisible).map(shown),
  };
}

function visibleExecutor(
  approvers: Approvers,
  executor: AgentExecutor,
  user: string,
): AgentExecutor {
  const mayTask = (task: Task): boolean => approvers.approved('view_tasks', task.user ?? user);
  const mayInfo = (task: TaskInfo): boolean =>
    approvers.approved('view_tasks', task.command?.user ?? task.executor?.command?.user ?? user);
  return {
    ...executor,
    queuedTasks: new Map([...executor.queuedTasks].filter(([, task]) => mayInfo(task))),
    launchedTasks: new Map([...executor.launchedTasks].filter(([, task]) => mayTask(task))),
    terminatedTasks: new Map([...executor.terminatedTasks].filter(([, task]) => mayTask(task))),
    completedTasks: executor.completedTasks.filter(mayTask),
  };
}
