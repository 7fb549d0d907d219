/** Routes of `/v2/apps` (spec marathon-rest, section 2). Ids contain slashes: one wildcard serves all. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../model/app.ts';
import { appJson } from '../model/app-json.ts';
import { notFound } from '../model/app-updates.ts';
import { type PathId, ROOT, resolvePathId } from '../model/path-id.ts';
import { appIn, appsBelow, appsOf } from '../model/root.ts';
import { isApp } from '../model/run-spec.ts';
import { parseVersion } from '../model/timestamp.ts';
import {
  type Api,
  commitChange,
  declare,
  query,
  queryAll,
  queryFlag,
  sendDeployment,
  sendJson,
  wildcardOf,
} from './api.ts';
import { appInfoJson, type Embed, parseEmbeds } from './app-info.ts';
import { AppList } from './app-list.ts';
import { deleteTasks, getAppTasks, getGroupTasks } from './app-tasks.ts';
import { createApp, deleteApp, updateApp, updateApps } from './app-writes.ts';
import { sendExplanation } from './explain.ts';
import { sendHistory } from './history.ts';
import { parseLabelSelector } from './label-selector.ts';
import { sendProblem, sendRefusal } from './problems.ts';

export const APP_PREFIXES = ['group.apps.', 'apps.', 'app.'] as const;

/** What is named behind `/v2/apps/`. */
type Target =
  | { readonly kind: 'app'; readonly id: PathId }
  | { readonly kind: 'group'; readonly id: PathId }
  | { readonly kind: 'group-tasks'; readonly id: PathId }
  | { readonly kind: 'tasks'; readonly id: PathId }
  | { readonly kind: 'task'; readonly id: PathId; readonly taskId: string }
  | { readonly kind: 'restart'; readonly id: PathId }
  | { readonly kind: 'explain' | 'history'; readonly id: PathId }
  | { readonly kind: 'versions'; readonly id: PathId }
  | { readonly kind: 'version'; readonly id: PathId; readonly version: string };

export function parseTarget(rest: string): Target {
  const segments = rest.split('/').filter((segment) => segment !== '');
  const id = (drop: number): PathId => resolvePathId(segments.slice(0, -drop).join('/'));
  const last = segments.at(-1) ?? '';
  const before = segments.at(-2) ?? '';
  if (last === '*') return { kind: 'group', id: id(1) };
  if (last === 'tasks' && before === '*') return { kind: 'group-tasks', id: id(2) };
  if (last === 'tasks') return { kind: 'tasks', id: id(1) };
  if (last === 'restart') return { kind: 'restart', id: id(1) };
  if (last === 'explain' || last === 'history') return { kind: last, id: id(1) };
  if (last === 'versions') return { kind: 'versions', id: id(1) };
  if (before === 'tasks') return { kind: 'task', id: id(2), taskId: last };
  if (before === 'versions') return { kind: 'version', id: id(2), version: last };
  return { kind: 'app', id: resolvePathId(segments.join('/')) };
}

export function declareApps(app: FastifyInstance, api: Api): void {
  const list = new AppList();
  declare(app, '/v2/apps', {
    GET: (request, reply) => listApps(api, list, request, reply),
    POST: (request, reply) => createApp(api, request, reply),
    PUT: (request, reply) =>
      updateApps(api, request, reply, { partial: queryFlag(request, 'partialUpdate', true) }),
    PATCH: (request, reply) => updateApps(api, request, reply, { mustExist: true, partial: true }),
  });
  declare(app, '/v2/apps/*', {
    GET: (request, reply) => getTarget(api, request, reply),
    PUT: (request, reply) =>
      updateApp(api, request, reply, resolvePathId(wildcardOf(request)), {
        partial: queryFlag(request, 'partialUpdate', true),
        mustExist: false,
      }),
    PATCH: (request, reply) =>
      updateApp(api, request, reply, resolvePathId(wildcardOf(request)), {
        partial: true,
        mustExist: true,
      }),
    POST: (request, reply) => {
      const target = parseTarget(wildcardOf(request));
      if (target.kind === 'restart') return restartApp(api, request, reply, target.id);
      return methodNotAllowed(reply);
    },
    DELETE: (request, reply) => {
      const target = targetOf(api, request);
      switch (target.kind) {
        case 'app':
          return deleteApp(api, request, reply, target.id);
        case 'tasks':
          return deleteTasks(api, request, reply, target.id, undefined);
        case 'task':
          return deleteTasks(api, request, reply, target.id, target.taskId);
        case 'restart':
          return deleteApp(api, request, reply, resolvePathId(wildcardOf(request)));
        default:
          return methodNotAllowed(reply);
      }
    },
  });
}

function methodNotAllowed(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 405, message: 'Method Not Allowed' });
}

/** An app whose path looks like something else (`/tasks/a`) is still that app. */
function targetOf(api: Api, request: FastifyRequest): Target {
  const id = resolvePathId(wildcardOf(request));
  const isApp = appIn(api.shell.machine.state.root, id) !== undefined;
  return isApp ? { kind: 'app', id } : parseTarget(wildcardOf(request));
}

function getTarget(api: Api, request: FastifyRequest, reply: FastifyReply): unknown {
  const target = targetOf(api, request);
  switch (target.kind) {
    case 'app':
      return getApp(api, request, reply, target.id);
    case 'group':
      return getGroup(api, request, reply, target.id);
    case 'group-tasks':
      return getGroupTasks(api, request, reply, target.id);
    case 'tasks':
      return getAppTasks(api, request, reply, target.id);
    case 'explain':
    case 'history':
      return getAspect(api, request, reply, target);
    case 'versions':
      return getVersions(api, request, reply, target.id);
    case 'version':
      return getVersion(api, request, reply, target);
    case 'task':
    case 'restart':
      return methodNotAllowed(reply);
  }
}

function listApps(api: Api, list: AppList, request: FastifyRequest, reply: FastifyReply): unknown {
  const { state } = api.shell.machine;
  const mayView = api.access.visible(request);
  const all = appsOf(state.root);
  const selected = selectApps(request, all.filter(mayView));
  if (typeof selected === 'string') return sendProblem(reply, { status: 422, message: selected });
  const embeds = parseEmbeds(queryAll(request, 'embed'), APP_PREFIXES);
  const isWhole = selected.length === all.length;
  const body = list.bytes(state, selected, { more: embeds, isWhole, now: api.shell.now() });
  return reply.code(200).type('application/json').send(body);
}

/** The apps that all filters of the request let through; a text when a filter is malformed. */
export function selectApps(request: FastifyRequest, apps: readonly App[]): readonly App[] | string {
  const cmd = query(request, 'cmd')?.toLowerCase();
  const id = query(request, 'id')?.toLowerCase();
  const label = query(request, 'label');
  const selector = label === undefined || label === '' ? undefined : parseLabelSelector(label);
  if (selector !== undefined && !selector.ok) return selector.error;
  return apps.filter(
    (app) =>
      (cmd === undefined || app.cmd?.toLowerCase().includes(cmd) === true) &&
      (id === undefined || app.id.toLowerCase().includes(id)) &&
      (selector === undefined || selector.value(app.labels)),
  );
}

function fullEmbeds(request: FastifyRequest): Set<Embed> {
  const embeds = parseEmbeds(queryAll(request, 'embed'), APP_PREFIXES);
  return embeds.add('counts').add('tasks').add('lastTaskFailure').add('deployments');
}

function getApp(api: Api, request: FastifyRequest, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  const app = appIn(state.root, id);
  if (app === undefined) return sendRefusal(reply, notFound('App', id));
  const refused = api.access.refusalOf(request, 'ViewRunSpec', app);
  if (refused !== undefined) return sendRefusal(reply, refused);
  const info = appInfoJson(state, app, fullEmbeds(request), api.shell.now());
  return sendJson(reply, 200, { app: info });
}

function getAspect(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { kind, id }: { readonly kind: 'explain' | 'history'; readonly id: PathId },
): unknown {
  const app = appIn(api.shell.machine.state.root, id);
  if (app === undefined) return sendRefusal(reply, notFound('App', id));
  const refused = api.access.refusalOf(request, 'ViewRunSpec', app);
  if (refused !== undefined) return sendRefusal(reply, refused);
  const send = kind === 'explain' ? sendExplanation : sendHistory;
  return send(api, reply, id, 'App');
}

function getGroup(api: Api, request: FastifyRequest, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  if (id !== ROOT && !state.root.groups.has(id)) return sendRefusal(reply, notFound('Group', id));
  const embeds = fullEmbeds(request);
  const now = api.shell.now();
  const apps = appsBelow(state.root, id)
    .filter(api.access.visible(request))
    .map((app) => appInfoJson(state, app, embeds, now));
  return sendJson(reply, 200, { '*': apps });
}

function getVersions(api: Api, request: FastifyRequest, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  const present = appIn(state.root, id);
  if (present === undefined) return sendRefusal(reply, notFound('App', id));
  const refused = api.access.refusalOf(request, 'ViewRunSpec', present);
  if (refused !== undefined) return sendRefusal(reply, refused);
  const versions = [...(state.versions.get(id)?.values() ?? [])]
    .filter(isApp)
    .map((app) => app.version)
    .sort()
    .reverse();
  return sendJson(reply, 200, { versions });
}

function getVersion(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, version: text }: { readonly id: PathId; readonly version: string },
): unknown {
  const version = parseVersion(text);
  if (version === undefined) {
    const message = `Invalid timestamp provided '${text}'. Expecting ISO-8601 datetime string.`;
    return sendProblem(reply, { status: 422, message });
  }
  const app = api.shell.machine.state.versions.get(id)?.get(version);
  if (app === undefined || !isApp(app)) {
    return sendRefusal(reply, notFound('App', id, version));
  }
  const refused = api.access.refusalOf(request, 'ViewRunSpec', app);
  if (refused !== undefined) return sendRefusal(reply, refused);
  return sendJson(reply, 200, appJson(app, { versionInfo: true }));
}

async function restartApp(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
): Promise<unknown> {
  if (appIn(api.shell.machine.state.root, id) === undefined) {
    return sendRefusal(reply, notFound('App', id));
  }
  const result = await commitChange(api, request, {
    groupId: resolvePathId('..', id),
    force: queryFlag(request, 'force', false),
    restarts: new Set([id]),
    target: (root) => ({ ok: true, value: root }),
  });
  return sendDeployment(reply, result);
}
