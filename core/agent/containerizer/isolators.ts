/** All isolators by their names in `--isolation`, in the order in which they plan. */
import type { Resource } from '../../wire/types/mesos.v1.ts';
import { type CniNetworks, FileNetworks } from './cni/networks.ts';
import type { IsolationOptions } from './isolation-options.ts';
import type { Isolator } from './isolator.ts';
import { cgroupsV1Isolator, freezerIsolator } from './isolators/cgroups-v1.ts';
import { cgroupsV2Isolator, leafIsolator } from './isolators/cgroups-v2.ts';
import { cniIsolator } from './isolators/cni.ts';
import { diskIsolator } from './isolators/disk.ts';
import { dockerVolumeIsolator } from './isolators/docker-volume.ts';
import {
  hostPathIsolator,
  imageVolumeIsolator,
  linuxFilesystemIsolator,
  sandboxPathIsolator,
  sharedFilesystemIsolator,
} from './isolators/mounts.ts';
import { ipcNamespaceIsolator, pidNamespaceIsolator } from './isolators/namespaces.ts';
import { portsIsolator } from './isolators/ports.ts';
import {
  capabilitiesIsolator,
  noNewPrivilegesIsolator,
  rlimitsIsolator,
} from './isolators/privileges.ts';
import { runtimeIsolator } from './isolators/runtime.ts';
import { environmentSecretIsolator, volumeSecretIsolator } from './isolators/secrets.ts';
import type { NetClsHandles } from './net-cls.ts';

export interface IsolatorSources {
  /** Host directory of a persistent volume. */
  readonly volumeDirectory: (resource: Resource) => string | undefined;
  /** Undefined: there is the host's only. */
  readonly networks?: CniNetworks | undefined;
  /** Undefined: containers get no handles. */
  readonly netCls?: NetClsHandles | undefined;
}

export function createIsolators(
  options: IsolationOptions,
  sources: IsolatorSources,
): readonly Isolator[] {
  const isolators = options.isolators.flatMap((name) => create(name, options, sources) ?? []);
  if (options.launcher === 'posix') return isolators;
  const { cgroups, namedHierarchies, subsystems } = options;
  const launcher =
    cgroups.version === 1
      ? freezerIsolator({ ...cgroups, namedHierarchies })
      : leafIsolator(cgroups, subsystems);
  return [launcher, ...isolators];
}

/** Undefined where the agent does everything by itself: usage, symlinks. */
function create(
  name: string,
  options: IsolationOptions,
  { volumeDirectory, networks, netCls }: IsolatorSources,
): Isolator | undefined {
  const plugged = options.plugged?.get(name);
  if (plugged !== undefined) return plugged;
  const { cgroups } = options;
  if (name.startsWith('cgroups/')) {
    return cgroups.version === 1
      ? cgroupsV1Isolator(name, { ...cgroups, ...options, netCls })
      : cgroupsV2Isolator(name, { ...cgroups, ...options });
  }
  switch (name) {
    case 'appc/runtime':
      return runtimeIsolator('appc');
    case 'docker/runtime':
      return runtimeIsolator('docker', options.ignoresDockerRuntime);
    case 'disk/du':
      return diskIsolator({
        isEnforced: options.isDiskEnforced,
        intervalMs: options.diskIntervalMs,
        volumeDirectory,
      });
    case 'docker/volume':
      return options.dockerVolumes && dockerVolumeIsolator(options.dockerVolumes);
    case 'environment_secret':
      return environmentSecretIsolator();
    case 'filesystem/linux':
      return linuxFilesystemIsolator(volumeDirectory);
    case 'filesystem/shared':
      return sharedFilesystemIsolator();
    case 'linux/capabilities':
      return capabilitiesIsolator({
        effective: options.effectiveCapabilities,
        bounding: options.boundingCapabilities,
      });
    case 'linux/nnp':
      return noNewPrivilegesIsolator();
    case 'namespaces/ipc':
      return ipcNamespaceIsolator({
        mayShareAgents: options.mayShareAgentIpc,
        shmBytes: options.shmBytes,
      });
    case 'namespaces/pid':
      return pidNamespaceIsolator(options.mayShareAgentPid);
    case 'network/cni':
      return cniIsolator(options.cni, networks ?? new FileNetworks(options.cni));
    case 'network/ports':
      return portsIsolator({
        intervalMs: options.portsIntervalMs,
        isEnforced: options.arePortsEnforced,
        considered: options.isolatedPorts,
        cgroups,
      });
    case 'posix/rlimits':
      return rlimitsIsolator();
    case 'volume/host_path':
      return hostPathIsolator(options.volumeCreationRoots);
    case 'volume/image':
      return imageVolumeIsolator();
    case 'volume/sandbox_path':
      return sandboxPathIsolator();
    case 'volume/secret':
      return volumeSecretIsolator();
    default:
      return undefined;
  }
}
