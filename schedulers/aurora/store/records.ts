/**
 * What the scheduler keeps, one record per task, cron job, quota, host, update and event: the Thrift struct in
 * binary, as base64 in the kit's versioned records.
 */
import type { Result } from '../../../core/base/result.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';
import { type RecordSchema, RecordStore } from '../../kit/record-store.ts';
import type { StoreOperation } from '../machine/effects.ts';
import { AuroraState, type StoredState } from '../machine/state.ts';
import { StoredUpdate, UpdateTable } from '../machine/update-table.ts';
import { decodeStruct, encodeStruct } from '../thrift/messages.ts';
import type { ThriftStructs } from '../thrift/types.ts';

function store<N extends keyof ThriftStructs>(
  name: string,
  struct: N,
): RecordStore<ThriftStructs[N]> {
  const schema: RecordSchema<ThriftStructs[N]> = {
    prefix: `aurora/${name}/`,
    version: 1,
    encode: (value) => encodeStruct(struct, value).toString('base64'),
    decode: (value): Result<ThriftStructs[N]> =>
      decodeStruct(struct, Buffer.from(typeof value === 'string' ? value : '', 'base64')),
  };
  return new RecordStore(schema);
}

const RECORDS = {
  task: store('task', 'ScheduledTask'),
  cronJob: store('cron-job', 'JobConfiguration'),
  quota: store('quota', 'ResourceAggregate'),
  host: store('host', 'HostAttributes'),
  maintenance: store('maintenance', 'HostMaintenanceRequest'),
  update: store('update', 'JobUpdate'),
  updateEvent: store('update-event', 'JobUpdateEvent'),
  instanceEvent: store('instance-event', 'JobInstanceUpdateEvent'),
} as const;

/** The writes of one operation. */
export function encodeOperation(operation: StoreOperation): readonly StorageOperation[] {
  switch (operation.kind) {
    case 'put-task':
      return [RECORDS.task.put(operation.task.assignedTask.taskId, operation.task)];
    case 'delete-task':
      return [RECORDS.task.delete(operation.id)];
    case 'put-cron-job':
      return [RECORDS.cronJob.put(operation.key, operation.job)];
    case 'delete-cron-job':
      return [RECORDS.cronJob.delete(operation.key)];
    case 'put-quota':
      return [RECORDS.quota.put(operation.role, operation.quota)];
    case 'put-host':
      return [RECORDS.host.put(operation.host.host, operation.host)];
    case 'put-maintenance':
      return [RECORDS.maintenance.put(operation.request.host, operation.request)];
    case 'delete-maintenance':
      return [RECORDS.maintenance.delete(operation.host)];
    case 'put-update':
      return [RECORDS.update.put(operation.id, operation.update)];
    case 'put-update-event':
      return [RECORDS.updateEvent.put(eventKey(operation), operation.event)];
    case 'put-instance-event':
      return [RECORDS.instanceEvent.put(eventKey(operation), operation.event)];
    case 'delete-update':
      return deleteUpdate(operation);
  }
}

function deleteUpdate({
  id,
  updateEventCount,
  instanceEventCount,
}: Extract<StoreOperation, { kind: 'delete-update' }>): readonly StorageOperation[] {
  const keys = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => eventKey({ id, index }));
  return [
    ...keys(updateEventCount).map((key) => RECORDS.updateEvent.delete(key)),
    ...keys(instanceEventCount).map((key) => RECORDS.instanceEvent.delete(key)),
    // Last: while it is there, a deletion that was cut short is found and repeated.
    RECORDS.update.delete(id),
  ];
}

interface EventPlace {
  readonly id: string;
  readonly index: number;
}

function eventKey({ id, index }: EventPlace): string {
  return `${id} ${index}`;
}

function eventPlace(key: string): EventPlace {
  const [id = '', index = ''] = key.split(' ');
  return { id, index: Number(index) };
}

/** The writes that put one state in place of whatever is stored. */
export async function replaceState(
  storage: Storage,
  stored: StoredState,
): Promise<readonly StorageOperation[]> {
  const puts = operationsOf(stored).flatMap(encodeOperation);
  const kept = new Set(puts.map(({ key }) => key));
  const prefixes = Object.values(RECORDS).map(({ prefix }) => prefix);
  const known = await Promise.all(prefixes.map((prefix) => storage.list(prefix)));
  const gone = known.flat().filter(([key]) => !kept.has(key));
  return [...gone.map(([key]): StorageOperation => ({ kind: 'delete', key })), ...puts];
}

function operationsOf(stored: StoredState): readonly StoreOperation[] {
  const state = new AuroraState();
  return [
    ...[...stored.tasks].map((task) => state.putTask(task)),
    ...[...stored.cronJobs].map(([key, job]) => state.putCronJob(key, job)),
    ...[...stored.quotas].map(([role, quota]) => state.putQuota(role, quota)),
    ...[...stored.hosts].map((host) => state.putHost(host)),
    ...[...stored.maintenance].map((request) => state.putMaintenance(request)),
    ...[...stored.updates.all()].flatMap((update) => updateOperations(update)),
  ];
}

function updateOperations({ id, update, ...events }: StoredUpdate): readonly StoreOperation[] {
  return [
    { kind: 'put-update', id, update },
    ...events.updateEvents.map(
      (event, index): StoreOperation => ({ kind: 'put-update-event', id, index, event }),
    ),
    ...events.instanceEvents.map(
      (event, index): StoreOperation => ({ kind: 'put-instance-event', id, index, event }),
    ),
  ];
}

/** Rejects with a `ClusterError` that names the first record that cannot be read. */
export async function loadState(storage: Storage): Promise<StoredState> {
  const [tasks, cronJobs, quotas, hosts, maintenance, updates] = await Promise.all([
    RECORDS.task.load(storage),
    RECORDS.cronJob.load(storage),
    RECORDS.quota.load(storage),
    RECORDS.host.load(storage),
    RECORDS.maintenance.load(storage),
    loadUpdates(storage),
  ]);
  // As they came: an older incarnation of an instance before its successor.
  const inOrder = [...tasks.values()].sort((a, b) => bornAt(a) - bornAt(b));
  return {
    tasks: inOrder,
    cronJobs,
    quotas,
    hosts: [...hosts.values()],
    maintenance: [...maintenance.values()],
    updates,
  };
}

function bornAt({ taskEvents }: ThriftStructs['ScheduledTask']): number {
  return taskEvents[0]?.timestamp ?? 0;
}

async function loadUpdates(storage: Storage): Promise<UpdateTable> {
  const table = new UpdateTable();
  for (const update of (await RECORDS.update.load(storage)).values()) {
    table.add(new StoredUpdate(update));
  }
  for (const [{ id }, event] of byIndex(await RECORDS.updateEvent.load(storage))) {
    table.byId(id)?.updateEvents.push(event);
  }
  for (const [{ id }, event] of byIndex(await RECORDS.instanceEvent.load(storage))) {
    table.byId(id)?.instanceEvents.push(event);
  }
  return table;
}

function byIndex<T>(records: ReadonlyMap<string, T>): readonly (readonly [EventPlace, T])[] {
  return [...records]
    .map(([key, value]) => [eventPlace(key), value] as const)
    .sort(([a], [b]) => a.index - b.index);
}
