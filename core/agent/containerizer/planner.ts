/** Puts the parts of all isolators together to one plan for a container (README.md). */
import { ok, type Result } from '../../base/result.ts';
import { namespacePathOf } from './cni/network-plan.ts';
import type { IsolatedContainer, Isolator } from './isolator.ts';
import {
  type CgroupPlan,
  type FileWrite,
  type IsolationPlan,
  isPlanEmpty,
  type NamespacePlan,
  type PlanPart,
  type WatchPlan,
} from './plan.ts';

export interface PlannedContainer {
  /** Undefined: nothing isolates it, it is a plain process. */
  readonly plan: IsolationPlan | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

export class IsolationPlanner {
  private readonly isolators: readonly Isolator[];

  constructor(isolators: readonly Isolator[]) {
    this.isolators = isolators;
  }

  get names(): readonly string[] {
    return this.isolators.map(({ name }) => name);
  }

  plan(container: IsolatedContainer): Result<PlannedContainer> {
    const parts: PlanPart[] = [];
    for (const isolator of this.isolators) {
      const part = isolator.prepare(container);
      if (!part.ok) return part;
      parts.push(part.value);
    }
    const plan = merge(parts);
    const environment = Object.assign({}, ...parts.map((part) => part.environment ?? {}));
    return ok({ plan: isPlanEmpty(plan) ? undefined : plan, environment });
  }

  update(container: Pick<IsolatedContainer, 'id' | 'sandbox' | 'resources'>): {
    readonly writes: readonly FileWrite[];
    readonly watches: readonly WatchPlan[];
  } {
    const { id, resources } = container;
    const writes = this.isolators.flatMap((each) => each.update?.(id, resources) ?? []);
    const watches = this.isolators.flatMap((each) => each.watches?.(container) ?? []);
    return { writes, watches };
  }
}

function merge(parts: readonly PlanPart[]): IsolationPlan {
  const lastOf = <Key extends keyof PlanPart>(key: Key): PlanPart[Key] | undefined =>
    parts.findLast((part) => part[key] !== undefined)?.[key];
  const kill = lastOf('kill');
  const capabilities = lastOf('capabilities');
  const oomScoreAdjust = lastOf('oomScoreAdjust');
  const namespaces = namespacesOf(parts);
  const network = lastOf('network');
  return {
    cgroups: mergeCgroups(parts.flatMap((part) => part.cgroups ?? [])),
    ...(kill === undefined ? {} : { kill }),
    ...(oomScoreAdjust === undefined ? {} : { oomScoreAdjust }),
    rlimits: parts.flatMap((part) => part.rlimits ?? []),
    ...(capabilities === undefined ? {} : { capabilities }),
    noNewPrivileges: parts.some((part) => part.noNewPrivileges === true),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(network === undefined ? {} : { network }),
    watches: parts.flatMap((part) => part.watches ?? []),
  };
}

/** Several controllers of version 2 share one directory; it is made and joined once. */
function mergeCgroups(all: readonly CgroupPlan[]): readonly CgroupPlan[] {
  const byPath = new Map<string, CgroupPlan>();
  for (const cgroup of all) {
    const known = byPath.get(cgroup.path);
    if (known === undefined) {
      byPath.set(cgroup.path, cgroup);
      continue;
    }
    byPath.set(cgroup.path, {
      ...known,
      isJoined: known.isJoined || cgroup.isJoined,
      writes: [...known.writes, ...cgroup.writes],
    });
  }
  return [...byPath.values()];
}

function namespacesOf(parts: readonly PlanPart[]): NamespacePlan | undefined {
  const kinds = [...new Set(parts.flatMap((part) => part.namespaces ?? []))];
  if (kinds.length === 0) return undefined;
  const network = parts.findLast((part) => part.network !== undefined)?.network;
  return {
    kinds,
    setup: parts.flatMap((part) => part.setup ?? []),
    ...(network === undefined ? {} : { network: namespacePathOf(network.directory) }),
  };
}
