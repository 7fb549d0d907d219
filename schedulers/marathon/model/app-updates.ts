/**
 * From a request to the tree it wants (spec marathon-rest, section 2; marathon-app-model, section
 * 1). Pure functions of the present tree; refusals are values.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { App, RawApp } from './app.ts';
import { type ModelSettings, normalizeApp } from './app-normalize.ts';
import { readRawApp } from './app-schema.ts';
import { validateApp } from './app-validate.ts';
import type { PathId } from './path-id.ts';
import { SHARED_ID_TEXT } from './pod-updates.ts';
import type { Refusal } from './refusal.ts';
import { podIn, type Root, rolesFor } from './root.ts';
import type { Version } from './timestamp.ts';
import { violation } from './violations.ts';

export interface UpdateContext {
  readonly settings: ModelSettings;
  readonly version: Version;
}

/** The canonical, valid app of a definition at its place in the tree. */
export function buildApp(
  raw: RawApp,
  id: PathId,
  root: Root,
  context: UpdateContext,
  base?: PathId,
): Result<App, Refusal> {
  const { settings, version } = context;
  const roles = rolesFor(root, id, settings.defaultRole);
  const placed = { ...settings, defaultRole: roles.defaultRole };
  const normalized = normalizeApp({ ...raw, id }, placed, {
    version,
    ...(base === undefined ? {} : { base }),
  });
  if (!normalized.ok) return err({ kind: 'invalid', violations: normalized.error });
  const violations = validateApp(normalized.value, settings, roles);
  if (podIn(root, id) !== undefined) violations.push(violation('/', SHARED_ID_TEXT));
  if (violations.length > 0) return err({ kind: 'invalid', violations });
  return normalized;
}

/** The current app with the fields of the update in place of its own. */
export function patchedApp(
  current: App,
  update: RawApp,
  root: Root,
  context: UpdateContext,
): Result<App, Refusal> {
  const base = asRaw(current);
  if (!base.ok) return base;
  return buildApp(overlay(base.value, update), current.id, root, context);
}

/** An app in the form clients send. */
export function asRaw(app: App): Result<RawApp, Refusal> {
  const document: unknown = JSON.parse(JSON.stringify(app));
  const raw = readRawApp(document, { requireId: true });
  return raw.ok ? raw : err({ kind: 'invalid', violations: raw.error });
}

/** Fields replace whole fields. Deprecated fields of the update replace their successors. */
export function overlay(base: RawApp, update: RawApp): RawApp {
  const kept: Record<string, unknown> = { ...base };
  if (update.ports !== undefined) delete kept['portDefinitions'];
  if (update.uris !== undefined) delete kept['fetch'];
  const setsNetwork =
    update.ipAddress !== undefined || update.container?.docker?.network !== undefined;
  if (setsNetwork) delete kept['networks'];
  // Port definitions belong to host networking and go with it.
  if (update.networks?.some(({ mode }) => mode !== 'host') === true || leavesHost(update)) {
    delete kept['portDefinitions'];
  }
  return { ...kept, ...update };
}

/** Said in the words of earlier days. */
function leavesHost({ ipAddress, container }: RawApp): boolean {
  const network = container?.docker?.network;
  return network === undefined ? ipAddress !== undefined : network !== 'HOST';
}

/** The version that a rollback names; a refusal when it is combined with anything else. */
export function rollbackVersion(raw: RawApp): Result<string | undefined, Refusal> {
  if (raw.version === undefined) return ok(undefined);
  const others = Object.keys(raw).filter((name) => name !== 'id' && name !== 'version');
  if (others.length === 0) return ok(raw.version);
  const message = "The 'version' field may only be combined with the 'id' field.";
  return err({ kind: 'illegal', message });
}

export function notFound(noun: string, id: string, version?: string): Refusal {
  const where = version === undefined ? '' : ` in version ${version}`;
  return { kind: 'not-found', message: `${noun} '${id}' does not exist${where}` };
}
