/**
 * 64-bit integers that no double holds exactly (beyond 2^53, e.g. nanoseconds since the epoch). The
 * member itself is the nearest number, so that arithmetic goes on as with any other; the digits are
 * kept beside it under a symbol, which object spread carries on. A member that was changed since has
 * other digits than those kept: then the number counts.
 */
import type { Fields } from './unknown-fields.ts';

const EXACT_INTEGERS: unique symbol = Symbol('exact integers');

/** Sets a member of a 64-bit type from its exact value. */
export function setInteger(into: Fields, name: string, value: bigint): void {
  const number = Number(value);
  into[name] = number;
  if (String(number) === String(value)) return;
  const kept = into[EXACT_INTEGERS];
  if (kept instanceof Map) kept.set(name, value);
  else into[EXACT_INTEGERS] = new Map([[name, value]]);
}

/** The digits of an integer member; the shortest that give the number where none were kept. */
export function integerText(message: Fields, name: string, value: number): string {
  const kept = message[EXACT_INTEGERS];
  const exact: unknown = kept instanceof Map ? kept.get(name) : undefined;
  return String(typeof exact === 'bigint' && Number(exact) === value ? exact : value);
}
