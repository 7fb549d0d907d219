/**
 * Sandboxes as virtual paths (spec operator-api, section 6.1): each under its directory, under the
 * same with `runs/latest`, and under `/frameworks/<fid>/executors/<eid>/runs/latest`.
 */
import { executorId, frameworkId } from '../../base/ids.ts';
import type { FileNeed, FileSource } from '../../files/virtual-files.ts';
import type { Agent } from '../agent.ts';
import { userOfExecutor } from '../authorization.ts';
import type { AgentExecutor, AgentState } from '../state.ts';
import { executorsOf } from '../views/state.ts';

/** `.../frameworks/<fid>/executors/<eid>/runs/<container or latest>`. */
const RUN = /^(?:.*)?\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/([^/]+)$/;

export class SandboxFiles implements FileSource {
  private readonly agent: Pick<Agent, 'state'>;

  constructor(agent: Pick<Agent, 'state'>) {
    this.agent = agent;
  }

  find(virtual: string): string | undefined {
    return this.executorAt(virtual)?.directory;
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
    const executor = this.executorAt(virtual);
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
