/**
 * Stands before every route of a daemon's server (spec operator-api, section 11): disabled endpoints, then who
 * asks, then whether they may ask that path. Everything finer is up to the handlers, which get the
 * principal and its approvers here. Libprocess messages do not come this way.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpServer, replyStatus } from '../net/http-server.ts';
import { type Approvers, type Authorizer, approversFor } from './authorizer.ts';
import { type DisabledEndpoints, disabledText } from './firewall.ts';
import type { HttpAuthenticator } from './http-authenticator.ts';
import type { Principal } from './principal.ts';

export interface HttpGuardOptions {
  /** The realm of a declared route; undefined for what everybody may see. */
  readonly realmOf: (route: string) => string | undefined;
  /** By realm; requests to realms that are not here are not authenticated. */
  readonly authenticators: ReadonlyMap<string, HttpAuthenticator>;
  readonly authorizer: Authorizer | undefined;
  readonly disabled: DisabledEndpoints;
  /** The path of `get_endpoints` that guards a declared route. */
  readonly authorizablePathOf: (route: string) => string | undefined;
  /** Whether principals that have claims but no name are refused there; nowhere by default. */
  readonly needsName?: (route: string) => boolean;
}

/** Authenticators of modules may know principals by their claims alone (spec operator-api, section 1.2). */
const NO_NAME =
  "The request's authenticated principal contains claims, but no value string. The master currently requires that principals have a value";

export const OPEN_GUARD_OPTIONS: HttpGuardOptions = {
  realmOf: () => undefined,
  authenticators: new Map(),
  authorizer: undefined,
  disabled: new Set(),
  authorizablePathOf: () => undefined,
};

/** What handlers may know of who asks. */
export interface RequestGuard {
  readonly hasAuthorizer: boolean;
  /** Undefined when the realm is not authenticated; credentials sent are ignored then. */
  principalOf(request: FastifyRequest): Principal | undefined;
  /** Whether everybody may ask this route, and nobody is asked who he is. */
  isOpen(route: string): boolean;
  /** The same object for one request, however often it is asked for. */
  approvers(request: FastifyRequest): Approvers;
}

/** Call it before the routes are declared. */
export function guardServer(server: HttpServer, options: HttpGuardOptions): RequestGuard {
  const guard = new Guard(server, options);
  server.app.addHook('onRequest', async (request, reply) => guard.admit(request, reply));
  return guard;
}

class Guard implements RequestGuard {
  private readonly server: HttpServer;
  private readonly options: HttpGuardOptions;
  private readonly principals = new WeakMap<FastifyRequest, Principal>();
  private readonly approversOf = new WeakMap<FastifyRequest, Approvers>();

  constructor(server: HttpServer, options: HttpGuardOptions) {
    this.server = server;
    this.options = options;
  }

  get hasAuthorizer(): boolean {
    return this.options.authorizer !== undefined;
  }

  principalOf(request: FastifyRequest): Principal | undefined {
    return this.principals.get(request);
  }

  isOpen(route: string): boolean {
    const { authenticators, authorizer, disabled, realmOf } = this.options;
    const realm = realmOf(route);
    const isAuthenticated = realm !== undefined && authenticators.has(realm);
    return !isAuthenticated && authorizer === undefined && disabled.size === 0;
  }

  approvers(request: FastifyRequest): Approvers {
    const known = this.approversOf.get(request);
    if (known !== undefined) return known;
    const made = approversFor(this.options.authorizer, this.principals.get(request));
    this.approversOf.set(request, made);
    return made;
  }

  /** A reply ends the request here. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const route = request.routeOptions.url;
    const disabled = this.disabledPath(request, route);
    if (disabled !== undefined) return replyRefused(reply, 403, disabledText(disabled));
    if (route === undefined) return undefined;
    const realm = this.options.realmOf(route);
    const authenticate = realm === undefined ? undefined : this.options.authenticators.get(realm);
    const authentication = authenticate?.(request.headers.authorization);
    if (authentication?.ok === false) {
      return replyStatus(reply.header('www-authenticate', authentication.challenge), 401);
    }
    if (authentication !== undefined) {
      const { principal } = authentication;
      if (principal.value === undefined && this.options.needsName?.(route) === true) {
        return replyRefused(reply, 403, NO_NAME);
      }
      this.principals.set(request, principal);
    }
    const path = this.options.authorizablePathOf(route);
    if (path === undefined || this.approvers(request).approved('get_endpoints', path)) {
      return undefined;
    }
    return replyStatus(reply, 403);
  }

  /** The path as it was asked for, as it was resolved, and the route: none may be a way around. */
  private disabledPath(request: FastifyRequest, route: string | undefined): string | undefined {
    const { disabled } = this.options;
    if (disabled.size === 0) return undefined;
    const asked = pathOf(this.server.delegatedUrl(request.originalUrl));
    return [asked, pathOf(request.url), route].find(
      (path) => path !== undefined && disabled.has(path),
    );
  }
}

function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function replyRefused(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}
