/**
 * Calls and answers in the three encodings, and single structs in binary (the data of a task, checkpoints, backups).
 * What comes from outside is refused with a sentence, never thrown.
 */
import type { ThriftProtocol } from 'thrift-protocol';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { readStruct, writeStruct } from './byte-encoding.ts';
import { arrayOf, structFromJson, structToJson } from './json-encoding.ts';
import { MalformedThrift } from './malformed.ts';
import { readWith, writeWith } from './protocols.ts';
import { callOf, isMethod, type MethodName, structOf, type ThriftStruct } from './schema.ts';
import type { ApplicationException, MethodArgs, Response, ThriftStructs } from './types.ts';

export type ThriftEncoding = 'binary' | 'compact' | 'json';

/** Longer ones are refused before they are read. */
export const MESSAGE_MAX_BYTES = 16 * 1024 ** 2;
/** Brackets in JSON; the package bounds the other encodings itself (64). */
export const JSON_DEPTH_MAX = 64;

const CALL = 1;
const REPLY = 2;
const EXCEPTION = 3;
const JSON_VERSION = 1;
/** TApplicationException: there is no such method. */
export const UNKNOWN_METHOD = 1;

/** A call by the name of its method. */
export type ThriftCall = {
  readonly [M in MethodName]: {
    readonly kind: 'call';
    readonly method: M;
    readonly seqid: number;
    readonly args: MethodArgs[M];
  };
}[MethodName];

export interface UnknownCall {
  readonly kind: 'unknown-method';
  readonly name: string;
  readonly seqid: number;
}

export type ThriftAnswer =
  | { readonly kind: 'reply'; readonly seqid: number; readonly response: Response }
  | {
      readonly kind: 'exception';
      readonly seqid: number;
      readonly exception: ApplicationException;
    };

interface Message {
  readonly name: string;
  readonly type: number;
  readonly seqid: number;
  /** Undefined where the reader had no struct for it. */
  readonly body: unknown;
}

export function encodeCall<M extends MethodName>(
  encoding: ThriftEncoding,
  call: { readonly method: M; readonly seqid: number; readonly args: MethodArgs[M] },
): Buffer {
  const { method, seqid, args } = call;
  return encodeMessage(
    encoding,
    { name: method, type: CALL, seqid, body: args },
    callOf(method).args,
  );
}

export function decodeCall(
  encoding: ThriftEncoding,
  bytes: Buffer,
): Result<ThriftCall | UnknownCall> {
  return attempt(() => {
    const { name, type, seqid, body } = decodeMessage(encoding, bytes, (each) =>
      isMethod(each.name) ? callOf(each.name).args : undefined,
    );
    if (type !== CALL) throw new MalformedThrift(`message type ${type} is no call`);
    if (body === undefined) return { kind: 'unknown-method', name, seqid };
    return { kind: 'call', method: name, seqid, args: body } as ThriftCall;
  });
}

export function encodeReply(
  encoding: ThriftEncoding,
  reply: { readonly method: MethodName; readonly seqid: number; readonly response: Response },
): Buffer {
  const body = { success: reply.response };
  const message = { name: reply.method, type: REPLY, seqid: reply.seqid, body };
  return encodeMessage(encoding, message, callOf(reply.method).result);
}

export function encodeException(
  encoding: ThriftEncoding,
  answer: {
    readonly name: string;
    readonly seqid: number;
    readonly exception: ApplicationException;
  },
): Buffer {
  const { name, seqid, exception } = answer;
  const message = { name, type: EXCEPTION, seqid, body: exception };
  return encodeMessage(encoding, message, structOf('ApplicationException'));
}

export function decodeAnswer(
  encoding: ThriftEncoding,
  method: MethodName,
  bytes: Buffer,
): Result<ThriftAnswer> {
  return attempt(() => {
    const { name, type, seqid, body } = decodeMessage(encoding, bytes, (each) =>
      each.type === EXCEPTION ? structOf('ApplicationException') : callOf(method).result,
    );
    if (type === EXCEPTION) {
      return { kind: 'exception', seqid, exception: body as ApplicationException };
    }
    if (type !== REPLY || name !== method) {
      throw new MalformedThrift(`${name} of type ${type} is no answer to ${method}`);
    }
    const { success } = body as { readonly success?: Response };
    if (success === undefined) throw new MalformedThrift(`the answer to ${method} is empty`);
    return { kind: 'reply', seqid, response: success };
  });
}

export function encodeStruct<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
  encoding: ThriftEncoding = 'binary',
): Buffer {
  const struct = structOf(name);
  if (encoding === 'json') return Buffer.from(structToJson(struct, value));
  return writeWith(encoding, (out) => writeStruct(out, struct, value));
}

export function decodeStruct<N extends keyof ThriftStructs>(
  name: N,
  bytes: Buffer,
  encoding: ThriftEncoding = 'binary',
): Result<ThriftStructs[N]> {
  const struct = structOf(name);
  return attempt(() => {
    const value =
      encoding === 'json'
        ? structFromJson(struct, parseJson(bytes))
        : readWith(encoding, bytes, (from) => readStruct(from, struct));
    return value as ThriftStructs[N];
  });
}

function attempt<T>(read: () => T): Result<T> {
  try {
    return ok(read());
  } catch (thrown) {
    if (thrown instanceof MalformedThrift) return err(thrown.message);
    throw thrown;
  }
}

function encodeMessage(encoding: ThriftEncoding, message: Message, struct: ThriftStruct): Buffer {
  const { name, type, seqid, body } = message;
  if (encoding === 'json') {
    const head = `${JSON_VERSION},${JSON.stringify(name)},${type},${seqid}`;
    return Buffer.from(`[${head},${structToJson(struct, body)}]`);
  }
  return writeWith(encoding, (out) => {
    out.writeMessageBegin(name, type, seqid);
    writeStruct(out, struct, body);
    out.writeMessageEnd();
  });
}

type BodyOf = (head: { readonly name: string; readonly type: number }) => ThriftStruct | undefined;

function decodeMessage(encoding: ThriftEncoding, bytes: Buffer, bodyOf: BodyOf): Message {
  if (bytes.length > MESSAGE_MAX_BYTES) {
    throw new MalformedThrift(`a message of ${bytes.length} bytes is too long`);
  }
  if (encoding === 'json') return messageFromJson(bytes, bodyOf);
  return readWith(encoding, bytes, (from) => readMessage(from, bodyOf));
}

const STRUCT_CODE = 12;

function readMessage(from: ThriftProtocol, bodyOf: BodyOf): Message {
  const { fname: name, mtype: type, rseqid: seqid } = from.readMessageBegin();
  const struct = bodyOf({ name, type });
  if (struct === undefined) from.skip(STRUCT_CODE);
  const body = struct === undefined ? undefined : readStruct(from, struct);
  from.readMessageEnd();
  return { name, type, seqid, body };
}

function messageFromJson(bytes: Buffer, bodyOf: BodyOf): Message {
  const [version, name, type, seqid, body] = arrayOf(parseJson(bytes), 'message');
  if (version !== JSON_VERSION) throw new MalformedThrift(`protocol version ${String(version)}`);
  if (typeof name !== 'string' || !Number.isInteger(type) || !Number.isInteger(seqid)) {
    throw new MalformedThrift('the head of the message is malformed');
  }
  const struct = bodyOf({ name, type: Number(type) });
  return {
    name,
    type: Number(type),
    seqid: Number(seqid),
    body: struct === undefined ? undefined : structFromJson(struct, body),
  };
}

function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString();
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new MalformedThrift('the message is no JSON', { cause: thrown });
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    if (depth > JSON_DEPTH_MAX) throw new MalformedThrift('the message is nested too deeply');
  }
}
