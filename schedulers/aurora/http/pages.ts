/** The web interface, at each of the original's addresses (spec aurora-scheduler, section 10). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pages } from '../../../core/webui/pages.ts';

/** The pages find out by themselves which of them an address means. */
const ADDRESSES = ['/', '/scheduler', '/scheduler/*', '/updates'];

const OWN_ONLY = "default-src 'self' 'unsafe-inline' data:";

export function declarePages(app: FastifyInstance, pages: Pages): void {
  for (const address of ADDRESSES) {
    app.get(address, (request, reply) => {
      reply.header('content-security-policy', OWN_ONLY);
      pages.sendIndexBelow(levelsOf(request), reply);
      return reply;
    });
  }
  app.get<{ Params: { file: string } }>('/assets/:file', ({ params }, reply): FastifyReply => {
    if (pages.send(`assets/${params.file}`, reply)) return reply;
    return reply.code(404).type('text/plain').send('There is no such file\n');
  });
}

/** How many folders a browser takes the address for, with the slash at its end that may be there. */
function levelsOf({ originalUrl }: FastifyRequest): number {
  const [path = ''] = originalUrl.split('?');
  return path.split('/').length - 2;
}
