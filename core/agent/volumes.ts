/** Persistent volumes of tasks: symlinks in the sandbox, as `filesystem/posix` makes them; not for images. */
import { isPersistentVolume, reservationRole } from '../resources/kinds.ts';
import type { ContainerInfo, Resource, TaskInfo, Volume } from '../wire/types/mesos.v1.ts';
import { volumePath } from './checkpoint/paths.ts';
import type { AgentContext } from './context.ts';
import type { AgentExecutor } from './state.ts';

export interface VolumeLink {
  /** Relative to the sandbox. */
  readonly path: string;
  readonly target: string;
  /** Whether the target is a directory to be made when it is not there. */
  readonly makesTarget?: boolean;
}

export function volumeLinks(
  context: AgentContext,
  executor: Pick<AgentExecutor, 'info' | 'directory'>,
  task: TaskInfo,
): readonly VolumeLink[] {
  // Links to paths of the host lead nowhere in another root file system: volumes are mounted there.
  if (hasImage(executor.info.container)) return [];
  const links: VolumeLink[] = [];
  for (const resource of [...(executor.info.resources ?? []), ...(task.resources ?? [])]) {
    const path = resource.disk?.volume?.container_path;
    const target = volumeDirectory(context, resource);
    if (path !== undefined && target !== undefined && isInside(path)) links.push({ path, target });
  }
  for (const volume of executor.info.container?.volumes ?? []) {
    const shared = volume.source?.sandbox_path;
    if (!isSandboxShare(volume) || shared?.type !== 'SELF') continue;
    const target = `${executor.directory}/${shared.path}`;
    links.push({ path: volume.container_path, target, makesTarget: true });
  }
  return links;
}

/** Whether the volume is a directory of its own or its parent's sandbox, under a relative path. */
export function isSandboxShare(volume: Volume): boolean {
  const { source, container_path: path } = volume;
  const shared = source?.type === 'SANDBOX_PATH' ? source.sandbox_path : undefined;
  return shared !== undefined && isInside(path) && isInside(shared.path);
}

/** What the sandbox of a group's task links to: persistent volumes, parts of sandboxes. */
export function nestedLinks(
  context: AgentContext,
  executor: Pick<AgentExecutor, 'directory'>,
  { info, sandbox }: { readonly info: TaskInfo; readonly sandbox: string },
): readonly VolumeLink[] {
  if (hasImage(info.container)) return [];
  const links: VolumeLink[] = [];
  for (const resource of info.resources ?? []) {
    const path = resource.disk?.volume?.container_path;
    const target = volumeDirectory(context, resource);
    if (path !== undefined && target !== undefined && isInside(path)) links.push({ path, target });
  }
  return [...links, ...sandboxLinks(info.container, { own: sandbox, parent: executor.directory })];
}

/** Parts of the container's own sandbox and of its parent's. */
export function sandboxLinks(
  info: ContainerInfo | undefined,
  sandbox: { readonly own: string; readonly parent: string | undefined },
): readonly VolumeLink[] {
  if (hasImage(info)) return [];
  return (info?.volumes ?? []).flatMap(({ container_path: path, source }) => {
    const shared = source?.sandbox_path;
    const base = shared?.type === 'PARENT' ? sandbox.parent : sandbox.own;
    if (shared === undefined || base === undefined || !isInside(path)) return [];
    return [{ path, target: `${base}/${shared.path}`, makesTarget: true }];
  });
}

function hasImage(info: ContainerInfo | undefined): boolean {
  return info?.mesos?.image !== undefined;
}

/** A relative path that stays where it is. */
function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.split('/').includes('..') && path !== '';
}

/** Absolute; undefined when the resource is no persistent volume. */
export function volumeDirectory(
  context: { readonly options: { readonly workDir: string } },
  resource: Resource,
): string | undefined {
  const id = resource.disk?.persistence?.id;
  if (!isPersistentVolume(resource) || id === undefined) return undefined;
  const { source } = resource.disk ?? {};
  const own = volumePath(reservationRole(resource), id);
  if (source?.type === 'MOUNT') return source.mount?.root;
  if (source?.type === 'PATH') {
    const root = source.path?.root ?? '';
    const base = root.startsWith('/') ? root : `${context.options.workDir}/${root}`;
    return `${base}/${own}`;
  }
  return `${context.options.workDir}/${own}`;
}
