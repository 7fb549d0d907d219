/** Puts the parts of all isolators together to one plan for a container (README.md). */
import { ok } from '../../base/result.ts';
import { namespacePathOf } from './cni/network-plan.ts';
import { type IsolatedContainer, type Isolator, isNested } from './isolator.ts';
import {
  type CgroupPlan,
  type FileWrite,
  type IsolationPlan,
  isPlanEmpty,
  type NamespacePlan,
  type PlannedCommand,
  type PlanPart,
  type WatchPlan,
} from './plan.ts';

export interface PlannedContainer {
  /** Undefined: nothing isolates it, it is a plain process. */
  readonly plan: IsolationPlan | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Instead of the container's own. */
  readonly command?: PlannedCommand;
}

export type Planned =
  | { readonly ok: true; readonly value: PlannedContainer }
  /** `refusedBy`: name of the isolator. */
  | { readonly ok: false; readonly error: string; readonly refusedBy: string };

export class IsolationPlanner {
  private readonly isolators: readonly Isolator[];

  constructor(isolators: readonly Isolator[]) {
    this.isolators = isolators;
  }

  get names(): readonly string[] {
    return this.isolators.map(({ name }) => name);
  }

  plan(container: IsolatedContainer): Planned {
    const parts: PlanPart[] = [];
    for (const isolator of this.isolators) {
      const part = isolator.prepare(container);
      if (!part.ok) return { ...part, refusedBy: isolator.name };
      parts.push(part.value);
    }
    const plan = merge(parts, isNested(container.id));
    const environment = Object.assign({}, ...parts.map((part) => part.environment ?? {}));
    const command = parts.findLast((part) => part.command !== undefined)?.command;
    return ok({
      plan: isPlanEmpty(plan) ? undefined : plan,
      environment,
      ...(command === undefined ? {} : { command }),
    });
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

function merge(parts: readonly PlanPart[], isTask: boolean): IsolationPlan {
  const lastOf = <Key extends keyof PlanPart>(key: Key): PlanPart[Key] | undefined =>
    parts.findLast((part) => part[key] !== undefined)?.[key];
  const kill = lastOf('kill');
  const capabilities = lastOf('capabilities');
  const oomScoreAdjust = lastOf('oomScoreAdjust');
  const namespaces = namespacesOf(parts, isTask);
  const network = lastOf('network');
  const dockerVolumes = lastOf('dockerVolumes');
  return {
    cgroups: mergeCgroups(parts.flatMap((part) => part.cgroups ?? [])),
    ...(kill === undefined ? {} : { kill }),
    ...(oomScoreAdjust === undefined ? {} : { oomScoreAdjust }),
    rlimits: parts.flatMap((part) => part.rlimits ?? []),
    ...(capabilities === undefined ? {} : { capabilities }),
    noNewPrivileges: parts.some((part) => part.noNewPrivileges === true),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(network === undefined ? {} : { network }),
    ...(dockerVolumes === undefined ? {} : { dockerVolumes }),
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

/** A task that has something mounted gets a mount namespace of its own for that. */
function namespacesOf(parts: readonly PlanPart[], isTask: boolean): NamespacePlan | undefined {
  const kinds = [...new Set(parts.flatMap((part) => part.namespaces ?? []))];
  if (kinds.length === 0) return undefined;
  const setup = parts.flatMap((part) => part.setup ?? []);
  const own = parts.flatMap((part) => part.ownNamespaces ?? []);
  const rootfs = parts.findLast((part) => part.rootfs !== undefined)?.rootfs;
  const directory = parts.findLast(({ workingDirectory }) => workingDirectory !== undefined);
  const network = parts.findLast((part) => part.network !== undefined)?.network;
  const variables = Object.assign({}, ...parts.map((part) => part.setupVariables ?? {}));
  const sharedTrees = parts.findLast((part) => part.sharedTrees !== undefined)?.sharedTrees;
  return {
    kinds,
    setup,
    ...(Object.keys(variables).length === 0 ? {} : { setupVariables: variables }),
    ...(sharedTrees === undefined ? {} : { sharedTrees }),
    ...(network === undefined ? {} : { network: namespacePathOf(network.directory) }),
    ...(isTask && setup.length + own.length > 0 ? { isOwn: true } : {}),
    ...(own.length > 0 ? { own } : {}),
    ...(rootfs === undefined ? {} : { rootfs }),
    ...(directory?.workingDirectory === undefined
      ? {}
      : { workingDirectory: directory.workingDirectory }),
  };
}
