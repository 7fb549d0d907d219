/** Persistent volumes of tasks: symlinks in the sandbox, as `filesystem/posix` makes them. */
import { isPersistentVolume, reservationRole } from '../resources/kinds.ts';
import type { Resource, TaskInfo } from '../wire/types/mesos.v1.ts';
import { volumePath } from './checkpoint/paths.ts';
import type { AgentContext } from './context.ts';
import type { AgentExecutor } from './state.ts';

export interface VolumeLink {
  /** Relative to the sandbox. */
  readonly path: string;
  readonly target: string;
}

export function volumeLinks(
  context: AgentContext,
  executor: Pick<AgentExecutor, 'info'>,
  task: TaskInfo,
): readonly VolumeLink[] {
  const links: VolumeLink[] = [];
  for (const resource of [...(executor.info.resources ?? []), ...(task.resources ?? [])]) {
    const path = resource.disk?.volume?.container_path;
    const target = volumeDirectory(context, resource);
    if (path === undefined || target === undefined || path.startsWith('/')) continue;
    links.push({ path, target });
  }
  return links;
}

/** Absolute; undefined when the resource is no persistent volume. */
export function volumeDirectory(context: AgentContext, resource: Resource): string | undefined {
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
