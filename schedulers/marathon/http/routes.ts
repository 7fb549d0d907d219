/** All routes, and what holds for every request (spec marathon-rest, sections 1 and 12). */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EventHub } from '../../kit/event-hub.ts';
import type { MarathonMetrics } from '../metrics.ts';
import { declareApps } from './apps.ts';
import { declareArtifacts } from './artifacts.ts';
import { declareCallbacks, type HttpCallbacks } from './callbacks.ts';
import { declareDeployments, declareQueue } from './deployments.ts';
import { declareEvents } from './events.ts';
import { declareGroups } from './groups.ts';
import { declarePlugins } from './plugins.ts';
import { declarePods } from './pods.ts';
import { sendProblem } from './problems.ts';
import { declareSystem, type SystemContext } from './system.ts';
import { declareTasks } from './tasks.ts';

export interface EventSinks {
  readonly hub: EventHub;
  readonly callbacks: HttpCallbacks | undefined;
}

export function declareRoutes(
  app: FastifyInstance,
  context: SystemContext,
  { hub, callbacks }: EventSinks,
): void {
  const { api } = context;
  addFilters(app, context);
  api.access.guard(app, context.log);
  declareSystem(app, context);
  declarePlugins(app, context.plugins);
  declareArtifacts(app, context.options.artifacts);
  declareApps(app, api);
  declareTasks(app, api);
  declareGroups(app, api);
  declarePods(app, api);
  declareDeployments(app, api);
  declareQueue(app, api);
  declareEvents(app, api, hub);
  const clock = { now: () => api.shell.now() };
  declareCallbacks(app, callbacks, { clock, publish: api.publish });
}

export function answerNotFound(_request: FastifyRequest, reply: FastifyReply): unknown {
  return sendProblem(reply, { status: 404, message: 'URI not found' });
}

function addFilters(app: FastifyInstance, { options, self, scheme, metrics }: SystemContext): void {
  app.addHook('onRequest', (request, reply, done) => {
    measure(metrics, request, reply);
    reply.headers({
      'x-marathon-leader': `${scheme()}://${self()}`,
      'x-frame-options': 'DENY',
      'x-xss-protection': '1; mode=block',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
    });
    addCors(options.corsOrigin, request, reply);
    const max = options.concurrentRequestsMax;
    if (max !== undefined && metrics.http.activeCount > max) {
      const message = `Too many concurrent requests! Allowed: ${max}.`;
      sendProblem(reply, { status: 503, message });
      return;
    }
    const credentials = options.httpCredentials;
    if (credentials !== undefined && !isAuthorized(request, credentials)) {
      reply.header('www-authenticate', `basic realm="${credentials.realm}"`);
      sendProblem(reply, { status: 401, message: 'Unauthorized' });
      return;
    }
    done();
  });
}

/** Streams of events count as active, but are not timed: they take as long as their clients like. */
function measure(
  { http, requestBytes, responseBytes }: MarathonMetrics,
  request: FastifyRequest,
  { raw }: FastifyReply,
): void {
  const end = http.begin(request.method);
  const { socket } = request.raw;
  const before = socket.bytesWritten;
  requestBytes.increment(Number(request.headers['content-length'] ?? 0));
  const isStream = request.url.startsWith('/v2/events');
  raw.once('close', () => {
    end(isStream ? undefined : raw.statusCode);
    // There are no bytes without a socket.
    if (!isStream) responseBytes.increment((socket.bytesWritten ?? before ?? 0) - (before ?? 0));
  });
}

/** Only the last of several origins is sent, as the original does. */
function addCors(origin: string | undefined, request: FastifyRequest, reply: FastifyReply): void {
  if (origin === undefined) return;
  reply.header('access-control-allow-origin', origin.split(',').at(-1)?.trim() ?? '');
  const asked = request.headers['access-control-request-headers'];
  if (asked !== undefined) reply.header('access-control-allow-headers', asked);
  reply.header('access-control-allow-methods', 'GET, HEAD, OPTIONS');
  reply.header('access-control-max-age', '86400');
}

function isAuthorized(
  request: FastifyRequest,
  { user, password }: { readonly user: string; readonly password: string },
): boolean {
  const given = /^basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const expected = Buffer.from(`${user}:${password}`);
  const actual = Buffer.from(given, 'base64');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
