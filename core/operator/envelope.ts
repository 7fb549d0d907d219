/**
 * The envelope of `POST /api/v1` on master and agent (spec operator-api, section 7): which encodings
 * come in and go out, and the texts of refusals. Media-type parameters are tolerated.
 */
import { err, ok, type Result } from '../base/result.ts';
import { acceptsMediaType } from '../net/media-types.ts';
import { decodeMessage, encodeMessage, type MessageName } from '../wire/codec.ts';
import { fromJson, parseJson } from '../wire/json.ts';
import type { MessageTypes } from '../wire/types/messages.ts';

export const JSON_TYPE = 'application/json';
export const PROTOBUF_TYPE = 'application/x-protobuf';

export type Encoding = 'json' | 'protobuf';

export interface Refusal {
  readonly status: number;
  readonly text: string;
}

export interface EnvelopeRequest {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly body: Uint8Array;
}

/** How the body is encoded. */
export function requestEncoding(contentType: string | undefined): Result<Encoding, Refusal> {
  if (contentType === undefined || contentType === '') {
    return err({ status: 400, text: "Expecting 'Content-Type' to be present" });
  }
  switch (mediaType(contentType)) {
    case JSON_TYPE:
      return ok('json');
    case PROTOBUF_TYPE:
      return ok('protobuf');
    default:
      return err({
        status: 415,
        text: "Expecting 'Content-Type' of application/json or application/x-protobuf",
      });
  }
}

/** `application/json; charset=utf-8` is `application/json`. */
export function mediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** How the answer is to be encoded; JSON when both are fine. */
export function answerEncoding(accept: string | undefined): Result<Encoding, Refusal> {
  if (acceptsMediaType(accept, JSON_TYPE)) return ok('json');
  if (acceptsMediaType(accept, PROTOBUF_TYPE)) return ok('protobuf');
  const text = "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'";
  return err({ status: 406, text });
}

/** `prepare` changes a JSON tree before it is read, for forms the original does not take. */
export function decodeCall<N extends MessageName>(
  name: N,
  encoding: Encoding,
  body: Uint8Array,
  prepare: (tree: unknown) => unknown = (tree) => tree,
): Result<MessageTypes[N], Refusal> {
  if (encoding === 'protobuf') {
    const decoded = decodeMessage(name, body);
    if (decoded.ok) return decoded;
    return err({ status: 400, text: 'Failed to parse body into Call protobuf' });
  }
  const tree = parseJson(Buffer.from(body).toString('utf8'));
  if (!tree.ok) return err({ status: 400, text: `Failed to parse body into JSON: ${tree.error}` });
  const call = fromJson(name, prepare(tree.value));
  if (call.ok) return call;
  return err({ status: 400, text: `Failed to convert JSON into Call protobuf: ${call.error}` });
}

export function encodeAnswer<N extends MessageName>(name: N, value: MessageTypes[N]): Uint8Array {
  return encodeMessage(name, value);
}

export function contentTypeOf(encoding: Encoding): string {
  return encoding === 'json' ? JSON_TYPE : PROTOBUF_TYPE;
}
