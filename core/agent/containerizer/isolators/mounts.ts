/**
 * `filesystem/linux`, `filesystem/shared`, `volume/host_path`, `volume/sandbox_path`: what a
 * container sees at its paths (section 8.3). Relative paths are symlinks in the sandbox, which the
 * agent makes; absolute ones are mounted in a namespace of the container.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import type { Resource, Volume } from '../../../wire/types/mesos.v1.ts';
import { depthOf, type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { PlanPart, SharedTree } from '../plan.ts';
import {
  bindLines,
  insideLine,
  programsLine,
  quote,
  refuseUnless,
  rootLines,
} from './mount-lines.ts';

const MOUNT = ['mount'] as const;
/** Of one container: each takes a descriptor while its namespaces are made. */
const SHARED_TREES_MAX = 64;

/** The mount namespace, the root file system of an image, and persistent volumes where links do not do. */
export function linuxFilesystemIsolator(
  volumeDirectory: (resource: Resource) => string | undefined,
): Isolator {
  return {
    name: 'filesystem/linux',
    prepare: (container) => {
      const { id, image, resources, sandbox, sandboxDirectory } = container;
      const inSandbox: string[] = [];
      const volumes: string[] = [];
      for (const resource of resources.requests) {
        const volume = resource.disk?.volume;
        const source = volumeDirectory(resource);
        if (volume === undefined || source === undefined) continue;
        const { container_path: target, mode } = volume;
        const bound = { source, target, isReadOnly: mode === 'RO' };
        if (target.startsWith('/')) volumes.push(...bindLines(container, bound));
        // Before the sandbox is put into the root: volumes that are parts of the sandbox show them too.
        else if (image !== undefined) {
          inSandbox.push(insideLine(sandbox, target));
          inSandbox.push(...bindLines({ sandbox, sandboxDirectory }, bound));
        }
      }
      if (image === undefined) {
        return ok(
          isNested(id) && volumes.length === 0
            ? { namespaces: MOUNT }
            : { namespaces: MOUNT, setup: volumes },
        );
      }
      return ok({
        namespaces: MOUNT,
        setup: [...inSandbox, ...rootLines(container, image.rootfs), ...volumes],
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
      const setup: string[] = [];
      const taken = [container.sandbox];
      for (const volume of volumes) {
        const lines = sharedLines(container, volume, taken);
        if (!lines.ok) return lines;
        setup.push(...lines.value);
        taken.push(volume.container_path);
      }
      return ok({ namespaces: MOUNT, setup });
    },
  };
}

function sharedLines(
  container: IsolatedContainer,
  { host_path: path, container_path: target }: Volume,
  taken: readonly string[],
): Result<readonly string[]> {
  const { sandbox } = container;
  const named = `Volume with container path '${target}'`;
  if (path === undefined || path === '') {
    return err(`${named} must specify host path for shared filesystem isolator`);
  }
  for (const other of taken) {
    const [inner, outer] = isUnder(target, other) ? [target, other] : [other, target];
    if (!isUnder(inner, outer)) continue;
    return err(`Cannot mount volume to '${inner}' because it is under volume '${outer}'`);
  }
  const like = quote(target);
  const mountPoint = `${named} must exist on host for shared filesystem isolator`;
  const isThere = [
    ...[refuseUnless(`[ -e ${like} ]`, mountPoint), `to=${like}`],
    ...programsLine(container, target),
  ];
  if (path.startsWith('/')) {
    const missing = `${named} must have host path '${path}' present on host for shared filesystem isolator`;
    const from = quote(path);
    return ok([
      ...[...isThere, refuseUnless(`[ -e ${from} ]`, missing)],
      `mount -n --bind ${from} ${like}`,
    ]);
  }
  const source = `${sandbox}/${path}`;
  if (/\/\.\.?(\/|$)/.test(source)) {
    return err(`Relative host path '${source}' cannot contain relative components`);
  }
  const from = quote(source);
  return ok([
    ...[...isThere, `mkdir -p ${from}`],
    ...[`chmod --reference=${like} ${from}`, `chown --reference=${like} ${from}`],
    `mount -n --bind ${from} ${like}`,
  ]);
}

function isUnder(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`);
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
  const sharedTrees: SharedTree[] = [];
  for (const volume of volumesOf(container)) {
    const { source, container_path: path, mode } = volume;
    const isOurs = source === undefined || source.type === 'HOST_PATH';
    if (!isOurs || volume.image !== undefined) continue;
    const host = source?.host_path?.path ?? volume.host_path;
    if (host === undefined || !host.startsWith('/')) {
      return err(`Path '${host ?? ''}' in HOST_PATH volume is not absolute`);
    }
    if (hasParentStep(host) || hasParentStep(path)) {
      return err(`Paths of a HOST_PATH volume must not contain '..': '${host}', '${path}'`);
    }
    const mayMake = creationRoots.some((root) => host === root || host.startsWith(`${root}/`));
    const isThere = `[ -e ${quote(host)} ]`;
    setup.push(
      mayMake
        ? `mkdir -p ${quote(host)}`
        : refuseUnless(isThere, `Path '${host}' in HOST_PATH volume does not exist`),
    );
    const isShared = source?.host_path?.mount_propagation?.mode === 'BIDIRECTIONAL';
    // It sees it there already.
    const isSame = host === path && container.image === undefined && mode !== 'RO';
    if (isSame && !isShared) continue;
    const index = depthOf(container.id) * SHARED_TREES_MAX + sharedTrees.length;
    const sharedTree = isShared ? index : undefined;
    if (isShared) sharedTrees.push({ index, path: host, isMade: mayMake });
    if (sharedTrees.length > SHARED_TREES_MAX) {
      return err(`More than ${SHARED_TREES_MAX} volumes with bidirectional mount propagation`);
    }
    const missing = `Mount point '${path}' is an absolute path. It must exist if the container shares the host filesystem`;
    const isReadOnly = mode === 'RO';
    const bound = { source: host, target: path, isReadOnly, sharedTree, missing };
    setup.push(...bindLines(container, bound));
  }
  if (setup.length === 0) return ok({});
  const shared = sharedTrees.length === 0 ? {} : { sharedTrees };
  return ok({ namespaces: MOUNT, setup, ...shared });
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
          ...bindLines(container, {
            source: from,
            target,
            isReadOnly: mode === 'RO',
          }),
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

function hasParentStep(path: string): boolean {
  return path.split('/').includes('..');
}

function refuseNested(): Result<never> {
  return err('Volumes at absolute paths of nested containers are not supported by this agent');
}
