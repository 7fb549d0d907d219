/**
 * At most so many requests in a while are answered at once, the others wait for their turn (spec
 * operator-api, sections 5.2 and 6.2). Turns are spread evenly, as the original's limiter does it.
 */
import type { FastifyReply } from 'fastify';
import type { Clock, Timer } from '../base/clock.ts';
import { type DurationMs, parseDuration } from '../base/duration.ts';
import { err, ok, type Result } from '../base/result.ts';

/** More waiting requests are refused with 503. */
const WAITING_MAX = 1000;

export interface Pace {
  readonly count: number;
  readonly periodMs: DurationMs;
}

export const UNLIMITED: Pace = { count: 1, periodMs: 0 };

export const DEFAULT_PACE: Pace = { count: 2, periodMs: 1000 };

/** `10/1secs`; nothing means without limit. */
export function parsePace(text: string): Result<Pace> {
  if (text === '') return ok(UNLIMITED);
  const [count = '', period = '', ...more] = text.split('/');
  const duration = parseDuration(period);
  if (more.length > 0 || !/^[1-9]\d*$/.test(count) || !duration.ok || duration.value <= 0) {
    return err(`'${text}' is no rate such as 10/1secs`);
  }
  return ok({ count: Number(count), periodMs: duration.value });
}

export class RequestPace {
  private readonly clock: Clock;
  private readonly intervalMs: number;
  private readonly waiting: (() => void)[] = [];
  private freeAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;

  constructor(clock: Clock, pace: Pace = DEFAULT_PACE) {
    this.clock = clock;
    this.intervalMs = pace.periodMs / pace.count;
  }

  /** Serves now or when it is the request's turn. */
  serve(reply: FastifyReply, act: () => FastifyReply | Promise<FastifyReply>): unknown {
    const now = this.clock.now();
    if (this.waiting.length === 0 && now >= this.freeAt) {
      this.freeAt = now + this.intervalMs;
      return act();
    }
    if (this.waiting.length >= WAITING_MAX) {
      return reply.code(503).type('text/plain; charset=utf-8').send('503 Service Unavailable.');
    }
    const turn = Promise.withResolvers<void>();
    this.waiting.push(turn.resolve);
    this.arm();
    return turn.promise.then(act);
  }

  /** Those that wait are served at once, for stopping. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private arm(): void {
    if (this.timer !== undefined) return;
    this.timer = this.clock.setTimer(Math.max(0, this.freeAt - this.clock.now()), () => {
      this.timer = undefined;
      this.freeAt = this.clock.now() + this.intervalMs;
      this.waiting.shift()?.();
      if (this.waiting.length > 0) this.arm();
    });
  }
}
