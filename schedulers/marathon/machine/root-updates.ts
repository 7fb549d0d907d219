/**
 * Changes of the tree (spec marathon-behaviour, section 1). What a request wants is a function from
 * the present tree to the wanted one; everything after that is the same for all requests: versions,
 * ports, validation, plan, locks, storage, deployment.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { underPath } from '../model/app-schema.ts';
import { type Change, changesOf, type TreeChanges } from '../model/change.ts';
import {
  affectedSpecs,
  type DeploymentPlan,
  hasCyclicDependencies,
  planDeployment,
} from '../model/deployment-plan.ts';
import { violationsOfExternalNames } from '../model/external-volumes.ts';
import type { PathId } from '../model/path-id.ts';
import { type Refusal, refusalText } from '../model/refusal.ts';
import { violationsOfResidentUpdate } from '../model/resident-rules.ts';
import { type Root, withVersion } from '../model/root.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import { formatTimestamp, parseTimestamp, type Version } from '../model/timestamp.ts';
import { assignVersions } from '../model/versioning.ts';
import type { Violation } from '../model/violations.ts';
import type { Deployments } from './deployments.ts';
import type { RootDelta } from './effects.ts';
import { marathonEvent } from './events.ts';
import type { Turn } from './turn.ts';

export interface RootChange {
  /** The group named in events: the parent of an app, or the group itself. */
  readonly groupId: PathId;
  readonly force: boolean;
  /** The tree that is wanted. Versions of changed apps are set afterwards. */
  readonly target: (root: Root, version: Version) => Result<Root, Refusal>;
  /** Apps and pods to be restarted though nothing else changes. */
  readonly restarts?: ReadonlySet<PathId>;
  /** Instances that a scaling should remove first. */
  readonly kill?: ReadonlyMap<PathId, readonly string[]>;
  /** Why what the change does is not allowed; undefined when it is. */
  readonly refusalOf?: (changes: TreeChanges) => Refusal | undefined;
  /** Computes the plan and changes nothing. */
  readonly dryRun?: boolean;
}

export type RootChangeResult = Result<DeploymentPlan, Refusal>;

export function changeRoot(
  turn: Turn,
  deployments: Deployments,
  change: RootChange,
): RootChangeResult {
  const version = nextVersion(turn);
  const result = planChange(turn, change, version);
  if (change.dryRun === true) return result.ok ? ok(result.value.plan) : result;
  const refused = result.ok ? lockedBy(turn, result.value.plan, change.force) : result.error;
  if (!result.ok || refused !== undefined) {
    if (refused?.kind === 'forbidden') return err(refused);
    const reason = refused === undefined ? '' : refusalText(refused);
    const members = { groupId: change.groupId, version, reason };
    turn.publish(marathonEvent('group_change_failed', turn.now, members));
    return err(refused ?? { kind: 'illegal', message: '' });
  }
  const { plan, target, changes } = result.value;
  for (const { plan: other } of conflicting(turn, plan)) deployments.cancel(turn, other.id);
  storeRoot(turn, plan, target, changes.groups);
  turn.publish(
    marathonEvent('group_change_success', turn.now, { groupId: change.groupId, version }),
  );
  deployments.start(turn, plan);
  return ok(plan);
}

interface PlannedChange {
  readonly plan: DeploymentPlan;
  readonly target: Root;
  readonly changes: TreeChanges;
}

function planChange(
  turn: Turn,
  change: RootChange,
  version: Version,
): Result<PlannedChange, Refusal> {
  const { state, settings, random } = turn;
  const max = settings.runningDeploymentsMax;
  if (state.deployments.size >= max) return err({ kind: 'too-many-deployments', max });
  const wanted = change.target(state.root, version);
  if (!wanted.ok) return wanted;
  const versioned = assignVersions(state.root, wanted.value, {
    version,
    ports: settings.servicePorts,
    usedPorts: state.servicePorts,
    ...(change.restarts === undefined ? {} : { restarts: change.restarts }),
  });
  if (!versioned.ok) return err({ kind: 'illegal', message: versioned.error });
  const target = withVersion(versioned.value.root, change.groupId, version);
  const { changes: specs } = versioned.value;
  const changes = { specs, groups: changesOf(state.root.groups, target.groups) };
  const violations = [
    ...violationsOfTree(target, changes),
    ...violationsOfResidents(specs, change.force),
    ...specs.flatMap(({ to }) => (to === undefined ? [] : settings.plugins.violations(to))),
  ];
  if (violations.length > 0) return err({ kind: 'invalid', violations });
  const plan = planDeployment(changes, target, {
    id: random.uuid(),
    version,
    kill: change.kill,
  });
  const forbidden = change.refusalOf?.(changes);
  if (forbidden !== undefined) return err(forbidden);
  return ok({ plan, target, changes });
}

/** Versions identify definitions, so two changes in one millisecond must not share one. */
function nextVersion(turn: Turn): Version {
  const last = parseTimestamp(turn.state.root.version) ?? 0;
  return formatTimestamp(Math.max(turn.now, last + 1));
}

/** What was in the tree before was found good when it came: only what changes is looked at. */
function violationsOfTree(root: Root, changes: TreeChanges): Violation[] {
  const violations: Violation[] = [];
  const ids = new Set([...changes.specs, ...changes.groups].map(({ id }) => id));
  for (const id of ids) {
    const spec = root.specs.get(id);
    if (spec === undefined || !root.groups.has(id)) continue;
    const noun = isPod(spec) ? 'Pods' : 'Applications';
    const message = `Groups and ${noun} may not have the same identifier.`;
    violations.push({ path: '/', message });
  }
  if (hasCyclicDependencies(root, changes)) {
    violations.push({ path: '/', message: 'Dependency graph has cyclic dependencies.' });
  }
  return [...violations, ...violationsOfExternalNames(root, changes.specs)];
}

/** Paths count the changed apps or pods, as the original's do. */
function violationsOfResidents(changes: readonly Change<RunSpec>[], force: boolean): Violation[] {
  const counts = { app: 0, pod: 0 };
  const found: Violation[] = [];
  for (const { from, to } of changes) {
    if (to === undefined) continue;
    const noun = isPod(to) ? 'pod' : 'app';
    const path = `/${noun}(${counts[noun]})`;
    counts[noun] += 1;
    if (from === undefined) continue;
    found.push(...underPath(path, violationsOfResidentUpdate(from, to, { force })));
  }
  return found;
}

function conflicting(turn: Turn, plan: DeploymentPlan): { readonly plan: DeploymentPlan }[] {
  const { deployments } = turn.state;
  return [...new Set(affectedSpecs(plan).flatMap(({ id }) => deployments.of(id)))];
}

function lockedBy(turn: Turn, plan: DeploymentPlan, force: boolean): Refusal | undefined {
  if (force) return undefined;
  const deploymentIds = conflicting(turn, plan).map((running) => running.plan.id);
  return deploymentIds.length === 0 ? undefined : { kind: 'locked', deploymentIds };
}

function storeRoot(
  turn: Turn,
  plan: DeploymentPlan,
  target: Root,
  groups: TreeChanges['groups'],
): void {
  const { state } = turn;
  for (const { id, from, to } of plan.specs) {
    if (to !== undefined) {
      if (state.versions.get(id)?.has(to.version) !== true) {
        state.rememberVersion(to);
        turn.persist({ kind: 'put-spec', spec: to });
      }
    }
    turn.persist({ kind: 'point-spec', id, version: to?.version });
    if (from !== undefined) turn.touch(id);
  }
  for (const { id, to } of groups) {
    turn.persist(
      to === undefined ? { kind: 'delete-group', id } : { kind: 'put-group', group: to },
    );
  }
  const specs = plan.specs.map(({ id, from, to }) => ({
    id,
    from: from?.version,
    to: to?.version,
  }));
  const delta: RootDelta = { version: plan.version, specs, groups };
  state.deltas.push(delta);
  turn.persist({ kind: 'put-delta', delta });
  state.replaceRoot(target, plan.specs);
}

/** The tree as it was at `version`; undefined when that version is not kept. */
export function rootAt(turn: Turn, version: Version): Root | undefined {
  const { state } = turn;
  if (version === state.root.version) return state.root;
  if (!state.deltas.some((delta) => delta.version === version)) return undefined;
  const specs = new Map(state.root.specs);
  const groups = new Map(state.root.groups);
  for (const delta of [...state.deltas].reverse()) {
    if (delta.version <= version) break;
    for (const { id, from } of delta.specs) {
      const spec = from === undefined ? undefined : state.versions.get(id)?.get(from);
      if (spec === undefined) specs.delete(id);
      else specs.set(id, spec);
    }
    for (const { id, from } of delta.groups) {
      if (from === undefined) groups.delete(id);
      else groups.set(id, from);
    }
  }
  return { version, specs, groups };
}

/** Drops versions of the tree, of apps and of pods that nothing refers to any more. */
export function collectGarbage(turn: Turn): void {
  const { state, settings } = turn;
  const surplus = Math.max(0, state.deltas.length - settings.rootVersionsMax);
  for (const { version } of state.deltas.splice(0, surplus)) {
    turn.persist({ kind: 'delete-delta', version });
  }
  const kept = referencedVersions(turn);
  for (const [id, versions] of state.versions) {
    for (const [version, spec] of versions) {
      if (kept.has(`${id} ${version}`)) continue;
      versions.delete(version);
      turn.persist({ kind: 'delete-spec', spec });
    }
    if (versions.size === 0) state.versions.delete(id);
  }
}

function referencedVersions(turn: Turn): Set<string> {
  const { state } = turn;
  const kept = new Set<string>();
  const keep = (id: PathId, version: Version | undefined): void => {
    if (version !== undefined) kept.add(`${id} ${version}`);
  };
  for (const spec of state.root.specs.values()) keep(spec.id, spec.version);
  for (const { spec } of state.instances.all()) keep(spec.id, spec.version);
  for (const { specs } of state.deltas) {
    for (const { id, from, to } of specs) {
      keep(id, from);
      keep(id, to);
    }
  }
  for (const { plan } of state.deployments.values()) {
    for (const { id, from, to } of plan.specs) {
      keep(id, from?.version);
      keep(id, to?.version);
    }
  }
  return kept;
}
