/**
 * Inclusive integer ranges and string sets (spec scheduler-api, section 20, rules 2 and 3). Results
 * are sorted and coalesced: overlapping and adjacent ranges become one.
 */
import type { ValueRange } from '../wire/types/mesos.v1.ts';

export type Ranges = readonly ValueRange[];

export function isCoalesced(ranges: Ranges): boolean {
  for (let at = 1; at < ranges.length; at += 1) {
    const [before, range] = [ranges[at - 1], ranges[at]];
    if (before !== undefined && range !== undefined && range.begin <= before.end + 1) return false;
  }
  return true;
}

export function coalesce(ranges: Ranges): Ranges {
  if (isCoalesced(ranges)) return ranges;
  const sorted = [...ranges].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const merged: ValueRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.begin > last.end + 1) merged.push(range);
    else if (range.end > last.end)
      merged[merged.length - 1] = { begin: last.begin, end: range.end };
  }
  return merged;
}

export function addRanges(left: Ranges, right: Ranges): Ranges {
  return coalesce([...left, ...right]);
}

/** What is in `left` and not in `right`; both in any order. */
export function subtractRanges(left: Ranges, right: Ranges): Ranges {
  const taken = coalesce(right);
  const rest: ValueRange[] = [];
  let first = 0;
  for (const range of coalesce(left)) {
    let begin = range.begin;
    while (first < taken.length && (taken[first]?.end ?? 0) < begin) first += 1;
    for (let at = first; at < taken.length; at += 1) {
      const hole = taken[at];
      if (hole === undefined || hole.begin > range.end) break;
      if (hole.begin > begin) rest.push({ begin, end: hole.begin - 1 });
      begin = Math.max(begin, hole.end + 1);
    }
    if (begin <= range.end) rest.push({ begin, end: range.end });
  }
  return rest;
}

/** Whether each range of `inner` lies within one of `outer`. */
export function containsRanges(outer: Ranges, inner: Ranges): boolean {
  const around = coalesce(outer);
  return coalesce(inner).every((range) =>
    around.some((each) => each.begin <= range.begin && each.end >= range.end),
  );
}

export function equalRanges(left: Ranges, right: Ranges): boolean {
  const [a, b] = [coalesce(left), coalesce(right)];
  if (a.length !== b.length) return false;
  return a.every((range, at) => range.begin === b[at]?.begin && range.end === b[at]?.end);
}

/** Number of integers covered. */
export function countRanges(ranges: Ranges): number {
  let count = 0;
  for (const range of coalesce(ranges)) count += range.end - range.begin + 1;
  return count;
}

/** `[31000-32000, 40000-40010]`. */
export function formatRanges(ranges: Ranges): string {
  return `[${ranges.map((range) => `${range.begin}-${range.end}`).join(', ')}]`;
}

export type Items = readonly string[];

export function addItems(left: Items, right: Items): Items {
  return [...new Set([...left, ...right])];
}

export function subtractItems(left: Items, right: Items): Items {
  const taken = new Set(right);
  return left.filter((item) => !taken.has(item));
}

export function containsItems(outer: Items, inner: Items): boolean {
  const around = new Set(outer);
  return inner.every((item) => around.has(item));
}

export function equalItems(left: Items, right: Items): boolean {
  return left.length === right.length && containsItems(left, right);
}

/** `{a, b}`. */
export function formatItems(items: Items): string {
  return `{${items.join(', ')}}`;
}
