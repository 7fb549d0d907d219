/**
 * What isolators want for one container, as data: made by the agent, recorded and carried out by the
 * launcher. Everything in it is complete; the launcher decides nothing.
 */
import type { ContainerLimitation } from '../launcher-port.ts';
import type { NetworkPlan } from './cni/network-plan.ts';
import type { DockerVolumesPlan } from './volume-plan.ts';

/** A value for a file of a cgroup. */
export interface FileWrite {
  /** Absolute. */
  readonly path: string;
  readonly value: string;
  /** Written only when it is more than what the file says; `-1` and `max` are more than anything. */
  readonly onlyRaises?: true;
}

export interface CgroupPlan {
  /** Absolute directory. */
  readonly path: string;
  /** Made and removed with this container; else it is that of a parent, and only joined. */
  readonly isOwn: boolean;
  /** Processes go into it (cgroups v2 keeps them in leaves). */
  readonly isJoined: boolean;
  /** Files copied from the parent directory before anything else (`cpuset` starts empty). */
  readonly inherits?: readonly string[];
  readonly writes: readonly FileWrite[];
}

/** How everything in a container is found and killed: by freezing it, or at one stroke. */
export interface KillPlan {
  readonly kind: 'freezer' | 'cgroup.kill';
  readonly path: string;
}

export interface RlimitPlan {
  /** Of `prlimit`: `nofile`. */
  readonly name: string;
  /** `soft:hard`, or `unlimited`. */
  readonly value: string;
}

/** Names in the form of `setpriv`: `net_raw`. */
export interface CapabilityPlan {
  /** Undefined: what the kernel gives the user, of `bounding`; nothing but to root. */
  readonly effective?: readonly string[];
  readonly bounding: readonly string[];
}

/** In the words of `nsenter`. */
export type NamespaceKind = 'mount' | 'pid' | 'ipc' | 'net' | 'uts';
/** What a nested container may have for itself. */
export type OwnNamespaceKind = 'pid' | 'ipc';

/** A directory or file of the host; what is mounted below it on either side is there on the other, too. */
export interface SharedTree {
  /** Lines of `setup` know it by this number; those of a parent's trees are others. */
  readonly index: number;
  readonly path: string;
  /** Made as a directory when it is not there. */
  readonly isMade: boolean;
}

export interface NamespacePlan {
  readonly kinds: readonly NamespaceKind[];
  /** Lines for `sh -e`, run as root in the new mount namespace before anything else. */
  readonly setup: readonly string[];
  /** Variables of `setup` that must not stand in it: who may list processes sees its lines. */
  readonly setupVariables?: Readonly<Record<string, string>>;
  /** Put at their places by lines of `setup`. */
  readonly sharedTrees?: readonly SharedTree[];
  /** File that keeps the network namespace; it is made before the others. */
  readonly network?: string;
  /** A mount namespace below the root container's, for one task of it. */
  readonly isOwn?: true;
  /** Of a task: what else it does not share with its container. */
  readonly own?: readonly OwnNamespaceKind[];
  /** Of a task in a container with a root file system: its mount namespace is made from the host's. */
  readonly isFromHost?: true;
  /** Directory that `setup` makes the root of. */
  readonly rootfs?: string;
  /** Of processes, inside of `rootfs`. */
  readonly workingDirectory?: string;
}

export type WatchPlan =
  | {
      readonly kind: 'memory';
      /** Directory of the memory cgroup. */
      readonly path: string;
      readonly version: 1 | 2;
    }
  | {
      readonly kind: 'disk';
      readonly path: string;
      /** Not counted: volumes below `path`, absolute. */
      readonly excludes: readonly string[];
      readonly quotaBytes: number;
      readonly intervalMs: number;
      /** Else only measured. */
      readonly isEnforced: boolean;
    }
  | {
      readonly kind: 'ports';
      /** Freezer cgroup, or that of version 2: whose processes are looked at. */
      readonly path: string;
      readonly intervalMs: number;
      readonly isEnforced: boolean;
      /** Ranges the container may listen on. */
      readonly allowed: readonly (readonly [begin: number, end: number])[];
      /** Ports outside of these do not matter. */
      readonly considered?: readonly (readonly [begin: number, end: number])[];
    };

export interface IsolationPlan {
  readonly cgroups: readonly CgroupPlan[];
  readonly kill?: KillPlan;
  /** Written to `/proc/<pid>/oom_score_adj`. */
  readonly oomScoreAdjust?: number;
  readonly rlimits: readonly RlimitPlan[];
  readonly capabilities?: CapabilityPlan;
  readonly noNewPrivileges: boolean;
  readonly namespaces?: NamespacePlan;
  readonly network?: NetworkPlan;
  readonly dockerVolumes?: DockerVolumesPlan;
  readonly watches: readonly WatchPlan[];
}

export interface PlannedCommand {
  readonly shell: boolean;
  readonly value: string;
  /** From `argv[0]`. */
  readonly arguments: readonly string[];
}

/** What one isolator adds. */
export interface PlanPart {
  readonly cgroups?: readonly CgroupPlan[];
  readonly kill?: KillPlan;
  readonly oomScoreAdjust?: number;
  readonly rlimits?: readonly RlimitPlan[];
  readonly capabilities?: CapabilityPlan;
  readonly noNewPrivileges?: true;
  readonly namespaces?: readonly NamespaceKind[];
  /** Of a nested container: those of `namespaces` that are not its parent's. */
  readonly ownNamespaces?: readonly OwnNamespaceKind[];
  readonly setup?: readonly string[];
  readonly setupVariables?: Readonly<Record<string, string>>;
  readonly sharedTrees?: readonly SharedTree[];
  readonly network?: NetworkPlan;
  readonly dockerVolumes?: DockerVolumesPlan;
  readonly rootfs?: string;
  readonly workingDirectory?: string;
  /** What is run instead of the container's own command. */
  readonly command?: PlannedCommand;
  readonly watches?: readonly WatchPlan[];
  readonly environment?: Readonly<Record<string, string>>;
}

export function isPlanEmpty(plan: IsolationPlan): boolean {
  const { cgroups, rlimits, capabilities, noNewPrivileges, namespaces, watches } = plan;
  const isPlain = capabilities === undefined && !noNewPrivileges && namespaces === undefined;
  return isPlain && [cgroups, rlimits, watches].every((each) => each.length === 0);
}

export type { ContainerLimitation };
