/**
 * Big documents without a pause of the event loop: the pieces are made in slices of a few
 * milliseconds, other requests and messages are served between them, and the answer is sent as fast
 * as the client reads. `Content-Length` is there as with any answer, so all pieces are made first.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addPiece } from '../base/byte-blocks.ts';
import { endTurn } from './joined-writes.ts';
import { acceptsGzip } from './media-types.ts';
import { queryIn } from './query.ts';

/** How long pieces are made, or sent, before others have their turn. */
const SLICE_MS = 1;

/** Up to this size the answer is one body, like any other. */
const WHOLE_MAX_BYTES = 1024 ** 2;

/** Longest piece that is given to the socket at once: copying it takes well under a millisecond. */
const SEND_MAX_BYTES = 256 * 1024;

/**
 * Shorter neighbours are copied together: a write costs more than a copy of this size. Longer ones are
 * not, because the engine would collect a heap of gigabytes again for every 64 MB of copies.
 */
const SMALL_MAX_BYTES = 4 * 1024;
const JOINED_MAX_BYTES = 64 * 1024;

/** JSON text in pieces, as `callback(text)` when the query asks for JSONP. */
export async function replyJsonPieces(
  request: FastifyRequest,
  reply: FastifyReply,
  pieces: Iterable<Buffer>,
): Promise<FastifyReply> {
  const callback = queryIn(request.url).get('jsonp');
  const made = await joinInSlices(pieces);
  if (callback === null) return send(request, reply, 'application/json', made);
  const wrapped = [Buffer.from(`${callback}(`), ...made, Buffer.from(')')];
  return send(request, reply, 'text/javascript', wrapped);
}

/** Any document in pieces. */
export async function replyPieces(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  pieces: Iterable<Uint8Array>,
): Promise<FastifyReply> {
  // The order of the lines is that of the original's short answers of the same API.
  reply.type(type);
  return send(request, reply, type, await joinInSlices(pieces));
}

/** Takes all pieces, with breaks; neighbours in memory become one piece. */
export async function joinInSlices(pieces: Iterable<Uint8Array>): Promise<readonly Buffer[]> {
  const made: Buffer[] = [];
  await inSlices(pieces, (piece) => {
    if (piece.length > 0) addPiece(made, asBuffer(piece));
  });
  return made;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Takes all pieces, with breaks. */
export async function makeInSlices<T>(pieces: Iterable<T>): Promise<readonly T[]> {
  const made: T[] = [];
  await inSlices(pieces, (piece) => made.push(piece));
  return made;
}

async function inSlices<T>(pieces: Iterable<T>, take: (piece: T) => void): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  for (const piece of pieces) {
    take(piece);
    if (performance.now() < sliceEnd) continue;
    await nextTurn();
    endTurn();
    sliceEnd = performance.now() + SLICE_MS;
  }
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
  const body = new PieceStream(pieces);
  if (acceptsGzip(request.headers['accept-encoding'])) {
    return reply.header('content-encoding', 'gzip').type(type).send(body.pipe(createGzip()));
  }
  return reply.header('content-length', length).type(type).send(body);
}

/**
 * Gives pieces of a size that sockets like, one whenever the client has taken the last. A client on the same
 * machine takes them as fast as they come, within one turn of the event loop: after a slice the others have
 * theirs.
 */
class PieceStream extends Readable {
  private readonly pieces: readonly Buffer[];
  private sliceEnd = 0;
  private next = 0;
  /** What was sent of the next piece. */
  private sentBytes = 0;

  constructor(pieces: readonly Buffer[]) {
    super({ highWaterMark: SEND_MAX_BYTES });
    this.pieces = pieces;
  }

  override _read(): void {
    if (performance.now() < this.sliceEnd) {
      this.pushNext();
      return;
    }
    setImmediate(() => {
      endTurn();
      this.sliceEnd = performance.now() + SLICE_MS;
      if (!this.destroyed) this.pushNext();
    });
  }

  private pushNext(): void {
    const small: Buffer[] = [];
    let smallBytes = 0;
    for (;;) {
      const piece = this.pieces[this.next];
      if (piece === undefined || piece.length - this.sentBytes > SMALL_MAX_BYTES) break;
      if (smallBytes + piece.length > JOINED_MAX_BYTES) break;
      const rest = piece.subarray(this.sentBytes);
      small.push(rest);
      smallBytes += rest.length;
      this.next += 1;
      this.sentBytes = 0;
    }
    if (small.length > 0) this.push(small.length === 1 ? small[0] : Buffer.concat(small));
    else this.pushPart();
  }

  private pushPart(): void {
    const piece = this.pieces[this.next];
    if (piece === undefined) {
      this.push(null);
      return;
    }
    const part = piece.subarray(this.sentBytes, this.sentBytes + SEND_MAX_BYTES);
    this.sentBytes += part.length;
    if (this.sentBytes === piece.length) {
      this.next += 1;
      this.sentBytes = 0;
    }
    this.push(part);
  }
}
