/**
 * The envelope of the agent's `POST /api/v1`, which also knows streams both ways (spec operator-api,
 * section 10): `application/recordio` with `Message-Content-Type` and `Message-Accept`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { err, ok, type Result } from '../../base/result.ts';
import { acceptsMediaType } from '../../net/media-types.ts';
import {
  decodeCall,
  type Encoding,
  JSON_TYPE,
  mediaType,
  PROTOBUF_TYPE,
  type Refusal,
  requestEncoding,
} from '../../operator/envelope.ts';
import type { Call } from '../../wire/types/mesos.v1.agent.ts';

export const RECORDIO_TYPE = 'application/recordio';

export interface CallEnvelope {
  /** Of the body, or of its records. */
  readonly request: Encoding;
  readonly isRequestStream: boolean;
  /** Of the answer, or of its records. */
  readonly answer: Encoding;
  /** RecordIO was asked for by name; endless answers are framed in any case. */
  readonly isAnswerStream: boolean;
}

const STREAMING_ANSWERS: ReadonlySet<string> = new Set([
  'ATTACH_CONTAINER_OUTPUT',
  'LAUNCH_NESTED_CONTAINER_SESSION',
]);

export function callEnvelope(headers: IncomingHttpHeaders): Result<CallEnvelope, Refusal> {
  const request = requestPart(headers['content-type'], one(headers['message-content-type']));
  if (!request.ok) return request;
  const answer = answerPart(headers.accept, one(headers['message-accept']));
  return answer.ok ? ok({ ...request.value, ...answer.value }) : answer;
}

/** The agent tells what is wrong with a JSON body without introduction. */
export function decodeAgentCall(encoding: Encoding, body: Uint8Array): Result<Call, Refusal> {
  const call = decodeCall('mesos.v1.agent.Call', encoding, body);
  if (call.ok) return call;
  const { status, text } = call.error;
  return err({ status, text: text.replace(/^Failed to convert JSON into Call protobuf: /, '') });
}

/** Whether this call may be made, and answered, in the way the headers say. */
export function envelopeFault(call: Call, envelope: CallEnvelope): Refusal | undefined {
  const type = call.type ?? '';
  const needsStream = type === 'ATTACH_CONTAINER_INPUT';
  if (needsStream && !envelope.isRequestStream) {
    const text = `Expecting 'Content-Type' to be ${RECORDIO_TYPE} for ${type} call`;
    return { status: 415, text };
  }
  if (!needsStream && envelope.isRequestStream) {
    const text = `Streaming 'Content-Type' ${RECORDIO_TYPE} is not supported for ${type} call`;
    return { status: 415, text };
  }
  if (envelope.isAnswerStream && !STREAMING_ANSWERS.has(type)) {
    return { status: 406, text: `Streaming response is not supported for ${type} call` };
  }
  return undefined;
}

type RequestPart = Pick<CallEnvelope, 'request' | 'isRequestStream'>;

function requestPart(
  contentType: string | undefined,
  messageType: string | undefined,
): Result<RequestPart, Refusal> {
  if (contentType !== undefined && mediaType(contentType) === RECORDIO_TYPE) {
    if (messageType === undefined) {
      const text = "Expecting 'Message-Content-Type' to be set for streaming requests";
      return err({ status: 400, text });
    }
    const request = encodingOf(messageType);
    if (request !== undefined) return ok({ request, isRequestStream: true });
    const text = `Expecting 'Message-Content-Type' of ${JSON_TYPE} or ${PROTOBUF_TYPE}`;
    return err({ status: 415, text });
  }
  const encoding = requestEncoding(contentType);
  if (!encoding.ok) {
    const { status, text } = encoding.error;
    return err({ status, text: status === 415 ? `${text} or ${RECORDIO_TYPE}` : text });
  }
  if (messageType !== undefined) {
    const text = "Expecting 'Message-Content-Type' to be not set for non-streaming requests";
    return err({ status: 415, text });
  }
  return ok({ request: encoding.value, isRequestStream: false });
}

type AnswerPart = Pick<CallEnvelope, 'answer' | 'isAnswerStream'>;

function answerPart(
  accept: string | undefined,
  messageAccept: string | undefined,
): Result<AnswerPart, Refusal> {
  const plain = acceptedEncoding(accept);
  if (plain !== undefined) {
    if (messageAccept === undefined) return ok({ answer: plain, isAnswerStream: false });
    const text = "Expecting 'Message-Accept' to be not set for non-streaming responses";
    return err({ status: 406, text });
  }
  if (!acceptsMediaType(accept, RECORDIO_TYPE)) {
    const text = `Expecting 'Accept' to allow ${JSON_TYPE} or ${PROTOBUF_TYPE} or ${RECORDIO_TYPE}`;
    return err({ status: 406, text });
  }
  const answer = acceptedEncoding(messageAccept);
  if (answer !== undefined) return ok({ answer, isAnswerStream: true });
  const text = `Expecting 'Message-Accept' to allow ${JSON_TYPE} or ${PROTOBUF_TYPE}`;
  return err({ status: 406, text });
}

function acceptedEncoding(accept: string | undefined): Encoding | undefined {
  if (acceptsMediaType(accept, JSON_TYPE)) return 'json';
  return acceptsMediaType(accept, PROTOBUF_TYPE) ? 'protobuf' : undefined;
}

function encodingOf(contentType: string): Encoding | undefined {
  const type = mediaType(contentType);
  if (type === JSON_TYPE) return 'json';
  return type === PROTOBUF_TYPE ? 'protobuf' : undefined;
}

function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
