/**
 * `filesystem/linux`, `filesystem/shared`, `volume/host_path`, `volume/sandbox_path`: what a
 * container sees at its paths (section 8.3). Relative paths are symlinks in the sandbox, which the
 * agent makes; absolute ones are mounted in a namespace of the container.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import type { Resource, Volume } from '../../../wire/types/mesos.v1.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { PlanPart } from '../plan.ts';

const MOUNT = ['mount'] as const;

/** The mount namespace, and persistent volumes at absolute paths. */
export function linuxFilesystemIsolator(
  volumeDirectory: (resource: Resource) => string | undefined,
): Isolator {
  return {
    name: 'filesystem/linux',
    prepare: ({ id, resources }) => {
      if (isNested(id)) return ok({ namespaces: MOUNT });
      const setup = resources.requests.flatMap((resource) => {
        const volume = resource.disk?.volume;
        const source = volumeDirectory(resource);
        if (volume === undefined || source === undefined) return [];
        if (!volume.container_path.startsWith('/')) return [];
        return bindLines(source, volume.container_path, volume.mode === 'RO');
      });
      return ok({ namespaces: MOUNT, setup });
    },
  };
}

/** Private directories: the sandbox's in the place of a shared one, with its rights. */
export function sharedFilesystemIsolator(): Isolator {
  return {
    name: 'filesystem/shared',
    prepare: (container) => {
      const volumes = volumesOf(container).filter(({ source }) => source === undefined);
      if (volumes.length === 0) return ok({});
      if (isNested(container.id)) return refuseNested();
      const paths = volumes.map(({ container_path: path }) => path);
      const covered = paths.find((path) => paths.some((each) => path.startsWith(`${each}/`)));
      if (covered !== undefined) {
        return err(`Multiple volumes with nested container paths: '${covered}'`);
      }
      const wrong = volumes.find((each) => !isPrivate(each));
      if (wrong !== undefined) {
        return err(
          `Volumes of 'filesystem/shared' have a relative host path and an absolute container path, not '${wrong.host_path}' and '${wrong.container_path}'`,
        );
      }
      const setup = volumes.flatMap(({ host_path: path, container_path: target }) => {
        const source = `${container.sandbox}/${path}`;
        const [from, like] = [quote(source), quote(target)];
        return [
          `mkdir -p ${from}`,
          `chmod --reference=${like} ${from}`,
          `chown --reference=${like} ${from}`,
          `mount -n --bind ${from} ${like}`,
        ];
      });
      return ok({ namespaces: MOUNT, setup });
    },
  };
}

/** Directories and files of the host. */
export function hostPathIsolator(creationRoots: readonly string[]): Isolator {
  return {
    name: 'volume/host_path',
    prepare: (container) => prepareHostPaths(container, creationRoots),
  };
}

function prepareHostPaths(
  container: IsolatedContainer,
  creationRoots: readonly string[],
): Result<PlanPart> {
  const setup: string[] = [];
  for (const volume of volumesOf(container)) {
    const { source, container_path: path, mode } = volume;
    const isOurs = source === undefined || source.type === 'HOST_PATH';
    if (!isOurs) continue;
    if (isNested(container.id)) return refuseNested();
    const host = source?.host_path?.path ?? volume.host_path;
    if (host === undefined || !host.startsWith('/')) {
      return err(`The host path '${host ?? ''}' of a HOST_PATH volume must be absolute`);
    }
    if (hasParentStep(host) || hasParentStep(path)) {
      return err(`Paths of a HOST_PATH volume must not contain '..': '${host}', '${path}'`);
    }
    if (source?.host_path?.mount_propagation?.mode === 'BIDIRECTIONAL') {
      return err('Mount propagation back to the host is not supported by this agent');
    }
    const mayMake = creationRoots.some((root) => host === root || host.startsWith(`${root}/`));
    const missing = `Path '${host}' in HOST_PATH volume does not exist`;
    setup.push(
      mayMake
        ? `mkdir -p ${quote(host)}`
        : `[ -e ${quote(host)} ] || { echo ${quote(missing)} >&2; exit 1; }`,
      ...bindLines(host, targetOf(container, path), mode === 'RO'),
    );
  }
  return ok(setup.length === 0 ? {} : { namespaces: MOUNT, setup });
}

/** Parts of the container's own sandbox at absolute paths. */
export function sandboxPathIsolator(): Isolator {
  return {
    name: 'volume/sandbox_path',
    prepare: (container) => {
      const setup: string[] = [];
      for (const { source, container_path: path, mode } of volumesOf(container)) {
        const shared = source?.type === 'SANDBOX_PATH' ? source.sandbox_path : undefined;
        if (shared === undefined || !path.startsWith('/')) continue;
        if (isNested(container.id)) return refuseNested();
        if (shared.type === 'PARENT') {
          return err('SANDBOX_PATH volumes of type PARENT are for nested containers only');
        }
        if (shared.path.startsWith('/') || hasParentStep(shared.path)) {
          return err(`The path '${shared.path}' of a SANDBOX_PATH volume is not in the sandbox`);
        }
        const from = `${container.sandbox}/${shared.path}`;
        const { user } = container;
        setup.push(`mkdir -p ${quote(from)}`);
        if (user !== undefined) setup.push(`chown ${user.uid}:${user.gid} ${quote(from)}`);
        setup.push(...bindLines(from, path, mode === 'RO'));
      }
      return ok(setup.length === 0 ? {} : { namespaces: MOUNT, setup });
    },
  };
}

function volumesOf({ containerInfo }: IsolatedContainer): readonly Volume[] {
  return containerInfo?.volumes ?? [];
}

function isPrivate({ host_path: host = '', container_path: path }: Volume): boolean {
  return !host.startsWith('/') && !hasParentStep(host) && host !== '' && path.startsWith('/');
}

function hasParentStep(path: string): boolean {
  return path.split('/').includes('..');
}

function refuseNested(): Result<never> {
  return err('Volumes at absolute paths of nested containers are not supported by this agent');
}

function targetOf({ sandbox }: IsolatedContainer, path: string): string {
  return path.startsWith('/') ? path : `${sandbox}/${path}`;
}

/** A missing mount point is made, as a directory or a file like what is mounted. */
function bindLines(source: string, target: string, isReadOnly: boolean): readonly string[] {
  const [from, to] = [quote(source), quote(target)];
  return [
    `if [ -d ${from} ]; then mkdir -p ${to}; elif [ ! -e ${to} ]; then mkdir -p ${quote(parentOf(target))}; : > ${to}; fi`,
    `mount -n --rbind ${from} ${to}`,
    ...(isReadOnly ? [`mount -n -o remount,bind,ro ${to}`] : []),
  ];
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** For `sh`. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
