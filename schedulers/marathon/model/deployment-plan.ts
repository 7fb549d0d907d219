/**
 * From two trees to the steps that lead from one to the other (spec marathon-behaviour, section 2).
 * Pure. Dependencies come first: an app is started after everything it depends on.
 */
import type { App } from './app.ts';
import { sameValue } from './equality.ts';
import { ancestorsOf, isBelow, type PathId } from './path-id.ts';
import { appsBelow, type Group, type Root } from './root.ts';
import type { Version } from './timestamp.ts';
import { differenceOf } from './versioning.ts';

export type ActionKind =
  | 'StartApplication'
  | 'ScaleApplication'
  | 'RestartApplication'
  | 'StopApplication';

export interface DeploymentAction {
  readonly action: ActionKind;
  /** The app as it is to be; for a stop, as it was. */
  readonly app: App;
  /** Instances that a scaling must remove first. */
  readonly kill?: readonly string[] | undefined;
}

export interface DeploymentStep {
  readonly actions: readonly DeploymentAction[];
}

/** One app or group that the plan changes; absent `from` means new, absent `to` means removed. */
export interface Change<T> {
  readonly id: PathId;
  readonly from?: T | undefined;
  readonly to?: T | undefined;
}

export interface DeploymentPlan {
  readonly id: string;
  readonly version: Version;
  readonly steps: readonly DeploymentStep[];
  readonly apps: readonly Change<App>[];
  readonly groups: readonly Change<Group>[];
}

export interface PlanOptions {
  readonly id: string;
  readonly version: Version;
  readonly kill?: ReadonlyMap<PathId, readonly string[]> | undefined;
}

export function planDeployment(original: Root, target: Root, options: PlanOptions): DeploymentPlan {
  const apps = changesOf(original.apps, target.apps);
  const groups = changesOf(original.groups, target.groups).filter(
    ({ from, to }) => !sameValue(withoutVersion(from), withoutVersion(to)),
  );
  const steps: DeploymentStep[] = [
    { actions: apps.flatMap(({ from, to }) => (from && !to ? [stop(from)] : [])) },
    { actions: apps.flatMap(({ from, to }) => (to && !from ? [start(to)] : [])) },
    ...stepsByDepth(apps, target, options),
  ];
  const { id, version } = options;
  return { id, version, steps: steps.filter(({ actions }) => actions.length > 0), apps, groups };
}

function withoutVersion(group: Group | undefined): unknown {
  return group === undefined ? undefined : { ...group, version: '' };
}

function changesOf<T>(
  original: ReadonlyMap<PathId, T>,
  target: ReadonlyMap<PathId, T>,
): Change<T>[] {
  const changes: Change<T>[] = [];
  for (const [id, from] of original) {
    const to = target.get(id);
    if (to !== from) changes.push({ id, from, to });
  }
  for (const [id, to] of target) if (!original.has(id)) changes.push({ id, to });
  return changes;
}

function stop(app: App): DeploymentAction {
  return { action: 'StopApplication', app };
}

function start(app: App): DeploymentAction {
  return { action: 'StartApplication', app };
}

function stepsByDepth(
  changes: readonly Change<App>[],
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
  from: App | undefined,
  to: App,
  kill: readonly string[] | undefined,
): DeploymentAction | undefined {
  if (from === undefined) return { action: 'ScaleApplication', app: to };
  const difference = differenceOf(from, to);
  if (difference === 'none' && from.version === to.version) return undefined;
  const restarted =
    difference === 'config' ||
    from.versionInfo.lastConfigChangeAt !== to.versionInfo.lastConfigChangeAt;
  if (restarted && to.instances > 0) return { action: 'RestartApplication', app: to };
  return { action: 'ScaleApplication', app: to, kill };
}

/** What an app waits for: its own dependencies and those of every group around it, as apps. */
export function dependenciesOf(root: Root, app: App): PathId[] {
  const named = [...app.dependencies];
  for (const id of ancestorsOf(app.id)) named.push(...(root.groups.get(id)?.dependencies ?? []));
  const found = new Set<PathId>();
  for (const id of named) {
    if (root.apps.has(id)) found.add(id);
    else if (!isBelow(app.id, id)) for (const each of appsBelow(root, id)) found.add(each.id);
  }
  found.delete(app.id);
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
    const app = this.root.apps.get(id);
    let depth = 0;
    for (const each of app === undefined ? [] : dependenciesOf(this.root, app)) {
      depth = Math.max(depth, this.of(each) + 1);
    }
    this.known.set(id, depth);
    return depth;
  }
}

export function hasCyclicDependencies(root: Root): boolean {
  const state = new Map<PathId, 'open' | 'done'>();
  const visit = (id: PathId): boolean => {
    if (state.get(id) === 'done') return false;
    if (state.get(id) === 'open') return true;
    const app = root.apps.get(id);
    if (app === undefined) return false;
    state.set(id, 'open');
    if (dependenciesOf(root, app).some(visit)) return true;
    state.set(id, 'done');
    return false;
  };
  const plain = [...root.apps.values()].every(({ dependencies }) => dependencies.length === 0);
  const ungrouped = [...root.groups.values()].every(
    ({ dependencies }) => dependencies.length === 0,
  );
  if (plain && ungrouped) return false;
  return [...root.apps.keys()].some(visit);
}

/** The tree that undoes the plan: what it changed goes back, what others changed since stays. */
export function revertedBy(plan: DeploymentPlan, current: Root): Root {
  const apps = new Map(current.apps);
  const groups = new Map(current.groups);
  for (const { id, from, to } of plan.groups) {
    const now = groups.get(id);
    if (from === undefined) {
      const empty = ![...apps.keys(), ...groups.keys()].some((each) => isBelow(each, id));
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
  for (const { id, from } of plan.apps) {
    if (from === undefined) apps.delete(id);
    else apps.set(id, from);
  }
  return { ...current, apps, groups: emptiedOf(plan, apps, groups) };
}

/** Groups the plan had made only to hold its new apps go with them. */
function emptiedOf(
  plan: DeploymentPlan,
  apps: ReadonlyMap<PathId, App>,
  groups: Map<PathId, Group>,
): Map<PathId, Group> {
  const added = plan.groups.filter(({ from }) => from === undefined).map(({ id }) => id);
  for (const id of added.sort((a, b) => b.length - a.length)) {
    const inside = (each: PathId): boolean => isBelow(each, id);
    const isEmpty = ![...apps.keys()].some(inside) && ![...groups.keys()].some(inside);
    if (isEmpty && groups.get(id)?.dependencies.length === 0) groups.delete(id);
  }
  return groups;
}

export function affectedApps(plan: DeploymentPlan): PathId[] {
  const ids = new Set<PathId>();
  for (const { actions } of plan.steps) for (const { app } of actions) ids.add(app.id);
  return [...ids];
}
