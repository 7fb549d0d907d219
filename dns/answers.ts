/**
 * Answers about names of the domain (spec mesos-dns, section 5). Each is prepared once per change
 * of its records, as the bytes of its parts; a query only copies them in a random order behind the
 * question, patches the header, and leaves out what does not fit.
 */
import { ByteBlocks } from '../core/base/byte-blocks.ts';
import type { Random } from '../core/base/random.ts';
import { randomInteger } from '../core/base/random.ts';
import { type Asked, QuestionTable } from './question-table.ts';
import { type NameEntry, type RecordSet, splitService } from './record-set.ts';
import {
  type AdditionalPart,
  type Part,
  POINTER_TO_QUESTION,
  planReply,
  type ReplyParts,
  type ReplyPlan,
  writeAdditional,
  writeAnswers,
} from './reply-plan.ts';
import {
  type Authority,
  addressTail,
  HEADER_BYTES,
  nameToText,
  RCODE,
  recordTail,
  replyFlags,
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

/** A name whose records an answer was made from; `entry` is undefined when it had none. */
interface Source {
  readonly name: string;
  readonly entry: NameEntry | undefined;
  readonly version: number;
}

/** An answer to one question, by the question's bytes: name, type, class. */
interface PreparedAnswer extends Asked {
  /** A whole reply where `isWhole`; else, because of the order, only its header and question. */
  readonly message: Buffer;
  readonly isWhole: boolean;
  /** Undefined when there is no answer record. */
  readonly parts: ReplyParts | undefined;
  /** What a reply with everything in it looks like. */
  readonly full: ReplyPlan | undefined;
  readonly outcome: AnswerOutcome;
  readonly failedCount: number;
  readonly sources: readonly Source[];
  /** Of the SOA record in it; undefined without one. */
  readonly serial: number | undefined;
  /** The records' `changeCount` when the sources were last found unchanged. */
  freshAt: number;
}

/** Places for prepared answers, of which a full table leaves some empty. */
const PREPARED_PLACES = 262_144;
/** Longer replies are written anew for each query. */
const WHOLE_BYTES_MAX = 501;

/** Bits of the first and second byte of flags. */
const AUTHORITATIVE = 0x04;
const TRUNCATED = 0x02;
const RECURSION_AVAILABLE = 0x80;
const CHECKING_DISABLED = 0x10;

export type AnswerOutcome = 'success' | 'empty' | 'no-name';

export interface Answer {
  readonly bytes: Buffer;
  readonly outcome: AnswerOutcome;
  /** Records of the name and type that no packet can carry. */
  readonly failedCount: number;
}

export class AnswerBook {
  private prepared: QuestionTable<PreparedAnswer>;
  /** Where their messages lie; in the pool of all buffers each could keep a block to itself. */
  private blocks = new ByteBlocks();
  private preparedBytes = 0;
  private readonly records: RecordSet;
  private readonly random: Random;
  private readonly options: AnswerOptions;
  private serial: number;

  constructor(records: RecordSet, random: Random, options: AnswerOptions, serial: number) {
    this.records = records;
    this.random = random;
    this.prepared = this.noPrepared();
    this.options = options;
    this.serial = serial;
  }

  get preparedCount(): number {
    return this.prepared.size;
  }

  /** Memory of the prepared answers' messages, with what is out of date. */
  get keptBytes(): number {
    return this.blocks.size;
  }

  setSerial(serial: number): void {
    this.serial = serial;
  }

  /**
   * The answer to a query whose (first) question ends at `questionEnd` without pointers in it; `limit`
   * is the most bytes the reply may have.
   */
  answer(message: Buffer, questionEnd: number, limit: number): Answer {
    const known = this.knownAnswer(message, questionEnd, limit);
    if (known !== undefined) return known;
    const prepared = this.prepare(message, questionEnd, limit);
    if (isWorthKeeping(prepared)) this.keep(prepared);
    else this.preparedBytes -= this.prepared.delete(message, questionEnd)?.message.length ?? 0;
    return this.write(message, prepared, limit);
  }

  /** Undefined where no fresh answer is prepared. The hot path. */
  knownAnswer(message: Buffer, questionEnd: number, limit: number): Answer | undefined {
    const prepared = this.prepared.find(message, questionEnd);
    if (prepared === undefined || !this.isFresh(prepared)) return undefined;
    if (prepared.isWhole && prepared.message.length > limit) return undefined;
    return this.write(message, prepared, limit);
  }

  private keep(prepared: PreparedAnswer): void {
    const message = this.blocks.join([prepared.message]);
    const before = this.prepared.set({ ...prepared, message });
    this.preparedBytes += message.length - (before?.message.length ?? 0);
    if (!this.blocks.isSparse(this.preparedBytes)) return;
    // Most of what lies there is out of date, the rest among it: everything is prepared again.
    this.blocks.giveUp();
    this.blocks = new ByteBlocks();
    this.prepared = this.noPrepared();
    this.preparedBytes = 0;
  }

  private noPrepared(): QuestionTable<PreparedAnswer> {
    return new QuestionTable(PREPARED_PLACES, randomInteger(this.random, 2 ** 31));
  }

  private isFresh(prepared: PreparedAnswer): boolean {
    if (prepared.serial !== undefined && prepared.serial !== this.serial) return false;
    const { changeCount } = this.records;
    if (prepared.freshAt === changeCount) return true;
    for (const { name, entry, version } of prepared.sources) {
      if (entry === undefined ? this.records.get(name) !== undefined : entry.version !== version) {
        return false;
      }
    }
    prepared.freshAt = changeCount;
    return true;
  }

  private prepare(query: Buffer, questionEnd: number, limit: number): PreparedAnswer {
    const type = query.readUInt16BE(questionEnd - 4);
    const asked = query.subarray(HEADER_BYTES, questionEnd - 4);
    const name = cleanName(nameToText(asked));
    const { sources, answers, additional, failedCount } = this.recordsFor(name, wantedTypes(type));
    const source = { sources, failedCount, questionEnd, freshAt: this.records.changeCount };
    const extra = type === TYPE.ANY ? [this.soa(), this.nameServer()] : [];
    if (answers.length === 0) {
      const { rcode, outcome, authority } = this.emptyAnswer(type, sources[0], extra);
      const message = this.emptyReply(query.subarray(HEADER_BYTES, questionEnd), rcode, authority);
      const serial = authority.length > 0 ? this.serial : undefined;
      return {
        ...source,
        message,
        outcome,
        serial,
        isWhole: true,
        parts: undefined,
        full: undefined,
      };
    }
    const owner = textToName(name);
    const isPlain = owner === undefined || owner.equals(asked);
    const addressOwner = isPlain ? undefined : owner;
    const parts: ReplyParts = { answers, authority: extra, additional, addressOwner };
    const full = planReply(questionEnd - HEADER_BYTES, parts, Number.POSITIVE_INFINITY);
    const serial = extra.length > 0 ? this.serial : undefined;
    const prepared = { ...source, outcome: 'success', serial } as const;
    if (answers.length > 1 || full.size > Math.min(limit, WHOLE_BYTES_MAX)) {
      const message = query.subarray(0, questionEnd);
      return { ...prepared, message, isWhole: false, parts, full };
    }
    const message = this.replyWith(query, questionEnd, parts, full);
    return { ...prepared, message, isWhole: true, parts: undefined, full: undefined };
  }

  private recordsFor(name: string, wants: Wanted): Found {
    const source = this.source(name);
    const sources: Source[] = [source];
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
    return { sources, answers, additional, failedCount };
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
  private emptyAnswer(
    type: number,
    source: Source | undefined,
    extra: readonly Buffer[],
  ): { rcode: number; outcome: AnswerOutcome; authority: readonly Buffer[] } {
    const success = { rcode: RCODE.NOERROR, outcome: 'success' } as const;
    if (type === TYPE.SOA) return { ...success, authority: [this.soa()] };
    if (type === TYPE.NS) return { ...success, authority: [this.nameServer()] };
    if (type === TYPE.SRV) return { ...success, authority: [] };
    const authority = [...extra, this.soa()];
    if (source?.entry === undefined)
      return { rcode: RCODE.NXDOMAIN, outcome: 'no-name', authority };
    return { rcode: RCODE.NOERROR, outcome: 'empty', authority };
  }

  private emptyReply(question: Buffer, rcode: number, authority: readonly Buffer[]): Buffer {
    const head = Buffer.alloc(HEADER_BYTES);
    head[2] = AUTHORITATIVE;
    head[3] = rcode | this.recursionFlag();
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(authority.length, 8);
    const pointer = Buffer.of(POINTER_TO_QUESTION >> 8, POINTER_TO_QUESTION & 0xff);
    return Buffer.concat([head, question, ...authority.flatMap((tail) => [pointer, tail])]);
  }

  private recursionFlag(): number {
    return this.options.recursionAvailable ? RECURSION_AVAILABLE : 0;
  }

  /** The prepared answer as a reply to this query. */
  private write(query: Buffer, prepared: PreparedAnswer, limit: number): Answer {
    const { parts, full, questionEnd, outcome, failedCount } = prepared;
    let bytes: Buffer;
    if (parts === undefined || full === undefined) {
      bytes = Buffer.allocUnsafe(prepared.message.length);
      bytes.set(prepared.message);
    } else {
      if (parts.answers.length > 1) this.shuffle(parts.answers);
      const plan = full.size <= limit ? full : planReply(questionEnd - HEADER_BYTES, parts, limit);
      bytes = this.replyWith(query, questionEnd, parts, plan);
    }
    bytes[0] = query[0] ?? 0;
    bytes[1] = query[1] ?? 0;
    bytes[2] = replyFlags(query[2] ?? 0) | (bytes[2] ?? 0);
    bytes[3] = ((query[3] ?? 0) & CHECKING_DISABLED) | (bytes[3] ?? 0);
    return { bytes, outcome, failedCount };
  }

  /** A reply without its id, and with those flags only that do not come from the query. */
  private replyWith(
    query: Buffer,
    questionEnd: number,
    parts: ReplyParts,
    plan: ReplyPlan,
  ): Buffer {
    const reply = Buffer.allocUnsafe(plan.size);
    reply.writeUInt16BE(0, 0);
    const isMarked = plan.isTruncated && this.options.setTruncateBit;
    reply[2] = AUTHORITATIVE | (isMarked ? TRUNCATED : 0);
    reply[3] = this.recursionFlag();
    reply.writeUInt16BE(1, 4);
    reply.writeUInt16BE(plan.answerCount, 6);
    reply.writeUInt16BE(parts.authority.length, 8);
    reply.writeUInt16BE(plan.hasAdditional ? parts.additional.length : 0, 10);
    query.copy(reply, HEADER_BYTES, HEADER_BYTES, questionEnd);
    let at = writeAnswers(reply, questionEnd, parts, plan);
    for (const tail of parts.authority) {
      at = reply.writeUInt16BE(POINTER_TO_QUESTION, at);
      reply.set(tail, at);
      at += tail.length;
    }
    if (plan.hasAdditional) writeAdditional(reply, at, parts, plan);
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

/**
 * There is no end to names that nobody has, nor to the ways to spell one: some resolvers spell it anew in each
 * question, and the parts of a name with thousands of records are large.
 */
function isWorthKeeping({ sources, parts }: PreparedAnswer): boolean {
  return sources[0]?.entry !== undefined && parts?.addressOwner === undefined;
}

/** The records that an answer consists of, and what it was made from. */
interface Found {
  readonly sources: readonly Source[];
  readonly answers: Part[];
  readonly additional: readonly AdditionalPart[];
  readonly failedCount: number;
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
