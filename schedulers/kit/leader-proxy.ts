/**
 * What a framework's HTTP server does while its process does not lead: every request goes to the
 * leader, whose answer comes back as it is (spec marathon-rest, section 12; chronos, section 1.2).
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, sleep } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import { BODY_MAX_BYTES } from '../../core/net/http-server.ts';
import type { HttpClient } from '../../core/net/ports.ts';

export type ProxyFailure =
  /** Nobody leads, or this process does and is not ready. */
  | { readonly kind: 'no-leader' }
  /** The request has been here before. */
  | { readonly kind: 'loop' }
  | { readonly kind: 'refused' | 'failed'; readonly why: string };

export interface LeaderProxyOptions {
  readonly isLeading: () => boolean;
  /** Id of the leader, `host:port`. */
  readonly leader: () => string | undefined;
  /** How the leader is reached; plain HTTP by default. */
  readonly scheme?: () => 'http' | 'https';
  /** Id of this process. */
  readonly self: () => string;
  /** Names who has passed a request on; finds loops. */
  readonly viaHeader: string;
  /** Requests that are sent to the leader with a 302 instead: streams. */
  readonly isRedirected: (path: string) => boolean;
  readonly answer: (reply: FastifyReply, failure: ProxyFailure) => FastifyReply;
}

export interface LeaderProxyPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
}

const LEADER_POLL_MS = 250;
const LEADER_POLLS = 10;
/** The leader's answer must have begun by then. */
const HEAD_TIMEOUT_MS = 10_000;

/** Made anew on each connection. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'host', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade'],
  ...['expect', 'te', 'trailer', 'date'],
]);

/** Must be added before all other hooks and routes: those are the leader's business. */
export function proxyToLeader(
  app: FastifyInstance,
  options: LeaderProxyOptions,
  ports: LeaderProxyPorts,
): void {
  app.addHook('onRequest', async (request, reply) => {
    if (options.isLeading()) return undefined;
    const via = request.headers[options.viaHeader];
    if (via !== undefined && String(via).includes(options.self())) {
      return options.answer(reply, { kind: 'loop' });
    }
    const leader = await otherLeader(options, ports.clock);
    if (options.isLeading()) return undefined;
    if (leader === undefined) return options.answer(reply, { kind: 'no-leader' });
    const url = `${options.scheme?.() ?? 'http'}://${leader}${request.raw.url ?? '/'}`;
    if (options.isRedirected(request.raw.url?.split('?')[0] ?? '/')) {
      return reply.code(302).header('location', url).send();
    }
    return await forward(request, reply, url, options, ports);
  });
}

/** Undefined when this process leads by now, or nobody does for a while. */
async function otherLeader(options: LeaderProxyOptions, clock: Clock): Promise<string | undefined> {
  for (let poll = 0; ; poll += 1) {
    const leader = options.leader();
    if (leader !== undefined && leader !== options.self()) return leader;
    if (options.isLeading() || poll >= LEADER_POLLS) return undefined;
    await sleep(clock, LEADER_POLL_MS);
  }
}

async function forward(
  request: FastifyRequest,
  reply: FastifyReply,
  url: string,
  options: LeaderProxyOptions,
  { http }: LeaderProxyPorts,
): Promise<FastifyReply> {
  const giveUp = new AbortController();
  reply.raw.once('close', () => giveUp.abort(new Error('the client has gone')));
  try {
    const body = await bodyBytes(request);
    const answer = await http.request({
      method: request.method,
      url,
      headers: forwardedHeaders(request, options),
      ...(body.length === 0 ? {} : { body }),
      headTimeoutMs: HEAD_TIMEOUT_MS,
      signal: giveUp.signal,
    });
    reply.code(answer.status);
    for (const [name, value] of Object.entries(answer.headers)) {
      if (!HOP_BY_HOP.has(name)) reply.header(name, value);
    }
    reply.header(options.viaHeader, viaText(options));
    return reply.send(Readable.from(answer.body));
  } catch (thrown) {
    const why = describeError(thrown);
    const kind = /ECONNREFUSED|ECONNRESET|EHOSTUNREACH/.test(why) ? 'refused' : 'failed';
    return options.answer(reply, { kind, why });
  }
}

function viaText({ self }: LeaderProxyOptions): string {
  return `1.1 ${self()}`;
}

function forwardedHeaders(
  request: FastifyRequest,
  options: LeaderProxyOptions,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? request.ip : `${before}, ${request.ip}`;
  headers[options.viaHeader] = viaText(options);
  return headers;
}

async function bodyBytes(request: FastifyRequest): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.raw) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_MAX_BYTES) throw new Error(`the body is larger than ${BODY_MAX_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
