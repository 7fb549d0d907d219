/** What the pages show of roles, jobs and tasks, taken from the JSON of `/v1`. Pure. */
import {
  type Json,
  numberIn,
  numberOrNone,
  recordIn,
  recordOf,
  recordsIn,
  textIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';

export interface JobKey {
  readonly role: string;
  readonly environment: string;
  readonly name: string;
}

export function keyText({ role, environment, name }: JobKey): string {
  return `${role}/${environment}/${name}`;
}

export function keyIn(json: Json, member: string): JobKey {
  const key = recordIn(json, member);
  return {
    role: textIn(key, 'role'),
    environment: textIn(key, 'environment'),
    name: textIn(key, 'name'),
  };
}

export interface RoleRow {
  readonly role: string;
  readonly jobCount: number;
  readonly cronJobCount: number;
}

export function rolesOf(answer: unknown): readonly RoleRow[] {
  return recordsIn(recordOf(answer), 'roles').map((json) => ({
    role: textIn(json, 'role'),
    jobCount: numberIn(json, 'jobCount'),
    cronJobCount: numberIn(json, 'cronJobCount'),
  }));
}

export interface Amounts {
  readonly cpus: number;
  readonly ramMb: number;
  readonly diskMb: number;
  readonly gpus: number;
  readonly ports: readonly string[];
}

/** Of a list of resources; what there is none of is zero. */
export function amountsIn(json: Json): Amounts {
  const resources = recordsIn(json, 'resources');
  const sum = (name: string): number =>
    resources.reduce((total, each) => total + numberIn(each, name), 0);
  return {
    cpus: sum('numCpus'),
    ramMb: sum('ramMb'),
    diskMb: sum('diskMb'),
    gpus: sum('numGpus'),
    ports: resources.flatMap((each) => textOrNone(each, 'namedPort') ?? []),
  };
}

export interface QuotaView {
  readonly quota: Amounts;
  readonly production: Amounts;
  readonly other: Amounts;
  readonly dedicated: Amounts;
}

export function quotaOf(answer: unknown): QuotaView {
  const json = recordOf(answer);
  const amounts = (name: string): Amounts => amountsIn(recordIn(json, name));
  const [left, right] = [
    amounts('prodDedicatedConsumption'),
    amounts('nonProdDedicatedConsumption'),
  ];
  return {
    quota: amounts('quota'),
    production: amounts('prodSharedConsumption'),
    other: amounts('nonProdSharedConsumption'),
    dedicated: {
      cpus: left.cpus + right.cpus,
      ramMb: left.ramMb + right.ramMb,
      diskMb: left.diskMb + right.diskMb,
      gpus: left.gpus + right.gpus,
      ports: [],
    },
  };
}

export interface JobRow {
  readonly key: JobKey;
  readonly kind: 'service' | 'ad-hoc' | 'cron';
  readonly tier: string;
  readonly priority: number;
  readonly owner: string;
  readonly contact: string | undefined;
  readonly amounts: Amounts;
  /** Instances of one run. */
  readonly cronInstances: number;
  readonly cronSchedule: string | undefined;
  readonly collisionPolicy: string;
  readonly nextRunAt: number | undefined;
  readonly active: number;
  readonly pending: number;
  readonly finished: number;
  readonly failed: number;
  /** Of a cron job: what each run is made from. */
  readonly template: Json;
}

export function jobOf(summary: Json): JobRow {
  const job = recordIn(summary, 'job');
  const config = recordIn(job, 'taskConfig');
  const stats = recordIn(summary, 'stats');
  const cronSchedule = textOrNone(job, 'cronSchedule');
  const kind = config['isService'] === true ? 'service' : 'ad-hoc';
  return {
    key: keyIn(job, 'key'),
    kind: cronSchedule === undefined ? kind : 'cron',
    tier: textIn(config, 'tier'),
    priority: numberIn(config, 'priority'),
    owner: textIn(recordIn(job, 'owner'), 'user'),
    contact: textOrNone(config, 'contactEmail'),
    amounts: amountsIn(config),
    cronInstances: numberIn(job, 'instanceCount'),
    cronSchedule,
    collisionPolicy: textIn(job, 'cronCollisionPolicy'),
    nextRunAt: numberOrNone(summary, 'nextCronRunMs'),
    active: numberIn(stats, 'activeTaskCount'),
    pending: numberIn(stats, 'pendingTaskCount'),
    finished: numberIn(stats, 'finishedTaskCount'),
    failed: numberIn(stats, 'failedTaskCount'),
    template: config,
  };
}

export interface ListView<T> {
  /** Also of those that this answer leaves out. */
  readonly total: number;
  readonly rows: readonly T[];
}

export function jobsOf(answer: unknown): ListView<JobRow> {
  const json = recordOf(answer);
  return { total: numberIn(json, 'total'), rows: recordsIn(json, 'jobs').map(jobOf) };
}

export interface EnvironmentRow {
  readonly environment: string;
  readonly jobs: number;
  readonly active: number;
  readonly pending: number;
  readonly failed: number;
}

export function environmentsOf(jobs: readonly JobRow[]): readonly EnvironmentRow[] {
  return [...Map.groupBy(jobs, ({ key }) => key.environment)]
    .map(([environment, rows]) => ({
      environment,
      jobs: rows.length,
      active: rows.reduce((sum, { active }) => sum + active, 0),
      pending: rows.reduce((sum, { pending }) => sum + pending, 0),
      failed: rows.reduce((sum, { failed }) => sum + failed, 0),
    }))
    .sort((a, b) => (a.environment < b.environment ? -1 : 1));
}

export interface EventRow {
  readonly at: number;
  readonly status: string;
  readonly message: string;
  readonly scheduler: string;
}

export interface TaskRow {
  readonly id: string;
  readonly instance: number;
  readonly status: string;
  readonly isActive: boolean;
  readonly host: string | undefined;
  readonly ports: readonly (readonly [name: string, port: number])[];
  /** Oldest first. */
  readonly events: readonly EventRow[];
  readonly failures: number;
  readonly ancestorId: string | undefined;
}

const ENDED = new Set(['FINISHED', 'FAILED', 'KILLED', 'LOST']);

export function taskOf(json: Json): TaskRow {
  const assigned = recordIn(json, 'assignedTask');
  const status = textIn(json, 'status');
  return {
    id: textIn(assigned, 'taskId'),
    instance: numberIn(assigned, 'instanceId'),
    status,
    isActive: !ENDED.has(status),
    host: textOrNone(assigned, 'slaveHost'),
    ports: Object.entries(recordIn(assigned, 'assignedPorts')).map(([name, port]) => [
      name,
      Number(port),
    ]),
    events: recordsIn(json, 'taskEvents').map((event) => ({
      at: numberIn(event, 'timestamp'),
      status: textIn(event, 'status'),
      message: textIn(event, 'message'),
      scheduler: textIn(event, 'scheduler'),
    })),
    failures: numberIn(json, 'failureCount'),
    ancestorId: textOrNone(json, 'ancestorId'),
  };
}

/** When the task came to the state that it is in. */
export function sinceOf({ events }: TaskRow): number | undefined {
  return events.at(-1)?.at;
}

export function tasksOf(answer: unknown): ListView<TaskRow> {
  const json = recordOf(answer);
  return { total: numberIn(json, 'total'), rows: recordsIn(json, 'tasks').map(taskOf) };
}

/** The instances by number, and what has ended, the latest first. */
export function splitTasks(tasks: readonly TaskRow[]): {
  readonly active: readonly TaskRow[];
  readonly ended: readonly TaskRow[];
} {
  return {
    active: tasks.filter(({ isActive }) => isActive).sort((a, b) => a.instance - b.instance),
    ended: tasks
      .filter(({ isActive }) => !isActive)
      .sort((a, b) => (sinceOf(b) ?? 0) - (sinceOf(a) ?? 0)),
  };
}

/** Why a pending task waits, by task id. */
export function reasonsOf(answer: unknown): ReadonlyMap<string, string> {
  return new Map(
    recordsIn(recordOf(answer), 'reasons').map((json) => [
      textIn(json, 'taskId'),
      textIn(json, 'reason'),
    ]),
  );
}

/** What a pending task waits for; undefined: it waits no more. */
export function waitOf(
  { id, status }: TaskRow,
  reasons: ReadonlyMap<string, string>,
): string | undefined {
  if (status !== 'PENDING') return undefined;
  return reasons.get(id) || 'No offer was looked at yet';
}

export interface SlaView {
  readonly platformUptimePercent: number;
  readonly toAssignedMs: number;
  readonly toStartingMs: number;
  readonly toRunningMs: number;
  /** So many percent of the instances have been RUNNING at least that long. */
  readonly uptimes: readonly (readonly [percent: number, seconds: number])[];
}

export function slaOf(answer: unknown): SlaView {
  const json = recordOf(answer);
  return {
    platformUptimePercent: numberIn(json, 'platformUptimePercent'),
    toAssignedMs: numberIn(json, 'medianTimeToAssignedMs'),
    toStartingMs: numberIn(json, 'medianTimeToStartingMs'),
    toRunningMs: numberIn(json, 'medianTimeToRunningMs'),
    uptimes: Object.entries(recordIn(json, 'uptimeSecs'))
      .map(([percent, seconds]) => [Number(percent), Number(seconds)] as const)
      .sort(([a], [b]) => a - b),
  };
}

export interface CronView {
  readonly schedule: string;
  readonly timeZone: string;
  readonly next: readonly number[];
}

export function cronOf(answer: unknown): CronView {
  const json = recordOf(answer);
  const next = json['nextRunsMs'];
  return {
    schedule: textIn(json, 'schedule'),
    timeZone: textIn(json, 'timeZone'),
    next: Array.isArray(next) ? next.filter((each) => typeof each === 'number') : [],
  };
}

/** How a status looks: a class name. */
export function kindOfStatus(status: string): string {
  return KINDS[status] ?? 'quiet';
}

const KINDS: Readonly<Record<string, string>> = {
  PENDING: 'warn',
  THROTTLED: 'warn',
  PARTITIONED: 'warn',
  ASSIGNED: 'accent',
  STARTING: 'accent',
  RUNNING: 'good',
  FINISHED: 'good',
  FAILED: 'bad',
  LOST: 'bad',
  KILLING: 'warn',
  RESTARTING: 'warn',
  DRAINING: 'warn',
  PREEMPTING: 'warn',
  ROLLING_FORWARD: 'accent',
  ROLLING_BACK: 'warn',
  ROLL_FORWARD_PAUSED: 'warn',
  ROLL_BACK_PAUSED: 'warn',
  ROLL_FORWARD_AWAITING_PULSE: 'warn',
  ROLL_BACK_AWAITING_PULSE: 'warn',
  ROLLED_FORWARD: 'good',
  ROLLED_BACK: 'bad',
  ERROR: 'bad',
};

/** `ROLLING_FORWARD` as people read it. */
export function wordsOf(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}

export interface HostRow {
  readonly host: string;
  readonly mode: string;
  /** Tasks that are still there and have to go. */
  readonly leaving: number;
}

/** The answer of `/maintenance`: names by state, those being drained with the ids of their tasks. */
export function hostsOf(answer: unknown): readonly HostRow[] {
  const json = recordOf(answer);
  const named = (mode: string): HostRow[] => {
    const names = json[mode];
    if (!Array.isArray(names)) return [];
    return names.map((host) => ({ ...{ host: String(host), mode, leaving: 0 } }));
  };
  const draining = Object.entries(recordIn(json, 'DRAINING')).map(([host, tasks]) => ({
    ...{ host, mode: 'DRAINING', leaving: Array.isArray(tasks) ? tasks.length : 0 },
  }));
  return [...named('SCHEDULED'), ...draining, ...named('DRAINED')];
}
