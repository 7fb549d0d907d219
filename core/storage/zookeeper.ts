/**
 * Storage on ZooKeeper, for several processes of which one writes: one small node an entry, batched
 * transactions, no session needed and nothing ephemeral.
 *
 *   <path>/epoch            who writes, and the number of its last batch
 *   <path>/<00 ... 3f>/<key>  entries, spread over 64 nodes so that no list of children grows long
 *
 * Fencing: who opens the storage sets `epoch` first, and every later batch sets it again at exactly
 * the version the batch before has left. So the first batch of a new writer makes each later one of
 * its predecessor fail as a whole (`STORAGE_FENCED`), however late it arrives. The same node tells,
 * after a lost connection, whether a batch was carried out.
 *
 * Group commit: while one batch is on its way, later writes gather and go out as the next one.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { ZooKeeperClient } from '../net/zookeeper/client.ts';
import { createPath } from '../net/zookeeper/paths.ts';
import { hasCode, type ZooKeeperOperation } from '../net/zookeeper/ports.ts';
import type { Storage, StorageOperation } from './ports.ts';
import { bucketNames, bucketOf, decodeName, encodeName } from './zookeeper-names.ts';

export interface ZooKeeperStoragePorts {
  readonly client: ZooKeeperClient;
  readonly clock: Clock;
  readonly random: Random;
}

interface WaitingWrite {
  readonly operations: readonly StorageOperation[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
}

/** Servers refuse requests above 1 MiB (`jute.maxbuffer`). */
const WRITE_BYTES_MAX = 1_000_000;
/** What one batch gathers; a single bigger write goes alone. */
const BATCH_BYTES = 256 * 1024;
/** Around the data: path, ACL, lengths. */
const OPERATION_BYTES = 128;
/** Reads under way at the same time. */
const READS_MAX = 1_000;
const RETRY_MS: DurationMs = 200;

/** Nothing is read or claimed before the first call of `get`, `list` or `write`. */
export class ZooKeeperStorage implements Storage {
  private readonly path: string;
  private readonly ports: ZooKeeperStoragePorts;
  private readonly writer: string;
  private readonly waiting: WaitingWrite[] = [];
  /** The keys that exist; only this process changes them while it is not fenced. */
  private readonly keys = new Set<string>();
  private opening: Promise<void> | undefined;
  private flushing: Promise<void> | undefined;
  private epoch = 0;
  private batchNumber = 0;
  /** Set by the first failed write or by `close`; nothing is accepted afterwards. */
  private refusal: ClusterError | undefined;
  private readonly closing = new AbortController();

  constructor(path: string, ports: ZooKeeperStoragePorts) {
    this.path = path;
    this.ports = ports;
    this.writer = ports.random.uuid();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.open();
    if (!this.keys.has(key)) return undefined;
    return (await this.repeated(() => this.ports.client.get(this.pathOf(key)))).data;
  }

  async list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]> {
    await this.open();
    const keys = [...this.keys].filter((key) => key.startsWith(prefix)).sort(byBytes);
    const found: (readonly [string, Uint8Array])[] = [];
    for (let at = 0; at < keys.length; at += READS_MAX) {
      const part = keys.slice(at, at + READS_MAX).map(async (key) => {
        const node = await this.repeated(() => this.ports.client.get(this.pathOf(key)));
        return [key, node.data] as const;
      });
      found.push(...(await Promise.all(part)));
    }
    return found;
  }

  write(operations: readonly StorageOperation[]): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const bytes = operations.reduce((sum, each) => sum + bytesOf(each), 0);
    if (bytes > WRITE_BYTES_MAX) {
      const text = `a write of ${bytes} bytes is more than ZooKeeper takes (${WRITE_BYTES_MAX})`;
      return Promise.reject(new ClusterError('STORAGE_TOO_LARGE', text, { retriable: false }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ operations: operations.map(copyOf), bytes, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  async close(): Promise<void> {
    this.refusal ??= new ClusterError('STORAGE_CLOSED', `storage '${this.path}' is closed`, {
      retriable: false,
    });
    const limit = this.ports.clock.setTimer(RETRY_MS, () => this.closing.abort());
    await this.flushing;
    limit.cancel();
    this.closing.abort();
  }

  private open(): Promise<void> {
    if (this.opening !== undefined) return this.opening;
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.ports.client.start();
    const opening = this.claim();
    this.opening = opening;
    return opening;
  }

  private async claim(): Promise<void> {
    const { client } = this.ports;
    await this.repeated(async () => {
      await createPath(client, this.path);
      const names = await client.children(this.path);
      const missing = ['epoch', ...bucketNames()].filter((name) => !names.includes(name));
      const made = missing.map((name) => client.create(`${this.path}/${name}`, new Uint8Array()));
      for (const outcome of await Promise.allSettled(made)) {
        if (outcome.status === 'fulfilled' || hasCode(outcome.reason, 'ZK_NODE_EXISTS')) continue;
        throw outcome.reason;
      }
    });
    const mark = this.mark();
    // Read back: the answer may have been lost, or somebody else was faster.
    while (!(await this.repeated(() => this.tryClaim(mark))));
    const lists = bucketNames().map((bucket) =>
      this.repeated(() => client.children(`${this.path}/${bucket}`)),
    );
    for (const names of await Promise.all(lists)) {
      for (const name of names) this.keys.add(decodeName(name));
    }
  }

  /** True when the mark is there; a newer writer's mark is overwritten: the last one wins. */
  private async tryClaim(mark: Uint8Array): Promise<boolean> {
    const { client } = this.ports;
    const { data, version } = await client.get(this.epochPath);
    if (Buffer.compare(data, mark) === 0) {
      this.epoch = version;
      return true;
    }
    // A node nobody has written yet has the version 0, which cannot be asked for.
    const at = version > 0 ? { version } : {};
    try {
      await client.transact([{ kind: 'set', path: this.epochPath, data: mark, ...at }]);
    } catch (thrown) {
      if (!hasCode(thrown, 'ZK_BAD_VERSION')) throw thrown;
    }
    return false;
  }

  private async flush(): Promise<void> {
    // Lets the calls of the current turn join the first batch.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.takeGroup();
      try {
        await this.open();
        await this.commit(lastOfEachKey(group.flatMap((each) => each.operations)));
      } catch (thrown) {
        this.fail(group, thrown);
        break;
      }
      for (const each of group) each.resolve();
    }
    this.flushing = undefined;
  }

  private takeGroup(): readonly WaitingWrite[] {
    let bytes = 0;
    let writes = 0;
    for (const each of this.waiting) {
      if (writes > 0 && bytes + each.bytes > BATCH_BYTES) break;
      bytes += each.bytes;
      writes += 1;
    }
    return this.waiting.splice(0, writes);
  }

  private async commit(changes: readonly StorageOperation[]): Promise<void> {
    const { client } = this.ports;
    const steps = changes.flatMap((change) => this.toStep(change));
    if (steps.length === 0) return;
    this.batchNumber += 1;
    const data = this.mark();
    const { epoch, epochPath: path } = this;
    const batch: readonly ZooKeeperOperation[] = [
      { kind: 'set', path, data, version: epoch },
      ...steps,
    ];
    let isRepeated = false;
    await this.repeated(async () => {
      if (isRepeated && (await this.wasCommitted(data))) return;
      const mayHaveArrived = isRepeated;
      isRepeated = true;
      try {
        await client.transact(batch);
      } catch (thrown) {
        // An earlier try may arrive after this one looked for it.
        const isLate = mayHaveArrived && hasCode(thrown, 'ZK_BAD_VERSION');
        if (!isLate || !(await this.wasCommitted(data))) throw thrown;
      }
    });
    this.epoch = epoch + 1;
    for (const change of changes) {
      if (change.kind === 'put') this.keys.add(change.key);
      else this.keys.delete(change.key);
    }
  }

  /** Whether the batch with this mark is in; rejects when another writer has taken over. */
  private async wasCommitted(mark: Uint8Array): Promise<boolean> {
    const now = await this.ports.client.get(this.epochPath);
    if (now.version === this.epoch) return false;
    if (Buffer.compare(now.data, mark) === 0) return true;
    throw fenced(this.path);
  }

  private toStep(change: StorageOperation): readonly ZooKeeperOperation[] {
    const path = this.pathOf(change.key);
    const isThere = this.keys.has(change.key);
    if (change.kind === 'delete') return isThere ? [{ kind: 'remove', path }] : [];
    return [{ kind: isThere ? 'set' : 'create', path, data: change.value }];
  }

  /** Repeats what a lost connection has left open, until it is answered or the storage closed. */
  private async repeated<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (thrown) {
        if (!hasCode(thrown, 'ZK_CONNECTION_LOST', 'ZK_SESSION_EXPIRED')) throw thrown;
        if (this.closing.signal.aborted) throw thrown;
        await this.connectionOrPause();
      }
    }
  }

  private async connectionOrPause(): Promise<void> {
    const { client, clock } = this.ports;
    const woken = Promise.withResolvers<void>();
    const unlisten = client.listen({
      connected: () => woken.resolve(),
      // The next try tells what is wrong.
      failed: () => woken.resolve(),
    });
    const { signal } = this.closing;
    signal.addEventListener('abort', () => woken.resolve(), { once: true });
    const timer: Timer = clock.setTimer(RETRY_MS, () => woken.resolve());
    await woken.promise;
    timer.cancel();
    unlisten();
  }

  /** What is stored is unknown now, so this store must not be used any further. */
  private fail(group: readonly WaitingWrite[], thrown: unknown): void {
    const failure = hasCode(thrown, 'ZK_BAD_VERSION')
      ? fenced(this.path)
      : new ClusterError(
          thrown instanceof ClusterError && thrown.code === 'STORAGE_FENCED'
            ? thrown.code
            : 'STORAGE_WRITE_FAILED',
          `cannot write storage '${this.path}': ${describeError(thrown)}`,
          { retriable: false, cause: thrown },
        );
    this.refusal ??= failure;
    for (const each of [...group, ...this.waiting.splice(0)]) each.reject(failure);
  }

  private mark(): Uint8Array {
    return new TextEncoder().encode(`${this.writer} ${this.batchNumber}`);
  }

  private get epochPath(): string {
    return `${this.path}/epoch`;
  }

  private pathOf(key: string): string {
    return `${this.path}/${bucketOf(key)}/${encodeName(key)}`;
  }
}

function fenced(path: string): ClusterError {
  const text = `storage '${path}' is written by another process now`;
  return new ClusterError('STORAGE_FENCED', text, { retriable: false });
}

/** Operations of one batch take effect together, so only the last of each key matters. */
function lastOfEachKey(operations: readonly StorageOperation[]): readonly StorageOperation[] {
  const last = new Map<string, StorageOperation>();
  for (const operation of operations) last.set(operation.key, operation);
  return [...last.values()];
}

function bytesOf(operation: StorageOperation): number {
  const value = operation.kind === 'put' ? operation.value.length : 0;
  return encodeName(operation.key).length + value + OPERATION_BYTES;
}

function copyOf(operation: StorageOperation): StorageOperation {
  if (operation.kind === 'delete') return operation;
  return { ...operation, value: Uint8Array.from(operation.value) };
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
