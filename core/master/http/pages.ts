/** The web interface at `/` and `/assets/` (spec cli-and-webui, section 7). A standby has it, too. */
import { type HttpServer, replyStatus } from '../../net/http-server.ts';
import type { Pages } from '../../webui/pages.ts';

export function registerPages(server: HttpServer, pages: Pages): void {
  const { app } = server;
  app.all('/master', (_request, reply) => {
    if (!pages.send('index.html', reply)) return replyStatus(reply, 404);
    return reply;
  });
  app.all<{ Params: { name: string } }>('/master/assets/:name', (request, reply) => {
    if (!pages.send(`assets/${request.params.name}`, reply)) return replyStatus(reply, 404);
    return reply;
  });
}
