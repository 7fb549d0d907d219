/** `disk/du` (once `posix/disk`): what sandboxes and persistent volumes take of the disk (section 8.3). */
import type { DurationMs } from '../../../base/duration.ts';
import { ok } from '../../../base/result.ts';
import { isPersistentVolume } from '../../../resources/kinds.ts';
import type { Resource, ResourceStatistics } from '../../../wire/types/mesos.v1.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { WatchPlan } from '../plan.ts';

export const DISK_ISOLATOR = 'disk/du';
const MB = 1024 ** 2;

export interface DiskOptions {
  /** `--enforce_container_disk_quota`. */
  readonly isEnforced: boolean;
  /** `--container_disk_watch_interval`. */
  readonly intervalMs: DurationMs;
  /** Host directory of a persistent volume. */
  readonly volumeDirectory: (resource: Resource) => string | undefined;
}

export function diskIsolator(options: DiskOptions): Isolator {
  const watches = (container: Pick<IsolatedContainer, 'id' | 'sandbox' | 'resources'>) =>
    isNested(container.id) ? [] : watchesOf(container, options);
  return {
    name: DISK_ISOLATOR,
    prepare: (container) => ok({ watches: watches(container) }),
    watches,
  };
}

interface MeasuredPath {
  readonly path: string;
  readonly resources: readonly [Resource, ...Resource[]];
}

/** The sandbox, and each volume by itself. */
function measuredPaths(
  sandbox: string,
  requests: readonly Resource[],
  volumeDirectory: DiskOptions['volumeDirectory'],
): readonly MeasuredPath[] {
  const disks = requests.filter(({ name }) => name === 'disk');
  const [first, ...others] = disks.filter((each) => !isPersistentVolume(each));
  const paths: MeasuredPath[] = [];
  if (first !== undefined) paths.push({ path: sandbox, resources: [first, ...others] });
  for (const volume of disks.filter(isPersistentVolume)) {
    const path = volumeDirectory(volume);
    if (path !== undefined) paths.push({ path, resources: [volume] });
  }
  return paths;
}

/** What is in the volumes does not count for the sandbox in which they lie. */
function watchesOf(
  { sandbox, resources }: Pick<IsolatedContainer, 'sandbox' | 'resources'>,
  { isEnforced, intervalMs, volumeDirectory }: DiskOptions,
): readonly WatchPlan[] {
  const { requests } = resources;
  const inSandbox = requests.flatMap(({ disk }) => {
    const path = disk?.volume?.container_path;
    return path === undefined || path.startsWith('/') ? [] : [`${sandbox}/${path}`];
  });
  return measuredPaths(sandbox, requests, volumeDirectory).map(({ path, resources: quota }) => ({
    kind: 'disk',
    intervalMs,
    // A disk of its own is full when it is full.
    isEnforced: isEnforced && !quota.some(({ disk }) => disk?.source?.type === 'MOUNT'),
    path,
    excludes: path === sandbox ? inSandbox : [],
    quotaBytes: bytesOf(quota),
  }));
}

/** What the container may use, and did when it was last measured; by path in `usedBytes`. */
export function diskStatistics(
  container: {
    readonly sandbox: string;
    readonly requests: readonly Resource[];
    readonly usedBytes: ReadonlyMap<string, number>;
  },
  volumeDirectory: DiskOptions['volumeDirectory'],
): Partial<ResourceStatistics> {
  const { sandbox, requests, usedBytes } = container;
  const paths = measuredPaths(sandbox, requests, volumeDirectory);
  const all = paths.map(({ path, resources }) => {
    const { source, persistence } = resources[0].disk ?? {};
    const used = usedBytes.get(path);
    return {
      path,
      statistics: {
        ...(source === undefined ? {} : { source }),
        ...(persistence === undefined ? {} : { persistence }),
        limit_bytes: bytesOf(resources),
        ...(used === undefined ? {} : { used_bytes: used }),
      },
    };
  });
  const own = all.find(({ path }) => path === sandbox)?.statistics;
  // What was granted is not known after a restart of the agent, until something changes.
  const used = usedBytes.get(sandbox);
  return {
    ...(own === undefined ? {} : { disk_limit_bytes: own.limit_bytes }),
    ...(used === undefined ? {} : { disk_used_bytes: used }),
    ...(all.length === 0 ? {} : { disk_statistics: all.map(({ statistics }) => statistics) }),
  };
}

function bytesOf(resources: readonly Resource[]): number {
  let total = 0;
  for (const { scalar } of resources) total += scalar?.value ?? 0;
  return Math.round(total * MB);
}
