/**
 * The output of a container as a stream of ProcessIO records (spec operator-api, section 10).
 *
 *   stream := record*                     RecordIO, also where only JSON was accepted
 *   record := DATA{STDOUT|STDERR, bytes} | CONTROL{HEARTBEAT, interval}
 */
import type { FastifyReply } from 'fastify';
import type { Clock, Timer } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { type StreamingReply, streamingReply } from '../../net/streaming-reply.ts';
import { contentTypeOf, type Encoding } from '../../operator/envelope.ts';
import { encodeMessage } from '../../wire/codec.ts';
import { toJson } from '../../wire/json.ts';
import { encodeRecord } from '../../wire/recordio.ts';
import type { ProcessIO } from '../../wire/types/mesos.v1.agent.ts';
import type { OutputReader } from '../containers/executor-terminals.ts';
import { type CallEnvelope, RECORDIO_TYPE } from './call-envelope.ts';

/** What may wait for one client; above it the client is dropped. */
export const IO_QUEUE_MAX_BYTES = 8 * 1024 ** 2;

export function encodeProcessIo(io: ProcessIO, encoding: Encoding): Uint8Array {
  const isJson = encoding === 'json';
  return encodeRecord(
    isJson ? toJson('mesos.v1.agent.ProcessIO', io) : encodeMessage('mesos.v1.agent.ProcessIO', io),
  );
}

export interface OutputStreamOptions {
  readonly clock: Clock;
  readonly envelope: Pick<CallEnvelope, 'answer' | 'isAnswerStream'>;
  readonly heartbeatMs: DurationMs;
  /** The client has gone or was dropped before the container ended. */
  readonly onLost: () => void;
  readonly onDropped: () => void;
  /** The client reads slowly, or has caught up. Without it a slow client is dropped at last. */
  readonly onBacklog?: (isBehind: boolean) => void;
}

/** Reads a container; what comes before `open` waits for it. */
export class OutputStream implements OutputReader {
  private readonly options: OutputStreamOptions;
  private waiting: Uint8Array[] = [];
  private stream: StreamingReply | undefined;
  private reply: FastifyReply | undefined;
  private heartbeat: Timer | undefined;
  private isEnded = false;
  private isBehind = false;

  constructor(options: OutputStreamOptions) {
    this.options = options;
  }

  output(name: 'STDOUT' | 'STDERR', bytes: Uint8Array): void {
    this.send({ type: 'DATA', data: { type: name, data: bytes } });
  }

  ended(): void {
    this.isEnded = true;
    this.heartbeat?.cancel();
    this.stream?.end();
  }

  /** Sends the head and all that has waited. */
  open(reply: FastifyReply): void {
    const { answer, isAnswerStream } = this.options.envelope;
    const type = contentTypeOf(answer);
    this.reply = reply;
    this.stream = streamingReply(reply, {
      headers: isAnswerStream
        ? { 'content-type': RECORDIO_TYPE, 'message-content-type': type }
        : { 'content-type': type },
      isRelayed: true,
      queueMaxBytes: IO_QUEUE_MAX_BYTES,
      onSlow: this.options.onDropped,
      onClose: () => this.closed(),
    });
    for (const record of this.waiting.splice(0)) this.stream.write(record);
    if (this.isEnded) this.stream.end();
    else this.armHeartbeat();
  }

  private closed(): void {
    this.heartbeat?.cancel();
    if (!this.isEnded) this.options.onLost();
  }

  private send(io: ProcessIO): void {
    const record = encodeProcessIo(io, this.options.envelope.answer);
    if (this.stream === undefined) {
      this.waiting.push(record);
      return;
    }
    this.stream.write(record);
    this.watchBacklog();
  }

  private watchBacklog(): void {
    const raw = this.reply?.raw;
    const { onBacklog } = this.options;
    if (raw === undefined || onBacklog === undefined) return;
    if (this.isBehind || !raw.writableNeedDrain) return;
    this.isBehind = true;
    onBacklog(true);
    raw.once('drain', () => {
      this.isBehind = false;
      onBacklog(false);
    });
  }

  private armHeartbeat(): void {
    const { clock, heartbeatMs } = this.options;
    this.heartbeat = clock.setTimer(heartbeatMs, () => {
      if (this.stream?.isOpen !== true) return;
      const interval = { nanoseconds: heartbeatMs * 1e6 };
      this.send({ type: 'CONTROL', control: { type: 'HEARTBEAT', heartbeat: { interval } } });
      this.armHeartbeat();
    });
  }
}
