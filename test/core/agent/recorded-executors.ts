/** Puts the frameworks, executors and tasks that a recording shows into an agent, and their sandboxes on disk. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentExecutor, AgentFramework, AgentState } from '../../../core/agent/state.ts';
import { containerId, executorId, frameworkId, taskId } from '../../../core/base/ids.ts';
import { isTerminal } from '../../../core/base/terminal-states.ts';
import { toListForm } from '../../../core/resources/refinement.ts';
import { fromJson } from '../../../core/wire/json.ts';
import type { Response } from '../../../core/wire/types/mesos.v1.agent.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  ResourceStatistics,
  Task,
} from '../../../core/wire/types/mesos.v1.ts';
import type { Exchange } from '../operator/recordings.ts';

interface LegacyExecutor {
  readonly id: string;
  readonly container: string;
  readonly directory: string;
}

interface LegacyFramework {
  readonly id: string;
  readonly executors: readonly LegacyExecutor[];
  readonly completed_executors: readonly LegacyExecutor[];
}

interface LegacyState {
  readonly unreserved_resources_full: readonly unknown[];
  readonly reserved_resources_full: Readonly<Record<string, readonly unknown[]>>;
  readonly frameworks: readonly LegacyFramework[];
  readonly completed_frameworks: readonly LegacyFramework[];
}

interface LegacyContainer {
  readonly container_id: string;
  readonly statistics: unknown;
}

interface Shown {
  readonly infos: readonly FrameworkInfo[];
  readonly executors: readonly ExecutorInfo[];
  readonly tasks: readonly Task[];
  readonly terminated: ReadonlySet<string>;
}

/** What the recorded requests say about the agent, for its state. */
export function addRecordedExecutors(state: AgentState, exchanges: readonly Exchange[]): void {
  const legacy = legacyState(exchanges);
  const shown = shownBy(exchanges);
  state.totalResources = [
    ...legacy.unreserved_resources_full,
    ...Object.values(legacy.reserved_resources_full).flat(),
  ].map((tree) => {
    const read = fromJson('mesos.v1.Resource', tree);
    assert.ok(read.ok);
    return toListForm(read.value);
  });
  for (const each of legacy.frameworks) {
    const framework = frameworkOf(each, shown);
    state.frameworks.set(framework.id, framework);
    for (const executor of framework.executors.values()) {
      state.containers.set(executor.containerId, executor);
    }
  }
  for (const each of legacy.completed_frameworks) {
    state.completedFrameworks.push(frameworkOf(each, shown));
  }
  for (const operation of answerTo(exchanges, 'GET_OPERATIONS').get_operations?.operations ?? []) {
    state.operations.set(Buffer.from(operation.uuid.value).toString('hex'), operation);
  }
}

/** What the recorded containers used. */
export function recordedUsage(
  exchanges: readonly Exchange[],
): (containerId: string) => ResourceStatistics | undefined {
  const shown = exchanges.find(({ request }) => request.path === '/containers')?.response.json;
  const containers = shown as readonly LegacyContainer[];
  return (id) => {
    const tree = containers.find(({ container_id }) => container_id === id)?.statistics;
    const read = tree === undefined ? undefined : fromJson('mesos.v1.ResourceStatistics', tree);
    return read?.ok === true ? read.value : undefined;
  };
}

/** Files as recorded browsing and reading showed them; the contents that were not read are dots. */
export function writeRecordedSandboxes(exchanges: readonly Exchange[]): void {
  for (const { request, response } of exchanges) {
    if (!request.path.startsWith('/files/browse')) continue;
    for (const each of response.json as readonly { path: string; size: number }[]) {
      mkdirSync(path.dirname(each.path), { recursive: true });
      const download = exchanges.find(
        ({ request: { path: asked } }) =>
          asked === `/files/download?path=${encodeURIComponent(each.path)}`,
      );
      writeFileSync(each.path, download?.response.text ?? '.'.repeat(each.size), { mode: 0o644 });
    }
  }
}

function legacyState(exchanges: readonly Exchange[]): LegacyState {
  const json = exchanges.find(({ request }) => request.path === '/state')?.response.json;
  assert.ok(json !== undefined);
  return json as LegacyState;
}

function answerTo(exchanges: readonly Exchange[], call: string): Response {
  const found = exchanges.find(({ label }) => label.endsWith(`agent v1 ${call}`));
  const read = fromJson('mesos.v1.agent.Response', found?.response.json);
  assert.ok(read.ok, call);
  return read.value;
}

function shownBy(exchanges: readonly Exchange[]): Shown {
  const frameworks = answerTo(exchanges, 'GET_FRAMEWORKS').get_frameworks;
  const executors = answerTo(exchanges, 'GET_EXECUTORS').get_executors;
  const tasks = answerTo(exchanges, 'GET_TASKS').get_tasks;
  const terminated = tasks?.terminated_tasks ?? [];
  return {
    infos: [...(frameworks?.frameworks ?? []), ...(frameworks?.completed_frameworks ?? [])].map(
      ({ framework_info }) => framework_info,
    ),
    executors: [...(executors?.executors ?? []), ...(executors?.completed_executors ?? [])].map(
      ({ executor_info }) => executor_info,
    ),
    tasks: [...(tasks?.launched_tasks ?? []), ...terminated, ...(tasks?.completed_tasks ?? [])],
    terminated: new Set(
      terminated.map(({ task_id, framework_id }) => `${framework_id.value} ${task_id.value}`),
    ),
  };
}

function frameworkOf(legacy: LegacyFramework, shown: Shown): AgentFramework {
  const id = frameworkId(legacy.id);
  const info = shown.infos.find((each) => each.id?.value === id);
  assert.ok(info !== undefined);
  const live = legacy.executors.map((each) => executorOf(each, info, shown));
  return {
    id,
    info,
    pid: undefined,
    status: 'running',
    executors: new Map(live.map((each) => [each.id, each])),
    completedExecutors: legacy.completed_executors.map((each) => ({
      ...executorOf(each, info, shown),
      status: 'terminated',
    })),
  };
}

function executorOf(legacy: LegacyExecutor, framework: FrameworkInfo, shown: Shown): AgentExecutor {
  const owner = framework.id?.value ?? '';
  const info = shown.executors.find(
    (each) => each.framework_id?.value === owner && each.executor_id.value === legacy.id,
  );
  assert.ok(info !== undefined);
  const tasks = shown.tasks.filter(
    (each) =>
      each.framework_id.value === owner && (each.executor_id ?? each.task_id).value === legacy.id,
  );
  const isTerminated = (task: Task): boolean =>
    shown.terminated.has(`${owner} ${task.task_id.value}`);
  const byId = (list: readonly Task[]) =>
    new Map(list.map((each) => [taskId(each.task_id.value), each]));
  return {
    id: executorId(legacy.id),
    frameworkId: frameworkId(owner),
    info,
    containerId: containerId(legacy.container),
    kind: info.type === undefined ? 'command' : info.type === 'DEFAULT' ? 'group' : 'process',
    isCommandExecutor: info.type === undefined,
    checkpoint: framework.checkpoint ?? false,
    directory: legacy.directory,
    user: undefined,
    status: 'running',
    connection: { kind: 'hosted' },
    pid: undefined,
    registeredAt: 0,
    pendingTermination: undefined,
    isLaunched: true,
    wasSentTasks: true,
    queuedTasks: new Map(),
    queuedGroups: [],
    launchedTasks: byId(tasks.filter(({ state }) => !isTerminal(state))),
    terminatedTasks: byId(tasks.filter(isTerminated)),
    completedTasks: tasks.filter((task) => isTerminal(task.state) && !isTerminated(task)),
    nestedContainers: new Map(),
    startingGroups: [],
  };
}
