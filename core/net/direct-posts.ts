/**
 * Small POSTs that a daemon gets by the thousand, answered before fastify sees them: its hooks and
 * promises cost more than the call itself. They look the same to the client.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { GZIP_FROM_BYTES } from './http-answers.ts';
import { acceptsGzip } from './media-types.ts';

export interface DirectAnswer {
  readonly status: number;
  readonly text: string;
}

export interface DirectPost {
  /** By the head alone; what is not taken goes to the route of the same URL. */
  takes(headers: IncomingHttpHeaders): boolean;
  answer(headers: IncomingHttpHeaders, body: Buffer): DirectAnswer;
}

/** By URL, as clients write it: a path without a query. */
export class DirectPosts {
  private readonly posts = new Map<string, DirectPost>();
  private readonly bodyMaxBytes: number;

  /** Larger bodies are refused by the route. */
  constructor(bodyMaxBytes: number) {
    this.bodyMaxBytes = bodyMaxBytes;
  }

  add(url: string, post: DirectPost): void {
    this.posts.set(url, post);
  }

  find({ method, url = '', headers }: IncomingMessage): DirectPost | undefined {
    const post = method === 'POST' ? this.posts.get(url) : undefined;
    if (post === undefined || headers['content-encoding'] !== undefined) return undefined;
    // Without a length it is sent in chunks, of any number.
    const bytes = Number(headers['content-length']);
    return bytes <= this.bodyMaxBytes && post.takes(headers) ? post : undefined;
  }
}

/** `failed` is told what `post` throws. */
export function answerDirectly(
  post: DirectPost,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  failed: (thrown: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('error', () => request.destroy());
  request.on('end', () => {
    const [first = Buffer.alloc(0)] = chunks;
    const body = chunks.length > 1 ? Buffer.concat(chunks) : first;
    const accepted = request.headers['accept-encoding'];
    send(response, answerOf(post, request.headers, { body, failed }), accepted);
  });
}

function answerOf(
  post: DirectPost,
  headers: IncomingHttpHeaders,
  given: { readonly body: Buffer; readonly failed: (thrown: unknown) => void },
): DirectAnswer {
  try {
    return post.answer(headers, given.body);
  } catch (thrown) {
    given.failed(thrown);
    return { status: 500, text: '500 Internal Server Error.' };
  }
}

/** Headers in the order of `dressResponse`. */
function send(
  response: ServerResponse,
  { status, text }: DirectAnswer,
  accepted: string | string[] | undefined,
): void {
  const encoding = Array.isArray(accepted) ? accepted[0] : accepted;
  const isLong = Buffer.byteLength(text) >= GZIP_FROM_BYTES && acceptsGzip(encoding);
  const body = isLong ? gzipSync(text) : Buffer.from(text);
  const head = ['Date', new Date().toUTCString()];
  if (isLong) head.unshift('Content-Encoding', 'gzip');
  if (text !== '') head.push('Content-Type', 'text/plain; charset=utf-8');
  head.push('Content-Length', String(body.length));
  response.removeHeader('connection');
  response.sendDate = false;
  response.writeHead(status, head);
  response.end(text === '' ? undefined : body);
}
