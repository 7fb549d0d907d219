/** What the isolators are told once at the agent's start, compiled from flags and the host. */
import type { DurationMs } from '../../base/duration.ts';
import type { ContainerInfo } from '../../wire/types/mesos.v1.ts';
import type { CgroupOptions } from './cgroup-paths.ts';
import type { CniOptions } from './cni/options.ts';
import type { Isolator } from './isolator.ts';
import type { DockerVolumeOptions } from './isolators/docker-volume.ts';
import type { NetClsOptions } from './net-cls.ts';
import type { PerfOptions } from './perf-events.ts';

/** What isolation depends on and only the host can tell. */
export interface IsolationHost {
  readonly isRoot: boolean;
  /** Undefined where there are no cgroups at `--cgroups_hierarchy`. */
  cgroupVersion(hierarchy: string): 1 | 2 | undefined;
  /** Controllers the kernel has. */
  subsystems(hierarchy: string): readonly string[];
  isDirectory(path: string): boolean;
  /** Kind and numbers of a device: `c 10:229`; undefined when it is none. */
  device(path: string): string | undefined;
  /** Whether systemd runs the host. */
  readonly hasSystemd: boolean;
  readonly memoryBytes: number;
  readonly cpuCount: number;
  /** Where a program is that the agent's `PATH` finds. */
  programPath?(name: string): string | undefined;
  /** Whether the program `perf` is there and runs. */
  hasPerf?(): boolean;
  /** Why containers cannot have root file systems; undefined where they can. */
  readonly rootfsRefusal?: string | undefined;
}

export interface IsolationOptions {
  readonly launcher: 'linux' | 'posix';
  /** In the order in which they plan. */
  readonly isolators: readonly string[];
  /** Those of modules, by name. */
  readonly plugged?: ReadonlyMap<string, Isolator>;
  readonly cgroups: CgroupOptions;
  /** Hierarchies of version 1, or controllers of version 2, that containers are put into. */
  readonly subsystems: readonly string[];
  readonly namedHierarchies: readonly string[];
  /** Undefined: nothing is sampled. */
  readonly perf?: PerfOptions | undefined;
  /** Undefined: containers get no handles. */
  readonly netCls?: NetClsOptions | undefined;
  readonly enablesCfs: boolean;
  readonly limitsSwap: boolean;
  readonly countsPids: boolean;
  readonly isRevocableLow: boolean;
  readonly hostMemoryBytes: number;
  readonly hostCpuCount: number;
  readonly destroyTimeoutMs: DurationMs;
  readonly isDiskEnforced: boolean;
  readonly diskIntervalMs: DurationMs;
  readonly effectiveCapabilities: readonly string[] | undefined;
  readonly boundingCapabilities: readonly string[] | undefined;
  readonly portsIntervalMs: DurationMs;
  readonly arePortsEnforced: boolean;
  /** Undefined: all ports matter. */
  readonly isolatedPorts: readonly (readonly [begin: number, end: number])[] | undefined;
  /** Undefined: the host's network only. */
  readonly cni: CniOptions | undefined;
  /** Undefined without `docker/volume`. */
  readonly dockerVolumes?: DockerVolumeOptions | undefined;
  /** `--network_cni_metrics`. */
  readonly countsTraffic: boolean;
  /** `--allowed_devices`, as `devices.allow` wants them: `c 10:229 rw`. */
  readonly allowedDevices: readonly string[];
  readonly mayShareAgentPid: boolean;
  readonly mayShareAgentIpc: boolean;
  readonly shmBytes: number | undefined;
  readonly volumeCreationRoots: readonly string[];
  /** `--sandbox_directory`: where containers with a root file system see their sandbox. */
  readonly sandboxDirectory: string;
  /** `--docker_ignore_runtime`. */
  readonly ignoresDockerRuntime: boolean;
  /** Of executors that come without one. */
  readonly defaultContainer: ContainerInfo | undefined;
}

/** Plain processes without anything: tests, and hosts that are no Linux. */
export const NO_ISOLATION: IsolationOptions = {
  launcher: 'posix',
  isolators: ['filesystem/posix', 'posix/cpu', 'posix/mem', 'environment_secret'],
  cgroups: { version: 1, hierarchy: '/sys/fs/cgroup', root: 'mesos' },
  subsystems: [],
  namedHierarchies: [],
  enablesCfs: false,
  limitsSwap: false,
  countsPids: false,
  isRevocableLow: true,
  hostMemoryBytes: 0,
  hostCpuCount: 0,
  destroyTimeoutMs: 60_000,
  isDiskEnforced: false,
  diskIntervalMs: 15_000,
  effectiveCapabilities: undefined,
  boundingCapabilities: undefined,
  portsIntervalMs: 30_000,
  arePortsEnforced: false,
  isolatedPorts: undefined,
  cni: undefined,
  countsTraffic: true,
  allowedDevices: [],
  mayShareAgentPid: true,
  mayShareAgentIpc: true,
  shmBytes: undefined,
  volumeCreationRoots: [],
  sandboxDirectory: '/mnt/mesos/sandbox',
  ignoresDockerRuntime: false,
  defaultContainer: undefined,
};
