/** The offers that a try looks at, one after the other in their order: a short list, and what is left of the tree. */
import type { HeldOffer } from './offer-book.ts';
import type { Need, OfferTree } from './offer-tree.ts';

export interface TreePart {
  readonly tree: OfferTree;
  readonly need: Need;
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
    part.tree.nearest(part.need, (held) => (part.isHeld(held) ? look(held) : Infinity), LOOKS_MAX);
  }

  private fromTree(): HeldOffer | undefined {
    const { part } = this;
    if (part === undefined) return undefined;
    for (;;) {
      const position = part.tree.nextRoomy(part.need, this.inTree);
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
