/**
 * Held offers in the order in which they are tried, as a tree whose nodes know the most of each resource that any offer
 * below them has: whole stretches of full hosts are passed at once, and the one that comes nearest is found without
 * looking at all. Offers may go, or be used up in part, while the tree is there: it only says who may have room.
 */
import type { HeldOffer } from './offer-book.ts';
import { type Amounts, EPSILON, lackScore } from './veto.ts';

/** What is asked for; processors are those that may be taken back, or the others. */
export interface Need {
  readonly amounts: Amounts;
  readonly isRevocable: boolean;
}

/** Figures of an offer or of a node, in this order. */
const FIGURES = 6;
const [CPUS, REVOCABLE_CPUS, RAM, DISK, PORTS, GPUS] = [0, 1, 2, 3, 4, 5] as const;
/** No offer at all. */
const NONE = -1;

export class OfferTree {
  readonly offers: readonly HeldOffer[];
  /** A power of two; the root is node 1, the children of a node are 2n and 2n + 1. */
  private readonly leafCount: number;
  private readonly most: Float64Array;

  constructor(offers: readonly HeldOffer[]) {
    this.offers = offers;
    this.leafCount = 2 ** Math.ceil(Math.log2(Math.max(1, offers.length)));
    this.most = new Float64Array(2 * this.leafCount * FIGURES).fill(NONE);
    for (const [position, held] of offers.entries()) {
      this.most.set(figuresOf(held), (this.leafCount + position) * FIGURES);
    }
    for (let node = this.leafCount - 1; node >= 1; node -= 1) this.join(node);
  }

  /** The first position from `from` on that may have room; undefined when there is none. */
  nextRoomy(need: Need, from: number): number | undefined {
    if (from >= this.offers.length) return undefined;
    let node = from + this.leafCount;
    for (;;) {
      if (this.hasRoom(node, need)) {
        if (node >= this.leafCount) return node - this.leafCount;
        node *= 2;
        continue;
      }
      // Out of every stretch that ends here, to the next one on the right.
      while (node % 2 === 1) node = (node - 1) / 2;
      if (node === 0) return undefined;
      node += 1;
    }
  }

  /**
   * Calls `look` for those that lack least, the nearest first, as long as one could still be nearer than the best
   * score that `look` has given.
   */
  nearest(need: Need, look: (held: HeldOffer) => number, looksMax: number): void {
    let best = Infinity;
    let lookCount = 0;
    const visit = (node: number, bound: number): void => {
      if (bound >= best || lookCount >= looksMax) return;
      if (node >= this.leafCount) {
        const held = this.offers[node - this.leafCount];
        if (held === undefined) return;
        lookCount += 1;
        best = Math.min(best, look(held));
        return;
      }
      const [left, right] = [this.bound(node * 2, need), this.bound(node * 2 + 1, need)];
      const isRightFirst = right < left;
      visit(node * 2 + (isRightFirst ? 1 : 0), Math.min(left, right));
      visit(node * 2 + (isRightFirst ? 0 : 1), Math.max(left, right));
    };
    visit(1, this.bound(1, need));
  }

  /** No offer below the node has a lower score. */
  private bound(node: number, need: Need): number {
    if (this.figure(node, CPUS) === NONE) return Infinity;
    return lackScore(need.amounts, {
      cpus: this.figure(node, need.isRevocable ? REVOCABLE_CPUS : CPUS),
      ramMb: this.figure(node, RAM),
      diskMb: this.figure(node, DISK),
      ports: this.figure(node, PORTS),
      gpus: this.figure(node, GPUS),
    });
  }

  private hasRoom(node: number, { amounts, isRevocable }: Need): boolean {
    return (
      amounts.cpus - this.figure(node, isRevocable ? REVOCABLE_CPUS : CPUS) <= EPSILON &&
      amounts.ramMb - this.figure(node, RAM) <= EPSILON &&
      amounts.diskMb - this.figure(node, DISK) <= EPSILON &&
      amounts.ports - this.figure(node, PORTS) <= EPSILON &&
      amounts.gpus - this.figure(node, GPUS) <= EPSILON
    );
  }

  private figure(node: number, which: number): number {
    return this.most[node * FIGURES + which] ?? NONE;
  }

  private join(node: number): void {
    for (let which = 0; which < FIGURES; which += 1) {
      const [left, right] = [this.figure(node * 2, which), this.figure(node * 2 + 1, which)];
      this.most[node * FIGURES + which] = Math.max(left, right);
    }
  }
}

function figuresOf({ amounts, revocableCpus }: HeldOffer): readonly number[] {
  const { cpus, ramMb, diskMb, ports, gpus } = amounts;
  return [cpus, revocableCpus, ramMb, diskMb, ports, gpus];
}
