/** A responder over records of a test, asked with packets that an independent library decodes. */
import dns2 from 'dns2';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { AnswerBook, type AnswerOptions } from '../../../dns/answers.ts';
import { createDnsCounters, type DnsCounters } from '../../../dns/counters.ts';
import { RecordSet } from '../../../dns/record-set.ts';
import type { RecordType } from '../../../dns/records.ts';
import { type Decision, Responder, type ResponderOptions } from '../../../dns/responder.ts';
import { textToName } from '../../../dns/wire.ts';

export const TYPES = { A: 1, NS: 2, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;

export const UDP = 512;
export const TCP = 65_535;

/** `name TYPE value` per line. */
export function recordsOf(...lines: readonly string[]): RecordSet {
  const records = new RecordSet();
  for (const line of lines) {
    const [name = '', type = '', value = ''] = line.split(' ');
    if (type === 'A' || type === 'AAAA' || type === 'SRV') addRecord(records, type, name, value);
  }
  return records;
}

function addRecord(records: RecordSet, type: RecordType, name: string, value: string): void {
  records.add(type, name, value);
}

export interface Asked {
  readonly responder: Responder;
  readonly counters: DnsCounters;
  readonly book: AnswerBook;
}

export function responderOf(
  records: RecordSet,
  changes: Partial<AnswerOptions & ResponderOptions> = {},
): Asked {
  const options: AnswerOptions = {
    ttl: 60,
    serviceWeight: 1,
    recursionAvailable: true,
    setTruncateBit: true,
    authority: {
      primary: textToName('ns1.mesos.') ?? Buffer.of(0),
      mailbox: textToName('root.ns1.mesos.') ?? Buffer.of(0),
      refresh: 60,
      retry: 600,
      expire: 86_400,
      ttl: 60,
    },
    ...changes,
  };
  const counters = createDnsCounters(new Metrics());
  const book = new AnswerBook(records, new SeededRandom(1), options, 1_700_000_000);
  const responder = new Responder(
    book,
    { domain: 'mesos', forwards: true, resolvers: [], zoneResolvers: new Map(), ...changes },
    counters,
  );
  return { responder, counters, book };
}

export interface QueryOptions {
  readonly id?: number;
  readonly flags?: number;
  readonly tail?: Buffer;
}

/** The bytes of a query, written here and not by the code under test. */
export function query(name: string, type: number, options: QueryOptions = {}): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(options.id ?? 4_711, 0);
  header.writeUInt16BE(options.flags ?? 0x0100, 2);
  header.writeUInt16BE(1, 4);
  if (options.tail !== undefined) header.writeUInt16BE(1, 10);
  const labels = name.replace(/\.$/, '').split('.');
  const parts = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const end = Buffer.of(0, type >> 8, type & 0xff, 0, 1);
  return Buffer.concat([header, ...parts, end, options.tail ?? Buffer.alloc(0)]);
}

/** An OPT record that offers a larger UDP size. */
export function optRecord(size: number): Buffer {
  return Buffer.of(0, 0, 41, size >> 8, size & 0xff, 0, 0, 0, 0, 0, 0);
}

/** The reply's bytes; fails when the decision is another. */
export function replyOf(decision: Decision): Buffer {
  if (decision.kind !== 'reply') throw new Error(`the decision is '${decision.kind}'`);
  return decision.bytes;
}

/** One line per record: `name type data`, sections apart, and the header's flags. */
export interface Shown {
  readonly id: number;
  readonly flags: string;
  readonly rcode: number;
  readonly question: string;
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

export function show(bytes: Buffer): Shown {
  const packet = dns2.Packet.parse(bytes);
  if (packet.errors.length > 0) throw new Error(`undecodable: ${JSON.stringify(packet.errors)}`);
  const header: Readonly<Record<string, unknown>> = { ...packet.header };
  const flags = (['qr', 'aa', 'tc', 'rd', 'ra', 'cd'] as const).filter(
    (flag) => header[flag] === 1,
  );
  const [question] = packet.questions;
  return {
    id: packet.header.id,
    flags: flags.join(' '),
    rcode: packet.header.rcode,
    question: question === undefined ? '' : `${question.name} ${question.type}`,
    answers: packet.answers.map(showRecord),
    authority: packet.authorities.map(showRecord),
    additional: packet.additionals.map(showRecord),
  };
}

function showRecord(record: object): string {
  const fields: Record<string, unknown> = { ...record };
  const { name, type, ttl } = fields;
  const data = Object.entries(fields)
    .filter(([key]) => !['name', 'type', 'ttl', 'class'].includes(key))
    .map(([, value]) => String(value))
    .join(' ');
  return `${String(name)} ${String(type)} ${String(ttl)} ${data}`;
}
