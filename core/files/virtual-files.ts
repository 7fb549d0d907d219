/**
 * Files that clients may look at, under virtual paths (spec operator-api, section 6.1). A path belongs
 * to the longest attached name above it; symbolic links must not lead out of what is attached.
 */
import { constants, type Stats } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Action } from '../auth/actions.ts';
import type { Approvers } from '../auth/authorizer.ts';
import { err, ok, type Result } from '../base/result.ts';

/** One read gives at most this: 16 pages of memory. */
export const READ_MAX_BYTES = 16 * 4096;

/** Longer paths name nothing: no file system takes them, and each of their parts would be looked up. */
const PATH_MAX_BYTES = 4096;

export interface FileEntry {
  /** As requested, with the name of the entry appended. */
  readonly path: string;
  readonly stats: Stats;
  readonly user: string;
  readonly group: string;
}

export type FileRefusal =
  /** Nothing of that name; answered with an empty body. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'bad-request'; readonly text: string };

export interface FileSlice {
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** The right that a file's reader must have. */
export interface FileNeed {
  readonly action: Action;
  readonly object: string | undefined;
}

/** Names that are looked up when they are asked for, such as the sandboxes of an agent. */
export interface FileSource {
  /** The real path attached under exactly this name. */
  find(virtual: string): string | undefined;
  /** What looking below exactly this name needs. */
  needOf(virtual: string): FileNeed | undefined;
  entries(): Iterable<readonly [virtual: string, real: string]>;
}

export class VirtualFiles {
  private readonly sources: FileSource[] = [];
  /** Real paths by virtual ones, both without a trailing slash. */
  private readonly attached = new Map<string, string>();
  private readonly needs = new Map<string, FileNeed>();
  private readonly names = new SystemNames();

  attach(virtual: string, real: string, need?: FileNeed): void {
    this.attached.set(trimmed(virtual), real);
    if (need !== undefined) this.needs.set(trimmed(virtual), need);
  }

  detach(virtual: string): void {
    this.attached.delete(trimmed(virtual));
    this.needs.delete(trimmed(virtual));
  }

  addSource(source: FileSource): void {
    this.sources.push(source);
  }

  /** Virtual to real, names in order. */
  entries(): readonly (readonly [virtual: string, real: string])[] {
    const all: (readonly [string, string])[] = [...this.attached];
    for (const source of this.sources) all.push(...source.entries());
    return all.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private attachedAt(virtual: string): string | undefined {
    const attached = this.attached.get(virtual);
    if (attached !== undefined) return attached;
    for (const source of this.sources) {
      const found = source.find(virtual);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The attached name itself or the nearest one above decides. */
  private isAllowed(virtual: string, approvers: Approvers): boolean {
    const own = this.needs.get(virtual);
    const needs = own === undefined ? this.sources.map((each) => each.needOf(virtual)) : [own];
    return needs.every(
      (need) => need === undefined || approvers.approved(need.action, need.object),
    );
  }

  /** What a directory holds, sorted; nothing for a file. */
  async browse(
    requested: string,
    approvers: Approvers,
  ): Promise<Result<readonly FileEntry[], FileRefusal>> {
    const real = await this.resolve(requested, approvers);
    if (!real.ok) return real;
    const found = await statOf(real.value);
    if (found === undefined) return err({ kind: 'unknown' });
    if (!found.isDirectory()) return ok([]);
    const entries: FileEntry[] = [];
    for (const name of (await readdir(real.value)).sort()) {
      // A file may be gone by now, or be a link to nowhere.
      const stats = await statOf(path.join(real.value, name));
      if (stats === undefined) continue;
      entries.push({
        path: path.posix.join(requested, name),
        stats,
        user: await this.names.user(stats.uid),
        group: await this.names.group(stats.gid),
      });
    }
    return ok(entries);
  }

  /** Up to `length` bytes from `offset`, at most `READ_MAX_BYTES`. */
  async read(
    requested: string,
    offset: number,
    length: number | undefined,
    approvers: Approvers,
  ): Promise<Result<FileSlice, FileRefusal>> {
    const real = await this.resolve(requested, approvers);
    if (!real.ok) return real;
    const found = await statOf(real.value);
    if (found === undefined) return err({ kind: 'unknown' });
    if (found.isDirectory())
      return err({ kind: 'bad-request', text: 'Cannot read a directory.\n' });
    if (offset >= found.size) return ok({ size: found.size, bytes: new Uint8Array() });
    const wanted = Math.min(length ?? found.size - offset, found.size - offset, READ_MAX_BYTES);
    const file = await open(real.value, constants.O_RDONLY);
    try {
      const buffer = Buffer.alloc(wanted);
      const { bytesRead } = await file.read(buffer, 0, wanted, offset);
      return ok({ size: found.size, bytes: buffer.subarray(0, bytesRead) });
    } finally {
      await file.close();
    }
  }

  /** The real path of a file that may be sent as it is. */
  async locate(requested: string, approvers: Approvers): Promise<Result<string, FileRefusal>> {
    const real = await this.resolve(requested, approvers);
    if (!real.ok) return real;
    const found = await statOf(real.value);
    if (found === undefined) return err({ kind: 'unknown' });
    if (found.isDirectory()) {
      return err({ kind: 'bad-request', text: 'Cannot download a directory.\n' });
    }
    // Opening a named pipe would hold one of the few threads for files until somebody writes to it.
    return found.isFile() ? real : err({ kind: 'unknown' });
  }

  private async resolve(
    requested: string,
    approvers: Approvers,
  ): Promise<Result<string, FileRefusal>> {
    const wanted = trimmed(requested);
    if (wanted.length > PATH_MAX_BYTES) return err({ kind: 'unknown' });
    for (let virtual = wanted; virtual !== ''; virtual = virtual.slice(0, cut(virtual))) {
      const root = this.attachedAt(virtual);
      if (root === undefined) continue;
      if (!this.isAllowed(virtual, approvers)) return err({ kind: 'forbidden' });
      const realRoot = await realpathOf(root);
      if (realRoot === undefined) return err({ kind: 'unknown' });
      // Not normalized: only the file system knows where `..` leads behind a symbolic link.
      const below = realRoot + wanted.slice(virtual.length);
      const real = await realpathOf(below);
      if (real === undefined) return err({ kind: 'unknown' });
      if (real !== realRoot && !real.startsWith(`${realRoot}/`)) {
        return err({ kind: 'bad-request', text: `'${below}' is inaccessible.\n` });
      }
      return ok(real);
    }
    return err({ kind: 'unknown' });
  }
}

/** `drwxr-xr-x`. */
export function modeText(mode: number): string {
  const types: Readonly<Record<number, string>> = {
    [constants.S_IFDIR]: 'd',
    [constants.S_IFCHR]: 'c',
    [constants.S_IFBLK]: 'b',
    [constants.S_IFIFO]: 'p',
    [constants.S_IFLNK]: 'l',
    [constants.S_IFSOCK]: 's',
  };
  const letters = 'rwxrwxrwx';
  let text = types[mode & constants.S_IFMT] ?? '-';
  for (let at = 0; at < letters.length; at += 1) {
    text += (mode & (0o400 >> at)) === 0 ? '-' : (letters[at] ?? '');
  }
  return text;
}

/** Names of users and groups, read once; numbers when they have none. */
class SystemNames {
  private users: Promise<ReadonlyMap<number, string>> | undefined;
  private groups: Promise<ReadonlyMap<number, string>> | undefined;

  async user(id: number): Promise<string> {
    this.users ??= namesIn('/etc/passwd');
    return (await this.users).get(id) ?? String(id);
  }

  async group(id: number): Promise<string> {
    this.groups ??= namesIn('/etc/group');
    return (await this.groups).get(id) ?? String(id);
  }
}

async function namesIn(file: string): Promise<ReadonlyMap<number, string>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && id !== undefined && !names.has(Number(id))) {
      names.set(Number(id), name);
    }
  }
  return names;
}

function statOf(real: string): Promise<Stats | undefined> {
  return stat(real).catch(() => undefined);
}

function realpathOf(real: string): Promise<string | undefined> {
  return realpath(real).catch(() => undefined);
}

function cut(virtual: string): number {
  return Math.max(virtual.lastIndexOf('/'), 0);
}

function trimmed(virtual: string): string {
  return virtual.length > 1 ? virtual.replace(/\/+$/, '') : virtual;
}
