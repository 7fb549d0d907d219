/** What several offers of one agent add up to, as a text that does not depend on the cut. */
import { at, listAt, numberAt } from './json.ts';

/** Scalars add in thousandths, port ranges join; reservations and volumes stay apart. */
export function totalOf(offers: readonly unknown[]): string {
  const scalars = new Map<string, number>();
  const ranges = new Map<string, [number, number][]>();
  for (const resource of offers.flatMap((offer) => listAt(offer, 'resources'))) {
    const kind = { ...Object(resource) };
    for (const key of ['scalar', 'ranges', 'type']) Reflect.deleteProperty(kind, key);
    const key = JSON.stringify(sortedKeys(kind));
    const amount = at(resource, 'scalar', 'value');
    if (typeof amount === 'number') {
      scalars.set(key, (scalars.get(key) ?? 0) + Math.round(amount * 1_000));
      continue;
    }
    const list = ranges.get(key) ?? [];
    for (const range of listAt(resource, 'ranges', 'range')) {
      list.push([numberAt(range, 'begin'), numberAt(range, 'end')]);
    }
    ranges.set(key, list);
  }
  return [
    ...[...scalars].map(([key, value]) => `${key}:${value / 1_000}`),
    ...[...ranges].map(([key, list]) => `${key}:${JSON.stringify(joined(list))}`),
  ]
    .sort()
    .join('\n');
}

function joined(ranges: readonly [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [begin, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last !== undefined && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
    else result.push([begin, end]);
  }
  return result;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
