/**
 * Looks again and again at what containers use: memory as the kernel counts it, disk with `du`,
 * listening ports (spec agent-runtime, sections 8.1 and 8.3).
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { formatBytes } from '../../base/bytes.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { WatchPlan } from '../containerizer/plan.ts';
import type { ContainerLimitation } from '../launcher-port.ts';
import { pidsBelow } from './cgroup-files.ts';
import { listeningPorts, portsLimitation } from './listening-ports.ts';
import type { WatchHandlers } from './ports.ts';

/** The kernel kills at once; this is how late the rest of the container follows. */
const MEMORY_INTERVAL_MS = 500;
const MB = 1024 ** 2;

type MemoryWatch = Extract<WatchPlan, { readonly kind: 'memory' }>;
type DiskWatch = Extract<WatchPlan, { readonly kind: 'disk' }>;
type PortsWatch = Extract<WatchPlan, { readonly kind: 'ports' }>;

interface Watched {
  readonly watches: readonly WatchPlan[];
  readonly handlers: WatchHandlers;
  readonly timers: Set<Timer>;
  isOver: boolean;
}

export class Watches {
  private readonly clock: Clock;
  private readonly watched = new Map<string, Watched>();
  private memoryTimer: Timer | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  watch(id: string, watches: readonly WatchPlan[], handlers: WatchHandlers): void {
    this.unwatch(id);
    if (watches.length === 0) return;
    const entry: Watched = { watches, handlers, timers: new Set(), isOver: false };
    this.watched.set(id, entry);
    for (const watch of watches) {
      if (watch.kind === 'disk') this.watchDisk(entry, watch);
      else if (watch.kind === 'ports') this.watchPorts(id, entry, watch);
      else this.armMemory();
    }
  }

  unwatch(id: string): void {
    const entry = this.watched.get(id);
    if (entry === undefined) return;
    entry.isOver = true;
    for (const timer of entry.timers) timer.cancel();
    this.watched.delete(id);
  }

  private armMemory(): void {
    this.memoryTimer ??= this.clock.setTimer(MEMORY_INTERVAL_MS, () => {
      this.memoryTimer = undefined;
      let isNeeded = false;
      for (const entry of [...this.watched.values()]) {
        if (!entry.watches.some(({ kind }) => kind === 'memory')) continue;
        isNeeded = true;
        const limitation = checkNow(entry.watches);
        if (limitation !== undefined) this.limited(entry, limitation);
      }
      if (isNeeded) this.armMemory();
    });
  }

  private watchDisk(entry: Watched, watch: DiskWatch): void {
    this.repeat(entry, watch.intervalMs, (next) => {
      measureDisk(watch, (bytes) => {
        if (entry.isOver) return;
        if (bytes !== undefined) entry.handlers.onDiskMeasured(watch.path, bytes);
        if (bytes !== undefined && watch.isEnforced && bytes > watch.quotaBytes) {
          this.limited(entry, diskLimitation(bytes, watch.quotaBytes));
        } else {
          next();
        }
      });
    });
  }

  private watchPorts(id: string, entry: Watched, watch: PortsWatch): void {
    this.repeat(entry, watch.intervalMs, (next) => {
      const limitation = portsLimitation(id, watch, listeningPorts(pidsBelow(watch.path)));
      if (limitation !== undefined && watch.isEnforced) this.limited(entry, limitation);
      else next();
    });
  }

  /** Looks after each interval, and not again before the last look is over. */
  private repeat(entry: Watched, intervalMs: number, look: (next: () => void) => void): void {
    const arm = (): void => {
      if (entry.isOver) return;
      const timer = this.clock.setTimer(intervalMs, () => {
        entry.timers.delete(timer);
        look(arm);
      });
      entry.timers.add(timer);
    };
    arm();
  }

  private limited(entry: Watched, limitation: ContainerLimitation): void {
    if (entry.isOver) return;
    for (const [id, each] of this.watched) if (each === entry) this.unwatch(id);
    entry.handlers.onLimitation(limitation);
  }
}

/** What can be seen without waiting: whether the kernel has run out of the container's memory. */
export function checkNow(watches: readonly WatchPlan[]): ContainerLimitation | undefined {
  for (const watch of watches) {
    if (watch.kind !== 'memory' || !isOutOfMemory(watch)) continue;
    return memoryLimitation(watch);
  }
  return undefined;
}

function isOutOfMemory({ path, version }: MemoryWatch): boolean {
  if (version === 2) return counterOf(`${path}/memory.events`, 'oom_kill') > 0;
  const control = `${path}/memory.oom_control`;
  return counterOf(control, 'oom_kill') > 0 || counterOf(control, 'under_oom') > 0;
}

/** The text is the original's. */
function memoryLimitation({ path, version }: MemoryWatch): ContainerLimitation {
  const [limitFile, mostFile] =
    version === 1
      ? ['memory.limit_in_bytes', 'memory.max_usage_in_bytes']
      : ['memory.max', 'memory.peak'];
  const limit = Number(readText(`${path}/${limitFile}`).trim());
  const most = Number(readText(`${path}/${mostFile}`).trim());
  const message =
    `Memory limit exceeded: Requested: ${formatBytes(limit)} Maximum Used: ${formatBytes(most)}\n` +
    `\nMEMORY STATISTICS: \n${readText(`${path}/memory.stat`)}`;
  const resource = { name: 'mem', type: 'SCALAR', scalar: { value: most / MB } } as const;
  return { reason: 'REASON_CONTAINER_LIMITATION_MEMORY', message, resources: [resource] };
}

function diskLimitation(bytes: number, quotaBytes: number): ContainerLimitation {
  const message = `Disk usage (${formatBytes(bytes)}) exceeds quota (${formatBytes(quotaBytes)})`;
  const scalar = { value: quotaBytes / MB };
  return {
    reason: 'REASON_CONTAINER_LIMITATION_DISK',
    message,
    resources: [{ name: 'disk', type: 'SCALAR', scalar }],
  };
}

/** As `du -k -s` counts; undefined when it could not count. Files may go while it looks. */
function measureDisk(watch: DiskWatch, done: (bytes: number | undefined) => void): void {
  const excludes = watch.excludes.flatMap((path) => ['--exclude', path]);
  const options = { encoding: 'utf8', env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } } as const;
  execFile('du', ['-k', '-s', ...excludes, '--', watch.path], options, (_error, stdout) => {
    const kilobytes = /^(\d+)\s/.exec(stdout)?.[1];
    done(kilobytes === undefined ? undefined : Number(kilobytes) * 1024);
  });
}

function counterOf(path: string, name: string): number {
  const line = readText(path)
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The cgroup is gone: it has used up nothing that anybody could be told of.
    return '';
  }
}
