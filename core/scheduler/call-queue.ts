/**
 * Calls of one subscription, sent one at a time in the order they were made: the master handles
 * requests of different connections in any order, and a KILL must not overtake its LAUNCH.
 */
import { ClusterError } from '../base/errors.ts';

/** Calls that may wait; the next one is refused with `QUEUE_FULL`. */
export const CALLS_WAITING_MAX = 50_000;

interface Waiting<T> {
  readonly call: T;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
}

export class CallQueue<T> {
  private readonly send: (call: T) => Promise<void>;
  private waiting: Waiting<T>[] = [];
  private closedBy: ClusterError | undefined;
  private isSending = false;

  constructor(send: (call: T) => Promise<void>) {
    this.send = send;
  }

  /** Resolves when the call was taken; rejects as `send` does, or when the queue is closed. */
  push(call: T): Promise<void> {
    if (this.closedBy !== undefined) return Promise.reject(this.closedBy);
    if (this.waiting.length >= CALLS_WAITING_MAX) {
      const text = `${CALLS_WAITING_MAX} calls are waiting to be sent to the master`;
      return Promise.reject(new ClusterError('QUEUE_FULL', text, { retriable: true }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ call, resolve, reject });
      if (!this.isSending) void this.drain();
    });
  }

  /** Refuses everything that has not been sent yet. */
  close(reason: ClusterError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = reason;
    const refused = this.waiting;
    this.waiting = [];
    for (const each of refused) each.reject(reason);
  }

  private async drain(): Promise<void> {
    this.isSending = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      for (const each of batch) {
        if (this.closedBy === undefined) await this.sendOne(each);
        else each.reject(this.closedBy);
      }
    }
    this.isSending = false;
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
  }
}
