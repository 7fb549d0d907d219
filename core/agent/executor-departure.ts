/**
 * How an executor goes (spec executor-api, sections 5 and 9): asked to end, destroyed, late, ended by itself; and
 * what is done with what it leaves.
 */
import type { Instant } from '../base/clock.ts';
import { formatDuration } from '../base/duration.ts';
import { containerId } from '../base/ids.ts';
import { UNKNOWN_STATUS } from '../executor/wait-status.ts';
import type { TaskStatusReason } from '../wire/types/mesos.v1.ts';
import { checkpointSentinel, runIdsOf } from './checkpoint/effects.ts';
import {
  executorPath,
  frameworkPath,
  metaExecutorPath,
  metaRunPath,
  runPath,
} from './checkpoint/paths.ts';
import type { AgentContext } from './context.ts';
import { shutdownGraceMs } from './environment.ts';
import { sendShutdown } from './executor-events.ts';
import { removeFrameworkIfIdle } from './frameworks.ts';
import { forgetStarting } from './group-launch.ts';
import type { AgentExecutor, AgentFramework } from './state.ts';
import { sendAgentUpdate } from './tasks.ts';

/** Of the deadlines of containers. */
export const REGISTRATION_PREFIX = 'executor-registration:';
const SHUTDOWN_PREFIX = 'executor-shutdown:';

/** Asks the executor to end; its container is destroyed after the grace period. */
export function shutdownExecutor(context: AgentContext, executor: AgentExecutor): void {
  if (executor.status !== 'registering' && executor.status !== 'running') return;
  const isHeard = executor.status === 'running' || executor.connection?.kind === 'hosted';
  executor.status = 'terminating';
  context.deadlines.clear(REGISTRATION_PREFIX + executor.containerId);
  if (isHeard) sendShutdown(context, executor);
  else if (!executor.isLaunched) {
    context.emit({ kind: 'cancel-prepare', containerId: executor.containerId });
  }
  const graceMs = shutdownGraceMs(context, executor);
  context.deadlines.set(SHUTDOWN_PREFIX + executor.containerId, context.now + graceMs);
}

/** Kills the container for a reason that its tasks will tell. */
export function destroyExecutor(
  context: AgentContext,
  executor: AgentExecutor,
  why: AgentExecutor['pendingTermination'],
): void {
  if (executor.status === 'terminated') return;
  executor.status = 'terminating';
  executor.pendingTermination ??= why;
  context.deadlines.clear(REGISTRATION_PREFIX + executor.containerId);
  context.deadlines.clear(SHUTDOWN_PREFIX + executor.containerId);
  if (executor.isLaunched) {
    context.emit({ kind: 'destroy-container', containerId: executor.containerId });
  } else {
    context.emit({ kind: 'cancel-prepare', containerId: executor.containerId });
    executorExited(context, executor, UNKNOWN_STATUS);
  }
}

/** A deadline of an executor has come; false when `key` is none. */
export function executorWoke(context: AgentContext, key: string): boolean {
  for (const prefix of [REGISTRATION_PREFIX, SHUTDOWN_PREFIX]) {
    if (!key.startsWith(prefix)) continue;
    const executor = context.state.containers.get(containerId(key.slice(prefix.length)));
    if (executor === undefined) return true;
    if (prefix === SHUTDOWN_PREFIX) {
      destroyExecutor(context, executor, undefined);
      return true;
    }
    destroyExecutor(context, executor, lateness(context, executor));
    return true;
  }
  return false;
}

/** Of an executor whose time to register is over. What has not begun cannot register: its launch is given up. */
function lateness(
  context: AgentContext,
  executor: AgentExecutor,
): NonNullable<AgentExecutor['pendingTermination']> {
  if (!executor.isLaunched) return launchFailure('Container destroyed during fetching');
  // One that is hosted is ready as soon as it has begun.
  if (executor.kind !== 'process') return launchFailure('Container destroyed during preparing');
  const timeout = formatDuration(context.options.executorRegistrationTimeoutMs);
  return {
    state: 'TASK_FAILED',
    reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
    message: `Executor did not register within ${timeout}`,
  };
}

/** The container has ended: every task left gets its terminal update. */
export function executorExited(
  context: AgentContext,
  executor: AgentExecutor,
  status: number,
): void {
  if (executor.status === 'terminated') return;
  const framework = context.state.frameworks.get(executor.frameworkId);
  executor.status = 'terminated';
  forgetStarting(context, executor);
  context.counts.executorsTerminated += 1;
  context.deadlines.clear(REGISTRATION_PREFIX + executor.containerId);
  context.deadlines.clear(SHUTDOWN_PREFIX + executor.containerId);
  if (executor.connection?.kind === 'http' && executor.connection.stream !== undefined) {
    context.emit({ kind: 'close-stream', stream: executor.connection.stream });
  }
  if (framework === undefined) return;
  if (framework.status !== 'terminating') {
    const left = [...executor.launchedTasks.keys(), ...executor.queuedTasks.keys()];
    const why = executor.pendingTermination ?? {
      state: 'TASK_FAILED' as const,
      reason: 'REASON_EXECUTOR_TERMINATED' as const,
      message: 'Executor terminated',
    };
    for (const id of left) sendAgentUpdate(context, framework, id, why, executor);
    if (!executor.isCommandExecutor) sendExited(context, executor, status);
  }
  removeExecutorIfDone(context, framework, executor);
}

export function sendExited(
  context: AgentContext,
  executor: Pick<AgentExecutor, 'frameworkId' | 'id'>,
  status: number,
): void {
  context.sendToMaster({
    name: 'mesos.internal.ExitedExecutorMessage',
    value: {
      slave_id: { value: context.agentId },
      framework_id: { value: executor.frameworkId },
      executor_id: { value: executor.id },
      status,
    },
  });
}

/** Terminated and nothing unacknowledged: it goes to the completed ones. */
export function removeExecutorIfDone(
  context: AgentContext,
  framework: AgentFramework,
  executor: AgentExecutor,
): void {
  if (executor.status !== 'terminated') return;
  if (!framework.executors.has(executor.id)) return;
  const mayGo = framework.status === 'terminating' || context.state.status === 'terminating';
  if (!mayGo && executor.terminatedTasks.size > 0) return;
  framework.executors.delete(executor.id);
  context.state.containers.delete(executor.containerId);
  framework.completedExecutors.push(executor);
  if (framework.completedExecutors.length > context.options.maxCompletedExecutorsPerFramework) {
    framework.completedExecutors.shift();
  }
  context.hooks.slaveRemoveExecutor(framework.info, executor.info);
  checkpointSentinel(context, executor);
  scheduleSandboxRemoval(context, executor);
  removeFrameworkIfIdle(context, framework);
}

/** `retiredAt` is earlier than now when an agent before this one has retired it. */
export function scheduleSandboxRemoval(
  context: AgentContext,
  executor: AgentExecutor,
  retiredAt?: Instant,
): void {
  const ids = runIdsOf(context, executor);
  const paths = [runPath(ids), executorPath(ids)];
  if (executor.checkpoint) paths.push(metaRunPath(ids), metaExecutorPath(ids));
  for (const path of paths) context.gc.schedule(path, context.now, retiredAt);
}

export function scheduleFrameworkRemoval(context: AgentContext, framework: AgentFramework): void {
  const ids = { agentId: context.agentId, frameworkId: framework.id };
  context.gc.schedule(frameworkPath(ids), context.now);
  if (framework.info.checkpoint === true) {
    context.gc.schedule(`meta/${frameworkPath(ids)}`, context.now);
  }
}

export function launchFailure(
  why: string,
  reason: TaskStatusReason = 'REASON_CONTAINER_LAUNCH_FAILED',
): NonNullable<AgentExecutor['pendingTermination']> {
  return {
    state: 'TASK_FAILED',
    reason,
    message: `Failed to launch container: ${why}`,
  };
}
