/** `/state-summary`: agents and frameworks with counts of their tasks (spec operator-api, section 4.2). */
import type { Approvers } from '../../auth/authorizer.ts';
import type { JsonObject } from '../../wire/json-text.ts';
import type { Task, TaskState } from '../../wire/types/mesos.v1.ts';
import type { Framework } from '../records.ts';
import type { MasterState } from '../state.ts';
import { agentTree } from './agents.ts';
import { frameworkSummary } from './frameworks.ts';

/** Other states are not reported. */
const REPORTED: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_FAILED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_UNREACHABLE',
];

class TaskCounts {
  private readonly byState = new Map<TaskState, number>();
  /** Agents of a framework, frameworks of an agent. */
  readonly partners = new Set<string>();

  add(task: Task, partner: string): void {
    this.byState.set(task.state, (this.byState.get(task.state) ?? 0) + 1);
    this.partners.add(partner);
  }

  model(): JsonObject {
    return Object.fromEntries(REPORTED.map((state) => [state, this.byState.get(state) ?? 0]));
  }
}

export function stateSummary(
  state: MasterState,
  cluster: string | undefined,
  approvers: Approvers,
): JsonObject {
  const byAgent = new Map<string, TaskCounts>();
  const byFramework = new Map<string, TaskCounts>();
  for (const framework of state.frameworks.values()) {
    for (const task of allTasks(framework)) {
      countsOf(byAgent, task.agent_id.value).add(task, framework.id);
      countsOf(byFramework, framework.id).add(task, task.agent_id.value);
    }
  }
  return {
    hostname: state.info.hostname ?? '',
    cluster,
    slaves: [...state.agents.values()].map((agent) => {
      const counts = countsOf(byAgent, agent.id);
      const ids = { framework_ids: [...counts.partners] };
      return { ...agentTree(state, agent, approvers), ...counts.model(), ...ids };
    }),
    frameworks: [...state.frameworks.values()].map((framework) => {
      const counts = countsOf(byFramework, framework.id);
      const ids = { slave_ids: [...counts.partners] };
      return { ...frameworkSummary(state, framework), ...counts.model(), ...ids };
    }),
  };
}

export function* allTasks(framework: Framework): IterableIterator<Task> {
  for (const record of framework.tasks.values()) yield record.task;
  yield* framework.unreachableTasks.values();
  yield* framework.completedTasks;
}

function countsOf(map: Map<string, TaskCounts>, key: string): TaskCounts {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = new TaskCounts();
  map.set(key, created);
  return created;
}
