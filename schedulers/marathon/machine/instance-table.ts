/** All instances, indexed by app or pod; `put` and `remove` keep the indexes in step. */
import { assert } from '../../../core/base/assert.ts';
import { type Instance, type InstanceId, instanceIdOf, NEXT } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';

const NONE: ReadonlyMap<InstanceId, Instance> = new Map();

export class InstanceTable {
  private readonly byId = new Map<InstanceId, Instance>();
  private readonly bySpec = new Map<PathId, Map<InstanceId, Instance>>();
  /** Instances waiting for an offer; apps and pods without such are absent. */
  private readonly waiting = new Map<PathId, Map<InstanceId, Instance>>();
  private readonly lost = new Map<InstanceId, Instance>();

  get(id: InstanceId): Instance | undefined {
    return this.byId.get(id);
  }

  /** By any text, as labels and requests have it. */
  find(text: string): Instance | undefined {
    const id = instanceIdOf(text);
    return id === undefined ? undefined : this.byId.get(id);
  }

  of(id: PathId): readonly Instance[] {
    return [...(this.bySpec.get(id) ?? NONE).values()];
  }

  countOf(id: PathId): number {
    return this.bySpec.get(id)?.size ?? 0;
  }

  all(): Iterable<Instance> {
    return this.byId.values();
  }

  get size(): number {
    return this.byId.size;
  }

  specIds(): Iterable<PathId> {
    return this.bySpec.keys();
  }

  /** What has instances waiting for an offer, longest known first. */
  specsWaiting(): readonly PathId[] {
    return [...this.waiting.keys()];
  }

  waitingOf(id: PathId): ReadonlyMap<InstanceId, Instance> {
    return this.waiting.get(id) ?? NONE;
  }

  /** Those on agents that are lost from sight. */
  unreachable(): readonly Instance[] {
    return [...this.lost.values()];
  }

  put(instance: Instance): void {
    const before = this.byId.get(instance.id);
    if (before !== undefined && before.condition !== instance.condition) {
      assert(
        NEXT[before.condition].includes(instance.condition),
        `instance ${instance.id} cannot go from ${before.condition} to ${instance.condition}`,
      );
    }
    this.byId.set(instance.id, instance);
    enter(this.bySpec, instance);
    if (isLost(instance)) this.lost.set(instance.id, instance);
    else this.lost.delete(instance.id);
    if (instance.condition === 'Scheduled' && instance.goal === 'Running') {
      enter(this.waiting, instance);
    } else {
      leave(this.waiting, instance);
    }
  }

  remove(id: InstanceId): void {
    const instance = this.byId.get(id);
    if (instance === undefined) return;
    this.byId.delete(id);
    this.lost.delete(id);
    leave(this.bySpec, instance);
    leave(this.waiting, instance);
  }
}

function isLost({ condition }: Instance): boolean {
  return condition === 'Unreachable' || condition === 'UnreachableInactive';
}

function enter(index: Map<PathId, Map<InstanceId, Instance>>, instance: Instance): void {
  const group = index.get(instance.spec.id);
  if (group === undefined) index.set(instance.spec.id, new Map([[instance.id, instance]]));
  else group.set(instance.id, instance);
}

function leave(index: Map<PathId, Map<InstanceId, Instance>>, instance: Instance): void {
  const group = index.get(instance.spec.id);
  group?.delete(instance.id);
  if (group?.size === 0) index.delete(instance.spec.id);
}
