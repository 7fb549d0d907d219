/** What the master's pages show, read from its state document and those of agents. Pure. */
import {
  type Json,
  numberIn,
  numberOrNone,
  recordIn,
  recordsIn,
  textIn,
  textOrNone,
  textsIn,
} from '../kit/reading.ts';

export interface Amounts {
  readonly cpus: number;
  readonly gpus: number;
  /** MB. */
  readonly mem: number;
  readonly disk: number;
}

export const NOTHING: Amounts = { cpus: 0, gpus: 0, mem: 0, disk: 0 };

export function amountsIn(json: Json, key: string): Amounts {
  const resources = recordIn(json, key);
  return {
    cpus: numberIn(resources, 'cpus'),
    gpus: numberIn(resources, 'gpus'),
    mem: numberIn(resources, 'mem'),
    disk: numberIn(resources, 'disk'),
  };
}

export function combine(
  left: Amounts,
  right: Amounts,
  by: (a: number, b: number) => number,
): Amounts {
  return {
    cpus: by(left.cpus, right.cpus),
    gpus: by(left.gpus, right.gpus),
    mem: by(left.mem, right.mem),
    disk: by(left.disk, right.disk),
  };
}

export function sumOf(all: readonly Amounts[]): Amounts {
  return all.reduce((sum, each) => combine(sum, each, (a, b) => a + b), NOTHING);
}

export interface TaskRow {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  /** Of a task without one, its own id. */
  readonly executorId: string;
  readonly agentId: string;
  readonly role: string;
  /** Without `TASK_`. */
  readonly state: string;
  readonly health: string;
  /** Milliseconds of the epoch: first status that is not terminal, and last status. */
  readonly startedAt: number | undefined;
  readonly stoppedAt: number | undefined;
  readonly resources: Amounts;
  readonly limits: Json;
}

const TERMINAL: ReadonlySet<string> = new Set([
  ...['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST', 'TASK_ERROR'],
  ...['TASK_DROPPED', 'TASK_GONE', 'TASK_GONE_BY_OPERATOR'],
]);

const timeOf = (status: Json | undefined): number | undefined => {
  const seconds = status === undefined ? undefined : numberOrNone(status, 'timestamp');
  return seconds === undefined ? undefined : seconds * 1000;
};

export function taskRow(json: Json): TaskRow {
  const statuses = recordsIn(json, 'statuses');
  const last = statuses.at(-1);
  const healthy = last?.['healthy'];
  const id = textIn(json, 'id');
  return {
    id,
    name: textIn(json, 'name'),
    frameworkId: textIn(json, 'framework_id'),
    executorId: textOrNone(json, 'executor_id') ?? id,
    agentId: textIn(json, 'slave_id'),
    role: textIn(json, 'role'),
    state: textIn(json, 'state').replace(/^TASK_/, ''),
    health: healthy === undefined ? '-' : healthy === true ? 'healthy' : 'unhealthy',
    startedAt: timeOf(statuses.find((status) => !TERMINAL.has(textIn(status, 'state')))),
    stoppedAt: timeOf(last),
    resources: amountsIn(json, 'resources'),
    limits: recordIn(json, 'limits'),
  };
}

export interface FrameworkRow {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly principal: string;
  readonly hostname: string;
  readonly webuiUrl: string | undefined;
  readonly isActive: boolean;
  readonly registeredAt: number | undefined;
  readonly reregisteredAt: number | undefined;
  readonly unregisteredAt: number | undefined;
  readonly used: Amounts;
  readonly tasks: readonly TaskRow[];
  readonly unreachableTasks: readonly TaskRow[];
  readonly completedTasks: readonly TaskRow[];
  readonly offers: readonly OfferRow[];
}

export interface OfferRow {
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  readonly resources: Amounts;
}

const secondsAt = (json: Json, key: string): number | undefined => {
  const seconds = numberOrNone(json, key);
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1000;
};

export function frameworkRow(json: Json): FrameworkRow {
  const role = textOrNone(json, 'role');
  const roles = textsIn(json, 'roles');
  return {
    id: textIn(json, 'id'),
    name: textIn(json, 'name'),
    user: textIn(json, 'user'),
    roles: roles.length === 0 && role !== undefined ? [role] : roles,
    principal: textIn(json, 'principal'),
    hostname: textIn(json, 'hostname'),
    webuiUrl: textOrNone(json, 'webui_url'),
    isActive: json['active'] === true,
    registeredAt: secondsAt(json, 'registered_time'),
    reregisteredAt: secondsAt(json, 'reregistered_time'),
    unregisteredAt: secondsAt(json, 'unregistered_time'),
    used: amountsIn(json, 'used_resources'),
    tasks: recordsIn(json, 'tasks').map(taskRow),
    unreachableTasks: recordsIn(json, 'unreachable_tasks').map(taskRow),
    completedTasks: recordsIn(json, 'completed_tasks').map(taskRow),
    offers: recordsIn(json, 'offers').map((offer) => ({
      id: textIn(offer, 'id'),
      frameworkId: textIn(offer, 'framework_id'),
      agentId: textIn(offer, 'slave_id'),
      role: textIn(recordIn(offer, 'allocation_info'), 'role'),
      resources: amountsIn(offer, 'resources'),
    })),
  };
}

export interface AgentRow {
  readonly id: string;
  readonly hostname: string;
  readonly port: number;
  readonly state: 'Active' | 'Draining' | 'Drained' | 'Deactivated';
  readonly total: Amounts;
  readonly used: Amounts;
  readonly registeredAt: number | undefined;
  readonly reregisteredAt: number | undefined;
  /** Marked gone when drained; and the estimated end, if the grace is limited. */
  readonly drain:
    | { readonly isMarkedGone: boolean; readonly endsAt: number | undefined }
    | undefined;
}

export function agentRow(json: Json): AgentRow {
  const drain = recordIn(json, 'drain_info');
  const config = recordIn(drain, 'config');
  const start = secondsAt(json, 'estimated_drain_start_time_seconds');
  const grace = numberOrNone(recordIn(config, 'max_grace_period'), 'nanoseconds');
  const pidPort = Number(/:(\d+)$/.exec(textIn(json, 'pid'))?.[1] ?? 5051);
  return {
    id: textIn(json, 'id'),
    hostname: textIn(json, 'hostname'),
    port: numberOrNone(json, 'port') ?? pidPort,
    state: agentState(json, textIn(drain, 'state')),
    total: amountsIn(json, 'resources'),
    used: amountsIn(json, 'used_resources'),
    registeredAt: secondsAt(json, 'registered_time'),
    reregisteredAt: secondsAt(json, 'reregistered_time'),
    drain:
      json['drain_info'] === undefined
        ? undefined
        : {
            isMarkedGone: config['mark_gone'] === true,
            endsAt: start === undefined || grace === undefined ? undefined : start + grace / 1e6,
          },
  };
}

function agentState(json: Json, drain: string): AgentRow['state'] {
  if (drain === 'DRAINING') return 'Draining';
  if (drain === 'DRAINED') return 'Drained';
  return json['deactivated'] === true || json['active'] === false ? 'Deactivated' : 'Active';
}

export interface ClusterView {
  readonly json: Json;
  readonly id: string;
  readonly name: string | undefined;
  readonly version: string;
  readonly leader: { readonly hostname: string; readonly port: number } | undefined;
  readonly hasLog: boolean;
  readonly agents: readonly AgentRow[];
  readonly agentsById: ReadonlyMap<string, AgentRow>;
  readonly frameworks: readonly FrameworkRow[];
  readonly completedFrameworks: readonly FrameworkRow[];
  readonly startedAt: number | undefined;
  readonly electedAt: number | undefined;
}

export function clusterView(json: Json): ClusterView {
  const leader = recordIn(json, 'leader_info');
  const agents = recordsIn(json, 'slaves').map(agentRow);
  return {
    json,
    id: textIn(json, 'id'),
    name: textOrNone(json, 'cluster'),
    version: textIn(json, 'version'),
    leader:
      textOrNone(leader, 'hostname') === undefined
        ? undefined
        : { hostname: textIn(leader, 'hostname'), port: numberOrNone(leader, 'port') ?? 5050 },
    hasLog:
      textOrNone(json, 'log_dir') !== undefined ||
      textOrNone(json, 'external_log_file') !== undefined,
    agents,
    agentsById: new Map(agents.map((agent) => [agent.id, agent])),
    frameworks: recordsIn(json, 'frameworks').map(frameworkRow),
    completedFrameworks: recordsIn(json, 'completed_frameworks').map(frameworkRow),
    startedAt: secondsAt(json, 'start_time'),
    electedAt: secondsAt(json, 'elected_time'),
  };
}

/** Milliseconds until the next look, by the number of agents (spec cli-and-webui, section 7.2). */
export function paceOf(agents: number): number {
  const steps: readonly (readonly [number, number])[] = [
    ...([
      [500, 10],
      [1_000, 20],
      [5_000, 60],
      [10_000, 120],
      [15_000, 240],
    ] as const),
    [20_000, 480],
  ];
  return (steps.find(([limit]) => agents < limit)?.[1] ?? 960) * 1_000;
}

/** Largest part of the cluster that a framework has of any resource; 0 to 1. */
export function maxShare(used: Amounts, total: Amounts): number {
  const share = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  return Math.max(
    share(used.cpus, total.cpus),
    share(used.gpus, total.gpus),
    share(used.mem, total.mem),
    share(used.disk, total.disk),
  );
}

export interface ExecutorRow {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly role: string;
  readonly directory: string;
  readonly isDefault: boolean;
  readonly containerId: string;
  readonly allocated: Amounts;
  readonly tasks: readonly TaskRow[];
  readonly queuedTasks: readonly TaskRow[];
  readonly completedTasks: readonly TaskRow[];
}

export function executorRow(json: Json): ExecutorRow {
  return {
    id: textIn(json, 'id'),
    name: textIn(json, 'name'),
    source: textIn(json, 'source'),
    role: textIn(json, 'role'),
    directory: textIn(json, 'directory'),
    isDefault: textIn(json, 'type') === 'DEFAULT',
    containerId: textIn(json, 'container'),
    allocated: amountsIn(json, 'resources'),
    tasks: recordsIn(json, 'tasks').map(taskRow),
    queuedTasks: recordsIn(json, 'queued_tasks').map(taskRow),
    completedTasks: recordsIn(json, 'completed_tasks').map(taskRow),
  };
}

export interface AgentFramework {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly executors: readonly ExecutorRow[];
  readonly completedExecutors: readonly ExecutorRow[];
}

function agentFramework(json: Json): AgentFramework {
  const { id, name, user, roles } = frameworkRow(json);
  return {
    id,
    name,
    user,
    roles,
    executors: recordsIn(json, 'executors').map(executorRow),
    completedExecutors: recordsIn(json, 'completed_executors').map(executorRow),
  };
}

export interface AgentView {
  readonly json: Json;
  readonly frameworks: readonly AgentFramework[];
  readonly completedFrameworks: readonly AgentFramework[];
}

/** An agent's own state document. */
export function agentView(json: Json): AgentView {
  return {
    json,
    frameworks: recordsIn(json, 'frameworks').map(agentFramework),
    completedFrameworks: recordsIn(json, 'completed_frameworks').map(agentFramework),
  };
}

/** Executors of a framework on an agent, those that ended last. */
export function executorsOf(view: AgentView, frameworkId: string): readonly ExecutorRow[] {
  const known = [...view.frameworks, ...view.completedFrameworks].filter(
    ({ id }) => id === frameworkId,
  );
  return [
    ...known.flatMap(({ executors }) => executors),
    ...known.flatMap(({ completedExecutors }) => completedExecutors),
  ];
}
