/**
 * Backups in a directory: `scheduler-backup-2026-11-29-07-00`, written under another name first, so that what bears
 * the name is whole; the newest are kept (spec aurora-scheduler, section 9).
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../../../core/base/clock.ts';
import type { Result } from '../../../core/base/result.ts';
import { decodeStruct, encodeStruct } from '../thrift/messages.ts';
import type { Snapshot } from '../thrift/types.ts';

const PREFIX = 'scheduler-backup-';
const TEMPORARY = 'temp_';

export interface BackupFiles {
  write(snapshot: Snapshot, now: Instant): Promise<void>;
  /** Names, oldest first. */
  list(): Promise<readonly string[]>;
  /** Undefined when there is none of that name. */
  read(name: string): Promise<Result<Snapshot> | undefined>;
}

export function backupDirectory(directory: string, keptMax: number): BackupFiles {
  const list = async (): Promise<readonly string[]> => {
    const names = await readdir(directory).catch(() => []);
    return names.filter((name) => name.startsWith(PREFIX)).sort();
  };
  return {
    list,
    write: async (snapshot, now) => {
      await mkdir(directory, { recursive: true });
      const name = `${PREFIX}${stampOf(now)}`;
      const temporary = join(directory, `${TEMPORARY}${name}`);
      await writeFile(temporary, encodeStruct('Snapshot', snapshot), { flush: true });
      await rename(temporary, join(directory, name));
      const names = await list();
      for (const old of names.slice(0, Math.max(0, names.length - keptMax))) {
        await rm(join(directory, old), { force: true });
      }
    },
    read: async (name) => {
      // Only what is listed: a name is no path.
      if (!(await list()).includes(name)) return undefined;
      return decodeStruct('Snapshot', await readFile(join(directory, name)));
    },
  };
}

/** In the time of this machine, as names of the original are. */
function stampOf(now: Instant): string {
  const date = new Date(now);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const all = [...parts, date.getHours(), date.getMinutes()];
  return all.map((part) => String(part).padStart(2, '0')).join('-');
}
