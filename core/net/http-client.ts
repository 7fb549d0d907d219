/**
 * The HTTP client port over undici: any number of keep-alive connections per origin, no time limits on
 * streams (an event stream may be silent for ever), redirects left to the caller.
 */
import { Agent, type Client, request as undiciRequest } from 'undici';
import { ClusterError, describeError, errorCode } from '../base/errors.ts';
import { OrderedRequests } from './ordered-requests.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './ports.ts';

/** Longest wait for a connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Idle connections are closed after this. */
const KEEP_ALIVE_MS = 10_000;

/** Most that `text()` and `bytes()` read unless told otherwise. */
const BODY_MAX_BYTES = 64 * 1024 ** 2;

/** For `https://` origins; all in PEM. */
export interface HttpTls {
  /** Who is trusted instead of the system's authorities. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** False takes whoever answers. */
  readonly isVerified: boolean;
}

export interface HttpClientOptions {
  readonly tls?: HttpTls | undefined;
  /** All requests but ordered ones go to this Unix socket, whatever host they name. */
  readonly socketPath?: string | undefined;
}

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return new UndiciHttpClient(options);
}

type UndiciResponse = Awaited<ReturnType<typeof undiciRequest>>;

class UndiciHttpClient implements HttpClient {
  private readonly agent: Agent;
  private readonly ordered = new OrderedRequests({
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  });
  private isClosed = false;

  constructor({ tls, socketPath }: HttpClientOptions) {
    const socket = socketPath === undefined ? {} : { socketPath };
    this.agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, ...socket, ...connectOptions(tls) },
      connections: null,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.isClosed) throw clientClosed();
    const abort = new AbortController();
    const line = request.inOrder === true ? this.lineOf(request, abort.signal) : undefined;
    const onAbort = (): void => abort.abort(request.signal?.reason);
    if (request.signal?.aborted === true) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const timer = request.headTimeoutMs === undefined ? undefined : headTimer(abort, request);
    try {
      const response = await undiciRequest(request.url, {
        dispatcher: line ?? this.agent,
        // Only in a line may it be sent while others are under way.
        ...(line === undefined ? {} : { idempotent: true, blocking: false }),
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
        // In a line, giving up one gives up those behind it.
        ...(line === undefined ? { signal: abort.signal } : {}),
      });
      const forget = (): void => request.signal?.removeEventListener('abort', onAbort);
      return new UndiciHttpResponse(response, request.url, forget);
    } catch (thrown) {
      request.signal?.removeEventListener('abort', onAbort);
      if (line !== undefined) this.ordered.drop(line, lineBroken(request.url));
      throw failureOf(thrown, request.url, abort.signal);
    } finally {
      if (timer !== undefined) clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ordered.close();
    await this.agent.destroy();
  }

  /** The connection of the requests in order to its origin; it breaks when this one is given up. */
  private lineOf(request: HttpRequest, signal: AbortSignal): Client {
    const line = this.ordered.dispatcherOf(request.url);
    const giveUp = (): void => this.ordered.drop(line, lineBroken(request.url));
    signal.addEventListener('abort', giveUp, { once: true });
    return line;
  }
}

function connectOptions(tls: HttpTls | undefined): object {
  if (tls === undefined) return {};
  const { ca, cert, key, isVerified } = tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: isVerified,
  };
}

class UndiciHttpResponse implements HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  private readonly response: UndiciResponse;

  constructor(response: UndiciResponse, url: string, onEnd: () => void) {
    this.response = response;
    this.status = response.statusCode;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    this.headers = headers;
    // A body that is cancelled emits an error nobody may be waiting for any more.
    response.body.on('error', () => {});
    response.body.once('close', onEnd);
    this.body = chunksOf(response, url);
  }

  async text(maxBytes?: number): Promise<string> {
    return Buffer.from(await this.bytes(maxBytes)).toString('utf8');
  }

  async bytes(maxBytes = BODY_MAX_BYTES): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for await (const chunk of this.body) {
      total += chunk.length;
      if (total > maxBytes) {
        this.cancel();
        const message = `answer is longer than ${maxBytes} bytes`;
        throw new ClusterError('BODY_TOO_LARGE', message, { retriable: false });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  cancel(): void {
    this.response.body.destroy();
  }
}

async function* chunksOf(response: UndiciResponse, url: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } catch (thrown) {
    throw failureOf(thrown, url, undefined);
  }
}

function headTimer(abort: AbortController, request: HttpRequest): NodeJS.Timeout {
  return setTimeout(() => {
    const message = `no answer from ${originOf(request.url)} within ${request.headTimeoutMs} ms`;
    abort.abort(new ClusterError('TIMEOUT', message, { retriable: true }));
  }, request.headTimeoutMs);
}

function failureOf(thrown: unknown, url: string, signal: AbortSignal | undefined): ClusterError {
  if (thrown instanceof ClusterError) return thrown;
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason;
    if (reason instanceof ClusterError) return reason;
    return new ClusterError('ABORTED', `request to ${originOf(url)} was aborted`, {
      retriable: false,
      cause: reason,
    });
  }
  const code = failureCode(thrown);
  return new ClusterError(code, `request to ${originOf(url)} failed: ${describeError(thrown)}`, {
    retriable: code !== 'INVALID_REQUEST',
    cause: thrown,
  });
}

function failureCode(thrown: unknown): string {
  const code = errorCode(thrown);
  if (code === 'ECONNREFUSED') return 'CONNECTION_REFUSED';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'TIMEOUT';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL') return 'INVALID_REQUEST';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'HOST_NOT_FOUND';
  return 'CONNECTION_LOST';
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

function lineBroken(url: string): ClusterError {
  const text = `a request to ${originOf(url)} before this one was not answered`;
  return new ClusterError('CONNECTION_LOST', text, { retriable: true });
}

function clientClosed(): ClusterError {
  return new ClusterError('CLIENT_CLOSED', 'the HTTP client is closed', { retriable: false });
}
