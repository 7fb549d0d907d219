/** Creating, updating and deleting apps (spec marathon-rest, section 2). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { RawJson } from '../../../core/wire/json-text.ts';
import { marathonEvent } from '../machine/events.ts';
import type { RootChange } from '../machine/root-updates.ts';
import type { App, RawApp } from '../model/app.ts';
import { appJson } from '../model/app-json.ts';
import { readRawApp, underPath } from '../model/app-schema.ts';
import { buildApp, notFound, patchedApp, rollbackVersion } from '../model/app-updates.ts';
import { type PathId, parentOf, ROOT, resolvePathId } from '../model/path-id.ts';
import type { Refusal } from '../model/refusal.ts';
import { appIn, type Root, withoutSpec, withSpec, withSpecs } from '../model/root.ts';
import { isApp } from '../model/run-spec.ts';
import { parseVersion, type Version } from '../model/timestamp.ts';
import type { Violation } from '../model/violations.ts';
import {
  type Api,
  baseUrlOf,
  commitChange,
  queryFlag,
  readBody,
  requesterOf,
  sendDeployment,
  sendJson,
  withoutStoreUrls,
  writtenSoFar,
} from './api.ts';
import { definitionText } from './app-info.ts';
import { modelProblem, sendProblem, sendRefusal } from './problems.ts';

export async function createApp(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const read = readRawApp(body.value, { requireId: true });
  if (!read.ok) return sendProblem(reply, modelProblem(read.error));
  const raw = await withoutStoreUrls(api, read.value);
  if (!raw.ok) return sendProblem(reply, raw.error);
  const id = resolvePathId(raw.value.id ?? '');
  // Shown as it was sent: service ports are assigned while the tree is changed.
  let shown: App | undefined;
  const result = await commitChange(api, request, {
    groupId: id === ROOT ? ROOT : parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root, version) => {
      const built = buildApp(raw.value, id, root, { settings: api.model, version });
      if (!built.ok) return built;
      if (root.specs.has(id)) {
        return err({ kind: 'conflict', message: `An app with id [${id}] already exists.` });
      }
      shown = built.value;
      return ok(withSpec(root, built.value, api.shell.machine.enforcesNewTopGroups));
    },
  });
  if (!result.ok || shown === undefined) return sendDeployment(reply, result);
  publishPost(api, request, shown);
  reply.header('location', `${baseUrlOf(request)}${id}`);
  reply.header('marathon-deployment-id', result.value.id);
  return sendJson(reply, 201, {
    ...appJson(shown, { versionInfo: false }),
    tasksStaged: 0,
    tasksRunning: 0,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [{ id: result.value.id }],
  });
}

export interface UpdateOptions {
  /** Fields that are not sent keep their values; otherwise they go back to their defaults. */
  readonly partial: boolean;
  readonly mustExist: boolean;
}

export async function updateApp(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
  options: UpdateOptions,
): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const read = readRawApp(body.value, { requireId: false });
  if (!read.ok) return sendProblem(reply, modelProblem(read.error));
  const current = appIn(api.shell.machine.state.root, id);
  const raw = await withoutStoreUrls(api, read.value, options.partial ? current : undefined);
  if (!raw.ok) return sendProblem(reply, raw.error);
  const existed = current !== undefined;
  const change: RootChange = {
    groupId: id === ROOT ? ROOT : parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root, version) => {
      const app = updatedApp(api, root, version, { raw: raw.value, id, ...options });
      if (!app.ok) return app;
      return ok(withSpec(root, app.value, api.shell.machine.enforcesNewTopGroups));
    },
  };
  const result = await commitChange(api, request, change);
  if (result.ok) {
    // Others may have changed it again while this was being written.
    const changed = result.value.specs.find((each) => each.id === id)?.to;
    const app =
      changed !== undefined && isApp(changed) ? changed : appIn(api.shell.machine.state.root, id);
    if (app !== undefined) publishPost(api, request, app);
  }
  if (result.ok && !existed) reply.header('location', `${baseUrlOf(request)}${id}`);
  return sendDeployment(reply, result, existed ? 200 : 201);
}

export async function updateApps(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { partial, mustExist = false }: { readonly partial: boolean; readonly mustExist?: boolean },
): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  // Whole definitions are read as such, and those have an id.
  const updates = readUpdates(body.value, { requireId: !partial });
  if (!updates.ok) return sendProblem(reply, modelProblem(updates.error));
  const resolved: RawApp[] = [];
  for (const each of updates.value) {
    const current = appIn(api.shell.machine.state.root, resolvePathId(each.id ?? ''));
    const raw = await withoutStoreUrls(api, each, partial ? current : undefined);
    if (!raw.ok) return sendProblem(reply, raw.error);
    resolved.push(raw.value);
  }
  const result = await commitChange(api, request, {
    groupId: ROOT,
    force: queryFlag(request, 'force', false),
    target: (root, version) => {
      const apps: App[] = [];
      for (const raw of resolved) {
        // Each is judged after those before it, which may be wrong in other ways.
        if (raw.id === undefined) return err({ kind: 'illegal', message: NO_ID });
        const id = resolvePathId(raw.id);
        const app = updatedApp(api, root, version, { raw, id, partial, mustExist });
        if (!app.ok) return app;
        apps.push(app.value);
      }
      return ok(withSpecs(root, apps, api.shell.machine.enforcesNewTopGroups));
    },
  });
  return sendDeployment(reply, result);
}

const NO_ID = 'requirement failed: App Update must have app id set';

function readUpdates(
  document: unknown,
  options: { readonly requireId: boolean },
): Result<readonly RawApp[], readonly Violation[]> {
  if (!Array.isArray(document)) {
    return err([{ path: '/', message: 'error.expected.jsarray' }]);
  }
  const updates: RawApp[] = [];
  const violations: Violation[] = [];
  document.forEach((each: unknown, index) => {
    const raw = readRawApp(each, options);
    if (raw.ok) updates.push(raw.value);
    else violations.push(...underPath(`(${index})`, raw.error));
  });
  return violations.length > 0 ? err(violations) : ok(updates);
}

interface Update extends UpdateOptions {
  readonly raw: RawApp;
  readonly id: PathId;
}

function updatedApp(
  api: Api,
  root: Root,
  version: Version,
  { raw, id, partial, mustExist }: Update,
): Result<App, Refusal> {
  const context = { settings: api.model, version };
  const current = appIn(root, id);
  if (current === undefined && mustExist) return err(notFound('App', id));
  const rollback = rollbackVersion(raw);
  if (!rollback.ok) return current === undefined ? buildApp(raw, id, root, context) : rollback;
  if (rollback.value !== undefined) return storedVersion(api, id, rollback.value);
  if (current === undefined || !partial) return buildApp(raw, id, root, context);
  return patchedApp(current, raw, root, context);
}

function storedVersion(api: Api, id: PathId, text: string): Result<App, Refusal> {
  const version = parseVersion(text);
  const state = api.shell.machine.state;
  const app = version === undefined ? undefined : state.versions.get(id)?.get(version);
  const isKnown = app !== undefined && isApp(app) && appIn(state.root, id) !== undefined;
  return isKnown ? ok(app) : err(notFound('App', id));
}

export async function deleteApp(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
): Promise<unknown> {
  if (appIn(api.shell.machine.state.root, id) === undefined) {
    await writtenSoFar(api);
    return sendRefusal(reply, notFound('App', id));
  }
  const result = await commitChange(api, request, {
    groupId: parentOf(id),
    force: queryFlag(request, 'force', true),
    target: (root) => ok(withoutSpec(root, id)),
  });
  return sendDeployment(reply, result);
}

function publishPost(api: Api, request: FastifyRequest, app: App): void {
  // The whole app is written into it.
  if (!api.isWanted('api_post_event')) return;
  const appDefinition = new RawJson(definitionText(app));
  const members = { ...requesterOf(request), appDefinition };
  api.publish(marathonEvent('api_post_event', api.shell.now(), members));
}
