/** Answers of the agent's v1 calls that show its state (spec operator-api, section 10). */
import { toJson } from '../../wire/json.ts';
import type {
  ResponseGetExecutors,
  ResponseGetFrameworks,
  ResponseGetState,
  ResponseGetTasks,
} from '../../wire/types/mesos.v1.agent.ts';
import type { AgentInfo, Task, TaskInfo } from '../../wire/types/mesos.v1.ts';
import type { AgentExecutor, AgentFramework, AgentState } from '../state.ts';

export function getFrameworks(state: AgentState): ResponseGetFrameworks {
  const show = (framework: AgentFramework) => ({ framework_info: framework.info });
  return {
    frameworks: [...state.frameworks.values()].map(show),
    completed_frameworks: state.completedFrameworks.map(show),
  };
}

export function getExecutors(state: AgentState): ResponseGetExecutors {
  const show = (executor: AgentExecutor) => ({ executor_info: executor.info });
  const live = [...state.frameworks.values()];
  return {
    executors: live.flatMap((framework) => [...framework.executors.values()].map(show)),
    completed_executors: [...live, ...state.completedFrameworks].flatMap((framework) =>
      framework.completedExecutors.map(show),
    ),
  };
}

export function getTasks(state: AgentState): ResponseGetTasks {
  const queued: Task[] = [];
  const launched: Task[] = [];
  const terminated: Task[] = [];
  const completed: Task[] = [];
  const live = [...state.frameworks.values()];
  for (const framework of live) {
    for (const executor of framework.executors.values()) {
      for (const task of executor.queuedTasks.values()) queued.push(stagingTask(executor, task));
      launched.push(...executor.launchedTasks.values());
    }
  }
  for (const framework of [...live, ...state.completedFrameworks]) {
    for (const executor of [...framework.executors.values(), ...framework.completedExecutors]) {
      terminated.push(...executor.terminatedTasks.values());
      completed.push(...executor.completedTasks);
    }
  }
  return {
    pending_tasks: [],
    queued_tasks: queued,
    launched_tasks: launched,
    terminated_tasks: terminated,
    completed_tasks: completed,
  };
}

function stagingTask(executor: AgentExecutor, task: TaskInfo): Task {
  return {
    name: task.name,
    task_id: task.task_id,
    framework_id: { value: executor.frameworkId },
    executor_id: executor.isCommandExecutor ? undefined : { value: executor.id },
    agent_id: task.agent_id,
    state: 'TASK_STAGING',
    resources: task.resources,
    labels: task.labels,
    discovery: task.discovery,
    container: task.container,
    health_check: task.health_check,
  };
}

export function getState(state: AgentState): ResponseGetState {
  return {
    get_tasks: getTasks(state),
    get_executors: getExecutors(state),
    get_frameworks: getFrameworks(state),
  };
}

/** Unreserved resources without the old `role`. */
export function agentInfo(state: AgentState): AgentInfo {
  const resources = (state.info.resources ?? []).map(({ role: _left, ...rest }) => rest);
  return { ...state.info, resources };
}

// JSON text: the answers above show empty lists, which `toJson` leaves out.

export function getFrameworksText(value: ResponseGetFrameworks): string {
  const text = (each: NonNullable<typeof value.frameworks>[number]): string =>
    toJson('mesos.v1.agent.Response.GetFrameworks.Framework', each);
  return lists({
    frameworks: (value.frameworks ?? []).map(text),
    completed_frameworks: (value.completed_frameworks ?? []).map(text),
  });
}

export function getExecutorsText(value: ResponseGetExecutors): string {
  const text = (each: NonNullable<typeof value.executors>[number]): string =>
    toJson('mesos.v1.agent.Response.GetExecutors.Executor', each);
  return lists({
    executors: (value.executors ?? []).map(text),
    completed_executors: (value.completed_executors ?? []).map(text),
  });
}

export function getTasksText(value: ResponseGetTasks): string {
  const texts = (tasks: readonly Task[] | undefined): readonly string[] =>
    (tasks ?? []).map((task) => toJson('mesos.v1.Task', task));
  return lists({
    pending_tasks: texts(value.pending_tasks),
    queued_tasks: texts(value.queued_tasks),
    launched_tasks: texts(value.launched_tasks),
    terminated_tasks: texts(value.terminated_tasks),
    completed_tasks: texts(value.completed_tasks),
  });
}

export function getStateText(state: AgentState): string {
  const tasks = `"get_tasks":${getTasksText(getTasks(state))}`;
  const executors = `"get_executors":${getExecutorsText(getExecutors(state))}`;
  return `{${tasks},${executors},"get_frameworks":${getFrameworksText(getFrameworks(state))}}`;
}

function lists(members: Readonly<Record<string, readonly string[]>>): string {
  const texts = Object.entries(members).map(([name, items]) => `"${name}":[${items.join(',')}]`);
  return `{${texts.join(',')}}`;
}
