import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../../core/net/ports.ts';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import { askToEnd } from '../../../../schedulers/aurora/thermos/http-lifecycle.ts';

const LIFECYCLE = {
  port: 'health',
  gracefulShutdownEndpoint: '/quitquitquit',
  shutdownEndpoint: '/abortabortabort',
  gracefulShutdownWaitSecs: 5,
  shutdownWaitSecs: 7,
};

function answer(status: number): HttpResponse {
  return {
    status,
    headers: {},
    body: (async function* () {})(),
    text: async () => '',
    bytes: async () => new Uint8Array(),
    cancel: () => {},
  };
}

/** Asks a task that answers so; gives the requests with their times, and how long it took. */
async function asked(
  respond: (request: HttpRequest) => Promise<HttpResponse>,
  endsAfterMs = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const clock = new SimulatedClock();
  const start = clock.now();
  const seen: string[] = [];
  const http: HttpClient = {
    request: (request) => {
      seen.push(`${clock.now() - start} ${request.method} ${request.url}`);
      return respond(request);
    },
    close: async () => {},
  };
  const hasEnded = (): boolean => clock.now() - start >= endsAfterMs;
  const done = askToEnd(LIFECYCLE, 31_000, { clock, http, hasEnded, timeoutMs: 1_000 }).then(() =>
    seen.push(`${clock.now() - start} done`),
  );
  await clock.advance(60_000);
  await done;
  return seen;
}

const QUIT = 'POST http://localhost:31000/quitquitquit';
const ABORT = 'POST http://localhost:31000/abortabortabort';

test('a task is asked twice, with a wait after each, whatever it answers', async () => {
  assert.deepEqual(await asked(async () => answer(500)), [
    `0 ${QUIT}`,
    `5000 ${ABORT}`,
    '12000 done',
  ]);
});

test('a task that ends when it is asked is not asked again', async () => {
  assert.deepEqual(await asked(async () => answer(200), 1_500), [`0 ${QUIT}`, '2000 done']);
});

test('a task that does not answer is not waited for', async () => {
  const refused = await asked(() => Promise.reject(new Error('refused')));
  assert.deepEqual(refused, [`0 ${QUIT}`, `0 ${ABORT}`, '0 done']);
  const silent = await asked(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  );
  assert.deepEqual(silent, [`0 ${QUIT}`, `1000 ${ABORT}`, '2000 done']);
});
