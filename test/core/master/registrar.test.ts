/** The registry: what is durable, in which order it is told, and what a crash leaves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../../../core/base/clock.ts';
import { ClusterError } from '../../../core/base/errors.ts';
import { agentId } from '../../../core/base/ids.ts';
import { Registrar } from '../../../core/master/registrar.ts';
import { EMPTY_REGISTRY, type RegistryOperation } from '../../../core/master/registry.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';

/** A store whose writes wait for `finish`, and are lost by `crash`. */
class SlowStorage implements Storage {
  readonly durable = new MemoryStorage();
  readonly batches: (readonly StorageOperation[])[] = [];
  private waiting: { readonly finish: () => void; readonly fail: (error: unknown) => void }[] = [];

  get(key: string): Promise<Uint8Array | undefined> {
    return this.durable.get(key);
  }

  list(prefix: string): ReturnType<Storage['list']> {
    return this.durable.list(prefix);
  }

  async write(operations: readonly StorageOperation[]): Promise<void> {
    this.batches.push(operations);
    await new Promise<void>((finish, fail) => this.waiting.push({ finish, fail }));
    await this.durable.write(operations);
  }

  async close(): Promise<void> {}

  async finish(): Promise<void> {
    for (const each of this.waiting.splice(0)) each.finish();
    await settle();
  }

  async fail(error: unknown): Promise<void> {
    for (const each of this.waiting.splice(0)) each.fail(error);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
}

function admit(id: string): RegistryOperation {
  return {
    kind: 'admit',
    agent: {
      id: agentId(id),
      info: { hostname: id, id: { value: id } },
      pid: { id: 'slave(1)', ip: '10.0.0.2', port: 5051 },
    },
  };
}

function registrarOn(storage: Storage) {
  const told: number[] = [];
  const failures: unknown[] = [];
  const registrar = new Registrar({
    storage,
    clock: new SystemClock(),
    stopwatch: () => performance.now(),
    onPersisted: (write) => told.push(write),
    onFailed: (error) => failures.push(error),
  });
  return { registrar, told, failures };
}

test('a write is told when it is durable and not before', async () => {
  const storage = new SlowStorage();
  const { registrar, told } = registrarOn(storage);
  registrar.apply(1, [admit('a')]);
  await settle();
  assert.deepEqual(told, []);
  await storage.finish();
  assert.deepEqual(told, [1]);
});

test('what comes while a write is under way goes out together in the next one', async () => {
  const storage = new SlowStorage();
  const { registrar, told } = registrarOn(storage);
  registrar.apply(1, [admit('a')]);
  await settle();
  registrar.apply(2, [admit('b')]);
  registrar.apply(3, [admit('c')]);
  assert.equal(registrar.queuedCount, 3);
  await storage.finish();
  assert.deepEqual(told, [1]);
  await storage.finish();
  assert.deepEqual(told, [1, 2, 3]);
  assert.equal(storage.batches.length, 2);
});

test('the next master finds what was told, a crash in between loses only what was not', async () => {
  const storage = new SlowStorage();
  const { registrar, told } = registrarOn(storage);
  registrar.apply(1, [admit('a')]);
  await settle();
  await storage.finish();
  registrar.apply(2, [admit('b')]);
  await settle();
  // Crash: the second write never ends.
  assert.deepEqual(told, [1]);
  const next = await registrarOn(storage.durable).registrar.recover();
  assert.deepEqual(next, {
    ...EMPTY_REGISTRY,
    admitted: [
      {
        id: 'a',
        info: { hostname: 'a', id: { value: 'a' } },
        pid: { id: 'slave(1)', ip: '10.0.0.2', port: 5051 },
        drainInfo: undefined,
        deactivated: undefined,
      },
    ],
  });
});

test('an agent is admitted, unreachable, reachable again, gone, and forgotten', async () => {
  const storage = new MemoryStorage();
  const { registrar } = registrarOn(storage);
  const where = async (): Promise<string> => {
    await settle();
    const { admitted, unreachable, gone } = await registrarOn(storage).registrar.recover();
    return `${admitted.length} ${unreachable.length} ${gone.length}`;
  };
  const agent = { id: agentId('a'), time: { nanoseconds: 5_000_000 } };
  registrar.apply(1, [admit('a')]);
  assert.equal(await where(), '1 0 0');
  registrar.apply(2, [{ kind: 'mark-unreachable', agent }]);
  assert.equal(await where(), '0 1 0');
  registrar.apply(3, [admit('a')]);
  assert.equal(await where(), '1 0 0');
  registrar.apply(4, [{ kind: 'mark-gone', agent }]);
  assert.equal(await where(), '0 0 1');
  registrar.apply(5, [{ kind: 'prune', ids: [agent.id] }]);
  assert.equal(await where(), '0 0 0');
});

test('quotas, weights, machines and schedules survive', async () => {
  const storage = new MemoryStorage();
  const { registrar } = registrarOn(storage);
  registrar.apply(1, [
    { kind: 'set-quota', quota: { role: 'dev', guarantees: { cpus: { value: 2 } } } },
    { kind: 'set-weight', role: 'ops', weight: 2.5 },
    { kind: 'set-machine', machine: { id: { hostname: 'h', ip: '1.2.3.4' }, mode: 'DOWN' } },
    { kind: 'set-schedules', schedules: [{ windows: [] }] },
  ]);
  await settle();
  const registry = await registrarOn(storage).registrar.recover();
  assert.deepEqual(registry.quotas, [{ role: 'dev', guarantees: { cpus: { value: 2 } } }]);
  assert.deepEqual(registry.weights, [['ops', 2.5]]);
  assert.equal(registry.machines[0]?.mode, 'DOWN');
  assert.equal(registry.schedules.length, 1);
});

test('a failed write ends the registrar: nothing later is written or told', async () => {
  const storage = new SlowStorage();
  const { registrar, told, failures } = registrarOn(storage);
  registrar.apply(1, [admit('a')]);
  await settle();
  await storage.fail(new Error('disk full'));
  registrar.apply(2, [admit('b')]);
  await settle();
  assert.deepEqual(told, []);
  assert.equal(failures.length, 1);
  assert.equal(storage.batches.length, 1);
});

test('an unreadable record stops the start with its key', async () => {
  const storage = new MemoryStorage();
  await storage.write([
    { kind: 'put', key: 'registry/agents/x', value: new Uint8Array([0xff, 0xff]) },
  ]);
  await assert.rejects(registrarOn(storage).registrar.recover(), (error) => {
    assert.ok(error instanceof ClusterError);
    assert.match(error.message, /^the registry record 'registry\/agents\/x' cannot be read/);
    return true;
  });
});
