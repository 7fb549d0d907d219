/** Small answers of the operator endpoints (spec operator-api, section 1.2). */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { DATE_HERE } from '../net/http-answers.ts';
import { queryIn } from '../net/query.ts';

/** A text with the recorded content type; errors and the few texts of success. */
export function replyText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}

/** No body and no content type. */
export function replyEmpty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('content-length', '0').send();
}

/** As `replyEmpty`, with the header lines in the order of an answer that the original relays. */
export function replyEmptyRelayed(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('content-length', '0').header('date', DATE_HERE).send();
}

export function replyMethodNotAllowed(
  reply: FastifyReply,
  allowed: readonly string[],
  received: string,
): FastifyReply {
  const quoted = allowed.map((method) => `'${method}'`).join(', ');
  const text = `405 Method Not Allowed. Expecting one of { ${quoted} }, but received '${received}'.`;
  return replyText(reply.header('allow', allowed.join(', ')), 405, text);
}

export function queryOf(request: FastifyRequest): URLSearchParams {
  return queryIn(request.url);
}
