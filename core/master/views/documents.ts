/** Legacy documents: the head of `/state`, `/slaves`, `/tasks` (spec operator-api, section 4). */

import type { Approvers } from '../../auth/authorizer.ts';
import { secondsOf, taskModel } from '../../operator/legacy-tasks.ts';
import { buildFields, VERSION } from '../../operator/version.ts';
import { toJsonValue } from '../../wire/json.ts';
import { double, type JsonObject } from '../../wire/json-text.ts';
import type { MasterInfo, Task } from '../../wire/types/mesos.v1.ts';
import type { MasterState } from '../state.ts';
import { agentFullModel, recoveredAgentTree } from './agents.ts';
import { allTasks } from './summary.ts';

export interface StateContext {
  /** Flags that have a value, by name. */
  readonly flags: Readonly<Record<string, string>>;
  readonly leader: MasterInfo | undefined;
  readonly approvers: Approvers;
}

/** Everything before the agents. */
export function stateHead(state: MasterState, context: StateContext): JsonObject {
  const { info } = state;
  const agents = [...state.agents.values()];
  const flags = context.approvers.approved('view_flags') ? context.flags : undefined;
  const activeCount = agents.filter((agent) => agent.active).length;
  return {
    version: VERSION,
    ...buildFields(),
    start_time: secondsOf(state.startTime),
    elected_time: state.electedTime === undefined ? undefined : secondsOf(state.electedTime),
    id: info.id,
    pid: info.pid ?? '',
    hostname: info.hostname ?? '',
    capabilities: (info.capabilities ?? []).map((each) => each.type ?? 'UNKNOWN'),
    activated_slaves: double(activeCount),
    deactivated_slaves: double(agents.length - activeCount),
    unreachable_slaves: double(state.unreachableAgents.size),
    domain: info.domain === undefined ? undefined : toJsonValue('mesos.v1.DomainInfo', info.domain),
    ...leaderFields(context.leader),
    cluster: flags?.['cluster'],
    log_dir: flags?.['log_dir'],
    external_log_file: flags?.['external_log_file'],
    flags,
  };
}

function leaderFields(leader: MasterInfo | undefined): JsonObject {
  if (leader === undefined) return {};
  return {
    leader: leader.pid,
    leader_info: {
      id: leader.id,
      pid: leader.pid,
      port: leader.port ?? 5050,
      hostname: leader.hostname,
      domain:
        leader.domain === undefined ? undefined : toJsonValue('mesos.v1.DomainInfo', leader.domain),
    },
  };
}

export function slavesDocument(
  state: MasterState,
  only: string | undefined,
  approvers: Approvers,
): JsonObject {
  const shown = (agent: { readonly id: string }): boolean =>
    only === undefined || agent.id === only;
  return {
    slaves: [...state.agents.values()]
      .filter(shown)
      .map((agent) => agentFullModel(state, agent, approvers)),
    recovered_slaves: [...state.recoveredAgents.values()]
      .filter(shown)
      .map((each) => recoveredAgentTree(each.info)),
  };
}

export interface TaskQuery {
  /** The first task of the page, and the first one behind it, which may be less. */
  readonly from: number;
  readonly to: number;
  readonly isAscending: boolean;
  readonly frameworkId: string | undefined;
  readonly taskId: string | undefined;
}

/** The original's numbers are unsigned here: -1 is the largest, and sums begin anew behind it. */
export function pageOf(offset: number, limit: number): Pick<TaskQuery, 'from' | 'to'> {
  const unsigned = (value: bigint): number => Number(BigInt.asUintN(64, value));
  return { from: unsigned(BigInt(offset)), to: unsigned(BigInt(offset) + BigInt(limit)) };
}

export function tasksDocument(state: MasterState, query: TaskQuery): JsonObject {
  const tasks: Task[] = [];
  for (const frameworks of [state.frameworks.values(), state.completedFrameworks.values()]) {
    for (const framework of frameworks) {
      if (query.frameworkId !== undefined && framework.id !== query.frameworkId) continue;
      for (const task of allTasks(framework)) {
        if (query.taskId === undefined || task.task_id.value === query.taskId) tasks.push(task);
      }
    }
  }
  tasks.sort(ascending);
  // Of the same time, too, the last one comes first then.
  if (!query.isAscending) tasks.reverse();
  const page = tasks.slice(query.from, query.to);
  return { tasks: page.map(taskModel) };
}

/** By the time of the first status; tasks without any come first. */
function ascending(a: Task, b: Task): number {
  return firstTime(a) - firstTime(b);
}

function firstTime(task: Task): number {
  const first = task.statuses?.[0];
  return first === undefined ? Number.MIN_SAFE_INTEGER : (first.timestamp ?? 0);
}
