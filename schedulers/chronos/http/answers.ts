/** Answers in the shape of Chronos (spec chronos, section 4.1). */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Instant } from '../../../core/base/clock.ts';
import { type JsonValue, writeJson } from '../../../core/wire/json-text.ts';
import type { HttpProblem } from '../../kit/http-kit.ts';
import type { ProxyFailure } from '../../kit/leader-proxy.ts';
import type { Refusal } from '../records.ts';

export function sendJson(reply: FastifyReply, value: JsonValue): FastifyReply {
  return reply.type('application/json').send(writeJson(value));
}

export function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain').send(text);
}

/** 204 without a body. */
export function sendDone(reply: FastifyReply): FastifyReply {
  return reply.code(204).send();
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, message } = refusal;
  const body = { message, status: STATUS_CODES[status] ?? '' };
  return reply.code(status).type('application/json').send(writeJson(body));
}

/** Malformed JSON and the like: 400 with the same shape, where the original sends a page. */
export function renderProblem(
  problem: HttpProblem,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const body = { message: problem.message, status: STATUS_CODES[problem.status] ?? '' };
  reply.header('access-control-allow-origin', '*');
  return reply.code(problem.status).type('application/json').send(writeJson(body));
}

/** A query parameter given once. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = member(request.query, name);
  return typeof value === 'string' ? value : undefined;
}

export function pathText(request: FastifyRequest, name: string): string {
  const value = member(request.params, name);
  return typeof value === 'string' ? value : '';
}

function member(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined;
  return Object.entries(object).find(([key]) => key === name)?.[1];
}

/** Milliseconds and `Z`. */
export function isoText(at: Instant): string {
  return new Date(at).toISOString();
}

/** What a process answers that does not lead and cannot pass a request on (section 1.2). */
export function sendProxyFailure(reply: FastifyReply, failure: ProxyFailure): FastifyReply {
  const why = 'why' in failure ? failure.why : WITHOUT_REASON[failure.kind];
  const text = `Error proxying request to leader (maybe the leadership just changed?): ${why}`;
  return sendText(reply.code(500), text);
}

const WITHOUT_REASON = {
  'no-leader': 'nobody leads',
  loop: 'the request came back from the leader',
} as const;
