/**
 * A process that dies like one killed with SIGKILL: its timers never fire again, writes that were
 * under way are kept or lost as a whole, and what it sends later does not arrive.
 */
import { ClusterError } from '../../../core/base/errors.ts';
import { type Random, randomInteger } from '../../../core/base/random.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../core/net/ports.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';
import type { ProcessClock, SimulatedClock } from '../../../core/testing/index.ts';

/** A write takes up to this long to become durable. */
const WRITE_MAX_MS = 20;

export class CrashingProcess {
  readonly clock: ProcessClock;
  readonly storage: Storage;
  readonly http: HttpClient;
  private readonly aborts: AbortController[] = [];
  private isDead = false;

  constructor(world: SimulatedClock, disk: Storage, network: HttpClient, random: Random) {
    this.clock = world.forProcess();
    this.storage = {
      get: (key) => disk.get(key),
      list: (prefix) => disk.list(prefix),
      close: () => Promise.resolve(),
      write: (operations) => this.write(world, disk, random, operations),
    };
    this.http = {
      request: (request) => this.request(network, request),
      close: () => Promise.resolve(),
    };
  }

  kill(): void {
    this.isDead = true;
    this.clock.stop();
    for (const abort of this.aborts) abort.abort();
  }

  private async write(
    world: SimulatedClock,
    disk: Storage,
    random: Random,
    operations: readonly StorageOperation[],
  ): Promise<void> {
    const isEarly = random.float() < 0.5;
    if (isEarly) await disk.write(operations);
    await new Promise<void>((resolve) => {
      world.setTimer(randomInteger(random, WRITE_MAX_MS), resolve);
    });
    // Never told: the process is gone, whether or not the write was durable.
    if (this.isDead) return new Promise<void>(() => {});
    if (!isEarly) await disk.write(operations);
    return undefined;
  }

  private request(network: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    if (this.isDead) {
      throw new ClusterError('DEAD', 'the process is dead', { retriable: false });
    }
    const abort = new AbortController();
    this.aborts.push(abort);
    const signals = [abort.signal, ...(request.signal === undefined ? [] : [request.signal])];
    return network.request({ ...request, signal: AbortSignal.any(signals) });
  }
}
