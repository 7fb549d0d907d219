/** `/help`: what there is, as HTML for people and Markdown for curl (spec operator-api, section 6.9). */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '../base/html.ts';
import type { HttpServer } from '../net/http-server.ts';
import { replyStatus } from '../net/http-server.ts';
import { writeJson } from '../wire/json-text.ts';
import { queryOf, replyText } from './replies.ts';

/** About one endpoint. */
export interface HelpPage {
  /** One line. */
  readonly tldr: string;
  /** Markdown, line by line. */
  readonly description?: readonly string[];
  /** Where credentials are asked for; without one, nowhere. */
  readonly realm?: string;
  readonly authorization?: string;
}

/** By process id and route. */
export type HelpPages = Readonly<Record<string, Readonly<Record<string, HelpPage>>>>;

export function registerHelp(server: HttpServer, pages: HelpPages): void {
  const { app } = server;
  app.all('/help', (request, reply) => index(pages, request, reply));
  app.all('/help/:id', (request, reply) => {
    const { id } = paramsOf(request);
    const routes = pages[id ?? ''];
    if (id === undefined || routes === undefined) return replyStatus(reply, 404);
    return markdown(request, reply, processPage(id, routes));
  });
  for (const depth of [':a', ':a/:b', ':a/:b/:c']) {
    app.all(`/help/:id/${depth}`, (request, reply) => route(pages, request, reply));
  }
}

function index(pages: HelpPages, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const ids = Object.keys(pages).sort();
  if (queryOf(request).get('format') === 'json') {
    const processes = ids.map((id) => ({
      id,
      endpoints: Object.entries(pages[id] ?? {}).map(([name, page]) => ({
        name,
        text: routePage(id, name, page),
      })),
    }));
    return reply.type('application/json').send(writeJson({ processes }));
  }
  const lines = ids.map((id) => `> [/${id}][${id}]\n`).join('');
  const links = ids.map((id) => `[${id}]: help/${id}\n`).join('');
  return markdown(request, reply, `## HELP\n${lines}\n${links}`);
}

function route(pages: HelpPages, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { id = '', a, b, c } = paramsOf(request);
  const routes = pages[id];
  if (routes === undefined) return replyStatus(reply, 404);
  const wanted = `/${[a, b, c].filter((part) => part !== undefined).join('/')}`;
  const page = routes[wanted];
  if (page === undefined)
    return replyText(reply, 400, `No help available for '/${id}${wanted}'.\n`);
  return markdown(request, reply, routePage(id, wanted, page));
}

function processPage(id: string, routes: Readonly<Record<string, HelpPage>>): string {
  const names = Object.keys(routes)
    .sort()
    .map((name) => (name === '/' ? id : id + name));
  const lines = names.map((name) => `> [/${name}][${name}]\n`).join('');
  const links = names.map((name) => `[${name}]: ${name}\n`).join('');
  return `## \`/${id}\` ##\n${lines}\n${links}`;
}

function routePage(id: string, name: string, page: HelpPage): string {
  const path = name === '/' ? `/${id}` : `/${id}${name}`;
  const { description, realm, authorization } = page;
  const authentication =
    realm === undefined
      ? 'This endpoint asks for no credentials.'
      : `Credentials are asked for when the realm \`${realm}\` is protected.`;
  const sections: readonly (readonly [title: string, text: string | undefined])[] = [
    ['USAGE', `>        ${path}`],
    ['TL;DR;', page.tldr],
    ['DESCRIPTION', description?.join('\n')],
    ['AUTHENTICATION', authentication],
    ['AUTHORIZATION', authorization],
  ];
  return sections
    .filter(([, text]) => text !== undefined)
    .map(([title, text]) => `### ${title} ###\n${text}\n`)
    .join('\n');
}

function markdown(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const agent = request.headers['user-agent'] ?? '';
  if (/^(curl|HTTPie)/.test(agent)) return reply.type('text/x-markdown').send(text);
  const page = `<html><head><title>Help</title><style>${STYLE}</style></head><body>${html(text)}</body></html>`;
  return reply.type('text/html').send(page);
}

const STYLE =
  'body{font-family:Helvetica,arial,sans-serif;font-size:14px;line-height:1.6;padding:30px}' +
  'blockquote{border-left:5px solid #ddd;padding:0 10px;color:#777;margin:0;white-space:pre-wrap}' +
  'a{color:#08c;text-decoration:none}';

/** The few forms our pages have: headings, quotes, links by reference, code. */
function html(text: string): string {
  const targets = new Map<string, string>();
  for (const [, name = '', target = ''] of text.matchAll(/^\[(.+?)\]: (.*)$/gm)) {
    targets.set(name, target);
  }
  const inline = (line: string): string =>
    escapeHtml(line)
      .replaceAll(/`(.+?)`/g, '<code>$1</code>')
      .replaceAll(/\[(.+?)\]\[(.+?)\]/g, (_, shown: string, name: string) => {
        return `<a href="/${name.includes('/') ? 'help/' : ''}${targets.get(name) ?? name}">${shown}</a>`;
      });
  const lines = text.split('\n').filter((line) => line !== '' && !/^\[(.+?)\]: /.test(line));
  return lines
    .map((line) => {
      const heading = /^(#+) (.*?)( #+)?$/.exec(line);
      if (heading !== null) {
        const level = heading[1]?.length ?? 2;
        return `<h${level}>${inline(heading[2] ?? '')}</h${level}>`;
      }
      if (line.startsWith('>')) return `<blockquote>${inline(line.slice(1))}</blockquote>`;
      return `<p>${inline(line)}</p>`;
    })
    .join('\n');
}

function paramsOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null) return {};
  const entries = Object.entries(params).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(entries);
}
