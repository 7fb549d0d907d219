/** Errors as the API writes them (spec marathon-rest, section 1.1): one table of shapes. */
import type { FastifyReply } from 'fastify';
import { type JsonObject, type JsonValue, writeJson } from '../../../core/wire/json-text.ts';
import type { ProxyFailure } from '../../kit/leader-proxy.ts';
import { type Forbidden, LOCKED_TEXT, type Refusal, refusalText } from '../model/refusal.ts';
import { groupByPath, type Violation } from '../model/violations.ts';

export interface ApiProblem {
  readonly status: number;
  readonly message: string;
  /** Text of the parser, or one entry per path. */
  readonly details?: JsonValue | undefined;
  readonly deployments?: JsonValue | undefined;
}

/** Right syntax, wrong types: the JSON model is not met. */
export function modelProblem(violations: readonly Violation[]): ApiProblem {
  return { status: 422, message: 'Invalid JSON', details: groupByPath(violations) };
}

/** Right types, broken rules. */
export function invalidProblem(violations: readonly Violation[]): ApiProblem {
  return { status: 422, message: 'Object is not valid', details: groupByPath(violations) };
}

function problemOf(refusal: Exclude<Refusal, Forbidden>): ApiProblem {
  switch (refusal.kind) {
    case 'invalid':
      return invalidProblem(refusal.violations);
    case 'not-found':
      return { status: 404, message: refusal.message };
    case 'conflict':
      return { status: 409, message: refusal.message };
    case 'illegal':
      return { status: 422, message: refusal.message };
    case 'locked':
      return {
        status: 409,
        message: LOCKED_TEXT,
        deployments: refusal.deploymentIds.map((id) => ({ id })),
      };
    case 'too-many-deployments':
      return { status: 403, message: refusalText(refusal) };
  }
}

export function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  const { message, details, deployments } = problem;
  const body: JsonObject = { message, details, deployments };
  return reply.code(problem.status).type('application/json').send(writeJson(body));
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.kind === 'forbidden') {
    const { status, headers = {}, body } = refusal.answer;
    return reply
      .code(status)
      .headers(headers)
      .send(body instanceof Uint8Array ? Buffer.from(body) : body);
  }
  return sendProblem(reply, problemOf(refusal));
}

/** What a process answers that does not lead and cannot pass a request on (section 12). */
export function sendProxyFailure(reply: FastifyReply, failure: ProxyFailure): FastifyReply {
  switch (failure.kind) {
    case 'no-leader':
      return sendProblem(reply, { status: 502, message: 'Could not determine the current leader' });
    case 'loop':
      return sendProblem(reply, { status: 502, message: 'Detected proxying loop.' });
    case 'refused':
      return sendProblem(reply, { status: 502, message: 'Connection to leader refused.' });
    case 'failed':
      return sendProblem(reply, { status: 500, message: failure.why });
  }
}
