/**
 * The state as somebody may see it (spec ha-and-security, section 6: view_frameworks, view_tasks,
 * view_executors, view_roles). Views are given such a state and need not know of rights. Records of which
 * everything may be seen are the real ones, so that their kept texts are used.
 */
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import type { AgentId, ExecutorId, FrameworkId, TaskId } from '../../base/ids.ts';
import { mayViewResource } from '../../operator/visible-resources.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  Operation,
  Resource,
  Task,
} from '../../wire/types/mesos.v1.ts';
import { CappedMap } from '../capped.ts';
import type { Framework, OperationRecord, TaskRecord } from '../records.ts';
import type { MasterState } from '../state.ts';

export function mayViewFramework(approvers: Approvers, info: FrameworkInfo): boolean {
  return approvers.approved('view_frameworks', info.user);
}

export function mayViewTask(approvers: Approvers, task: Task, info: FrameworkInfo): boolean {
  return approvers.approved('view_tasks', task.user ?? info.user);
}

export function mayViewExecutor(
  approvers: Approvers,
  executor: ExecutorInfo,
  info: FrameworkInfo,
): boolean {
  return approvers.approved('view_executors', executor.command?.user ?? info.user);
}

/** For reading only. Frameworks with what is in them, operations, weights and quotas are picked. */
export function visibleState(state: MasterState, approvers: Approvers): MasterState {
  if (approvers === APPROVES_ALL) return state;
  const completed = new CappedMap<FrameworkId, Framework>(state.completedFrameworks.size + 1);
  for (const [id, framework] of pick(state.completedFrameworks, approvers)) {
    completed.set(id, framework);
  }
  const mayViewRole = ([role]: readonly [string, unknown]): boolean =>
    approvers.approved('view_roles', role);
  const mayViewQuota = ([role]: readonly [string, unknown]): boolean =>
    approvers.approved('get_quotas', role);
  return overlay(state, {
    frameworks: new Map(pick(state.frameworks, approvers)),
    completedFrameworks: completed,
    operations: new Map(
      [...state.operations].filter(([, record]) => mayViewOperation(approvers, record)),
    ),
    weights: new Map([...state.weights].filter(mayViewRole)),
    quotas: new Map([...state.quotas].filter(mayViewQuota)),
    schedules: approvers.approved('get_maintenance_schedules') ? state.schedules : [],
    machines: approvers.approved('get_maintenance_statuses') ? state.machines : new Map(),
  });
}

/** The real state with some members hidden behind others; its methods work on both. */
function overlay(state: MasterState, members: Partial<MasterState>): MasterState {
  const shown: MasterState = Object.create(state);
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(shown, name, { value, enumerable: true });
  }
  return shown;
}

function* pick(
  frameworks: Iterable<readonly [FrameworkId, Framework]>,
  approvers: Approvers,
): IterableIterator<readonly [FrameworkId, Framework]> {
  for (const [id, framework] of frameworks) {
    if (mayViewFramework(approvers, framework.info)) {
      yield [id, visibleFramework(framework, approvers)] as const;
    }
  }
}

function visibleFramework(framework: Framework, approvers: Approvers): Framework {
  const { info } = framework;
  const mayTask = (task: Task): boolean => mayViewTask(approvers, task, info);
  const mayExecutor = (each: ExecutorInfo): boolean => mayViewExecutor(approvers, each, info);
  const isWhole =
    every(framework.tasks.values(), ({ task }) => mayTask(task)) &&
    every(framework.unreachableTasks.values(), mayTask) &&
    framework.completedTasks.every(mayTask) &&
    every(framework.executors.values(), (byId) => every(byId.values(), mayExecutor));
  if (isWhole) return framework;
  const unreachable = new CappedMap<TaskId, Task>(framework.unreachableTasks.size + 1);
  for (const [id, task] of framework.unreachableTasks) if (mayTask(task)) unreachable.set(id, task);
  const tasks = [...framework.tasks].filter(([, { task }]) => mayTask(task));
  return {
    ...framework,
    tasks: new Map<TaskId, TaskRecord>(tasks),
    unreachableTasks: unreachable,
    completedTasks: framework.completedTasks.filter(mayTask),
    executors: visibleExecutors(framework, mayExecutor),
  };
}

function visibleExecutors(
  framework: Framework,
  isVisible: (executor: ExecutorInfo) => boolean,
): Map<AgentId, Map<ExecutorId, ExecutorInfo>> {
  const shown = new Map<AgentId, Map<ExecutorId, ExecutorInfo>>();
  for (const [agent, byId] of framework.executors) {
    const visible = [...byId].filter(([, executor]) => isVisible(executor));
    if (visible.length > 0) shown.set(agent, new Map(visible));
  }
  return shown;
}

function mayViewOperation(approvers: Approvers, { operation }: OperationRecord): boolean {
  return resourcesIn(operation).every((each) => mayViewResource(approvers, each));
}

function resourcesIn({ info }: Operation): readonly Resource[] {
  return [
    ...(info.reserve?.resources ?? []),
    ...(info.unreserve?.resources ?? []),
    ...(info.create?.volumes ?? []),
    ...(info.destroy?.volumes ?? []),
    ...[info.grow_volume?.volume, info.shrink_volume?.volume].filter((each) => each !== undefined),
  ];
}

function every<T>(items: Iterable<T>, holds: (item: T) => boolean): boolean {
  for (const item of items) if (!holds(item)) return false;
  return true;
}
