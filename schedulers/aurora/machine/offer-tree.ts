/**
 * Held offers in the order in which they are tried, as a tree whose nodes know the most of each resource that any offer
 * below them has: whole stretches of full hosts are passed at once, and the one that comes nearest is found without
 * looking at all. Offers may go, or be used up in part, while the tree is there: it only says who may have room.
 */
import type { HeldOffer } from './offer-book.ts';
import type { Revocable } from './task-amounts.ts';
import { type Amounts, EPSILON, RESOURCES, scoreOf } from './veto.ts';

/** What is asked for, and which of it is to be what may be taken back. */
export interface Need {
  readonly amounts: Amounts;
  readonly revocable: readonly Revocable[];
}

const REVOCABLE: readonly Revocable[] = ['cpus', 'ramMb'];
/** Figures of an offer or of a node: its resources in the order of `RESOURCES`, then those of `REVOCABLE`. */
const FIGURES = RESOURCES.length + REVOCABLE.length;
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
  /** By attribute and value; an attribute is looked through when somebody asks for it first. */
  private readonly byAttribute = new Map<string, ReadonlyMap<string, readonly number[]>>();

  constructor(offers: readonly HeldOffer[]) {
    this.offers = offers;
    this.leafCount = 2 ** Math.ceil(Math.log2(Math.max(1, offers.length)));
    this.most = new Float64Array(2 * this.leafCount * FIGURES).fill(NONE);
    for (const [position, held] of offers.entries()) {
      this.most.set(figuresOf(held), (this.leafCount + position) * FIGURES);
    }
    for (let node = this.leafCount - 1; node >= 1; node -= 1) this.join(node);
  }

  /** Positions of the offers whose host has any of these values, rising. */
  positionsWith(name: string, values: Iterable<string>): readonly number[] {
    let known = this.byAttribute.get(name);
    if (known === undefined) {
      known = positionsByValue(this.offers, name);
      this.byAttribute.set(name, known);
    }
    const found = new Set<number>();
    for (const value of values) for (const at of known.get(value) ?? []) found.add(at);
    return [...found].sort((a, b) => a - b);
  }

  /** The first of these positions from `from` on that may have room; undefined when there is none. */
  nextRoomyOf(need: Need, positions: readonly number[], from: number): number | undefined {
    const lookups = lookupsOf(need);
    let [low, high] = [0, positions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((positions[middle] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < positions.length; at += 1) {
      const position = positions[at];
      if (position !== undefined && this.hasRoom(position + this.leafCount, lookups)) {
        return position;
      }
    }
    return undefined;
  }

  /** Of the offers at these positions that are held, the one that lacks least; undefined when there is none. */
  nearestOf(
    need: Need,
    positions: readonly number[],
    isHeld: (held: HeldOffer) => boolean,
  ): HeldOffer | undefined {
    const lookups = lookupsOf(need);
    let least = Infinity;
    let nearest: HeldOffer | undefined;
    for (const position of positions) {
      const score = this.bound(position + this.leafCount, lookups);
      const held = this.offers[position];
      if (score >= least || held === undefined || !isHeld(held)) continue;
      least = score;
      nearest = held;
    }
    return nearest;
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

function positionsByValue(
  offers: readonly HeldOffer[],
  name: string,
): ReadonlyMap<string, readonly number[]> {
  const positions = new Map<string, number[]>();
  for (const [position, { attributes }] of offers.entries()) {
    for (const value of attributes.get(name) ?? []) {
      const known = positions.get(value);
      if (known === undefined) positions.set(value, [position]);
      else known.push(position);
    }
  }
  return positions;
}

function figuresOf(held: HeldOffer): readonly number[] {
  const { amounts } = held;
  return [
    ...RESOURCES.map(([key]) => amounts[key]),
    ...REVOCABLE.map((kind) => held.revocableLeft(kind)),
  ];
}

function lookupsOf({ amounts, revocable }: Need): readonly Lookup[] {
  return RESOURCES.map(([key, , range], at) => {
    const kind = revocable.find((each) => each === key);
    return {
      at: kind === undefined ? at : RESOURCES.length + REVOCABLE.indexOf(kind),
      wanted: amounts[key],
      range,
    };
  });
}
