/**
 * `POST /api/v1/scheduler`: frameworks over HTTP. The checks run in the order of spec scheduler-api,
 * section 2, each with its status and text; the machine does the rest.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestGuard } from '../../auth/http-guard.ts';
import { assert } from '../../base/assert.ts';
import type { DirectPost } from '../../net/direct-posts.ts';
import type { HttpServer } from '../../net/http-server.ts';
import { acceptsMediaType } from '../../net/media-types.ts';
import { type StreamingReply, streamingReply } from '../../net/streaming-reply.ts';
import { decodeMessage, encodeMessage } from '../../wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../wire/json.ts';
import { encodeRecord } from '../../wire/recordio.ts';
import type { Call, Event as SchedulerEvent } from '../../wire/types/mesos.v1.scheduler.ts';
import type { CallRefusal } from '../check-call.ts';
import type { Master } from '../master.ts';
import type { SchedulerConnection } from '../outlets.ts';
import { validateCall } from '../validation/call.ts';
import { answerElsewhere } from './elsewhere.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

type MediaType = typeof JSON_TYPE | typeof PROTOBUF_TYPE;

const ROUTE = '/master/api/v1/scheduler';

export interface SchedulerApiOptions {
  readonly master: Master;
  /** Where calls of subscribed frameworks are answered without a route; undefined: nowhere. */
  readonly server?: Pick<HttpServer, 'answerDirectly'>;
  /** A request's URL as the leader serves it, for redirects; by default as it came. */
  readonly delegatedUrl?: (originalUrl: string) => string;
  /** Knows who asks; without it nobody authenticates. */
  readonly guard?: RequestGuard | undefined;
}

export function registerSchedulerApi(app: FastifyInstance, options: SchedulerApiOptions): void {
  const { server, master, guard } = options;
  // Who asks, and whether he may, is the business of hooks.
  if (guard?.isOpen(ROUTE) !== false) server?.answerDirectly(ROUTE, directCalls(options));
  app.all(ROUTE, (request, reply) => {
    const { delegatedUrl = (url: string) => url } = options;
    if (!master.isLeading) {
      return answerElsewhere(reply, master.leader, delegatedUrl(request.originalUrl));
    }
    const answer = answerRequest(options, request, reply);
    if (answer === 'streaming') return reply;
    return sendRefusal(reply, answer);
  });
}

/** Only subscribed frameworks name their stream: their calls need no other answer than a status and a text. */
function directCalls({ master }: SchedulerApiOptions): DirectPost {
  return {
    takes: (headers) => {
      const isCall = headers['mesos-stream-id'] !== undefined && master.isLeading;
      const type = headers['content-type'];
      return isCall && (type === PROTOBUF_TYPE || type === JSON_TYPE);
    },
    answer: (headers, body) => {
      const answer = answerCall(master, { headers, body, principal: undefined });
      assert('status' in answer, 'a call with a stream id has subscribed');
      return answer;
    },
  };
}

/** `Accepted` answers are empty; all others are texts. */
function sendRefusal(reply: FastifyReply, answer: CallRefusal): FastifyReply {
  if (answer.text === '') return reply.code(answer.status).send();
  return reply.code(answer.status).type('text/plain; charset=utf-8').send(answer.text);
}

function answerRequest(
  { master, guard }: SchedulerApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): CallRefusal | 'streaming' {
  if (master.isReady && request.method !== 'POST') {
    reply.header('Allow', 'POST');
    const text = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${request.method}'.`;
    return { status: 405, text };
  }
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const principal = guard?.principalOf(request)?.value;
  const answer = answerCall(master, { headers: request.headers, body, principal });
  if (!('call' in answer)) return answer;
  subscribe(master, reply, answer);
  return 'streaming';
}

interface CallRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly principal: string | undefined;
}

/** Makes the call, or says who is to be subscribed. */
function answerCall(master: Master, request: CallRequest): CallRefusal | Subscription {
  if (!master.isReady) return { status: 503, text: 'Master has not finished recovery' };
  const { principal } = request;
  const read = readCall(request);
  if (!('call' in read)) return read;
  const { call } = read;
  const why = validateCall(call, principal);
  if (why !== undefined) return bad(`Failed to validate scheduler::Call: ${why}`);
  const isSubscription = call.type === 'SUBSCRIBE';
  const needsAccept = isSubscription || call.type === 'RECONCILE_OPERATIONS';
  const accepted = needsAccept ? acceptedType(request) : undefined;
  if (needsAccept && accepted === undefined) {
    const text = `Expecting 'Accept' to allow '${PROTOBUF_TYPE}' or '${JSON_TYPE}'`;
    return { status: 406, text };
  }
  const streamId = headerOf(request, 'mesos-stream-id');
  if (isSubscription) {
    if (streamId === undefined) return { call, mediaType: accepted ?? JSON_TYPE, principal };
    return bad("Subscribe calls should not include the 'Mesos-Stream-Id' header");
  }
  const refusal = master.call(call, { principal, streamId });
  if (refusal !== undefined) return refusal;
  return { status: call.type === 'UPDATE_FRAMEWORK' ? 200 : 202, text: '' };
}

function bad(text: string): CallRefusal {
  return { status: 400, text };
}

/** Rows 5 to 9. */
function readCall(request: CallRequest): CallRefusal | { readonly call: Call } {
  const type = headerOf(request, 'content-type');
  if (type === undefined) return bad("Expecting 'Content-Type' to be present");
  const { body } = request;
  if (type === PROTOBUF_TYPE) {
    const call = decodeMessage('mesos.v1.scheduler.Call', body);
    return call.ok ? { call: call.value } : bad('Failed to parse body into Call protobuf');
  }
  if (type !== JSON_TYPE) {
    const text = `Expecting 'Content-Type' of ${JSON_TYPE} or ${PROTOBUF_TYPE}`;
    return { status: 415, text };
  }
  const tree = parseJson(body.toString('utf8'));
  if (!tree.ok) return bad(`Failed to parse body into JSON: ${tree.error}`);
  const call = fromJson('mesos.v1.scheduler.Call', tree.value);
  if (call.ok) return { call: call.value };
  return bad(`Failed to convert JSON into Call protobuf: ${call.error}`);
}

/** JSON is tried first, so it wins for clients that take both. */
function acceptedType(request: CallRequest): MediaType | undefined {
  const accept = headerOf(request, 'accept');
  if (acceptsMediaType(accept, JSON_TYPE)) return JSON_TYPE;
  return acceptsMediaType(accept, PROTOBUF_TYPE) ? PROTOBUF_TYPE : undefined;
}

function headerOf(request: CallRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

interface Subscription {
  readonly call: Call;
  readonly mediaType: MediaType;
  readonly principal: string | undefined;
}

/** The head must name the stream before the first event, so events wait until it is out. */
function subscribe(master: Master, reply: FastifyReply, given: Subscription): void {
  const early: SchedulerEvent[] = [];
  let stream: StreamingReply | undefined;
  let isClosed = false;
  const connection: SchedulerConnection = {
    send: (event) => {
      if (stream === undefined) early.push(event);
      else stream.write(encodeEvent(given.mediaType, event));
    },
    close: () => {
      isClosed = true;
      stream?.end();
    },
  };
  const id = master.subscribe(given.call, connection, given.principal);
  stream = streamingReply(reply, {
    headers: { 'Mesos-Stream-Id': id, 'Content-Type': given.mediaType },
    onClose: () => master.disconnected(id),
    onSlow: () => master.state.counters.increment('slow_stream_subscribers'),
  });
  for (const event of early) stream.write(encodeEvent(given.mediaType, event));
  if (isClosed) stream.end();
}

function encodeEvent(mediaType: MediaType, event: SchedulerEvent): Uint8Array {
  return encodeRecord(
    mediaType === JSON_TYPE
      ? toJson('mesos.v1.scheduler.Event', event)
      : encodeMessage('mesos.v1.scheduler.Event', event),
  );
}
