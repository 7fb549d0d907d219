/** Checkpoint streams as files: one writer with a lock, any number of readers. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ClusterError, errorCode } from '../../../core/base/errors.ts';
import { ok, type Result } from '../../../core/base/result.ts';
import type { RunnerCkpt } from '../thrift/types.ts';
import { decodeRecords, encodeRecord, type RecordsRead } from './checkpoint-records.ts';
import { RunnerState } from './machine/runner-state.ts';

/** A stream that is longer is read no further. */
export const STREAM_MAX_BYTES = 256 * 1024 ** 2;

/** Reads what has been added since the last time; the file need not be there yet. */
export class CheckpointReader {
  private readonly path: string;
  private offset = 0;

  constructor(path: string) {
    this.path = path;
  }

  read(): Result<readonly RunnerCkpt[]> {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return ok([]);
      throw thrown;
    }
    try {
      const read = decodeRecords(bytesFrom(file, this.offset));
      if (!read.ok) return read;
      this.offset += read.value.wholeBytes;
      return ok(read.value.records);
    } finally {
      closeSync(file);
    }
  }
}

/** The state that a stream tells; undefined when there is none, or none that can be read. */
export function readRunnerState(path: string): RunnerState | undefined {
  const records = new CheckpointReader(path).read();
  if (!records.ok || records.value.length === 0) return undefined;
  const state = new RunnerState();
  for (const record of records.value) {
    // What is illegal was written by a runner that then died of it.
    if (!state.apply(record).ok) break;
  }
  return state;
}

/** In control of a stream: records are on the disk when `append` returns. */
export class CheckpointWriter {
  /** What was there already. */
  readonly records: readonly RunnerCkpt[];
  private readonly file: number;

  /** Throws a `ClusterError` when another writer has it `waitSecs` long, or when it cannot be read. */
  constructor(path: string, waitSecs: number) {
    mkdirSync(dirname(path), { recursive: true });
    this.file = openSync(path, 'a+', 0o644);
    try {
      lock(this.file, path, waitSecs);
      this.records = this.recover(path).records;
    } catch (thrown) {
      closeSync(this.file);
      throw thrown;
    }
    syncDirectory(dirname(path));
  }

  append(record: RunnerCkpt): void {
    const bytes = encodeRecord(record);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
    fdatasyncSync(this.file);
  }

  close(): void {
    closeSync(this.file);
  }

  /** A writer that died left half a record: what follows it would be unreadable. */
  private recover(path: string): RecordsRead {
    const read = decodeRecords(bytesFrom(this.file, 0));
    if (!read.ok) throw streamError(`the checkpoint stream ${path} cannot be read: ${read.error}`);
    if (fstatSync(this.file).size > read.value.wholeBytes) {
      ftruncateSync(this.file, read.value.wholeBytes);
    }
    return read.value;
  }
}

function bytesFrom(file: number, offset: number): Buffer {
  const size = Math.min(fstatSync(file).size, STREAM_MAX_BYTES) - offset;
  const bytes = Buffer.alloc(Math.max(0, size));
  let at = 0;
  while (at < bytes.length) {
    const count = readSync(file, bytes, at, bytes.length - at, offset + at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

/** The lock belongs to the open file, which is ours: it lasts when the program that took it has ended. */
function lock(file: number, path: string, waitSecs: number): void {
  const stdio = ['ignore', 'ignore', 'ignore', file] as const;
  const wait = waitSecs === 0 ? ['-n'] : ['-w', String(waitSecs)];
  const { status, error } = spawnSync('flock', [...wait, '3'], { stdio: [...stdio] });
  if (error !== undefined) throw streamError(`cannot lock ${path}`, error);
  if (status !== 0) throw streamError(`another process is in control of ${path}`);
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function streamError(message: string, cause?: unknown): ClusterError {
  return new ClusterError('CHECKPOINT_STREAM', message, { retriable: false, cause });
}
