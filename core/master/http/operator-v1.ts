/** `POST /api/v1` of the master: the envelope, and the calls that show (spec operator-api, sections 7, 8). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Approvers } from '../../auth/authorizer.ts';
import { bodyOf } from '../../net/http-server.ts';
import { replyPieces } from '../../net/sliced-answer.ts';
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
import type { Call, Response } from '../../wire/types/mesos.v1.master.ts';
import type { MasterState } from '../state.ts';
import { maintenanceSchedule, maintenanceStatus } from '../views/maintenance.ts';
import { quotaStatus, weightInfos } from '../views/quota.ts';
import { rolesV1 } from '../views/roles.ts';
import { shownNow, stateBytesPieces, stateTextPieces, tasksTextPieces } from '../views/state-v1.ts';
import {
  getAgents,
  getAgentsText,
  getExecutors,
  getExecutorsText,
  getFrameworks,
  getFrameworksText,
  getTasks,
} from '../views/v1.ts';
import type { OperatorContext } from './operator.ts';
import { changeOf, withDurationObject } from './operator-changes.ts';
import { type Asked, endFramework, perform } from './operator-mutations.ts';

export function registerOperatorV1(context: OperatorContext): void {
  context.server.app.all('/master/api/v1', (request, reply) =>
    context.onLeader(request, reply, () => receive(context, request, reply)),
  );
}

function receive(
  context: OperatorContext,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | Promise<FastifyReply> {
  if (!context.master.isReady) return replyText(reply, 503, 'Master has not finished recovery');
  if (request.method !== 'POST') return replyMethodNotAllowed(reply, ['POST'], request.method);
  const encoding = requestEncoding(request.headers['content-type']);
  if (!encoding.ok) return replyText(reply, encoding.error.status, encoding.error.text);
  const body = bodyOf(request);
  const call = decodeCall('mesos.v1.master.Call', encoding.value, body, withDurationObject);
  if (!call.ok) return replyText(reply, call.error.status, call.error.text);
  const missing = missingField(call.value);
  if (missing !== undefined) {
    const text = `Failed to validate master::Call: Expecting '${missing}' to be present`;
    return replyText(reply, 400, text);
  }
  const accepted = answerEncoding(request.headers.accept);
  if (!accepted.ok) return replyText(reply, accepted.error.status, accepted.error.text);
  return answer(context, { request, reply }, call.value, accepted.value);
}

async function answer(
  context: OperatorContext,
  asked: Asked,
  call: Call,
  encoding: Encoding,
): Promise<FastifyReply> {
  const { reply } = asked;
  const approvers = context.approvers(asked.request);
  if (call.type === 'SUBSCRIBE') {
    context.streams.subscribe(reply, encoding, approvers);
    return reply;
  }
  if (call.type === 'TEARDOWN') {
    return endFramework(context, asked, call.teardown?.framework_id.value ?? '');
  }
  const common = await commonAnswer(call, {
    flags: context.flags,
    metrics: context.master.metrics,
    logging: context.logging,
    files: context.files,
    approvers,
  });
  if (common !== undefined) {
    if (common.kind === 'response') return send(reply, common.response, encoding);
    if (common.kind === 'done') return replyEmpty(reply, 200);
    return replyText(reply, common.status, common.text);
  }
  const seen: Seen = { context, state: context.visibleState(asked.request), approvers };
  const pieces = bigPieces(seen, call, encoding);
  if (pieces !== undefined) {
    return replyPieces(asked.request, reply, contentTypeOf(encoding), pieces);
  }
  if (encoding === 'json') {
    const text = handWrittenText(seen, call);
    if (text !== undefined) return reply.type(contentTypeOf('json')).send(text);
  }
  const response = showing(seen, call);
  if (response !== undefined) return send(reply, response, encoding);
  const change = changeOf(call);
  // Whatever is left is the type UNKNOWN, or one of a later version.
  if (change === undefined) return replyText(reply, 501, '501 Not Implemented.');
  return change.ok ? perform(context, asked, change.value) : replyText(reply, 400, change.error);
}

function send(reply: FastifyReply, response: Response, encoding: Encoding): FastifyReply {
  const body =
    encoding === 'json'
      ? toJson('mesos.v1.master.Response', response)
      : Buffer.from(encodeMessage('mesos.v1.master.Response', response));
  return reply.type(contentTypeOf(encoding)).send(body);
}

/** What a call shows, and to whom. */
interface Seen {
  readonly context: OperatorContext;
  /** What may be seen of it. */
  readonly state: MasterState;
  readonly approvers: Approvers;
}

/** What grows with the number of tasks is made while the master goes on. */
function bigPieces(
  { state, approvers }: Seen,
  call: Call,
  encoding: Encoding,
): Iterable<Uint8Array> | undefined {
  if (call.type === 'GET_STATE') {
    const shown = shownNow(state, approvers);
    if (encoding === 'json') {
      return stateTextPieces(shown, '{"type":"GET_STATE","get_state":', '}');
    }
    const holder = encodeMessage('mesos.v1.master.Response', { type: 'GET_STATE', get_state: {} });
    return stateBytesPieces(shown, holder);
  }
  if (call.type !== 'GET_TASKS' || encoding !== 'json') return undefined;
  return tasksTextPieces(getTasks(state), '{"type":"GET_TASKS","get_tasks":', '}');
}

/** Answers that show empty lists, too, put together from fragments. */
function handWrittenText({ state, approvers }: Seen, call: Call): string | undefined {
  switch (call.type) {
    case 'GET_AGENTS':
      return `{"type":"GET_AGENTS","get_agents":${getAgentsText(getAgents(state, approvers))}}`;
    case 'GET_FRAMEWORKS':
      return `{"type":"GET_FRAMEWORKS","get_frameworks":${getFrameworksText(getFrameworks(state))}}`;
    case 'GET_EXECUTORS':
      return `{"type":"GET_EXECUTORS","get_executors":${getExecutorsText(getExecutors(state))}}`;
    default:
      return undefined;
  }
}

function showing({ context, state, approvers }: Seen, call: Call): Response | undefined {
  switch (call.type) {
    case 'GET_AGENTS':
      return { type: 'GET_AGENTS', get_agents: getAgents(state, approvers) };
    case 'GET_FRAMEWORKS':
      return { type: 'GET_FRAMEWORKS', get_frameworks: getFrameworks(state) };
    case 'GET_EXECUTORS':
      return { type: 'GET_EXECUTORS', get_executors: getExecutors(state) };
    case 'GET_TASKS':
      return { type: 'GET_TASKS', get_tasks: getTasks(state) };
    case 'GET_OPERATIONS': {
      const operations = [...state.operations.values()].map(({ operation }) => operation);
      return { type: 'GET_OPERATIONS', get_operations: { operations } };
    }
    case 'GET_ROLES': {
      const roles = rolesV1(state, approvers, context.master.options.machine.roleWhitelist);
      return { type: 'GET_ROLES', get_roles: { roles } };
    }
    case 'GET_WEIGHTS': {
      const infos = weightInfos(state);
      if (infos.length === 0) return { type: 'GET_WEIGHTS' };
      return { type: 'GET_WEIGHTS', get_weights: { weight_infos: infos } };
    }
    case 'GET_MASTER':
      return { type: 'GET_MASTER', get_master: masterResponse(context) };
    case 'GET_MAINTENANCE_STATUS': {
      const status = maintenanceStatus(state, context.master.allocator);
      return { type: 'GET_MAINTENANCE_STATUS', get_maintenance_status: { status } };
    }
    case 'GET_MAINTENANCE_SCHEDULE': {
      const schedule = maintenanceSchedule(state);
      return { type: 'GET_MAINTENANCE_SCHEDULE', get_maintenance_schedule: { schedule } };
    }
    case 'GET_QUOTA':
      return { type: 'GET_QUOTA', get_quota: { status: quotaStatus(state) } };
    default:
      return undefined;
  }
}

function masterResponse(context: OperatorContext): NonNullable<Response['get_master']> {
  const { state } = context;
  return {
    master_info: state.info,
    start_time: state.startTime / 1000,
    elected_time: state.electedTime === undefined ? undefined : state.electedTime / 1000,
  };
}
