/**
 * Answers about names of the domain (spec mesos-dns, section 5). Each is prepared once per change
 * of its records, as the bytes of its parts; a query only copies them in a random order behind the
 * question, patches the header, and leaves out what does not fit.
 */
import type { Random } from '../core/base/random.ts';
import { randomInteger } from '../core/base/random.ts';
import { type NameEntry, type RecordSet, splitService } from './record-set.ts';
import {
  type Authority,
  addressTail,
  errorReply,
  HEADER_BYTES,
  nameToText,
  type Query,
  RCODE,
  recordTail,
  replyFlags,
  SRV_TARGET_OFFSET,
  serviceTail,
  soaTail,
  TYPE,
  textToName,
} from './wire.ts';

export interface AnswerOptions {
  readonly ttl: number;
  readonly serviceWeight: number;
  readonly recursionAvailable: boolean;
  readonly setTruncateBit: boolean;
  readonly authority: Authority;
}

/** One record to be written: its bytes behind the owner name. */
interface Part {
  readonly tail: Buffer;
  /** Address records are owned by the cleaned name, the others by the name as asked. */
  readonly isAddress: boolean;
  /** Where the tail stands in the reply being written. */
  offset: number;
}

interface AdditionalPart {
  readonly tail: Buffer;
  /** The SRV record in whose target the owner name stands. */
  readonly service: Part;
  readonly owner: Buffer;
}

/** A name whose records an answer was made from; `entry` is undefined when it had none. */
interface Source {
  readonly name: string;
  readonly entry: NameEntry | undefined;
  readonly version: number;
}

interface ReplyParts {
  readonly answers: Part[];
  /** ANY has SOA and NS beside its answers. */
  readonly authority: readonly Buffer[];
  readonly additional: readonly AdditionalPart[];
  /** The name that owns address records, where it differs from the question's. */
  readonly addressOwner: Buffer | undefined;
}

interface PreparedAnswer extends ReplyParts {
  readonly sources: readonly Source[];
  readonly failedCount: number;
  /** The reply with everything in it. */
  readonly full: ReplyPlan;
  readonly serial: number;
}

/** Prepared answers kept; above it all are dropped and made again. */
const PREPARED_MAX = 100_000;

/** Pointers reach no further than this. */
const POINTER_MAX = 0x3fff;
const POINTER_BYTES = 2;
const POINTER = 0xc000;
const POINTER_TO_QUESTION = POINTER | HEADER_BYTES;

export type AnswerOutcome = 'success' | 'empty' | 'no-name';

export interface Answer {
  readonly bytes: Buffer;
  readonly outcome: AnswerOutcome;
  /** Records of the name and type that no packet can carry. */
  readonly failedCount: number;
}

export class AnswerBook {
  /** By the question's bytes: name, type, class. */
  private readonly prepared = new Map<string, PreparedAnswer>();
  private readonly records: RecordSet;
  private readonly random: Random;
  private readonly options: AnswerOptions;
  private serial: number;

  constructor(records: RecordSet, random: Random, options: AnswerOptions, serial: number) {
    this.records = records;
    this.random = random;
    this.options = options;
    this.serial = serial;
  }

  get preparedCount(): number {
    return this.prepared.size;
  }

  setSerial(serial: number): void {
    this.serial = serial;
  }

  /** `question` is the query's; `limit` the most bytes the reply may have. */
  answer(query: Query, question: Buffer, limit: number): Answer {
    const key = question.toString('latin1');
    let prepared = this.prepared.get(key);
    if (prepared === undefined || !this.isFresh(prepared)) {
      prepared = this.prepare(query, question);
      if (prepared.answers.length === 0) {
        this.prepared.delete(key);
        return this.emptyAnswer(query, question, prepared);
      }
      if (this.prepared.size >= PREPARED_MAX) this.prepared.clear();
      this.prepared.set(key, prepared);
    }
    const { failedCount } = prepared;
    return { bytes: this.write(query, question, prepared, limit), outcome: 'success', failedCount };
  }

  private isFresh(prepared: PreparedAnswer): boolean {
    if (prepared.authority.length > 0 && prepared.serial !== this.serial) return false;
    for (const { name, entry, version } of prepared.sources) {
      if (entry === undefined ? this.records.get(name) !== undefined : entry.version !== version) {
        return false;
      }
    }
    return true;
  }

  private prepare(query: Query, question: Buffer): PreparedAnswer {
    const asked = question.subarray(0, question.length - 4);
    const name = cleanName(nameToText(asked));
    const source = this.source(name);
    const sources: Source[] = [source];
    const wants = wantedTypes(query.type);
    const answers: Part[] = [];
    const additional: AdditionalPart[] = [];
    const targets = new Set<string>();
    let failedCount = 0;
    for (const record of source.entry?.records ?? []) {
      if (!wants.has(record.type)) continue;
      if (record.type !== 'SRV') {
        const tail = addressTail(record.value, this.options.ttl);
        if (tail !== undefined) answers.push({ tail, isAddress: true, offset: 0 });
        else failedCount += 1;
        continue;
      }
      const service = this.servicePart(record.value);
      if (service === undefined) {
        failedCount += 1;
        continue;
      }
      answers.push(service.part);
      if (targets.has(service.target)) continue;
      targets.add(service.target);
      sources.push(this.addTargetAddresses(service, additional));
    }
    const owner = textToName(name);
    const isPlain = owner === undefined || owner.equals(asked);
    const parts: ReplyParts = {
      answers,
      authority: query.type === TYPE.ANY ? [this.soa(), this.nameServer()] : [],
      additional,
      addressOwner: isPlain ? undefined : owner,
    };
    const full = planReply(question.length, parts, Number.POSITIVE_INFINITY);
    return { ...parts, sources, failedCount, full, serial: this.serial };
  }

  private source(name: string): Source {
    const entry = this.records.get(name);
    return { name, entry, version: entry?.version ?? 0 };
  }

  /** Undefined for targets that no packet can carry. */
  private servicePart(
    value: string,
  ): { part: Part; target: string; targetName: Buffer } | undefined {
    const service = splitService(value);
    const targetName = service === undefined ? undefined : textToName(service.target);
    if (service === undefined || targetName === undefined) return undefined;
    const tail = serviceTail({
      weight: this.options.serviceWeight,
      port: service.port,
      target: targetName,
      ttl: this.options.ttl,
    });
    return { part: { tail, isAddress: false, offset: 0 }, target: service.target, targetName };
  }

  /** One A and one AAAA of the target, whichever comes first. */
  private addTargetAddresses(
    service: { readonly part: Part; readonly target: string; readonly targetName: Buffer },
    additional: AdditionalPart[],
  ): Source {
    const source = this.source(service.target);
    for (const type of ['A', 'AAAA']) {
      const record = source.entry?.records.find((each) => each.type === type);
      const tail = record === undefined ? undefined : addressTail(record.value, this.options.ttl);
      if (tail === undefined) continue;
      additional.push({ tail, service: service.part, owner: service.targetName });
    }
    return source;
  }

  private soa(): Buffer {
    return soaTail(this.options.authority, this.serial);
  }

  private nameServer(): Buffer {
    return recordTail(TYPE.NS, this.options.ttl, this.options.authority.primary);
  }

  /** No answer records: what then stands in authority depends on the type asked. */
  private emptyAnswer(query: Query, question: Buffer, prepared: PreparedAnswer): Answer {
    const { failedCount } = prepared;
    const empty = (rcode: number, authority: readonly Buffer[]): Buffer =>
      this.writeEmpty(query, question, rcode, authority);
    if (query.type === TYPE.SOA || query.type === TYPE.NS) {
      const tail = query.type === TYPE.SOA ? this.soa() : this.nameServer();
      return { bytes: empty(RCODE.NOERROR, [tail]), outcome: 'success', failedCount };
    }
    if (query.type === TYPE.SRV) {
      return { bytes: empty(RCODE.NOERROR, []), outcome: 'success', failedCount };
    }
    const exists = prepared.sources[0]?.entry !== undefined;
    const rcode = exists ? RCODE.NOERROR : RCODE.NXDOMAIN;
    return {
      bytes: empty(rcode, [...prepared.authority, this.soa()]),
      outcome: exists ? 'empty' : 'no-name',
      failedCount,
    };
  }

  private writeEmpty(
    query: Query,
    question: Buffer,
    rcode: number,
    authority: readonly Buffer[],
  ): Buffer {
    const head = errorReply({ ...query, question }, rcode, true);
    if (this.options.recursionAvailable) head[3] = (head[3] ?? 0) | 0x80;
    head.writeUInt16BE(authority.length, 8);
    const pointer = Buffer.of(POINTER_TO_QUESTION >> 8, POINTER_TO_QUESTION & 0xff);
    return Buffer.concat([head, ...authority.flatMap((tail) => [pointer, tail])]);
  }

  private write(query: Query, question: Buffer, prepared: PreparedAnswer, limit: number): Buffer {
    const { answers } = prepared;
    if (answers.length > 1) this.shuffle(answers);
    const fits = prepared.full.size <= limit;
    const plan = fits ? prepared.full : planReply(question.length, prepared, limit);
    const reply = Buffer.allocUnsafe(plan.size);
    const truncated = plan.isTruncated && this.options.setTruncateBit ? 0x02 : 0;
    reply.writeUInt16BE(query.id, 0);
    reply[2] = replyFlags(query.flags[0]) | 0x04 | truncated;
    reply[3] = (query.flags[1] & 0x10) | (this.options.recursionAvailable ? 0x80 : 0);
    reply.writeUInt16BE(1, 4);
    reply.writeUInt16BE(plan.answerCount, 6);
    reply.writeUInt16BE(prepared.authority.length, 8);
    reply.writeUInt16BE(plan.hasAdditional ? prepared.additional.length : 0, 10);
    reply.set(question, HEADER_BYTES);
    let at = writeAnswers(reply, HEADER_BYTES + question.length, prepared, plan);
    for (const tail of prepared.authority) {
      at = reply.writeUInt16BE(POINTER_TO_QUESTION, at);
      reply.set(tail, at);
      at += tail.length;
    }
    if (plan.hasAdditional) writeAdditional(reply, at, prepared, plan);
    return reply;
  }

  private shuffle(parts: Part[]): void {
    for (let at = parts.length - 1; at > 0; at -= 1) {
      const other = randomInteger(this.random, at + 1);
      const [a, b] = [parts[at], parts[other]];
      if (a === undefined || b === undefined) continue;
      parts[at] = b;
      parts[other] = a;
    }
  }
}

/** Gives where the answers end. */
function writeAnswers(reply: Buffer, start: number, parts: ReplyParts, plan: ReplyPlan): number {
  let at = start;
  let addressOwner = POINTER_TO_QUESTION;
  let ownerName = parts.addressOwner;
  for (const part of parts.answers.slice(0, plan.answerCount)) {
    if (part.isAddress && ownerName !== undefined) {
      // The first address record spells the cleaned name, the others point to it.
      addressOwner = POINTER | at;
      reply.set(ownerName, at);
      at += ownerName.length;
      if (plan.spellsOnce) ownerName = undefined;
    } else {
      at = reply.writeUInt16BE(part.isAddress ? addressOwner : POINTER_TO_QUESTION, at);
    }
    part.offset = at;
    reply.set(part.tail, at);
    at += part.tail.length;
  }
  return at;
}

function writeAdditional(reply: Buffer, start: number, parts: ReplyParts, plan: ReplyPlan): void {
  let at = start;
  for (const { tail, service, owner } of parts.additional) {
    if (plan.hasPointers) {
      at = reply.writeUInt16BE(POINTER | (service.offset + SRV_TARGET_OFFSET), at);
    } else {
      reply.set(owner, at);
      at += owner.length;
    }
    reply.set(tail, at);
    at += tail.length;
  }
}

interface ReplyPlan {
  readonly size: number;
  readonly answerCount: number;
  readonly hasAdditional: boolean;
  readonly isTruncated: boolean;
  /** Whether names may point into the reply; not in replies longer than pointers reach. */
  readonly hasPointers: boolean;
  /** Whether the owner of address records is spelt once; it is when it is certain to be in reach. */
  readonly spellsOnce: boolean;
}

/**
 * What fits: all; else all but the additional section; else as many answers as stay strictly below
 * the limit. The truncation mark is set in both latter cases. Authority is never cut.
 */
function planReply(questionBytes: number, parts: ReplyParts, limit: number): ReplyPlan {
  const hasPointers = answersSize(questionBytes, parts, true).size <= POINTER_MAX;
  const spellsOnce = hasPointers || parts.answers.every((part) => part.isAddress);
  const { sizes, size } = answersSize(questionBytes, parts, spellsOnce);
  let fullSize = size;
  for (const { tail, owner } of parts.additional) {
    fullSize += (hasPointers ? POINTER_BYTES : owner.length) + tail.length;
  }
  const pointers = { hasPointers, spellsOnce };
  let answerCount = sizes.length;
  if (fullSize <= limit) {
    return { ...pointers, size: fullSize, answerCount, hasAdditional: true, isTruncated: false };
  }
  let cutSize = size;
  while (answerCount > 0 && cutSize >= limit) {
    answerCount -= 1;
    cutSize -= sizes[answerCount] ?? 0;
  }
  return { ...pointers, size: cutSize, answerCount, hasAdditional: false, isTruncated: true };
}

/** The size of each answer, and of the reply without the additional section. */
function answersSize(
  questionBytes: number,
  parts: ReplyParts,
  spellsOnce: boolean,
): { readonly sizes: readonly number[]; readonly size: number } {
  const ownerExtra = Math.max(0, (parts.addressOwner?.length ?? 0) - POINTER_BYTES);
  let isSpelt = false;
  const sizes = parts.answers.map(({ tail, isAddress }) => {
    const spells = isAddress && !(isSpelt && spellsOnce);
    if (isAddress) isSpelt = true;
    return POINTER_BYTES + tail.length + (spells ? ownerExtra : 0);
  });
  let size = HEADER_BYTES + questionBytes;
  for (const bytes of sizes) size += bytes;
  for (const tail of parts.authority) size += POINTER_BYTES + tail.length;
  return { sizes, size };
}

type Wanted = ReadonlySet<'A' | 'AAAA' | 'SRV'>;

const WANTED: Readonly<Record<number, Wanted>> = {
  [TYPE.A]: new Set(['A']),
  [TYPE.AAAA]: new Set(['AAAA']),
  [TYPE.SRV]: new Set(['SRV']),
  [TYPE.ANY]: new Set(['SRV', 'A', 'AAAA']),
};
const NOTHING: Wanted = new Set();

function wantedTypes(type: number): Wanted {
  return WANTED[type] ?? NOTHING;
}

/** The name looked up: every `.*` removed, lower-cased. */
export function cleanName(name: string): string {
  return name.replaceAll('.*', '').toLowerCase();
}
