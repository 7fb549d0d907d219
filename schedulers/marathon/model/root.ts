/**
 * The tree of groups, apps and pods (spec marathon-rest, section 4), kept as two flat maps so that looking
 * up, adding and removing cost little in big trees. Every value here is immutable: a change makes a
 * new `Root`, and the planner compares the two.
 */
import type { App } from './app.ts';
import { ancestorsOf, isBelow, type PathId, parentOf, ROOT, segmentsOf } from './path-id.ts';
import type { Pod } from './pod.ts';
import { isApp, isPod, type RunSpec } from './run-spec.ts';
import { SpecMap } from './spec-map.ts';
import type { Version } from './timestamp.ts';

export interface Group {
  readonly id: PathId;
  readonly dependencies: readonly PathId[];
  /** Only for top-level groups. */
  readonly enforceRole?: boolean | undefined;
  readonly version: Version;
}

export interface Root {
  readonly version: Version;
  /** Apps and pods; they share one space of ids. */
  readonly specs: ReadonlyMap<PathId, RunSpec>;
  /** Always holds the root group. */
  readonly groups: ReadonlyMap<PathId, Group>;
}

export function emptyRoot(version: Version): Root {
  const group: Group = { id: ROOT, dependencies: [], version };
  return { version, specs: SpecMap.of(), groups: new Map([[ROOT, group]]) };
}

/** Adds or replaces the app or pod; groups above it come into being. */
export function withSpec(root: Root, spec: RunSpec, enforceNewTop = false): Root {
  return withSpecs(root, [spec], enforceNewTop);
}

export function withSpecs(root: Root, changed: readonly RunSpec[], enforceNewTop = false): Root {
  const specs = SpecMap.of(root.specs).with(changed.map((spec) => [spec.id, spec]));
  let next: Root = { ...root, specs };
  for (const spec of changed) next = withGroupsAbove(next, spec.id, enforceNewTop);
  return next;
}

export function withoutSpec(root: Root, id: PathId): Root {
  return withoutSpecs(root, [id]);
}

export function withoutSpecs(root: Root, ids: readonly PathId[]): Root {
  if (ids.length === 0) return root;
  const specs = SpecMap.of(root.specs).with(ids.map((id) => [id, undefined]));
  return { ...root, specs };
}

export function withGroup(root: Root, group: Group): Root {
  return { ...root, groups: new Map(root.groups).set(group.id, group) };
}

/** Removes the group and all below it; the root itself is only emptied. */
export function withoutGroup(root: Root, id: PathId): Root {
  const goes = (each: PathId): boolean => each === id || isBelow(each, id);
  const specs = new Map([...root.specs].filter(([each]) => !goes(each)));
  const groups = new Map([...root.groups].filter(([each]) => each === ROOT || !goes(each)));
  return { ...root, specs, groups };
}

function withGroupsAbove(root: Root, id: PathId, enforceNewTop: boolean): Root {
  const missing = ancestorsOf(id).filter((each) => !root.groups.has(each));
  if (missing.length === 0) return root;
  const groups = new Map(root.groups);
  for (const each of missing) {
    const top = segmentsOf(each).length === 1;
    const enforceRole = top ? enforceNewTop : undefined;
    groups.set(each, { id: each, dependencies: [], version: root.version, enforceRole });
  }
  return { ...root, groups };
}

/** Sets the version of the tree and of the groups from the root down to `id`. */
export function withVersion(root: Root, id: PathId, version: Version): Root {
  const groups = new Map(root.groups);
  for (const each of [...ancestorsOf(id), id]) {
    const group = groups.get(each);
    if (group !== undefined) groups.set(each, { ...group, version });
  }
  return { ...root, version, groups };
}

/** The app of that id; undefined when there is none, or a pod. */
export function appIn(root: Root, id: PathId): App | undefined {
  const spec = root.specs.get(id);
  return spec !== undefined && isApp(spec) ? spec : undefined;
}

export function podIn(root: Root, id: PathId): Pod | undefined {
  const spec = root.specs.get(id);
  return spec !== undefined && isPod(spec) ? spec : undefined;
}

export function appsOf(root: Root): App[] {
  return [...root.specs.values()].filter(isApp);
}

export function podsOf(root: Root): Pod[] {
  return [...root.specs.values()].filter(isPod);
}

/** Everything runnable below the group at any depth, in the order it was made. */
export function specsBelow(root: Root, group: PathId): RunSpec[] {
  return [...root.specs.values()].filter(({ id }) => isBelow(id, group));
}

export function appsBelow(root: Root, group: PathId): App[] {
  return specsBelow(root, group).filter(isApp);
}

export function childGroups(root: Root, parent: PathId): Group[] {
  return [...root.groups.values()].filter(
    ({ id }) => id !== ROOT && isBelow(id, parent) && parentOf(id) === parent,
  );
}

export function childApps(root: Root, parent: PathId): App[] {
  return appsOf(root).filter(({ id }) => parentOf(id) === parent);
}

export function childPods(root: Root, parent: PathId): Pod[] {
  return podsOf(root).filter(({ id }) => parentOf(id) === parent);
}

/** The top-level group above `id`, when `id` is not directly below the root. */
export function topLevelGroupOf(root: Root, id: PathId): Group | undefined {
  const [first, ...rest] = segmentsOf(id);
  if (first === undefined || rest.length === 0) return undefined;
  return root.groups.get(`/${first}` as PathId);
}

export interface RoleSettings {
  /** What an app or pod gets that names no role. */
  readonly defaultRole: string;
  readonly validRoles: readonly string[];
}

/** Which roles an app or pod may have at its place (spec marathon-app-model, section 8). */
export function rolesFor(root: Root, id: PathId, mesosRole: string): RoleSettings {
  const group = topLevelGroupOf(root, id);
  const current = root.specs.get(id)?.role;
  const [first, ...rest] = segmentsOf(id);
  if (first === undefined || rest.length === 0) {
    return { defaultRole: mesosRole, validRoles: [mesosRole] };
  }
  const kept = current === undefined ? [] : [current];
  if (group?.enforceRole === true) {
    return { defaultRole: first, validRoles: [...new Set([first, ...kept])] };
  }
  return { defaultRole: mesosRole, validRoles: [...new Set([mesosRole, first, ...kept])] };
}
