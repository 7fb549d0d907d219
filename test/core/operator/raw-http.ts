/** Recorded requests over a real connection, so that header lines can be compared as they are sent. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { type Exchange, headerDifferences, isJson } from './recordings.ts';

export interface RawAnswer {
  readonly status: number;
  /** In the order and case of the wire. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** `advance` is called again and again until the answer is there: virtual time, simulated disks. */
export async function ask(
  port: number,
  { request }: Pick<Exchange, 'request'>,
  advance: () => Promise<void>,
): Promise<RawAnswer> {
  let isDone = false;
  const answer = send(port, request).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    await advance();
  }
  return answer;
}

function send(port: number, request: Exchange['request']): Promise<RawAnswer> {
  const { method, path, headers, body } = request;
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const sent = http.request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...headers },
    agent: false,
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const { rawHeaders } = response;
      const lines = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
      );
      resolve({ status: response.statusCode ?? 0, headers: lines, body: Buffer.concat(chunks) });
    });
  });
  sent.end(body === undefined ? undefined : bodyText(body));
  return promise;
}

/** Bodies were recorded parsed; a length that was recorded is kept. */
function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Status and headers as recorded. */
export function compareHead(answer: RawAnswer, { response }: Pick<Exchange, 'response'>): void {
  const shown = answer.body.subarray(0, 500).toString();
  assert.equal(answer.status, response.status, shown);
  assert.deepEqual(headerDifferences(response.headers, answer.headers, answer.body.length), []);
  if (isJson(response)) assert.doesNotThrow(() => JSON.parse(answer.body.toString()), shown);
}
