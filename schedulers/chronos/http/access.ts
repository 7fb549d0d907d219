/** Basic authentication and headers of every answer (spec chronos, sections 1.1 and 4.3). */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

export interface AccessOptions {
  /** `user:password`; undefined lets everybody in. */
  readonly credentials: string | undefined;
  readonly realm: string;
}

export function guard(app: FastifyInstance, options: AccessOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', '*');
    const expected = options.credentials;
    if (expected === undefined) return undefined;
    const given = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const text = given === undefined ? '' : Buffer.from(given, 'base64').toString();
    if (isEqual(text, expected)) return undefined;
    reply.header('www-authenticate', `Basic realm="${options.realm}"`);
    return reply.code(401).type('text/plain').send('Unauthorized');
  });
}

/** Takes the same time wherever the texts differ. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
