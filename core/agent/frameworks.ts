/** Frameworks at the agent: they appear with their first task and go with their last executor. */
import { type FrameworkId, frameworkId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type { UpdateFrameworkMessage } from '../wire/types/mesos.internal.ts';
import type { FrameworkInfo } from '../wire/types/mesos.v1.ts';
import { parseUpid } from '../wire/upid.ts';
import { checkpointFramework } from './checkpoint/effects.ts';
import { frameworkPath } from './checkpoint/paths.ts';
import type { AgentContext } from './context.ts';
import { scheduleFrameworkRemoval, shutdownExecutor } from './executor-departure.ts';
import { type AgentFramework, COMPLETED_FRAMEWORKS_MAX } from './state.ts';

/** `@0.0.0.0:0`, the empty string and absence all mean an HTTP framework. */
export function frameworkPid(text: string | undefined): Upid | undefined {
  if (text === undefined || text === '') return undefined;
  const pid = parseUpid(text);
  return pid === undefined || pid.id === '' || pid.port === 0 ? undefined : pid;
}

export function addFramework(
  context: AgentContext,
  info: FrameworkInfo,
  pid: Upid | undefined,
): AgentFramework {
  const id = frameworkId(info.id?.value ?? '');
  const framework: AgentFramework = {
    id,
    info,
    pid,
    status: 'running',
    executors: new Map(),
    completedExecutors: [],
  };
  context.state.frameworks.set(id, framework);
  const path = frameworkPath({ agentId: context.agentId, frameworkId: id });
  context.gc.unschedule(path);
  context.gc.unschedule(`meta/${path}`);
  checkpointFramework(context, framework);
  return framework;
}

/** The scheduler is back, perhaps elsewhere: it gets everything pending at once. */
export function updateFramework(context: AgentContext, message: UpdateFrameworkMessage): void {
  const framework = context.state.frameworks.get(frameworkId(message.framework_id.value));
  if (framework === undefined || framework.status === 'terminating') return;
  // Under another id the checkpoint could not be read again.
  const id = { value: framework.id };
  if (message.framework_info !== undefined) framework.info = { ...message.framework_info, id };
  framework.pid = frameworkPid(message.pid);
  checkpointFramework(context, framework);
  context.updates.flush(framework.id, context.now);
}

/** Ends all executors; no task update is sent any more. */
export function shutdownFramework(context: AgentContext, id: FrameworkId): void {
  const framework = context.state.frameworks.get(id);
  if (framework === undefined || framework.status === 'terminating') return;
  framework.status = 'terminating';
  context.updates.removeFramework(id);
  for (const executor of [...framework.executors.values()]) {
    if (executor.status === 'terminated') {
      removeTerminated(context, framework, executor.id);
    } else {
      shutdownExecutor(context, executor);
    }
  }
  removeFrameworkIfIdle(context, framework);
}

function removeTerminated(
  context: AgentContext,
  framework: AgentFramework,
  id: AgentFramework['executors'] extends Map<infer Key, unknown> ? Key : never,
): void {
  const executor = framework.executors.get(id);
  if (executor === undefined) return;
  framework.executors.delete(id);
  context.state.containers.delete(executor.containerId);
  framework.completedExecutors.push(executor);
}

export function removeFrameworkIfIdle(context: AgentContext, framework: AgentFramework): void {
  const { frameworks, completedFrameworks } = context.state;
  if (framework.executors.size > 0 || frameworks.get(framework.id) !== framework) return;
  // It stays known while an update of a task that never got an executor is on its way. An agent that
  // ends waits for nobody: with `--recover=cleanup` it never registers.
  const isStaying = framework.status === 'running' && context.state.status !== 'terminating';
  if (isStaying && context.updates.hasPending(framework.id)) return;
  frameworks.delete(framework.id);
  completedFrameworks.push(framework);
  if (completedFrameworks.length > COMPLETED_FRAMEWORKS_MAX) completedFrameworks.shift();
  context.updates.removeFramework(framework.id);
  scheduleFrameworkRemoval(context, framework);
  if (context.state.status === 'terminating' && frameworks.size === 0) {
    context.emit({ kind: 'exit', failure: undefined });
  }
}
