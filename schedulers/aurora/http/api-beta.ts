/** The calls of the Thrift interface in plain JSON (spec aurora-scheduler, section 2.2). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { bodyOf } from '../../../core/net/http-server.ts';
import { MESSAGE_MAX_BYTES } from '../thrift/messages.ts';
import { callFromPlain, isTable } from '../thrift/plain-json.ts';
import { isMethod } from '../thrift/schema.ts';
import type { Response } from '../thrift/types.ts';
import type { ApiPorts } from './api.ts';
import { plain } from './rest/schemas.ts';

export function declareApiBeta(app: FastifyInstance, ports: ApiPorts): void {
  app.get('/apibeta', (_request, reply) => reply.redirect('/apihelp/index.html', 303));
  app.route<{ Params: { method: string } }>({
    method: 'POST',
    url: '/apibeta/:method',
    bodyLimit: MESSAGE_MAX_BYTES,
    handler: async (request, reply) => {
      const { method } = request.params;
      if (!isMethod(method)) {
        return problem(reply, ports, 404, `Method ${method} does not exist.`);
      }
      const parameters = readParameters(bodyOf(request));
      if (typeof parameters === 'string') return problem(reply, ports, 400, parameters);
      const call = callFromPlain(method, parameters);
      if (!call.ok) return problem(reply, ports, 400, call.error);
      const { guard } = ports;
      if (guard.mustLogin(method, request)) return guard.challenge(reply);
      return say(reply, ports, 200, await ports.call(call.value, guard.userOf(request)));
    },
  });
}

/** A call without parameters needs no body. */
function readParameters(body: Buffer): Readonly<Record<string, unknown>> | string {
  const text = body.toString('utf8').trim();
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'Request must be valid JSON';
  }
  if (value === null) return {};
  return isTable(value) ? value : 'Request data must be a JSON object of method parameters.';
}

function problem(
  reply: FastifyReply,
  ports: ApiPorts,
  status: number,
  message: string,
): FastifyReply {
  return say(reply, ports, status, { responseCode: 'ERROR', details: [{ message }] });
}

function say(
  reply: FastifyReply,
  { serverInfo }: ApiPorts,
  status: number,
  response: Response,
): FastifyReply {
  const { responseCode, result, details } = response;
  const body = plain({ responseCode, serverInfo, result, details });
  return reply.code(status).type('application/json').send(JSON.stringify(body));
}
