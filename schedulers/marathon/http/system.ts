/** Ping, metrics, info, leader and the start page (spec marathon-rest, sections 8 and 10). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { writeJson } from '../../../core/wire/json-text.ts';
import type { MarathonMetrics } from '../metrics.ts';
import { plain } from '../model/app-json.ts';
import type { MarathonOptions } from '../options.ts';
import { type Api, declare, sendJson } from './api.ts';
import { startPage } from './start-page.ts';

export const VERSION = '1.12.0';

export interface SystemContext {
  readonly api: Api;
  readonly options: MarathonOptions;
  readonly metrics: MarathonMetrics;
  /** `hostname:port` of this process. */
  readonly self: () => string;
  readonly frameworkId: () => string | undefined;
  readonly abdicate: () => void;
}

export function declareSystem(app: FastifyInstance, context: SystemContext): void {
  const page = (_request: FastifyRequest, reply: FastifyReply): unknown =>
    reply.type('text/html; charset=utf-8').send(startPage(context.api.shell.machine.state));
  declare(app, '/', { GET: page });
  declare(app, '/ui', { GET: page });
  declare(app, '/ui/*', { GET: page });
  declare(app, '/ping', { GET: ping });
  declare(app, '/metrics', {
    GET: (_request, reply) => sendJson(reply, 200, plain(context.metrics.snapshot()) ?? {}),
  });
  declare(app, '/metrics/prometheus', {
    GET: async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .send(await context.metrics.registry.prometheus()),
  });
  declare(app, '/v2/info', { GET: (_request, reply) => sendInfo(context, reply) });
  declare(app, '/v2/leader', {
    GET: (_request, reply) => sendJson(reply, 200, { leader: context.self() }),
    DELETE: (_request, reply) => {
      context.abdicate();
      return sendJson(reply, 200, { message: 'Leadership abdicated' });
    },
  });
  declare(app, '/v2/plugins', { GET: (_request, reply) => sendJson(reply, 200, { plugins: [] }) });
}

function ping(request: FastifyRequest, reply: FastifyReply): unknown {
  const accept = request.headers.accept ?? '*/*';
  if (/\*\/\*|text\/\*|text\/plain/.test(accept)) return reply.type('text/plain').send('pong');
  if (accept.includes('application/json')) return reply.type('application/json').send('"pong"');
  if (accept.includes('text/html')) return reply.type('text/html').send('pong');
  return reply.code(204).send();
}

/** This one document writes `null` for what is not set. */
function sendInfo(context: SystemContext, reply: FastifyReply): unknown {
  const { options, self, frameworkId } = context;
  const shown = (prefix: string): object =>
    Object.fromEntries(
      Object.entries(options.shownFlags)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name, value ?? null]),
    );
  const rest = Object.entries(options.shownFlags).filter(
    ([name]) => !name.startsWith('zk') && !name.startsWith('http'),
  );
  const info = {
    name: options.frameworkName,
    version: VERSION,
    buildref: 'orrery',
    elected: true,
    leader: self(),
    frameworkId: frameworkId() ?? null,
    marathon_config: Object.fromEntries(rest.map(([name, value]) => [name, value ?? null])),
    zookeeper_config: shown('zk'),
    http_config: { http_port: options.http.port, https_port: 8443 },
  };
  return reply.type('application/json').send(writeJson(plain(info) ?? null));
}
