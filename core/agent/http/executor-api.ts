/**
 * `POST /slave(1)/api/v1/executor`: calls of HTTP executors (spec executor-api, sections 1 to 4).
 * Decode, check in the original's order, give to the agent, answer.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestGuard } from '../../auth/http-guard.ts';
import { type Principal, principalText } from '../../auth/principal.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { minutes } from '../../base/duration.ts';
import { executorId, frameworkId } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { bodyOf, type HttpServer } from '../../net/http-server.ts';
import { acceptsMediaType } from '../../net/media-types.ts';
import { type StreamingReply, streamingReply } from '../../net/streaming-reply.ts';
import { decodeMessage, encodeMessage } from '../../wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../wire/json.ts';
import { encodeRecord } from '../../wire/recordio.ts';
import type { Call, Event } from '../../wire/types/mesos.v1.executor.ts';
import type { CheckStatusInfo } from '../../wire/types/mesos.v1.ts';
import type { Agent } from '../agent.ts';
import type { AgentExecutor, ExecutorStream } from '../state.ts';

const CALL = 'mesos.v1.executor.Call';
const EVENT = 'mesos.v1.executor.Event';
const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';
const HEARTBEAT_MS = minutes(30);

type MediaType = typeof JSON_TYPE | typeof PROTOBUF_TYPE;

export interface ExecutorApiPorts {
  readonly agent: Agent;
  readonly clock: Clock;
  /** Who writes it: `slave(1)`. */
  readonly actor: string;
  /** Knows whose token was shown; without it executors need none. */
  readonly guard?: RequestGuard | undefined;
}

export function serveExecutorApi(server: HttpServer, ports: ExecutorApiPorts): void {
  const url = `/${ports.actor}/api/v1/executor`;
  server.app.all(url, (request, reply) => answer(request, reply, ports));
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  ports: ExecutorApiPorts,
): FastifyReply | undefined {
  const state = ports.agent.state;
  if (state === undefined) return refuse(reply, 503, 'Agent has not finished recovery');
  if (request.method !== 'POST') {
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${request.method}'.`;
    return refuse(reply.header('allow', 'POST'), 405, text);
  }
  const type = request.headers['content-type'];
  if (type === undefined) return refuse(reply, 400, "Expecting 'Content-Type' to be present");
  if (type !== JSON_TYPE && type !== PROTOBUF_TYPE) {
    const text = `Expecting 'Content-Type' of ${JSON_TYPE} or ${PROTOBUF_TYPE}`;
    return refuse(reply, 415, text);
  }
  const call = decodeCall(bodyOf(request), type);
  if (!call.ok) return refuse(reply, 400, call.error);
  const invalid = validateCall(call.value);
  if (invalid !== undefined) {
    return refuse(reply, 400, `Failed to validate Executor::Call: ${invalid}`);
  }
  return take(request, reply, ports, call.value);
}

function take(
  request: FastifyRequest,
  reply: FastifyReply,
  ports: ExecutorApiPorts,
  call: Call,
): FastifyReply | undefined {
  const { agent } = ports;
  const isSubscribe = call.type === 'SUBSCRIBE';
  const accepted = acceptedType(request);
  if (isSubscribe && accepted === undefined) {
    const text = `Expecting 'Accept' to allow '${PROTOBUF_TYPE}' or '${JSON_TYPE}'`;
    return refuse(reply, 406, text);
  }
  if (call.type === 'HEARTBEAT') return reply.code(202).send();
  if (!isSubscribe && agent.state?.status === 'recovering') {
    return refuse(reply, 503, 'Agent has not finished recovery');
  }
  const framework = agent.state?.frameworks.get(frameworkId(call.framework_id.value));
  if (framework === undefined) return refuse(reply, 400, 'Framework cannot be found');
  const executor = framework.executors.get(executorId(call.executor_id.value));
  if (executor === undefined) return refuse(reply, 400, 'Executor cannot be found');
  const refused = refuseClaims(ports.guard?.principalOf(request), executor);
  if (refused !== undefined) return refuse(reply, 403, refused);
  if (isSubscribe) {
    const stream = new ReplyStream(reply, accepted ?? JSON_TYPE, ports);
    agent.executorCall(call, stream);
    return undefined;
  }
  if (executor.connection?.kind !== 'http') return refuse(reply, 403, 'Executor is not subscribed');
  if (call.type === 'UPDATE' || call.type === 'MESSAGE') {
    agent.executorCall(call);
    return reply.code(202).send();
  }
  return refuse(reply, 501, '501 Not Implemented.');
}

/** A token is good for the container it was made for only. */
function refuseClaims(
  principal: Principal | undefined,
  { frameworkId: fid, id: eid, containerId: cid }: AgentExecutor,
): string | undefined {
  if (principal === undefined) return undefined;
  const { claims } = principal;
  const who = `Authenticated principal '${principalText(principal)}' does not contain`;
  if (claims['fid'] !== fid) {
    return `${who} an 'fid' claim with the framework ID ${fid}, which is set in the call`;
  }
  if (claims['eid'] !== eid) {
    return `${who} an 'eid' claim with the executor ID ${eid}, which is set in the call`;
  }
  return claims['cid'] === cid
    ? undefined
    : `${who} a 'cid' claim with the correct active ContainerID`;
}

/** One SUBSCRIBE stream: events in RecordIO, a heartbeat every half hour. */
class ReplyStream implements ExecutorStream {
  private readonly type: MediaType;
  private readonly reply: StreamingReply;
  private readonly clock: Clock;
  private heartbeat: Timer;

  constructor(reply: FastifyReply, type: MediaType, ports: ExecutorApiPorts) {
    this.type = type;
    this.clock = ports.clock;
    this.reply = streamingReply(reply, {
      headers: { 'Content-Type': type },
      onClose: () => {
        this.heartbeat.cancel();
        ports.agent.executorStreamClosed(this);
      },
    });
    this.heartbeat = this.nextHeartbeat();
  }

  send(event: Event): void {
    this.reply.write(
      encodeRecord(this.type === JSON_TYPE ? toJson(EVENT, event) : encodeMessage(EVENT, event)),
    );
  }

  close(): void {
    this.heartbeat.cancel();
    this.reply.end();
  }

  private nextHeartbeat(): Timer {
    return this.clock.setTimer(HEARTBEAT_MS, () => {
      this.send({ type: 'HEARTBEAT' });
      this.heartbeat = this.nextHeartbeat();
    });
  }
}

function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}

function acceptedType(request: FastifyRequest): MediaType | undefined {
  const { accept } = request.headers;
  if (acceptsMediaType(accept, JSON_TYPE)) return JSON_TYPE;
  return acceptsMediaType(accept, PROTOBUF_TYPE) ? PROTOBUF_TYPE : undefined;
}

function decodeCall(body: Buffer, type: MediaType): Result<Call> {
  if (type === PROTOBUF_TYPE) {
    const decoded = decodeMessage(CALL, body);
    return decoded.ok ? decoded : err('Failed to parse body into Call protobuf');
  }
  const tree = parseJson(body.toString('utf8'));
  if (!tree.ok) return err(`Failed to parse body into JSON: ${tree.error}`);
  const call = fromJson(CALL, tree.value);
  return call.ok ? ok(call.value) : err(`Failed to convert JSON into Call protobuf: ${call.error}`);
}

/** The original's reasons, in its order; undefined when the call is valid. */
export function validateCall(call: Call): string | undefined {
  switch (call.type) {
    case undefined:
      return "Expecting 'type' to be present";
    case 'SUBSCRIBE':
      return call.subscribe === undefined ? "Expecting 'subscribe' to be present" : undefined;
    case 'UPDATE':
      return validateUpdate(call);
    case 'MESSAGE':
      return call.message === undefined ? "Expecting 'message' to be present" : undefined;
    default:
      return undefined;
  }
}

function validateUpdate(call: Call): string | undefined {
  if (call.update === undefined) return "Expecting 'update' to be present";
  const { status } = call.update;
  const executor = call.executor_id.value;
  if (status.uuid === undefined) return "Expecting 'uuid' to be present";
  if (!isUuid(status.uuid)) return 'Not a valid UUID';
  if (status.executor_id !== undefined && status.executor_id.value !== executor) {
    return (
      `ExecutorID in Call: ${executor} does not match ` +
      `ExecutorID in TaskStatus: ${status.executor_id.value}`
    );
  }
  const sender = `executor ${executor} of framework ${call.framework_id.value}`;
  if (status.source !== 'SOURCE_EXECUTOR') {
    return `Received Call from ${sender} with invalid source, expecting 'SOURCE_EXECUTOR'`;
  }
  if (status.state === 'TASK_STAGING') {
    return `Received TASK_STAGING from ${sender} which is not allowed`;
  }
  return status.check_status === undefined ? undefined : validateCheckStatus(status.check_status);
}

function isUuid(bytes: Uint8Array): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}

function validateCheckStatus(status: CheckStatusInfo): string | undefined {
  switch (status.type) {
    case undefined:
      return "CheckStatusInfo must specify 'type'";
    case 'COMMAND':
      return status.command === undefined ? expecting('command', 'COMMAND') : undefined;
    case 'HTTP':
      return status.http === undefined ? expecting('http', 'HTTP') : undefined;
    case 'TCP':
      return status.tcp === undefined ? expecting('tcp', 'TCP') : undefined;
    default:
      return "'UNKNOWN' is not a valid check's status type";
  }
}

function expecting(field: string, type: string): string {
  return `Expecting '${field}' to be set for ${type} check's status`;
}
