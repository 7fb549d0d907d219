/**
 * Positions of jobs for a picture of the graph: layers from left to right by the longest way from a
 * job without parents, within a layer in the order of the neighbours' middles. Pure.
 */
import type { ChronosState } from './state.ts';
import { parentsOf } from './state.ts';

/** Jobs in one picture; the rest is counted. */
export const PICTURE_JOBS_MAX = 300;
const SWEEPS = 4;

export interface PlacedJob {
  readonly name: string;
  /** From the left, from 0. */
  readonly layer: number;
  /** From the top, from 0. */
  readonly row: number;
}

export interface GraphPicture {
  readonly jobs: readonly PlacedJob[];
  readonly links: readonly { readonly parent: string; readonly child: string }[];
  /** Jobs that belong here and are not shown. */
  readonly omittedCount: number;
}

/** Of everything that has parents or children, or of one job with its ancestors and descendants. */
export function drawGraph(state: ChronosState, around: string | undefined): GraphPicture {
  const wanted = around === undefined ? linkedJobs(state) : relatives(state, around);
  const shown = new Set(wanted.slice(0, PICTURE_JOBS_MAX));
  const links = [...shown].flatMap((child) => {
    const entry = state.job(child);
    const parents = entry === undefined ? [] : parentsOf(entry.job);
    return parents.filter((parent) => shown.has(parent)).map((parent) => ({ parent, child }));
  });
  const layers = arrange(layersOf([...shown], links), links);
  return {
    jobs: layers.flatMap((names, layer) => names.map((name, row) => ({ name, layer, row }))),
    links,
    omittedCount: wanted.length - shown.size,
  };
}

function linkedJobs(state: ChronosState): readonly string[] {
  return [...state.shownJobs()]
    .filter(({ job }) => parentsOf(job).length > 0 || state.children(job.name).length > 0)
    .map(({ job }) => job.name);
}

/** The job first, then the nearest. */
function relatives(state: ChronosState, name: string): readonly string[] {
  const up = reach(name, (at) => {
    const entry = state.job(at);
    return entry === undefined ? [] : parentsOf(entry.job);
  });
  const down = reach(name, (at) => state.children(at));
  const found: string[] = [];
  for (let step = 0; step < Math.max(up.length, down.length); step += 1) {
    found.push(...(up[step] ?? []), ...(down[step] ?? []));
  }
  return [...new Set(found)];
}

/** Names by their distance. */
function reach(name: string, next: (name: string) => readonly string[]): readonly string[][] {
  const seen = new Set([name]);
  const steps = [[name]];
  for (let last = steps.at(-1) ?? []; last.length > 0; last = steps.at(-1) ?? []) {
    const found = new Set(last.flatMap((each) => next(each)).filter((each) => !seen.has(each)));
    for (const each of found) seen.add(each);
    steps.push([...found]);
  }
  return steps;
}

type Link = GraphPicture['links'][number];

function layersOf(names: readonly string[], links: readonly Link[]): string[][] {
  const children = groupBy(links, 'parent', 'child');
  const open = new Map(names.map((name) => [name, 0]));
  for (const { child } of links) open.set(child, (open.get(child) ?? 0) + 1);
  const layerOf = new Map<string, number>();
  const ready = names.filter((name) => open.get(name) === 0);
  for (const name of ready) {
    const layer = layerOf.get(name) ?? 0;
    layerOf.set(name, layer);
    for (const child of children.get(name) ?? []) {
      layerOf.set(child, Math.max(layerOf.get(child) ?? 0, layer + 1));
      const left = (open.get(child) ?? 0) - 1;
      open.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  const layers: string[][] = [];
  for (const name of names) {
    const layer = layerOf.get(name) ?? 0;
    while (layers.length <= layer) layers.push([]);
    layers[layer]?.push(name);
  }
  return layers;
}

/** Sweeps right and left, each time ordering a layer by where its neighbours are. */
function arrange(layers: string[][], links: readonly Link[]): string[][] {
  const parents = groupBy(links, 'child', 'parent');
  const children = groupBy(links, 'parent', 'child');
  let arranged = layers;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isRight = sweep % 2 === 0;
    const rowOf = new Map(arranged.flatMap((names) => names.map((name, row) => [name, row])));
    const sorted = [...arranged];
    const order = [...sorted.keys()];
    for (const index of isRight ? order : order.reverse()) {
      const near = isRight ? parents : children;
      const middle = new Map(
        (sorted[index] ?? []).map((name) => [name, middleOf(near.get(name) ?? [], rowOf, name)]),
      );
      sorted[index] = [...(sorted[index] ?? [])].sort(
        (a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0),
      );
      for (const [row, name] of (sorted[index] ?? []).entries()) rowOf.set(name, row);
    }
    arranged = sorted;
  }
  return arranged;
}

function middleOf(
  near: readonly string[],
  rowOf: ReadonlyMap<string, number>,
  name: string,
): number {
  if (near.length === 0) return rowOf.get(name) ?? 0;
  return near.reduce((sum, each) => sum + (rowOf.get(each) ?? 0), 0) / near.length;
}

function groupBy(
  links: readonly Link[],
  key: 'parent' | 'child',
  value: 'parent' | 'child',
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const link of links) {
    const group = groups.get(link[key]) ?? [];
    groups.set(link[key], group);
    group.push(link[value]);
  }
  return groups;
}
