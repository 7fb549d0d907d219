/** The host as isolation sees it; also mounts hierarchies that are missing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { LauncherSettings } from '../launcher/server.ts';
import type { UsageFiles } from './cgroup-usage.ts';
import type { IsolationHost, IsolationOptions } from './isolation-options.ts';

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
  hasSystemd: existsSync('/run/systemd/system'),
  memoryBytes: totalmem(),
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

export function launcherSettings(options: IsolationOptions): LauncherSettings {
  const { cgroups, destroyTimeoutMs, launcher, namedHierarchies, subsystems } = options;
  if (launcher === 'posix') return { destroyTimeoutMs };
  const { hierarchy, root, version } = cgroups;
  if (version === 2) {
    const orphans = { kill: 'cgroup.kill', root: `${hierarchy}/${root}`, others: [] } as const;
    return { destroyTimeoutMs, orphans };
  }
  const others = [...namedHierarchies, ...subsystems].map((name) => `${hierarchy}/${name}/${root}`);
  const orphans = { kill: 'freezer', root: `${hierarchy}/freezer/${root}`, others } as const;
  return { destroyTimeoutMs, orphans };
}

/** Throws when what the isolators need cannot be had. */
export function prepareHost(options: IsolationOptions): void {
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
