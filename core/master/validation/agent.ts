/**
 * What is wrong in itself with the registration of an agent; such a message is ignored (spec libprocess,
 * sections 4.3 and 4.4). Each gives the reason, or undefined.
 */
import { validateId } from '../../base/id-rules.ts';
import { validateResources } from '../../resources/validate.ts';
import type {
  RegisterSlaveMessage,
  ReregisterSlaveMessage,
} from '../../wire/types/mesos.internal.ts';
import type { ExecutorInfo, FrameworkInfo, Task } from '../../wire/types/mesos.v1.ts';
import { validateFrameworkInfo } from './framework.ts';
import { validateExecutorItself } from './task.ts';

/** Registration and re-registration. */
export function validateIntroduction({
  slave,
  checkpointed_resources: checkpointed = [],
}: Pick<RegisterSlaveMessage, 'slave' | 'checkpointed_resources'>): string | undefined {
  const id = slave.id?.value;
  return (
    (id === undefined ? undefined : validateId(id)) ??
    validateResources(slave.resources ?? []) ??
    validateResources(checkpointed)
  );
}

/** What it says it runs must be one picture: all of it is taken over, or nothing. */
export function validateReregistration(message: ReregisterSlaveMessage): string | undefined {
  const id = message.slave.id?.value;
  if (id === undefined || id === '') return 'it has no agent id';
  const { frameworks = [], executor_infos: executors = [], tasks = [] } = message;
  const known = new Set(frameworks.map((info) => info.id?.value ?? ''));
  return (
    validateIntroduction(message) ??
    validateFrameworks(frameworks) ??
    validateExecutors(executors, known) ??
    validateTasks(tasks, { agent: id, frameworks: known, executors })
  );
}

function validateFrameworks(frameworks: readonly FrameworkInfo[]): string | undefined {
  const seen = new Set<string>();
  for (const info of frameworks) {
    const why = validateFrameworkInfo(info);
    if (why !== undefined) return why;
    const id = info.id?.value ?? '';
    if (seen.has(id)) return `Framework has a duplicate FrameworkID: '${id}'`;
    seen.add(id);
  }
  return undefined;
}

function validateExecutors(
  executors: readonly ExecutorInfo[],
  frameworks: ReadonlySet<string>,
): string | undefined {
  const seen = new Set<string>();
  for (const info of executors) {
    const why = validateExecutorItself(info) ?? validateResources(info.resources ?? []);
    if (why !== undefined) return why;
    const framework = info.framework_id?.value ?? '';
    if (!frameworks.has(framework)) return `Executor has an invalid FrameworkID '${framework}'`;
    const key = keyOf(framework, info.executor_id.value);
    if (seen.has(key)) {
      return `Framework '${framework}' has a duplicate ExecutorID '${info.executor_id.value}'`;
    }
    seen.add(key);
  }
  return undefined;
}

interface Around {
  readonly agent: string;
  readonly frameworks: ReadonlySet<string>;
  readonly executors: readonly ExecutorInfo[];
}

function validateTasks(tasks: readonly Task[], around: Around): string | undefined {
  const executors = new Set(
    around.executors.map((info) => keyOf(info.framework_id?.value ?? '', info.executor_id.value)),
  );
  for (const task of tasks) {
    const id = validateId(task.task_id.value);
    if (id !== undefined) return `Task has an invalid TaskID: ${id}`;
    const { agent_id: agent, framework_id: framework, executor_id: executor } = task;
    if (agent.value !== around.agent) return `Task has an invalid SlaveID '${agent.value}'`;
    if (!around.frameworks.has(framework.value)) {
      return `Task has an invalid FrameworkID '${framework.value}'`;
    }
    // Command tasks name none; those that do not run yet, or no longer, may have none.
    const isOrphan =
      executor !== undefined && !executors.has(keyOf(framework.value, executor.value));
    if (isOrphan && task.state === 'TASK_RUNNING') {
      return `Task has an invalid ExecutorID '${executor.value}'`;
    }
    const why = validateResources(task.resources ?? []);
    if (why !== undefined) return `Task uses invalid resources: ${why}`;
  }
  return undefined;
}

function keyOf(framework: string, executor: string): string {
  return `${framework}\0${executor}`;
}
