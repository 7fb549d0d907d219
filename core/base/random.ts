/** The only source of randomness; the simulator passes a seeded one. */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** A version 4 UUID in its 36 character text form. */
  uuid(): string;
  bytes(count: number): Uint8Array;
}

/** So many are asked of the system at once: asking costs more than the bytes. */
const POOL_BYTES = 4_096;

export class SystemRandom implements Random {
  private pool = new Uint8Array();
  private usedCount = 0;

  float(): number {
    return Math.random();
  }

  uuid(): string {
    return randomUUID();
  }

  bytes(count: number): Uint8Array {
    if (count > POOL_BYTES) return randomBytes(count);
    if (this.usedCount + count > this.pool.length) {
      this.pool = new Uint8Array(randomBytes(POOL_BYTES));
      this.usedCount = 0;
    }
    const start = this.usedCount;
    this.usedCount += count;
    return this.pool.slice(start, start + count);
  }
}

/** Deterministic generator (mulberry32) for simulations and property tests. */
export class SeededRandom implements Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  float(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.float() * 256));
  }

  uuid(): string {
    return uuidFromBytes(this.bytes(16));
  }
}

/** Makes 16 bytes a version 4 UUID text. */
export function uuidFromBytes(bytes: Uint8Array): string {
  const copy = Uint8Array.from(bytes);
  copy[6] = ((copy[6] ?? 0) & 0x0f) | 0x40;
  copy[8] = ((copy[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(copy);
}

/** The text form of exactly 16 bytes. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  const [first, second] = [hex.slice(0, 8), hex.slice(8, 12)];
  return `${first}-${second}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The 16 bytes of a UUID text. */
export function parseUuid(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** An integer in [0, bound). */
export function randomInteger(random: Random, bound: number): number {
  return Math.floor(random.float() * bound);
}

/** A shuffled copy. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = randomInteger(random, at + 1);
    const [a, b] = [copy[at], copy[other]];
    if (a === undefined || b === undefined) continue;
    copy[at] = b;
    copy[other] = a;
  }
  return copy;
}
