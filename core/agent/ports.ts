/** What an agent needs of the world; sockets, disk and processes, or the simulator's. */
import type { Clock } from '../base/clock.ts';
import type { Failpoints } from '../base/failpoints.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { LeaderDetector } from '../election/ports.ts';
import type { Hooks } from '../modules/hooks.ts';
import type { MessageTransport } from '../net/ports.ts';
import type { CommandInfoURI } from '../wire/types/mesos.v1.ts';
import type { Containerizer } from './containerizer/port.ts';
import type { Provisioner } from './containerizer/provisioner/port.ts';
import type { ContainerPlans } from './containers/plans.ts';
import type { ContainerLauncher } from './containers/port.ts';
import type { PreparedSandbox } from './effects.ts';
import type { AgentFiles } from './files-port.ts';
import type { VolumeLink } from './volumes.ts';

export interface SandboxRequest {
  readonly containerId: string;
  /** Absolute. */
  readonly directory: string;
  /** Undefined does not switch users. */
  readonly user: string | undefined;
  readonly uris: readonly CommandInfoURI[];
  readonly links: readonly VolumeLink[];
}

export interface Sandboxes {
  /**
   * Makes the directory, its owner and links, fetches files. At once where nothing is fetched.
   * An aborted signal ends the fetching.
   */
  prepare(request: SandboxRequest, signal: AbortSignal): PreparedSandbox | Promise<PreparedSandbox>;
}

export interface HostFacts {
  /** Changes when the machine starts anew. */
  bootId(): string;
  /** Used fraction of the work directory's file system, 0 to 1. */
  diskUsage(): Promise<number>;
  loadAverages(): LoadAverages;
}

/** Of runnable processes, as the kernel counts them. */
export interface LoadAverages {
  readonly fiveMinutes: number;
  readonly fifteenMinutes: number;
}

export interface AgentPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Must know its address (be listening) when the agent starts. */
  readonly transport: MessageTransport;
  readonly detector: LeaderDetector;
  readonly containerizer: Containerizer;
  /** Without it there are no containers but those of executors. */
  readonly containers?: ContainerLauncher;
  /** How those are isolated; where it is left out, not at all. */
  readonly containerPlans?: ContainerPlans;
  /** One without an executor has ended, or could not be started. */
  readonly onContainerEnded?: (id: string) => void;
  /** Of their images; without it they have none. */
  readonly provisioner?: Provisioner | undefined;
  readonly files: AgentFiles;
  readonly sandboxes: Sandboxes;
  readonly host: HostFacts;
  /** Only where a test asks for it. */
  readonly failpoints?: Failpoints | undefined;
  /** Of modules. */
  readonly hooks?: Hooks;
}
