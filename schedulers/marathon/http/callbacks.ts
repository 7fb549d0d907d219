/**
 * HTTP callbacks (spec marathon-rest, section 13.1; marathon-behaviour, section 7.4): every event is
 * POSTed to every subscribed URL. A lost event is not sent again; after the n-th failure in a row a
 * URL is left alone for 2^n seconds.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Instant } from '../../../core/base/clock.ts';
import { type DurationMs, seconds } from '../../../core/base/duration.ts';
import { describeError } from '../../../core/base/errors.ts';
import type { Log } from '../../../core/base/log.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { Storage } from '../../../core/storage/ports.ts';
import type { DurableQueue } from '../../kit/durable-queue.ts';
import { RecordStore, textSchema } from '../../kit/record-store.ts';
import { type MarathonEvent, marathonEvent } from '../machine/events.ts';
import { plain } from '../model/app-json.ts';
import { declare, query, sendJson } from './api.ts';
import { sendProblem } from './problems.ts';

export interface CallbackPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly log: Log;
  readonly storage: Storage;
  readonly durable: DurableQueue;
}

interface Subscriber {
  failureCount: number;
  /** No event is sent before this time. */
  silentUntil: Instant;
}

/** Slower answers count as failures. */
const ANSWER_MAX_MS: DurationMs = seconds(10);

/** The pause after failures grows no longer than this. */
const SILENCE_MAX_MS: DurationMs = seconds(3_600);

export class HttpCallbacks {
  private readonly ports: CallbackPorts;
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly records = new RecordStore(textSchema('marathon/event-subscriber/'));

  /** `fixed` URLs come from the flags. */
  constructor(ports: CallbackPorts, fixed: readonly string[]) {
    this.ports = ports;
    for (const url of fixed) this.subscribers.set(url, { failureCount: 0, silentUntil: 0 });
  }

  get urls(): readonly string[] {
    return [...this.subscribers.keys()];
  }

  async load(): Promise<void> {
    for (const url of (await this.records.load(this.ports.storage)).values()) this.add(url);
  }

  /** Resolves when the subscription is durable. */
  subscribe(url: string): Promise<void> {
    this.add(url);
    return new Promise((resolve) => {
      this.ports.durable.submit([this.records.put(url, url)], resolve);
    });
  }

  unsubscribe(url: string): Promise<void> {
    this.subscribers.delete(url);
    return new Promise((resolve) => {
      this.ports.durable.submit([this.records.delete(url)], resolve);
    });
  }

  /** Sends the event to everyone who is not silent, without waiting. */
  publish(json: string): void {
    for (const [url, subscriber] of this.subscribers) {
      if (subscriber.silentUntil > this.ports.clock.now()) continue;
      this.post(url, json).then(
        () => {
          subscriber.failureCount = 0;
        },
        (thrown: unknown) => this.failed(url, subscriber, thrown),
      );
    }
  }

  private add(url: string): void {
    if (!this.subscribers.has(url)) this.subscribers.set(url, { failureCount: 0, silentUntil: 0 });
  }

  private async post(url: string, json: string): Promise<void> {
    const response = await this.ports.http.request({
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: json,
      headTimeoutMs: ANSWER_MAX_MS,
    });
    response.cancel();
    if (response.status < 200 || response.status > 299) {
      throw new Error(`it answered ${response.status}`);
    }
  }

  private failed(url: string, subscriber: Subscriber, thrown: unknown): void {
    subscriber.failureCount += 1;
    const silenceMs = Math.min(seconds(2 ** subscriber.failureCount), SILENCE_MAX_MS);
    subscriber.silentUntil = this.ports.clock.now() + silenceMs;
    this.ports.log.warn({ url, error: describeError(thrown) }, 'an event callback failed');
  }
}

/** `/v2/eventSubscriptions`; without callbacks every call says which flag is missing. */
export function declareCallbacks(
  app: FastifyInstance,
  callbacks: HttpCallbacks | undefined,
  context: { readonly clock: Pick<Clock, 'now'>; readonly publish: (event: MarathonEvent) => void },
): void {
  const change = async (
    request: FastifyRequest,
    reply: FastifyReply,
    eventType: 'subscribe_event' | 'unsubscribe_event',
  ): Promise<unknown> => {
    if (callbacks === undefined) return refuse(reply);
    const callbackUrl = query(request, 'callbackUrl');
    if (
      callbackUrl === undefined ||
      !/^https?:\/\//.test(callbackUrl) ||
      !URL.canParse(callbackUrl)
    ) {
      const message = `callbackUrl '${callbackUrl ?? ''}' is not a URL`;
      return sendProblem(reply, { status: 422, message });
    }
    if (eventType === 'subscribe_event') await callbacks.subscribe(callbackUrl);
    else await callbacks.unsubscribe(callbackUrl);
    const event = marathonEvent(eventType, context.clock.now(), {
      clientIp: request.ip,
      callbackUrl,
    });
    context.publish(event);
    return sendJson(reply, 200, plain(event) ?? {});
  };
  declare(app, '/v2/eventSubscriptions', {
    GET: (_request, reply) =>
      callbacks === undefined
        ? refuse(reply)
        : sendJson(reply, 200, { callbackUrls: callbacks.urls }),
    POST: (request, reply) => change(request, reply, 'subscribe_event'),
    DELETE: (request, reply) => change(request, reply, 'unsubscribe_event'),
  });
}

function refuse(reply: FastifyReply): FastifyReply {
  const message =
    'http event callback system is not running on this Marathon instance. Please re-start this instance with "--event_subscriber http_callback".';
  return sendProblem(reply, { status: 400, message });
}
