/**
 * Who may do what over HTTP (spec marathon-behaviour, section 11): plugins authenticate each request
 * and are asked about each thing it sees or changes. Without plugins everything is allowed.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../../core/base/errors.ts';
import type { Log } from '../../../core/base/log.ts';
import { bodyOf } from '../../../core/net/http-server.ts';
import type { Change } from '../model/change.ts';
import type { Forbidden, Refusal } from '../model/refusal.ts';
import type { Group } from '../model/root.ts';
import type { RunSpec } from '../model/run-spec.ts';
import type { LoadedPlugins } from '../plugins/load.ts';
import type {
  Action,
  Identity,
  PluginAnswer,
  PluginRequest,
  Resource,
  SystemResource,
} from '../plugins/types.ts';

/** What a change of the tree does. */
export interface TreeChanges {
  readonly specs: readonly Change<RunSpec>[];
  readonly groups: readonly Change<Group>[];
}

export class AccessControl {
  private readonly plugins: LoadedPlugins | undefined;
  private readonly identities = new WeakMap<FastifyRequest, Identity>();

  constructor(plugins: LoadedPlugins | undefined) {
    this.plugins = plugins;
  }

  /** Asks the authenticator before any handler runs; system resources are decided by their path. */
  guard(app: FastifyInstance, log: Log): void {
    const { authenticator } = this.plugins ?? {};
    app.addHook('onRequest', async (request, reply) => {
      const path = pathOf(request);
      if (path === '/ping' || !GUARDED.test(path)) return;
      if (authenticator !== undefined) {
        const asked = pluginRequest(request, path);
        let identity: Identity | undefined;
        try {
          identity = await authenticator.authenticate(asked);
        } catch (thrown) {
          log.error({ error: describeError(thrown) }, 'the authenticator has failed');
          await reply.code(503).send();
          return;
        }
        if (identity === undefined) {
          await sendAnswer(reply, authenticator.handleNotAuthenticated(asked));
          return;
        }
        this.identities.set(request, identity);
      }
      const system = systemResourceOf(request.method, path);
      if (system === undefined) return;
      const refused = this.refusal(request, system.action, { kind: 'system', name: system.name });
      if (refused !== undefined) await sendAnswer(reply, refused.answer);
    });
  }

  /** Filters lists. */
  visible(request: FastifyRequest): (spec: RunSpec) => boolean {
    return (spec) => this.refusalOf(request, 'ViewRunSpec', spec) === undefined;
  }

  /** Undefined when allowed. */
  refusalOf(request: FastifyRequest, action: Action, spec: RunSpec): Forbidden | undefined {
    return this.refusal(request, action, { kind: 'run-spec', id: spec.id, spec });
  }

  /** The first thing of a change that is not allowed. */
  refusalOfChange(request: FastifyRequest, { specs, groups }: TreeChanges): Refusal | undefined {
    if (this.plugins?.authorizer === undefined) return undefined;
    for (const { from, to } of specs) {
      const spec = to ?? from;
      const verb = from === undefined ? 'Create' : to === undefined ? 'Delete' : 'Update';
      const refused =
        spec === undefined ? undefined : this.refusalOf(request, `${verb}RunSpec`, spec);
      if (refused !== undefined) return refused;
    }
    for (const { id, from, to } of groups) {
      const group = to ?? from;
      // Every change below a group gives it another version, which is no change of its own.
      if (group === undefined || (from !== undefined && to !== undefined && isSame(from, to))) {
        continue;
      }
      const verb = from === undefined ? 'Create' : to === undefined ? 'Delete' : 'Update';
      const refused = this.refusal(request, `${verb}Group`, { kind: 'group', id, group });
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  private refusal(
    request: FastifyRequest,
    action: Action,
    resource: Resource,
  ): Forbidden | undefined {
    const { authorizer } = this.plugins ?? {};
    if (authorizer === undefined) return undefined;
    const identity = this.identities.get(request);
    if (authorizer.isAuthorized(identity, action, resource)) return undefined;
    return { kind: 'forbidden', answer: authorizer.handleNotAuthorized(identity) };
  }
}

/** Pages and their files are for everybody; they get their data from here. */
const GUARDED = /^\/(v2|metrics|config|logging)(\/|$)/;

function isSame(from: Group, to: Group): boolean {
  return from.enforceRole === to.enforceRole && from.dependencies.join() === to.dependencies.join();
}

const SYSTEM: readonly (readonly [RegExp, SystemResource])[] = [
  [/^\/v2\/leader$/, 'Leader'],
  [/^\/v2\/(events|eventSubscriptions)$/, 'Events'],
  [/^\/metrics(\/|$)/, 'SystemMetrics'],
  [/^\/(v2\/info|config|logging)$/, 'SystemConfig'],
  [/^\/v2\/artifacts(\/|$)/, 'Artifacts'],
  [/^\/v2\/plugins(\/|$)/, 'Plugins'],
];

function systemResourceOf(
  method: string,
  path: string,
): { readonly action: Action; readonly name: SystemResource } | undefined {
  const name = SYSTEM.find(([pattern]) => pattern.test(path))?.[1];
  if (name === undefined) return undefined;
  const isView = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  const verb = method === 'DELETE' && name !== 'Leader' ? 'Delete' : isView ? 'View' : 'Update';
  return { action: `${verb}Resource`, name };
}

function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?')[0] ?? '/';
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

export function pluginRequest(request: FastifyRequest, path: string): PluginRequest {
  const query: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(request.url.split('?')[1] ?? '')) {
    query[name] = [...(query[name] ?? []), value];
  }
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value] as const],
  );
  return {
    method: request.method,
    path,
    query,
    headers: Object.fromEntries(headers),
    remoteAddress: request.ip,
    body: bodyOf(request),
  };
}

export function sendAnswer(reply: FastifyReply, { status, headers, body }: PluginAnswer): unknown {
  reply.code(status);
  for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
  return reply.send(typeof body === 'string' || body === undefined ? body : Buffer.from(body));
}
