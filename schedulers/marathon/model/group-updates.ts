/**
 * Group updates (spec marathon-rest, section 4): a nested document of groups and apps becomes the
 * tree it asks for. Lists that are given replace what is there, lists that are not given keep it.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { App, RawApp } from './app.ts';
import { ajv, RAW_APP_SCHEMA } from './app-schema.ts';
import { buildApp, type UpdateContext } from './app-updates.ts';
import { isBelow, type PathId, parentOf, ROOT, resolvePathId, segmentsOf } from './path-id.ts';
import type { Refusal } from './refusal.ts';
import {
  appsBelow,
  childApps,
  childGroups,
  type Root,
  withGroup,
  withoutGroup,
  withoutSpecs,
  withSpecs,
} from './root.ts';
import { type Violation, violation, violationsOfSchema } from './violations.ts';

export interface RawGroup {
  readonly id?: string;
  readonly apps?: readonly RawApp[];
  readonly groups?: readonly RawGroup[];
  readonly dependencies?: readonly string[];
  readonly scaleBy?: number;
  readonly version?: string;
  readonly enforceRole?: boolean;
}

/** A group holds groups of its own kind. */
export const RAW_GROUP_SCHEMA = {
  $id: 'group',
  type: 'object',
  properties: {
    id: { type: 'string' },
    apps: { type: 'array', items: RAW_APP_SCHEMA },
    groups: { type: 'array', items: { $ref: 'group' } },
    dependencies: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    scaleBy: { type: 'number', minimum: 0 },
    version: { type: 'string' },
    enforceRole: { type: 'boolean' },
  },
};

const isRawGroup = ajv.compile<RawGroup>(RAW_GROUP_SCHEMA);

export function readRawGroup(document: unknown): Result<RawGroup, readonly Violation[]> {
  return isRawGroup(document) ? ok(document) : err(violationsOfSchema(isRawGroup.errors ?? []));
}

/** `version` and `scaleBy` must stand alone. */
export function violationsOfGroupUpdate(raw: RawGroup): Violation[] {
  const names = Object.keys(raw);
  const alone = (name: string): Violation[] =>
    names.includes(name) && names.length > 1
      ? [violation(`/${name}`, 'not allowed in conjunction with other properties.')]
      : [];
  return [...alone('version'), ...alone('scaleBy')];
}

/** Every app below the group times `factor`, rounded up. */
export function scaledGroup(root: Root, id: PathId, factor: number): Root {
  const scaled = appsBelow(root, id).map((app) => ({
    ...app,
    instances: Math.ceil(app.instances * factor),
  }));
  return withSpecs(root, scaled);
}

export interface GroupContext extends UpdateContext {
  readonly enforceNewTop: boolean;
}

/** The tree with the group as the update describes it. */
export function updatedGroup(
  root: Root,
  id: PathId,
  raw: RawGroup,
  context: GroupContext,
): Result<Root, Refusal> {
  let next = withOwnMembers(root, id, raw, context);
  if (raw.enforceRole !== undefined && segmentsOf(id).length !== 1) {
    const message = `enforceRole can only be set for top-level groups, and ${id} is not top-level`;
    return err({ kind: 'invalid', violations: [violation('/enforceRole', message)] });
  }
  if (raw.apps !== undefined) {
    const apps = updatedApps(next, id, raw.apps, context);
    if (!apps.ok) return apps;
    next = apps.value;
  }
  if (raw.groups !== undefined) {
    const named = raw.groups.map((group) => resolvePathId(group.id ?? '', id));
    for (const child of childGroups(next, id)) {
      if (!named.includes(child.id)) next = withoutGroup(next, child.id);
    }
    for (const group of raw.groups) {
      const child = resolvePathId(group.id ?? '', id);
      if (!isBelow(child, id)) {
        const message = `Identifier is not child of '${id}'`;
        return err({ kind: 'invalid', violations: [violation('/id', message)] });
      }
      const updated = updatedGroup(next, child, group, context);
      if (!updated.ok) return updated;
      next = updated.value;
    }
  }
  return ok(next);
}

function withOwnMembers(root: Root, id: PathId, raw: RawGroup, context: GroupContext): Root {
  const known = root.groups.get(id);
  const isTop = segmentsOf(id).length === 1;
  const dependencies =
    raw.dependencies?.map((each) => resolvePathId(each, id)) ?? known?.dependencies ?? [];
  const enforceRole =
    raw.enforceRole ?? known?.enforceRole ?? (isTop ? context.enforceNewTop : undefined);
  let next = root;
  for (const above of ancestorsMissing(root, id)) {
    const enforces = segmentsOf(above).length === 1 ? context.enforceNewTop : undefined;
    const group = { id: above, dependencies: [], version: context.version, enforceRole: enforces };
    next = withGroup(next, group);
  }
  return withGroup(next, { id, dependencies, version: context.version, enforceRole });
}

function ancestorsMissing(root: Root, id: PathId): PathId[] {
  const missing: PathId[] = [];
  for (let at = parentOf(id); at !== ROOT; at = parentOf(at)) {
    if (!root.groups.has(at)) missing.unshift(at);
  }
  return missing;
}

function updatedApps(
  root: Root,
  id: PathId,
  raws: readonly RawApp[],
  context: GroupContext,
): Result<Root, Refusal> {
  const named = raws.map((raw) => resolvePathId(raw.id ?? '', id));
  const stays = new Set(named);
  const gone = childApps(root, id).filter((app) => !stays.has(app.id));
  let next = withoutSpecs(
    root,
    gone.map((app) => app.id),
  );
  // Put into the tree together, as each time it is copied; but one named twice sees what it was before.
  let built: App[] = [];
  const waiting = new Set<PathId>();
  for (const [index, raw] of raws.entries()) {
    const appId = named[index] ?? id;
    if (parentOf(appId) !== id || appId === ROOT) {
      const message = `Identifier is not child of '${id}'`;
      const violations = [violation(`/apps(${index})/id`, message)];
      return err({ kind: 'invalid', violations });
    }
    if (waiting.has(appId)) {
      next = withSpecs(next, built, context.enforceNewTop);
      built = [];
      waiting.clear();
    }
    const app = buildApp(raw, appId, next, context, id);
    if (!app.ok) return app;
    built.push(app.value);
    waiting.add(appId);
  }
  return ok(withSpecs(next, built, context.enforceNewTop));
}
