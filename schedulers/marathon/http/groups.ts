/** Routes of `/v2/groups` (spec marathon-rest, section 4). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { err, ok } from '../../../core/base/result.ts';
import type { JsonObject } from '../../../core/wire/json-text.ts';
import { stepJson } from '../machine/events.ts';
import type { RootChange } from '../machine/root-updates.ts';
import { plainObject } from '../model/app-json.ts';
import { notFound } from '../model/app-updates.ts';
import {
  type RawGroup,
  readRawGroup,
  scaledGroup,
  updatedGroup,
  violationsOfGroupUpdate,
} from '../model/group-updates.ts';
import {
  isBelow,
  type PathId,
  parentOf,
  ROOT,
  resolvePathId,
  segmentsOf,
} from '../model/path-id.ts';
import {
  appIn,
  appsBelow,
  childApps,
  childGroups,
  childPods,
  type Root,
  withGroup,
  withoutGroup,
} from '../model/root.ts';
import type { RunSpec } from '../model/run-spec.ts';
import { parseVersion } from '../model/timestamp.ts';
import {
  type Api,
  baseUrlOf,
  commitChange,
  declare,
  queryAll,
  queryFlag,
  readBody,
  sendDeployment,
  sendJson,
  wildcardOf,
  writtenSoFar,
} from './api.ts';
import { appInfoJson, type Embed, parseEmbeds } from './app-info.ts';
import { podStatusJson } from './pod-status.ts';
import { invalidProblem, modelProblem, sendProblem, sendRefusal } from './problems.ts';

export function declareGroups(app: FastifyInstance, api: Api): void {
  const methods = {
    GET: (request: FastifyRequest, reply: FastifyReply) => getTarget(api, request, reply),
    POST: (request: FastifyRequest, reply: FastifyReply) =>
      writeGroup(api, request, reply, { mustBeNew: true }),
    PUT: (request: FastifyRequest, reply: FastifyReply) =>
      writeGroup(api, request, reply, { mustBeNew: false }),
    DELETE: (request: FastifyRequest, reply: FastifyReply) => deleteGroup(api, request, reply),
  };
  declare(app, '/v2/groups', methods);
  declare(app, '/v2/groups/*', {
    ...methods,
    PATCH: (request, reply) => patchGroup(api, request, reply),
  });
}

function getTarget(api: Api, request: FastifyRequest, reply: FastifyReply): unknown {
  const segments = wildcardOf(request)
    .split('/')
    .filter((segment) => segment !== '');
  const { state } = api.shell.machine;
  const idOf = (drop: number): PathId => resolvePathId(segments.slice(0, -drop).join('/'));
  if (segments.at(-1) === 'apps') {
    const embeds = parseEmbeds(queryAll(request, 'embed'), ['group.apps.', 'apps.']);
    const apps = appsBelow(state.root, idOf(1))
      .filter(api.access.visible(request))
      .map((app) => appInfoJson(state, app, embeds, api.shell.now()));
    return sendJson(reply, 200, apps);
  }
  if (segments.at(-1) === 'versions') return sendVersions(api, reply, idOf(1));
  if (segments.at(-2) === 'versions') {
    return sendVersion(api, request, reply, idOf(2), segments.at(-1) ?? '');
  }
  return sendGroup(api, request, reply, state.root, resolvePathId(segments.join('/')));
}

function sendGroup(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  root: Root,
  id: PathId,
): unknown {
  if (!root.groups.has(id)) return sendRefusal(reply, notFound('Group', id));
  const given = queryAll(request, 'embed');
  const shows = (what: string): boolean =>
    given.length === 0 || given.some((each) => each === what || each.startsWith(`${what}.`));
  const context: GroupJsonContext = {
    api,
    root,
    withApps: shows('group.apps'),
    withPods: shows('group.pods'),
    withGroups: shows('group.groups'),
    embeds: parseEmbeds(given, ['group.apps.']),
    mayView: api.access.visible(request),
  };
  return sendJson(reply, 200, groupJson(context, id));
}

interface GroupJsonContext {
  readonly api: Api;
  readonly root: Root;
  readonly withApps: boolean;
  readonly withPods: boolean;
  readonly withGroups: boolean;
  readonly embeds: ReadonlySet<Embed>;
  readonly mayView: (spec: RunSpec) => boolean;
}

function groupJson(context: GroupJsonContext, id: PathId): JsonObject {
  const { api, root, withApps, withGroups, embeds, mayView } = context;
  const group = root.groups.get(id);
  const { state } = api.shell.machine;
  const now = api.shell.now();
  const apps = withApps
    ? childApps(root, id)
        .filter(mayView)
        .map((app) => appInfoJson(state, app, embeds, now))
    : [];
  const groups = withGroups
    ? childGroups(root, id)
        .filter((child) => isShown(context, child.id))
        .map((child) => groupJson(context, child.id))
    : [];
  return {
    id,
    apps,
    pods: context.withPods
      ? childPods(root, id)
          .filter(mayView)
          .map((pod) => podStatusJson(state, pod, now))
      : [],
    groups,
    dependencies: group?.dependencies ?? [],
    version: group?.version ?? root.version,
    ...(segmentsOf(id).length === 1 ? { enforceRole: group?.enforceRole ?? false } : {}),
  };
}

/** A group without anything in it is shown to all; otherwise something in it must be. */
function isShown({ root, mayView }: GroupJsonContext, id: PathId): boolean {
  const inside = [...root.specs.values()].filter((spec) => isBelow(spec.id, id));
  return inside.length === 0 || inside.some(mayView);
}

function sendVersions(api: Api, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  if (!state.root.groups.has(id)) return sendRefusal(reply, notFound('Group', id));
  const concerns = (each: PathId): boolean => id === ROOT || each === id || isBelow(each, id);
  const versions = state.deltas
    .filter(
      ({ specs, groups }) =>
        specs.some((change) => concerns(change.id)) || groups.some((change) => concerns(change.id)),
    )
    .map(({ version }) => version);
  return sendJson(reply, 200, [...versions].reverse());
}

function sendVersion(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
  text: string,
): unknown {
  const version = parseVersion(text);
  if (version === undefined) {
    const message = `Invalid timestamp provided '${text}'. Expecting ISO-8601 datetime string.`;
    return sendProblem(reply, { status: 422, message });
  }
  const root = api.shell.machine.rootAt(version);
  if (!root.ok) return sendRefusal(reply, notFound('Group', id, version));
  return sendGroup(api, request, reply, root.value, id);
}

async function writeGroup(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { mustBeNew }: { readonly mustBeNew: boolean },
): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const read = readRawGroup(body.value);
  if (!read.ok) return sendProblem(reply, modelProblem(read.error));
  const raw = (await api.artifacts?.group(read.value)) ?? read;
  if (!raw.ok) return sendProblem(reply, invalidProblem(raw.error));
  const violations = violationsOfGroupUpdate(raw.value);
  if (violations.length > 0) return sendProblem(reply, invalidProblem(violations));
  const base = resolvePathId(wildcardOf(request));
  const id = raw.value.id === undefined ? base : resolvePathId(raw.value.id, base);
  const dryRun = queryFlag(request, 'dryRun', false);
  const result = await commitChange(api, request, {
    groupId: id,
    force: queryFlag(request, 'force', false),
    dryRun,
    target: groupTarget(api, id, raw.value, mustBeNew),
  });
  if (dryRun && result.ok) {
    return sendJson(reply, 200, {
      steps: result.value.steps.map((step) => plainObject(stepJson(step))),
    });
  }
  if (mustBeNew && result.ok) reply.header('location', `${baseUrlOf(request)}${id}`);
  return sendDeployment(reply, result, mustBeNew ? 201 : 200);
}

function groupTarget(
  api: Api,
  id: PathId,
  raw: RawGroup,
  mustBeNew: boolean,
): RootChange['target'] {
  return (root, version) => {
    if (appIn(root, id) !== undefined) {
      const message = `An app with the path ${id} already exists.`;
      return err({ kind: 'conflict', message });
    }
    if (mustBeNew && root.groups.has(id) && id !== ROOT) {
      const message = `Group ${id} is already created. Use PUT to change this group.`;
      return err({ kind: 'conflict', message });
    }
    if (raw.scaleBy !== undefined) return ok(scaledGroup(root, id, raw.scaleBy));
    if (raw.version !== undefined) return restored(api, root, id, raw.version);
    const context = {
      settings: api.model,
      version,
      enforceNewTop: api.shell.machine.enforcesNewTopGroups,
    };
    return updatedGroup(root, id, raw, context);
  };
}

/** The group as it was; what lies outside of it stays. */
function restored(
  api: Api,
  root: Root,
  id: PathId,
  text: string,
): ReturnType<RootChange['target']> {
  const version = parseVersion(text);
  const then = version === undefined ? undefined : api.shell.machine.rootAt(version);
  if (then?.ok !== true || !then.value.groups.has(id)) {
    return err({ kind: 'illegal', message: `Group ${id} not available in version ${text}` });
  }
  const inside = (each: PathId): boolean => each === id || isBelow(each, id);
  const emptied = withoutGroup(root, id);
  const specs = new Map(emptied.specs);
  const groups = new Map(emptied.groups);
  for (const [each, spec] of then.value.specs) if (inside(each)) specs.set(each, spec);
  for (const [each, group] of then.value.groups) if (inside(each)) groups.set(each, group);
  return ok({ ...emptied, specs, groups });
}

/** Only `enforceRole` can be patched; no task is touched by it. */
async function patchGroup(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const raw = readRawGroup(body.value);
  if (!raw.ok) return sendProblem(reply, modelProblem(raw.error));
  const { enforceRole } = raw.value;
  const id = resolvePathId(wildcardOf(request));
  if (segmentsOf(id).length !== 1) {
    return sendProblem(reply, { status: 422, message: 'Path needs to be top-level' });
  }
  const result = await commitChange(api, request, {
    groupId: id,
    force: false,
    target: (root) => {
      const group = root.groups.get(id);
      return group === undefined
        ? err(notFound('Group', id))
        : ok(withGroup(root, { ...group, enforceRole: enforceRole ?? group.enforceRole }));
    },
  });
  return result.ok ? reply.code(200).send() : sendRefusal(reply, result.error);
}

async function deleteGroup(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const id = resolvePathId(wildcardOf(request));
  if (!api.shell.machine.state.root.groups.has(id)) {
    await writtenSoFar(api);
    return sendRefusal(reply, notFound('Group', id));
  }
  const result = await commitChange(api, request, {
    groupId: id === ROOT ? ROOT : parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root) => ok(withoutGroup(root, id)),
  });
  return sendDeployment(reply, result);
}
