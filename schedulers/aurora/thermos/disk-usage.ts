/** How much disk a task's sandbox takes (spec thermos, section 5.5). */
import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { background } from '../../../core/base/background.ts';
import { type Clock, sleep } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import { errorCode } from '../../../core/base/errors.ts';
import type { Log } from '../../../core/base/log.ts';
import type { TaskReport } from './machine/task-report.ts';
import type { StatusSource } from './status-source.ts';

const INTERVAL_MS = seconds(60);
const BLOCK_BYTES = 512;

/** What is on the disk, each file once; links are not followed. */
export async function diskUsage(directory: string): Promise<number> {
  const seen = new Set<string>();
  const open = [directory];
  let bytes = 0;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const stats = await gone(lstat(path));
    if (stats === undefined || isCounted(stats, seen)) continue;
    bytes += stats.blocks * BLOCK_BYTES;
    if (!stats.isDirectory()) continue;
    for (const name of (await gone(readdir(path))) ?? []) open.push(join(path, name));
  }
  return bytes;
}

function isCounted({ dev, ino, nlink }: Stats, seen: Set<string>): boolean {
  if (nlink < 2) return false;
  const id = `${dev}:${ino}`;
  if (seen.has(id)) return true;
  seen.add(id);
  return false;
}

/** Undefined for what has been removed since its directory was read, and for what may not be read. */
async function gone<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw thrown;
  }
}

export class DiskLimit implements StatusSource {
  private readonly stopping = new AbortController();
  private readonly reservedBytes: number;
  private usedBytes = 0;

  constructor(
    target: { readonly directory: string; readonly reservedBytes: number },
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.reservedBytes = target.reservedBytes;
    background(log, this.run(target.directory, clock), 'measuring the disk of the task');
  }

  report(): TaskReport | undefined {
    const { reservedBytes: reserved, usedBytes: used } = this;
    if (used <= reserved) return undefined;
    return {
      state: 'FAILED',
      message: `Disk limit exceeded.  Reserved ${reserved} bytes vs used ${used} bytes.`,
    };
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('the task has ended'));
  }

  private async run(directory: string, clock: Clock): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.usedBytes = await diskUsage(directory);
      await sleep(clock, INTERVAL_MS, signal).catch(() => {
        // The task has ended.
      });
    }
  }
}
