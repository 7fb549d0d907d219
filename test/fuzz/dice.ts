/** Chance for fuzzing: everything a case is made of comes out of one seeded generator. */
import { type Random, randomInteger, SeededRandom } from '../../core/base/random.ts';

export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return randomInteger(this.random, bound);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** Undefined when there is nothing to choose from. */
  pickAny<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  bytes(count: number): Buffer {
    return Buffer.from(this.random.bytes(count));
  }

  uuid(): string {
    return this.random.uuid();
  }
}

/** Another seed for a part of a run, so that the part can be played alone. */
export function seedOf(seed: number, part: number): number {
  return (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(part + 1, 0x85eb_ca6b)) >>> 0;
}
