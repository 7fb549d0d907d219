/**
 * Sums and differences of resource lists (spec scheduler-api, section 20). A list is a value: no
 * function changes its arguments. Lists made here are normal: nothing empty, one entry per kind,
 * shared volumes one entry per copy, all in reservation-list form.
 */
import type { Resource } from '../wire/types/mesos.v1.ts';
import { equalResource, isAddable, isEmptyResource, isSubtractable } from './kinds.ts';
import {
  addItems,
  addRanges,
  coalesce,
  containsItems,
  containsRanges,
  isCoalesced,
  subtractItems,
  subtractRanges,
} from './ranges.ts';
import { fromMilli, toMilli } from './scalar.ts';

export type Resources = readonly Resource[];

export const NO_RESOURCES: Resources = [];

export function add(left: Resources, right: Resources): Resources {
  if (left.length === 0) return normalize(right);
  const sum = [...normalize(left)];
  for (const resource of right) addInto(sum, resource);
  return sum;
}

/** One entry per kind, nothing empty, ranges coalesced. Normal lists come back as they are. */
export function normalize(resources: Resources): Resources {
  if (isNormal(resources)) return resources;
  const normal: Resource[] = [];
  for (const resource of resources) addInto(normal, resource);
  return normal;
}

export function sum(lists: Iterable<Resources>): Resources {
  const total: Resource[] = [];
  for (const list of lists) for (const resource of list) addInto(total, resource);
  return total;
}

/**
 * The same sum for lists in which the same objects come again and again, as those of tasks that were read from one message
 * do: each is multiplied instead.
 */
export function sumOfRepeated(lists: Iterable<Resources>): Resources {
  /** How often each came after the first time, which settles its place in the sum. */
  const moreTimes = new Map<Resource, number>();
  const total: Resource[] = [];
  for (const list of lists) {
    for (const resource of list) {
      const count = moreTimes.get(resource);
      if (count !== undefined) {
        moreTimes.set(resource, count + 1);
        continue;
      }
      if (isMultipliable(resource)) moreTimes.set(resource, 0);
      addInto(total, resource);
    }
  }
  for (const [resource, count] of moreTimes) {
    if (count > 0) addInto(total, times(resource, count));
  }
  return total;
}

function isMultipliable(resource: Resource): boolean {
  return resource.type === 'SCALAR' && resource.disk === undefined && resource.shared === undefined;
}

function times(resource: Resource, count: number): Resource {
  if (count === 1) return resource;
  const milli = toMilli(resource.scalar?.value ?? 0) * count;
  return { ...resource, scalar: { value: fromMilli(milli) } };
}

/** What is left of `left`; what `left` does not have is ignored and nothing becomes negative. */
export function subtract(left: Resources, right: Resources): Resources {
  if (right.length === 0) return normalize(left);
  const rest = [...normalize(left)];
  for (const resource of right) subtractFrom(rest, resource);
  return rest;
}

/** The difference, or `undefined` when `left` does not contain `right`. */
export function subtractContained(left: Resources, right: Resources): Resources | undefined {
  const rest = [...normalize(left)];
  for (const resource of right) {
    if (isEmptyResource(resource)) continue;
    const at = rest.findIndex((each) => containsResource(each, resource));
    if (at === -1) return undefined;
    takeAt(rest, at, resource);
  }
  return rest;
}

export function contains(outer: Resources, inner: Resources): boolean {
  if (inner.length === 0) return true;
  return subtractContained(outer, inner) !== undefined;
}

/** Whether both lists hold the same, in any order. */
export function equals(left: Resources, right: Resources): boolean {
  const [a, b] = [normalize(left), [...normalize(right)]];
  if (a.length !== b.length) return false;
  for (const resource of a) {
    const at = b.findIndex((each) => equalResource(each, resource));
    if (at === -1) return false;
    b.splice(at, 1);
  }
  return true;
}

export function isEmpty(resources: Resources): boolean {
  return resources.every(isEmptyResource);
}

function isNormal(resources: Resources): boolean {
  for (let at = 0; at < resources.length; at += 1) {
    const resource = resources[at];
    if (resource === undefined || isEmptyResource(resource)) return false;
    if (resource.type === 'RANGES' && !isCoalesced(resource.ranges?.range ?? [])) return false;
    for (let before = 0; before < at; before += 1) {
      const other = resources[before];
      if (other !== undefined && isAddable(other, resource)) return false;
    }
  }
  return true;
}

function addInto(sum: Resource[], resource: Resource): void {
  if (isEmptyResource(resource)) return;
  for (let at = 0; at < sum.length; at += 1) {
    const entry = sum[at];
    if (entry !== undefined && isAddable(entry, resource)) {
      sum[at] = addAmounts(entry, resource);
      return;
    }
  }
  sum.push(withCoalescedRanges(resource));
}

function subtractFrom(rest: Resource[], resource: Resource): void {
  const at = rest.findIndex((each) => isSubtractable(each, resource));
  if (at !== -1) takeAt(rest, at, resource);
}

function takeAt(rest: Resource[], at: number, resource: Resource): void {
  const entry = rest[at];
  if (entry === undefined) return;
  const left = subtractAmounts(entry, resource);
  if (left !== undefined) {
    rest[at] = left;
    return;
  }
  // The original moves the last entry into the gap; clients see that order in offers.
  const last = rest.pop();
  if (last !== undefined && at < rest.length) rest[at] = last;
}

function containsResource(outer: Resource, inner: Resource): boolean {
  if (!isSubtractable(outer, inner)) return false;
  switch (outer.type) {
    case 'SCALAR':
      return toMilli(inner.scalar?.value ?? 0) <= toMilli(outer.scalar?.value ?? 0);
    case 'RANGES':
      return containsRanges(outer.ranges?.range ?? [], inner.ranges?.range ?? []);
    case 'SET':
      return containsItems(outer.set?.item ?? [], inner.set?.item ?? []);
    default:
      return false;
  }
}

function addAmounts(left: Resource, right: Resource): Resource {
  switch (left.type) {
    case 'SCALAR': {
      const milli = toMilli(left.scalar?.value ?? 0) + toMilli(right.scalar?.value ?? 0);
      return { ...left, scalar: { value: fromMilli(milli) } };
    }
    case 'RANGES': {
      const range = addRanges(left.ranges?.range ?? [], right.ranges?.range ?? []);
      return { ...left, ranges: { range } };
    }
    case 'SET':
      return { ...left, set: { item: addItems(left.set?.item ?? [], right.set?.item ?? []) } };
    default:
      return left;
  }
}

/** `undefined` when nothing is left. Volumes and shared copies go whole: the kinds were equal. */
function subtractAmounts(left: Resource, right: Resource): Resource | undefined {
  switch (left.type) {
    case 'SCALAR': {
      const milli = toMilli(left.scalar?.value ?? 0) - toMilli(right.scalar?.value ?? 0);
      return milli <= 0 ? undefined : { ...left, scalar: { value: fromMilli(milli) } };
    }
    case 'RANGES': {
      const range = subtractRanges(left.ranges?.range ?? [], right.ranges?.range ?? []);
      return range.length === 0 ? undefined : { ...left, ranges: { range } };
    }
    case 'SET': {
      const item = subtractItems(left.set?.item ?? [], right.set?.item ?? []);
      return item.length === 0 ? undefined : { ...left, set: { item } };
    }
    default:
      return undefined;
  }
}

function withCoalescedRanges(resource: Resource): Resource {
  if (resource.type !== 'RANGES') return resource;
  const given = resource.ranges?.range ?? [];
  const range = coalesce(given);
  return range === given ? resource : { ...resource, ranges: { range } };
}
