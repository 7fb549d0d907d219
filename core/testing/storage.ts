/**
 * A disk that survives the crash of its process but loses what was not flushed. `write` resolves
 * after the disk's latency; a crash before that keeps some prefix of the unfinished writes, because
 * a write may be on disk without its writer ever learning it.
 */
import type { Clock } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { ClusterError } from '../base/errors.ts';
import { type Random, randomInteger } from '../base/random.ts';
import type { Storage, StorageOperation } from '../storage/ports.ts';

export interface SimulatedDiskOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Time from `write` to durable; default 1 ms. */
  readonly latencyMs?: DurationMs;
}

interface UnflushedWrite {
  readonly operations: readonly StorageOperation[];
  readonly finish: () => void;
}

/** The disk; `open` gives the storage a process uses, `crash` ends all that were opened. */
export class SimulatedDisk {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly entries = new Map<string, Uint8Array>();
  private unflushed: UnflushedWrite[] = [];
  private readonly waitingReads: (() => void)[] = [];
  private generation = 0;
  /** Writes wait while true: a disk that hangs. */
  private isStuck = false;
  private isFull = false;
  latencyMs: DurationMs;

  constructor(options: SimulatedDiskOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.latencyMs = options.latencyMs ?? 1;
  }

  open(): Storage {
    const generation = this.generation;
    const isAlive = (): boolean => generation === this.generation;
    return {
      get: async (key) => {
        await this.readable();
        return this.entries.get(key);
      },
      list: async (prefix) => {
        await this.readable();
        return [...this.entries]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1));
      },
      write: (operations) => this.write(operations, isAlive),
      close: async () => {},
    };
  }

  /** What a process that opens the disk now would find. */
  get durable(): ReadonlyMap<string, Uint8Array> {
    return this.entries;
  }

  get unflushedCount(): number {
    return this.unflushed.length;
  }

  /** Ends every open storage: their pending writes never resolve. */
  crash(): void {
    const kept = randomInteger(this.random, this.unflushed.length + 1);
    for (const write of this.unflushed.slice(0, kept)) this.apply(write.operations);
    this.unflushed = [];
    this.generation += 1;
    this.isStuck = false;
  }

  /** Reads and writes neither finish nor fail until `unstick`. */
  stick(): void {
    this.isStuck = true;
  }

  unstick(): void {
    this.isStuck = false;
    for (const resume of this.waitingReads.splice(0)) resume();
    this.flush(this.generation);
  }

  private readable(): Promise<void> | undefined {
    if (!this.isStuck) return undefined;
    return new Promise((resolve) => this.waitingReads.push(resolve));
  }

  /** From now on writes reject. */
  fill(): void {
    this.isFull = true;
  }

  private write(operations: readonly StorageOperation[], isAlive: () => boolean): Promise<void> {
    if (this.isFull) {
      const refused = new ClusterError('DISK_FULL', 'the disk is full', { retriable: false });
      return Promise.reject(refused);
    }
    return new Promise((resolve) => {
      if (!isAlive()) return;
      this.unflushed.push({ operations: [...operations], finish: resolve });
      const generation = this.generation;
      this.clock.setTimer(this.latencyMs, () => this.flushOne(generation));
    });
  }

  private flushOne(generation: number): void {
    if (this.isStuck || generation !== this.generation) return;
    const first = this.unflushed.shift();
    if (first === undefined) return;
    this.apply(first.operations);
    first.finish();
  }

  private flush(generation: number): void {
    while (this.unflushed.length > 0) this.flushOne(generation);
  }

  private apply(operations: readonly StorageOperation[]): void {
    for (const operation of operations) {
      if (operation.kind === 'put') this.entries.set(operation.key, operation.value);
      else this.entries.delete(operation.key);
    }
  }
}
