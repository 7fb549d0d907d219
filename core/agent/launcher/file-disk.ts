/**
 * The launcher's records as files, `<folder>/<container>.json`: each save appends a line, the last
 * whole line counts. A file that has grown is replaced by its last line.
 *
 * Replacing the file on every save would be simpler, but common file systems flush data when a file
 * is renamed over another: that alone cost 4 ms for each started task.
 */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { LauncherDisk } from './ports.ts';

/** Above this size a file is replaced, unless its record alone is that large. */
const GROWN_BYTES = 64 * 1024;

export class FileDisk implements LauncherDisk {
  private readonly folder: string;
  /** Sizes of the files by id; infinite when a file must be replaced. */
  private readonly sizes = new Map<string, number>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  save(id: string, value: unknown): void {
    const path = this.pathOf(id);
    const line = `${JSON.stringify(value)}\n`;
    const size = this.sizes.get(id) ?? 0;
    if (size > Math.max(GROWN_BYTES, 4 * line.length)) {
      writeFileSync(`${path}.new`, line, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.sizes.set(id, line.length);
      return;
    }
    appendFileSync(path, line, { mode: 0o600 });
    this.sizes.set(id, size + line.length);
  }

  remove(id: string): void {
    rmSync(this.pathOf(id), { force: true });
    this.sizes.delete(id);
  }

  load(): { readonly values: readonly unknown[]; readonly damaged: number } {
    const values: unknown[] = [];
    let damaged = 0;
    for (const name of readdirSync(this.folder)) {
      const path = `${this.folder}/${name}`;
      if (!name.endsWith('.json')) {
        if (name.endsWith('.new')) rmSync(path, { force: true });
        continue;
      }
      const value = lastRecord(readFileSync(path, 'utf8'));
      if (value === undefined) {
        damaged += 1;
        renameSync(path, `${path}.damaged`);
        continue;
      }
      values.push(value);
      // The end may be a torn line, to which nothing must be appended.
      const id = decodeURIComponent(name.slice(0, -'.json'.length));
      this.sizes.set(id, Number.POSITIVE_INFINITY);
    }
    return { values, damaged };
  }

  private pathOf(id: string): string {
    return `${this.folder}/${encodeURIComponent(id)}.json`;
  }
}

/** The last line that was written whole. */
function lastRecord(text: string): unknown {
  for (const line of text.split('\n').reverse()) {
    if (line === '') continue;
    try {
      return JSON.parse(line);
    } catch {
      // Torn by a crash while it was appended: the line before it holds.
    }
  }
  return undefined;
}
