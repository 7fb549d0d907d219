/**
 * What the agent needs of its launcher: the small process that starts tasks, hosts command and
 * default executors, and outlives the agent (see launcher/README.md). The simulator gives one whose
 * tasks are simulated.
 */
import type { DurationMs } from '../base/duration.ts';
import type { HostedCommand, HostedTask, HostedUpdate, UserIds } from '../executor/hosted.ts';
import type {
  CgroupInfo,
  NetworkInfo,
  Resource,
  TaskStatusReason,
} from '../wire/types/mesos.v1.ts';
import type { LogPlan } from './container-logger.ts';
import type { FileWrite, IsolationPlan, WatchPlan } from './containerizer/plan.ts';

/**
 * `command`: one task, run by the hosted command executor. `group`: task groups, run by the hosted
 * default executor. `process`: a custom executor, a process that talks to the agent by itself.
 */
export type ContainerKind = 'command' | 'group' | 'process';

export interface ContainerSpec {
  readonly id: string;
  readonly kind: ContainerKind;
  readonly frameworkId: string;
  readonly executorId: string;
  /** Working directory; `stdout` and `stderr` go to files in it. */
  readonly sandbox: string;
  /** The system user; undefined runs as the launcher's own. */
  readonly user?: UserIds;
  /** Only `process`: what to start. */
  readonly command?: HostedCommand;
  /** Only `process`: runs in a pseudo terminal that can be attached to. */
  readonly isTerminal?: boolean;
  /** Tasks of hosted executors: may TASK_KILLING be sent. */
  readonly sendsKilling: boolean;
  readonly shutdownGraceMs: DurationMs;
  /**
   * How long the container goes on without an agent; 0 (frameworks that do not checkpoint) ends it
   * when the agent's connection breaks.
   */
  readonly recoveryTimeoutMs: DurationMs;
  /** Undefined: output goes to files that grow. */
  readonly logs?: LogPlan;
  /** Undefined: a plain process. Tasks of a group may have plans of their own. */
  readonly isolation?: IsolationPlan;
}

/** What a new grant changes. */
export interface ContainerUpdate {
  readonly writes: readonly FileWrite[];
  /** Instead of those of the plan. */
  readonly watches: readonly WatchPlan[];
}

/** A container the launcher knows, as told at each (re)connection. */
export interface LauncherContainer {
  readonly id: string;
  readonly kind: ContainerKind;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly sandbox: string;
  /** The custom executor, or the only task of a command executor. */
  readonly pid?: number;
  /** Tasks handed over, alive or with unacknowledged updates. */
  readonly taskIds: readonly string[];
  /** Unacknowledged, oldest first. */
  readonly updates: readonly HostedUpdate[];
  /** Set when the container has ended; -1 when its status is unknown. */
  readonly exitStatus?: number;
  readonly limitation?: ContainerLimitation;
  /** Those it has joined; undefined: the host's. */
  readonly networkInfos?: readonly NetworkInfo[];
  /** Added by the containerizer. */
  readonly cgroupInfo?: CgroupInfo;
}

export type LauncherEvent =
  /** Connected to a launcher (new, surviving or replaced): everything it knows. */
  | {
      readonly kind: 'report';
      readonly containers: readonly LauncherContainer[];
      /** The containers it tells all about; left out: every one that there is. */
      readonly about?: ReadonlySet<string>;
    }
  /** The container exists; hosted executors are ready for tasks. */
  | {
      readonly kind: 'started';
      readonly containerId: string;
      readonly pid?: number;
      readonly networkInfos?: readonly NetworkInfo[];
      readonly cgroupInfo?: CgroupInfo;
    }
  | {
      readonly kind: 'launch-failed';
      readonly containerId: string;
      readonly message: string;
      /** Added by the containerizer; left out: the launch failed. */
      readonly reason?: TaskStatusReason;
    }
  | { readonly kind: 'update'; readonly containerId: string; readonly update: HostedUpdate }
  /** An image was fetched for the container. */
  | { readonly kind: 'image-pulled'; readonly containerId: string; readonly ms: DurationMs }
  /** How much of the disk a watched directory takes. */
  | {
      readonly kind: 'disk-measured';
      readonly containerId: string;
      readonly path: string;
      readonly bytes: number;
    }
  /** The container does not have what it was granted. */
  | { readonly kind: 'update-failed'; readonly containerId: string; readonly message: string }
  /** All processes of the container are gone. `status` is a wait status, -1 unknown. */
  | {
      readonly kind: 'exited';
      readonly containerId: string;
      readonly status: number;
      readonly limitation?: ContainerLimitation;
    };

/** The container was ended because it used more than it was granted. */
export interface ContainerLimitation {
  readonly reason: TaskStatusReason;
  readonly message: string;
  /** What was used up, as the task's status tells it. */
  readonly resources: readonly Resource[];
}

/**
 * Requests do not answer; what came of them arrives as events. All of them may be repeated: a
 * container or task that is known already is left alone.
 */
export interface Launcher {
  /** Connects to the surviving launcher or starts one; the first event is a `report`. */
  start(onEvent: (event: LauncherEvent) => void): Promise<void>;
  launch(spec: ContainerSpec): void;
  /** Hands tasks to a hosted executor; several at once are one group. */
  run(
    containerId: string,
    tasks: readonly HostedTask[],
    /** By task id; a task that is not named is isolated like its executor. */
    isolation?: Readonly<Record<string, IsolationPlan>>,
  ): void;
  update(containerId: string, update: ContainerUpdate): void;
  /** Kills one task of a hosted executor; undefined grace means the task's own. */
  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void;
  /** The agent has stored the update with this uuid. */
  acknowledge(containerId: string, taskId: string, uuid: string): void;
  /** Asks a hosted executor to kill its tasks and end. Nothing for `process`. */
  shutdown(containerId: string): void;
  /** SIGKILL to everything in the container. */
  destroy(containerId: string): void;
  /** The agent has taken notice of the exit; the launcher may forget the container. */
  forget(containerId: string): void;
  /** With `killTasks` everything is killed and the launcher ends; else both go on. */
  stop(options: { readonly killTasks: boolean }): Promise<void>;
}
