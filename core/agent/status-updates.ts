/**
 * The status update manager: delivers each update at least once and in order, one at a time per
 * task (spec agent-runtime, section 3). The owner stores what `append` gives before it does the
 * rest.
 */
import type { Instant } from '../base/clock.ts';
import type { Deadlines } from '../base/deadlines.ts';
import type { DurationMs } from '../base/duration.ts';
import { formatUuid } from '../base/random.ts';
import { isTerminal } from '../base/terminal-states.ts';
import type { StatusUpdate, StatusUpdateRecord } from '../wire/types/mesos.internal.ts';

export const UPDATE_RETRY_MIN_MS: DurationMs = 10_000;
export const UPDATE_RETRY_MAX_MS: DurationMs = 600_000;

export interface StatusUpdatesOwner {
  append(path: string, record: StatusUpdateRecord): void;
  forward(update: StatusUpdate): void;
}

interface Stream {
  readonly frameworkId: string;
  readonly taskId: string;
  /** Undefined for frameworks that do not checkpoint. */
  readonly path: string | undefined;
  readonly received: Set<string>;
  readonly acknowledged: Set<string>;
  readonly pending: StatusUpdate[];
  retryMs: DurationMs;
  isTerminated: boolean;
}

export type Acknowledged =
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'advanced'; readonly isClosed: boolean };

export class StatusUpdates {
  private readonly streams = new Map<string, Stream>();
  private readonly deadlines: Deadlines;
  private readonly owner: StatusUpdatesOwner;
  private isPaused = true;

  constructor(deadlines: Deadlines, owner: StatusUpdatesOwner) {
    this.deadlines = deadlines;
    this.owner = owner;
  }

  get pendingCount(): number {
    let count = 0;
    for (const { pending } of this.streams.values()) count += pending.length;
    return count;
  }

  hasPending(frameworkId: string): boolean {
    for (const stream of this.streams.values()) {
      if (stream.frameworkId === frameworkId && stream.pending.length > 0) return true;
    }
    return false;
  }

  /** Of tasks whose last update is not acknowledged. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** False when this uuid was received before. */
  update(update: StatusUpdate, path: string | undefined, now: Instant): boolean {
    const { task_id } = update.status;
    const stream = this.streamOf(update.framework_id.value, task_id.value, path);
    const uuid = uuidOf(update);
    if (stream.received.has(uuid)) return false;
    if (stream.path !== undefined) this.owner.append(stream.path, { type: 'UPDATE', update });
    stream.received.add(uuid);
    stream.pending.push(update);
    if (stream.pending.length === 1) this.sendHead(stream, UPDATE_RETRY_MIN_MS, now);
    return true;
  }

  acknowledge(frameworkId: string, taskId: string, uuid: Uint8Array, now: Instant): Acknowledged {
    const key = keyOf(frameworkId, taskId);
    const stream = this.streams.get(key);
    const head = stream?.pending[0];
    if (stream === undefined || head === undefined) {
      return { kind: 'ignored', why: 'no update is waiting for it' };
    }
    const text = formatUuid(uuid);
    if (stream.acknowledged.has(text)) return { kind: 'ignored', why: 'it is a duplicate' };
    if (uuidOf(head) !== text) return { kind: 'ignored', why: 'another update is waiting' };
    if (stream.path !== undefined) this.owner.append(stream.path, { type: 'ACK', uuid });
    stream.acknowledged.add(text);
    stream.pending.shift();
    if (isTerminal(head.status.state)) {
      this.close(key);
      return { kind: 'advanced', isClosed: true };
    }
    if (stream.pending.length > 0) this.sendHead(stream, UPDATE_RETRY_MIN_MS, now);
    else this.deadlines.clear(deadlineOf(key));
    return { kind: 'advanced', isClosed: false };
  }

  /** No master: nothing is sent until `resume`. */
  pause(): void {
    this.isPaused = true;
    for (const key of this.streams.keys()) this.deadlines.clear(deadlineOf(key));
  }

  /** (Re)registered: every head goes out now. */
  resume(now: Instant): void {
    this.isPaused = false;
    for (const stream of this.streams.values()) {
      this.sendHead(stream, UPDATE_RETRY_MIN_MS, now);
    }
  }

  /** Sends the heads of one framework again, which has just come back. */
  flush(frameworkId: string, now: Instant): void {
    for (const stream of this.streams.values()) {
      if (stream.frameworkId === frameworkId) this.sendHead(stream, UPDATE_RETRY_MIN_MS, now);
    }
  }

  /** A deadline of this object has come; false when `key` is none of its. */
  woke(key: string, now: Instant): boolean {
    if (!key.startsWith(DEADLINE_PREFIX)) return false;
    const stream = this.streams.get(key.slice(DEADLINE_PREFIX.length));
    if (stream !== undefined) {
      this.sendHead(stream, Math.min(stream.retryMs * 2, UPDATE_RETRY_MAX_MS), now);
    }
    return true;
  }

  removeFramework(frameworkId: string): void {
    for (const [key, stream] of this.streams) {
      if (stream.frameworkId === frameworkId) this.close(key);
    }
  }

  /** Replays what is on disk. Gives the updates that are not acknowledged. */
  recover(
    frameworkId: string,
    taskId: string,
    path: string,
    records: readonly StatusUpdateRecord[],
  ): void {
    const stream = this.streamOf(frameworkId, taskId, path);
    for (const record of records) {
      if (record.type === 'UPDATE' && record.update !== undefined) {
        stream.received.add(uuidOf(record.update));
        stream.pending.push(record.update);
      } else if (record.uuid !== undefined) {
        const text = formatUuid(record.uuid);
        stream.acknowledged.add(text);
        const head = stream.pending.shift();
        if (head !== undefined && isTerminal(head.status.state)) stream.isTerminated = true;
      }
    }
    if (stream.isTerminated) this.close(keyOf(frameworkId, taskId));
  }

  private sendHead(stream: Stream, retryMs: DurationMs, now: Instant): void {
    const [head] = stream.pending;
    if (head === undefined || this.isPaused) return;
    stream.retryMs = retryMs;
    this.deadlines.set(deadlineOf(keyOf(stream.frameworkId, stream.taskId)), now + retryMs);
    this.owner.forward(head);
  }

  private streamOf(frameworkId: string, taskId: string, path: string | undefined): Stream {
    const key = keyOf(frameworkId, taskId);
    const known = this.streams.get(key);
    if (known !== undefined) return known;
    const stream: Stream = {
      frameworkId,
      taskId,
      path,
      received: new Set(),
      acknowledged: new Set(),
      pending: [],
      retryMs: UPDATE_RETRY_MIN_MS,
      isTerminated: false,
    };
    this.streams.set(key, stream);
    return stream;
  }

  private close(key: string): void {
    this.streams.delete(key);
    this.deadlines.clear(deadlineOf(key));
  }
}

const DEADLINE_PREFIX = 'update:';

function keyOf(frameworkId: string, taskId: string): string {
  return `${frameworkId}/${taskId}`;
}

function deadlineOf(key: string): string {
  return `${DEADLINE_PREFIX}${key}`;
}

function uuidOf(update: StatusUpdate): string {
  return update.uuid === undefined ? '' : formatUuid(update.uuid);
}
