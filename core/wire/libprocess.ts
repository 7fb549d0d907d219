/**
 * Libprocess messages on a socket (spec libprocess, section 2): HTTP/1.1 POSTs with a fixed header order.
 *
 *   message := "POST /" id "/" name " HTTP/1.1" headers [chunk last-chunk]
 *   answer  := 202 without body | 404, 400, 500 with a text body
 *
 * `encodeRequest` writes one; `RequestParser` is fed with the bytes of one connection and gives
 * the requests in order, whatever the chunks are. A request that is no message ends the parser's work:
 * the rest of the connection belongs to the HTTP server.
 */
import { gunzipSync } from 'node:zlib';
import type { Envelope, Upid } from '../net/ports.ts';
import { addressOf, formatUpid, parseUpid } from './upid.ts';

/** Longest head of a request, and longest trailers; more closes the connection. */
const HEAD_MAX_BYTES = 64 * 1024;
/** Largest body, also after decompression; a re-registering agent with 100,000 tasks stays below. */
export const MESSAGE_MAX_BYTES = 256 * 1024 ** 2;

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
/** Behind the only chunk of a body. */
const BODY_END = '\r\n0\r\n\r\n';

export function encodeRequest(envelope: Envelope): Uint8Array {
  const from = formatUpid(envelope.from);
  const path = envelope.to.id === '' ? `/${envelope.name}` : `/${envelope.to.id}/${envelope.name}`;
  const head =
    `POST ${path} HTTP/1.1\r\n` +
    `User-Agent: libprocess/${from}\r\n` +
    `Libprocess-From: ${from}\r\n` +
    'Connection: Keep-Alive\r\n' +
    `Host: ${addressOf(envelope.to)}\r\n`;
  const { body } = envelope;
  if (body.length === 0) return Buffer.from(`${head}\r\n`);
  const start = `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`;
  const startBytes = Buffer.byteLength(start);
  const bytes = Buffer.allocUnsafe(startBytes + body.length + BODY_END.length);
  bytes.write(start);
  bytes.set(body, startBytes);
  bytes.write(BODY_END, startBytes + body.length, 'latin1');
  return bytes;
}

export interface MessageRequest {
  readonly kind: 'message';
  /** Undefined when the sender named itself with something that is no UPID. */
  readonly from: Upid | undefined;
  readonly toId: string;
  readonly name: string;
  readonly body: Uint8Array;
  /** The connection ends after the answer. */
  readonly close: boolean;
}

/** A message that is answered with an error at once. */
export interface RefusedRequest {
  readonly kind: 'refused';
  readonly status: 400 | 500;
  readonly reason: string;
  readonly close: boolean;
}

export type ParsedRequest =
  | MessageRequest
  | RefusedRequest
  /** No message: `rest` is everything from its first byte on. The parser takes no more. */
  | { readonly kind: 'other'; readonly rest: Uint8Array }
  /** Not HTTP as libprocess knows it: the connection is closed without an answer. */
  | { readonly kind: 'broken'; readonly reason: string };

interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

export class RequestParser {
  private buffered: Buffer = Buffer.alloc(0);
  /** Chunks behind `buffered`, joined only when a request can go on: bodies may be long. */
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  /** Bytes without which nothing can be done. */
  private neededBytes = 1;
  private head: Head | undefined;
  private chunks: Uint8Array[] = [];
  private bodyBytes = 0;
  private isDone = false;

  /** The requests completed by `chunk`, in order. */
  push(chunk: Uint8Array): readonly ParsedRequest[] {
    const requests: ParsedRequest[] = [];
    if (this.isDone) return requests;
    this.waiting.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.buffered.length + this.waitingBytes < this.neededBytes) return requests;
    this.join();
    for (;;) {
      const request = this.next();
      if (request === undefined) return requests;
      requests.push(request);
      if (request.kind === 'other' || request.kind === 'broken') {
        this.isDone = true;
        this.buffered = Buffer.alloc(0);
        return requests;
      }
    }
  }

  private join(): void {
    const [only] = this.waiting;
    if (this.buffered.length === 0 && this.waiting.length === 1 && only !== undefined) {
      this.buffered = view(only);
    } else {
      this.buffered = Buffer.concat([this.buffered, ...this.waiting]);
    }
    this.waiting = [];
    this.waitingBytes = 0;
    this.neededBytes = 1;
  }

  /** Nothing more before `bytes` of the buffer are there. */
  private await(bytes: number): undefined {
    this.neededBytes = bytes;
    return undefined;
  }

  private next(): ParsedRequest | undefined {
    if (this.head === undefined) {
      const refused = this.readHead();
      if (refused !== undefined || this.head === undefined) return refused;
    }
    const head: Head = this.head;
    if (/chunked/i.test(head.headers.get('transfer-encoding') ?? '')) return this.chunkedBody(head);
    const length = Number(head.headers.get('content-length') ?? '0');
    if (!Number.isInteger(length) || length < 0 || length > MESSAGE_MAX_BYTES) {
      return { kind: 'broken', reason: `content length ${length}` };
    }
    if (this.buffered.length < length) return this.await(length);
    return this.finish(head, this.take(length));
  }

  private readHead(): ParsedRequest | undefined {
    const end = this.buffered.indexOf(HEAD_END);
    if (end === -1) {
      if (this.cannotBePost()) return { kind: 'other', rest: this.buffered };
      if (this.buffered.length <= HEAD_MAX_BYTES) return undefined;
      return { kind: 'broken', reason: `head longer than ${HEAD_MAX_BYTES} bytes` };
    }
    const head = parseHead(this.buffered.toString('latin1', 0, end));
    if (head === undefined || !isMessage(head)) return { kind: 'other', rest: this.buffered };
    this.buffered = this.buffered.subarray(end + HEAD_END.length);
    this.head = head;
    return undefined;
  }

  /** Other methods go to the HTTP server without waiting for the end of their head. */
  private cannotBePost(): boolean {
    const start = this.buffered.toString('latin1', 0, 5);
    return start !== 'POST '.slice(0, start.length);
  }

  private chunkedBody(head: Head): ParsedRequest | undefined {
    for (;;) {
      const lineEnd = this.buffered.indexOf(LINE_END);
      if (lineEnd === -1) {
        return this.buffered.length > 1024 ? { kind: 'broken', reason: 'chunk size' } : undefined;
      }
      const text = this.buffered.toString('latin1', 0, lineEnd).split(';', 1)[0]?.trim() ?? '';
      const size = Number.parseInt(text, 16);
      if (!/^[0-9a-fA-F]{1,8}$/.test(text) || this.bodyBytes + size > MESSAGE_MAX_BYTES) {
        return { kind: 'broken', reason: `chunk size '${text}'` };
      }
      const start = lineEnd + LINE_END.length;
      if (size === 0) return this.endOfChunks(head, start);
      const chunkEnd = start + size + LINE_END.length;
      if (this.buffered.length < chunkEnd) return this.await(chunkEnd);
      this.chunks.push(this.buffered.subarray(start, start + size));
      this.bodyBytes += size;
      this.buffered = this.buffered.subarray(chunkEnd);
    }
  }

  /** Behind the last chunk: trailers, which are skipped, and an empty line. */
  private endOfChunks(head: Head, start: number): ParsedRequest | undefined {
    let at = start;
    for (;;) {
      const lineEnd = this.buffered.indexOf(LINE_END, at);
      const trailersEnd = lineEnd === -1 ? this.buffered.length : lineEnd;
      if (trailersEnd - start > HEAD_MAX_BYTES) {
        return { kind: 'broken', reason: `trailers longer than ${HEAD_MAX_BYTES} bytes` };
      }
      if (lineEnd === -1) return undefined;
      const isEmpty = lineEnd === at;
      at = lineEnd + LINE_END.length;
      if (isEmpty) break;
    }
    this.buffered = this.buffered.subarray(at);
    const [only] = this.chunks;
    const body = this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
    return this.finish(head, body);
  }

  private take(length: number): Uint8Array {
    const bytes = this.buffered.subarray(0, length);
    this.buffered = this.buffered.subarray(length);
    return bytes;
  }

  private finish(head: Head, body: Uint8Array): ParsedRequest {
    this.head = undefined;
    this.chunks = [];
    this.bodyBytes = 0;
    return readMessage(head.path, head.headers, body);
  }
}

/** Whether a request is a message, which is decided by its head alone. */
export function isMessageRequest(
  method: string,
  userAgent: string | undefined,
  from: string | undefined,
): boolean {
  if (method !== 'POST') return false;
  return from !== undefined || userAgent?.startsWith('libprocess/') === true;
}

/** Makes a message of a complete request; also used for messages among other HTTP requests. */
export function readMessage(
  path: string,
  headers: ReadonlyMap<string, string>,
  rawBody: Uint8Array,
): MessageRequest | RefusedRequest {
  const close = /close/i.test(headers.get('connection') ?? '');
  const refused = (status: 400 | 500, reason: string): RefusedRequest => {
    return { kind: 'refused', status, reason, close };
  };
  if (!path.startsWith('/')) return refused(400, "Request URL path must start with '/'");
  const sender = headers.get('libprocess-from') ?? headers.get('user-agent')?.slice(11) ?? '';
  const plain = path.split(/[?#]/, 1)[0] ?? '';
  const slash = plain.indexOf('/', 1);
  const rawId = plain.slice(1, slash === -1 ? undefined : slash);
  const decoded = decodeSegment(rawId);
  if (!decoded.ok) return refused(500, `Failed to decode URL path: ${decoded.error}`);
  const body = decompress(headers, rawBody);
  if (body === undefined) return refused(500, 'failed to decode body');
  return {
    kind: 'message',
    from: parseUpid(sender.trim()),
    toId: decoded.text,
    name: slash === -1 ? '' : plain.slice(slash + 1),
    body,
    close,
  };
}

/** Names of actors as they nearly always are: nothing in them stands for something else. */
const PLAIN_SEGMENT = /^[\w().:-]*$/;

/** Percent-decoding as the original does it: `+` is a space, a bad escape is named. */
export function decodeSegment(
  text: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string } {
  if (PLAIN_SEGMENT.test(text)) return { ok: true, text };
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text)?.[0];
  if (bad !== undefined) {
    return { ok: false, error: `Malformed % escape in '${text}': '${bad}'` };
  }
  const bytes = text.replaceAll('+', ' ').replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return { ok: true, text: Buffer.from(bytes, 'latin1').toString('utf8') };
}

/** The answer to a message request, with the text bodies of the original. */
export function encodeAnswer(
  status: 202 | 400 | 404 | 500,
  date: string,
  reason?: string,
): Uint8Array {
  if (status === 202) {
    return Buffer.from(`HTTP/1.1 202 Accepted\r\nDate: ${date}\r\nContent-Length: 0\r\n\r\n`);
  }
  const name = { 400: 'Bad Request', 404: 'Not Found', 500: 'Internal Server Error' }[status];
  const body = reason ?? `${status} ${name}.`;
  return Buffer.from(
    `HTTP/1.1 ${status} ${name}\r\nDate: ${date}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function isMessage(head: Head): boolean {
  return isMessageRequest(
    head.method,
    head.headers.get('user-agent'),
    head.headers.get('libprocess-from'),
  );
}

function parseHead(text: string): Head | undefined {
  const firstEnd = text.indexOf('\r\n');
  const first = firstEnd === -1 ? text : text.slice(0, firstEnd);
  const match = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first);
  const [, method, path] = match ?? [];
  if (method === undefined || path === undefined) return undefined;
  const headers = new Map<string, string>();
  for (let at = firstEnd; at !== -1; ) {
    const start = at + LINE_END.length;
    at = text.indexOf('\r\n', start);
    const line = at === -1 ? text.slice(start) : text.slice(start, at);
    const colon = line.indexOf(':');
    if (colon < 1) return undefined;
    const name = line.slice(0, colon);
    headers.set(LOWER_CASE.get(name) ?? name.toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, path, headers };
}

/** Names of headers as nearly all peers write them. */
const LOWER_CASE: ReadonlyMap<string, string> = new Map(
  ['User-Agent', 'Libprocess-From', 'Connection', 'Host', 'Transfer-Encoding'].map((name) => [
    name,
    name.toLowerCase(),
  ]),
);

function decompress(
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): Uint8Array | undefined {
  if (headers.get('content-encoding')?.toLowerCase() !== 'gzip') return body;
  try {
    return gunzipSync(body, { maxOutputLength: MESSAGE_MAX_BYTES });
  } catch {
    // The caller answers with the original's text; there is nothing more to tell.
    return undefined;
  }
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
