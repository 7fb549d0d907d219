/** What every route of the API needs, and how it reads requests and writes answers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { bodyOf } from '../../../core/net/http-server.ts';
import { type JsonValue, writeJson } from '../../../core/wire/json-text.ts';
import type { ArtifactResolver } from '../artifacts/resolve.ts';
import type { MarathonEvent } from '../machine/events.ts';
import type { RootChange, RootChangeResult } from '../machine/root-updates.ts';
import type { MasterQuotas } from '../master-quotas.ts';
import type { App, RawApp } from '../model/app.ts';
import type { ModelSettings } from '../model/app-normalize.ts';
import { parseDocument } from '../model/json-document.ts';
import type { MarathonShell } from '../shell.ts';
import type { AccessControl } from './access.ts';
import { type ApiProblem, invalidProblem, sendProblem, sendRefusal } from './problems.ts';

export interface Api {
  readonly shell: MarathonShell;
  readonly model: ModelSettings;
  readonly publish: (event: MarathonEvent) => void;
  /** Whether anybody listens to events of this type. */
  readonly isWanted: (eventType: string) => boolean;
  readonly access: AccessControl;
  /** Absent without an artifact store. */
  readonly artifacts: ArtifactResolver | undefined;
  readonly quotas: MasterQuotas;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export type Methods = Partial<
  Record<'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD', Handler>
>;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

/**
 * Declares a path. Methods it does not have are answered 405; HEAD is GET without the body, OPTIONS
 * tells what there is.
 */
export function declare(app: FastifyInstance, url: string, methods: Methods): void {
  const given: Methods = methods.GET === undefined ? methods : { HEAD: methods.GET, ...methods };
  const allowed = [...METHODS.filter((method) => given[method] !== undefined), 'OPTIONS'].join(
    ', ',
  );
  const refuse: Handler = (_request, reply) => {
    reply.header('allow', allowed);
    return sendProblem(reply, { status: 405, message: 'Method Not Allowed' });
  };
  for (const method of METHODS) {
    app.route({ method, url, handler: given[method] ?? refuse });
  }
  app.route({ method: 'TRACE', url, handler: refuse });
  app.route({
    method: 'OPTIONS',
    url,
    handler: (_request, reply) => reply.header('allow', allowed).code(200).send(),
  });
}

export function sendJson(reply: FastifyReply, status: number, body: JsonValue): FastifyReply {
  return reply.code(status).type('application/json').send(writeJson(body));
}

/** The JSON body; problems say what and where. */
export function readBody(request: FastifyRequest): Result<unknown, ApiProblem> {
  const body = bodyOf(request);
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    return err({ status: 415, message: 'Unsupported Media Type' });
  }
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') {
    const details = 'No content to map due to end-of-input';
    return err({ status: 400, message: 'Please specify data in JSON format', details });
  }
  const document = parseDocument(text);
  if (document.ok) return document;
  return err({ status: 400, message: 'Invalid JSON', details: document.error });
}

export function wildcardOf(request: FastifyRequest): string {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null || !('*' in params)) return '';
  return String(params['*']);
}

export function paramOf(request: FastifyRequest, name: string): string {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null) return '';
  return String(Object.entries(params).find(([each]) => each === name)?.[1] ?? '');
}

/** All values of a query parameter, in order. */
export function queryAll(request: FastifyRequest, name: string): string[] {
  const query: unknown = request.query;
  if (typeof query !== 'object' || query === null) return [];
  const value: unknown = Object.entries(query).find(([each]) => each === name)?.[1];
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

export function query(request: FastifyRequest, name: string): string | undefined {
  return queryAll(request, name)[0];
}

export function queryFlag(request: FastifyRequest, name: string, fallback: boolean): boolean {
  const value = query(request, name);
  return value === undefined ? fallback : value.toLowerCase() === 'true';
}

/** `storeUrls` need a store; without one they are left for the rules to refuse. */
export async function withoutStoreUrls(
  api: Api,
  raw: RawApp,
  current?: App,
): Promise<Result<RawApp, ApiProblem>> {
  const resolved = await api.artifacts?.app(raw, current);
  if (resolved === undefined) return ok(raw);
  return resolved.ok ? resolved : err(invalidProblem(resolved.error));
}

/** Changes the tree and resolves when that is durable. */
export function commitChange(
  api: Api,
  request: FastifyRequest,
  change: RootChange,
): Promise<RootChangeResult> {
  const refusalOf: RootChange['refusalOf'] = (changes) =>
    api.access.refusalOfChange(request, changes);
  const guarded = { ...change, refusalOf };
  return api.shell.commit(api.shell.machine.changeRoot(guarded, api.shell.now()));
}

/**
 * Who is told that what he wants to delete is not there takes it for deleted: that must be durable, as it is
 * not while another's deletion is being written.
 */
export function writtenSoFar({ shell }: Api): Promise<void> {
  return shell.write([]);
}

/** `{"version","deploymentId"}` and the header, or the problem. */
export function sendDeployment(
  reply: FastifyReply,
  result: RootChangeResult,
  status = 200,
): FastifyReply {
  if (!result.ok) return sendRefusal(reply, result.error);
  const { id, version } = result.value;
  reply.header('marathon-deployment-id', id);
  return sendJson(reply, status, { version, deploymentId: id });
}

/** Who asked for what, as events tell it: without the query. */
export function requesterOf(request: FastifyRequest): {
  readonly clientIp: string;
  readonly uri: string;
} {
  return { clientIp: request.ip, uri: request.url.replace(/\?.*$/, '') };
}

export function baseUrlOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.headers.host ?? 'localhost'}`;
}
