/** Routes that describe the API: the console, RAML, schemas (spec marathon-rest, sections 1, 10 and 13.5). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { writeJson } from '../../../core/wire/json-text.ts';
import { plain } from '../model/app-json.ts';
import { SCHEMAS } from '../model/published-schemas.ts';
import { declare, wildcardOf } from './api.ts';
import { CHAPTERS, consolePage, ramlOf } from './api-description.ts';
import { sendProblem } from './problems.ts';

const CONSOLE = '/api-console/index.html';

export function declareHelp(app: FastifyInstance): void {
  const toConsole = (_request: unknown, reply: FastifyReply): unknown =>
    reply.redirect(CONSOLE, 302);
  declare(app, '/help', { GET: toConsole });
  declare(app, '/api-console', { GET: toConsole });
  declare(app, CONSOLE, { GET: (_request, reply) => reply.type('text/html').send(consolePage()) });
  declare(app, '/public/*', { GET: (request, reply) => sendPublic(reply, wildcardOf(request)) });
  declare(app, '/v2/schemas/*', {
    GET: (request, reply) => sendSchema(reply, wildcardOf(request)),
  });
}

function sendPublic(reply: FastifyReply, path: string): unknown {
  if (path === 'api/api.raml') {
    return sendRaml(reply, ramlOf(Object.values(CHAPTERS).flat(), 'v2/types'));
  }
  const type = /^api\/v2\/types\/(.+)\.json$/.exec(path)?.[1];
  if (type !== undefined) return sendSchema(reply, type);
  const chapter = /^api\/v2\/(.+)\.raml$/.exec(path)?.[1];
  const [, endpoints] = Object.entries(CHAPTERS).find(([name]) => name === chapter) ?? [];
  if (endpoints === undefined) return notFound(reply);
  return sendRaml(reply, ramlOf(endpoints, 'types'));
}

function sendRaml(reply: FastifyReply, text: string): unknown {
  return reply.type('application/raml+yaml').send(text);
}

function sendSchema(reply: FastifyReply, name: string): unknown {
  const schema = SCHEMAS.get(name);
  if (schema === undefined) return notFound(reply);
  return reply.type('application/json').send(writeJson(plain(schema) ?? null));
}

function notFound(reply: FastifyReply): unknown {
  return sendProblem(reply, { status: 404, message: 'URI not found' });
}
