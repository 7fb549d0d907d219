/**
 * LAUNCH and LAUNCH_GROUP on an agent (spec scheduler-api, sections 11.4 and 11.5; messages: spec
 * libprocess, section 5.1).
 */
import { add, contains, subtract } from '../resources/arithmetic.ts';
import { isShared } from '../resources/kinds.ts';
import { toPreReservationRefinement } from '../resources/refinement.ts';
import type { ResourceVersionUUID } from '../wire/types/mesos.internal.ts';
import type {
  ExecutorInfo,
  OfferOperationLaunchGroup,
  Resource,
  Task,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';
import type { Acceptance } from './accept.ts';
import { refuseGroupLaunch, refuseLaunch } from './authorization.ts';
import type { MasterContext } from './context.ts';
import { driverPidText } from './framework-info.ts';
import { countOperation } from './operation-metrics.ts';
import type { Agent, Framework } from './records.ts';
import { refuseTask } from './statuses.ts';
import { existingExecutor, validateTask } from './validation/task.ts';
import { validateTaskGroup } from './validation/task-group.ts';

/** Each task on its own: a failing one does not affect its siblings. */
export function launch(
  context: MasterContext,
  acceptance: Acceptance,
  tasks: readonly TaskInfo[],
): void {
  const { framework, agent } = acceptance;
  for (const given of tasks) {
    const unauthorized = refuseLaunch(context, framework, given);
    if (unauthorized !== undefined) {
      const outcome = { reason: 'REASON_TASK_UNAUTHORIZED', message: unauthorized } as const;
      refuseTask(context, framework, given, { state: 'TASK_ERROR', ...outcome });
      continue;
    }
    const pool = poolWithShared(acceptance);
    const why = validateTask(given, { framework, agent, pool });
    if (why !== undefined) {
      const reason = 'REASON_TASK_INVALID';
      refuseTask(context, framework, given, { state: 'TASK_ERROR', reason, message: why });
      continue;
    }
    const { executor } = given;
    const isNew = executor !== undefined && existingExecutor(executor, acceptance) === undefined;
    if (isNew) holdExecutor(context, acceptance, executor);
    const task = decorated(context, acceptance, given);
    holdTask(context, acceptance, task);
    context.send(agent, {
      name: 'mesos.internal.RunTaskMessage',
      message: {
        framework: framework.info,
        task: forAgent(agent, task),
        resource_version_uuids: resourceVersions(agent),
        pid: driverPidText(framework),
        launch_executor: executor === undefined || isNew,
      },
    });
    countOperation(framework, 'LAUNCH');
  }
}

/** All or nothing. */
export function launchGroup(
  context: MasterContext,
  acceptance: Acceptance,
  operation: OfferOperationLaunchGroup,
): void {
  const { framework, agent } = acceptance;
  const { executor } = operation;
  const tasks = operation.task_group.tasks ?? [];
  const pool = poolWithShared(acceptance);
  const unauthorized = refuseGroupLaunch(context, framework, tasks);
  const why = unauthorized ?? validateTaskGroup(tasks, executor, { framework, agent, pool });
  if (why !== undefined) {
    const reason =
      unauthorized === undefined ? 'REASON_TASK_GROUP_INVALID' : 'REASON_TASK_GROUP_UNAUTHORIZED';
    for (const task of tasks) {
      refuseTask(context, framework, task, { state: 'TASK_ERROR', reason, message: why });
    }
    return;
  }
  const isNew = existingExecutor(executor, acceptance) === undefined;
  if (isNew) holdExecutor(context, acceptance, executor);
  const launched: TaskInfo[] = [];
  for (const each of tasks) {
    const task = decorated(context, acceptance, each);
    holdTask(context, acceptance, task);
    launched.push(task);
  }
  context.send(agent, {
    name: 'mesos.internal.RunTaskGroupMessage',
    message: {
      framework: framework.info,
      executor: executorForAgent(agent, executor),
      task_group: { tasks: launched.map((task) => forAgent(agent, task)) },
      resource_version_uuids: resourceVersions(agent),
      launch_executor: isNew,
    },
  });
  countOperation(framework, 'LAUNCH_GROUP');
}

/** What hooks make of a valid task; resources that were not offered are left as they were. */
function decorated(context: MasterContext, acceptance: Acceptance, task: TaskInfo): TaskInfo {
  const changed = context.hooks.masterLaunchTask(
    task,
    acceptance.framework.info,
    acceptance.agent.info,
  );
  if (changed.resources === task.resources) return changed;
  if (contains(poolWithShared(acceptance), changed.resources ?? [])) return changed;
  const taskId = task.task_id.value;
  context.log('warn', { taskId }, 'a hook asks for more than was offered and is left out');
  return { ...changed, resources: task.resources };
}

/** Shared volumes may be used again and again, whatever earlier tasks took. */
function poolWithShared(acceptance: Acceptance): readonly Resource[] {
  const missing = acceptance.shared.filter((each) => !contains(acceptance.pool, [each]));
  return missing.length === 0 ? acceptance.pool : add(acceptance.pool, missing);
}

function holdExecutor(
  context: MasterContext,
  acceptance: Acceptance,
  executor: ExecutorInfo,
): void {
  context.state.addExecutor(acceptance.framework, acceptance.agent, executor);
  consume(context, acceptance, executor.resources ?? []);
}

function holdTask(context: MasterContext, acceptance: Acceptance, info: TaskInfo): void {
  const { framework, agent } = acceptance;
  const task = stagingTask(info, framework);
  context.state.tasks.add(framework, agent, task);
  consume(context, acceptance, info.resources ?? []);
  context.operatorEvent({ kind: 'task-added', framework, task });
}

/** Copies of shared volumes that the pool lacks are added to the allocation. */
function consume(
  context: MasterContext,
  acceptance: Acceptance,
  resources: readonly Resource[],
): void {
  for (const each of resources.filter(isShared)) {
    if (contains(acceptance.pool, [each])) continue;
    acceptance.conversions.push({ consumed: [], converted: [each] });
    acceptance.pool = add(acceptance.pool, [each]);
  }
  acceptance.pool = subtract(acceptance.pool, resources);
  context.allocator.transitionOfferedToAllocated(acceptance.agent.id, resources);
}

/** The master's record of a task it has just launched. */
export function stagingTask(info: TaskInfo, framework: Framework): Task {
  const user = info.command?.user ?? info.executor?.command?.user;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: framework.id },
    executor_id: info.executor?.executor_id,
    agent_id: info.agent_id,
    state: 'TASK_STAGING',
    resources: info.resources,
    labels: info.labels,
    discovery: info.discovery,
    container: info.container,
    health_check: info.health_check,
    kill_policy: info.kill_policy,
    user,
    limits: info.limits,
  };
}

export function resourceVersions(agent: Agent): readonly ResourceVersionUUID[] {
  return agent.resourceVersionUuid === undefined ? [] : [{ uuid: agent.resourceVersionUuid }];
}

/** Agents without RESERVATION_REFINEMENT understand the old form only. */
function forAgent(agent: Agent, task: TaskInfo): TaskInfo {
  if (agent.capabilities.has('RESERVATION_REFINEMENT')) return task;
  return {
    ...task,
    resources: toPreReservationRefinement(task.resources ?? []),
    ...(task.executor === undefined ? {} : { executor: executorForAgent(agent, task.executor) }),
  };
}

function executorForAgent(agent: Agent, executor: ExecutorInfo): ExecutorInfo {
  if (agent.capabilities.has('RESERVATION_REFINEMENT')) return executor;
  return { ...executor, resources: toPreReservationRefinement(executor.resources ?? []) };
}
