/**
 * Validation of launched tasks, in the order and with the texts of spec scheduler-api, sections
 * 13.2 (LAUNCH) and 13.3 (executors). The first failing rule gives its text.
 */

import { validateId } from '../../base/id-rules.ts';
import { executorId, taskId } from '../../base/ids.ts';
import { add, contains, equals } from '../../resources/arithmetic.ts';
import { formatResources } from '../../resources/format.ts';
import { isShared } from '../../resources/kinds.ts';
import { scalarOf } from '../../resources/select.ts';
import { validateCommand, validateContainer } from '../../validation/messages.ts';
import { toDebugText } from '../../wire/debug-text.ts';
import type { ExecutorInfo, Resource, TaskInfo } from '../../wire/types/mesos.v1.ts';
import { deepEqual } from '../deep-equal.ts';
import type { Agent, Framework } from '../records.ts';
import {
  overlaps,
  validateResourceRules,
  validateRevocability,
  validateSingleAllocationRole,
  validateUniquePersistenceIds,
} from './resources.ts';
import { isNegative, validateCheck, validateHealthCheck } from './sub-messages.ts';

export interface LaunchPlace {
  readonly framework: Framework;
  readonly agent: Agent;
  /** What the call's offers still hold. */
  readonly pool: readonly Resource[];
}

/** Rows 1 to 26. */
export function validateTask(task: TaskInfo, place: LaunchPlace): string | undefined {
  return (
    validateTaskItself(task, place) ??
    validateCommandOrExecutor(task, place) ??
    validateTogether(task, place) ??
    (task.container?.linux_info?.share_cgroups === false
      ? "Only tasks in a task group may have 'share_cgroups' set to 'false'"
      : undefined)
  );
}

/** Rows 1 to 16, also for members of a task group. */
export function validateTaskItself(task: TaskInfo, place: LaunchPlace): string | undefined {
  return (
    validateIdentity(task, place) ??
    validateTimes(task) ??
    validateChecks(task) ??
    validateTaskResources(task) ??
    validateForms(task) ??
    validateLimits(task, place.agent)
  );
}

function validateIdentity(task: TaskInfo, place: LaunchPlace): string | undefined {
  const { framework, agent } = place;
  const id = taskId(task.task_id.value);
  const why = validateId(id);
  if (why !== undefined) return why;
  if (framework.tasks.has(id)) return `Task has duplicate ID: ${id}`;
  if (framework.unreachableTasks.has(id)) {
    return `Task reuses the ID of an unreachable task: ${id}`;
  }
  if (task.agent_id.value !== agent.id) {
    return `Task uses invalid agent ${task.agent_id.value} while agent ${agent.id} is expected`;
  }
  return undefined;
}

function validateTimes(task: TaskInfo): string | undefined {
  if (isNegative(task.kill_policy?.grace_period)) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  if (isNegative(task.max_completion_time)) {
    return "Task's `max_completion_time` must be non-negative";
  }
  return undefined;
}

function validateChecks(task: TaskInfo): string | undefined {
  const check = task.check === undefined ? undefined : validateCheck(task.check);
  if (check !== undefined) return `Task uses invalid check: ${check}`;
  const health =
    task.health_check === undefined ? undefined : validateHealthCheck(task.health_check);
  return health === undefined ? undefined : `Task uses invalid health check: ${health}`;
}

function validateTaskResources(task: TaskInfo): string | undefined {
  const resources = task.resources ?? [];
  if (resources.length === 0) return 'Task uses no resources';
  const rules = validateResourceRules(resources);
  if (rules !== undefined) return `Task uses invalid resources: ${rules}`;
  const persistence = validateUniquePersistenceIds(resources);
  if (persistence !== undefined) return `Task uses duplicate persistence ID: ${persistence}`;
  const role = validateSingleAllocationRole(resources);
  if (role !== undefined) return `Invalid task resources: ${role}`;
  const revocable = validateRevocability(resources);
  return revocable === undefined
    ? undefined
    : `Task mixes revocable and non-revocable resources: ${revocable}`;
}

function validateForms(task: TaskInfo): string | undefined {
  const command = task.command === undefined ? undefined : validateCommand(task.command);
  if (command !== undefined) return `Task's \`CommandInfo\` is invalid: ${command}`;
  const container = task.container === undefined ? undefined : validateContainer(task.container);
  return container === undefined ? undefined : `Task's \`ContainerInfo\` is invalid: ${container}`;
}

function validateLimits(task: TaskInfo, agent: Agent): string | undefined {
  const limits = Object.entries(task.limits ?? {});
  if (limits.length === 0) return undefined;
  if (!agent.capabilities.has('TASK_RESOURCE_LIMITS')) {
    return 'Agent is not capable of handling task resource limits';
  }
  if (limits.some(([name]) => name !== 'cpus' && name !== 'mem')) {
    return "Only cpus and mem may be included in a task's resource limits";
  }
  const resources = task.resources ?? [];
  return (
    validateLimit(task, resources, 'cpus', 'CPU', 'cpu') ??
    validateLimit(task, resources, 'mem', 'memory', 'memory')
  );
}

function validateLimit(
  task: TaskInfo,
  resources: readonly Resource[],
  name: string,
  upper: string,
  lower: string,
): string | undefined {
  const limit = task.limits?.[name]?.value;
  if (limit === undefined) return undefined;
  if (!resources.some((each) => each.name === name)) {
    return `When a ${upper} limit is specified, a ${upper} request must also be specified`;
  }
  if (limit >= scalarOf(resources, name)) return undefined;
  return `The ${lower} limit must be greater than or equal to the ${lower} request`;
}

/** Rows 17 to 23. */
function validateCommandOrExecutor(task: TaskInfo, place: LaunchPlace): string | undefined {
  const { executor } = task;
  if ((task.command === undefined) === (executor === undefined)) {
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  }
  if (executor === undefined) return undefined;
  const why = validateExecutor(executor, place);
  if (why !== undefined) return why;
  if (executor.type !== undefined && executor.type !== 'CUSTOM') {
    return "'ExecutorInfo.type' must be 'CUSTOM'";
  }
  if (executor.command === undefined) return "'ExecutorInfo.command' must be set";
  const resources = executor.resources ?? [];
  if (resources.some(isShared)) {
    return `Executor resources ${formatResources(resources)} should not contain any shared resources`;
  }
  return validateExecutorCgroups(executor);
}

export function validateExecutorCgroups(executor: ExecutorInfo): string | undefined {
  return executor.container?.linux_info?.share_cgroups === true
    ? "The 'share_cgroups' field cannot be set to 'true' on executor containers"
    : undefined;
}

/** Rows 24 and 25. */
function validateTogether(task: TaskInfo, place: LaunchPlace): string | undefined {
  const taskResources = task.resources ?? [];
  const { executor } = task;
  const executorResources = executor?.resources ?? [];
  const together = [...taskResources, ...executorResources];
  if (executor !== undefined) {
    const rules = validateResourceRules(together);
    if (rules !== undefined) return `Task and its executor use invalid resources: ${rules}`;
    if (overlaps(taskResources, executorResources)) {
      return `There are overlapping resources in the task resources ${JSON.stringify(taskResources)} and executor resources ${JSON.stringify(executorResources)}`;
    }
    const persistence = validateUniquePersistenceIds(together);
    if (persistence !== undefined) {
      return `Task and its executor use duplicate persistence ID: ${persistence}`;
    }
    const revocable = validateRevocability(together);
    if (revocable !== undefined) {
      return `Task and its executor mix revocable and non-revocable resources: ${revocable}`;
    }
  }
  const isNew = executor !== undefined && existingExecutor(executor, place) === undefined;
  const total = isNew ? add(taskResources, executorResources) : add([], taskResources);
  if (contains(place.pool, total)) return undefined;
  return `Total resources ${formatResources(total)} required by task and its executor is more than available ${formatResources(place.pool)}`;
}

export function existingExecutor(
  executor: ExecutorInfo,
  { framework, agent }: Pick<LaunchPlace, 'framework' | 'agent'>,
): ExecutorInfo | undefined {
  return agent.executors.get(framework.id)?.get(executorId(executor.executor_id.value));
}

/** Section 13.3. */
export function validateExecutor(executor: ExecutorInfo, place: LaunchPlace): string | undefined {
  return (
    validateExecutorType(executor) ??
    validateExecutorItself(executor) ??
    validateExecutorFramework(executor, place.framework) ??
    validateExecutorResources(executor) ??
    validateExecutorCompatible(executor, place)
  );
}

/** What is wrong wherever it runs, also where the agent has completed what the framework left out. */
export function validateExecutorItself(executor: ExecutorInfo): string | undefined {
  return validateId(executor.executor_id.value) ?? validateExecutorForms(executor);
}

function validateExecutorType(executor: ExecutorInfo): string | undefined {
  switch (executor.type) {
    case 'DEFAULT':
      if (executor.command !== undefined) {
        return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
      }
      if (executor.container === undefined) return undefined;
      if (executor.container.type !== 'MESOS') {
        return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
      }
      return executor.container.mesos?.image === undefined
        ? undefined
        : "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
    case 'CUSTOM':
      return executor.command === undefined
        ? "'ExecutorInfo.command' must be set for 'CUSTOM' executor"
        : undefined;
    default:
      return undefined;
  }
}

function validateExecutorForms(executor: ExecutorInfo): string | undefined {
  if (isNegative(executor.shutdown_grace_period)) {
    return "ExecutorInfo's 'shutdown_grace_period' must be non-negative";
  }
  const command = executor.command === undefined ? undefined : validateCommand(executor.command);
  if (command !== undefined) return `Executor's \`CommandInfo\` is invalid: ${command}`;
  const { container } = executor;
  const why = container === undefined ? undefined : validateContainer(container);
  return why === undefined ? undefined : `Executor's \`ContainerInfo\` is invalid: ${why}`;
}

function validateExecutorFramework(
  executor: ExecutorInfo,
  framework: Framework,
): string | undefined {
  const id = executor.framework_id?.value;
  if (id === undefined) return "'ExecutorInfo.framework_id' must be set";
  if (id === framework.id) return undefined;
  return `ExecutorInfo has an invalid FrameworkID (Actual: ${id} vs Expected: ${framework.id})`;
}

function validateExecutorResources(executor: ExecutorInfo): string | undefined {
  const resources = executor.resources ?? [];
  const rules = validateResourceRules(resources);
  if (rules !== undefined) return `Executor uses invalid resources: ${rules}`;
  const persistence = validateUniquePersistenceIds(resources);
  if (persistence !== undefined) return `Executor uses duplicate persistence ID: ${persistence}`;
  const role = validateSingleAllocationRole(resources);
  if (role !== undefined) return `Invalid executor resources: ${role}`;
  const revocable = validateRevocability(resources);
  return revocable === undefined
    ? undefined
    : `Executor mixes revocable and non-revocable resources: ${revocable}`;
}

function validateExecutorCompatible(
  executor: ExecutorInfo,
  place: LaunchPlace,
): string | undefined {
  const existing = existingExecutor(executor, place);
  if (existing === undefined || sameExecutor(existing, executor)) return undefined;
  const line = '-'.repeat(60);
  return [
    'ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.',
    line,
    'Existing ExecutorInfo:',
    toDebugText('mesos.v1.ExecutorInfo', existing),
    line,
    'ExecutorInfo:',
    toDebugText('mesos.v1.ExecutorInfo', executor),
    line,
    '',
  ].join('\n');
}

export function sameExecutor(a: ExecutorInfo, b: ExecutorInfo): boolean {
  const { resources: left = [], type: leftType = 'UNKNOWN', ...restOfA } = a;
  const { resources: right = [], type: rightType = 'UNKNOWN', ...restOfB } = b;
  return leftType === rightType && equals(left, right) && deepEqual(restOfA, restOfB);
}
