/** `/help`: what there is, as HTML for people and Markdown for curl (spec operator-api, section 6.9). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from '../net/http-server.ts';
import { replyStatus } from '../net/http-server.ts';
import { writeJson } from '../wire/json-text.ts';
import { queryOf, replyText } from './replies.ts';

/** One line about each endpoint, by process id and route. */
export type HelpPages = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Of both daemons. */
export const GLOBAL_HELP: HelpPages = {
  files: {
    '/browse': 'Returns a file listing for a directory.',
    '/debug': 'Returns the internal virtual path mapping.',
    '/download': 'Returns the raw file contents for a given path.',
    '/read': 'Reads data from a file.',
  },
  logging: { '/toggle': 'Sets the logging verbosity level for a specified duration.' },
  metrics: {
    '/prometheus': 'Provides the metrics in the text format of Prometheus.',
    '/snapshot': 'Provides a snapshot of the current metrics.',
  },
  profiler: { '/start': 'Starts profiling.', '/stop': 'Stops profiling.' },
  system: { '/stats.json': 'Shows local system metrics.' },
  version: { '/': 'Provides version information.' },
};

export function registerHelp(server: HttpServer, pages: HelpPages): void {
  const { app } = server;
  app.all('/help', (request, reply) => index(pages, request, reply));
  app.all('/help/:id', (request, reply) => {
    const { id } = paramsOf(request);
    const routes = pages[id ?? ''];
    if (id === undefined || routes === undefined) return replyStatus(reply, 404);
    return markdown(request, reply, processPage(id, routes));
  });
  app.all('/help/:id/:route', (request, reply) => route(pages, request, reply));
  app.all('/help/:id/:route/:rest', (request, reply) => route(pages, request, reply));
}

function index(pages: HelpPages, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (queryOf(request).get('format') === 'json') {
    const processes = Object.entries(pages).map(([id, routes]) => ({
      id,
      endpoints: Object.entries(routes).map(([name, text]) => ({
        name,
        text: routePage(id, name, text),
      })),
    }));
    return reply.type('application/json').send(writeJson({ processes }));
  }
  const ids = Object.keys(pages).sort();
  const lines = ids.map((id) => `> [/${id}][${id}]\n`).join('');
  const links = ids.map((id) => `[${id}]: help/${id}\n`).join('');
  return markdown(request, reply, `## HELP\n\n${lines}\n${links}`);
}

function route(pages: HelpPages, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { id = '', route: name = '', rest } = paramsOf(request);
  const routes = pages[id];
  if (routes === undefined) return replyStatus(reply, 404);
  const wanted = `/${rest === undefined ? name : `${name}/${rest}`}`;
  const text = routes[wanted];
  if (text === undefined)
    return replyText(reply, 400, `No help available for '/${id}${wanted}'.\n`);
  return markdown(request, reply, routePage(id, wanted, text));
}

function processPage(id: string, routes: Readonly<Record<string, string>>): string {
  const names = Object.keys(routes).sort();
  const lines = names.map((name) => `> [/${id}${name}][${id}${name}]\n`).join('');
  const links = names.map((name) => `[${id}${name}]: ${id}${name}\n`).join('');
  return `## \`/${id}\` ##\n\n${lines}\n${links}`;
}

function routePage(id: string, name: string, text: string): string {
  const path = name === '/' ? `/${id}` : `/${id}${name}`;
  return `### USAGE ###\n>        ${path}\n\n### TL;DR; ###\n${text}\n`;
}

function markdown(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const agent = request.headers['user-agent'] ?? '';
  if (/^(curl|HTTPie)/.test(agent)) return reply.type('text/x-markdown').send(text);
  const html = `<html><head><title>Help</title></head><body><pre>${escapeHtml(text)}</pre></body></html>`;
  return reply.type('text/html').send(html);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function paramsOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null) return {};
  const entries = Object.entries(params).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(entries);
}
