/**
 * Delivers operation statuses like task updates: again and again until acknowledged, 10 s doubling
 * to 10 min, one stream per operation (spec agent-runtime, section 3).
 */
import type { Instant } from '../base/clock.ts';
import type { Deadlines } from '../base/deadlines.ts';
import type { DurationMs } from '../base/duration.ts';
import { formatUuid } from '../base/random.ts';
import type { UpdateOperationStatusMessage } from '../wire/types/mesos.internal.ts';
import { UPDATE_RETRY_MAX_MS, UPDATE_RETRY_MIN_MS } from './status-updates.ts';

const DEADLINE_PREFIX = 'operation:';

interface Stream {
  readonly message: UpdateOperationStatusMessage;
  retryMs: DurationMs;
}

export class OperationUpdates {
  private readonly streams = new Map<string, Stream>();
  private readonly deadlines: Deadlines;
  private readonly forward: (message: UpdateOperationStatusMessage) => void;
  private isPaused = true;

  constructor(deadlines: Deadlines, forward: (message: UpdateOperationStatusMessage) => void) {
    this.deadlines = deadlines;
    this.forward = forward;
  }

  /** `uuid` is the operation's, as text. */
  update(uuid: string, message: UpdateOperationStatusMessage, now: Instant): void {
    const stream = { message, retryMs: UPDATE_RETRY_MIN_MS };
    this.streams.set(uuid, stream);
    this.sendAgain(uuid, stream, UPDATE_RETRY_MIN_MS, now);
  }

  /** True when the status that was waiting has been acknowledged. */
  acknowledge(uuid: string, statusUuid: Uint8Array): boolean {
    const waiting = this.streams.get(uuid)?.message.status.uuid?.value;
    if (waiting === undefined || formatUuid(waiting) !== formatUuid(statusUuid)) return false;
    this.streams.delete(uuid);
    this.deadlines.clear(DEADLINE_PREFIX + uuid);
    return true;
  }

  pause(): void {
    this.isPaused = true;
    for (const uuid of this.streams.keys()) this.deadlines.clear(DEADLINE_PREFIX + uuid);
  }

  resume(now: Instant): void {
    this.isPaused = false;
    for (const [uuid, stream] of this.streams) {
      this.sendAgain(uuid, stream, UPDATE_RETRY_MIN_MS, now);
    }
  }

  woke(key: string, now: Instant): boolean {
    if (!key.startsWith(DEADLINE_PREFIX)) return false;
    const uuid = key.slice(DEADLINE_PREFIX.length);
    const stream = this.streams.get(uuid);
    if (stream !== undefined) {
      this.sendAgain(uuid, stream, Math.min(stream.retryMs * 2, UPDATE_RETRY_MAX_MS), now);
    }
    return true;
  }

  private sendAgain(uuid: string, stream: Stream, retryMs: DurationMs, now: Instant): void {
    if (this.isPaused) return;
    stream.retryMs = retryMs;
    this.deadlines.set(DEADLINE_PREFIX + uuid, now + retryMs);
    this.forward(stream.message);
  }
}
