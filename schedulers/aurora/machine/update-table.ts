/**
 * Job updates with their events, by id and by job. Events are stored one by one: an update over thousands of
 * instances would otherwise be written anew with each of them.
 */
import { assert } from '../../../core/base/assert.ts';
import type {
  JobInstanceUpdateEvent,
  JobKey,
  JobUpdate,
  JobUpdateDetails,
  JobUpdateEvent,
  JobUpdateQuery,
  JobUpdateState,
  JobUpdateStatus,
  JobUpdateSummary,
} from '../thrift/types.ts';
import { isActiveUpdate } from '../thrift/update-statuses.ts';
import type { StoreOperation } from './effects.ts';
import { keyText } from './job-key.ts';

/** An update as it is kept: the state of its summary follows from the events. */
export class StoredUpdate {
  readonly id: string;
  readonly job: JobKey;
  readonly update: JobUpdate;
  readonly updateEvents: JobUpdateEvent[] = [];
  readonly instanceEvents: JobInstanceUpdateEvent[] = [];

  constructor(update: JobUpdate) {
    const { id, job } = update.summary.key;
    assert(id !== undefined && job !== undefined, 'an update has no key');
    this.id = id;
    this.job = job;
    this.update = update;
  }

  get status(): JobUpdateStatus {
    return this.updateEvents.at(-1)?.status ?? this.update.summary.state.status;
  }

  get isActive(): boolean {
    return isActiveUpdate(this.status);
  }

  get state(): JobUpdateState {
    const created = this.update.summary.state.createdTimestampMs;
    const first = this.updateEvents[0]?.timestampMs ?? created;
    const last = Math.max(
      this.updateEvents.at(-1)?.timestampMs ?? created,
      this.instanceEvents.at(-1)?.timestampMs ?? 0,
    );
    return { status: this.status, createdTimestampMs: first, lastModifiedTimestampMs: last };
  }

  get summary(): JobUpdateSummary {
    return { ...this.update.summary, state: this.state };
  }

  get details(): JobUpdateDetails {
    return {
      update: { ...this.update, summary: this.summary },
      updateEvents: [...this.updateEvents],
      instanceEvents: [...this.instanceEvents],
    };
  }
}

export class UpdateTable {
  private readonly updates = new Map<string, StoredUpdate>();
  private readonly byJob = new Map<string, Set<StoredUpdate>>();

  get(id: string | undefined, job: JobKey | undefined): StoredUpdate | undefined {
    const found = id === undefined ? undefined : this.updates.get(id);
    if (found === undefined || job === undefined) return undefined;
    return keyText(found.job) === keyText(job) ? found : undefined;
  }

  byId(id: string): StoredUpdate | undefined {
    return this.updates.get(id);
  }

  all(): Iterable<StoredUpdate> {
    return this.updates.values();
  }

  jobs(): Iterable<string> {
    return this.byJob.keys();
  }

  ofJob(key: string): readonly StoredUpdate[] {
    return [...(this.byJob.get(key) ?? [])];
  }

  activeOf(key: string): StoredUpdate | undefined {
    return this.ofJob(key).find((update) => update.isActive);
  }

  add(update: StoredUpdate): StoreOperation {
    this.updates.set(update.id, update);
    const key = keyText(update.job);
    const others = this.byJob.get(key);
    if (others === undefined) this.byJob.set(key, new Set([update]));
    else others.add(update);
    return { kind: 'put-update', id: update.id, update: update.update };
  }

  addEvent(update: StoredUpdate, event: JobUpdateEvent): StoreOperation {
    const index = update.updateEvents.push(event) - 1;
    return { kind: 'put-update-event', id: update.id, index, event };
  }

  addInstanceEvent(update: StoredUpdate, event: JobInstanceUpdateEvent): StoreOperation {
    const index = update.instanceEvents.push(event) - 1;
    return { kind: 'put-instance-event', id: update.id, index, event };
  }

  remove(update: StoredUpdate): StoreOperation {
    this.updates.delete(update.id);
    const key = keyText(update.job);
    const others = this.byJob.get(key);
    others?.delete(update);
    if (others?.size === 0) this.byJob.delete(key);
    return {
      kind: 'delete-update',
      id: update.id,
      updateEventCount: update.updateEvents.length,
      instanceEventCount: update.instanceEvents.length,
    };
  }

  /** The latest change first (spec aurora-scheduler, section 2.5). */
  query(query: JobUpdateQuery): readonly StoredUpdate[] {
    const { role, jobKey, key, user, updateStatuses } = query;
    const found = [...this.updates.values()].filter(
      (each) =>
        (role === undefined || each.job.role === role) &&
        (jobKey === undefined || keyText(each.job) === keyText(jobKey)) &&
        (key === undefined || this.get(key.id, key.job) === each) &&
        (user === undefined || each.update.summary.user === user) &&
        (updateStatuses === undefined ||
          updateStatuses.length === 0 ||
          updateStatuses.includes(each.status)),
    );
    const modified = new Map(found.map((each) => [each, each.state.lastModifiedTimestampMs]));
    found.sort((a, b) => (modified.get(b) ?? 0) - (modified.get(a) ?? 0));
    const from = query.offset !== undefined && query.offset > 0 ? query.offset : 0;
    const limit = query.limit !== undefined && query.limit > 0 ? query.limit : found.length;
    return found.slice(from, from + limit);
  }
}
