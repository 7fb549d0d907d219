/**
 * The launcher's records as files, `<folder>/<container>.json`: each save appends a line, the last
 * whole line counts. A file that has grown is replaced by its last line.
 *
 * Replacing the file on every save would be simpler, but common file systems flush data when a file
 * is renamed over another: that alone cost 4 ms for each started task.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { LauncherDisk } from './ports.ts';

/** Above this size a file is replaced, unless its record alone is that large. */
const GROWN_BYTES = 64 * 1024;
/** Files that stay open, those written to last: most lines of a record follow each other soon. */
const OPEN_MAX = 128;

export class FileDisk implements LauncherDisk {
  private readonly folder: string;
  /** Sizes of the files by id; infinite when a file must be replaced. */
  private readonly sizes = new Map<string, number>();
  /** Descriptors by id, in the order in which they were last used. */
  private readonly open = new Map<string, number>();

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
      this.close(id);
      this.sizes.set(id, line.length);
      return;
    }
    // Until it is written whole: a torn line, of a full disk, must not be appended to.
    this.sizes.set(id, Number.POSITIVE_INFINITY);
    this.append(id, Buffer.from(line));
    this.sizes.set(id, size + line.length);
  }

  remove(id: string): void {
    this.close(id);
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

  private append(id: string, line: Buffer): void {
    const descriptor = this.open.get(id) ?? openSync(this.pathOf(id), 'a', 0o600);
    this.open.delete(id);
    this.open.set(id, descriptor);
    for (let at = 0; at < line.length; ) at += writeSync(descriptor, line, at);
    const [oldest] = this.open.keys();
    if (this.open.size > OPEN_MAX && oldest !== undefined) this.close(oldest);
  }

  private close(id: string): void {
    const descriptor = this.open.get(id);
    if (descriptor === undefined) return;
    this.open.delete(id);
    closeSync(descriptor);
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
