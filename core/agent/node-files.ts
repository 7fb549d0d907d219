/** The agent's files on the real disk, below one folder. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { errorCode } from '../base/errors.ts';
import { mountPointsBelow } from './containerizer/provisioner/mount-table.ts';
import type { AgentFiles } from './files-port.ts';

export class NodeFiles implements AgentFiles {
  private readonly root: string;
  /** Directories known to exist, so that the usual write makes no extra system call. */
  private readonly made = new Set<string>();

  constructor(root: string) {
    this.root = root;
    makeDirectories(root);
  }

  read(path: string): Uint8Array | undefined {
    return orUndefined(() => readFileSync(this.at(path)));
  }

  write(path: string, bytes: Uint8Array, durable: boolean): void {
    const target = this.parentOf(path);
    const temporary = `${target}.new`;
    const handle = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(handle, bytes);
      if (durable) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, target);
    if (durable) syncDirectory(dirname(target));
  }

  append(path: string, bytes: Uint8Array, durable: boolean): void {
    const target = this.parentOf(path);
    if (!durable) {
      appendFileSync(target, bytes, { mode: 0o600 });
      return;
    }
    const handle = openSync(target, 'a', 0o600);
    try {
      writeFileSync(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }

  truncate(path: string, size: number): void {
    truncateSync(this.at(path), size);
  }

  list(path: string): readonly string[] {
    return orUndefined(() => readdirSync(this.at(path)).sort()) ?? [];
  }

  readLink(path: string): string | undefined {
    return orUndefined(() => readlinkSync(this.at(path)));
  }

  symlink(path: string, target: string): void {
    if (linkAnew(target, this.at(path))) return;
    const link = this.parentOf(path);
    const temporary = `${link}.new`;
    rmSync(temporary, { force: true });
    symlinkSync(target, temporary);
    renameSync(temporary, link);
  }

  makeDirectory(path: string): void {
    mkdirSync(this.at(path), { recursive: true });
  }

  modifiedAt(path: string): number | undefined {
    return orUndefined(() => lstatSync(this.at(path)).mtimeMs);
  }

  remove(path: string): void {
    const target = this.at(path);
    for (const each of this.made) {
      if (each === target || each.startsWith(`${target}/`)) this.made.delete(each);
    }
    unmountBelow(target);
    rmSync(target, { recursive: true, force: true });
  }

  empty(path: string): void {
    for (const name of this.list(path)) this.remove(`${path}/${name}`);
  }

  private at(path: string): string {
    return path.startsWith('/') ? path : join(this.root, path);
  }

  private parentOf(path: string): string {
    const target = this.at(path);
    const parent = dirname(target);
    if (!this.made.has(parent)) {
      mkdirSync(parent, { recursive: true });
      // A bound on memory: forgetting all costs one mkdir each.
      if (this.made.size > 10_000) this.made.clear();
      this.made.add(parent);
    }
    return target;
  }
}

/** False when there is something already, that must be replaced, or no directory for it. */
function linkAnew(target: string, link: string): boolean {
  try {
    symlinkSync(target, link);
    return true;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw thrown;
  }
}

/** A missing file, or something else in its place, is no failure where absence is allowed. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return undefined;
    throw thrown;
  }
}

/** A task may have left mounts in its sandbox: what they show is not to be removed with it. */
function unmountBelow(directory: string): void {
  for (const point of mountPointsBelow(directory)) {
    execFileSync('umount', ['-n', '-l', '--', point], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
