/**
 * Size of forwarded replies (spec mesos-dns, sections 5.5 to 5.7): over UDP the limit is what the
 * reply's own OPT record says, 512 without one. What is too long is cut at record borders: first
 * the additional section goes, then answers from the end; authority is never cut. Pure.
 */
import type { Transport } from './forwarder.ts';
import { moveRecords } from './moved-records.ts';
import { HEADER_BYTES, TYPE } from './wire.ts';

const UDP_BYTES_MIN = 512;
const TCP_BYTES_MAX = 65_535;
const TRUNCATED_BIT = 0x02;

interface Sections {
  /** Where each record ends, by section: answer, authority, additional. */
  readonly ends: readonly (readonly number[])[];
  readonly questionEnd: number;
  readonly advertisedBytes: number | undefined;
}

export function limitForwarded(
  reply: Buffer,
  transport: Transport,
  setTruncateBit: boolean,
): Buffer {
  const sections = readSections(reply);
  // What we cannot read is the client's to judge.
  const bytes = sections === undefined ? reply : cut(reply, sections, transport);
  if (!setTruncateBit) bytes[2] = (bytes[2] ?? 0) & ~TRUNCATED_BIT;
  return bytes;
}

function cut(reply: Buffer, sections: Sections, transport: Transport): Buffer {
  const udpLimit = Math.max(sections.advertisedBytes ?? UDP_BYTES_MIN, UDP_BYTES_MIN);
  const limit = transport === 'tcp' ? TCP_BYTES_MAX : udpLimit;
  if (reply.length <= limit) return reply;
  const [answers = [], authority = []] = sections.ends;
  const answersEnd = answers.at(-1) ?? sections.questionEnd;
  const authorityEnd = authority.at(-1) ?? answersEnd;
  if (authorityEnd < limit)
    return withCounts(reply.subarray(0, authorityEnd), reply, answers.length, authority.length);
  const { questionEnd } = sections;
  return cutAnswers(reply, { answers, authority, questionEnd }, limit);
}

/** As many answers as leave the reply below the limit; what stands in authority stays. */
function cutAnswers(
  reply: Buffer,
  parts: {
    /** Where each record ends. */
    readonly answers: readonly number[];
    readonly authority: readonly number[];
    readonly questionEnd: number;
  },
  limit: number,
): Buffer {
  const { answers, questionEnd } = parts;
  const start = answers.at(-1) ?? questionEnd;
  const end = parts.authority.at(-1) ?? start;
  const endOf = (count: number): number => (count === 0 ? questionEnd : (answers[count - 1] ?? 0));
  const authorityOf = (count: number): Buffer | undefined =>
    moveRecords(reply, { start, end, keptBytes: endOf(count) });
  let [fits, tooMany] = [0, answers.length];
  while (fits + 1 < tooMany) {
    const count = (fits + tooMany) >> 1;
    if (endOf(count) + (authorityOf(count)?.length ?? 0) < limit) fits = count;
    else tooMany = count;
  }
  const head = reply.subarray(0, endOf(fits));
  const authority = authorityOf(fits);
  // What we cannot read is left out.
  if (authority === undefined) return withCounts(head, reply, fits, 0);
  const bytes = Buffer.concat([head, authority]);
  return withCounts(bytes, reply, fits, parts.authority.length);
}

function withCounts(head: Buffer, reply: Buffer, answers: number, authority: number): Buffer {
  const bytes = Buffer.from(head);
  bytes[2] = (reply[2] ?? 0) | TRUNCATED_BIT;
  bytes.writeUInt16BE(answers, 6);
  bytes.writeUInt16BE(authority, 8);
  bytes.writeUInt16BE(0, 10);
  return bytes;
}

function readSections(reply: Buffer): Sections | undefined {
  if (reply.length < HEADER_BYTES) return undefined;
  let at: number | undefined = HEADER_BYTES;
  for (let seen = 0; seen < reply.readUInt16BE(4); seen += 1) {
    at = nameEnd(reply, at);
    if (at === undefined || at + 4 > reply.length) return undefined;
    at += 4;
  }
  const questionEnd = at;
  let advertisedBytes: number | undefined;
  const ends: number[][] = [];
  for (const offset of [6, 8, 10]) {
    const section: number[] = [];
    for (let seen = 0; seen < reply.readUInt16BE(offset); seen += 1) {
      const end: number | undefined = nameEnd(reply, at);
      if (end === undefined || end + 10 > reply.length) return undefined;
      if (reply.readUInt16BE(end) === TYPE.OPT) advertisedBytes = reply.readUInt16BE(end + 2);
      at = end + 10 + reply.readUInt16BE(end + 8);
      if (at > reply.length) return undefined;
      section.push(at);
    }
    ends.push(section);
  }
  return { ends, questionEnd, advertisedBytes };
}

function nameEnd(reply: Buffer, start: number): number | undefined {
  let at = start;
  while (at < reply.length) {
    const length = reply[at] ?? 0;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  return undefined;
}
