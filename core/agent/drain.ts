/** Draining: all tasks are killed, new ones refused (spec agent-runtime, section 6). */
import type {
  DrainConfig,
  DurationInfo,
  KillPolicy,
  Task,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';
import { metaAgentPath } from './checkpoint/paths.ts';
import { encodeRecord } from './checkpoint/records.ts';
import type { AgentContext } from './context.ts';
import { killTask } from './kill.ts';

export function drain(context: AgentContext, config: DrainConfig): void {
  const { state } = context;
  if (state.frameworks.size === 0 && state.operations.size === 0) return;
  state.drainConfig = config;
  state.drainStartedAt = context.now;
  context.emit({
    kind: 'write',
    path: configPath(context),
    bytes: encodeRecord('mesos.v1.DrainConfig', config),
    durable: true,
  });
  killAll(context, config);
}

/** The drain goes on after a restart. */
export function resumeDrain(context: AgentContext): void {
  const { drainConfig } = context.state;
  if (drainConfig === undefined) return;
  context.state.drainStartedAt = context.now;
  killAll(context, drainConfig);
}

/** Called after every input: the drain is over when nothing is left. */
export function endDrainIfDone(context: AgentContext): void {
  const { state } = context;
  if (state.drainConfig === undefined) return;
  if (state.frameworks.size > 0 || state.operations.size > 0) return;
  state.drainConfig = undefined;
  state.drainStartedAt = undefined;
  context.emit({ kind: 'remove', path: configPath(context) });
}

function configPath(context: AgentContext): string {
  return `${metaAgentPath(context.agentId)}/drain.config`;
}

function killAll(context: AgentContext, config: DrainConfig): void {
  for (const framework of [...context.state.frameworks.values()]) {
    for (const executor of [...framework.executors.values()]) {
      const tasks: readonly (Task | TaskInfo)[] = [
        ...executor.queuedTasks.values(),
        ...executor.launchedTasks.values(),
      ];
      for (const task of tasks) {
        const policy = killPolicy(task, config.max_grace_period);
        killTask(context, { frameworkId: framework.id, taskId: task.task_id.value }, policy);
      }
    }
  }
}

/** The drain's grace where it is shorter than the task's own, or the task has none. */
function killPolicy(
  task: Task | TaskInfo,
  longest: DurationInfo | undefined,
): KillPolicy | undefined {
  const own = task.kill_policy?.grace_period;
  if (longest === undefined) return undefined;
  if (own !== undefined && own.nanoseconds <= longest.nanoseconds) return undefined;
  return { grace_period: longest };
}
