/** The receiving end of libprocess messages on one connection (spec libprocess, section 2.2). */
import type net from 'node:net';
import {
  encodeAnswer,
  type MessageRequest,
  type ParsedRequest,
  type RefusedRequest,
  RequestParser,
} from '../wire/libprocess.ts';
import { JoinedWrites } from './joined-writes.ts';

/** Takes a message; false when there is no such actor, a text when the sender is refused. */
export type MessageReceiver = (message: MessageRequest) => boolean | string;

/**
 * Reads messages from a fresh connection and answers them in order. `onOther` gets the bytes from the
 * first request on that is no message, and the connection with them.
 */
export function serveMessages(
  socket: net.Socket,
  receive: MessageReceiver,
  onOther: (rest: Uint8Array) => void,
): void {
  const parser = new RequestParser();
  // A peer that sends much is read many times in a turn of the event loop.
  const answers = new JoinedWrites((bytes) => {
    // Senders throw answers away, so one that does not read them just loses the connection's buffer.
    if (socket.writable) socket.write(bytes);
  });
  const onEnd = (): void => {
    answers.flush();
    socket.end();
  };
  const onData = (chunk: Buffer): void => {
    const date = new Date().toUTCString();
    // The same bytes for all messages of the chunk that were taken, which is nearly every one.
    const accepted = encodeAnswer(202, date);
    let close = false;
    for (const request of parser.push(chunk)) {
      if (request.kind === 'broken') {
        socket.destroy();
        return;
      }
      if (request.kind === 'other') {
        answers.flush();
        socket.off('data', onData);
        socket.off('end', onEnd);
        onOther(request.rest);
        return;
      }
      const { status, reason } = answerFor(request, receive);
      answers.write(status === 202 ? accepted : encodeAnswer(status, date, reason));
      close ||= request.close;
    }
    if (close) onEnd();
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
}

export interface MessageAnswer {
  readonly status: 202 | 400 | 404 | 500;
  readonly reason?: string;
}

/** Delivers a message and says what its sender is told. */
export function answerFor(
  request: Exclude<ParsedRequest, { kind: 'other' | 'broken' }>,
  receive: MessageReceiver,
): MessageAnswer {
  if (isRefused(request)) return { status: request.status, reason: request.reason };
  const taken = receive(request);
  if (typeof taken === 'string') return { status: 400, reason: taken };
  return { status: taken ? 202 : 404 };
}

function isRefused(request: MessageRequest | RefusedRequest): request is RefusedRequest {
  return request.kind === 'refused';
}
