/**
 * A part that starts anew when it cannot go on, as under a supervisor: a framework that gave up its
 * leadership, or took back a backup, ends and expects that. One that keeps failing is given up.
 */
import { type Clock, sleep } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { RunningPart, StartPart } from './composite.ts';

/** Failures within `FAILURE_WINDOW_MS` that are answered with a new start; one more is passed on. */
export const RESTARTS_MAX = 5;
export const FAILURE_WINDOW_MS = 60_000;
/** Before the second start within the window; doubled for each one after it. The first is at once. */
export const RESTART_PAUSE_MS = 1_000;

/** Rejects when the first start fails; a later one that fails is a failure of the part. */
export async function startRestarted(
  start: StartPart,
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<RunningPart> {
  const part = new RestartedPart(start, await start(), ports);
  part.watch();
  return part;
}

class RestartedPart implements RunningPart {
  readonly name: string;
  private readonly startAgain: StartPart;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly failed = Promise.withResolvers<unknown>();
  private readonly failures: number[] = [];
  /** Undefined from the end of one until the start of the next. */
  private current: RunningPart | undefined;
  private restarting: Promise<void> | undefined;
  private readonly stopped = new AbortController();

  constructor(
    start: StartPart,
    first: RunningPart,
    ports: { readonly clock: Clock; readonly log: Log },
  ) {
    this.name = first.name;
    this.startAgain = start;
    this.current = first;
    this.clock = ports.clock;
    this.log = ports.log;
  }

  get failure(): Promise<unknown> {
    return this.failed.promise;
  }

  watch(): void {
    const ended = (error: unknown): void => this.ended(error);
    this.current?.failure?.then(ended, ended);
  }

  /** Waits for a start that is under way: it would leave a part that nobody stops. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.restarting;
    await this.current?.stop();
  }

  async killWork(): Promise<void> {
    this.stopped.abort();
    await this.restarting;
    await this.current?.killWork?.();
  }

  private ended(error: unknown): void {
    if (this.stopped.signal.aborted) return;
    if (this.isTooOften()) {
      this.failed.resolve(error);
      return;
    }
    this.warn(error, 'a part ended: starting it again');
    this.restarting = this.restart();
  }

  private warn(error: unknown, what: string): void {
    this.log.warn({ part: this.name, error: describeError(error) }, what);
  }

  private isTooOften(): boolean {
    const now = this.clock.now();
    this.failures.push(now);
    while ((this.failures[0] ?? now) <= now - FAILURE_WINDOW_MS) this.failures.shift();
    return this.failures.length > RESTARTS_MAX;
  }

  /** A start that fails, because the master is away or a port not free yet, is one more failure. */
  private async restart(): Promise<void> {
    const ended = this.current;
    this.current = undefined;
    try {
      await ended?.stop();
    } catch (thrown) {
      this.failed.resolve(thrown);
      return;
    }
    while (await this.isPauseOver()) {
      try {
        this.current = await this.startAgain();
        this.watch();
        return;
      } catch (thrown) {
        if (this.isTooOften()) {
          this.failed.resolve(thrown);
          return;
        }
        this.warn(thrown, 'a part did not start again: trying once more');
      }
    }
  }

  /** False when the part has been stopped meanwhile. */
  private async isPauseOver(): Promise<boolean> {
    const { signal } = this.stopped;
    const before = this.failures.length - 1;
    const pauseMs = before === 0 ? 0 : RESTART_PAUSE_MS * 2 ** (before - 1);
    if (pauseMs > 0) await sleep(this.clock, pauseMs, signal).catch(() => {});
    return !signal.aborted;
  }
}
