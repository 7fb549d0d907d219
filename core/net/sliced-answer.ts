/**
 * Big documents without a pause of the event loop: the pieces are made in slices of a few
 * milliseconds, other requests and messages are served between them, and the answer is sent as fast
 * as the client reads. `Content-Length` is there as with any answer, so all pieces are made first.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptsGzip } from './media-types.ts';

/** How long pieces are made before others have their turn. */
const SLICE_MS = 2;

/** Up to this size the answer is one body, like any other. */
const WHOLE_MAX_BYTES = 1024 ** 2;

/** What the socket may hold of a big answer. */
const SEND_WINDOW_BYTES = 4 * 1024 ** 2;

/** JSON text in pieces, as `callback(text)` when the query asks for JSONP. */
export async function replyJsonPieces(
  request: FastifyRequest,
  reply: FastifyReply,
  pieces: Iterable<Buffer>,
): Promise<FastifyReply> {
  const mark = request.url.indexOf('?');
  const callback = new URLSearchParams(mark === -1 ? '' : request.url.slice(mark)).get('jsonp');
  const made = await makeInSlices(pieces);
  if (callback === null) return send(request, reply, 'application/json', made);
  const wrapped = [Buffer.from(`${callback}(`), ...made, Buffer.from(')')];
  return send(request, reply, 'text/javascript', wrapped);
}

/** Takes all pieces, with breaks. */
export async function makeInSlices<T>(pieces: Iterable<T>): Promise<readonly T[]> {
  const made: T[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const piece of pieces) {
    made.push(piece);
    if (performance.now() < sliceEnd) continue;
    await nextTurn();
    sliceEnd = performance.now() + SLICE_MS;
  }
  return made;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  pieces: readonly Buffer[],
): FastifyReply {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length <= WHOLE_MAX_BYTES) {
    return reply.header('content-length', length).type(type).send(Buffer.concat(pieces));
  }
  const body = Readable.from(pieces, { objectMode: false, highWaterMark: SEND_WINDOW_BYTES });
  if (acceptsGzip(request.headers['accept-encoding'])) {
    return reply.header('content-encoding', 'gzip').type(type).send(body.pipe(createGzip()));
  }
  return reply.header('content-length', length).type(type).send(body);
}
