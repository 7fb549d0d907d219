/**
 * Endless answers: event streams in RecordIO or server-sent events. Each client has a bounded queue; one
 * that reads too slowly is dropped and counted (spec scheduler-api, section 4: chunked, no gzip).
 */
import type { FastifyReply } from 'fastify';
import { DATE_HERE } from './http-answers.ts';
import { joinWritesOfTurn } from './joined-writes.ts';

/** What may wait for one client. A SUBSCRIBED event with a big cluster's state must fit. */
export const STREAM_QUEUE_MAX_BYTES = 256 * 1024 ** 2;

export interface StreamOptions {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The original relays it from the server of a container: the lines are in that one's order. */
  readonly isRelayed?: boolean;
  readonly queueMaxBytes?: number;
  /** Called once, when the client has gone, was dropped or the stream was ended. */
  readonly onClose?: () => void;
  /** Called before `onClose` when the queue was full; count it. */
  readonly onSlow?: () => void;
}

export interface StreamingReply {
  readonly isOpen: boolean;
  /** One chunk; false when the client has gone or was dropped just now. */
  write(chunk: Uint8Array | string): boolean;
  /** Resolves when the client has taken most of what was written, or has gone. */
  drained(): Promise<void>;
  end(): void;
}

/** Sends the head at once and gives the stream; the reply is out of fastify's hands then. */
export function streamingReply(reply: FastifyReply, options: StreamOptions): StreamingReply {
  reply.hijack();
  const raw = reply.raw;
  const queueMaxBytes = options.queueMaxBytes ?? STREAM_QUEUE_MAX_BYTES;
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    options.onClose?.();
  };
  raw.once('close', close);
  raw.on('error', close);
  // The original writes it before the others; without it Node would add it behind them.
  const chunked = raw.req.httpVersionMinor === 0 ? {} : { 'Transfer-Encoding': 'chunked' };
  const headers =
    options.isRelayed === true
      ? { ...options.headers, ...chunked, date: DATE_HERE }
      : { ...chunked, ...options.headers };
  raw.writeHead(options.status ?? 200, headers);
  raw.flushHeaders();
  return {
    get isOpen() {
      return isOpen;
    },
    write(chunk) {
      if (!isOpen) return false;
      if (raw.writableLength > queueMaxBytes) {
        options.onSlow?.();
        close();
        raw.destroy();
        return false;
      }
      if (raw.socket !== null) joinWritesOfTurn(raw.socket);
      raw.write(chunk);
      return true;
    },
    async drained() {
      if (!isOpen || !raw.writableNeedDrain) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      raw.once('drain', resolve);
      raw.once('close', resolve);
      await promise;
      raw.off('drain', resolve);
      raw.off('close', resolve);
    },
    end() {
      if (!isOpen) return;
      raw.end();
      close();
    },
  };
}
