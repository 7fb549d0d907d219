/**
 * The public executor API (spec executor-api, section 10): a custom executor gives
 * `ExecutorCallbacks` and uses an `Executor` to report. Works under this agent and an original one.
 */
import type { DurationMs } from '../base/duration.ts';
import type {
  AgentInfo,
  ExecutorInfo,
  FrameworkInfo,
  KillPolicy,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';

export interface ExecutorSubscription {
  readonly executor: ExecutorInfo;
  readonly framework: FrameworkInfo;
  readonly agent: AgentInfo;
  readonly containerId: string | undefined;
  /** False for the first subscription, true after a reconnection. */
  readonly isResubscription: boolean;
}

/** Called one after another, in the order of the stream. A throwing callback ends the executor. */
export interface ExecutorCallbacks {
  subscribed?(subscription: ExecutorSubscription): void;
  /** The agent is gone; updates are kept until it is back. */
  disconnected?(): void;
  launch?(task: TaskInfo): void;
  /** All or nothing. */
  launchGroup?(tasks: readonly TaskInfo[]): void;
  kill?(taskId: string, policy: KillPolicy | undefined): void;
  message?(data: Uint8Array): void;
  /** The agent has stored the update with this uuid. */
  acknowledged?(taskId: string, uuid: Uint8Array): void;
  /** End everything; the process is killed after the shutdown grace period. */
  shutdown?(): void;
}

/** A status as the executor tells it; ids, source, uuid and time are filled in. */
export type ExecutorStatus = Partial<Omit<TaskStatus, 'task_id' | 'state'>> & {
  readonly taskId: string;
  readonly state: TaskState;
};

/** What the agent puts into the environment (spec executor-api, section 6). */
export interface ExecutorOptions {
  /** `ip:port` of the agent. */
  readonly agent: string;
  /** `slave(1)`; the actor in the path. */
  readonly agentActor: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly checkpoint: boolean;
  readonly recoveryTimeoutMs: DurationMs;
  readonly subscriptionBackoffMaxMs: DurationMs;
  readonly shutdownGraceMs: DurationMs;
  readonly authenticationToken?: string | undefined;
  readonly encoding?: 'json' | 'protobuf';
}

export interface Executor {
  readonly isSubscribed: boolean;
  start(): Promise<void>;
  /** Leaves; waits for updates under way until they are acknowledged or `limitMs` is over. */
  stop(limitMs?: DurationMs): Promise<void>;
  /** Kept until the agent has acknowledged it; gives its uuid. */
  update(status: ExecutorStatus): Uint8Array;
  /** Best effort: dropped while not subscribed. */
  sendMessage(data: Uint8Array): void;
  /** Resolves when the executor has ended, by `stop` or after SHUTDOWN. */
  readonly ended: Promise<void>;
}
