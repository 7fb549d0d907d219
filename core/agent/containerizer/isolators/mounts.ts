/**
 * `filesystem/linux`, `filesystem/shared`, `volume/host_path`, `volume/sandbox_path`: what a
 * container sees at its paths (section 8.3). Relative paths are symlinks in the sandbox, which the
 * agent makes; absolute ones are mounted in a namespace of the container.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import type { Resource, Volume } from '../../../wire/types/mesos.v1.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { PlanPart } from '../plan.ts';
import { bindLines, quote, rootLines } from './mount-lines.ts';

const MOUNT = ['mount'] as const;

/** The mount namespace, the root file system of an image, and persistent volumes where links do not do. */
export function linuxFilesystemIsolator(
  volumeDirectory: (resource: Resource) => string | undefined,
): Isolator {
  return {
    name: 'filesystem/linux',
    prepare: (container) => {
      const { id, image, resources, sandboxDirectory } = container;
      const volumes = resources.requests.flatMap((resource) => {
        const volume = resource.disk?.volume;
        const source = volumeDirectory(resource);
        if (volume === undefined || source === undefined) return [];
        const { container_path: target, mode } = volume;
        const isLinked = !target.startsWith('/') && image === undefined;
        if (isLinked) return [];
        return bindLines(container, { source, target, isReadOnly: mode === 'RO' });
      });
      if (image === undefined) {
        return ok(
          isNested(id) && volumes.length === 0
            ? { namespaces: MOUNT }
            : { namespaces: MOUNT, setup: volumes },
        );
      }
      return ok({
        namespaces: MOUNT,
        setup: [...rootLines(container, image.rootfs), ...volumes],
        rootfs: image.rootfs,
        workingDirectory: sandboxDirectory,
        environment: { MESOS_SANDBOX: sandboxDirectory },
      });
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
    if (!isOurs || volume.image !== undefined) continue;
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
      ...bindLines(container, { source: host, target: path, isReadOnly: mode === 'RO' }),
    );
  }
  return ok(setup.length === 0 ? {} : { namespaces: MOUNT, setup });
}

/** Parts of its own or its parent's sandbox, where links do not do. */
export function sandboxPathIsolator(): Isolator {
  return {
    name: 'volume/sandbox_path',
    prepare: (container) => {
      const setup: string[] = [];
      for (const { source, container_path: target, mode } of volumesOf(container)) {
        const shared = source?.type === 'SANDBOX_PATH' ? source.sandbox_path : undefined;
        if (shared === undefined) continue;
        if (!target.startsWith('/') && container.image === undefined) continue;
        const base = shared.type === 'PARENT' ? container.parentSandbox : container.sandbox;
        if (base === undefined) {
          return err('SANDBOX_PATH volumes of type PARENT are for nested containers only');
        }
        if (shared.path.startsWith('/') || hasParentStep(shared.path) || hasParentStep(target)) {
          return err(`The path '${shared.path}' of a SANDBOX_PATH volume is not in the sandbox`);
        }
        const from = `${base}/${shared.path}`;
        const { user } = container;
        const made = quote(from);
        const owned = user === undefined ? '' : `; chown ${user.uid}:${user.gid} ${made}`;
        setup.push(
          `if [ ! -e ${made} ]; then mkdir -p ${made}${owned}; fi`,
          ...bindLines(container, { source: from, target, isReadOnly: mode === 'RO' }),
        );
      }
      return ok(setup.length === 0 ? {} : { namespaces: MOUNT, setup });
    },
  };
}

/** Images at a path; provisioned before, like the container's own. */
export function imageVolumeIsolator(): Isolator {
  return {
    name: 'volume/image',
    prepare: (container) => {
      const setup: string[] = [];
      for (const volume of volumesOf(container)) {
        const source = container.imageVolumes?.get(volume);
        if (source === undefined) continue;
        const { container_path: target, mode } = volume;
        if (hasParentStep(target))
          return err(`The path of an image volume contains '..': '${target}'`);
        setup.push(...bindLines(container, { source, target, isReadOnly: mode === 'RO' }));
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
