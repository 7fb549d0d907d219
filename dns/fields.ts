/** Careful reading of JSON of unknown shape: absent, null and wrong types are all "not there". */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  // The narrowing of `object` to an indexable record is safe for reading.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) {
    return Number(value);
  }
  return undefined;
}

/** Follows names through nested objects. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  let current = value;
  for (const name of names) current = fieldsOf(current)[name];
  return current;
}
