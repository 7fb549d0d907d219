/**
 * Who is next: clients (roles, or frameworks of one role) in a tree by `/` path, ordered by their
 * dominant share over weight, or at random (spec allocator, section 5).
 *
 * A path that is a client and has descendants competes with them as its virtual leaf `.`. Orders
 * are kept and repaired where something changed, since one run asks once for each agent.
 */
import { assert } from '../base/assert.ts';
import type { AgentId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import { equalResource, isShared } from '../resources/kinds.ts';
import { addQuantity } from '../resources/quantities.ts';
import { type Milli, toMilli } from '../resources/scalar.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';
import { compareNodes, flatten, randomOrder, repairOrder, SorterNode } from './sorter-node.ts';
import type { SorterKind } from './types.ts';

/** Scalar amounts of the whole cluster, shared by all sorters of one allocator. */
export class ClusterTotals {
  readonly quantities = new Map<string, Milli>();
  /** Rises with every change, so that sorters know when all shares are stale. */
  version = 0;

  change(resources: readonly Resource[], sign: 1 | -1): void {
    for (const { name, type, scalar } of resources) {
      if (type === 'SCALAR') addQuantity(this.quantities, name, sign * toMilli(scalar?.value ?? 0));
    }
    this.version += 1;
  }
}

export interface SorterOptions {
  readonly kind: SorterKind;
  readonly totals: ClusterTotals;
  readonly random: Random;
  readonly excludedNames: readonly string[];
}

export class Sorter {
  private readonly options: SorterOptions;
  private readonly root = new SorterNode('', '', undefined);
  private readonly clients = new Map<string, SorterNode>();
  private readonly weights = new Map<string, number>();
  private readonly excluded: ReadonlySet<string>;
  private sorted: readonly string[] = [];
  private isStale = true;
  private seenVersion = -1;

  constructor(options: SorterOptions) {
    this.options = options;
    this.excluded = new Set(options.excludedNames);
  }

  get count(): number {
    return this.clients.size;
  }

  contains(client: string): boolean {
    return this.clients.has(client);
  }

  /** New clients are inactive. */
  add(client: string): void {
    assert(!this.clients.has(client), `sorter client ${client} is added twice`);
    let node = this.root;
    for (const name of client.split('/')) {
      if (node !== this.root && node.client !== undefined) this.split(node);
      node = node.child(name) ?? this.addChild(node, name);
    }
    const leaf = node.children.length === 0 ? node : this.addChild(node, '.');
    leaf.client = client;
    this.clients.set(client, leaf);
    this.touch(leaf);
  }

  /** The client must hold nothing any more. */
  remove(client: string): void {
    const leaf = this.leafOf(client);
    this.clients.delete(client);
    leaf.client = undefined;
    leaf.isActive = false;
    for (let node = leaf; node.parent !== undefined; ) {
      const parent: SorterNode = node.parent;
      if (node.children.length > 0) break;
      parent.removeChild(node);
      this.join(parent);
      if (parent.client !== undefined) break;
      node = parent;
    }
    this.isStale = true;
  }

  activate(client: string): void {
    this.setActive(client, true);
  }

  deactivate(client: string): void {
    this.setActive(client, false);
  }

  /** May name a path that is no client yet. */
  updateWeight(path: string, weight: number): void {
    if (weight === 1) this.weights.delete(path);
    else this.weights.set(path, weight);
    this.seenVersion = -1;
  }

  weightOf(path: string): number {
    return this.weights.get(path) ?? 1;
  }

  allocated(client: string, agentId: AgentId, resources: readonly Resource[]): void {
    const leaf = this.leafOf(client);
    for (let node: SorterNode | undefined = leaf; node?.parent; node = node.parent) {
      node.allocationCount += 1;
      this.change(node, agentId, resources, 1);
    }
    this.touch(leaf);
  }

  unallocated(client: string, agentId: AgentId, resources: readonly Resource[]): void {
    const leaf = this.leafOf(client);
    for (let node: SorterNode | undefined = leaf; node?.parent; node = node.parent) {
      this.change(node, agentId, resources, -1);
    }
    this.touch(leaf);
  }

  /** The dominant share over weight of a client; of the whole subtree when it has descendants. */
  shareOf(client: string): number {
    const leaf = this.leafOf(client);
    const node = leaf.name === '.' && leaf.parent !== undefined ? leaf.parent : leaf;
    return this.shareOfNode(node);
  }

  /** Active clients, the one to serve first in front. Valid until the next call. */
  sort(): readonly string[] {
    if (this.options.kind === 'random') {
      return randomOrder(this.root, this.options.random, (path) => this.weightOf(path));
    }
    if (this.seenVersion !== this.options.totals.version) {
      this.seenVersion = this.options.totals.version;
      this.refreshAll(this.root);
      this.isStale = true;
    }
    if (!this.isStale) return this.sorted;
    repairOrder(this.root);
    this.sorted = flatten(this.root);
    this.isStale = false;
    return this.sorted;
  }

  private leafOf(client: string): SorterNode {
    const leaf = this.clients.get(client);
    assert(leaf !== undefined, `sorter has no client ${client}`);
    return leaf;
  }

  private setActive(client: string, isActive: boolean): void {
    const leaf = this.leafOf(client);
    if (leaf.isActive === isActive) return;
    leaf.isActive = isActive;
    this.touch(leaf);
  }

  private addChild(parent: SorterNode, name: string): SorterNode {
    const path = parent === this.root ? name : `${parent.path}/${name}`;
    const node = new SorterNode(name, path, parent);
    parent.addChild(node);
    return node;
  }

  /** A client gets descendants: what it was becomes its virtual leaf. */
  private split(node: SorterNode): void {
    const leaf = this.addChild(node, '.');
    leaf.takeOver(node);
    node.client = undefined;
    node.isActive = false;
    if (leaf.client !== undefined) this.clients.set(leaf.client, leaf);
    this.touch(leaf);
  }

  /** The last descendant is gone: the virtual leaf becomes the client itself again. */
  private join(node: SorterNode): void {
    const [only] = node.children;
    if (node.children.length !== 1 || only === undefined || only.name !== '.') return;
    node.client = only.client;
    node.isActive = only.isActive;
    node.removeChild(only);
    if (node.client !== undefined) this.clients.set(node.client, node);
    this.touch(node);
  }

  private change(
    node: SorterNode,
    agentId: AgentId,
    resources: readonly Resource[],
    sign: 1 | -1,
  ): void {
    for (const resource of resources) {
      if (resource.type !== 'SCALAR') continue;
      if (isShared(resource) && !this.isFirstOrLastCopy(node, agentId, resource, sign)) continue;
      addQuantity(node.allocated, resource.name, sign * toMilli(resource.scalar?.value ?? 0));
    }
  }

  /** A shared volume counts once on its agent, however many copies are in use. */
  private isFirstOrLastCopy(
    node: SorterNode,
    agentId: AgentId,
    resource: Resource,
    sign: 1 | -1,
  ): boolean {
    const copies = node.sharedCopies.get(agentId) ?? [];
    const had = copies.some((copy) => equalResource(copy, resource));
    if (sign === 1) {
      node.sharedCopies.set(agentId, [...copies, resource]);
      return !had;
    }
    const at = copies.findIndex((copy) => equalResource(copy, resource));
    const rest = at === -1 ? copies : copies.toSpliced(at, 1);
    if (rest.length === 0) node.sharedCopies.delete(agentId);
    else node.sharedCopies.set(agentId, rest);
    return had && !rest.some((copy) => equalResource(copy, resource));
  }

  /** Marks the leaf and its ancestors as out of place. */
  private touch(leaf: SorterNode): void {
    this.isStale = true;
    for (let node: SorterNode = leaf; node.parent !== undefined; node = node.parent) {
      node.share = this.shareOfNode(node);
      node.parent.moved.add(node);
    }
  }

  private refreshAll(node: SorterNode): void {
    for (const child of node.children) {
      child.share = this.shareOfNode(child);
      this.refreshAll(child);
    }
    node.children.sort(compareNodes);
    node.moved.clear();
  }

  private shareOfNode(node: SorterNode): number {
    let share = 0;
    for (const [name, milli] of node.allocated) {
      const total = this.options.totals.quantities.get(name) ?? 0;
      if (total > 0 && !this.excluded.has(name)) share = Math.max(share, milli / total);
    }
    return share / this.weightOf(node.path);
  }
}
