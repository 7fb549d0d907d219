/**
 * A part that starts anew when it cannot go on, as under a supervisor: a framework that gave up its
 * leadership, or took back a backup, ends and expects that. One that keeps failing is given up.
 */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { RunningPart, StartPart } from './composite.ts';

/** Failures within `FAILURE_WINDOW_MS` that are answered with a new start; one more is passed on. */
export const RESTARTS_MAX = 5;
export const FAILURE_WINDOW_MS = 60_000;

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
  private isStopped = false;

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
    this.isStopped = true;
    await this.restarting;
    await this.current?.stop();
  }

  async killWork(): Promise<void> {
    await this.restarting;
    await this.current?.killWork?.();
  }

  private ended(error: unknown): void {
    if (this.isStopped) return;
    const now = this.clock.now();
    this.failures.push(now);
    while ((this.failures[0] ?? now) <= now - FAILURE_WINDOW_MS) this.failures.shift();
    if (this.failures.length > RESTARTS_MAX) {
      this.failed.resolve(error);
      return;
    }
    this.log.warn(
      { part: this.name, error: describeError(error) },
      'a part ended: starting it again',
    );
    this.restarting = this.restart();
  }

  private async restart(): Promise<void> {
    try {
      const ended = this.current;
      this.current = undefined;
      await ended?.stop();
      if (this.isStopped) return;
      this.current = await this.startAgain();
      this.watch();
    } catch (thrown) {
      this.failed.resolve(thrown);
    }
  }
}
