/** Asks a task over HTTP to end before it is told by signals (spec thermos, section 5.4). */
import { type Clock, type Instant, sleep } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import type { HttpLifecycle } from '../config/task-instance.ts';
import { signalTask } from './http-signaller.ts';

const POLL_MS = seconds(1);
export const SIGNAL_TIMEOUT_MS = seconds(1);

export interface LifecyclePorts {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly hasEnded: () => boolean;
  readonly timeoutMs: number;
}

/** Any answer at all counts as a promise to end, even an error: then there is a wait. */
export async function askToEnd(
  lifecycle: HttpLifecycle,
  port: number,
  ports: LifecyclePorts,
): Promise<void> {
  const { gracefulShutdownEndpoint, gracefulShutdownWaitSecs } = lifecycle;
  await step(gracefulShutdownEndpoint, gracefulShutdownWaitSecs, port, ports);
  if (ports.hasEnded()) return;
  await step(lifecycle.shutdownEndpoint, lifecycle.shutdownWaitSecs, port, ports);
}

async function step(
  endpoint: string,
  waitSecs: number,
  port: number,
  { clock, http, hasEnded, timeoutMs }: LifecyclePorts,
): Promise<void> {
  const answer = await signalTask(http, clock, { method: 'POST', port, endpoint, timeoutMs });
  if (!answer.ok) return;
  const until: Instant = clock.now() + waitSecs * 1_000;
  while (clock.now() < until && !hasEnded()) {
    await sleep(clock, Math.min(POLL_MS, until - clock.now()));
  }
}
