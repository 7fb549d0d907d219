/**
 * HTTP for schedulers on fastify: JSON bodies read with errors that say where, and every error in
 * the shape of the API family (Marathon and Chronos differ).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';

export type ProblemKind =
  | 'not-found'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'bad-json'
  | 'too-large'
  | 'bad-request'
  | 'internal';

export interface HttpProblem {
  readonly kind: ProblemKind;
  readonly status: number;
  /** A sentence; for `bad-json` with line and column. */
  readonly message: string;
}

/** Sends one problem in the shape of the API. */
export type RenderProblem = (
  problem: HttpProblem,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

/** Bodies above this are refused with 413. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface ErrorShapeOptions {
  readonly render: RenderProblem;
  /** Told about errors that are our fault, with the request they belong to. */
  readonly onInternal: (thrown: unknown, request: FastifyRequest) => void;
}

/** Give `onNotFound` and `onError` to `createHttpServer`, and `watch` its app before adding routes. */
export interface ProblemAnswers {
  readonly onNotFound: (request: FastifyRequest, reply: FastifyReply) => unknown;
  readonly onError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => unknown;
  /**
   * Learns the routes, to tell a wrong method (405) from an unknown path (404) and to answer OPTIONS; what can
   * be GOT can be asked for with HEAD, too, as health checks of load balancers do.
   */
  watch(app: FastifyInstance): void;
}

/** Answers for unknown routes, wrong methods and everything that is thrown. */
export function problemAnswers(options: ErrorShapeOptions): ProblemAnswers {
  const table = new RouteTable();
  return {
    watch: (app) => {
      app.addHook('onRoute', (route) => {
        table.add(route.url, [route.method].flat());
        if (route.method === 'GET') app.route({ ...route, method: 'HEAD' });
      });
    },
    onNotFound: (request, reply) => {
      const methods = table.methodsOf(request.url);
      if (methods.length === 0) {
        const problem = { kind: 'not-found', status: 404, message: 'Not Found' } as const;
        return options.render(problem, request, reply);
      }
      if (request.method === 'OPTIONS') {
        return reply
          .header('allow', [...methods, 'OPTIONS'].join(','))
          .code(200)
          .send();
      }
      reply.header('allow', methods.join(','));
      const message = 'Method Not Allowed';
      return options.render({ kind: 'method-not-allowed', status: 405, message }, request, reply);
    },
    onError: (error, request, reply) => {
      const problem = problemOf(error);
      if (problem.kind === 'internal') options.onInternal(error, request);
      return options.render(problem, request, reply);
    },
  };
}

/** The body as JSON; raw bytes and already parsed values both work. */
export function readJson(request: FastifyRequest): Result<unknown, HttpProblem> {
  const body: unknown = request.body;
  if (body === undefined || body === null) return badJson('the body is empty');
  if (!Buffer.isBuffer(body) && typeof body !== 'string') return ok(body);
  try {
    return ok(JSON.parse(body.toString()));
  } catch (thrown) {
    return badJson(describeError(thrown));
  }
}

/** Whether the request carries a JSON body by its `Content-Type` (parameters are fine). */
export function isJson(request: FastifyRequest): boolean {
  const type = request.headers['content-type'] ?? '';
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type);
}

/** Knows the methods of each path, to tell a wrong method (405) from an unknown path (404). */
class RouteTable {
  private readonly routes: { readonly pattern: RegExp; readonly methods: Set<string> }[] = [];

  add(url: string, methods: readonly string[]): void {
    const source = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : escaped(part)))
      .join('/');
    this.routes.push({ pattern: new RegExp(`^${source}/?$`), methods: new Set(methods) });
  }

  methodsOf(url: string): readonly string[] {
    const path = url.split('?')[0] ?? url;
    const found = this.routes.filter((route) => route.pattern.test(path));
    return [...new Set(found.flatMap((route) => [...route.methods]))].sort();
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function badJson(why: string): Result<never, HttpProblem> {
  return err({ kind: 'bad-json', status: 400, message: why });
}

function problemOf(error: unknown): HttpProblem {
  const status = statusOf(error);
  const message = describeError(error);
  if (status === 413) return { kind: 'too-large', status, message };
  if (status === 415) return { kind: 'unsupported-media-type', status, message };
  if (status >= 400 && status < 500) return { kind: 'bad-request', status, message };
  return { kind: 'internal', status: 500, message: 'Internal Server Error' };
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}
