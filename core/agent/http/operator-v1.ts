/** `POST /api/v1` of the agent: the envelope and the calls that show (spec operator-api, section 10). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodyOf } from '../../net/http-server.ts';
import { commonAnswer, missingField } from '../../operator/common-calls.ts';
import {
  answerEncoding,
  contentTypeOf,
  decodeCall,
  type Encoding,
  requestEncoding,
} from '../../operator/envelope.ts';
import { replyEmpty, replyMethodNotAllowed, replyText } from '../../operator/replies.ts';
import { encodeMessage } from '../../wire/codec.ts';
import { toJson } from '../../wire/json.ts';
import type { Call, Response } from '../../wire/types/mesos.v1.agent.ts';
import { AGENT_ACTOR } from '../agent.ts';
import type { AgentState } from '../state.ts';
import { containerV1, executorsMatching, statisticsOf } from '../views/containers.ts';
import {
  agentInfo,
  getExecutors,
  getExecutorsText,
  getFrameworks,
  getFrameworksText,
  getState,
  getStateText,
  getTasks,
  getTasksText,
} from '../views/v1.ts';
import type { AgentOperatorContext } from './operator.ts';

export function registerAgentV1(context: AgentOperatorContext): void {
  context.server.app.all(`/${AGENT_ACTOR}/api/v1`, (request, reply) =>
    context.recovered(reply, (state) => receive(context, state, request, reply)),
  );
}

function receive(
  context: AgentOperatorContext,
  state: AgentState,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | Promise<FastifyReply> {
  if (request.method !== 'POST') return replyMethodNotAllowed(reply, ['POST'], request.method);
  const encoding = requestEncoding(request.headers['content-type']);
  if (!encoding.ok) {
    const { status, text } = encoding.error;
    // The agent also knows streams of requests.
    return replyText(reply, status, status === 415 ? `${text} or application/recordio` : text);
  }
  const call = decodeCall('mesos.v1.agent.Call', encoding.value, bodyOf(request));
  if (!call.ok) return replyText(reply, call.error.status, call.error.text);
  const missing = missingField(call.value);
  if (missing !== undefined) {
    const text = `Failed to validate agent::Call: Expecting '${missing}' to be present`;
    return replyText(reply, 400, text);
  }
  const accepted = answerEncoding(request.headers.accept);
  if (!accepted.ok) return replyText(reply, accepted.error.status, accepted.error.text);
  return answer(context, { state, call: call.value, encoding: accepted.value }, reply);
}

interface Asked {
  readonly state: AgentState;
  readonly call: Call;
  readonly encoding: Encoding;
}

async function answer(
  context: AgentOperatorContext,
  asked: Asked,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { call, state, encoding } = asked;
  const common = await commonAnswer(call, {
    flags: context.agent.options.flags,
    metrics: context.metrics,
    logging: context.logging,
    files: context.files,
  });
  if (common !== undefined) {
    if (common.kind === 'response') return send(reply, common.response, encoding);
    if (common.kind === 'done') return replyEmpty(reply, 200);
    return replyText(reply, common.status, common.text);
  }
  if (encoding === 'json') {
    const text = handWrittenText(state, call);
    if (text !== undefined) return reply.type(contentTypeOf('json')).send(text);
  }
  const response = showing(context, state, call);
  if (response !== undefined) return send(reply, response, encoding);
  return replyText(reply, 501, `Call ${call.type ?? ''} is not implemented by this agent yet`);
}

function send(reply: FastifyReply, response: Response, encoding: Encoding): FastifyReply {
  const body =
    encoding === 'json'
      ? toJson('mesos.v1.agent.Response', response)
      : Buffer.from(encodeMessage('mesos.v1.agent.Response', response));
  return reply.type(contentTypeOf(encoding)).send(body);
}

function handWrittenText(state: AgentState, call: Call): string | undefined {
  switch (call.type) {
    case 'GET_STATE':
      return `{"type":"GET_STATE","get_state":${getStateText(state)}}`;
    case 'GET_FRAMEWORKS':
      return `{"type":"GET_FRAMEWORKS","get_frameworks":${getFrameworksText(getFrameworks(state))}}`;
    case 'GET_EXECUTORS':
      return `{"type":"GET_EXECUTORS","get_executors":${getExecutorsText(getExecutors(state))}}`;
    case 'GET_TASKS':
      return `{"type":"GET_TASKS","get_tasks":${getTasksText(getTasks(state))}}`;
    default:
      return undefined;
  }
}

function showing(
  context: AgentOperatorContext,
  state: AgentState,
  call: Call,
): Response | undefined {
  switch (call.type) {
    case 'GET_STATE':
      return { type: 'GET_STATE', get_state: getState(state) };
    case 'GET_FRAMEWORKS':
      return { type: 'GET_FRAMEWORKS', get_frameworks: getFrameworks(state) };
    case 'GET_EXECUTORS':
      return { type: 'GET_EXECUTORS', get_executors: getExecutors(state) };
    case 'GET_TASKS':
      return { type: 'GET_TASKS', get_tasks: getTasks(state) };
    case 'GET_CONTAINERS':
      return containers(context, state);
    case 'GET_AGENT': {
      const agent = { agent_info: agentInfo(state), drain_config: state.drainConfig };
      return { type: 'GET_AGENT', get_agent: agent };
    }
    case 'GET_OPERATIONS': {
      const operations = [...state.operations.values()];
      return { type: 'GET_OPERATIONS', get_operations: { operations } };
    }
    case 'GET_RESOURCE_PROVIDERS':
      return { type: 'GET_RESOURCE_PROVIDERS', get_resource_providers: {} };
    default:
      return undefined;
  }
}

/** Without containers there is not even the empty list. */
function containers(context: AgentOperatorContext, state: AgentState): Response {
  const all = { containerId: undefined, frameworkId: undefined, executorId: undefined };
  const now = context.clock.now();
  const list = executorsMatching(state, all).map((executor) =>
    containerV1(executor, statisticsOf(executor, context.usageOf, now)),
  );
  if (list.length === 0) return { type: 'GET_CONTAINERS' };
  return { type: 'GET_CONTAINERS', get_containers: { containers: list } };
}
