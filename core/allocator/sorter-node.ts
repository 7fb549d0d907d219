/** Nodes of a sorter's tree and the two orders of their leaves (spec allocator, section 5). */
import type { AgentId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Milli } from '../resources/scalar.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';

/** Above this many displaced children a full sort is cheaper than single moves. */
const MOVES_MAX = 16;

export class SorterNode {
  readonly name: string;
  readonly path: string;
  readonly parent: SorterNode | undefined;
  /** Set for leaves: the client's own path (for a virtual leaf that of its parent). */
  client: string | undefined;
  isActive = false;
  share = 0;
  allocationCount = 0;
  /** Of the whole subtree. */
  readonly allocated = new Map<string, Milli>();
  readonly sharedCopies = new Map<AgentId, readonly Resource[]>();
  /** In order, except for those in `moved`. */
  children: SorterNode[] = [];
  readonly moved = new Set<SorterNode>();
  private readonly byName = new Map<string, SorterNode>();

  constructor(name: string, path: string, parent: SorterNode | undefined) {
    this.name = name;
    this.path = path;
    this.parent = parent;
  }

  child(name: string): SorterNode | undefined {
    return this.byName.get(name);
  }

  addChild(node: SorterNode): void {
    this.byName.set(node.name, node);
    this.children.push(node);
    this.moved.add(node);
  }

  removeChild(node: SorterNode): void {
    this.byName.delete(node.name);
    this.moved.delete(node);
    this.children.splice(this.children.indexOf(node), 1);
  }

  takeOver(node: SorterNode): void {
    this.client = node.client;
    this.isActive = node.isActive;
    this.allocationCount = node.allocationCount;
    for (const [name, milli] of node.allocated) this.allocated.set(name, milli);
    for (const [agentId, copies] of node.sharedCopies) this.sharedCopies.set(agentId, copies);
  }
}

/** Share, then number of allocations so far, then path; inactive leaves last. */
export function compareNodes(a: SorterNode, b: SorterNode): number {
  const isIdleA = a.client !== undefined && !a.isActive;
  const isIdleB = b.client !== undefined && !b.isActive;
  if (isIdleA !== isIdleB) return isIdleA ? 1 : -1;
  if (a.share !== b.share) return a.share - b.share;
  if (a.allocationCount !== b.allocationCount) return a.allocationCount - b.allocationCount;
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}

/** Puts displaced children into place, in the whole tree. */
export function repairOrder(node: SorterNode): void {
  if (node.moved.size === 0) return;
  const moved = [...node.moved];
  node.moved.clear();
  const [only] = moved;
  if (moved.length === 1 && only !== undefined) {
    moveOnly(node.children, only);
  } else if (moved.length > MOVES_MAX) {
    node.children.sort(compareNodes);
  } else {
    for (const child of moved) node.children.splice(node.children.indexOf(child), 1);
    for (const child of moved) node.children.splice(placeOf(node.children, child), 0, child);
  }
  for (const child of moved) repairOrder(child);
}

/** Active clients, depth first. */
export function flatten(root: SorterNode): readonly string[] {
  const clients: string[] = [];
  collect(root, clients);
  return clients;
}

/**
 * A weighted random permutation: each leaf gets the key u^(1/w), with w the product of its relative
 * weights along the path among siblings that have something active.
 */
export function randomOrder(
  root: SorterNode,
  random: Random,
  weightOf: (path: string) => number,
): readonly string[] {
  const keyed: { readonly client: string; readonly key: number }[] = [];
  const visit = (node: SorterNode, weight: number): void => {
    if (node.client !== undefined && node.isActive) {
      keyed.push({ client: node.client, key: random.float() ** (1 / weight) });
    }
    const active = node.children.filter(hasActiveLeaf);
    const sum = active.reduce((total, child) => total + weightOf(child.path), 0);
    for (const child of active) visit(child, (weight * weightOf(child.path)) / sum);
  };
  visit(root, 1);
  keyed.sort((a, b) => b.key - a.key);
  return keyed.map((each) => each.client);
}

function collect(node: SorterNode, clients: string[]): void {
  for (const child of node.children) {
    if (child.client === undefined) collect(child, clients);
    else if (child.isActive) clients.push(child.client);
  }
}

function hasActiveLeaf(node: SorterNode): boolean {
  if (node.client !== undefined) return node.isActive;
  return node.children.some(hasActiveLeaf);
}

/** All others are in order. Without a copy: one run does this for each agent. */
function moveOnly(children: SorterNode[], child: SorterNode): void {
  let at = children.indexOf(child);
  for (let next = children[at + 1]; next !== undefined; next = children[at + 1]) {
    if (compareNodes(next, child) > 0) break;
    children[at] = next;
    at += 1;
  }
  for (let before = children[at - 1]; before !== undefined; before = children[at - 1]) {
    if (compareNodes(before, child) <= 0) break;
    children[at] = before;
    at -= 1;
  }
  children[at] = child;
}

function placeOf(sorted: readonly SorterNode[], node: SorterNode): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle];
    if (other !== undefined && compareNodes(other, node) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
