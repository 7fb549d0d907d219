/** Whether two JSON-like values say the same: member order and absent members do not matter. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((each, index) => sameValue(each, b[index]));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = present(a);
  const right = present(b);
  if (left.size !== right.size) return false;
  for (const [name, value] of left) {
    if (!right.has(name) || !sameValue(value, right.get(name))) return false;
  }
  return true;
}

function present(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
}
