/** The launcher's records as files: `<folder>/<container>.json`, replaced atomically. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { LauncherDisk } from './ports.ts';

export class FileDisk implements LauncherDisk {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  save(id: string, value: unknown): void {
    const path = this.pathOf(id);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  remove(id: string): void {
    rmSync(this.pathOf(id), { force: true });
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
      try {
        values.push(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        damaged += 1;
        renameSync(path, `${path}.damaged`);
      }
    }
    return { values, damaged };
  }

  private pathOf(id: string): string {
    return `${this.folder}/${encodeURIComponent(id)}.json`;
  }
}
