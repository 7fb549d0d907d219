/**
 * From two trees to the steps that lead from one to the other (spec marathon-behaviour, section 2).
 * Pure. Dependencies come first: an app is started after everything it depends on.
 */
import type { Change, TreeChanges } from './change.ts';
import { sameValue } from './equality.ts';
import { ancestorsOf, isBelow, type PathId } from './path-id.ts';
import { type Group, type Root, specsBelow } from './root.ts';
import { isPod, namedDependenciesOf, type RunSpec } from './run-spec.ts';
import type { Version } from './timestamp.ts';
import { differenceOf } from './versioning.ts';

export type ActionKind = 'Start' | 'Scale' | 'Restart' | 'Stop';

export interface DeploymentAction {
  readonly kind: ActionKind;
  /** The app or pod as it is to be; for a stop, as it was. */
  readonly spec: RunSpec;
  /** Instances that a scaling must remove first. */
  readonly kill?: readonly string[] | undefined;
}

export interface DeploymentStep {
  readonly actions: readonly DeploymentAction[];
}

/** `ScaleApplication`, `ScalePod` and so on: what responses and events call the action. */
export function actionName({ kind, spec }: DeploymentAction): string {
  return `${kind}${isPod(spec) ? 'Pod' : 'Application'}`;
}

export interface DeploymentPlan {
  readonly id: string;
  readonly version: Version;
  readonly steps: readonly DeploymentStep[];
  readonly specs: readonly Change<RunSpec>[];
  readonly groups: readonly Change<Group>[];
}

export interface PlanOptions {
  readonly id: string;
  readonly version: Version;
  readonly kill?: ReadonlyMap<PathId, readonly string[]> | undefined;
}

export function planDeployment(
  { specs, groups: all }: TreeChanges,
  target: Root,
  options: PlanOptions,
): DeploymentPlan {
  const groups = all.filter(({ from, to }) => !sameValue(withoutVersion(from), withoutVersion(to)));
  const steps: DeploymentStep[] = [
    { actions: specs.flatMap(({ from, to }) => (from && !to ? [stop(from)] : [])) },
    { actions: specs.flatMap(({ from, to }) => (to && !from ? [start(to)] : [])) },
    ...stepsByDepth(specs, target, options),
  ];
  const { id, version } = options;
  return { id, version, steps: steps.filter(({ actions }) => actions.length > 0), specs, groups };
}

function withoutVersion(group: Group | undefined): unknown {
  return group === undefined ? undefined : { ...group, version: '' };
}

function stop(spec: RunSpec): DeploymentAction {
  return { kind: 'Stop', spec };
}

function start(spec: RunSpec): DeploymentAction {
  return { kind: 'Start', spec };
}

function stepsByDepth(
  changes: readonly Change<RunSpec>[],
  target: Root,
  options: PlanOptions,
): DeploymentStep[] {
  const depths = new DependencyDepths(target);
  const byDepth = new Map<number, DeploymentAction[]>();
  for (const { from, to } of changes) {
    if (to === undefined) continue;
    const action = actionFor(from, to, options.kill?.get(to.id));
    if (action === undefined) continue;
    const depth = depths.of(to.id);
    const actions = byDepth.get(depth);
    if (actions === undefined) byDepth.set(depth, [action]);
    else actions.push(action);
  }
  return [...byDepth].sort(([a], [b]) => a - b).map(([, actions]) => ({ actions }));
}

function actionFor(
  from: RunSpec | undefined,
  to: RunSpec,
  kill: readonly string[] | undefined,
): DeploymentAction | undefined {
  if (from === undefined) return { kind: 'Scale', spec: to };
  const difference = differenceOf(from, to);
  if (difference === 'none' && from.version === to.version) return undefined;
  const restarted =
    difference === 'config' ||
    from.versionInfo.lastConfigChangeAt !== to.versionInfo.lastConfigChangeAt;
  if (restarted && to.instances > 0) return { kind: 'Restart', spec: to };
  return { kind: 'Scale', spec: to, kill };
}

/** What an app or pod waits for: its own dependencies and those of every group around it. */
export function dependenciesOf(root: Root, spec: RunSpec): PathId[] {
  const named = [...namedDependenciesOf(spec)];
  for (const id of ancestorsOf(spec.id)) named.push(...(root.groups.get(id)?.dependencies ?? []));
  const found = new Set<PathId>();
  for (const id of named) {
    if (root.specs.has(id)) found.add(id);
    else if (!isBelow(spec.id, id)) for (const each of specsBelow(root, id)) found.add(each.id);
  }
  found.delete(spec.id);
  return [...found];
}

/** Length of the longest path of dependencies that starts at an app. */
class DependencyDepths {
  private readonly root: Root;
  private readonly known = new Map<PathId, number>();

  constructor(root: Root) {
    this.root = root;
  }

  of(id: PathId): number {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    // Counts as 0 while it is being computed, so that a cycle ends instead of overflowing.
    this.known.set(id, 0);
    const spec = this.root.specs.get(id);
    let depth = 0;
    for (const each of spec === undefined ? [] : dependenciesOf(this.root, spec)) {
      depth = Math.max(depth, this.of(each) + 1);
    }
    this.known.set(id, depth);
    return depth;
  }
}

/** Whether the changes have made a circle of dependencies in the tree, which had none before. */
export function hasCyclicDependencies(root: Root, changes: TreeChanges): boolean {
  if (!mayHaveMadeCircle(root, changes)) return false;
  const state = new Map<PathId, 'open' | 'done'>();
  const visit = (id: PathId): boolean => {
    if (state.get(id) === 'done') return false;
    if (state.get(id) === 'open') return true;
    const spec = root.specs.get(id);
    if (spec === undefined) return false;
    state.set(id, 'open');
    if (dependenciesOf(root, spec).some(visit)) return true;
    state.set(id, 'done');
    return false;
  };
  return [...root.specs.keys()].some(visit);
}

/** A new circle leads through something that has changed, and that depends on something. */
function mayHaveMadeCircle(root: Root, { specs, groups }: TreeChanges): boolean {
  const depends = (id: PathId): boolean => (root.groups.get(id)?.dependencies.length ?? 0) > 0;
  return (
    groups.some(({ id }) => depends(id)) ||
    specs.some(
      ({ id, to }) =>
        to !== undefined && (namedDependenciesOf(to).length > 0 || ancestorsOf(id).some(depends)),
    )
  );
}

/** The tree that undoes the plan: what it changed goes back, what others changed since stays. */
export function revertedBy(plan: DeploymentPlan, current: Root): Root {
  const specs = new Map(current.specs);
  const groups = new Map(current.groups);
  for (const { id, from, to } of plan.groups) {
    const now = groups.get(id);
    if (from === undefined) {
      const empty = ![...specs.keys(), ...groups.keys()].some((each) => isBelow(each, id));
      if (empty && now?.dependencies.length === 0) groups.delete(id);
    } else if (now !== undefined) {
      const added = to?.dependencies.filter((each) => !from.dependencies.includes(each)) ?? [];
      const removed = from.dependencies.filter((each) => to?.dependencies.includes(each) !== true);
      const kept = now.dependencies.filter((each) => !added.includes(each));
      groups.set(id, { ...now, dependencies: [...new Set([...kept, ...removed])] });
    } else {
      groups.set(id, from);
    }
  }
  for (const { id, from } of plan.specs) {
    if (from === undefined) specs.delete(id);
    else specs.set(id, from);
  }
  return { ...current, specs, groups: emptiedOf(plan, specs, groups) };
}

/** Groups the plan had made only to hold its new apps and pods go with them. */
function emptiedOf(
  plan: DeploymentPlan,
  specs: ReadonlyMap<PathId, RunSpec>,
  groups: Map<PathId, Group>,
): Map<PathId, Group> {
  const added = plan.groups.filter(({ from }) => from === undefined).map(({ id }) => id);
  for (const id of added.sort((a, b) => b.length - a.length)) {
    const inside = (each: PathId): boolean => isBelow(each, id);
    const isEmpty = ![...specs.keys()].some(inside) && ![...groups.keys()].some(inside);
    if (isEmpty && groups.get(id)?.dependencies.length === 0) groups.delete(id);
  }
  return groups;
}

/** The apps and pods that its actions work on. */
export function affectedSpecs(plan: DeploymentPlan): RunSpec[] {
  const specs = new Map<PathId, RunSpec>();
  for (const { actions } of plan.steps) {
    for (const { spec } of actions) specs.set(spec.id, spec);
  }
  return [...specs.values()];
}
