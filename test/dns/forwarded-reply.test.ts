/** Sizes of forwarded replies (spec mesos-dns, sections 5.5 to 5.7), a line per case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitForwarded } from '../../dns/forwarded-reply.ts';
import { optRecord, query, show, TYPES } from './support/ask.ts';

interface Made {
  readonly answers: number;
  readonly authority?: number;
  /** What the resolver's OPT record says; none without it. */
  readonly offers?: number;
  readonly isTruncated?: boolean;
}

const QUESTION = query('a.example', TYPES.A);
const ANSWER_BYTES = 16;

/** An A record owned by the name of the question. */
function addressRecord(number: number): Buffer {
  return Buffer.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, number >> 8, number & 255);
}

function reply({ answers, authority = 0, offers, isTruncated = false }: Made): Buffer {
  const records = Array.from({ length: answers + authority }, (_, at) => addressRecord(at));
  const bytes = Buffer.concat([
    QUESTION,
    ...records,
    ...(offers === undefined ? [] : [optRecord(offers)]),
  ]);
  bytes.writeUInt16BE(isTruncated ? 0x8380 : 0x8180, 2);
  bytes.writeUInt16BE(answers, 6);
  bytes.writeUInt16BE(authority, 8);
  bytes.writeUInt16BE(offers === undefined ? 0 : 1, 10);
  return bytes;
}

/** Answers, authority and additional records that are left, and whether the reply says it was cut. */
type Left = readonly [answers: number, authority: number, additional: number, isCut: boolean];

/** As many answers as stay strictly below the limit. */
const FIT = Math.floor((512 - 1 - QUESTION.length) / ANSWER_BYTES);

const ROWS: readonly (readonly [
  why: string,
  made: Made,
  transport: 'udp' | 'tcp',
  bit: boolean,
  left: Left,
])[] = [
  ['a short reply stays', { answers: 3 }, 'udp', true, [3, 0, 0, false]],
  ['what was cut before says so', { answers: 3, isTruncated: true }, 'udp', true, [3, 0, 0, true]],
  ['unless no reply may', { answers: 3, isTruncated: true }, 'udp', false, [3, 0, 0, false]],
  ['512 bytes without OPT', { answers: 60 }, 'udp', true, [FIT, 0, 0, true]],
  ['cut without saying so', { answers: 60 }, 'udp', false, [FIT, 0, 0, false]],
  ['as long as OPT says', { answers: 60, offers: 4_096 }, 'udp', true, [60, 0, 1, false]],
  ['OPT of less counts as 512', { answers: 20, offers: 100 }, 'udp', true, [20, 0, 1, false]],
  ['beyond what OPT says', { answers: 80, offers: 1_232 }, 'udp', true, [75, 0, 0, true]],
  [
    'the additional section goes first',
    { answers: FIT - 1, authority: 1, offers: 512 },
    'udp',
    true,
    [FIT - 1, 1, 0, true],
  ],
  [
    'then answers, and authority never does',
    { answers: 60, authority: 2 },
    'udp',
    true,
    [FIT - 2, 2, 0, true],
  ],
  ['even where it is too long alone', { answers: 2, authority: 40 }, 'udp', true, [0, 40, 0, true]],
  ['everything over TCP', { answers: 4_000 }, 'tcp', true, [4_000, 0, 0, false]],
];

for (const [why, made, transport, bit, left] of ROWS) {
  test(`a forwarded reply over ${transport}: ${why}`, () => {
    const shown = show(limitForwarded(reply(made), transport, bit));
    const counts = [shown.answers.length, shown.authority.length, shown.additional.length];
    assert.deepEqual([...counts, shown.flags.includes('tc')], left);
  });
}

test('what cannot be read is passed on as it is', () => {
  for (const bytes of [reply({ answers: 3 }).subarray(0, 30), Buffer.alloc(600, 0xff)]) {
    assert.deepEqual(limitForwarded(Buffer.from(bytes), 'udp', true), bytes);
  }
});

/** `ttl` 60, class IN. */
function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const fixed = Buffer.of(0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255);
  return Buffer.concat([owner, fixed, data]);
}

function pointer(at: number): Buffer {
  return Buffer.of(0xc0 | (at >> 8), at & 255);
}

const label = (text: string): Buffer => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);

/** Sixty answers whose last owns a name of its own, a name server below it, and a SOA that points at both. */
function pointingReply(changes: { readonly loops?: boolean } = {}): Buffer {
  const answers = Array.from({ length: 59 }, (_, at) => addressRecord(at));
  const lastAt = QUESTION.length + 59 * ANSWER_BYTES;
  const own = Buffer.concat([label('last'), pointer(14)]);
  const last = record(own, TYPES.A, Buffer.of(10, 0, 0, 1));
  const serverAt = lastAt + last.length;
  const nameAt = serverAt + 12;
  const server = Buffer.concat([label('ns'), pointer(changes.loops === true ? nameAt : lastAt)]);
  const soa = Buffer.concat([pointer(nameAt), label('root'), pointer(nameAt), Buffer.alloc(20)]);
  const bytes = Buffer.concat([
    QUESTION,
    ...answers,
    last,
    record(pointer(12), TYPES.NS, server),
    record(pointer(lastAt), TYPES.SOA, soa),
  ]);
  bytes.writeUInt16BE(0x8180, 2);
  bytes.writeUInt16BE(60, 6);
  bytes.writeUInt16BE(2, 8);
  return bytes;
}

test('names of authority that pointed into answers which are cut, or have moved, are spelt anew', () => {
  const reply = limitForwarded(pointingReply(), 'udp', true);
  const shown = show(reply);
  assert.deepEqual(shown.authority, [
    'a.example 2 60 ns.last.example',
    'last.example 6 60 ns.last.example root.ns.last.example 0 0 0 0 0',
  ]);
  assert.ok(reply.length < 512 && reply.length >= 512 - ANSWER_BYTES, `${reply.length} bytes`);
});

test('authority with a name that never ends is left out', () => {
  const shown = show(limitForwarded(pointingReply({ loops: true }), 'udp', true));
  assert.deepEqual([shown.answers.length, shown.authority.length], [FIT, 0]);
});
