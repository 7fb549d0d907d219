/**
 * From a group that was handed over to one that runs: every task of a default executor has a sandbox
 * of its own, and none starts before all have theirs, with files, volumes and owner. What a
 * container lacks fails its task, and that ends the group (spec executor-api, section 13).
 */
import type { DurationMs } from '../base/duration.ts';
import { type ContainerId, type TaskId, taskId } from '../base/ids.ts';
import type { TaskInfo } from '../wire/types/mesos.v1.ts';
import { hostedTaskOf } from './command-info.ts';
import { unsupportedPart } from './containerizer/unsupported.ts';
import type { AgentContext } from './context.ts';
import type { PreparedSandbox } from './effects.ts';
import { executorEnvironment } from './environment.ts';
import type { AgentExecutor } from './state.ts';
import { nestedLinks } from './volumes.ts';

/** A task whose sandbox is being made. */
export interface StartingTask {
  readonly info: TaskInfo;
  readonly nestedId: ContainerId;
  readonly sandbox: string;
  /** Undefined until the sandbox is there or could not be made. */
  outcome: PreparedSandbox | undefined;
  /** A KILL that has come meanwhile. */
  kill: { readonly graceMs: DurationMs | undefined } | undefined;
}

export function startGroup(
  context: AgentContext,
  executor: AgentExecutor,
  tasks: readonly TaskInfo[],
): void {
  const group = tasks.flatMap((info): readonly StartingTask[] => {
    const nestedId = executor.nestedContainers.get(taskId(info.task_id.value));
    if (nestedId === undefined) return [];
    const sandbox = `${executor.directory}/containers/${nestedId}`;
    const { container } = info;
    const refused =
      container === undefined ? undefined : unsupportedPart(container, context.options.isolators);
    const outcome =
      refused === undefined
        ? undefined
        : ({
            ok: false,
            stage: 'directory',
            message: `${refused} not supported by this agent`,
          } as const);
    return [{ info, nestedId, sandbox, outcome, kill: undefined }];
  });
  executor.startingGroups.push(group);
  for (const task of group) if (task.outcome === undefined) prepare(context, executor, task);
  runIfReady(context, executor, group);
}

function prepare(context: AgentContext, executor: AgentExecutor, task: StartingTask): void {
  const { info, nestedId, sandbox } = task;
  const own = context.options.switchUser ? info.command?.user : undefined;
  context.emit({
    kind: 'symlink',
    path: `${executor.directory}/tasks/${info.task_id.value}`.slice(
      context.options.workDir.length + 1,
    ),
    target: sandbox,
  });
  context.emit({
    kind: 'prepare',
    containerId: nestedId,
    directory: sandbox,
    user: own ?? executor.user,
    uris: info.command?.uris ?? [],
    links: nestedLinks(context, executor, task),
  });
}

/** Nothing happens when the sandbox is none of a group's any more. */
export function nestedPrepared(
  context: AgentContext,
  nestedId: string,
  outcome: PreparedSandbox,
): void {
  for (const executor of context.state.containers.values()) {
    for (const group of executor.startingGroups) {
      const task = group.find((each) => each.nestedId === nestedId);
      if (task === undefined) continue;
      task.outcome = outcome;
      runIfReady(context, executor, group);
      return;
    }
  }
}

/** A KILL of a task that does not run yet follows its start. */
export function killStarting(
  executor: AgentExecutor,
  id: TaskId,
  graceMs: DurationMs | undefined,
): boolean {
  const task = executor.startingGroups.flat().find((each) => each.info.task_id.value === id);
  if (task === undefined) return false;
  task.kill = { graceMs };
  return true;
}

/** The executor has ended: nothing is fetched for it any more. */
export function forgetStarting(context: AgentContext, executor: AgentExecutor): void {
  for (const { nestedId, outcome } of executor.startingGroups.flat()) {
    if (outcome === undefined) context.emit({ kind: 'cancel-prepare', containerId: nestedId });
  }
  executor.startingGroups = [];
}

function runIfReady(
  context: AgentContext,
  executor: AgentExecutor,
  group: readonly StartingTask[],
): void {
  if (group.some((task) => task.outcome === undefined)) return;
  executor.startingGroups = executor.startingGroups.filter((each) => each !== group);
  const environment = executorEnvironment(context, executor);
  const { containerId } = executor;
  const tasks = group.map(({ info, nestedId, sandbox, outcome }) => {
    const containerIp = context.self.ip;
    const hosted = hostedTaskOf(info, { environment, nestedId, sandbox, containerIp });
    if (outcome?.ok === false) return { hosted: { ...hosted, refusal: outcome.message }, info };
    const user = outcome?.user;
    return { hosted: user === undefined ? hosted : { ...hosted, user }, info };
  });
  context.emit({ kind: 'run', containerId, tasks });
  for (const { info, kill } of group) {
    if (kill === undefined) continue;
    const { graceMs } = kill;
    context.emit({ kind: 'kill', containerId, taskId: info.task_id.value, graceMs });
  }
}
