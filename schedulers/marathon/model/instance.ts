/**
 * Instances: what Marathon keeps running for an app or a pod. An instance outlives its tasks; each relaunch
 * is a new task (per container of a pod) with a higher incarnation (spec marathon-app-model, section 11; marathon-behaviour,
 * sections 4.1 and 5).
 */
import type { Instant } from '../../../core/base/clock.ts';
import type {
  Attribute,
  CheckStatusInfo,
  TaskState,
  TaskStatus,
} from '../../../core/wire/types/mesos.v1.ts';
import type { EndCause } from './end-cause.ts';
import { fromSafeForm, type PathId, safeForm } from './path-id.ts';
import type { Reservation } from './reservation.ts';
import type { RunSpec } from './run-spec.ts';

export type InstanceId = string & { readonly __instanceId: true };

export const CONDITIONS = [
  'Scheduled',
  'Provisioned',
  'Staging',
  'Starting',
  'Running',
  'Killing',
  'Unreachable',
  'UnreachableInactive',
  'Finished',
  'Failed',
  'Killed',
  'Error',
  'Dropped',
  'Gone',
  'Unknown',
] as const;

export type Condition = (typeof CONDITIONS)[number];

export type Goal = 'Running' | 'Stopped' | 'Decommissioned';

const TERMINAL: readonly Condition[] = [
  'Finished',
  'Failed',
  'Killed',
  'Error',
  'Dropped',
  'Gone',
  'Unknown',
];

const ACTIVE: readonly Condition[] = [
  'Provisioned',
  'Staging',
  'Starting',
  'Running',
  'Killing',
  'Unreachable',
];

/** A status may move a task from any live condition to any but the first two; dead ones rest. */
const REPORTED: readonly Condition[] = CONDITIONS.filter(
  (condition) => condition !== 'Scheduled' && condition !== 'Provisioned',
);

/**
 * Which condition may follow which. Terminal instances whose goal is Running are scheduled again;
 * the others are expunged.
 */
export const NEXT: Readonly<Record<Condition, readonly Condition[]>> = {
  Scheduled: ['Provisioned'],
  Provisioned: REPORTED,
  Staging: REPORTED,
  Starting: REPORTED,
  Running: REPORTED,
  Killing: REPORTED,
  Unreachable: REPORTED,
  UnreachableInactive: REPORTED,
  Finished: ['Scheduled'],
  Failed: ['Scheduled'],
  Killed: ['Scheduled'],
  Error: ['Scheduled'],
  Dropped: ['Scheduled'],
  Gone: ['Scheduled'],
  Unknown: ['Scheduled'],
};

export interface AgentOfInstance {
  readonly host: string;
  readonly agentId: string;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly attributes: readonly Attribute[];
}

export interface TaskNetwork {
  /** None on the host's own. */
  readonly name?: string | undefined;
  readonly addresses: readonly string[];
}

/** A current task of an instance, or the last one when that has ended. */
export interface InstanceTask {
  readonly id: string;
  /** Of a pod: which container it runs. */
  readonly container?: string | undefined;
  readonly condition: Condition;
  readonly hostPorts: readonly number[];
  readonly stagedAt: Instant;
  readonly startedAt?: Instant | undefined;
  /** Absent until the first status. */
  readonly state?: TaskState | undefined;
  /** When the condition began. */
  readonly since: Instant;
  readonly message?: string | undefined;
  readonly ipAddresses: readonly { readonly ipAddress: string; readonly protocol: string }[];
  /** The same by network, as the agent names them; absent before it has told. */
  readonly networks?: readonly TaskNetwork[] | undefined;
  /** As reported by health checks that the agent runs. */
  readonly healthy?: boolean | undefined;
  readonly checkStatus?: CheckStatusInfo | undefined;
}

export interface Instance {
  readonly id: InstanceId;
  /** The definition its tasks are made from; its version is the instance's. */
  readonly spec: RunSpec;
  readonly goal: Goal;
  readonly condition: Condition;
  /** When the condition began. */
  readonly since: Instant;
  readonly createdAt: Instant;
  /** Number of the newest task, 0 before the first. */
  readonly incarnation: number;
  /** Why Marathon ends the present task. */
  readonly endCause?: EndCause | undefined;
  readonly agent?: AgentOfInstance | undefined;
  /** What a resident instance holds at its agent, also while it has no task. */
  readonly reservation?: Reservation | undefined;
  /** Empty before the first launch; one for an app, one per container for a pod. */
  readonly tasks: readonly InstanceTask[];
}

export function makeInstanceId(app: PathId, uuid: string): InstanceId {
  return `${safeForm(app)}.instance-${uuid}` as InstanceId;
}

export function makeTaskId(instance: InstanceId, incarnation: number, container = '_app'): string {
  return `${instance}.${container}.${incarnation}`;
}

/** All containers of a pod's instance run below one executor. */
export function executorIdOf(instance: InstanceId): string {
  const [, safeId = instance, , uuid = ''] = INSTANCE_ID.exec(instance) ?? [];
  return `instance-${safeId}.${uuid}`;
}

const INSTANCE_ID = /^(.+)\.(instance-|marathon-)([^.]+)$/;

/** The instance that a task or instance id belongs to; understands the old forms. */
export function instanceIdOf(text: string): InstanceId | undefined {
  const modern = /^(.+\.(?:instance-|marathon-)[^.]+)(?:\.[^.]+(?:\.\d+)?)?$/.exec(text);
  if (modern?.[1] !== undefined) return modern[1] as InstanceId;
  const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
  const legacy = new RegExp(`^(.+)[._](${uuid})(?:\\.\\d+)?$`).exec(text);
  if (legacy === null) return undefined;
  return `${legacy[1]}.marathon-${legacy[2]}` as InstanceId;
}

export function specIdOfInstance(id: InstanceId): PathId {
  return fromSafeForm(INSTANCE_ID.exec(id)?.[1] ?? id);
}

export function isTerminal(condition: Condition): boolean {
  return TERMINAL.includes(condition);
}

export function isActive(condition: Condition): boolean {
  return ACTIVE.includes(condition);
}

/** Conditions in which the master is told by nobody that a kill has worked. */
export function isUnkillable(condition: Condition): boolean {
  return ['Unknown', 'Unreachable', 'UnreachableInactive', 'Dropped', 'Gone'].includes(condition);
}

const STATES: Readonly<Record<TaskState, Condition | 'lost'>> = {
  TASK_STAGING: 'Staging',
  TASK_STARTING: 'Starting',
  TASK_RUNNING: 'Running',
  TASK_KILLING: 'Killing',
  TASK_FINISHED: 'Finished',
  TASK_FAILED: 'Failed',
  TASK_KILLED: 'Killed',
  TASK_ERROR: 'Error',
  TASK_DROPPED: 'Dropped',
  TASK_GONE: 'Gone',
  TASK_GONE_BY_OPERATOR: 'Gone',
  TASK_UNKNOWN: 'Unknown',
  TASK_UNREACHABLE: 'Unreachable',
  TASK_LOST: 'lost',
};

/** What a status says about its task; `TASK_LOST` of older masters is read by its reason. */
export function conditionOfStatus(status: TaskStatus): Condition {
  const condition = STATES[status.state];
  if (condition !== 'lost') return condition;
  if (status.message?.startsWith('Reconciliation: Task is unknown to the') === true) {
    return 'Unknown';
  }
  switch (status.reason) {
    case 'REASON_TASK_UNKNOWN':
      return 'Unknown';
    case 'REASON_RECONCILIATION':
    case 'REASON_AGENT_DISCONNECTED':
    case 'REASON_AGENT_REMOVED':
      return 'Unreachable';
    default:
      return 'Gone';
  }
}

/** The Mesos state shown for a task of an instance. */
export function shownState(instance: Instance, task = instance.tasks[0]): TaskState {
  switch (instance.condition) {
    case 'Scheduled':
    case 'Provisioned':
      return 'TASK_STAGING';
    case 'UnreachableInactive':
      return 'TASK_UNREACHABLE';
    default:
      return task?.state ?? 'TASK_STAGING';
  }
}

/** True when the instance runs a definition older than the last change of configuration. */
export function isOutdated(instance: Instance, spec: RunSpec): boolean {
  return instance.spec.version < spec.versionInfo.lastConfigChangeAt;
}

/** Worst first: the condition of a pod's instance is that of its worst task. */
const WORST_FIRST: readonly Condition[] = [
  'Error',
  'Failed',
  'Gone',
  'Dropped',
  'Unreachable',
  'Killing',
  'Starting',
  'Staging',
  'Unknown',
  'Provisioned',
  'Running',
  'Finished',
  'Killed',
];

/**
 * What the tasks make of their instance. When one has ended badly while others live, the executor
 * ends those: the instance is being killed, and what it ended with is known when all have ended.
 */
export function conditionOfTasks(tasks: readonly InstanceTask[]): Condition {
  const present = new Set(tasks.map(({ condition }) => condition));
  const worst = WORST_FIRST.find((condition) => present.has(condition)) ?? 'Unknown';
  // One container has been heard of, another not yet: the instance is on its way, not back to before.
  if (worst === 'Provisioned' && present.size > 1) return 'Staging';
  const allEnded = tasks.every(({ condition }) => isTerminal(condition));
  if (!isTerminal(worst) || allEnded) return worst;
  return present.has('Unreachable') ? 'Unreachable' : 'Killing';
}

/**
 * What the agent has said of the tasks' health: false while any running one is not well, undefined
 * while any is neither running nor finished, or nothing has been said of any.
 */
export function reportedHealth(tasks: readonly InstanceTask[]): boolean | undefined {
  const running = tasks.filter(({ condition }) => condition === 'Running');
  if (running.some(({ healthy }) => healthy === false)) return false;
  const isSettled = ({ condition }: InstanceTask): boolean =>
    condition === 'Running' || condition === 'Finished';
  if (!tasks.every(isSettled)) return undefined;
  return running.some(({ healthy }) => healthy === true) ? true : undefined;
}

/** Which role's offers it uses. */
export function roleOf({ reservation, spec }: Instance): string {
  return reservation?.role ?? spec.role;
}

/** A stopped instance that has nothing left to wait for: it could be launched again. */
export function isAtRest({ goal, condition }: Instance): boolean {
  if (goal !== 'Stopped') return false;
  return condition === 'Scheduled' || isTerminal(condition) || isUnkillable(condition);
}

/** On its way out: its task has yet to end. */
export function isLeaving(instance: Instance): boolean {
  return instance.goal !== 'Running' && !isAtRest(instance);
}

/** First start of any task; undefined before. */
export function startedAtOf(instance: Instance): Instant | undefined {
  const starts = instance.tasks.flatMap(({ startedAt }) => startedAt ?? []);
  return starts.length === 0 ? undefined : Math.min(...starts);
}
