/**
 * The operator event stream (spec operator-api, section 9): SUBSCRIBED with the whole state, then
 * every change at once, and a HEARTBEAT every 15 s. Each event is encoded once per encoding.
 */

import type { FastifyReply } from 'fastify';
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type StreamingReply, streamingReply } from '../../net/streaming-reply.ts';
import { contentTypeOf, type Encoding } from '../../operator/envelope.ts';
import { encodeMessage } from '../../wire/codec.ts';
import { toJson } from '../../wire/json.ts';
import { encodeRecord } from '../../wire/recordio.ts';
import type { Event } from '../../wire/types/mesos.v1.master.ts';
import type { OperatorEvent } from '../events.ts';
import type { Master } from '../master.ts';
import { agentV1, frameworkInEvent, getState, getStateText } from '../views/v1.ts';
import { mayViewFramework, mayViewTask, visibleState } from '../views/visible.ts';

const HEARTBEAT_MS = 15_000;

export interface EventStreamsOptions {
  readonly master: Master;
  readonly clock: Clock;
  /** More than these: the oldest is closed. */
  readonly subscribersMax: number;
}

interface Subscriber {
  readonly encoding: Encoding;
  readonly stream: StreamingReply;
  readonly approvers: Approvers;
}

export class EventStreams {
  private readonly master: Master;
  private readonly clock: Clock;
  private readonly subscribersMax: number;
  /** Oldest first. */
  private readonly subscribers = new Set<Subscriber>();
  private heartbeat: Timer | undefined;
  private unlisten: (() => void) | undefined;

  constructor(options: EventStreamsOptions) {
    this.master = options.master;
    this.clock = options.clock;
    this.subscribersMax = options.subscribersMax;
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
      onClose: () => this.remove(subscriber),
    });
    const subscriber: Subscriber = { encoding, stream, approvers };
    this.subscribers.add(subscriber);
    stream.write(encodeRecord(this.subscribedBytes(encoding, approvers)));
    stream.write(encodeRecord(encode({ type: 'HEARTBEAT' }, encoding)));
    this.dropOldest();
    this.heartbeat ??= this.clock.setTimer(HEARTBEAT_MS, () => this.beat());
  }

  private subscribedBytes(encoding: Encoding, approvers: Approvers): Uint8Array | string {
    const state = visibleState(this.master.state, approvers);
    const seconds = HEARTBEAT_MS / 1000;
    if (encoding === 'protobuf') {
      const subscribed = {
        get_state: getState(state, approvers),
        heartbeat_interval_seconds: seconds,
      };
      return encode({ type: 'SUBSCRIBED', subscribed }, encoding);
    }
    const text = getStateText(state, approvers);
    return `{"type":"SUBSCRIBED","subscribed":{"get_state":${text},"heartbeat_interval_seconds":${seconds}.0}}`;
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
    for (const { encoding, stream, approvers } of [...this.subscribers]) {
      if (cause !== undefined && approvers !== APPROVES_ALL) {
        const seen = maySee(cause, approvers) ? eventOf(this.master, cause, approvers) : undefined;
        if (seen !== undefined) stream.write(encodeRecord(encode(seen, encoding)));
        continue;
      }
      const record = encoded.get(encoding) ?? encodeRecord(encode(event, encoding));
      encoded.set(encoding, record);
      stream.write(record);
    }
  }
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
