/** Maps of maps whose inner ones come and go with their members. */

export function inner<A, B, C>(outer: Map<A, Map<B, C>>, key: A): Map<B, C> {
  const found = outer.get(key);
  if (found !== undefined) return found;
  const created = new Map<B, C>();
  outer.set(key, created);
  return created;
}

/** The member, and the inner map with its last one. */
export function removeInner<A, B, C>(outer: Map<A, Map<B, C>>, key: A, innerKey: B): void {
  const found = outer.get(key);
  found?.delete(innerKey);
  if (found?.size === 0) outer.delete(key);
}
