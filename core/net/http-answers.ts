/** How answers look on the wire (spec operator-api, sections 1.1 and 1.3): header order, gzip, JSONP. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptsGzip } from './media-types.ts';
import { queryIn } from './query.ts';

/** Complete bodies of this many bytes or more are compressed when the client takes gzip. */
export const GZIP_FROM_BYTES = 1024;

const gzipAsync = promisify(gzip);

/** Routes with `config: { compress: false }` are never compressed (file downloads). */
export async function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (Buffer.byteLength(payload) < GZIP_FROM_BYTES) return payload;
  if (!acceptsGzip(request.headers['accept-encoding'])) return payload;
  if (reply.getHeader('content-encoding') !== undefined) return payload;
  const config: unknown = request.routeOptions.config;
  const isExempt =
    typeof config === 'object' && config !== null && 'compress' in config && !config.compress;
  if (isExempt) return payload;
  const compressed = await gzipAsync(payload);
  reply.header('content-encoding', 'gzip');
  reply.header('content-length', compressed.length);
  return compressed;
}

/** Sends JSON text, as `callback(text)` when the query asks for JSONP. */
export function replyJson(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
): FastifyReply {
  const callback = queryIn(request.url).get('jsonp');
  const body = callback === null ? text : `${callback}(${text})`;
  // The original writes the length of these before their type.
  reply.header('content-length', Buffer.byteLength(body));
  return reply.type(callback === null ? 'application/json' : 'text/javascript').send(body);
}

type HeaderMap = Record<string, string | number | readonly string[] | undefined>;

/** Sends the body to HEAD, too, as the originals do (spec operator-api, section 1.1). */
export class WholeResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  constructor(request: R) {
    const { method } = request;
    // Node decides by the method it sees here.
    if (method === 'HEAD') request.method = 'GET';
    super(request);
    request.method = method;
  }
}

/**
 * Makes an answer look like the original's: `Content-Encoding` and `Date` first, names in their usual
 * case, never a `Connection` header, and no charset on JSON.
 */
export function dressResponse(response: ServerResponse): void {
  response.removeHeader('connection');
  response.sendDate = false;
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status: number, ...rest: unknown[]): ServerResponse => {
    const last = rest.at(-1);
    const given: HeaderMap = { ...response.getHeaders(), ...(isHeaderMap(last) ? last : {}) };
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    return writeHead(status, orderHeaders(given));
  };
}

/** Headers that are written first, and the one that is never written. */
const FIRST_OR_NEVER: ReadonlySet<string> = new Set(['content-encoding', 'connection']);

/** As value of `date`: written where it stands, not first, as in answers that the original relays. */
export const DATE_HERE = 'here';

function isHeaderMap(value: unknown): value is HeaderMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function orderHeaders(given: HeaderMap): string[] {
  const lines: string[] = [];
  const add = (name: string, value: HeaderMap[string]): void => {
    if (value === undefined) return;
    for (const each of Array.isArray(value) ? value : [value]) {
      lines.push(properName(name), properValue(name, String(each)));
    }
  };
  add('content-encoding', given['content-encoding']);
  // The original writes the length of a file that it sends by itself before everything else.
  const isFile = given['content-disposition'] !== undefined;
  if (isFile) add('content-length', given['content-length']);
  const now = new Date().toUTCString();
  const isDateFirst = given['date'] !== DATE_HERE;
  if (isDateFirst) add('date', given['date'] ?? now);
  for (const [name, value] of Object.entries(given)) {
    if (isFile && name === 'content-length') continue;
    if (name === 'date') {
      if (!isDateFirst) add('date', now);
      continue;
    }
    if (!FIRST_OR_NEVER.has(name.toLowerCase())) add(name, value);
  }
  return lines;
}

function properName(name: string): string {
  const known = PROPER_NAMES.get(name);
  if (known !== undefined) return known;
  if (name.toLowerCase() === 'www-authenticate') return 'WWW-Authenticate';
  return name.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => {
    return dash + letter.toUpperCase();
  });
}

/** Those that nearly every answer has. */
const PROPER_NAMES: ReadonlyMap<string, string> = new Map([
  ['content-length', 'Content-Length'],
  ['content-type', 'Content-Type'],
  ['date', 'Date'],
]);

function properValue(name: string, value: string): string {
  if (name.toLowerCase() !== 'content-type') return value;
  // Fastify adds this to JSON; the originals have none.
  return value === 'application/json; charset=utf-8' ? 'application/json' : value;
}
