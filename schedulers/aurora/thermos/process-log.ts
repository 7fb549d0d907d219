/** Where the output of a process goes (spec thermos, section 4): files, rotated or not, and the runner's own output. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ThermosLogger } from '../config/task-instance.ts';

export const DESTINATIONS = ['file', 'console', 'both', 'none'] as const;
export type LogDestination = (typeof DESTINATIONS)[number];
export const LOG_MODES = ['standard', 'rotate'] as const;
export type LogMode = (typeof LOG_MODES)[number];

export interface LogSettings {
  readonly destination: LogDestination;
  readonly mode: LogMode;
  readonly rotateBytes: number;
  readonly backups: number;
}

export const ROTATE_BYTES = 100 * 1024 ** 2;
export const ROTATE_BACKUPS = 5;

export const DEFAULT_LOG: LogSettings = {
  destination: 'file',
  mode: 'standard',
  rotateBytes: ROTATE_BYTES,
  backups: ROTATE_BACKUPS,
};

/** What a process says of itself wins. */
export function logSettings(
  logger: ThermosLogger | undefined,
  otherwise: LogSettings,
): LogSettings {
  if (logger === undefined) return otherwise;
  return {
    destination: DESTINATIONS.find((each) => each === logger.destination) ?? otherwise.destination,
    mode: LOG_MODES.find((each) => each === logger.mode) ?? otherwise.mode,
    rotateBytes: logger.rotate?.logSizeBytes ?? ROTATE_BYTES,
    backups: logger.rotate?.backups ?? ROTATE_BACKUPS,
  };
}

export interface LogOwner {
  readonly uid: number;
  readonly gid: number;
}

/** One file; begins empty. */
export class LogFile {
  private readonly path: string;
  private readonly settings: LogSettings;
  private readonly owner: LogOwner | undefined;
  private file: number;
  private size = 0;

  constructor(path: string, settings: LogSettings, owner: LogOwner | undefined) {
    this.path = path;
    this.settings = settings;
    this.owner = owner;
    this.file = asOwner(owner, () => this.open());
  }

  /** For a process that writes itself. */
  get descriptor(): number {
    return this.file;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
    this.size += bytes.length;
    if (this.settings.mode === 'rotate' && this.size >= this.settings.rotateBytes) this.rotate();
  }

  close(): void {
    closeSync(this.file);
  }

  private rotate(): void {
    closeSync(this.file);
    this.file = asOwner(this.owner, () => this.replace());
    this.size = 0;
  }

  private replace(): number {
    const { backups } = this.settings;
    const names = [this.path];
    for (let number = 1; number <= backups; number += 1) names.push(`${this.path}.${number}`);
    for (let at = backups; at > 0; at -= 1) {
      const from = names[at - 1] ?? '';
      if (existsSync(from)) renameSync(from, names[at] ?? '');
    }
    return this.open();
  }

  private open(): number {
    return openSync(this.path, 'w', 0o644);
  }
}

/** Both files of a run; the directory is made. */
export function openLogs(
  directory: string,
  settings: LogSettings,
  owner: LogOwner | undefined,
): { readonly stdout: LogFile; readonly stderr: LogFile } {
  asOwner(owner, () => mkdirSync(directory, { recursive: true }));
  return {
    stdout: new LogFile(join(directory, 'stdout'), settings, owner),
    stderr: new LogFile(join(directory, 'stderr'), settings, owner),
  };
}

/**
 * With the rights of the owner: the sandbox is the task's, which could put a link there that leads us to any file of
 * the system.
 */
function asOwner<T>(owner: LogOwner | undefined, act: () => T): T {
  if (owner === undefined || owner.uid === 0) return act();
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
