/**
 * The Thrift interface at `/api`: one unframed message in, one out; the encodings are chosen by `Content-Type`
 * and `Accept` (spec aurora-scheduler, section 2.1).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bodyOf } from '../../../core/net/http-server.ts';
import type { MachineCall } from '../machine/calls.ts';
import {
  decodeCall,
  encodeException,
  encodeReply,
  MESSAGE_MAX_BYTES,
  type ThriftEncoding,
  UNKNOWN_METHOD,
} from '../thrift/messages.ts';
import type { Response, ServerInfo } from '../thrift/types.ts';
import type { ApiGuard } from './security/guard.ts';

const BINARY = 'application/vnd.apache.thrift.binary';
const JSON_TYPE = 'application/vnd.apache.thrift.json';
const ENCODING_OF: ReadonlyMap<string, ThriftEncoding> = new Map([
  [BINARY, 'binary'],
  [JSON_TYPE, 'json'],
  ['application/x-thrift', 'json'],
  ['application/json', 'json'],
]);

export interface ApiPorts {
  /** Resolves when everything the answer depends on is durable. */
  readonly call: (call: MachineCall, user: string) => Promise<Response>;
  readonly serverInfo: ServerInfo;
  readonly guard: ApiGuard;
}

export function declareApi(app: FastifyInstance, ports: ApiPorts): void {
  const answer = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    answerMessage(request, reply, ports);
  app.route({
    method: ['GET', 'POST'],
    url: '/api',
    bodyLimit: MESSAGE_MAX_BYTES,
    handler: answer,
  });
}

async function answerMessage(
  request: FastifyRequest,
  reply: FastifyReply,
  { call, serverInfo, guard }: ApiPorts,
): Promise<FastifyReply> {
  const type = request.headers['content-type'];
  const encoding = encodingOf(type);
  if (encoding === undefined) {
    return reply.code(415).type('text/plain').send(`Unsupported Content-Type: ${type}`);
  }
  const message = decodeCall(encoding, bodyOf(request));
  if (!message.ok) return reply.code(500).type('text/plain').send(message.error);
  const isBinary = acceptsBinary(request.headers.accept);
  const answered = isBinary ? 'binary' : 'json';
  reply.type(isBinary ? BINARY : JSON_TYPE);
  if (message.value.kind === 'unknown-method') {
    const { name, seqid } = message.value;
    const exception = { type: UNKNOWN_METHOD, message: `Invalid method name: '${name}'` };
    return reply.send(encodeException(answered, { name, seqid, exception }));
  }
  const { method, seqid } = message.value;
  if (guard.mustLogin(method, request)) return guard.challenge(reply);
  const response = await call(message.value, guard.userOf(request));
  return reply.send(
    encodeReply(answered, { method, seqid, response: { ...response, serverInfo } }),
  );
}

/** Undefined for what no message comes in. */
function encodingOf(type: string | undefined): ThriftEncoding | undefined {
  if (type === undefined) return 'json';
  const [name = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  if (parameters.some((each) => each !== 'charset=utf-8')) return undefined;
  return ENCODING_OF.get(name);
}

function acceptsBinary(accept: string | undefined): boolean {
  return accept?.split(/[;,]/)[0]?.trim().toLowerCase() === BINARY;
}
