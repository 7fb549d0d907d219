/**
 * What is kept by the bytes of a question, found in the message itself: no text is made of it, nothing
 * is copied. A cache: a value whose places are all taken puts out another.
 */
import { HEADER_BYTES } from './wire.ts';

export interface Asked {
  /** Header and question of a message, and perhaps more. */
  readonly message: Uint8Array;
  /** Where its question ends. */
  readonly questionEnd: number;
}

/** Places at first; they are doubled when half of them are taken. */
const PLACES_MIN = 1_024;
/** A value stands in one of so many places; whoever picks names that fall together gains nothing. */
const PLACES_TRIED = 8;

export class QuestionTable<T extends Asked> {
  private readonly placesMax: number;
  private readonly seed: number;
  private hashes = new Int32Array(PLACES_MIN);
  private values: (T | undefined)[] = noValues(PLACES_MIN);
  private count = 0;

  /** `placesMax` is a power of two; the seed makes places nobody can foretell. */
  constructor(placesMax: number, seed: number) {
    this.placesMax = placesMax;
    this.seed = seed;
  }

  get size(): number {
    return this.count;
  }

  /** The value for the question that ends at `end` of a message. */
  find(message: Uint8Array, end: number): T | undefined {
    const hash = this.hash(message, end);
    const at = this.placeOf(hash, message, end);
    return at === undefined ? undefined : this.values[at];
  }

  /** Gives the value that is put out: for the same question, or for another without a place. */
  set(value: T): T | undefined {
    if (this.count * 2 >= this.hashes.length && this.hashes.length < this.placesMax) this.grow();
    return this.put(this.hash(value.message, value.questionEnd), value);
  }

  /** Gives the value that was there. */
  delete(message: Uint8Array, end: number): T | undefined {
    const at = this.placeOf(this.hash(message, end), message, end);
    if (at === undefined) return undefined;
    const value = this.values[at];
    this.values[at] = undefined;
    this.count -= 1;
    return value;
  }

  private put(hash: number, value: T): T | undefined {
    const mask = this.hashes.length - 1;
    const known = this.placeOf(hash, value.message, value.questionEnd);
    let place = known ?? hash & mask;
    for (let tried = 0; known === undefined && tried < PLACES_TRIED; tried += 1) {
      const at = (hash + tried) & mask;
      if (this.values[at] !== undefined) continue;
      place = at;
      break;
    }
    const before = this.values[place];
    if (before === undefined) this.count += 1;
    this.hashes[place] = hash;
    this.values[place] = value;
    return before;
  }

  private grow(): void {
    const [hashes, values] = [this.hashes, this.values];
    this.hashes = new Int32Array(hashes.length * 2);
    this.values = noValues(this.hashes.length);
    this.count = 0;
    for (const [at, value] of values.entries()) {
      if (value !== undefined) this.put(hashes[at] ?? 0, value);
    }
  }

  private placeOf(hash: number, message: Uint8Array, end: number): number | undefined {
    const mask = this.hashes.length - 1;
    for (let tried = 0; tried < PLACES_TRIED; tried += 1) {
      const at = (hash + tried) & mask;
      if (this.hashes[at] !== hash) continue;
      const value = this.values[at];
      if (value !== undefined && asksTheSame(value, message, end)) return at;
    }
    return undefined;
  }

  /** FNV-1a, then mixed: neighbouring names must not take neighbouring places. */
  private hash(message: Uint8Array, end: number): number {
    let hash = this.seed;
    for (let at = HEADER_BYTES; at < end; at += 1) {
      hash = Math.imul(hash ^ (message[at] ?? 0), 0x01000193);
    }
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) | 0;
  }
}

function asksTheSame(value: Asked, message: Uint8Array, end: number): boolean {
  if (value.questionEnd !== end) return false;
  const known = value.message;
  for (let at = HEADER_BYTES; at < end; at += 1) {
    if (known[at] !== message[at]) return false;
  }
  return true;
}

function noValues<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined);
}
