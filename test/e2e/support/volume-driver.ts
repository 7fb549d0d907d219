/** A client of Docker's volume drivers that mounts a file system in memory for each volume. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** `refuse-<command>` in its folder has what it says when it fails, `hold` makes it wait. */
const CLIENT = `#!/bin/sh -e
cd "$(dirname "$0")"
echo "$*" >> log
if [ -e "refuse-$1" ]; then cat "refuse-$1" >&2; exit 1; fi
while [ -e hold ]; do sleep 0.02; done
at="$PWD/volumes/\${2#*=}-\${3#*=}"
case $1 in
  mount) mkdir -p "$at"; mountpoint -q "$at" || mount -t tmpfs tmpfs "$at"; echo "$at" ;;
  unmount) umount "$at" ;;
esac
`;

export class VolumeDriver {
  readonly folder: string;
  readonly flags: readonly string[];

  private constructor(folder: string) {
    this.folder = folder;
    this.flags = [
      '--isolation=filesystem/linux,docker/volume',
      `--docker_volume_checkpoint_dir=${this.root}`,
    ];
  }

  /** The agent finds it by its path. */
  static install(t: TestContext): VolumeDriver {
    const folder = mkdtempSync(join(tmpdir(), 'dvdcli-'));
    chmodSync(folder, 0o755);
    const driver = new VolumeDriver(folder);
    writeFileSync(`${folder}/dvdcli`, CLIENT, { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = `${folder}:${before}`;
    t.after(() => {
      process.env['PATH'] = before;
      for (const name of existsSync(`${folder}/volumes`) ? readdirSync(`${folder}/volumes`) : []) {
        if (driver.isMounted(name)) execFileSync('umount', ['--lazy', `${folder}/volumes/${name}`]);
      }
      rmSync(folder, { recursive: true });
    });
    return driver;
  }

  get root(): string {
    return `${this.folder}/checkpoints`;
  }

  /** What it was asked, in this order. */
  get calls(): readonly string[] {
    const path = `${this.folder}/log`;
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  /** On the host: `<driver>-<volume>`. */
  path(name: string): string {
    return `${this.folder}/volumes/${name}`;
  }

  isMounted(name: string): boolean {
    return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${this.path(name)} `);
  }

  /** Containers that have something written down. */
  get containers(): readonly string[] {
    return readdirSync(this.root).sort();
  }

  volumesOf(id: string): unknown {
    return JSON.parse(readFileSync(`${this.root}/${id}/volumes`, 'utf8'));
  }

  refuse(command: 'mount' | 'unmount', why: string): void {
    writeFileSync(`${this.folder}/refuse-${command}`, why);
  }

  obey(command: 'mount' | 'unmount'): void {
    rmSync(`${this.folder}/refuse-${command}`);
  }

  hold(): void {
    writeFileSync(`${this.folder}/hold`, '');
  }

  release(): void {
    rmSync(`${this.folder}/hold`);
  }

  /** As an agent leaves it that dies. */
  writeDown(id: string, volumes: readonly { readonly driver: string; readonly name: string }[]) {
    mkdirSync(`${this.root}/${id}`, { recursive: true });
    writeFileSync(`${this.root}/${id}/volumes`, JSON.stringify({ volumes }));
  }
}
