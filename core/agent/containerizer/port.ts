/**
 * What the agent needs of a containerizer (spec agent-runtime, section 7). The containerizer of the
 * original's name `mesos` is `mesos.ts`; others (Docker's, and the one that tries several) stand
 * behind the same interface.
 *
 * Requests do not answer, but for `launch`; what came of them arrives as events, in order. All of
 * them may be repeated: a container or task that is known already is left alone.
 */
import type { DurationMs } from '../../base/duration.ts';
import type { HostedTask } from '../../executor/hosted.ts';
import type {
  ContainerInfo,
  ContainerStatus,
  ExecutorInfo,
  Image,
  Resource,
  ResourceStatistics,
  TaskInfo,
} from '../../wire/types/mesos.v1.ts';
import type { ContainerSpec, LauncherEvent } from '../launcher-port.ts';

/** Amounts that a container may use; infinite ones are `Number.POSITIVE_INFINITY`. */
export interface ContainerLimits {
  readonly cpus?: number | undefined;
  /** Megabytes. */
  readonly mem?: number | undefined;
}

/** As messages tell them. */
export function containerLimits(limits: TaskInfo['limits']): ContainerLimits {
  const { cpus, mem } = limits ?? {};
  return {
    ...(cpus === undefined ? {} : { cpus: cpus.value }),
    ...(mem === undefined ? {} : { mem: mem.value }),
  };
}

/** What a container is granted: `requests` by its offer, `limits` beyond them where a task says so. */
export interface ContainerResources {
  readonly requests: readonly Resource[];
  readonly limits: ContainerLimits;
}

export interface ContainerConfig extends ContainerResources {
  /** Identity, sandbox, system user, and the command of a custom executor. */
  readonly spec: ContainerSpec;
  readonly executorInfo: ExecutorInfo;
  /** The task of a command executor; others bring their tasks with `run`. */
  readonly taskInfo?: TaskInfo;
  /** The task's for a command executor, else the executor's. */
  readonly containerInfo?: ContainerInfo;
  /** Of the executor; complete. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A task for a hosted executor: how it is run, and what it is made from. */
export interface TaskLaunch {
  readonly hosted: HostedTask;
  readonly info: TaskInfo;
}

/**
 * `launched`: `started` or `launch-failed` follows. `not-supported`: this containerizer is not made
 * for such a container, another one may be.
 */
export type LaunchAnswer = 'launched' | 'already-launched' | 'not-supported';

/** `report` comes first, and again whenever what runs the containers was replaced. */
export type ContainerizerEvent = Exclude<
  LauncherEvent,
  { readonly kind: 'disk-measured' | 'image-pulled' }
>;

export interface Containerizer {
  /** As in `--containerizers`; of several, with `, ` between them. */
  readonly name: string;
  /** Finds the containers that outlived the last agent; resolves after the first `report`. */
  recover(onEvent: (event: ContainerizerEvent) => void): Promise<void>;
  launch(config: ContainerConfig): LaunchAnswer;
  /** Hands tasks to a hosted executor; several at once are one group. */
  run(containerId: string, tasks: readonly TaskLaunch[]): void;
  /** Kills one task of a hosted executor; undefined grace means the task's own. */
  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void;
  /** The agent has stored the update with this uuid. */
  acknowledge(containerId: string, taskId: string, uuid: string): void;
  /** Asks a hosted executor to kill its tasks and end. Nothing for custom ones. */
  shutdown(containerId: string): void;
  /** Tasks of the executor came or went: what it is granted from now on. */
  update(containerId: string, resources: ContainerResources): void;
  /**
   * What the container has used and may use, as files of the kernel tell it at once. Undefined when
   * it is not known or has ended, or nothing but its processes tells it.
   */
  usage(containerId: string): ResourceStatistics | undefined;
  /** Undefined when nothing is known that the agent does not know by itself. */
  status(containerId: string): ContainerStatus | undefined;
  /** SIGKILL to everything in the container; `exited` follows. */
  destroy(containerId: string): void;
  /** The agent has taken notice of the exit; the containerizer may forget the container. */
  forget(containerId: string): void;
  /** Launched or recovered, and not forgotten. */
  containers(): readonly string[];
  /** Removes what no container and none of these images needs; where there is nothing, nothing. */
  pruneImages?(excluded: readonly Image[]): Promise<void>;
  /** With `killTasks` everything is killed and ends; else containers go on. */
  stop(options: { readonly killTasks: boolean }): Promise<void>;
}
