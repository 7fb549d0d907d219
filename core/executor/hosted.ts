/**
 * The vocabulary between the agent and the executors that its launcher hosts (command and default
 * executors). Plain JSON values: they travel over the launcher's socket and lie in its state files.
 * Meaning of the fields: spec executor-api, sections 12, 13 and 16.
 */
import type { DurationMs } from '../base/duration.ts';
import type {
  CheckStatusInfo,
  NetworkInfo,
  TaskResourceLimitation,
  TaskState,
  TaskStatusReason,
} from '../wire/types/mesos.v1.ts';

export interface HostedCommand {
  /** True: `sh -c value`; false: `value` is looked up in PATH and started with `arguments`. */
  readonly shell: boolean;
  readonly value: string;
  /** With `shell` false: argv including argv[0]. */
  readonly arguments: readonly string[];
  /** Complete environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is run again and again to learn whether a task is well. */
export interface HostedProbe {
  readonly type: 'COMMAND' | 'HTTP' | 'TCP';
  readonly delayMs: DurationMs;
  readonly intervalMs: DurationMs;
  /** 0 means no limit. */
  readonly timeoutMs: DurationMs;
  readonly command?: HostedCommand;
  readonly http?: {
    readonly scheme: string;
    readonly host: string;
    readonly port: number;
    readonly path: string;
  };
  readonly tcp?: { readonly port: number };
}

export interface HostedHealthCheck extends HostedProbe {
  readonly gracePeriodMs: DurationMs;
  readonly consecutiveFailures: number;
}

export interface HostedTask {
  readonly taskId: string;
  /** The nested container of a group's task; a command task runs in its executor's container. */
  readonly nestedId?: string;
  /** Working directory and place of `stdout`, `stderr` when it is not the executor's. */
  readonly sandbox?: string;
  readonly command: HostedCommand;
  readonly killGraceMs: DurationMs;
  /** 0 means no limit. */
  readonly maxCompletionMs: DurationMs;
  readonly healthCheck?: HostedHealthCheck;
  readonly check?: HostedProbe;
  /** Runs in a pseudo terminal that can be attached to. */
  readonly isTerminal?: boolean;
  /** Whose process it is when it is not the container's. */
  readonly user?: UserIds;
  /** Why its container could not be made: it fails with this text, and its group with it. */
  readonly refusal?: string;
}

/** Who a process runs as. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
  /** Those besides `gid`, if any. */
  readonly groups?: readonly number[];
}

/** A status update of a hosted executor; kept by it until the agent has acknowledged the uuid. */
export interface HostedUpdate {
  readonly taskId: string;
  readonly state: TaskState;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Text form. */
  readonly uuid: string;
  readonly message?: string;
  readonly reason?: TaskStatusReason;
  readonly healthy?: boolean;
  /** What of its container's was used up. */
  readonly limitation?: TaskResourceLimitation;
  readonly checkStatus?: CheckStatusInfo;
  readonly nestedId?: string;
  readonly pid?: number;
  /** Text for the scheduler: what the engine says of a Docker container. */
  readonly data?: string;
  readonly networkInfos?: readonly NetworkInfo[];
}
