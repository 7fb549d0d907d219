/**
 * Keeps the registry in a `Storage`: one small record a key, never one blob. Group commit: what
 * arrives while a write is under way goes out together in the next one; writes are reported durable
 * in the order they were given.
 *
 *   registry/agents/<id>       Registry.Slave            admitted agents
 *   registry/pids/<id>         their pids as text, to call them back after a restart
 *   registry/unreachable/<id>  Registry.UnreachableSlave
 *   registry/gone/<id>         Registry.GoneSlave
 *   registry/machines/<key>    MachineInfo               maintenance
 *   registry/schedules         Registry (schedules only)
 *   registry/quotas/<role>     QuotaConfig
 *   registry/weights/<role>    Registry.Weight
 */
import type { Clock } from '../base/clock.ts';
import { type DurationMs, formatDuration, hours, minutes, seconds } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import { agentId } from '../base/ids.ts';
import { type Stopwatch, TimerMetric } from '../base/timer-metric.ts';
import type { Upid } from '../net/ports.ts';
import type { Storage, StorageOperation } from '../storage/ports.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import type { MessageTypes } from '../wire/types/messages.ts';
import { formatUpid, parseUpid } from '../wire/upid.ts';
import { machineKey } from './agent-info.ts';
import type { DepartedAgent, RecoveredAgent } from './records.ts';
import type { RecoveredRegistry, RegistryOperation } from './registry.ts';

const PREFIX = 'registry/';
const AGENTS = `${PREFIX}agents/`;
const PIDS = `${PREFIX}pids/`;
const UNREACHABLE = `${PREFIX}unreachable/`;
const GONE = `${PREFIX}gone/`;
const MACHINES = `${PREFIX}machines/`;
const SCHEDULES = `${PREFIX}schedules`;
const QUOTAS = `${PREFIX}quotas/`;
const WEIGHTS = `${PREFIX}weights/`;

/** What one write of the storage gathers. */
const WRITE_BYTES = 256 * 1024;

export interface RegistrarLimits {
  readonly fetchTimeoutMs: DurationMs;
  readonly storeTimeoutMs: DurationMs;
}

export const DEFAULT_REGISTRAR_LIMITS: RegistrarLimits = {
  fetchTimeoutMs: minutes(1),
  storeTimeoutMs: seconds(20),
};

export interface RegistrarPorts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  /** A write is durable; called in the order of `apply`. */
  readonly onPersisted: (write: number) => void;
  /** The storage failed: this master cannot go on. */
  readonly onFailed: (error: unknown) => void;
}

interface Pending {
  readonly write: number;
  readonly operations: readonly RegistryOperation[];
}

export class Registrar {
  private readonly ports: RegistrarPorts;
  private readonly limits: RegistrarLimits;
  private queue: Pending[] = [];
  private isWriting = false;
  private isStopped = false;
  private inFlightCount = 0;
  private idle: (() => void)[] = [];
  private readonly fetches = new TimerMetric('registrar/state_fetch', hours(24));
  private readonly stores = new TimerMetric('registrar/state_store', hours(24));
  private readonly sizes = new Map<string, number>();
  private totalBytes = 0;

  constructor(ports: RegistrarPorts, limits: RegistrarLimits = DEFAULT_REGISTRAR_LIMITS) {
    this.ports = ports;
    this.limits = limits;
  }

  /** Operations that are not durable yet. */
  get queuedCount(): number {
    return this.queue.length + this.inFlightCount;
  }

  get sizeBytes(): number {
    return this.totalBytes;
  }

  /** What is known once the registry has been read (spec flags-and-metrics, section 6.4). */
  timings(): readonly ReadonlyMap<string, number>[] {
    const now = this.ports.clock.now();
    return [this.fetches.values(now), this.stores.values(now)];
  }

  /** Rejects with a `ClusterError` when a record cannot be read. */
  async recover(): Promise<RecoveredRegistry> {
    const startedAt = this.ports.stopwatch();
    const entries = await this.within('fetch', this.limits.fetchTimeoutMs, (storage) =>
      storage.list(PREFIX),
    );
    for (const [key, value] of entries) this.measure(key, value.length);
    this.fetches.record(this.ports.stopwatch() - startedAt, this.ports.clock.now());
    return readEntries(entries);
  }

  apply(write: number, operations: readonly RegistryOperation[]): void {
    this.queue.push({ write, operations });
    if (!this.isWriting) void this.writeAll();
  }

  /** Nothing more is written or reported; what is on its way may still arrive. */
  halt(): void {
    this.isStopped = true;
  }

  /** Resolves when everything given before is durable or has failed. */
  async stop(): Promise<void> {
    if (this.isWriting && !this.isStopped)
      await new Promise<void>((resolve) => this.idle.push(resolve));
    this.isStopped = true;
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    // What one input asks for, and all inputs of this turn of the loop, go out together.
    await Promise.resolve();
    while (this.queue.length > 0 && !this.isStopped) {
      const batch = this.queue;
      this.queue = [];
      this.inFlightCount = batch.length;
      if (!(await this.writeBatch(batch))) break;
      this.inFlightCount = 0;
    }
    this.isWriting = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async writeBatch(batch: readonly Pending[]): Promise<boolean> {
    const writes = inWrites(batch.map((each) => each.operations.flatMap(toStorage)));
    const startedAt = this.ports.stopwatch();
    try {
      await this.within('store', this.limits.storeTimeoutMs, (storage) =>
        Promise.all(writes.map((operations) => storage.write(operations))),
      );
    } catch (thrown) {
      this.isStopped = true;
      this.ports.onFailed(thrown);
      return false;
    }
    if (this.isStopped) return false;
    this.stores.record(this.ports.stopwatch() - startedAt, this.ports.clock.now());
    for (const each of writes.flat()) {
      this.measure(each.key, each.kind === 'put' ? each.value.length : 0);
    }
    for (const each of batch) this.ports.onPersisted(each.write);
    return true;
  }

  /** A storage that hangs ends the master, as the original's does. */
  private async within<T>(
    what: string,
    limitMs: DurationMs,
    act: (storage: Storage) => Promise<T>,
  ): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = this.ports.clock.setTimer(limitMs, () => {
      const text = `Failed to perform ${what} within ${formatDuration(limitMs)}`;
      late.reject(new ClusterError('REGISTRY_TIMEOUT', text, { retriable: false }));
    });
    try {
      return await Promise.race([act(this.ports.storage), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  private measure(key: string, bytes: number): void {
    this.totalBytes += bytes - (this.sizes.get(key) ?? 0);
    if (bytes === 0) this.sizes.delete(key);
    else this.sizes.set(key, bytes);
  }
}

/**
 * Put together up to a size: some storages take no write above one. Forgetting many agents needs no
 * atomic write, what is left is forgotten the next time.
 */
function inWrites(parts: readonly (readonly StorageOperation[])[]): readonly StorageOperation[][] {
  const writes: StorageOperation[][] = [];
  let rest = 0;
  for (const part of parts) {
    const isSplit = part.every(({ kind }) => kind === 'delete');
    for (const piece of isSplit ? part.map((each) => [each]) : [part]) {
      const bytes = piece.reduce((sum, each) => sum + sizeOf(each), 0);
      if (bytes > rest) {
        writes.push([]);
        rest = WRITE_BYTES;
      }
      writes.at(-1)?.push(...piece);
      rest -= bytes;
    }
  }
  return writes;
}

function sizeOf(operation: StorageOperation): number {
  const value = operation.kind === 'put' ? operation.value.length : 0;
  return operation.key.length + value + 200;
}

function toStorage(operation: RegistryOperation): readonly StorageOperation[] {
  switch (operation.kind) {
    case 'admit': {
      const { id, info, pid, drainInfo, deactivated } = operation.agent;
      const slave = { info, drain_info: drainInfo, deactivated };
      return [
        put(`${AGENTS}${id}`, 'mesos.internal.Registry.Slave', slave),
        pid === undefined ? remove(`${PIDS}${id}`) : putText(`${PIDS}${id}`, formatUpid(pid)),
        remove(`${UNREACHABLE}${id}`),
      ];
    }
    case 'mark-unreachable': {
      const { id, time, drainInfo, deactivated } = operation.agent;
      const slave = { id: { value: id }, timestamp: time, drain_info: drainInfo, deactivated };
      return [
        ...removeAdmitted(id),
        put(`${UNREACHABLE}${id}`, 'mesos.internal.Registry.UnreachableSlave', slave),
      ];
    }
    case 'mark-gone': {
      const { id, time } = operation.agent;
      return [
        ...removeAdmitted(id),
        remove(`${UNREACHABLE}${id}`),
        put(`${GONE}${id}`, 'mesos.internal.Registry.GoneSlave', {
          id: { value: id },
          timestamp: time,
        }),
      ];
    }
    case 'remove':
      return removeAdmitted(operation.id);
    case 'prune':
      return operation.ids.flatMap((id) => [remove(`${UNREACHABLE}${id}`), remove(`${GONE}${id}`)]);
    case 'set-machine':
      return [
        put(
          `${MACHINES}${machineKey(operation.machine.id)}`,
          'mesos.v1.MachineInfo',
          operation.machine,
        ),
      ];
    case 'remove-machine':
      return [remove(`${MACHINES}${operation.key}`)];
    case 'set-schedules':
      return [put(SCHEDULES, 'mesos.internal.Registry', { schedules: operation.schedules })];
    case 'set-quota':
      return [
        put(`${QUOTAS}${operation.quota.role}`, 'mesos.v1.quota.QuotaConfig', operation.quota),
      ];
    case 'remove-quota':
      return [remove(`${QUOTAS}${operation.role}`)];
    case 'set-weight': {
      const info = { role: operation.role, weight: operation.weight };
      return [put(`${WEIGHTS}${operation.role}`, 'mesos.internal.Registry.Weight', { info })];
    }
  }
}

function put<N extends keyof MessageTypes>(
  key: string,
  name: N,
  message: MessageTypes[N],
): StorageOperation {
  return { kind: 'put', key, value: encodeMessage(name, message) };
}

function putText(key: string, text: string): StorageOperation {
  return { kind: 'put', key, value: new TextEncoder().encode(text) };
}

function removeAdmitted(id: string): readonly StorageOperation[] {
  return [remove(`${AGENTS}${id}`), remove(`${PIDS}${id}`)];
}

function remove(key: string): StorageOperation {
  return { kind: 'delete', key };
}

type Entry = readonly [key: string, value: Uint8Array];

function readEntries(entries: readonly Entry[]): RecoveredRegistry {
  const of = <N extends keyof MessageTypes>(prefix: string, name: N): MessageTypes[N][] =>
    entries
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => readRecord(key, name, value));
  const pids = new Map(entries.filter(([key]) => key.startsWith(PIDS)));
  const pidOf = (id: string): Upid | undefined =>
    parseUpid(new TextDecoder().decode(pids.get(`${PIDS}${id}`)));
  return {
    admitted: of(AGENTS, 'mesos.internal.Registry.Slave').map(
      (slave): RecoveredAgent => ({
        id: agentId(slave.info.id?.value ?? ''),
        info: slave.info,
        pid: pidOf(slave.info.id?.value ?? ''),
        drainInfo: slave.drain_info,
        deactivated: slave.deactivated,
      }),
    ),
    unreachable: of(UNREACHABLE, 'mesos.internal.Registry.UnreachableSlave').map(
      (slave): DepartedAgent => ({
        id: agentId(slave.id.value),
        time: slave.timestamp,
        drainInfo: slave.drain_info,
        deactivated: slave.deactivated,
      }),
    ),
    gone: of(GONE, 'mesos.internal.Registry.GoneSlave').map(
      (slave): DepartedAgent => ({ id: agentId(slave.id.value), time: slave.timestamp }),
    ),
    machines: of(MACHINES, 'mesos.v1.MachineInfo'),
    schedules: of(SCHEDULES, 'mesos.internal.Registry').flatMap((each) => each.schedules ?? []),
    quotas: of(QUOTAS, 'mesos.v1.quota.QuotaConfig'),
    weights: of(WEIGHTS, 'mesos.internal.Registry.Weight').map(
      ({ info }) => [info.role ?? '*', info.weight] as const,
    ),
  };
}

function readRecord<N extends keyof MessageTypes>(
  key: string,
  name: N,
  value: Uint8Array,
): MessageTypes[N] {
  const read = decodeMessage(name, value);
  if (read.ok) return read.value;
  const text = `the registry record '${key}' cannot be read: ${describeError(read.error)}`;
  throw new ClusterError('REGISTRY_UNREADABLE', text, { retriable: false });
}
