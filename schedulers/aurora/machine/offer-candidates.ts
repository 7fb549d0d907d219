/** The offers that a try looks at, one after the other in their order: a short list, and what is left of the tree. */
import type { HeldOffer } from './offer-book.ts';
import type { Need, OfferTree } from './offer-tree.ts';
import { CONSTRAINT_SCORE } from './veto.ts';

export interface TreePart {
  readonly tree: OfferTree;
  readonly need: Need;
  /** Only these are worth a look, rising; undefined when all are. */
  readonly positions: readonly number[] | undefined;
  /** Offers of the tree may have gone. */
  readonly isHeld: (held: HeldOffer) => boolean;
  readonly isBefore: (a: HeldOffer, b: HeldOffer) => boolean;
}

/** So many are looked at for the one that came nearest. */
const LOOKS_MAX = 100;

export class Candidates {
  private readonly list: readonly HeldOffer[];
  private readonly part: TreePart | undefined;
  private inList = 0;
  private inTree = 0;

  /** @param list in order */
  constructor(list: readonly HeldOffer[], part: TreePart | undefined) {
    this.list = list;
    this.part = part;
  }

  /** Undefined at the end. */
  get current(): HeldOffer | undefined {
    const [listed, grown] = [this.list[this.inList], this.fromTree()];
    if (listed === undefined || grown === undefined) return listed ?? grown;
    return this.part?.isBefore(listed, grown) === true ? listed : grown;
  }

  /** Past the current one. */
  pass(current: HeldOffer): void {
    if (current === this.list[this.inList]) this.inList += 1;
    else this.inTree += 1;
  }

  /** Those that were passed for their lack of room, the nearest first, as far as `look`'s scores make it worth while. */
  lookAtNearest(look: (held: HeldOffer) => number): void {
    const { part } = this;
    if (part === undefined) return;
    const { tree, need, positions } = part;
    const score = (held: HeldOffer): number => (part.isHeld(held) ? look(held) : Infinity);
    if (positions === undefined) {
      tree.nearest(need, score, LOOKS_MAX);
      return;
    }
    const nearest = tree.nearestOf(need, positions, part.isHeld);
    // Nobody else can be nearer: their hosts are not what is wanted, and it is enough to have seen one of them.
    if (nearest !== undefined && score(nearest) < CONSTRAINT_SCORE) return;
    const enough = (found: number): number => (found <= CONSTRAINT_SCORE ? 0 : found);
    tree.nearest(need, (held) => enough(score(held)), LOOKS_MAX);
  }

  private fromTree(): HeldOffer | undefined {
    const { part } = this;
    if (part === undefined) return undefined;
    for (;;) {
      const { tree, need, positions } = part;
      const position =
        positions === undefined
          ? tree.nextRoomy(need, this.inTree)
          : tree.nextRoomyOf(need, positions, this.inTree);
      if (position === undefined) {
        this.inTree = part.tree.offers.length;
        return undefined;
      }
      this.inTree = position;
      const held = part.tree.offers[position];
      if (held !== undefined && part.isHeld(held)) return held;
      this.inTree += 1;
    }
  }
}
