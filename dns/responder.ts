/**
 * What to do with a message: answer it, forward it, or ignore it (spec mesos-dns, section 5).
 * Knows no sockets.
 */
import type { Answer, AnswerBook } from './answers.ts';
import type { DnsCounters } from './counters.ts';
import {
  errorReply,
  formatErrorReply,
  HEADER_BYTES,
  nameToText,
  OPT_BYTES,
  parseQuery,
  plainQuestionEnd,
  type Query,
  RCODE,
  withSizeOption,
} from './wire.ts';

export type Decision =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'reply'; readonly bytes: Buffer }
  | { readonly kind: 'forward'; readonly query: Query; readonly resolvers: readonly string[] };

type Reply = Decision & { readonly kind: 'reply' };

export interface ResponderOptions {
  /** Without dots at its ends. */
  readonly domain: string;
  /** Whether names outside the domain are forwarded. */
  readonly forwards: boolean;
  readonly resolvers: readonly string[];
  readonly zoneResolvers: ReadonlyMap<string, readonly string[]>;
  /** Whether the client's OPT record is heeded, for names of the domain. */
  readonly honoursSize?: boolean;
}

/** Longest reply over UDP, whatever the client offers: no more is worth forging its address. */
export const UDP_OFFER_BYTES_MAX = 4_096;

const IGNORE: Decision = { kind: 'ignore' };

export class Responder {
  private readonly book: AnswerBook;
  private readonly options: ResponderOptions;
  private readonly counters: DnsCounters;
  /** The domain as it ends the bytes of a question's name, for the quick test of most queries. */
  private readonly domainWire: Buffer;

  constructor(book: AnswerBook, options: ResponderOptions, counters: DnsCounters) {
    this.book = book;
    this.options = options;
    this.counters = counters;
    const labels = options.domain.split('.').map((label) => {
      const bytes = Buffer.from(label);
      return Buffer.concat([Buffer.of(bytes.length), bytes]);
    });
    this.domainWire = Buffer.concat([...labels, Buffer.of(0)]);
  }

  /** `limit` is the longest reply the transport carries. */
  decide(message: Buffer, limit: number): Decision {
    const known = this.knownAnswer(message, limit);
    if (known !== undefined) return this.counted(known);
    const query = parseQuery(message);
    if (query === 'ignore') return IGNORE;
    if (query === 'malformed') return { kind: 'reply', bytes: formatErrorReply(message) };
    if (query.question === undefined) {
      return { kind: 'reply', bytes: errorReply(query, RCODE.SERVFAIL) };
    }
    const zone = this.zoneOf(query.question);
    if (zone === 'domain') {
      const { udpBytes } = query;
      if (this.options.honoursSize !== true || udpBytes === undefined) {
        return this.answer(message, query, limit);
      }
      const offered = Math.min(Math.max(udpBytes, limit), Math.max(UDP_OFFER_BYTES_MAX, limit));
      const { bytes } = this.answer(message, query, offered - OPT_BYTES);
      return { kind: 'reply', bytes: withSizeOption(bytes, UDP_OFFER_BYTES_MAX) };
    }
    this.counters.NonMesosRequests.increment();
    if (!this.options.forwards || zone.length === 0) {
      return { kind: 'reply', bytes: errorReply(query, RCODE.REFUSED) };
    }
    return { kind: 'forward', query, resolvers: zone };
  }

  /** What is prepared is about the domain: most queries need no more than a look. */
  private knownAnswer(message: Buffer, limit: number): Answer | undefined {
    const end = plainQuestionEnd(message, this.options.honoursSize === true);
    return end === undefined ? undefined : this.book.knownAnswer(message, end, limit);
  }

  private answer(message: Buffer, query: Query, limit: number): Reply {
    try {
      const questionEnd = HEADER_BYTES + (query.question?.length ?? 0);
      return this.counted(this.book.answer(message, questionEnd, limit));
    } catch {
      // One bad record must not end the server; the client hears that it is our fault.
      this.counters.MesosRequests.increment();
      this.counters.MesosFailed.increment();
      return { kind: 'reply', bytes: errorReply(query, RCODE.SERVFAIL) };
    }
  }

  private counted({ bytes, outcome, failedCount }: Answer): Reply {
    this.counters.MesosRequests.increment();
    if (failedCount > 0) this.counters.MesosFailed.increment(failedCount);
    if (outcome === 'success') this.counters.MesosSuccess.increment();
    else this.counters.MesosNXDomain.increment();
    return { kind: 'reply', bytes };
  }

  /** The resolvers of the longest matching zone, or that the name is ours. */
  private zoneOf(question: Buffer): 'domain' | readonly string[] {
    if (this.endsWithDomain(question)) return 'domain';
    const name = nameToText(question.subarray(0, question.length - 4)).toLowerCase();
    if (isWithin(name, this.options.domain)) return 'domain';
    for (const [zone, resolvers] of this.options.zoneResolvers) {
      if (isWithin(name, zone)) return resolvers;
    }
    return this.options.resolvers;
  }

  /** True only for certain: lower case, label-aligned. */
  private endsWithDomain(question: Buffer): boolean {
    const end = question.length - 4;
    const start = end - this.domainWire.length;
    if (start < 0 || this.domainWire.compare(question, start, end) !== 0) return false;
    let at = 0;
    while (at < start) at += (question[at] ?? 0) + 1;
    return at === start;
  }
}

/** Whether a lower-cased name with final dot is the zone or below it. */
function isWithin(name: string, zone: string): boolean {
  const apex = `${zone.toLowerCase()}.`;
  return name === apex || name.endsWith(`.${apex}`);
}
