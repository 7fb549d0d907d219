/**
 * The plain interface at `/v1`, which the original never had: JSON over the same machine, a row per operation, and
 * the description of all of them at `/v1/openapi.json`. What is wrong is said as `{"message": ...}`: 400 a
 * request that cannot be read, 404 what is not there, 405 another method, 409 what the state forbids, 415
 * another content type, 422 what a rule of jobs refuses.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { bodyOf } from '../../../../core/net/http-server.ts';
import { CLUSTER_ROUTES } from './cluster-routes.ts';
import { JOB_ROUTES } from './job-routes.ts';
import { openApiOf } from './openapi.ts';
import {
  problem,
  type RestAnswer,
  type RestPorts,
  type RestRequest,
  type RestRoute,
} from './route.ts';
import { plain, record } from './schemas.ts';
import { UPDATE_ROUTES } from './update-routes.ts';

export const REST_ROUTES: readonly RestRoute[] = [
  ...JOB_ROUTES,
  ...UPDATE_ROUTES,
  ...CLUSTER_ROUTES,
];

const BODY_MAX_BYTES = 4 * 1024 ** 2;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;

export interface RestSurroundings extends RestPorts {
  /** Who asks. */
  readonly userOf: (request: FastifyRequest) => string;
}

export function declareRest(app: FastifyInstance, ports: RestSurroundings): void {
  const description = openApiOf(REST_ROUTES);
  app.get('/v1/openapi.json', () => description);
  const byPath = Map.groupBy(REST_ROUTES, ({ path }) => path);
  for (const [path, routes] of byPath) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const route of routes) {
      const { method } = route;
      const handler = handlerOf(route, ports);
      app.route({ method, url, bodyLimit: BODY_MAX_BYTES, handler });
    }
    declareOthers(app, url, routes);
  }
  app.all('/v1/*', (_request, reply) => say(reply, problem(404, 'There is no such resource')));
}

function declareOthers(app: FastifyInstance, url: string, routes: readonly RestRoute[]): void {
  const allowed = routes.map(({ method }) => method);
  const others = METHODS.filter((method) => !allowed.some((each) => each === method));
  app.route({
    method: [...others],
    url,
    handler: (request, reply) => {
      reply.header('allow', allowed.join(', '));
      const text = `${request.method} is not what this resource takes: ${allowed.join(', ')}`;
      return say(reply, problem(405, text));
    },
  });
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Made when an operation is first asked for: all of them would make the start slow. */
interface Checks {
  readonly isQuery: ValidateFunction;
  readonly isBody: ValidateFunction | undefined;
}

function checksOf({ query = {}, body }: RestRoute): Checks {
  const options = { allErrors: true, strict: false };
  const parameters = Object.entries(query).map(([name, { schema }]) => [name, schema] as const);
  const schema = record(Object.fromEntries(parameters), Object.keys(query));
  return {
    isQuery: new Ajv({ ...options, coerceTypes: true }).compile(schema),
    isBody: body === undefined ? undefined : new Ajv(options).compile(body.schema),
  };
}

function handlerOf(route: RestRoute, ports: RestSurroundings): Handler {
  let checks: Checks | undefined;
  return async (request, reply) => {
    checks ??= checksOf(route);
    const { isQuery, isBody } = checks;
    const query = { ...(isTable(request.query) ? request.query : {}) };
    // Checked as what its text means, used as the text.
    if (!isQuery({ ...query })) return say(reply, problem(400, said('query', isQuery.errors)));
    const body = isBody === undefined ? ok(undefined) : readBody(request, route, isBody);
    if (!body.ok) return say(reply, body.error);
    const asked: RestRequest = {
      ports,
      user: ports.userOf(request),
      part: (name) => textAt(request.params, name) ?? '',
      query: (name) => textAt(query, name),
      body: body.value,
    };
    return say(reply, await route.run(asked));
  };
}

function readBody(
  request: FastifyRequest,
  route: RestRoute,
  isBody: ValidateFunction,
): Result<unknown, RestAnswer> {
  const bytes = bodyOf(request);
  if (bytes.length === 0 && route.body?.isOptional === true) return ok(undefined);
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    return err(problem(415, `The body must be application/json, not '${type ?? ''}'`));
  }
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : '';
    return err(problem(400, `The body is no JSON: ${why}`));
  }
  return isBody(body) ? ok(body) : err(problem(422, said('body', isBody.errors)));
}

/** `body/instances/0 must be integer`, one line each. */
function said(what: string, errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? [])
    .map(({ instancePath, message = 'is not valid', params }) => {
      const name = textAt(params, 'additionalProperty');
      return `${what}${instancePath} ${message}${name === undefined ? '' : `: ${name}`}`;
    })
    .join('\n');
}

function say(reply: FastifyReply, { status, body, location }: RestAnswer): FastifyReply {
  reply.code(status);
  if (location !== undefined) reply.header('location', location);
  if (body === undefined) return reply.send();
  return reply.type('application/json').send(JSON.stringify(plain(body)));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textAt(table: unknown, name: string): string | undefined {
  if (!isTable(table) || !Object.hasOwn(table, name)) return undefined;
  const value = table[name];
  return typeof value === 'string' ? value : undefined;
}
