/** Validation of LAUNCH_GROUP (spec scheduler-api, section 13.4); one text for the whole group. */
import { taskId } from '../../base/ids.ts';
import { add, contains } from '../../resources/arithmetic.ts';
import { formatResources } from '../../resources/format.ts';
import { scalarOf } from '../../resources/select.ts';
import type { ExecutorInfo, Task, TaskInfo } from '../../wire/types/mesos.v1.ts';
import { overlaps, validateRevocability, validateUniquePersistenceIds } from './resources.ts';
import {
  existingExecutor,
  type LaunchPlace,
  sameExecutor,
  validateExecutor,
  validateExecutorCgroups,
  validateTaskItself,
} from './task.ts';

const MIN_CPUS = 0.01;
const MIN_MEM_MB = 32;

export function validateTaskGroup(
  tasks: readonly TaskInfo[],
  executor: ExecutorInfo,
  place: LaunchPlace,
): string | undefined {
  const seen = new Set<string>();
  for (const task of tasks) {
    const id = task.task_id.value;
    const why = seen.has(id) ? `Task has duplicate ID: ${id}` : validateMember(task, place);
    if (why !== undefined) return `Task '${taskId(id)}' is invalid: ${why}`;
    seen.add(id);
  }
  return (
    validateGroupExecutor(tasks, executor, place) ??
    validateTotal(tasks, executor, place) ??
    validateCgroups(tasks, executor, place)
  );
}

function validateMember(task: TaskInfo, place: LaunchPlace): string | undefined {
  const why = validateTaskItself(task, place);
  if (why !== undefined) return why;
  if (task.executor === undefined) return "'TaskInfo.executor' must be set";
  const type = task.health_check?.type;
  const joinsOwnNetwork = (task.container?.network_infos ?? []).length > 0;
  if (joinsOwnNetwork && (type === 'HTTP' || type === 'TCP')) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (task.container?.type === 'DOCKER') {
    return 'Docker ContainerInfo is not supported on the task';
  }
  const hasLimits = Object.keys(task.limits ?? {}).length > 0;
  if (hasLimits && task.container?.linux_info?.share_cgroups !== false) {
    return "Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'.";
  }
  return undefined;
}

function validateGroupExecutor(
  tasks: readonly TaskInfo[],
  executor: ExecutorInfo,
  place: LaunchPlace,
): string | undefined {
  const why = validateExecutor(executor, place);
  if (why !== undefined) return why;
  if (executor.type === undefined) return "'ExecutorInfo.type' must be set";
  if (executor.type === 'UNKNOWN') return 'Unknown executor type';
  if (executor.container?.type === 'DOCKER') {
    return 'Docker ContainerInfo is not supported on the executor';
  }
  const id = executor.executor_id.value;
  for (const task of tasks) {
    if (task.executor === undefined || sameExecutor(task.executor, executor)) continue;
    return `The \`ExecutorInfo\` of task '${task.task_id.value}' is different from executor '${id}'`;
  }
  return validateMinimum(executor);
}

function validateMinimum(executor: ExecutorInfo): string | undefined {
  const id = executor.executor_id.value;
  const resources = executor.resources ?? [];
  const amount = (name: string): number | undefined =>
    resources.some((each) => each.name === name) ? scalarOf(resources, name) : undefined;
  const cpus = amount('cpus');
  if (cpus === undefined || cpus < MIN_CPUS) {
    return `Executor '${id}' uses less CPUs (${cpus ?? 'None'}) than the minimum required (${MIN_CPUS})`;
  }
  const mem = amount('mem');
  if (mem === undefined || mem < MIN_MEM_MB) {
    const text = mem === undefined ? 'None' : `${mem}MB`;
    return `Executor '${id}' uses less memory (${text}) than the minimum required (${MIN_MEM_MB}MB)`;
  }
  return amount('disk') === undefined ? `Executor '${id}' uses no disk` : undefined;
}

function validateTotal(
  tasks: readonly TaskInfo[],
  executor: ExecutorInfo,
  place: LaunchPlace,
): string | undefined {
  const lists = [...tasks.map((task) => task.resources ?? []), executor.resources ?? []];
  const all = lists.flat();
  const persistence = validateUniquePersistenceIds(all);
  if (persistence !== undefined) {
    return `Task group and executor use duplicate persistence ID: ${persistence}`;
  }
  const revocable = validateRevocability(all);
  if (revocable !== undefined) {
    return `Task group and executor mix revocable and non-revocable resources: ${revocable}`;
  }
  const clash = lists.some((list, at) =>
    lists.slice(at + 1).some((other) => overlaps(list, other)),
  );
  if (clash) {
    const taskText = JSON.stringify(tasks.flatMap((task) => task.resources ?? []));
    return `There are overlapping resources in the task group's task resources ${taskText} and/or executor resources ${JSON.stringify(executor.resources ?? [])}`;
  }
  const isNew = existingExecutor(executor, place) === undefined;
  const total = (isNew ? lists : lists.slice(0, -1)).reduce((sum, list) => add(sum, list), []);
  if (contains(place.pool, total)) return undefined;
  return `Total resources ${formatResources(total)} required by task group and its executor are more than available ${formatResources(place.pool)}`;
}

/** Shared is what a task gets that does not say; all of one executor get the same. */
function validateCgroups(
  tasks: readonly TaskInfo[],
  executor: ExecutorInfo,
  place: LaunchPlace,
): string | undefined {
  const why = validateExecutorCgroups(executor);
  if (why !== undefined) return why;
  const all = [...tasks, ...tasksOfExecutor(executor, place)];
  const values = new Set(all.map((task) => task.container?.linux_info?.share_cgroups ?? true));
  return values.size > 1
    ? "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor"
    : undefined;
}

/** Those that run or were unreachable there; none when the executor is new. */
function tasksOfExecutor(executor: ExecutorInfo, place: LaunchPlace): readonly Task[] {
  if (existingExecutor(executor, place) === undefined) return [];
  const { framework, agent } = place;
  const id = executor.executor_id.value;
  const tasks = [
    ...[...framework.tasks.values()].map(({ task }) => task),
    ...framework.unreachableTasks.values(),
  ];
  return tasks.filter((task) => task.agent_id.value === agent.id && task.executor_id?.value === id);
}
