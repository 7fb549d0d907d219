/**
 * The operator event stream (spec operator-api, section 9): SUBSCRIBED with the whole state, then
 * every change at once, and a HEARTBEAT every 15 s. Each event is encoded once per encoding.
 */

import type { FastifyReply } from 'fastify';
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import { background } from '../../base/background.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { joinInSlices } from '../../net/sliced-answer.ts';
import {
  STREAM_QUEUE_MAX_BYTES,
  type StreamingReply,
  streamingReply,
} from '../../net/streaming-reply.ts';
import { contentTypeOf, type Encoding } from '../../operator/envelope.ts';
import { encodeMessage } from '../../wire/codec.ts';
import { toJson } from '../../wire/json.ts';
import { encodeRecord } from '../../wire/recordio.ts';
import type { Event } from '../../wire/types/mesos.v1.master.ts';
import type { OperatorEvent } from '../events.ts';
import type { Master } from '../master.ts';
import { memberOf, shownNow, stateBytesPieces, stateTextPieces } from '../views/state-v1.ts';
import { agentV1, frameworkInEvent } from '../views/v1.ts';
import { mayViewFramework, mayViewTask, visibleState } from '../views/visible.ts';

const HEARTBEAT_MS = 15_000;

/** Up to this size a SUBSCRIBED is written at once, as the other events are. */
const WHOLE_MAX_BYTES = 1024 ** 2;

export interface EventStreamsOptions {
  readonly master: Master;
  readonly clock: Clock;
  readonly log: Log;
  /** More than these: the oldest is closed. */
  readonly subscribersMax: number;
  /** What may wait for one subscriber; who reads too slowly for that is dropped and counted. */
  readonly queueMaxBytes?: number;
}

interface Subscriber {
  readonly encoding: Encoding;
  readonly stream: StreamingReply;
  readonly approvers: Approvers;
  /** Events that came while the state for its SUBSCRIBED was written; undefined when that is done. */
  waiting: Uint8Array[] | undefined;
  waitingBytes: number;
}

export class EventStreams {
  private readonly master: Master;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly subscribersMax: number;
  private readonly queueMaxBytes: number;
  /** Oldest first. */
  private readonly subscribers = new Set<Subscriber>();
  private heartbeat: Timer | undefined;
  private unlisten: (() => void) | undefined;

  constructor(options: EventStreamsOptions) {
    this.master = options.master;
    this.clock = options.clock;
    this.log = options.log;
    this.subscribersMax = options.subscribersMax;
    this.queueMaxBytes = options.queueMaxBytes ?? STREAM_QUEUE_MAX_BYTES;
  }

  start(): void {
    this.unlisten = this.master.onOperatorEvent((event) => this.publish(event));
    const name = 'master/operator_event_stream_subscribers';
    if (!this.master.metrics.has(name)) {
      this.master.metrics.gauge(name, 'Open operator event streams', () => this.subscribers.size);
    }
  }

  stop(): void {
    this.unlisten?.();
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
    for (const { stream } of [...this.subscribers]) stream.end();
    this.subscribers.clear();
  }

  get count(): number {
    return this.subscribers.size;
  }

  subscribe(reply: FastifyReply, encoding: Encoding, approvers: Approvers): void {
    const stream = streamingReply(reply, {
      headers: { 'Content-Type': contentTypeOf(encoding) },
      queueMaxBytes: this.queueMaxBytes,
      onSlow: () => this.countSlow(),
      onClose: () => this.remove(subscriber),
    });
    const subscriber: Subscriber = {
      ...{ encoding, stream, approvers },
      waiting: [],
      waitingBytes: 0,
    };
    this.subscribers.add(subscriber);
    // What is shown is settled now: whatever changes from here on is told behind it.
    const shown = shownNow(visibleState(this.master.state, approvers), approvers);
    background(this.log, this.begin(subscriber, shown), 'tell a subscriber the state');
    this.dropOldest();
    this.heartbeat ??= this.clock.setTimer(HEARTBEAT_MS, () => this.beat());
  }

  /** SUBSCRIBED may be long: it is made while the master goes on. */
  private async begin(subscriber: Subscriber, shown: ReturnType<typeof shownNow>): Promise<void> {
    const { encoding, stream } = subscriber;
    const parts = await subscribedParts(shown, encoding);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length <= WHOLE_MAX_BYTES) stream.write(encodeRecord(Buffer.concat(parts)));
    else await writeLong(stream, [Buffer.from(`${length}\n`), ...parts]);
    if (!stream.isOpen) return;
    stream.write(encodeRecord(encode({ type: 'HEARTBEAT' }, encoding)));
    for (const record of subscriber.waiting ?? []) stream.write(record);
    subscriber.waiting = undefined;
  }

  private tell(subscriber: Subscriber, record: Uint8Array): void {
    const { stream, waiting } = subscriber;
    if (waiting === undefined) {
      stream.write(record);
      return;
    }
    waiting.push(record);
    subscriber.waitingBytes += record.length;
    if (subscriber.waitingBytes <= this.queueMaxBytes) return;
    this.countSlow();
    subscriber.waiting = [];
    stream.end();
  }

  private countSlow(): void {
    this.master.state.counters.increment('slow_stream_subscribers');
  }

  private dropOldest(): void {
    for (const oldest of this.subscribers) {
      if (this.subscribers.size <= this.subscribersMax) return;
      this.subscribers.delete(oldest);
      oldest.stream.end();
    }
  }

  private remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    if (this.subscribers.size > 0) return;
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
  }

  private beat(): void {
    this.heartbeat = this.clock.setTimer(HEARTBEAT_MS, () => this.beat());
    this.send({ type: 'HEARTBEAT' });
  }

  private publish(event: OperatorEvent): void {
    if (this.subscribers.size === 0) return;
    const shown = eventOf(this.master, event, APPROVES_ALL);
    if (shown !== undefined) this.send(shown, event);
  }

  /** Encoded once per encoding for all who see the whole of it. */
  private send(event: Event, cause?: OperatorEvent): void {
    const encoded = new Map<Encoding, Uint8Array>();
    for (const subscriber of [...this.subscribers]) {
      const { encoding, approvers } = subscriber;
      if (cause !== undefined && approvers !== APPROVES_ALL) {
        const seen = maySee(cause, approvers) ? eventOf(this.master, cause, approvers) : undefined;
        if (seen !== undefined) this.tell(subscriber, encodeRecord(encode(seen, encoding)));
        continue;
      }
      const record = encoded.get(encoding) ?? encodeRecord(encode(event, encoding));
      encoded.set(encoding, record);
      this.tell(subscriber, record);
    }
  }
}

/** As fast as the client reads: it may be more than may wait for one. */
async function writeLong(stream: StreamingReply, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    if (!stream.write(part)) return;
    await stream.drained();
  }
}

async function subscribedParts(
  shown: ReturnType<typeof shownNow>,
  encoding: Encoding,
): Promise<readonly Uint8Array[]> {
  const heartbeat_interval_seconds = HEARTBEAT_MS / 1000;
  if (encoding === 'json') {
    const head = '{"type":"SUBSCRIBED","subscribed":{"get_state":';
    const tail = `,"heartbeat_interval_seconds":${heartbeat_interval_seconds}.0}}`;
    return joinInSlices(stateTextPieces(shown, head, tail));
  }
  const holder = encodeMessage('mesos.v1.master.Event.Subscribed', { get_state: {} });
  const state = await joinInSlices(stateBytesPieces(shown, holder));
  const subscribed = { heartbeat_interval_seconds };
  return memberOf(encodeMessage('mesos.v1.master.Event', { type: 'SUBSCRIBED', subscribed: {} }), [
    ...state,
    encodeMessage('mesos.v1.master.Event.Subscribed', subscribed),
  ]);
}

function encode(event: Event, encoding: Encoding): Uint8Array | string {
  return encoding === 'json'
    ? toJson('mesos.v1.master.Event', event)
    : encodeMessage('mesos.v1.master.Event', event);
}

/** Tasks need the right to see their framework, too; agents are seen by everybody. */
function maySee(event: OperatorEvent, approvers: Approvers): boolean {
  if ('agent' in event) return true;
  const { info } = event.framework;
  if (!mayViewFramework(approvers, info)) return false;
  return 'task' in event ? mayViewTask(approvers, event.task, info) : true;
}

/** What watchers are told; some changes only matter to views. */
function eventOf(master: Master, event: OperatorEvent, approvers: Approvers): Event | undefined {
  switch (event.kind) {
    case 'task-added':
      return { type: 'TASK_ADDED', task_added: { task: event.task } };
    case 'task-updated':
      return {
        type: 'TASK_UPDATED',
        task_updated: {
          framework_id: { value: event.framework.id },
          status: event.status,
          state: event.state,
        },
      };
    case 'agent-added': {
      const agent = agentV1(master.state, event.agent, approvers);
      return { type: 'AGENT_ADDED', agent_added: { agent } };
    }
    case 'agent-removed':
      // The original says nothing of those that are unreachable or gone.
      if (event.how !== 'removed') return undefined;
      return { type: 'AGENT_REMOVED', agent_removed: { agent_id: { value: event.agent.id } } };
    case 'framework-added': {
      const framework = frameworkInEvent(event.framework);
      return { type: 'FRAMEWORK_ADDED', framework_added: { framework } };
    }
    case 'framework-updated': {
      const framework = frameworkInEvent(event.framework);
      return { type: 'FRAMEWORK_UPDATED', framework_updated: { framework } };
    }
    case 'framework-removed': {
      const info = event.framework.info;
      return { type: 'FRAMEWORK_REMOVED', framework_removed: { framework_info: info } };
    }
    case 'task-removed':
    case 'agent-updated':
    case 'framework-changed':
      return undefined;
  }
}
