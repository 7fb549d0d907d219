/**
 * One subscription: the SUBSCRIBE request, its stream of records, and the calls that carry its
 * stream id (spec scheduler-api, sections 1, 2, 4 and 8).
 */
import type { Clock, Instant, Timer } from '../base/clock.ts';
import { seconds } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { HttpClient, HttpResponse } from '../net/ports.ts';
import { RecordDecoder } from '../wire/recordio.ts';
import type { Call, Event } from '../wire/types/mesos.v1.scheduler.ts';
import { CallQueue } from './call-queue.ts';
import { decodeEvent, type Encoding, encodeCall, MEDIA_TYPES } from './codec.ts';

/** How a subscription ended. */
export type SessionEnd =
  | { readonly kind: 'redirected'; readonly location: string | undefined }
  /** Never subscribed; another attempt may succeed. */
  | { readonly kind: 'unavailable'; readonly why: string }
  /** Was subscribed and is no longer. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The master said no for good. */
  | { readonly kind: 'refused'; readonly why: string };

export interface SessionPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
}

export interface SessionOptions {
  readonly url: string;
  readonly encoding: Encoding;
  readonly headers: Readonly<Record<string, string>>;
  readonly subscribe: Call;
  /** Gets every event but HEARTBEAT, in order; SUBSCRIBED is the first one. */
  readonly onEvent: (event: Event) => void;
}

/** Heartbeats that may be missing before the stream counts as dead (spec section 8). */
const HEARTBEATS_MISSED_MAX = 5;
const HEARTBEAT_INTERVAL_DEFAULT_MS = seconds(15);
/** Longest wait for the head of any answer, and for the first event. */
const ANSWER_TIMEOUT_MS = seconds(15);
/** Longest text of a refusal kept. */
const REFUSAL_BYTES_MAX = 64 * 1024;

export class Session {
  private readonly ports: SessionPorts;
  private readonly options: SessionOptions;
  private readonly abort = new AbortController();
  private readonly calls: CallQueue<Call>;
  private response: HttpResponse | undefined;
  private streamId = '';
  private subscribed = false;
  private end: SessionEnd | undefined;
  private lastRecordAt: Instant = 0;
  private silenceMaxMs = ANSWER_TIMEOUT_MS;
  private silenceTimer: Timer | undefined;

  constructor(ports: SessionPorts, options: SessionOptions) {
    this.ports = ports;
    this.options = options;
    this.calls = new CallQueue((call) => this.send(call));
  }

  get isSubscribed(): boolean {
    return this.subscribed && this.end === undefined;
  }

  /** Subscribes and delivers events until the stream ends; an exception of `onEvent` passes. */
  async run(): Promise<SessionEnd> {
    try {
      const response = await this.open();
      if (response !== undefined) await this.read(response);
    } finally {
      this.close('the stream has ended');
    }
    return this.end ?? { kind: 'lost', why: 'the stream has ended' };
  }

  /** Queues a call behind those already made. */
  call(call: Call): Promise<void> {
    return this.calls.push(call);
  }

  /** Leaves the stream; idempotent. Calls not yet sent are rejected with `NOT_SUBSCRIBED`. */
  close(why: string): void {
    this.end ??= { kind: this.subscribed ? 'lost' : 'unavailable', why };
    this.silenceTimer?.cancel();
    this.calls.close(new ClusterError('NOT_SUBSCRIBED', why, { retriable: true }));
    this.response?.cancel();
    this.abort.abort();
  }

  private async open(): Promise<HttpResponse | undefined> {
    let response: HttpResponse;
    try {
      response = await this.post(this.options.subscribe, {}, false);
    } catch (thrown) {
      this.end ??= { kind: 'unavailable', why: describeError(thrown) };
      return undefined;
    }
    if (response.status !== 200) {
      this.end = await refusal(response);
      return undefined;
    }
    this.streamId = response.headers['mesos-stream-id'] ?? '';
    this.response = response;
    return response;
  }

  private async read(response: HttpResponse): Promise<void> {
    this.lastRecordAt = this.ports.clock.now();
    this.watchSilence(ANSWER_TIMEOUT_MS);
    const decoder = new RecordDecoder();
    const chunks = response.body[Symbol.asyncIterator]();
    while (this.end === undefined) {
      const chunk = await this.nextChunk(chunks);
      if (chunk === undefined) return;
      for (const record of this.recordsIn(decoder, chunk)) this.take(record);
    }
  }

  /** Undefined when the stream is over. */
  private async nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      const chunk = await chunks.next();
      if (chunk.done === true) return undefined;
      this.lastRecordAt = this.ports.clock.now();
      return chunk.value;
    } catch (thrown) {
      this.close(describeError(thrown));
      return undefined;
    }
  }

  /** Broken framing ends the stream behind the records that came before it. */
  private *recordsIn(decoder: RecordDecoder, chunk: Uint8Array): Generator<Uint8Array> {
    try {
      yield* decoder.push(chunk);
    } catch (thrown) {
      this.close(describeError(thrown));
    }
  }

  private take(record: Uint8Array): void {
    if (this.end !== undefined) return;
    const event = decodeEvent(this.options.encoding, record);
    if (!event.ok) {
      this.close(`the master sent an event that does not decode: ${event.error}`);
      return;
    }
    if (event.value.type === 'HEARTBEAT') return;
    if (event.value.type === 'ERROR') {
      this.end = { kind: 'refused', why: event.value.error?.message ?? 'no reason was given' };
      return;
    }
    if (!this.subscribed && !this.becomeSubscribed(event.value)) return;
    this.options.onEvent(event.value);
  }

  private becomeSubscribed(event: Event): boolean {
    if (event.type !== 'SUBSCRIBED' || event.subscribed === undefined) {
      this.close(`the first event was ${event.type ?? 'unknown'} instead of SUBSCRIBED`);
      return false;
    }
    this.subscribed = true;
    const interval = event.subscribed.heartbeat_interval_seconds;
    const intervalMs = interval === undefined ? HEARTBEAT_INTERVAL_DEFAULT_MS : seconds(interval);
    this.silenceMaxMs = intervalMs * HEARTBEATS_MISSED_MAX;
    this.watchSilence(this.silenceMaxMs);
    return true;
  }

  /** One timer for the whole stream: it is set anew only when it fires, not at each record. */
  private watchSilence(delayMs: number): void {
    this.silenceTimer?.cancel();
    this.silenceTimer = this.ports.clock.setTimer(delayMs, () => {
      const restMs = this.lastRecordAt + this.silenceMaxMs - this.ports.clock.now();
      if (restMs > 0) this.watchSilence(restMs);
      else this.close(`nothing was heard from the master for ${this.silenceMaxMs} ms`);
    });
  }

  private async send(call: Call): Promise<void> {
    let response: HttpResponse;
    try {
      response = await this.post(call, { 'mesos-stream-id': this.streamId }, true);
    } catch (thrown) {
      // Loss of either connection is a disconnection (spec section 24): the call may or may not
      // have been taken, and only a new subscription makes the state known again.
      const why = `${call.type ?? 'call'} was not answered: ${describeError(thrown)}`;
      this.close(why);
      throw new ClusterError('MASTER_UNREACHABLE', why, { retriable: true, cause: thrown });
    }
    const text = await response.text(REFUSAL_BYTES_MAX).catch(describeError);
    if (response.status >= 200 && response.status < 300) return;
    const why = `${call.type ?? 'call'} was answered ${response.status}: ${text}`;
    if (endsSubscription(response.status, text)) this.close(why);
    throw new ClusterError('CALL_REFUSED', text === '' ? why : text, { retriable: false });
  }

  private post(
    call: Call,
    headers: Readonly<Record<string, string>>,
    inOrder: boolean,
  ): Promise<HttpResponse> {
    const type = MEDIA_TYPES[this.options.encoding];
    return this.ports.http.request({
      method: 'POST',
      url: this.options.url,
      headers: { ...this.options.headers, ...headers, 'content-type': type, accept: type },
      body: encodeCall(this.options.encoding, call),
      headTimeoutMs: ANSWER_TIMEOUT_MS,
      signal: this.abort.signal,
      inOrder,
    });
  }
}

/** Every other answer than these is final: the request itself is wrong (spec section 24). */
const RETRIED_STATUSES: readonly number[] = [404, 408, 429];

async function refusal(response: HttpResponse): Promise<SessionEnd> {
  if (response.status === 307 || response.status === 302 || response.status === 308) {
    response.cancel();
    return { kind: 'redirected', location: response.headers['location'] };
  }
  const text = await response.text(REFUSAL_BYTES_MAX).catch(describeError);
  const why = `SUBSCRIBE was answered ${response.status}: ${text}`;
  const mayPass = response.status >= 500 || RETRIED_STATUSES.includes(response.status);
  return { kind: mayPass ? 'unavailable' : 'refused', why };
}

/** Whether the refusal of a call shows that the master no longer has this subscription. */
function endsSubscription(status: number, text: string): boolean {
  if (status >= 500 || status === 307) return true;
  if (status === 403) return text.startsWith('Framework is not');
  return (
    status === 400 && (text === 'Framework cannot be found' || text.startsWith('The stream ID '))
  );
}
