/** Routes of `/v2/plugins` (spec marathon-rest, section 11). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { plain } from '../model/app-json.ts';
import type { LoadedPlugins } from '../plugins/load.ts';
import { pluginRequest, sendAnswer } from './access.ts';
import { declare, sendJson, wildcardOf } from './api.ts';
import { sendProblem } from './problems.ts';

export function declarePlugins(app: FastifyInstance, plugins: LoadedPlugins | undefined): void {
  const list = (plugins?.descriptors ?? []).map(({ id, plugin, implementation, tags, info }) => ({
    id,
    plugin,
    implementation,
    tags: plain(tags),
    info: plain(info),
  }));
  declare(app, '/v2/plugins', {
    GET: (_request, reply) => sendJson(reply, 200, { plugins: list }),
  });
  const serve = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
    serveByPlugin(plugins, request, reply);
  const methods = { GET: serve, HEAD: serve, POST: serve, PUT: serve, DELETE: serve };
  declare(app, '/v2/plugins/*', methods);
}

async function serveByPlugin(
  plugins: LoadedPlugins | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const [id = '', ...rest] = wildcardOf(request).split('/');
  const handler = plugins?.handlers.get(id);
  if (handler === undefined) {
    return sendProblem(reply, { status: 404, message: `No plugin with this pluginId: ${id}` });
  }
  return sendAnswer(reply, await handler.serve(pluginRequest(request, `/${rest.join('/')}`)));
}
