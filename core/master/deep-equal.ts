/** Structural equality of wire messages; an absent field equals one set to `undefined`. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  for (const key of Object.keys(a)) if (!deepEqual(a[key], own(b, key))) return false;
  // What only `b` has must be undefined.
  for (const key of Object.keys(b)) {
    if (b[key] !== undefined && own(a, key) === undefined) return false;
  }
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Never what the prototype has: keys of maps on the wire may have any name. */
function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
