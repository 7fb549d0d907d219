/** Recorded requests over a real connection, so that header lines can be compared as they are sent. */
import assert from 'node:assert/strict';
import http from 'node:http';
import {
  type Exchange,
  type HeaderLine,
  headerDifferences,
  headerLines,
  isJson,
} from './recordings.ts';

export interface RawAnswer {
  readonly status: number;
  /** In the order and case of the wire. */
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** Turns of the event loop that an answer may take: both ends live in this process. */
const TURNS_MAX = 1_000_000;

/**
 * `advance` is called again and again until the answer is there: virtual time, simulated disks. An answer
 * that never comes is an error, and leaves no connection behind that would keep the process alive.
 */
export async function ask(
  port: number,
  { request }: Pick<Exchange, 'request'>,
  advance: () => Promise<void>,
): Promise<RawAnswer> {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  const { sent, answer } = send(port, request);
  answer.then(done, done);
  try {
    for (let turn = 0; !isDone; turn += 1) {
      assert.ok(turn < TURNS_MAX, `no answer to ${request.method} ${request.path}`);
      await new Promise((resolve) => setImmediate(resolve));
      await advance();
    }
    return await answer;
  } finally {
    sent.destroy();
  }
}

function send(
  port: number,
  request: Exchange['request'],
): { readonly sent: http.ClientRequest; readonly answer: Promise<RawAnswer> } {
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
      const headers = headerLines(response.rawHeaders);
      resolve({ status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) });
    });
  });
  sent.end(body === undefined ? undefined : bodyText(body));
  return { sent, answer: promise };
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
