/** The web interface (spec marathon-rest, section 1, "Root"). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pages } from '../../../core/webui/pages.ts';
import { declare, wildcardOf } from './api.ts';
import { sendProblem } from './problems.ts';

export function declarePages(app: FastifyInstance, pages: Pages): void {
  const toPages = (_request: unknown, reply: FastifyReply): unknown => reply.redirect('/ui/', 302);
  declare(app, '/', { GET: toPages });
  declare(app, '/ui', {
    // The server takes a slash at the end away before it looks for a route.
    GET: (request, reply) =>
      /^\/ui\/(\?|$)/.test(request.originalUrl)
        ? sendPage(pages, 'index.html', reply)
        : toPages(request, reply),
  });
  declare(app, '/ui/*', {
    GET: (request, reply) => {
      const path = wildcardOf(request);
      // The server has taken a slash at the end away.
      const isFolder = !path.slice(path.lastIndexOf('/') + 1).includes('.');
      if (isFolder && !/^[^?]*\/(\?|$)/.test(request.originalUrl)) {
        return reply.redirect(`/ui/${path}/`, 302);
      }
      return sendPage(pages, path, reply);
    },
  });
}

function sendPage(pages: Pages, path: string, reply: FastifyReply): unknown {
  if (pages.send(path, reply)) return reply;
  return sendProblem(reply, { status: 404, message: 'URI not found' });
}
