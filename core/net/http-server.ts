/**
 * The HTTP server of every daemon: one port for libprocess messages and everything else.
 *
 * A connection starts at the message parser (wire/libprocess.ts), which hands messages over
 * synchronously, in order. The first request that is no message moves the connection to Node's HTTP
 * server and fastify. Nothing ever times out an idle connection: original peers keep silent linked
 * connections for hours and take their end for a death (spec libprocess, section 2.3).
 *
 * Answers look like the original's: texts and headers of spec operator-api, sections 1.1 to 1.3.
 */
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ClusterError, describeError, errorCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import {
  isMessageRequest,
  MESSAGE_MAX_BYTES,
  type MessageRequest,
  readMessage,
} from '../wire/libprocess.ts';
import { formatUpid, NO_UPID_TEXT } from '../wire/upid.ts';
import { AnswersUnderWay } from './answers-under-way.ts';
import { answerDirectly, type DirectPost, DirectPosts } from './direct-posts.ts';
import { compressAnswer, dressResponse, WholeResponse } from './http-answers.ts';
import { joinWritesOfTurn } from './joined-writes.ts';
import { answerFor, type MessageReceiver, serveMessages } from './message-socket.ts';
import { keepLastAccept, replaceInvalidContentType } from './request-headers.ts';
import { refuseTarget } from './request-target.ts';
import { RouteTable } from './routes.ts';

/** Largest body of an ordinary request. */
export const BODY_MAX_BYTES = 64 * 1024 ** 2;

/** How long `close` waits for answers that are under way. */
const CLOSE_GRACE_MS = 500;

const HEAD_MAX_BYTES = 64 * 1024;

export interface HttpServerOptions {
  readonly ip: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
  /** The actor that bare paths belong to: `master`, `slave(1)`. Undefined: paths are plain routes. */
  readonly delegate?: string | undefined;
  readonly bodyMaxBytes?: number;
  /** Whether answers are compressed for clients that ask for it; default true. */
  readonly compresses?: boolean;
  /** Refuse messages whose sender names another ip than the connection's; default false. */
  readonly requirePeerIpMatch?: boolean;
  /** Answers for paths without a route; `404 Not Found.` by default. */
  readonly onNotFound?: (request: FastifyRequest, reply: FastifyReply) => unknown;
  /** Answers for handlers that threw; a plain 500 by default. */
  readonly onError?: (error: unknown, request: FastifyRequest, reply: FastifyReply) => unknown;
}

export interface HttpServer {
  /** Routes are declared in full, `/master/state`; every content type gives a `Buffer` body. */
  readonly app: FastifyInstance;
  /** Where it listens; the port is the real one after `listen`. */
  readonly address: { readonly ip: string; readonly port: number };
  /** Rejects with a `ClusterError` `ADDRESS_IN_USE` or `ADDRESS_UNAVAILABLE`. */
  listen(): Promise<{ readonly ip: string; readonly port: number }>;
  /** Serves HTTP, but no messages, on a connection that was accepted elsewhere. */
  adopt(socket: net.Socket): void;
  /** Idempotent; waits a short while for answers under way, then cuts every connection. */
  close(): Promise<void>;
  /** Who gets the libprocess messages; without one they are answered 404. */
  receiveMessages(receiver: MessageReceiver): void;
  /** POSTs to a declared route that are answered without fastify, when `post` takes them. */
  answerDirectly(url: string, post: DirectPost): void;
  /** A request's URL with the delegate in front, for redirects. */
  delegatedUrl(originalUrl: string): string;
  /** The open connections by their number, counted from the start. */
  openConnections(): readonly number[];
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new FastifyHttpServer(options);
}

/** The request's body; empty when there is none. */
export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

class FastifyHttpServer implements HttpServer {
  readonly app: FastifyInstance;
  address: { readonly ip: string; readonly port: number };

  private readonly options: HttpServerOptions;
  private readonly routes: RouteTable;
  private readonly direct: DirectPosts;
  private readonly routed = new AnswersUnderWay();
  private readonly listener: net.Server;
  /** Open connections with the number of answers each still owes. */
  private readonly connections = new Map<net.Socket, number>();
  private readonly numbers = new Map<net.Socket, number>();
  private lastNumber = 0;
  private receiver: MessageReceiver = () => false;
  private http: ReturnType<typeof createServer> | undefined;
  private closing: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.options = options;
    this.address = { ip: options.ip, port: options.port };
    this.routes = new RouteTable(options.delegate);
    this.direct = new DirectPosts(options.bodyMaxBytes ?? BODY_MAX_BYTES);
    this.app = Fastify({
      bodyLimit: options.bodyMaxBytes ?? BODY_MAX_BYTES,
      exposeHeadRoutes: false,
      forceCloseConnections: false,
      rewriteUrl: (request) => {
        replaceInvalidContentType(request);
        if (options.delegate !== undefined) keepLastAccept(request);
        return this.routes.resolve(request.url ?? '/');
      },
      // A path with a bad escape, or one too long for a parameter, is one that no route has.
      frameworkErrors: (_error, request, reply) => {
        void this.replyNotFound(request, reply);
      },
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
      serverFactory: (handler) => this.createHttp(handler),
    });
    this.prepareApp();
    this.listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.accept(socket);
    });
  }

  receiveMessages(receiver: MessageReceiver): void {
    this.receiver = receiver;
  }

  answerDirectly(url: string, post: DirectPost): void {
    const { delegate } = this.options;
    this.direct.add(url, post);
    if (url.startsWith(`/${delegate}/`)) this.direct.add(url.slice(`/${delegate}`.length), post);
  }

  delegatedUrl(originalUrl: string): string {
    return this.routes.delegated(originalUrl);
  }

  openConnections(): readonly number[] {
    return [...this.numbers.values()];
  }

  async listen(): Promise<{ readonly ip: string; readonly port: number }> {
    await this.app.ready();
    const { ip, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.listener.once('error', (error) => reject(cannotListen(ip, port, error)));
      this.listener.listen({ host: ip, port, exclusive: true }, resolve);
    });
    const bound = this.listener.address();
    if (typeof bound === 'object' && bound !== null) this.address = { ip, port: bound.port };
    return this.address;
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (this.listener.listening) this.listener.close(() => resolve());
      else resolve();
    });
    for (const [socket, owed] of this.connections) {
      if (owed === 0) socket.destroy();
    }
    const grace = setTimeout(() => {
      for (const socket of this.connections.keys()) socket.destroy();
    }, CLOSE_GRACE_MS);
    await stopped;
    clearTimeout(grace);
    await this.app.close();
  }

  private prepareApp(): void {
    const { app, options } = this;
    app.addHook('onRoute', (route) => this.routes.add(route.url));
    if (options.compresses !== false) app.addHook('onSend', compressAnswer);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
      const read = this.decompress(request.headers['content-encoding'], Buffer.from(body));
      if (read instanceof Error) done(read);
      else done(null, read);
    });
    app.setNotFoundHandler((request, reply) => this.replyNotFound(request, reply));
    app.setErrorHandler(
      options.onError ??
        ((error, request, reply) => {
          this.replyError(error, request, reply);
        }),
    );
  }

  private replyNotFound(request: FastifyRequest, reply: FastifyReply): unknown {
    const { onNotFound } = this.options;
    return onNotFound === undefined ? replyStatus(reply, 404) : onNotFound(request, reply);
  }

  private decompress(encoding: string | undefined, body: Buffer): Buffer | Error {
    if (encoding?.toLowerCase() !== 'gzip') return body;
    try {
      return gunzipSync(body, { maxOutputLength: this.options.bodyMaxBytes ?? BODY_MAX_BYTES });
    } catch (thrown) {
      return new UndecodableBody('failed to decode body', { cause: thrown });
    }
  }

  private replyError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (error instanceof UndecodableBody) {
      void reply.code(500).send(error.message);
      return;
    }
    const status = statusOf(error);
    // A client that goes before its answer begins ends the stream of it, which is nobody's fault.
    if (status >= 500 && !request.socket.destroyed) {
      const fields = { url: request.url, method: request.method, error: describeError(error) };
      this.options.log.error(fields, 'request failed');
    }
    void replyStatus(reply, status);
  }

  private createHttp(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): ReturnType<typeof createServer> {
    const http = createServer(
      {
        keepAliveTimeout: 0,
        requestTimeout: 0,
        maxHeaderSize: HEAD_MAX_BYTES,
        noDelay: true,
        requireHostHeader: false,
        // Only master and agent answer HEAD with a body; other originals follow the standard.
        ...(this.options.delegate === undefined ? {} : { ServerResponse: WholeResponse }),
      },
      (request, response) => {
        this.owe(request.socket, response);
        // Schedulers send calls without waiting for the answers to those before.
        joinWritesOfTurn(request.socket);
        if (this.answersDirectly(request, response)) return;
        this.routed.expect(request.socket, response);
        dressResponse(response);
        if (this.options.delegate !== undefined && refuseTarget(request, response)) return;
        if (this.isMessage(request)) this.collectMessage(request, response);
        else handler(request, response);
      },
    );
    http.headersTimeout = 0;
    http.timeout = 0;
    // The originals send no interim answer: the body comes anyway.
    if (this.options.delegate !== undefined) {
      http.on('checkContinue', (request, response) => http.emit('request', request, response));
    }
    // Garbled requests end their connection without an answer.
    http.on('clientError', (_error, socket) => socket.destroy());
    this.http = http;
    return http;
  }

  private answersDirectly(request: IncomingMessage, response: ServerResponse): boolean {
    // Routes take their time: a call must not overtake the one that the client sent before it.
    if (this.routed.areUnderWay(request.socket)) return false;
    const post = this.direct.find(request);
    if (post === undefined || this.isMessage(request)) return false;
    if (this.options.delegate !== undefined) keepLastAccept(request);
    answerDirectly(post, { request, response }, (thrown) => {
      const { url, method } = request;
      this.options.log.error({ url, method, error: describeError(thrown) }, 'request failed');
    });
    return true;
  }

  /** Counts an answer as under way until it has been sent. */
  private owe(socket: net.Socket, response: ServerResponse): void {
    this.connections.set(socket, (this.connections.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const owed = this.connections.get(socket);
      if (owed === undefined) return;
      this.connections.set(socket, owed - 1);
      if (owed === 1 && this.closing !== undefined) socket.destroySoon();
    });
  }

  adopt(socket: net.Socket): void {
    this.remember(socket);
    this.http?.emit('connection', socket);
  }

  private accept(socket: net.Socket): void {
    this.remember(socket);
    serveMessages(socket, this.receiverFor(socket), (rest) => {
      socket.pause();
      if (rest.length > 0) socket.unshift(rest);
      this.http?.emit('connection', socket);
      socket.resume();
    });
  }

  private remember(socket: net.Socket): void {
    this.connections.set(socket, 0);
    this.lastNumber += 1;
    this.numbers.set(socket, this.lastNumber);
    socket.once('close', () => {
      this.connections.delete(socket);
      this.numbers.delete(socket);
    });
    // Without a listener a reset connection would end the process; 'close' follows anyway.
    socket.on('error', () => socket.destroy());
  }

  private receiverFor(socket: net.Socket): MessageReceiver {
    const peerIp = socket.remoteAddress ?? '';
    return (message) => {
      const refused = this.options.requirePeerIpMatch === true && !comesFrom(message, peerIp);
      return refused ? spoofed(message, peerIp) : this.receiver(message);
    };
  }

  private isMessage(request: IncomingMessage): boolean {
    const from = request.headers['libprocess-from'];
    return isMessageRequest(
      request.method ?? '',
      request.headers['user-agent'],
      Array.isArray(from) ? from[0] : from,
    );
  }

  /** A message that came after another request on the same connection. */
  private collectMessage(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
      if (bodyBytes > MESSAGE_MAX_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('error', () => request.destroy());
    request.on('end', () => {
      const headers = new Map<string, string>();
      for (const [name, value] of Object.entries(request.headers)) {
        if (typeof value === 'string') headers.set(name, value);
      }
      const message = readMessage(request.url ?? '', headers, Buffer.concat(chunks));
      const { status, reason } = answerFor(message, this.receiverFor(request.socket));
      const body = status === 202 ? '' : (reason ?? `${status} ${STATUS_CODES[status]}.`);
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const type = { 'content-type': 'text/plain; charset=utf-8' };
      response.writeHead(status, status === 202 ? length : { ...type, ...length });
      response.end(body);
    });
  }
}

function comesFrom(message: MessageRequest, peerIp: string): boolean {
  return message.from?.ip === peerIp.replace(/^::ffff:/, '');
}

function spoofed(message: MessageRequest, peerIp: string): string {
  const from = message.from === undefined ? NO_UPID_TEXT : formatUpid(message.from);
  return `UPID IP address validation failed: Message from ${from} was sent from IP ${peerIp}`;
}

class UndecodableBody extends Error {}

/** The standard text for a status, `404 Not Found.`. */
export function replyStatus(reply: FastifyReply, status: number): FastifyReply {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(`${status} ${STATUS_CODES[status] ?? ''}.`);
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  const status = error.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

function cannotListen(ip: string, port: number, error: Error): ClusterError {
  const isTaken = errorCode(error) === 'EADDRINUSE';
  if (isTaken) {
    return new ClusterError('ADDRESS_IN_USE', `address ${ip}:${port} is already in use`, {
      retriable: true,
      cause: error,
    });
  }
  return new ClusterError(
    'ADDRESS_UNAVAILABLE',
    `cannot listen on ${ip}:${port}: ${error.message}`,
    { retriable: false, cause: error },
  );
}
