/** Lets pages of one other origin call: `-enable_cors_for` (spec aurora-scheduler, section 10). */
import type { FastifyInstance } from 'fastify';

const METHODS = 'DELETE,GET,HEAD,OPTIONS,POST,PUT';
const HEADERS = 'Accept,Content-Type,Origin,X-Requested-With';

export function allowOrigin(app: FastifyInstance, origin: string): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-allow-methods', METHODS);
    reply.header('access-control-allow-headers', HEADERS);
    // A browser asks before; what follows decides by itself.
    return request.method === 'OPTIONS' ? reply.code(200).send() : undefined;
  });
}
