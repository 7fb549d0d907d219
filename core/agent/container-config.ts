/** What a containerizer is told about an executor's container (spec agent-runtime, sections 4 and 7). */
import type { UserIds } from '../executor/hosted.ts';
import { isPersistentVolume } from '../resources/kinds.ts';
import type { Resource, TaskInfo } from '../wire/types/mesos.v1.ts';
import { hasTerminal, hostedCommandOf } from './command-info.ts';
import type { ContainerConfig, ContainerLimits, ContainerResources } from './containerizer/port.ts';
import type { AgentContext } from './context.ts';
import { executorEnvironment, shutdownGraceMs } from './environment.ts';
import { type AgentExecutor, type AgentFramework, hasCapability } from './state.ts';

const LIMITED = ['cpus', 'mem'] as const;

export function containerConfigOf(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
  user: UserIds | undefined,
): ContainerConfig {
  const { kind, info } = executor;
  const environment = { ...executorEnvironment(context, executor), ...tokenOf(context, executor) };
  const [task] = executor.queuedTasks.values();
  const taskInfo = executor.isCommandExecutor ? task : undefined;
  return {
    spec: {
      id: executor.containerId,
      kind,
      frameworkId: executor.frameworkId,
      executorId: executor.id,
      sandbox: executor.directory,
      ...(user === undefined ? {} : { user }),
      ...(kind === 'process' ? { command: hostedCommandOf(info.command, environment) } : {}),
      ...(kind === 'process' && hasTerminal(info.container) ? { isTerminal: true } : {}),
      sendsKilling: hasCapability(framework.info, 'TASK_KILLING_STATE'),
      shutdownGraceMs: shutdownGraceMs(context, executor),
      recoveryTimeoutMs: executor.checkpoint ? context.options.recoveryTimeoutMs : 0,
    },
    executorInfo: info,
    ...(taskInfo === undefined ? {} : { taskInfo }),
    ...(info.container === undefined ? {} : { containerInfo: info.container }),
    environment,
    ...resourcesOf(
      info.resources ?? [],
      taskInfo === undefined ? [...executor.queuedTasks.values()].map(withoutVolumes) : [taskInfo],
    ),
  };
}

/**
 * What an executor is started for counts from its start, so that it can use it before it has the tasks. Volumes
 * come with the tasks.
 */
function withoutVolumes(task: TaskInfo): Sized {
  const resources = task.resources?.filter((each) => !isPersistentVolume(each));
  return { ...task, resources };
}

/** Hosted executors have no environment of their own; their tasks must not see the token. */
function tokenOf({ options }: AgentContext, executor: AgentExecutor): Record<string, string> {
  if (options.executorToken === undefined || executor.kind !== 'process') return {};
  const { frameworkId: fid, id: eid, containerId: cid } = executor;
  return { MESOS_EXECUTOR_AUTHENTICATION_TOKEN: options.executorToken({ fid, eid, cid }) };
}

/** Tells the containerizer of an executor with changing tasks what it may use from now on. */
export function updateContainer(
  context: AgentContext,
  executor: AgentExecutor,
  coming: readonly TaskInfo[] = [],
): void {
  if (executor.isCommandExecutor || executor.status === 'terminated') return;
  const tasks = [...executor.launchedTasks.values(), ...coming];
  const resources = resourcesOf(executor.info.resources ?? [], tasks);
  context.emit({ kind: 'update-container', containerId: executor.containerId, resources });
}

interface Sized {
  readonly resources?: readonly Resource[] | undefined;
  readonly limits?: TaskInfo['limits'] | undefined;
}

/** A limit applies when any task has one; those without count with what they asked for. */
export function resourcesOf(
  executor: readonly Resource[],
  tasks: readonly Sized[],
): ContainerResources {
  const requests = [...executor, ...tasks.flatMap((task) => task.resources ?? [])];
  const limits: { -readonly [Name in keyof ContainerLimits]: ContainerLimits[Name] } = {};
  for (const name of LIMITED) {
    if (!tasks.some((task) => task.limits?.[name] !== undefined)) continue;
    let total = amountOf(executor, name);
    for (const task of tasks) {
      total += task.limits?.[name]?.value ?? amountOf(task.resources ?? [], name);
    }
    limits[name] = total;
  }
  return { requests, limits };
}

function amountOf(resources: readonly Resource[], name: string): number {
  let total = 0;
  for (const resource of resources)
    if (resource.name === name) total += resource.scalar?.value ?? 0;
  return total;
}
