/** `disk/du` (once `posix/disk`): what sandboxes and persistent volumes take of the disk (section 8.3). */
import type { DurationMs } from '../../../base/duration.ts';
import { ok } from '../../../base/result.ts';
import { isPersistentVolume } from '../../../resources/kinds.ts';
import type { Resource } from '../../../wire/types/mesos.v1.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { WatchPlan } from '../plan.ts';

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
    name: 'disk/du',
    prepare: (container) => ok({ watches: watches(container) }),
    watches,
  };
}

/** The sandbox, without the volumes that lie in it, and each volume by itself. */
function watchesOf(
  { sandbox, resources }: Pick<IsolatedContainer, 'sandbox' | 'resources'>,
  { isEnforced, intervalMs, volumeDirectory }: DiskOptions,
): readonly WatchPlan[] {
  const disks = resources.requests.filter(({ name }) => name === 'disk');
  const volumes = disks.filter(isPersistentVolume);
  const rest = disks.filter((each) => !isPersistentVolume(each));
  const excludes = volumes.flatMap(({ disk }) => disk?.volume?.container_path ?? []);
  const common = { kind: 'disk', intervalMs, isEnforced } as const;
  const watches: WatchPlan[] = [];
  if (rest.length > 0) {
    watches.push({ ...common, path: sandbox, excludes, quotaBytes: bytesOf(rest) });
  }
  for (const volume of volumes) {
    const path = volumeDirectory(volume);
    if (path === undefined) continue;
    watches.push({ ...common, path, excludes: [], quotaBytes: bytesOf([volume]) });
  }
  return watches;
}

function bytesOf(resources: readonly Resource[]): number {
  let total = 0;
  for (const { scalar } of resources) total += scalar?.value ?? 0;
  return Math.round(total * MB);
}
