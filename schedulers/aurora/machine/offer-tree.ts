/**
 * Held offers in the order in which they are tried, as a tree whose nodes know the most of each resource that any offer
 * below them has: whole stretches of full hosts are passed at once, and the one that comes nearest is found without
 * looking at all. Offers may go, or be used up in part, while the tree is there: it only says who may have room.
 */
import type { HeldOffer } from './offer-book.ts';
import { type Amounts, EPSILON, RESOURCES, scoreOf } from './veto.ts';

/** What is asked for; processors are those that may be taken back, or the others. */
export interface Need {
  readonly amounts: Amounts;
  readonly isRevocable: boolean;
}

/** Figures of an offer or of a node: its resources in the order of `RESOURCES`, and revocable processors. */
const REVOCABLE_CPUS = RESOURCES.length;
const FIGURES = RESOURCES.length + 1;
/** No offer at all. */
const NONE = -1;

/** One of the figures that count for a need. */
interface Lookup {
  readonly at: number;
  readonly wanted: number;
  readonly range: number;
}

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
    const lookups = lookupsOf(need);
    let node = from + this.leafCount;
    for (;;) {
      if (this.hasRoom(node, lookups)) {
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
    const lookups = lookupsOf(need);
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
      const left = this.bound(node * 2, lookups);
      const right = this.bound(node * 2 + 1, lookups);
      if (right < left) {
        visit(node * 2 + 1, right);
        visit(node * 2, left);
      } else {
        visit(node * 2, left);
        visit(node * 2 + 1, right);
      }
    };
    visit(1, this.bound(1, lookups));
  }

  /** No offer below the node has a lower score. */
  private bound(node: number, lookups: readonly Lookup[]): number {
    const { most } = this;
    const start = node * FIGURES;
    let score = 0;
    for (const { at, wanted, range } of lookups) {
      const has = most[start + at] ?? NONE;
      if (has === NONE) return Infinity;
      const lack = wanted - has;
      if (lack > EPSILON) score += scoreOf(lack, range);
    }
    return score;
  }

  private hasRoom(node: number, lookups: readonly Lookup[]): boolean {
    const { most } = this;
    const start = node * FIGURES;
    for (const { at, wanted } of lookups) {
      if (wanted - (most[start + at] ?? NONE) > EPSILON) return false;
    }
    return true;
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
  return [...RESOURCES.map(([key]) => amounts[key]), revocableCpus];
}

function lookupsOf({ amounts, isRevocable }: Need): readonly Lookup[] {
  return RESOURCES.map(([key, , range], at) => ({
    at: key === 'cpus' && isRevocable ? REVOCABLE_CPUS : at,
    wanted: amounts[key],
    range,
  }));
}
