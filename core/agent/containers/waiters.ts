/** Who waits for the ends of containers, and for their input to be taken. */
import type { ContainerLimitation } from '../launcher-port.ts';

export interface Termination {
  /** A wait status, -1 unknown. */
  readonly status: number;
  /** It used more than it was granted. */
  readonly limitation?: ContainerLimitation | undefined;
}

/** Undefined when there is no such container. */
export type Waiter = (end: Termination | undefined) => void;

export class Waiters {
  private readonly byId = new Map<string, Set<Waiter>>();

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** The result takes the waiter back. */
  add(id: string, waiter: Waiter): () => void {
    const waiting = this.byId.get(id) ?? new Set();
    this.byId.set(id, waiting.add(waiter));
    return () => {
      waiting.delete(waiter);
      if (waiting.size === 0 && this.byId.get(id) === waiting) this.byId.delete(id);
    };
  }

  settle(id: string, end: Termination | undefined): void {
    const waiting = this.byId.get(id);
    this.byId.delete(id);
    for (const waiter of waiting ?? []) waiter(end);
  }

  /** All below `root` that `isKnown` does not know. */
  settleUnknown(root: string, isKnown: (id: string) => boolean): void {
    for (const id of [...this.byId.keys()]) {
      if (id.startsWith(`${root}.`) && !isKnown(id)) this.settle(id, undefined);
    }
  }
}

/** Input that is on its way to a process. */
export class PendingInputs {
  private readonly bySequence = new Map<number, { readonly id: string; taken(): void }>();
  private sequence = 0;

  /** Gives the number under which it will be told as taken. */
  add(id: string, taken: () => void): number {
    this.sequence += 1;
    this.bySequence.set(this.sequence, { id, taken });
    return this.sequence;
  }

  taken(sequence: number): void {
    const input = this.bySequence.get(sequence);
    this.bySequence.delete(sequence);
    input?.taken();
  }

  /** The container has ended: nothing waits any longer. */
  settle(id: string): void {
    for (const [sequence, input] of [...this.bySequence]) {
      if (input.id === id) this.taken(sequence);
    }
  }
}
