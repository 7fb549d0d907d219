/** From `--isolation` and its companions to what isolators are told (spec agent-runtime, section 8). */
import { err, ok, type Result } from '../../base/result.ts';
import { fromJson } from '../../wire/json.ts';
import type { ContainerInfo } from '../../wire/types/mesos.v1.ts';
import { compileAllowedDevices } from './allowed-devices.ts';
import { type CniFlagValues, compileCni } from './cni/options.ts';
import type { IsolationHost, IsolationOptions } from './isolation-options.ts';
import { type Isolator, isNetworkIsolator } from './isolator.ts';
import { V1_SUBSYSTEMS } from './isolators/cgroups-v1.ts';
import { V2_CONTROLLERS } from './isolators/cgroups-v2.ts';
import type { DockerVolumeOptions } from './isolators/docker-volume.ts';
import { isSubset, namesOf } from './isolators/privileges.ts';
import { compileNetCls } from './net-cls.ts';
import { compilePerf } from './perf-events.ts';

export interface IsolationFlagValues extends CniFlagValues {
  readonly isolation: string;
  readonly allowed_devices: unknown;
  readonly network_cni_metrics: boolean;
  readonly launcher: string | undefined;
  readonly cgroups_hierarchy: string;
  readonly cgroups_root: string;
  readonly cgroups_enable_cfs: boolean;
  readonly cgroups_limit_swap: boolean;
  readonly cgroups_cpu_enable_pids_and_tids_count: boolean;
  readonly perf_events: string | undefined;
  readonly perf_interval: number;
  readonly perf_duration: number;
  readonly cgroups_net_cls_primary_handle: string | undefined;
  readonly cgroups_net_cls_secondary_handles: string | undefined;
  readonly cgroups_destroy_timeout: number;
  readonly revocable_cpu_low_priority: boolean;
  readonly systemd_enable_support: boolean;
  readonly enforce_container_disk_quota: boolean;
  readonly container_disk_watch_interval: number;
  readonly effective_capabilities: unknown;
  readonly bounding_capabilities: unknown;
  readonly container_ports_watch_interval: number;
  readonly check_agent_port_range_only: boolean;
  readonly enforce_container_ports: boolean;
  readonly container_ports_isolated_range: string | undefined;
  readonly disallow_sharing_agent_pid_namespace: boolean;
  readonly disallow_sharing_agent_ipc_namespace: boolean;
  readonly default_container_shm_size: number | undefined;
  readonly host_path_volume_force_creation: string | undefined;
  readonly default_container_info: unknown;
  readonly sandbox_directory: string;
  readonly docker_ignore_runtime: boolean;
  readonly docker_volume_checkpoint_dir: string;
  readonly docker_volume_chown: boolean;
}

type Range = readonly [begin: number, end: number];

const REWRITES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    process: ['posix/cpu', 'posix/mem'],
    cgroups: ['cgroups/cpu', 'cgroups/mem'],
    'posix/disk': ['disk/du'],
  }),
);

const SIMPLE = [
  ...['posix/cpu', 'posix/mem', 'posix/rlimits', 'disk/du', 'filesystem/posix'],
  ...['linux/capabilities', 'linux/nnp', 'network/cni', 'network/ports', 'environment_secret'],
  ...['volume/sandbox_path', 'docker/runtime', 'appc/runtime'],
];
/** Their isolators make mount namespaces. */
const NAMESPACED = [
  ...['filesystem/linux', 'filesystem/shared', 'namespaces/pid', 'namespaces/ipc'],
  ...['volume/host_path', 'volume/image', 'volume/secret', 'docker/volume'],
];
/** Of the original, and not here. */
const LEFT_OUT = [
  ...['disk/xfs', 'gpu/nvidia'],
  ...['linux/devices', 'linux/seccomp', 'network/port_mapping', 'volume/csi'],
];
const FAILED = 'Failed to create a containerizer: Could not create MesosContainerizer: ';

export interface IsolationSources {
  readonly agentPorts: readonly Range[];
  /** Isolators of modules, by name. */
  readonly plugged?: ReadonlyMap<string, Isolator>;
}

export function compileIsolation(
  flags: IsolationFlagValues,
  host: IsolationHost,
  { agentPorts, plugged }: IsolationSources,
): Result<IsolationOptions> {
  const version = host.cgroupVersion(flags.cgroups_hierarchy);
  const launcher = launcherOf(flags.launcher, host, version);
  if (!launcher.ok) return launcher;
  const available = host.subsystems(flags.cgroups_hierarchy);
  const names = isolatorNames(flags.isolation, { version: version ?? 1, available, plugged });
  if (!names.ok) return names;
  const isLinux = launcher.value === 'linux';
  const refusal = refuseNames(names.value, { isLinux, host, version, flags });
  if (refusal !== undefined) return err(refusal);
  const effective = capabilitiesOf('effective_capabilities', flags.effective_capabilities);
  if (!effective.ok) return effective;
  const bounding = capabilitiesOf('bounding_capabilities', flags.bounding_capabilities);
  if (!bounding.ok) return bounding;
  const excess = excessOf(names.value, effective.value, bounding.value);
  if (excess !== undefined) return err(excess);
  const defaultContainer = defaultContainerOf(flags.default_container_info);
  if (!defaultContainer.ok) return defaultContainer;
  const cni = compileCni(flags, host);
  if (!cni.ok) return err(`${FAILED}Failed to create isolator 'network/cni': ${cni.error}`);
  const allowedDevices = compileAllowedDevices(flags.allowed_devices, names.value, host);
  if (!allowedDevices.ok) return allowedDevices;
  const netCls = compileNetCls(
    flags.cgroups_net_cls_primary_handle,
    flags.cgroups_net_cls_secondary_handles,
    names.value,
  );
  if (!netCls.ok) return netCls;
  const perf = compilePerf(flags, names.value);
  if (!perf.ok)
    return err(`${FAILED}Failed to create isolator 'cgroups/perf_event': ${perf.error}`);
  if (perf.value !== undefined && host.hasPerf?.() !== true) {
    const why = "the program 'perf' is not there, or does not run";
    return err(`${FAILED}Failed to create isolator 'cgroups/perf_event': ${why}`);
  }
  const dockerVolumes = dockerVolumesOf(flags, names.value, host);
  if (!dockerVolumes.ok) return dockerVolumes;
  const isolatedPorts = portsOf(flags, agentPorts);
  if (!isolatedPorts.ok) return isolatedPorts;
  return ok({
    launcher: launcher.value,
    isolators: names.value,
    ...(plugged === undefined ? {} : { plugged }),
    cgroups: {
      version: version ?? 1,
      hierarchy: flags.cgroups_hierarchy,
      root: flags.cgroups_root,
    },
    subsystems: subsystemsOf(names.value, version ?? 1),
    namedHierarchies:
      flags.systemd_enable_support && host.hasSystemd && version === 1 ? ['systemd'] : [],
    perf: perf.value,
    netCls: netCls.value,
    enablesCfs: flags.cgroups_enable_cfs,
    limitsSwap: flags.cgroups_limit_swap,
    countsPids: flags.cgroups_cpu_enable_pids_and_tids_count,
    isRevocableLow: flags.revocable_cpu_low_priority,
    hostMemoryBytes: host.memoryBytes,
    hostCpuCount: host.cpuCount,
    destroyTimeoutMs: flags.cgroups_destroy_timeout,
    isDiskEnforced: flags.enforce_container_disk_quota,
    diskIntervalMs: flags.container_disk_watch_interval,
    effectiveCapabilities: effective.value,
    boundingCapabilities: bounding.value,
    portsIntervalMs: flags.container_ports_watch_interval,
    arePortsEnforced: flags.enforce_container_ports,
    isolatedPorts: isolatedPorts.value,
    cni: cni.value,
    dockerVolumes: dockerVolumes.value,
    countsTraffic: flags.network_cni_metrics,
    allowedDevices: allowedDevices.value,
    mayShareAgentPid: !flags.disallow_sharing_agent_pid_namespace,
    mayShareAgentIpc: !flags.disallow_sharing_agent_ipc_namespace,
    shmBytes: flags.default_container_shm_size,
    sandboxDirectory: flags.sandbox_directory,
    ignoresDockerRuntime: flags.docker_ignore_runtime,
    defaultContainer: defaultContainer.value,
    volumeCreationRoots: flags.host_path_volume_force_creation?.split(':') ?? [],
  });
}

function launcherOf(
  wanted: string | undefined,
  host: IsolationHost,
  version: 1 | 2 | undefined,
): Result<'linux' | 'posix'> {
  const canBeLinux = host.isRoot && version !== undefined;
  switch (wanted) {
    case undefined:
      return ok(canBeLinux ? 'linux' : 'posix');
    case 'posix':
      return ok('posix');
    case 'linux':
      if (canBeLinux) return ok('linux');
      return err(
        `${FAILED}Failed to create launcher: ${host.isRoot ? 'there are no cgroups on this host' : 'the linux launcher needs root'}`,
      );
    default:
      return err(`${FAILED}Unknown or unsupported launcher: ${wanted}`);
  }
}

function isolatorNames(
  text: string,
  cgroups: {
    readonly version: 1 | 2;
    readonly available: readonly string[];
    readonly plugged: ReadonlyMap<string, Isolator> | undefined;
  },
): Result<readonly string[]> {
  const asked = text.split(',').map((name) => name.trim());
  const names = new Set(asked.flatMap((name) => REWRITES.get(name) ?? [name]));
  const table = cgroups.version === 1 ? V1_SUBSYSTEMS : V2_CONTROLLERS;
  if (names.has('cgroups/all')) {
    for (const name of [...names]) if (name.startsWith('cgroups/')) names.delete(name);
    for (const [name, subsystems] of Object.entries(table)) {
      if ([subsystems].flat().every((each) => cgroups.available.includes(each))) names.add(name);
    }
  }
  if (![...names].some((name) => name.startsWith('filesystem/'))) names.add('filesystem/posix');
  if (names.has('filesystem/linux')) {
    for (const name of ['image', 'host_path', 'sandbox_path']) names.add(`volume/${name}`);
  }
  if (![...names].some(isNetworkIsolator)) names.add('network/cni');
  names.add('environment_secret');
  for (const name of names) {
    if (cgroups.plugged?.has(name) === true) continue;
    if (SIMPLE.includes(name) || NAMESPACED.includes(name) || name in table) continue;
    if (LEFT_OUT.includes(name)) {
      return err(
        `Flag 'isolation' names '${name}', which this version does not support; leave it out`,
      );
    }
    return err(`${FAILED}Unknown or unsupported isolator '${name}'`);
  }
  // Volumes must be there before anything else looks at the file system.
  const rank = (name: string): number => (name.startsWith('filesystem/') ? 0 : 1);
  return ok([...names].sort((a, b) => rank(a) - rank(b)));
}

function refuseNames(
  names: readonly string[],
  at: {
    readonly isLinux: boolean;
    readonly host: IsolationHost;
    readonly version: 1 | 2 | undefined;
    readonly flags: IsolationFlagValues;
  },
): string | undefined {
  if (names.filter((name) => name.startsWith('filesystem/')).length > 1) {
    return `${FAILED}Using multiple filesystem isolators simultaneously is disallowed`;
  }
  if (names.filter(isNetworkIsolator).length > 1) {
    return `${FAILED}Using multiple network isolators simultaneously is disallowed`;
  }
  if (names.includes('volume/secret') && !names.includes('filesystem/linux')) {
    return `${FAILED}Failed to create isolator 'volume/secret': 'filesystem/linux' must be used too`;
  }
  for (const name of names) {
    const why = refusalOf(name, at);
    if (why !== undefined) return `${FAILED}Failed to create isolator '${name}': ${why}`;
  }
  if (at.flags.cgroups_limit_swap && at.version === 2) {
    return '`--cgroups_limit_swap` is not supported with cgroups v2';
  }
  return undefined;
}

function refusalOf(
  name: string,
  {
    isLinux,
    host,
    version,
  }: {
    readonly isLinux: boolean;
    readonly host: IsolationHost;
    readonly version: 1 | 2 | undefined;
  },
): string | undefined {
  if (name.startsWith('cgroups/')) {
    if (!host.isRoot) return 'Root permissions required';
    return version === undefined ? 'there are no cgroups on this host' : undefined;
  }
  if (name === 'linux/capabilities' && !host.isRoot) return 'Root permissions required';
  if (name === 'docker/volume' && !host.isRoot) {
    return "The 'docker/volume' isolator requires root permissions";
  }
  if (!NAMESPACED.includes(name) && name !== 'network/ports') return undefined;
  if (!isLinux) return `The 'linux' launcher must be used to enable '${name}'`;
  return undefined;
}

/** Undefined where it is not asked for. */
function dockerVolumesOf(
  { docker_volume_checkpoint_dir: root, docker_volume_chown: isChowned }: IsolationFlagValues,
  names: readonly string[],
  host: IsolationHost,
): Result<DockerVolumeOptions | undefined> {
  if (!names.includes('docker/volume')) return ok(undefined);
  const failed = `${FAILED}Failed to create isolator 'docker/volume': `;
  const program = host.programPath?.('dvdcli');
  if (program === undefined) {
    return err(`${failed}The 'docker/volume' isolator cannot get dvdcli command`);
  }
  return ok({ root, program, isChowned });
}

function subsystemsOf(names: readonly string[], version: 1 | 2): readonly string[] {
  const table = version === 1 ? V1_SUBSYSTEMS : V2_CONTROLLERS;
  return names.flatMap((name) => table[name] ?? []);
}

function capabilitiesOf(flag: string, tree: unknown): Result<readonly string[] | undefined> {
  if (tree === undefined) return ok(undefined);
  const info = fromJson('mesos.v1.CapabilityInfo', tree);
  if (!info.ok) return err(`Failed to load flag '${flag}': ${info.error}`);
  return ok(namesOf(info.value) ?? []);
}

function defaultContainerOf(tree: unknown): Result<ContainerInfo | undefined> {
  if (tree === undefined) return ok(undefined);
  const info = fromJson('mesos.v1.ContainerInfo', tree);
  if (!info.ok) return err(`Failed to load flag 'default_container_info': ${info.error}`);
  if (info.value.tty_info !== undefined) {
    return err("Flag 'default_container_info' is not supported with 'tty_info'");
  }
  if (info.value.type === 'MESOS') return info;
  return err("Flag 'default_container_info' is only supported with the type 'MESOS'");
}

function excessOf(
  names: readonly string[],
  effective: readonly string[] | undefined,
  bounding: readonly string[] | undefined,
): string | undefined {
  if (!names.includes('linux/capabilities') || effective === undefined) return undefined;
  if (bounding === undefined || isSubset(effective, bounding)) return undefined;
  const why = 'Allowed capabilities are not a subset of the bounding capabilites';
  return `${FAILED}Failed to create isolator 'linux/capabilities': ${why}`;
}

function portsOf(
  flags: IsolationFlagValues,
  agentPorts: readonly Range[],
): Result<readonly Range[] | undefined> {
  const text = flags.container_ports_isolated_range;
  if (text === undefined) return ok(flags.check_agent_port_range_only ? agentPorts : undefined);
  if (flags.check_agent_port_range_only) {
    return err(
      'Only one of `--container_ports_isolated_range` and `--check_agent_port_range_only` should be specified',
    );
  }
  const match = /^\[(\d+)-(\d+)\]$/.exec(text);
  if (match === null) {
    return err(`Failed to load flag 'container_ports_isolated_range': invalid range '${text}'`);
  }
  return ok([[Number(match[1]), Number(match[2])]]);
}
