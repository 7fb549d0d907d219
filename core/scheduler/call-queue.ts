/**
 * Calls of one subscription, sent in the order they were made, on one connection: the master handles
 * requests of different connections in any order, and a KILL must not overtake its LAUNCH. They do not
 * wait for each other's answers, as those of the original's library.
 */
import { ClusterError } from '../base/errors.ts';

/** Calls that may wait; the next one is refused with `QUEUE_FULL`. */
export const CALLS_WAITING_MAX = 50_000;

/** Calls that may be under way; the next one waits for an answer. */
const UNANSWERED_MAX = 64;

/** Sent calls at the front of the list that are dropped from it at once. */
const SENT_KEPT_MAX = 1_024;

interface Waiting<T> {
  readonly call: T;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
}

export class CallQueue<T> {
  private readonly send: (call: T) => Promise<void>;
  private waiting: Waiting<T>[] = [];
  /** The first one of `waiting` that has not been sent. */
  private nextAt = 0;
  private closedBy: ClusterError | undefined;
  private unansweredCount = 0;

  constructor(send: (call: T) => Promise<void>) {
    this.send = send;
  }

  /** Resolves when the call was taken; rejects as `send` does, or when the queue is closed. */
  push(call: T): Promise<void> {
    if (this.closedBy !== undefined) return Promise.reject(this.closedBy);
    if (this.waiting.length - this.nextAt >= CALLS_WAITING_MAX) {
      const text = `${CALLS_WAITING_MAX} calls are waiting to be sent to the master`;
      return Promise.reject(new ClusterError('QUEUE_FULL', text, { retriable: true }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      this.sendNext();
    });
  }

  /** Refuses everything that has not been sent yet. */
  close(reason: ClusterError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = reason;
    const refused = this.waiting.slice(this.nextAt);
    [this.waiting, this.nextAt] = [[], 0];
    for (const each of refused) each.reject(reason);
  }

  private sendNext(): void {
    while (this.unansweredCount < UNANSWERED_MAX) {
      const next = this.waiting[this.nextAt];
      if (next === undefined) {
        [this.waiting, this.nextAt] = [[], 0];
        return;
      }
      this.nextAt += 1;
      // A queue that is never empty must not keep what it has sent.
      if (this.nextAt >= SENT_KEPT_MAX && this.nextAt * 2 >= this.waiting.length) {
        this.waiting = this.waiting.slice(this.nextAt);
        this.nextAt = 0;
      }
      this.unansweredCount += 1;
      void this.sendOne(next);
    }
  }

  private async sendOne(each: Waiting<T>): Promise<void> {
    try {
      await this.send(each.call);
      each.resolve();
    } catch (thrown) {
      each.reject(
        thrown instanceof ClusterError
          ? thrown
          : new ClusterError('MASTER_UNREACHABLE', 'the call was not sent', {
              retriable: true,
              cause: thrown,
            }),
      );
    }
    this.unansweredCount -= 1;
    this.sendNext();
  }
}
