/**
 * From RunTask to a queued task: every check that can drop it, in order
 * (spec executor-api, section 7; scheduler-api, section 16.4).
 */
import { namedPrincipal } from '../auth/principal.ts';
import { validateId } from '../base/id-rules.ts';
import { type ExecutorId, executorId, frameworkId, taskId } from '../base/ids.ts';
import { formatUuid } from '../base/random.ts';
import type { Upid } from '../net/ports.ts';
import { contains } from '../resources/arithmetic.ts';
import { isDynamicallyReserved, isPersistentVolume } from '../resources/kinds.ts';
import { toPostReservationRefinement } from '../resources/refinement.ts';
import { unallocate } from '../resources/select.ts';
import type {
  ResourceVersionUUID,
  RunTaskGroupMessage,
  RunTaskMessage,
} from '../wire/types/mesos.internal.ts';
import type { ExecutorInfo, FrameworkInfo, Resource, TaskInfo } from '../wire/types/mesos.v1.ts';
import { refuseTasks } from './authorization.ts';
import { commandExecutorFor } from './command-info.ts';
import type { AgentContext } from './context.ts';
import { sendExited, shutdownExecutor } from './executor-departure.ts';
import { addExecutor, deliverQueued } from './executors.ts';
import { addFramework, frameworkPid, removeFrameworkIfIdle } from './frameworks.ts';
import { sameUpid } from './masters.ts';
import type { AgentFramework } from './state.ts';
import { type AgentStatus, partitionState, sendAgentUpdate } from './tasks.ts';

interface Launch {
  readonly framework: FrameworkInfo;
  readonly pid: Upid | undefined;
  readonly executorInfo: ExecutorInfo;
  readonly isCommandTask: boolean;
  readonly tasks: readonly TaskInfo[];
  readonly isGroup: boolean;
  readonly resourceVersions: readonly ResourceVersionUUID[];
  readonly launchExecutor: boolean | undefined;
}

/** Without a state the tasks are dropped, or lost. */
type Drop = Pick<AgentStatus, 'reason' | 'message'> & { readonly state?: 'TASK_ERROR' };

export function runTask(context: AgentContext, from: Upid, message: RunTaskMessage): void {
  const task = withListForm(message.task);
  const { framework } = message;
  const { options } = context;
  const id = framework.id?.value ?? message.framework_id?.value;
  const isCommandTask = task.executor === undefined;
  // Both or neither is a fault of the master that must not take the agent down.
  if (id === undefined || (task.command === undefined) === isCommandTask) {
    context.log('warn', 'task ignored: it has both or neither of command and executor', {
      taskId: task.task_id.value,
    });
    return;
  }
  launch(context, from, {
    framework: { ...framework, id: { value: id } },
    pid: frameworkPid(message.pid),
    executorInfo:
      task.executor ??
      commandExecutorFor(task, id, {
        launcherDir: options.launcherDir,
        sandboxDirectory: options.sandboxDirectory,
        user: options.switchUser ? (task.command?.user ?? framework.user) : undefined,
      }),
    isCommandTask,
    tasks: [task],
    isGroup: false,
    resourceVersions: message.resource_version_uuids ?? [],
    launchExecutor: message.launch_executor,
  });
}

export function runTaskGroup(
  context: AgentContext,
  from: Upid,
  message: RunTaskGroupMessage,
): void {
  const { executor } = message;
  launch(context, from, {
    framework: message.framework,
    pid: undefined,
    // A default executor is known without its command: masters refuse agents that tell one.
    executorInfo: executor,
    isCommandTask: false,
    tasks: (message.task_group.tasks ?? []).map(withListForm),
    isGroup: true,
    resourceVersions: message.resource_version_uuids ?? [],
    launchExecutor: message.launch_executor,
  });
}

function withListForm(task: TaskInfo): TaskInfo {
  const resources = toPostReservationRefinement(task.resources ?? []);
  if (task.executor === undefined) return { ...task, resources };
  const own = toPostReservationRefinement(task.executor.resources ?? []);
  return { ...task, resources, executor: { ...task.executor, resources: own } };
}

function launch(context: AgentContext, from: Upid, wanted: Launch): void {
  const { state } = context;
  if (!sameUpid(from, state.master)) {
    context.log('warn', 'launch ignored: it does not come from the leading master', {});
    return;
  }
  if (state.status === 'recovering' || state.status === 'terminating') return;
  if (wanted.tasks.some((task) => task.agent_id.value !== context.agentId)) return;
  const id = frameworkId(wanted.framework.id?.value ?? '');
  const fault = faultOfIds([id, idOf(wanted), ...wanted.tasks.map((each) => each.task_id.value)]);
  if (fault !== undefined) {
    context.log('warn', 'launch ignored: an id cannot name a directory', { fault });
    return;
  }
  const known = state.frameworks.get(id);
  if (known?.status === 'terminating') return;
  const framework = known ?? addFramework(context, wanted.framework, wanted.pid);
  const drop = checkLaunch(context, framework, wanted);
  if (drop !== undefined) {
    dropTasks(context, framework, wanted, drop);
    return;
  }
  enqueue(context, framework, wanted);
}

/** Checkpoints and sandboxes lie in directories of these names. */
function faultOfIds(ids: readonly string[]): string | undefined {
  return ids.map(validateId).find((fault) => fault !== undefined);
}

function checkLaunch(
  context: AgentContext,
  framework: AgentFramework,
  wanted: Launch,
): Drop | undefined {
  return (
    checkLimits(wanted.tasks, context.options.isolators) ??
    checkAuthorization(context, framework, wanted) ??
    checkDrain(context) ??
    checkVersions(context, wanted.resourceVersions) ??
    checkCheckpointedResources(context, wanted) ??
    checkExecutor(context, framework, wanted)
  );
}

function checkLimits(tasks: readonly TaskInfo[], isolators: readonly string[]): Drop | undefined {
  const names = new Set(tasks.flatMap((task) => Object.keys(task.limits ?? {})));
  for (const [name, word, isolator] of [
    ['cpus', 'CPU', 'cgroups/cpu'],
    ['mem', 'Memory', 'cgroups/mem'],
  ] as const) {
    if (!names.has(name) || isolators.includes(isolator)) continue;
    return {
      reason: 'REASON_GC_ERROR',
      message:
        `${word} limits can only be set on tasks launched in Mesos containers ` +
        `when the agent has loaded the '${isolator}' isolator`,
    };
  }
  return undefined;
}

/** The master has asked the same, but may have other ACLs. */
function checkAuthorization(
  context: AgentContext,
  framework: AgentFramework,
  { tasks, isGroup }: Launch,
): Drop | undefined {
  const { authorizer } = context.options;
  if (authorizer === undefined) return undefined;
  const { principal: name } = framework.info;
  const principal = name === undefined ? undefined : namedPrincipal(name);
  const refused = refuseTasks(authorizer.approvers(principal), framework, tasks);
  if (refused === undefined) return undefined;
  const reason = isGroup ? 'REASON_TASK_GROUP_UNAUTHORIZED' : 'REASON_TASK_UNAUTHORIZED';
  return { reason, message: refused, state: 'TASK_ERROR' };
}

function checkDrain(context: AgentContext): Drop | undefined {
  if (context.state.drainConfig === undefined) return undefined;
  return {
    reason: 'REASON_AGENT_DRAINING',
    message: 'Task was received while agent was already draining',
  };
}

function checkVersions(
  context: AgentContext,
  versions: readonly ResourceVersionUUID[],
): Drop | undefined {
  const mine = versions.find((each) => each.resource_provider_id === undefined);
  if (mine === undefined || formatUuid(mine.uuid.value) === context.state.resourceVersion) {
    return undefined;
  }
  return { reason: 'REASON_INVALID_OFFERS', message: 'Task assumes outdated resource state' };
}

function checkCheckpointedResources(context: AgentContext, wanted: Launch): Drop | undefined {
  const reason = 'REASON_RESOURCES_UNKNOWN';
  const tasks = wanted.tasks.flatMap((task) => task.resources ?? []);
  if (!areKnown(context, tasks)) {
    const message =
      'The checkpointed resources being used by the task or task group are unknown to the agent';
    return { reason, message };
  }
  if (!wanted.isCommandTask && !areKnown(context, wanted.executorInfo.resources ?? [])) {
    const message =
      'The checkpointed resources being used by the executor are unknown to the agent';
    return { reason, message };
  }
  return undefined;
}

function areKnown(context: AgentContext, resources: readonly Resource[]): boolean {
  const checkpointed = toPostReservationRefinement(resources).filter(
    (each) => isDynamicallyReserved(each) || isPersistentVolume(each),
  );
  if (checkpointed.length === 0) return true;
  return contains(context.state.checkpointedResources, unallocate(checkpointed));
}

function checkExecutor(
  context: AgentContext,
  framework: AgentFramework,
  wanted: Launch,
): Drop | undefined {
  const reason = 'REASON_EXECUTOR_TERMINATED';
  const executor = framework.executors.get(idOf(wanted));
  if (executor === undefined) {
    if (wanted.launchExecutor !== false) return undefined;
    return { reason, message: 'No executor is expected to launch and there is none running' };
  }
  if (wanted.isCommandTask) {
    const message = 'Cannot reuse an already existing executor for a command task';
    return { reason: 'REASON_TASK_INVALID', message };
  }
  if (wanted.launchExecutor === true) {
    // The master does not know it; tasks it may still have are reported as it ends.
    if (executor.status === 'registering' || executor.status === 'running') {
      shutdownExecutor(context, executor);
    }
    return { reason, message: 'Master wants to launch executor, but one already exists' };
  }
  if (executor.status === 'terminating') return { reason, message: 'Executor terminating' };
  if (executor.status === 'terminated') return { reason, message: 'Executor terminated' };
  return undefined;
}

function dropTasks(
  context: AgentContext,
  framework: AgentFramework,
  wanted: Launch,
  drop: Drop,
): void {
  const state = drop.state ?? partitionState(framework, 'TASK_DROPPED');
  for (const task of wanted.tasks) {
    sendAgentUpdate(context, framework, taskId(task.task_id.value), { ...drop, state });
  }
  if (wanted.launchExecutor === true) {
    sendExited(context, { frameworkId: framework.id, id: idOf(wanted) }, -1);
  }
  removeFrameworkIfIdle(context, framework);
}

function enqueue(context: AgentContext, framework: AgentFramework, wanted: Launch): void {
  const [firstTask] = wanted.tasks;
  if (firstTask === undefined) return;
  const known = framework.executors.get(idOf(wanted));
  const executor =
    known ??
    addExecutor(context, framework, {
      info: wanted.executorInfo,
      isCommandExecutor: wanted.isCommandTask,
      firstTask,
    });
  const tasks = wanted.tasks.map((task) =>
    context.hooks.slaveRunTask(task, executor.info, framework.info, context.state.info),
  );
  for (const task of tasks) executor.queuedTasks.set(taskId(task.task_id.value), task);
  if (wanted.isGroup) executor.queuedGroups.push(tasks);
  if (known !== undefined) deliverQueued(context, executor);
}

function idOf(wanted: Launch): ExecutorId {
  return executorId(wanted.executorInfo.executor_id.value);
}
