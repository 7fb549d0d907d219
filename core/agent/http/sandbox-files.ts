/**
 * Sandboxes as virtual paths (spec operator-api, section 6.1): each under its directory, under the
 * same with `runs/latest`, and under `/frameworks/<fid>/executors/<eid>/runs/latest`. Below each, at
 * `tasks/<task id>/<path in the container>`, the persistent volumes of a group's tasks: what links in a
 * sandbox lead to is no part of it.
 */
import { executorId, frameworkId } from '../../base/ids.ts';
import type { FileNeed, FileSource } from '../../files/virtual-files.ts';
import type { Resource } from '../../wire/types/mesos.v1.ts';
import type { Agent } from '../agent.ts';
import { userOfExecutor } from '../authorization.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import { executorsOf } from '../views/state.ts';
import { volumeDirectory } from '../volumes.ts';

/** `.../frameworks/<fid>/executors/<eid>/runs/<container or latest>`. */
const RUN = /^(?:.*)?\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/([^/]+)$/;

/** `<run>/tasks/<task id>/<path>`. */
const TASK_VOLUME = /^(.*\/runs\/[^/]+)\/tasks\/([^/]+)\/(.+)$/;

type SandboxSource = Pick<Agent, 'state'> & { readonly options: { readonly workDir: string } };

interface Volume {
  readonly executor: AgentExecutor;
  readonly directory: string;
}

export class SandboxFiles implements FileSource {
  private readonly agent: SandboxSource;

  constructor(agent: SandboxSource) {
    this.agent = agent;
  }

  find(virtual: string): string | undefined {
    return this.executorAt(virtual)?.directory ?? this.volumeAt(virtual)?.directory;
  }

  private volumeAt(virtual: string): Volume | undefined {
    const match = TASK_VOLUME.exec(virtual);
    if (match === null) return undefined;
    const [, run = '', id = '', path = ''] = match;
    const executor = this.executorAt(run);
    if (executor?.info.type !== 'DEFAULT') return undefined;
    const directory = directoriesOfVolumes(this.agent.options, executor, id).get(path);
    return directory === undefined ? undefined : { executor, directory };
  }

  private executorAt(virtual: string): AgentExecutor | undefined {
    const { state } = this.agent;
    const match = RUN.exec(virtual);
    if (state === undefined || match === null) return undefined;
    const [, framework = '', executor = ''] = match;
    for (const each of executorsNamed(state, framework, executor)) {
      if (namesOf(each).includes(virtual)) return each;
    }
    return undefined;
  }

  /** Files of a sandbox belong to the user of its executor. */
  needOf(virtual: string): FileNeed | undefined {
    const { state } = this.agent;
    const executor = this.executorAt(virtual) ?? this.volumeAt(virtual)?.executor;
    if (state === undefined || executor === undefined) return undefined;
    return { action: 'access_sandboxes', object: userOfExecutor(state, executor) };
  }

  *entries(): IterableIterator<readonly [virtual: string, real: string]> {
    const { state } = this.agent;
    if (state === undefined) return;
    const seen = new Set<string>();
    for (const executor of executorsOf(state)) {
      for (const name of namesOf(executor)) {
        // The latest run comes first and owns the names that do not tell the run.
        if (seen.has(name)) continue;
        seen.add(name);
        yield [name, executor.directory];
      }
    }
  }
}

/** By their paths in the task's container: its own volumes, and those of the executor that it shares. */
function directoriesOfVolumes(
  options: SandboxSource['options'],
  executor: AgentExecutor,
  id: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (path: string | undefined, resource: Resource | undefined): void => {
    const directory = resource === undefined ? undefined : volumeDirectory({ options }, resource);
    if (path !== undefined && directory !== undefined) found.set(path, directory);
  };
  const task = [
    ...executor.launchedTasks.values(),
    ...executor.terminatedTasks.values(),
    ...executor.completedTasks,
  ].find((each) => each.task_id.value === id);
  for (const resource of task?.resources ?? []) {
    add(resource.disk?.volume?.container_path, resource);
  }
  for (const { container_path: path, source } of task?.container?.volumes ?? []) {
    const shared = source?.sandbox_path;
    if (shared?.type !== 'PARENT') continue;
    const isShared = (each: Resource): boolean => each.disk?.volume?.container_path === shared.path;
    add(path, (executor.info.resources ?? []).find(isShared));
  }
  return found;
}

/** The latest run first. */
function executorsNamed(
  state: AgentState,
  framework: string,
  executor: string,
): readonly AgentExecutor[] {
  const live = state.frameworks.get(frameworkId(framework));
  const done = state.completedFrameworks.filter((each) => each.id === framework);
  const found: AgentExecutor[] = [];
  const running = live?.executors.get(executorId(executor));
  if (running !== undefined) found.push(running);
  for (const each of [...(live === undefined ? [] : [live]), ...done.reverse()]) {
    const runs = each.completedExecutors.filter((run) => run.id === executor);
    found.push(...runs.reverse());
  }
  return found;
}

function namesOf(executor: AgentExecutor): readonly string[] {
  const { directory } = executor;
  const runs = directory.slice(0, directory.lastIndexOf('/'));
  const short = `/frameworks/${executor.frameworkId}/executors/${executor.id}/runs/latest`;
  return [directory, `${runs}/latest`, short];
}
