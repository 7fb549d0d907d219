/** `POST /api/v1` of the agent: the envelope and the calls that show (spec operator-api, section 10). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Approvers } from '../../auth/authorizer.ts';
import { bodyOf } from '../../net/http-server.ts';
import { commonAnswer, missingField } from '../../operator/common-calls.ts';
import { contentTypeOf, type Encoding, type Refusal } from '../../operator/envelope.ts';
import { replyEmpty, replyMethodNotAllowed, replyText } from '../../operator/replies.ts';
import { encodeMessage } from '../../wire/codec.ts';
import { toJson } from '../../wire/json.ts';
import type { Call, Response } from '../../wire/types/mesos.v1.agent.ts';
import { AGENT_ACTOR } from '../agent.ts';
import { mayCallContainer, visibleAgentState, withVisibleContainers } from '../authorization.ts';
import type { AgentState } from '../state.ts';
import { containersV1 } from '../views/containers-v1.ts';
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
import { attachInput, CallStream, firstCall } from './attach-input.ts';
import {
  type CallEnvelope,
  callEnvelope,
  decodeAgentCall,
  envelopeFault,
  RECORDIO_TYPE,
} from './call-envelope.ts';
import { answerContainerCall } from './container-calls.ts';
import { containerCallFault } from './container-validation.ts';
import type { AgentOperatorContext } from './operator.ts';
import { providerConfigFault, refuseProviderConfig } from './provider-configs.ts';

export function registerAgentV1(context: AgentOperatorContext): void {
  const { app } = context.server;
  // Streams are read by the handler, record by record.
  app.addContentTypeParser(RECORDIO_TYPE, (_request, _payload, done) => done(null));
  // Without a route of its own it would be answered by the one in front of it.
  app.all(`/${AGENT_ACTOR}/api/v1/resource_provider`, (request, reply) => {
    if (request.method !== 'POST') return replyMethodNotAllowed(reply, ['POST'], request.method);
    return replyText(reply, 501, 'Resource providers are not supported by this agent');
  });
  app.all(`/${AGENT_ACTOR}/api/v1`, (request, reply) =>
    context.recovered(reply, (state) => receive(context, state, request, reply)),
  );
}

async function receive(
  context: AgentOperatorContext,
  state: AgentState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (request.method !== 'POST') return replyMethodNotAllowed(reply, ['POST'], request.method);
  const read = callEnvelope(request.headers);
  if (!read.ok) return replyText(reply, read.error.status, read.error.text);
  const envelope = read.value;
  const approvers = context.approvers(request);
  if (!envelope.isRequestStream) {
    const call = decodeAgentCall(envelope.request, bodyOf(request));
    if (!call.ok) return replyText(reply, call.error.status, call.error.text);
    return answer(context, { state, call: call.value, envelope, approvers }, reply);
  }
  const calls = new CallStream(request.raw, envelope.request);
  const first = await firstCall(calls, reply);
  if (first === undefined) return reply;
  const asked = { state, call: first, envelope, approvers };
  const refused = refusalOf(asked);
  const { containers } = context.agent;
  if (refused === undefined && containers !== undefined) {
    return attachInput(containers, { first, calls }, reply);
  }
  await calls.close();
  return refused === undefined ? notImplemented(first, reply) : replyRefusal(reply, refused);
}

interface Asked {
  readonly state: AgentState;
  readonly call: Call;
  readonly envelope: CallEnvelope;
  readonly approvers: Approvers;
}

function refusalOf({ call, envelope, state, approvers }: Asked): Refusal | undefined {
  const missing = missingField(call);
  const fault =
    missing === undefined
      ? (containerCallFault(call) ?? providerConfigFault(call))
      : `Expecting '${missing}' to be present`;
  if (fault !== undefined) {
    return { status: 400, text: `Failed to validate agent::Call: ${fault}` };
  }
  return (
    envelopeFault(call, envelope) ??
    refuseUnauthorized(mayCallContainer(approvers, state, call)) ??
    refuseProviderConfig(call, approvers)
  );
}

function refuseUnauthorized(isAllowed: boolean): Refusal | undefined {
  return isAllowed ? undefined : { status: 403, text: '403 Forbidden.' };
}

function replyRefusal(reply: FastifyReply, { status, text }: Refusal): FastifyReply {
  return replyText(reply, status, text);
}

function notImplemented({ type }: Call, reply: FastifyReply): FastifyReply {
  if (type === 'UNKNOWN') return replyText(reply, 501, '501 Not Implemented.');
  return replyText(reply, 501, `Call ${type ?? ''} is not supported by this agent`);
}

async function answer(
  context: AgentOperatorContext,
  asked: Asked,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { call, envelope, approvers } = asked;
  const state = visibleAgentState(asked.state, approvers);
  const refused = refusalOf(asked);
  if (refused !== undefined) return replyRefusal(reply, refused);
  const encoding = envelope.answer;
  const common = await commonAnswer(call, {
    flags: context.agent.options.flags,
    metrics: context.metrics,
    logging: context.logging,
    files: context.files,
    approvers,
  });
  if (common !== undefined) {
    if (common.kind === 'response') return send(reply, common.response, encoding);
    if (common.kind === 'done') return replyEmpty(reply, 200);
    return replyRefusal(reply, common);
  }
  if (encoding === 'json') {
    const text = handWrittenText(state, call);
    if (text !== undefined) return reply.type(contentTypeOf('json')).send(text);
  }
  const response = showing(context, { ...asked, state });
  if (response !== undefined) return send(reply, response, encoding);
  return (await aboutContainers(context, asked, reply)) ?? notImplemented(call, reply);
}

async function aboutContainers(
  context: AgentOperatorContext,
  { call, envelope }: Asked,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { containers } = context.agent;
  if (containers === undefined) return undefined;
  const respond = (response: Response): FastifyReply => send(reply, response, envelope.answer);
  const { clock } = context;
  const images = context.agent;
  return answerContainerCall({ call, envelope, reply, containers, images, clock, respond });
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

/** `state` is what may be seen of it. */
function showing(context: AgentOperatorContext, asked: Asked): Response | undefined {
  const { call, state } = asked;
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
      return containers(context, asked);
    case 'GET_AGENT': {
      const { drainConfig: drain_config, drainStartedAt } = state;
      const estimated_drain_start_time =
        drainStartedAt === undefined ? undefined : { nanoseconds: drainStartedAt * 1e6 };
      const agent_info = agentInfo(state);
      const agent = { agent_info, drain_config, estimated_drain_start_time };
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
function containers(context: AgentOperatorContext, { call, state, approvers }: Asked): Response {
  const { show_nested: showNested = false, show_standalone: showStandalone = false } =
    call.get_containers ?? {};
  const list = containersV1(
    withVisibleContainers(state, approvers),
    context.agent.containers?.all ?? [],
    {
      showNested,
      showStandalone: showStandalone && approvers.approved('view_standalone_containers'),
      usage: context.usage,
      now: context.clock.now(),
    },
  );
  if (list.length === 0) return { type: 'GET_CONTAINERS' };
  return { type: 'GET_CONTAINERS', get_containers: { containers: list } };
}
