/** Requests whose answers show their header lines as they came: in the order and case of the wire. */
import { type IncomingMessage, request } from 'node:http';
import { type HeaderLine, headerLines } from '../../core/operator/recordings.ts';

export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface WireAnswer {
  readonly status: number;
  readonly reason: string;
  readonly lines: readonly HeaderLine[];
  /** Still to be read. */
  readonly body: IncomingMessage;
}

/** Sends one request on a connection of its own; gives the answer as soon as its head is there. */
export function exchange({ method, url, headers, body, signal }: WireRequest): Promise<WireAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
  const options = { method, agent: false, headers: { ...headers } };
  const sent = request(url, signal === undefined ? options : { ...options, signal });
  sent.on('error', reject);
  sent.on('response', (answer) => {
    resolve({
      status: answer.statusCode ?? 0,
      reason: answer.statusMessage ?? '',
      lines: headerLines(answer.rawHeaders),
      body: answer,
    });
  });
  sent.end(body);
  return promise;
}

export async function bytesOf({ body }: WireAnswer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
