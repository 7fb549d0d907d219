import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  optRecord,
  type QueryOptions,
  query,
  recordsOf,
  replyOf,
  responderOf,
  type Shown,
  show,
  TCP,
  TYPES,
  UDP,
} from './support/ask.ts';

const WEB = recordsOf(
  'web.marathon.mesos. A 10.0.0.1',
  'web.marathon.mesos. A 10.0.0.2',
  'web.marathon.mesos. AAAA 2001:db8::1',
  '_web._tcp.marathon.mesos. SRV web-a-s0.marathon.slave.mesos.:31000',
  '_web._tcp.marathon.mesos. SRV web-b-s1.marathon.slave.mesos.:31001',
  '_web._tcp.marathon.mesos. SRV web-b-s1.marathon.slave.mesos.:31002',
  'web-a-s0.marathon.slave.mesos. A 10.1.1.1',
  'web-b-s1.marathon.slave.mesos. A 10.1.1.2',
  'web-b-s1.marathon.slave.mesos. AAAA 2001:db8::2',
  'broken.slave.mesos. A not-an-address',
);

function ask(name: string, type: number, records = WEB, limit = UDP): Shown {
  return show(replyOf(responderOf(records).responder.decide(query(name, type), limit)));
}

const SOA = 'ns1.mesos root.ns1.mesos 1700000000 60 600 86400 60';

test('A gives all addresses, authoritative, with the id and question of the query', () => {
  const reply = ask('web.marathon.mesos', TYPES.A);
  assert.equal(reply.id, 4_711);
  assert.equal(reply.flags, 'qr aa rd ra');
  assert.equal(reply.question, 'web.marathon.mesos 1');
  assert.deepEqual(reply.answers.toSorted(), [
    'web.marathon.mesos 1 60 10.0.0.1',
    'web.marathon.mesos 1 60 10.0.0.2',
  ]);
  assert.deepEqual([reply.authority, reply.additional], [[], []]);
});

test('AAAA gives the addresses of version 6', () => {
  const { answers } = ask('web.marathon.mesos', TYPES.AAAA);
  assert.equal(answers.length, 1);
  assert.match(answers[0] ?? '', /^web\.marathon\.mesos 28 60 2001:0?db8:/);
});

test('SRV gives priority, weight, port, target, and one address of each kind per target', () => {
  const reply = ask('_web._tcp.marathon.mesos', TYPES.SRV);
  assert.deepEqual(reply.answers.toSorted(), [
    '_web._tcp.marathon.mesos 33 60 0 1 31000 web-a-s0.marathon.slave.mesos',
    '_web._tcp.marathon.mesos 33 60 0 1 31001 web-b-s1.marathon.slave.mesos',
    '_web._tcp.marathon.mesos 33 60 0 1 31002 web-b-s1.marathon.slave.mesos',
  ]);
  assert.deepEqual(reply.authority, []);
  assert.deepEqual(
    reply.additional.map((line) => line.split(' ').slice(0, 2).join(' ')),
    [
      'web-a-s0.marathon.slave.mesos 1',
      'web-b-s1.marathon.slave.mesos 1',
      'web-b-s1.marathon.slave.mesos 28',
    ],
  );
});

test('SOA and NS stand in authority with no answer, for any name of the domain', () => {
  for (const name of ['mesos', 'web.marathon.mesos', 'no.such.mesos']) {
    const soa = ask(name, TYPES.SOA);
    assert.deepEqual([soa.rcode, soa.answers, soa.authority], [0, [], [`${name} 6 60 ${SOA}`]]);
    const ns = ask(name, TYPES.NS);
    assert.deepEqual([ns.rcode, ns.answers, ns.authority], [0, [], [`${name} 2 60 ns1.mesos`]]);
  }
});

test('ANY gives all records, with SOA and NS in authority', () => {
  const reply = ask('web.marathon.mesos', TYPES.ANY);
  assert.equal(reply.answers.length, 3);
  assert.deepEqual(reply.authority, [
    `web.marathon.mesos 6 60 ${SOA}`,
    'web.marathon.mesos 2 60 ns1.mesos',
  ]);
  const empty = ask('no.mesos', TYPES.ANY);
  assert.equal(empty.rcode, 3);
  assert.deepEqual(
    empty.authority.map((line) => line.split(' ')[1]),
    ['6', '2', '6'],
  );
});

test('an empty answer is NXDOMAIN, NODATA or nothing at all, by type and name', () => {
  const soaOf = (name: string): readonly string[] => [`${name} 6 60 ${SOA}`];
  const table: readonly (readonly [string, number, number, boolean])[] = [
    ['no.mesos', TYPES.A, 3, true],
    ['no.mesos', TYPES.MX, 3, true],
    ['no.mesos', TYPES.SRV, 0, false],
    ['web.marathon.mesos', TYPES.TXT, 0, true],
    ['web.marathon.mesos', TYPES.SRV, 0, false],
    ['web-a-s0.marathon.slave.mesos', TYPES.AAAA, 0, true],
    ['_web._tcp.marathon.mesos', TYPES.A, 0, true],
    ['marathon.mesos', TYPES.A, 3, true],
    ['_tcp.marathon.mesos', TYPES.A, 3, true],
    ['mesos', TYPES.A, 3, true],
    ['broken.slave.mesos', TYPES.A, 0, true],
  ];
  for (const [name, type, rcode, hasSoa] of table) {
    const reply = ask(name, type);
    assert.equal(reply.rcode, rcode, `${name} ${type}`);
    assert.deepEqual(reply.authority, hasSoa ? soaOf(name) : []);
    assert.deepEqual([reply.answers, reply.additional], [[], []]);
    assert.equal(reply.flags, 'qr aa rd ra');
  }
});

test('upper case is echoed in the question, addresses carry the lower-cased name', () => {
  const reply = ask('WEB.Marathon.mesos', TYPES.A);
  assert.equal(reply.question, 'WEB.Marathon.mesos 1');
  assert.deepEqual(reply.answers.toSorted(), [
    'web.marathon.mesos 1 60 10.0.0.1',
    'web.marathon.mesos 1 60 10.0.0.2',
  ]);
  const service = ask('_WEB._tcp.marathon.mesos', TYPES.SRV);
  assert.equal(service.answers.length, 3);
  assert.match(service.answers[0] ?? '', /^_WEB\._tcp\.marathon\.mesos 33/);
});

test('a star as a label is left out of the name', () => {
  const reply = ask('web.*.marathon.mesos', TYPES.A);
  assert.equal(reply.question, 'web.*.marathon.mesos 1');
  assert.match(reply.answers[0] ?? '', /^web\.marathon\.mesos 1/);
  assert.equal(reply.answers.length, 2);
});

test('recursion and checking bits are copied, the opcode too', () => {
  const { responder } = responderOf(WEB, { recursionAvailable: false });
  const flagsOf = (flags: number): number =>
    replyOf(responder.decide(query('web.marathon.mesos', TYPES.A, { flags }), UDP)).readUInt16BE(2);
  assert.equal(flagsOf(0x0100), 0x8500);
  assert.equal(flagsOf(0x0000), 0x8400);
  assert.equal(flagsOf(0x0110), 0x8510);
  assert.equal(flagsOf(0x2000), 0xa400);
});

test('over UDP the answers that fit into 512 bytes stay, whatever size the client offers', () => {
  const name = 'many.marathon.mesos';
  const lines = Array.from({ length: 100 }, (_, at) => `${name}. A 10.0.0.${at}`);
  const { responder } = responderOf(recordsOf(...lines));
  const asked = query(name, TYPES.A, { tail: optRecord(4_096) });
  const bytes = replyOf(responder.decide(asked, UDP));
  const reply = show(bytes);
  assert.equal(reply.flags, 'qr aa tc rd ra');
  assert.equal(reply.answers.length, Math.floor((511 - 17 - (name.length + 1)) / 16));
  assert.ok(bytes.length < 512);
  const whole = show(replyOf(responder.decide(asked, TCP)));
  assert.equal(whole.answers.length, 100);
  assert.equal(whole.flags, 'qr aa rd ra');
});

test('when only the additional section is too much, it goes and the mark stays', () => {
  const lines = Array.from({ length: 9 }, (_, at) => [
    `_s._tcp.m.mesos. SRV a${at}.marathon.slave.mesos.:1`,
    `a${at}.marathon.slave.mesos. A 10.0.0.${at}`,
  ]).flat();
  const { responder } = responderOf(recordsOf(...lines));
  const bytes = replyOf(responder.decide(query('_s._tcp.m.mesos', TYPES.SRV), UDP));
  const reply = show(bytes);
  assert.equal(reply.answers.length, 9);
  assert.equal(reply.additional.length, 0);
  assert.match(reply.flags, /tc/);
});

test('without setTruncateBit the mark is never set', () => {
  const lines = Array.from({ length: 100 }, (_, at) => `a.mesos. A 10.0.0.${at}`);
  const { responder } = responderOf(recordsOf(...lines), { setTruncateBit: false });
  const reply = show(replyOf(responder.decide(query('a.mesos', TYPES.A), UDP)));
  assert.equal(reply.flags, 'qr aa rd ra');
  assert.ok(reply.answers.length < 100);
});

test('a long answer over TCP is decodable beyond the reach of name pointers', () => {
  const lines = Array.from({ length: 400 }, (_, at) => [
    `_s._tcp.m.mesos. SRV target-number-${at}.marathon.slave.mesos.:${at}`,
    `target-number-${at}.marathon.slave.mesos. A 10.0.${at >> 8}.${at & 255}`,
  ]).flat();
  const { responder } = responderOf(recordsOf(...lines));
  for (const name of ['_s._tcp.m.mesos', '_S._tcp.m.mesos']) {
    const reply = show(replyOf(responder.decide(query(name, TYPES.SRV), TCP)));
    assert.equal(reply.answers.length, 400);
    assert.equal(new Set(reply.additional).size, 400);
    assert.ok(reply.additional.every((line) => /^target-number-\d+\.marathon/.test(line)));
  }
  const upper = Array.from({ length: 3_000 }, (_, at) => `x.mesos. A 10.1.${at >> 8}.${at & 255}`);
  const many = responderOf(recordsOf(...upper)).responder;
  const reply = show(replyOf(many.decide(query('X.mesos', TYPES.A), TCP)));
  assert.equal(reply.answers.length, 3_000);
  assert.ok(reply.answers.every((line) => line.startsWith('x.mesos 1 60 10.1.')));
});

test('each answer comes first as often as the others', () => {
  const { responder } = responderOf(
    recordsOf('a.mesos. A 10.0.0.1', 'a.mesos. A 10.0.0.2', 'a.mesos. A 10.0.0.3'),
  );
  const counts = new Map<string, number>();
  for (let at = 0; at < 3_000; at += 1) {
    const [first = ''] = show(replyOf(responder.decide(query('a.mesos', TYPES.A), UDP))).answers;
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  assert.equal(counts.size, 3);
  for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, String(count));
});

test('a change of records is seen by the very next query', () => {
  const records = recordsOf('a.mesos. A 10.0.0.1', '_s._tcp.mesos. SRV t.mesos.:1');
  const { responder, book } = responderOf(records);
  const answersOf = (name: string, type: number): Shown =>
    show(replyOf(responder.decide(query(name, type), UDP)));
  assert.equal(answersOf('a.mesos', TYPES.A).answers.length, 1);
  records.add('A', 'a.mesos.', '10.0.0.2');
  assert.equal(answersOf('a.mesos', TYPES.A).answers.length, 2);
  records.remove('A', 'a.mesos.', '10.0.0.1');
  records.remove('A', 'a.mesos.', '10.0.0.2');
  assert.equal(answersOf('a.mesos', TYPES.A).rcode, 3);
  records.add('A', 'a.mesos.', '10.0.0.3');
  assert.deepEqual(answersOf('a.mesos', TYPES.A).answers, ['a.mesos 1 60 10.0.0.3']);
  assert.equal(answersOf('_s._tcp.mesos', TYPES.SRV).additional.length, 0);
  records.add('A', 't.mesos.', '10.0.0.9');
  assert.equal(answersOf('_s._tcp.mesos', TYPES.SRV).additional.length, 1);
  records.remove('A', 't.mesos.', '10.0.0.9');
  assert.equal(answersOf('_s._tcp.mesos', TYPES.SRV).additional.length, 0);
  book.setSerial(1_800_000_000);
  assert.match(answersOf('a.mesos', TYPES.ANY).authority[0] ?? '', / 1800000000 /);
});

test('an answer given again differs from the first in id and flags of its query only', () => {
  const records = recordsOf(
    'one.mesos. A 10.0.0.1',
    '_s._tcp.mesos. SRV one.mesos.:1',
    ...Array.from({ length: 60 }, (_, at) => `many.mesos. A 10.1.0.${at}`),
  );
  const { responder, book } = responderOf(records);
  for (const name of ['one.mesos', 'ONE.mesos', '_s._tcp.mesos', 'many.mesos', 'no.mesos']) {
    for (const type of Object.values(TYPES)) {
      const shown = (limit: number, options: QueryOptions): Shown => {
        const reply = show(replyOf(responder.decide(query(name, type, options), limit)));
        return { ...reply, answers: reply.answers.toSorted() };
      };
      for (const limit of [UDP, TCP, 40, UDP]) {
        const first = shown(limit, { id: 1, flags: 0x0100 });
        const again = shown(limit, { id: 2, flags: 0x0010 });
        const flags = again.flags.replace('ra', 'rd ra').replace(' cd', '');
        if (first.flags.includes('tc')) assert.equal(again.answers.length, first.answers.length);
        else assert.deepEqual({ ...again, id: 1, flags: first.flags }, first);
        assert.deepEqual([again.id, flags], [2, first.flags], `${name} ${type} ${limit}`);
      }
    }
  }
  book.setSerial(1_800_000_000);
  const { authority } = show(replyOf(responder.decide(query('one.mesos', TYPES.AAAA), UDP)));
  assert.match(authority[0] ?? '', / 1800000000 /);
});

test('what is kept of names that change again and again stays small', () => {
  const records = recordsOf('a.mesos. A 10.0.0.1', 'b.mesos. A 10.0.0.1');
  const { responder, book } = responderOf(records);
  for (let round = 0; round < 500; round += 1) {
    records.add('A', 'a.mesos.', `10.1.${round >> 8}.${round & 255}`);
    if (round > 0) records.remove('A', 'a.mesos.', `10.1.${(round - 1) >> 8}.${(round - 1) & 255}`);
    const { answers } = show(replyOf(responder.decide(query('a.mesos', TYPES.A), UDP)));
    assert.ok(answers.includes(`a.mesos 1 60 10.1.${round >> 8}.${round & 255}`));
    assert.equal(show(replyOf(responder.decide(query('b.mesos', TYPES.A), UDP))).answers.length, 1);
    assert.ok(book.keptBytes <= 3 * 200 + 8_192, `${book.keptBytes} bytes`);
  }
});

test('parts of a name with several records are kept once, however it is spelt', () => {
  const records = recordsOf('many.mesos. A 10.0.0.1', 'many.mesos. A 10.0.0.2');
  const { responder, book } = responderOf(records);
  for (const name of ['many.mesos', 'MANY.mesos', 'Many.Mesos', 'many.*.mesos', 'many.mesos']) {
    const { answers } = show(replyOf(responder.decide(query(name, TYPES.A), UDP)));
    const expected = ['many.mesos 1 60 10.0.0.1', 'many.mesos 1 60 10.0.0.2'];
    assert.deepEqual(answers.toSorted(), expected, name);
  }
  assert.equal(book.preparedCount, 1);
});

test('names too long to pack are left out of answers', () => {
  const long = 'x'.repeat(64);
  const records = recordsOf(
    `_s._tcp.mesos. SRV ${long}.mesos.:1`,
    '_s._tcp.mesos. SRV short.mesos.:2',
  );
  const { answers } = ask('_s._tcp.mesos', TYPES.SRV, records);
  assert.deepEqual(answers, ['_s._tcp.mesos 33 60 0 1 2 short.mesos']);
});

test('queries are counted by what came of them', () => {
  const { responder, counters } = responderOf(WEB);
  for (const [name, type] of [
    ['web.marathon.mesos', TYPES.A],
    ['no.mesos', TYPES.SRV],
    ['no.mesos', TYPES.A],
    ['web.marathon.mesos', TYPES.TXT],
    ['example.com', TYPES.A],
  ] as const) {
    responder.decide(query(name, type), UDP);
  }
  const { MesosRequests, MesosSuccess, MesosNXDomain, NonMesosRequests } = counters;
  assert.deepEqual(
    [MesosRequests, MesosSuccess, MesosNXDomain, NonMesosRequests].map((each) => each.value),
    [4, 2, 2, 1],
  );
});

test('any set of records is answered with exactly those of the name and type', () => {
  const names = fc.constantFrom('a.mesos.', 'b.mesos.', '_a._tcp.mesos.');
  const record = fc.oneof(
    fc.tuple(names, fc.constant('A'), fc.ipV4()),
    fc.tuple(names, fc.constant('SRV'), fc.constantFrom('a.mesos.:1', 'b.mesos.:2', 'c.mesos.:3')),
  );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), names, (lines, name) => {
      const records = recordsOf(...lines.map((line) => line.join(' ')));
      for (const type of ['A', 'SRV'] as const) {
        const expected = records.values(name, type);
        const reply = ask(name, TYPES[type], records, TCP);
        assert.equal(reply.answers.length, expected.length);
        const cut = ask(name, TYPES[type], records, UDP);
        assert.ok(cut.flags.includes('tc') || cut.answers.length === expected.length);
      }
    }),
  );
});

test('with the option a reply over UDP is as long as the client offers, within bounds', () => {
  const name = 'many.marathon.mesos';
  const lines = Array.from({ length: 300 }, (_, at) => `${name}. A 10.0.${at >> 8}.${at & 255}`);
  const { responder } = responderOf(recordsOf(...lines), { honoursSize: true });
  const bytesFor = (tail: Buffer | undefined): Buffer =>
    replyOf(responder.decide(query(name, TYPES.A, tail === undefined ? {} : { tail }), UDP));
  assert.ok(bytesFor(undefined).length <= 512, 'without an offer');
  assert.equal(show(bytesFor(undefined)).additional.length, 0);
  for (const [offer, most] of [
    [0, 512],
    [511, 512],
    [512, 512],
    [1_232, 1_232],
    [4_096, 4_096],
    [65_535, 4_096],
  ] as const) {
    const bytes = bytesFor(optRecord(offer));
    assert.ok(bytes.length <= most && bytes.length > most - 32, `${offer}: ${bytes.length}`);
    const reply = show(bytes);
    assert.equal(reply.flags, 'qr aa tc rd ra');
    // The last record is the OPT record of the server: root, type 41, its own size.
    assert.deepEqual(bytes.subarray(-11), Buffer.of(0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0));
    assert.equal(reply.additional.length, 1);
  }
  const empty = show(
    replyOf(responder.decide(query('no.mesos', TYPES.A, { tail: optRecord(512) }), UDP)),
  );
  assert.deepEqual([empty.rcode, empty.additional.length], [3, 1]);
});

test('records that cannot be formatted are counted each time they would be answered', () => {
  const long = 'x'.repeat(64);
  const { responder, counters } = responderOf(
    recordsOf('a.mesos. A host-name', 'a.mesos. A 10.0.0.1', `_s._tcp.mesos. SRV ${long}.mesos.:1`),
  );
  for (let asked = 0; asked < 2; asked += 1) {
    responder.decide(query('a.mesos', TYPES.A), UDP);
    responder.decide(query('_s._tcp.mesos', TYPES.SRV), UDP);
    responder.decide(query('a.mesos', TYPES.AAAA), UDP);
  }
  assert.equal(counters.MesosFailed.value, 4);
});
