/** Requests to the task's own HTTP server on this host: health checks and the life cycle (spec thermos, section 5). */

import type { Clock } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import { describeError } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { HttpClient } from '../../../core/net/ports.ts';

/** So much of an answer is looked at. */
const BODY_MAX_BYTES = 1024 ** 2;

export interface SignalAnswer {
  readonly status: number;
  readonly body: string;
}

export interface Signal {
  readonly method: 'GET' | 'POST';
  readonly port: number;
  readonly endpoint: string;
  /** For the whole answer. */
  readonly timeoutMs: DurationMs;
}

/** Any answer is an answer; the error says why there was none. */
export async function signalTask(
  http: HttpClient,
  clock: Clock,
  { method, port, endpoint, timeoutMs }: Signal,
): Promise<Result<SignalAnswer>> {
  const path = endpoint.startsWith('/') ? endpoint : `/${endpoint}`;
  const url = `http://localhost:${port}${path}`;
  const abort = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => abort.abort(new Error('timed out')));
  try {
    const answer = await http.request({ method, url, signal: abort.signal });
    const body = answer.text(BODY_MAX_BYTES);
    const late = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true });
    });
    return ok({ status: answer.status, body: await Promise.race([body, late]) });
  } catch (thrown) {
    return err(`Failed to signal ${url}: ${describeError(thrown)}`);
  } finally {
    timer.cancel();
    // What is not read any more must not hold the connection.
    abort.abort(new Error('done'));
  }
}
