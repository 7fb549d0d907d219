/** The query of a request target, as the original reads it: `&` or `;` between its parts. */

/** Of parts with the same name the last one counts. Escapes have been checked (`request-target.ts`). */
export function queryIn(url: string): URLSearchParams {
  const query = new URLSearchParams();
  const mark = url.indexOf('?');
  if (mark === -1) return query;
  const given = new URLSearchParams(url.slice(mark + 1).replaceAll(';', '&'));
  for (const [name, value] of given) query.set(name, value);
  return query;
}

/** A number as the original takes it: decimal or `0x`, within its bits; undefined for everything else. */
export function integerIn(text: string | null, bits: 32 | 64 = 32): number | undefined {
  const match = /^([+-]?)(?:(0[xX][0-9a-fA-F]+)|(\d+))$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, sign, hex, decimal = ''] = match;
  if (hex !== undefined && sign === '+') return undefined;
  const size = BigInt(hex ?? decimal);
  const value = sign === '-' ? -size : size;
  return BigInt.asIntN(bits, value) === value ? Number(value) : undefined;
}
