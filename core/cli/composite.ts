/** Several services as one: started in order, stopped in reverse, and each stopped but once. */
import { describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';

/** A part that runs. */
export interface RunningPart {
  readonly name: string;
  stop(): Promise<void>;
  /** Settles when the part cannot go on. */
  readonly failure?: Promise<unknown> | undefined;
  /** Ends the work that would outlive the part (an agent's tasks); before its `stop`. */
  killWork?(): Promise<void>;
}

/** Starts a part; rejects, with nothing left behind, when it cannot. */
export type StartPart = () => Promise<RunningPart>;

export class Composite implements Service {
  private readonly starts: readonly StartPart[];
  private readonly log: Log;
  private readonly running: RunningPart[] = [];
  private readonly failed = Promise.withResolvers<unknown>();
  private stopping: Promise<void> | undefined;

  constructor(starts: readonly StartPart[], log: Log) {
    this.starts = starts;
    this.log = log;
  }

  /** Settles when any part cannot go on. */
  get failure(): Promise<unknown> {
    return this.failed.promise;
  }

  /** Stops what it has started when a part cannot start. */
  async start(): Promise<void> {
    for (const start of this.starts) {
      if (this.stopping !== undefined) return;
      let part: RunningPart;
      try {
        part = await start();
      } catch (thrown) {
        await this.stop();
        throw thrown;
      }
      this.running.push(part);
      part.failure?.then(
        (error) => this.fail(error),
        (error) => this.fail(error),
      );
    }
  }

  /** Leaves the work of the parts alone. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll(false);
    return this.stopping;
  }

  /** Ends the work as well: nothing of it is alive afterwards. */
  stopWithWork(): Promise<void> {
    this.stopping ??= this.stopAll(true);
    return this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** While stopping, a part that ends does what it should. */
  private fail(error: unknown): void {
    if (this.stopping === undefined) this.failed.resolve(error);
  }

  /** A part that fails to stop does not keep the others from it. */
  private async stopAll(withWork: boolean): Promise<void> {
    const failures: unknown[] = [];
    for (let part = this.running.pop(); part !== undefined; part = this.running.pop()) {
      try {
        if (withWork) await part.killWork?.();
        await part.stop();
      } catch (thrown) {
        this.log.error({ part: part.name, error: describeError(thrown) }, 'cannot stop a part');
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
