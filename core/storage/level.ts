/**
 * Storage on LevelDB (classic-level): one directory, one process.
 *
 * Group commit: while one synced batch is on its way to the disk, later writes gather and go out
 * together as the next one. So a thousand concurrent writes cost a few flushes instead of a
 * thousand, and each is still durable when its promise resolves, in the order of the calls.
 */
import { ClassicLevel } from 'classic-level';
import { makeDirectories } from '../base/directories.ts';
import { ClusterError, describeError, errorCode } from '../base/errors.ts';
import type { Storage, StorageOperation } from './ports.ts';

type Database = ClassicLevel<string, Uint8Array>;

interface WaitingWrite {
  readonly operations: readonly StorageOperation[];
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
}

/** Operations of one synced batch; more wait for the next, so that no batch stalls the rest. */
const BATCH_OPERATIONS_MAX = 10_000;

/**
 * Opens or creates the directory. Rejects with a `ClusterError`: `STORAGE_LOCKED` when another
 * process has it open, `STORAGE_OPEN_FAILED` otherwise.
 */
export async function openLevelStorage(path: string): Promise<Storage> {
  try {
    makeDirectories(path);
    const database: Database = new ClassicLevel(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
    });
    await database.open();
    return new LevelStorage(path, database);
  } catch (thrown) {
    throw openFailure(path, thrown);
  }
}

export class LevelStorage implements Storage {
  private readonly path: string;
  private readonly database: Database;
  private readonly waiting: WaitingWrite[] = [];
  private flushing: Promise<void> | undefined;
  /** Set by the first failed write or by `close`; nothing is accepted afterwards. */
  private refusal: ClusterError | undefined;

  constructor(path: string, database: Database) {
    this.path = path;
    this.database = database;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return await this.reading(() => this.database.get(key));
  }

  async list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]> {
    return await this.reading(async () => {
      const found: (readonly [string, Uint8Array])[] = [];
      for await (const [key, value] of this.database.iterator({ gte: prefix })) {
        // Keys are ordered by their bytes, so those with the prefix are neighbours.
        if (!key.startsWith(prefix)) break;
        found.push([key, value]);
      }
      return found;
    });
  }

  write(operations: readonly StorageOperation[]): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    return new Promise((resolve, reject) => {
      // The caller may change its list or buffers afterwards.
      this.waiting.push({ operations: operations.map(copyOf), resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  async close(): Promise<void> {
    this.refusal ??= new ClusterError('STORAGE_CLOSED', `storage '${this.path}' is closed`, {
      retriable: false,
    });
    await this.flushing;
    await this.database.close();
  }

  private async reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (thrown) {
      throw new ClusterError(
        'STORAGE_READ_FAILED',
        `cannot read storage '${this.path}': ${describeError(thrown)}`,
        { retriable: false, cause: thrown },
      );
    }
  }

  private async flush(): Promise<void> {
    // Lets the calls of the current turn join the first batch.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.takeGroup();
      try {
        await this.database.batch(
          group.flatMap((each) => each.operations.map(toLevelOperation)),
          { sync: true },
        );
      } catch (thrown) {
        this.fail(group, thrown);
        break;
      }
      for (const each of group) each.resolve();
    }
    this.flushing = undefined;
  }

  private takeGroup(): readonly WaitingWrite[] {
    let count = 0;
    let writes = 0;
    for (const each of this.waiting) {
      if (writes > 0 && count + each.operations.length > BATCH_OPERATIONS_MAX) break;
      count += each.operations.length;
      writes += 1;
    }
    return this.waiting.splice(0, writes);
  }

  /** What is on the disk is unknown now, so this store must not be used any further. */
  private fail(group: readonly WaitingWrite[], thrown: unknown): void {
    const failure = new ClusterError(
      'STORAGE_WRITE_FAILED',
      `cannot write storage '${this.path}': ${describeError(thrown)}`,
      { retriable: false, cause: thrown },
    );
    this.refusal = failure;
    for (const each of [...group, ...this.waiting.splice(0)]) each.reject(failure);
  }
}

function copyOf(operation: StorageOperation): StorageOperation {
  if (operation.kind === 'delete') return operation;
  return { ...operation, value: Uint8Array.from(operation.value) };
}

type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

function toLevelOperation(operation: StorageOperation): LevelOperation {
  if (operation.kind === 'delete') return { type: 'del', key: operation.key };
  return { type: 'put', key: operation.key, value: operation.value };
}

function openFailure(path: string, thrown: unknown): ClusterError {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (errorCode(cause) === 'LEVEL_LOCKED') {
    return new ClusterError(
      'STORAGE_LOCKED',
      `directory '${path}' is in use by another process; stop it or choose another directory`,
      { retriable: false, cause: thrown },
    );
  }
  return new ClusterError(
    'STORAGE_OPEN_FAILED',
    `cannot open storage '${path}': ${describeError(cause ?? thrown)}`,
    { retriable: false, cause: thrown },
  );
}
