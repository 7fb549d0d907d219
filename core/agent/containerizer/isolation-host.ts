/** The host as isolation sees it; also mounts hierarchies that are missing. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { OrphanPlaces } from '../launcher/orphans.ts';
import { rootfsRefusal } from '../launcher/rootfs.ts';
import type { LauncherSettings } from '../launcher/server.ts';
import type { UsageFiles } from './cgroup-usage.ts';
import { prepareNetworks } from './cni/host.ts';
import type { IsolationHost, IsolationOptions } from './isolation-options.ts';
import type { DockerVolumeOptions } from './isolators/docker-volume.ts';
import { NetClsHandles } from './net-cls.ts';

export const isolationHost: IsolationHost = {
  isRoot: process.getuid?.() === 0,
  cgroupVersion: (hierarchy) => {
    if (existsSync(`${hierarchy}/cgroup.controllers`)) return 2;
    return existsSync(`${hierarchy}/freezer/cgroup.procs`) || listed().includes('freezer')
      ? 1
      : undefined;
  },
  subsystems: (hierarchy) => {
    const unified = `${hierarchy}/cgroup.controllers`;
    return existsSync(unified) ? readFileSync(unified, 'utf8').trim().split(' ') : listed();
  },
  isDirectory: (path) => existsSync(path) && statSync(path).isDirectory(),
  device: (path) => {
    const found = existsSync(path) ? statSync(path) : undefined;
    if (found === undefined || !(found.isCharacterDevice() || found.isBlockDevice()))
      return undefined;
    return `${found.isBlockDevice() ? 'b' : 'c'} ${deviceNumbers(found.rdev)}`;
  },
  hasSystemd: existsSync('/run/systemd/system'),
  memoryBytes: totalmem(),
  cpuCount: cpus().length || 1,
  programPath: (name) => {
    const folders = (process.env['PATH'] ?? '').split(':').filter((each) => each !== '');
    return folders.map((each) => `${each}/${name}`).find(isProgram);
  },
  hasPerf: () => spawnSync('perf', ['--version'], { stdio: 'ignore' }).status === 0,
  rootfsRefusal: rootfsRefusal(existsSync),
};

/** Controllers of `/proc/cgroups` (name, hierarchy, count, enabled) that are enabled. */
function listed(): readonly string[] {
  try {
    return readFileSync('/proc/cgroups', 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#') && line.trim().endsWith('\t1'))
      .map((line) => line.split('\t')[0] ?? '');
  } catch {
    // No Linux, or one without cgroups.
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** As glibc packs them. */
function deviceNumbers(device: number): string {
  const low = device % 2 ** 32;
  const high = Math.floor(device / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) + (high & 0xfffff000);
  const minor = (low & 0xff) + ((low >>> 12) & 0xfff00);
  return `${major}:${minor}`;
}

export const kernelFiles: UsageFiles = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The container has gone, or the kernel does not count this.
      return undefined;
    }
  },
};

/** Undefined where containers get none. */
export function netClsHandles({ netCls, cgroups }: IsolationOptions): NetClsHandles | undefined {
  if (netCls === undefined) return undefined;
  const root = `${cgroups.hierarchy}/net_cls/${cgroups.root}`;
  return new NetClsHandles(netCls, () => new Map(handlesBelow(root, '')));
}

function* handlesBelow(folder: string, prefix: string): IterableIterator<[string, number]> {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = `${folder}/${entry.name}`;
    const id = `${prefix}${entry.name}`;
    const handle = Number(kernelFiles.read(`${path}/net_cls.classid`));
    if (handle > 0) yield [id, handle];
    yield* handlesBelow(`${path}/mesos`, `${id}.`);
  }
}

export function launcherSettings(options: IsolationOptions): LauncherSettings {
  const { cni, dockerVolumes } = options;
  const orphans = orphanPlaces(options);
  return {
    destroyTimeoutMs: options.destroyTimeoutMs,
    ...(orphans === undefined ? {} : { orphans }),
    ...(cni === undefined ? {} : { networks: { root: cni.root, pluginsPath: cni.pluginsPath } }),
    ...(dockerVolumes === undefined
      ? {}
      : { volumes: { root: dockerVolumes.root, program: dockerVolumes.program } }),
  };
}

function orphanPlaces(options: IsolationOptions): OrphanPlaces | undefined {
  const { cgroups, launcher, namedHierarchies, subsystems } = options;
  if (launcher === 'posix') return undefined;
  const { hierarchy, root, version } = cgroups;
  if (version === 2) {
    return { kill: 'cgroup.kill', root: `${hierarchy}/${root}`, others: [] };
  }
  const others = [...namedHierarchies, ...subsystems].map((name) => `${hierarchy}/${name}/${root}`);
  return { kill: 'freezer', root: `${hierarchy}/freezer/${root}`, others };
}

/** Throws when what the isolators need cannot be had. */
export function prepareHost(options: IsolationOptions): void {
  if (options.cni !== undefined) prepareNetworks(options.cni);
  if (options.dockerVolumes !== undefined) prepareVolumes(options.dockerVolumes);
  prepareCgroups(options);
}

function prepareVolumes({ root }: DockerVolumeOptions): void {
  try {
    mkdirSync(root, { recursive: true });
  } catch (thrown) {
    throw new ClusterError(
      'ISOLATION',
      'Failed to create a containerizer: Could not create MesosContainerizer: ' +
        "Failed to create isolator 'docker/volume': " +
        `Failed to create docker volume information root directory at '${root}': ${describeError(thrown)}`,
      { retriable: false, cause: thrown },
    );
  }
}

function prepareCgroups(options: IsolationOptions): void {
  const { cgroups, launcher, subsystems, namedHierarchies } = options;
  const { hierarchy, root, version } = cgroups;
  if (version === 2) {
    if (launcher === 'linux') prepareUnified(`${hierarchy}/${root}`, hierarchy, subsystems);
    return;
  }
  const needed = [...(launcher === 'linux' ? ['freezer', ...namedHierarchies] : []), ...subsystems];
  for (const name of needed) {
    const path = `${hierarchy}/${name}`;
    try {
      if (!existsSync(`${path}/cgroup.procs`)) mount(name, path);
      mkdirSync(`${path}/${root}`, { recursive: true });
    } catch (thrown) {
      throw new ClusterError(
        'CGROUPS',
        'Failed to create a containerizer: Could not create MesosContainerizer: ' +
          `Failed to mount cgroups hierarchy at '${path}': ${describeError(thrown)}`,
        { retriable: false, cause: thrown },
      );
    }
  }
}

function mount(name: string, path: string): void {
  mkdirSync(path, { recursive: true });
  const option = name === 'systemd' ? 'none,name=systemd' : name;
  execFileSync('mount', ['-t', 'cgroup', '-o', option, name, path], { stdio: 'pipe' });
}

/** Controllers reach the containers only through every directory above them. */
function prepareUnified(path: string, hierarchy: string, controllers: readonly string[]): void {
  mkdirSync(path, { recursive: true });
  if (controllers.length === 0) return;
  const value = controllers.map((name) => `+${name}`).join(' ');
  for (const each of [hierarchy, path]) writeFileSync(`${each}/cgroup.subtree_control`, value);
}
