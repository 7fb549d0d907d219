/**
 * DNS messages as bytes (RFC 1035, section 4): what the answers need, without a socket.
 *
 *   message  := header(12) question* answer* authority* additional*
 *   name     := (length label)* 0 | ... pointer(2, top bits 11)
 *   question := name type(2) class(2)
 *   record   := name type(2) class(2) ttl(4) length(2) data
 */
import { ipBytes } from '../core/base/addresses.ts';

export const HEADER_BYTES = 12;
const DOT = 0x2e;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;

export const TYPE = { A: 1, NS: 2, SOA: 6, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;
export const CLASS_IN = 1;
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  REFUSED: 5,
} as const;

/** The first question of a message, and what its header says. */
export interface Query {
  readonly id: number;
  /** Bytes 2 and 3 of the header. */
  readonly flags: readonly [number, number];
  readonly questionCount: number;
  /** Name, type and class as they came; undefined without a question. */
  readonly question: Buffer | undefined;
  readonly type: number;
  /** Longest reply over UDP that the client takes, by its OPT record; undefined without one. */
  readonly udpBytes: number | undefined;
}

/** `ignore` for what is no query at all, `malformed` for what deserves FORMERR. */
export type ParsedQuery = Query | 'ignore' | 'malformed';

const QR_BIT = 0x80;

/** Root name, type, size, extended flags, no options. */
export const OPT_BYTES = 11;

export function parseQuery(message: Buffer): ParsedQuery {
  if (message.length < HEADER_BYTES) return 'ignore';
  const first = message.readUInt8(2);
  if ((first & QR_BIT) !== 0) return 'ignore';
  const questionCount = message.readUInt16BE(4);
  let at = HEADER_BYTES;
  let question: Buffer | undefined;
  for (let seen = 0; seen < questionCount; seen += 1) {
    const end = skipName(message, at);
    if (end === undefined || end + 4 > message.length) return 'malformed';
    if (seen === 0) {
      if (endsInPointer(message, at)) return 'malformed';
      question = message.subarray(at, end + 4);
    }
    at = end + 4;
  }
  let udpBytes: number | undefined;
  const recordCount = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let seen = 0; seen < recordCount; seen += 1) {
    const end = skipName(message, at);
    if (end === undefined || end + 10 > message.length) return 'malformed';
    if (message.readUInt16BE(end) === TYPE.OPT) udpBytes = message.readUInt16BE(end + 2);
    at = end + 10 + message.readUInt16BE(end + 8);
    if (at > message.length) return 'malformed';
  }
  return {
    id: message.readUInt16BE(0),
    flags: [first, message.readUInt8(3)],
    questionCount,
    question,
    type: question?.readUInt16BE(question.length - 4) ?? 0,
    udpBytes,
  };
}

/**
 * Where the question of a plain query ends; undefined for any other message. Plain is nearly every
 * query there is: one question, without pointers, and no record but an OPT record (`udpBytes`, which
 * is left to `parseQuery` when it counts).
 */
export function plainQuestionEnd(message: Buffer, optionCounts: boolean): number | undefined {
  if (message.length < HEADER_BYTES || ((message[2] ?? 0) & QR_BIT) !== 0) return undefined;
  const counts = HEADER_BYTES - 8;
  for (let at = counts; at < HEADER_BYTES - 1; at += 1) {
    if (message[at] !== (at === counts + 1 ? 1 : 0)) return undefined;
  }
  let at = HEADER_BYTES;
  for (let length = message[at] ?? 0; length !== 0; length = message[at] ?? 0) {
    if (length > LABEL_BYTES_MAX) return undefined;
    at += length + 1;
    if (at >= message.length) return undefined;
  }
  const end = at + 5;
  if (end > message.length || at + 1 - HEADER_BYTES > NAME_BYTES_MAX) return undefined;
  if (message[HEADER_BYTES - 1] === 0) return end;
  return !optionCounts && endsInOption(message, end) ? end : undefined;
}

/** Whether one record stands at `start`, an OPT record, and all of it is there. */
function endsInOption(message: Buffer, start: number): boolean {
  const end = start + OPT_BYTES;
  if (message[HEADER_BYTES - 1] !== 1 || end > message.length || message[start] !== 0) return false;
  if (message.readUInt16BE(start + 1) !== TYPE.OPT) return false;
  return end + message.readUInt16BE(end - 2) <= message.length;
}

/** Where the name that starts at `start` ends; undefined when it is malformed. */
function skipName(message: Buffer, start: number): number | undefined {
  let at = start;
  while (at < message.length) {
    const length = message[at] ?? 0;
    if (length === 0) return at + 1 - start > NAME_BYTES_MAX ? undefined : at + 1;
    if (length >= 0xc0) return at + 2 <= message.length ? at + 2 : undefined;
    if (length > LABEL_BYTES_MAX) return undefined;
    at += length + 1;
  }
  return undefined;
}

/** Whether the (valid) name that starts at `start` ends in a pointer instead of a zero. */
function endsInPointer(message: Buffer, start: number): boolean {
  let at = start;
  let length = message[at] ?? 0;
  while (length !== 0 && length < 0xc0) {
    at += length + 1;
    length = message[at] ?? 0;
  }
  return length !== 0;
}

/** Characters that the presentation form writes with a backslash. */
const ESCAPED = new Set([...'. \'@;()"\\'].map((character) => character.charCodeAt(0)));

/** The presentation form of a name without pointers, with its final dot, escapes as usual. */
export function nameToText(wire: Buffer): string {
  const plain = plainText(wire);
  if (plain !== undefined) return plain;
  let text = '';
  let at = 0;
  for (let length = wire[0] ?? 0; length !== 0; length = wire[at] ?? 0) {
    for (const byte of wire.subarray(at + 1, at + 1 + length)) text += escapeByte(byte);
    text += '.';
    at += length + 1;
  }
  return text === '' ? '.' : text;
}

/** Undefined for the root and where a character needs an escape: in nearly no name does one. */
function plainText(wire: Buffer): string | undefined {
  const text = Buffer.allocUnsafe(Math.min(wire.length, NAME_BYTES_MAX));
  let at = 0;
  for (let length = wire[0] ?? 0; length !== 0; length = wire[at] ?? 0) {
    const end = at + 1 + length;
    if (end >= text.length) return undefined;
    for (let from = at + 1; from < end; from += 1) {
      const byte = wire[from] ?? 0;
      if (byte < 0x21 || byte > 0x7e || ESCAPED.has(byte)) return undefined;
      text[from - 1] = byte;
    }
    text[end - 1] = DOT;
    at = end;
  }
  return at === 0 ? undefined : text.toString('latin1', 0, at);
}

function escapeByte(byte: number): string {
  if (ESCAPED.has(byte)) return `\\${String.fromCharCode(byte)}`;
  if (byte < 0x21 || byte > 0x7e) return `\\${String(byte).padStart(3, '0')}`;
  return String.fromCharCode(byte);
}

/** Undefined when the name cannot be packed: a label above 63 bytes, or 255 in all. */
export function textToName(text: string): Buffer | undefined {
  // One byte for the first label's length, one for the end; each dot becomes the length of a label.
  const bytes = Buffer.from(text.endsWith('.') ? `.${text}` : `.${text}.`);
  if (bytes.length > NAME_BYTES_MAX) return undefined;
  let start = 0;
  for (let at = 1; at < bytes.length; at += 1) {
    if (bytes[at] !== DOT) continue;
    const length = at - start - 1;
    if (length === 0 || length > LABEL_BYTES_MAX) return undefined;
    bytes[start] = length;
    start = at;
  }
  bytes[start] = 0;
  return bytes;
}

/** A record behind its owner name: type, class IN, ttl, length, data. */
export function recordTail(type: number, ttl: number, data: Uint8Array): Buffer {
  // Tails are kept: from the common pool each would keep eight kilobytes with it.
  const tail = Buffer.allocUnsafeSlow(10 + data.length);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  tail.writeUInt32BE(ttl >>> 0, 4);
  tail.writeUInt16BE(data.length, 8);
  tail.set(data, 10);
  return tail;
}

/** An A or AAAA record; undefined when the text is no such address. */
export function addressTail(address: string, ttl: number): Buffer | undefined {
  const bytes = ipBytes(address);
  if (bytes === undefined) return undefined;
  return recordTail(bytes.length === 4 ? TYPE.A : TYPE.AAAA, ttl, bytes);
}

/** Where an SRV record's target starts, counted from the end of the owner name. */
export const SRV_TARGET_OFFSET = 16;

export function serviceTail(options: {
  readonly weight: number;
  readonly port: number;
  readonly target: Buffer;
  readonly ttl: number;
}): Buffer {
  const data = Buffer.allocUnsafe(6 + options.target.length);
  data.writeUInt16BE(0, 0);
  data.writeUInt16BE(options.weight, 2);
  data.writeUInt16BE(options.port & 0xffff, 4);
  data.set(options.target, 6);
  return recordTail(TYPE.SRV, options.ttl, data);
}

export interface Authority {
  readonly primary: Buffer;
  readonly mailbox: Buffer;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly ttl: number;
}

export function soaTail(soa: Authority, serial: number): Buffer {
  const numbers = Buffer.allocUnsafe(20);
  for (const [at, value] of [serial, soa.refresh, soa.retry, soa.expire, soa.ttl].entries()) {
    numbers.writeUInt32BE(value >>> 0, at * 4);
  }
  return recordTail(TYPE.SOA, soa.ttl, Buffer.concat([soa.primary, soa.mailbox, numbers]));
}

/** An OPT record that says how long a message may be; it is the last record of its message. */
export function withSizeOption(reply: Buffer, udpBytes: number): Buffer {
  const option = Buffer.alloc(OPT_BYTES);
  option.writeUInt16BE(TYPE.OPT, 1);
  option.writeUInt16BE(udpBytes, 3);
  reply.writeUInt16BE(reply.readUInt16BE(10) + 1, 10);
  return Buffer.concat([reply, option]);
}

/** A reply without any record: an error, or the start of one. */
export function errorReply(query: Query, rcode: number, isAuthoritative = false): Buffer {
  const question = query.question ?? Buffer.alloc(0);
  const reply = Buffer.alloc(HEADER_BYTES + question.length);
  reply.writeUInt16BE(query.id, 0);
  reply[2] = replyFlags(query.flags[0]) | (isAuthoritative ? 0x04 : 0);
  reply[3] = (query.flags[1] & 0x10) | rcode;
  reply.writeUInt16BE(query.question === undefined ? 0 : 1, 4);
  reply.set(question, HEADER_BYTES);
  return reply;
}

/** FORMERR carries the id and nothing else, since nothing else was understood. */
export function formatErrorReply(message: Buffer): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES);
  reply.writeUInt16BE(message.readUInt16BE(0), 0);
  reply[2] = QR_BIT;
  reply[3] = RCODE.FORMERR;
  return reply;
}

/** Byte 2 of a reply: QR set, opcode and RD as asked. */
export function replyFlags(first: number): number {
  return QR_BIT | (first & 0x79);
}
