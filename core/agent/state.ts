/**
 * What an agent knows: frameworks, their executors and tasks, master, resources. Views read it; only
 * the machine's handlers change it (spec agent-runtime, section 4; libprocess, section 4.1).
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import {
  type AgentId,
  agentId,
  type ContainerId,
  type ExecutorId,
  executorId,
  type FrameworkId,
  type TaskId,
  taskId,
} from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type { Event } from '../wire/types/mesos.v1.executor.ts';
import type {
  AgentInfo,
  CgroupInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  NetworkInfo,
  Operation,
  Resource,
  Task,
  TaskInfo,
  TaskResourceLimitation,
  TaskState,
  TaskStatusReason,
} from '../wire/types/mesos.v1.ts';
import type { StartingTask } from './group-launch.ts';
import type { ContainerKind } from './launcher-port.ts';

export type AgentStatus = 'recovering' | 'disconnected' | 'running' | 'terminating';
export type FrameworkStatus = 'running' | 'terminating';
export type ExecutorStatus = 'registering' | 'running' | 'terminating' | 'terminated';

export const EXECUTOR_COMPLETED_TASKS_MAX = 200;
export const COMPLETED_FRAMEWORKS_MAX = 50;

/** A stream of events to an HTTP executor. */
export interface ExecutorStream {
  send(event: Event): void;
  close(): void;
}

/** How events reach an executor; undefined until it has registered. */
export type ExecutorConnection =
  | { readonly kind: 'hosted' }
  | { readonly kind: 'http'; readonly stream: ExecutorStream | undefined }
  | { readonly kind: 'pid'; readonly pid: Upid };

/** Why the agent is ending a container; decides state and reason of its tasks. */
export interface PendingTermination {
  readonly state: TaskState;
  readonly reason: TaskStatusReason;
  readonly message: string;
  readonly limitation?: TaskResourceLimitation;
}

export interface AgentExecutor {
  readonly id: ExecutorId;
  readonly frameworkId: FrameworkId;
  readonly info: ExecutorInfo;
  readonly containerId: ContainerId;
  readonly kind: ContainerKind;
  /** Made up by the agent for a task with a command. */
  readonly isCommandExecutor: boolean;
  readonly checkpoint: boolean;
  /** Sandbox on the host, absolute. */
  readonly directory: string;
  /** System user the container runs as, when it is switched. */
  readonly user: string | undefined;
  status: ExecutorStatus;
  connection: ExecutorConnection | undefined;
  /** Process id of the executor or of its only task, once known. */
  pid: number | undefined;
  /** The networks it has joined, as its containerizer told; undefined: the host's. */
  networkInfos?: readonly NetworkInfo[] | undefined;
  cgroupInfo?: CgroupInfo | undefined;
  readonly registeredAt: Instant;
  pendingTermination: PendingTermination | undefined;
  /** Whether the launcher was asked to start the container. */
  isLaunched: boolean;
  /** Whether any task was ever handed to it. */
  wasSentTasks: boolean;
  /** Accepted, not handed over yet, in order of arrival. */
  readonly queuedTasks: Map<TaskId, TaskInfo>;
  /** Groups among `queuedTasks`, handed over together. */
  queuedGroups: (readonly TaskInfo[])[];
  /** Handed over and not terminal. */
  readonly launchedTasks: Map<TaskId, Task>;
  /** Terminal; the last update is not acknowledged by the scheduler yet. */
  readonly terminatedTasks: Map<TaskId, Task>;
  /** Terminal and acknowledged, oldest first; at most `EXECUTOR_COMPLETED_TASKS_MAX`. */
  readonly completedTasks: Task[];
  /** Task ids by nested container, for task groups. */
  readonly nestedContainers: Map<TaskId, ContainerId>;
  /** Groups whose sandboxes are being made. */
  startingGroups: (readonly StartingTask[])[];
}

export interface AgentFramework {
  readonly id: FrameworkId;
  info: FrameworkInfo;
  /** Process of a framework that uses the driver; undefined for HTTP frameworks. */
  pid: Upid | undefined;
  status: FrameworkStatus;
  readonly executors: Map<ExecutorId, AgentExecutor>;
  /** Oldest first; at most `--max_completed_executors_per_framework`. */
  readonly completedExecutors: AgentExecutor[];
}

/** One place to look; indexes are kept by the functions in `frameworks.ts` and `executors.ts`. */
export interface AgentState {
  status: AgentStatus;
  /** Without `id` until the first registration. */
  info: AgentInfo;
  readonly startedAt: Instant;
  /** The master we follow; undefined when no leader is known. */
  master: Upid | undefined;
  /** When the present registration was confirmed. */
  registeredAt: Instant | undefined;
  reregisteredAt: Instant | undefined;
  /** Told by the master: silence that ends a registration. */
  pingTimeoutMs: DurationMs;
  /** Without dynamic reservations and volumes. */
  readonly configuredResources: readonly Resource[];
  /** All resources, with the operations applied. */
  totalResources: readonly Resource[];
  /** Dynamic reservations and persistent volumes, on disk. */
  checkpointedResources: readonly Resource[];
  /** Of the estimator, in use or idle, all revocable; undefined without one. */
  oversubscribedResources?: readonly Resource[] | undefined;
  /** Text form; new at each start and each operation. */
  resourceVersion: string;
  readonly operations: Map<string, Operation>;
  drainConfig: DrainConfig | undefined;
  /** When this agent was told to drain, or started while draining. */
  drainStartedAt?: Instant | undefined;
  readonly frameworks: Map<FrameworkId, AgentFramework>;
  /** Oldest first; at most `COMPLETED_FRAMEWORKS_MAX`. */
  readonly completedFrameworks: AgentFramework[];
  /** Executors by container. */
  readonly containers: Map<ContainerId, AgentExecutor>;
}

export function agentIdOf(state: AgentState): AgentId | undefined {
  const id = state.info.id?.value;
  return id === undefined ? undefined : agentId(id);
}

export function emptyAgentState(
  info: AgentInfo,
  options: { readonly startedAt: Instant; readonly resourceVersion: string },
): AgentState {
  const resources = info.resources ?? [];
  return {
    status: 'recovering',
    info,
    startedAt: options.startedAt,
    master: undefined,
    registeredAt: undefined,
    reregisteredAt: undefined,
    pingTimeoutMs: 75_000,
    configuredResources: resources,
    totalResources: resources,
    checkpointedResources: [],
    resourceVersion: options.resourceVersion,
    operations: new Map(),
    drainConfig: undefined,
    frameworks: new Map(),
    completedFrameworks: [],
    containers: new Map(),
  };
}

/**
 * The executor of a framework that has a task in one of the ways of `has`. A command's executor has the
 * task's id, so with thousands of them there is no search.
 */
export function executorWith(
  framework: AgentFramework,
  id: TaskId,
  has: (executor: AgentExecutor, id: TaskId) => boolean,
): AgentExecutor | undefined {
  const namesake = framework.executors.get(executorId(id));
  if (namesake !== undefined && has(namesake, id)) return namesake;
  for (const executor of framework.executors.values()) if (has(executor, id)) return executor;
  return undefined;
}

/** Queued, launched, or terminal and not acknowledged. */
export function holdsTask(executor: AgentExecutor, id: TaskId): boolean {
  const { queuedTasks, launchedTasks, terminatedTasks } = executor;
  return queuedTasks.has(id) || launchedTasks.has(id) || terminatedTasks.has(id);
}

/** Tasks with an executor that are not terminal. */
export function* liveTasks(executor: AgentExecutor): IterableIterator<Task> {
  yield* executor.launchedTasks.values();
}

/** The whole of what an executor holds of `taskId`, in whatever phase. */
export function findTask(executor: AgentExecutor, id: TaskId): Task | undefined {
  return executor.launchedTasks.get(id) ?? executor.terminatedTasks.get(id);
}

/** Puts a changed task where the old one was. */
export function replaceTask(executor: AgentExecutor, task: Task): void {
  const id = taskId(task.task_id.value);
  if (executor.launchedTasks.has(id)) executor.launchedTasks.set(id, task);
  else if (executor.terminatedTasks.has(id)) executor.terminatedTasks.set(id, task);
}

export function hasCapability(
  framework: FrameworkInfo,
  type: 'PARTITION_AWARE' | 'TASK_KILLING_STATE',
): boolean {
  return (framework.capabilities ?? []).some((capability) => capability.type === type);
}
