/** The files written while frameworks, executors and tasks come and go (spec agent-runtime, 1.1). */

import type { Task } from '../../wire/types/mesos.v1.ts';
import { formatUpid } from '../../wire/upid.ts';
import type { AgentContext } from '../context.ts';
import type { AgentExecutor, AgentFramework } from '../state.ts';
import {
  AGENTS_PATH,
  agentPath,
  LATEST_PATH,
  META_LATEST_PATH,
  metaAgentPath,
  metaExecutorPath,
  metaFrameworkPath,
  metaRunPath,
  type RunIds,
  taskInfoPath,
  taskUpdatesPath,
} from './paths.ts';
import { encodeRecord } from './records.ts';

const NO_PID = '@0.0.0.0:0';

export function runIdsOf(context: AgentContext, executor: AgentExecutor): RunIds {
  return {
    agentId: context.agentId,
    frameworkId: executor.frameworkId,
    executorId: executor.id,
    containerId: executor.containerId,
  };
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** At the first registration only; later restarts are compared with it. */
export function checkpointAgent(context: AgentContext): void {
  const id = context.agentId;
  context.emit({
    kind: 'write',
    path: `${metaAgentPath(id)}/slave.info`,
    bytes: encodeRecord('mesos.v1.AgentInfo', context.state.info),
    durable: true,
  });
  context.emit({
    kind: 'symlink',
    path: META_LATEST_PATH,
    target: absolute(context, metaAgentPath(id)),
  });
  context.emit({ kind: 'make-directory', path: `${AGENTS_PATH}/${id}` });
  context.emit({ kind: 'symlink', path: LATEST_PATH, target: absolute(context, agentPath(id)) });
}

export function checkpointFramework(context: AgentContext, framework: AgentFramework): void {
  if (framework.info.checkpoint !== true) return;
  const folder = metaFrameworkPath({ agentId: context.agentId, frameworkId: framework.id });
  context.emit({
    kind: 'write',
    path: `${folder}/framework.info`,
    bytes: encodeRecord('mesos.v1.FrameworkInfo', framework.info),
  });
  const pid = framework.pid === undefined ? NO_PID : formatUpid(framework.pid);
  context.emit({ kind: 'write', path: `${folder}/framework.pid`, bytes: text(pid) });
}

export function checkpointExecutor(context: AgentContext, executor: AgentExecutor): void {
  if (!executor.checkpoint) return;
  const ids = runIdsOf(context, executor);
  const folder = metaExecutorPath(ids);
  context.emit({
    kind: 'write',
    path: `${folder}/executor.info`,
    bytes: encodeRecord('mesos.v1.ExecutorInfo', executor.info),
  });
  context.emit({
    kind: 'write',
    path: `${folder}/executor_generated_for_command_task`,
    bytes: text(executor.isCommandExecutor ? '1' : '0'),
  });
  const target = absolute(context, metaRunPath(ids));
  context.emit({ kind: 'make-directory', path: metaRunPath(ids) });
  context.emit({ kind: 'symlink', path: `${folder}/runs/latest`, target });
}

export function checkpointTask(context: AgentContext, executor: AgentExecutor, task: Task): void {
  if (!executor.checkpoint) return;
  const path = taskInfoPath(runIdsOf(context, executor), task.task_id.value);
  context.emit({ kind: 'write', path, bytes: encodeRecord('mesos.v1.Task', task) });
}

/** How the executor can be found again after a restart. */
export function checkpointConnection(context: AgentContext, executor: AgentExecutor): void {
  if (!executor.checkpoint || executor.connection === undefined) return;
  const folder = metaRunPath(runIdsOf(context, executor));
  if (executor.connection.kind === 'pid') {
    const bytes = text(formatUpid(executor.connection.pid));
    context.emit({ kind: 'write', path: `${folder}/pids/libprocess.pid`, bytes });
    return;
  }
  context.emit({ kind: 'write', path: `${folder}/http.marker`, bytes: text('') });
}

export function checkpointForkedPid(context: AgentContext, executor: AgentExecutor): void {
  if (!executor.checkpoint || executor.pid === undefined) return;
  const path = `${metaRunPath(runIdsOf(context, executor))}/pids/forked.pid`;
  context.emit({ kind: 'write', path, bytes: text(String(executor.pid)) });
}

/** The executor has ended and everything about it is acknowledged. */
export function checkpointSentinel(context: AgentContext, executor: AgentExecutor): void {
  if (!executor.checkpoint) return;
  const path = `${metaRunPath(runIdsOf(context, executor))}/executor.sentinel`;
  context.emit({ kind: 'write', path, bytes: text('') });
}

/** Undefined for frameworks that do not checkpoint. */
export function updatesPathOf(
  context: AgentContext,
  executor: AgentExecutor | undefined,
  taskId: string,
): string | undefined {
  if (executor === undefined || !executor.checkpoint) return undefined;
  return taskUpdatesPath(runIdsOf(context, executor), taskId);
}

function absolute(context: AgentContext, path: string): string {
  return `${context.options.workDir}/${path}`;
}
