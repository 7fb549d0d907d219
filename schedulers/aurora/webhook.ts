/**
 * Tells somebody outside of every state that a task takes (spec aurora-scheduler, section 10.2): best effort, so that
 * a slow or silent hearer never holds the scheduler up.
 */
import { background } from '../../core/base/background.ts';
import type { Clock } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { AuroraEffect } from './machine/effects.ts';
import type { ScheduleStatus } from './machine/schedule-status.ts';
import { idOf } from './machine/task-table.ts';
import { toEventJson } from './thrift/simple-json.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Sent with every event. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: DurationMs;
  /** The states that are told; undefined for all. */
  readonly statuses: ReadonlySet<ScheduleStatus> | undefined;
}

type Change = Extract<AuroraEffect, { kind: 'task-changed' }>;

/** So many are told at a time. */
const PARALLEL_MAX = 10;
/** Beyond that, events are dropped and counted. */
export const WAITING_MAX = 10_000;
const ANSWER_MAX_BYTES = 64 * 1024;

export class Webhook {
  private readonly options: WebhookOptions;
  private readonly ports: {
    readonly http: HttpClient;
    readonly clock: Clock;
    readonly log: Log;
  };
  private waiting: Change[] = [];
  private tellingCount = 0;
  private readonly stopped = new AbortController();
  private attempts = 0;
  private successes = 0;
  private errors = 0;
  private refusals = 0;
  private dropped = 0;

  constructor(options: WebhookOptions, ports: Webhook['ports']) {
    this.options = options;
    this.ports = ports;
  }

  tell(change: Change): void {
    const { statuses } = this.options;
    if (this.stopped.signal.aborted || statuses?.has(change.task.status) === false) return;
    if (this.waiting.length >= WAITING_MAX) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(change);
    this.next();
  }

  stop(): void {
    this.waiting = [];
    this.stopped.abort(new Error('the scheduler stops'));
  }

  /** For `/vars`. */
  get figures(): ReadonlyMap<string, number> {
    return new Map([
      ['webhooks_attempts', this.attempts],
      ['webhooks_success', this.successes],
      ['webhooks_errors', this.errors],
      ['webhooks_user_errors', this.refusals],
      ['webhooks_dropped', this.dropped],
    ]);
  }

  private next(): void {
    while (this.tellingCount < PARALLEL_MAX) {
      const change = this.waiting.shift();
      if (change === undefined) return;
      this.tellingCount += 1;
      background(this.ports.log, this.post(change), 'tell the web hook');
    }
  }

  private async post(change: Change): Promise<void> {
    const { url, headers, timeoutMs } = this.options;
    const { http, clock, log } = this.ports;
    this.attempts += 1;
    try {
      const answer = await http.request({
        method: 'POST',
        url,
        headers: { ...headers, Timestamp: String(clock.now()) },
        body: JSON.stringify(eventOf(change)),
        headTimeoutMs: timeoutMs,
        signal: AbortSignal.any([this.stopped.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await answer.bytes(ANSWER_MAX_BYTES);
      if (answer.status < 300) this.successes += 1;
      else this.refusals += 1;
    } catch (thrown) {
      this.errors += 1;
      const fields = { taskId: idOf(change.task), error: describeError(thrown) };
      if (!this.stopped.signal.aborted) log.warn(fields, 'the web hook could not be told');
    }
    this.tellingCount -= 1;
    this.next();
  }
}

function eventOf({ task, from }: Change): unknown {
  return { task: toEventJson('ScheduledTask', task), oldState: { value: from } };
}
