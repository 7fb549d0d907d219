import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TcpFrames } from '../../dns/tcp-frames.ts';
import { nameToText, parseQuery, textToName } from '../../dns/wire.ts';
import {
  optRecord,
  query,
  recordsOf,
  replyOf,
  responderOf,
  show,
  TYPES,
  UDP,
} from './support/ask.ts';

const RECORDS = recordsOf('a.mesos. A 10.0.0.1', '_a._tcp.mesos. SRV a.mesos.:80');

test('replies and fragments of a header are ignored', () => {
  const { responder } = responderOf(RECORDS);
  const reply = query('a.mesos', TYPES.A, { flags: 0x8100 });
  assert.equal(responder.decide(reply, UDP).kind, 'ignore');
  assert.equal(responder.decide(Buffer.alloc(11), UDP).kind, 'ignore');
  assert.equal(responder.decide(Buffer.alloc(0), UDP).kind, 'ignore');
});

test('what cannot be parsed is a format error that carries the id', () => {
  const { responder } = responderOf(RECORDS);
  const whole = query('a.mesos', TYPES.A, { id: 77, tail: optRecord(1_232) });
  for (let end = 12; end < whole.length; end += 1) {
    const shown = show(replyOf(responder.decide(whole.subarray(0, end), UDP)));
    assert.deepEqual([shown.id, shown.rcode, shown.question], [77, 1, ''], `cut at ${end}`);
  }
  assert.equal(show(replyOf(responder.decide(whole, UDP))).rcode, 0);
});

test('a name with pointers in the question is a format error', () => {
  const { responder } = responderOf(RECORDS);
  const pointing = Buffer.concat([
    query('a', 1).subarray(0, 12),
    Buffer.of(0xc0, 0x0c, 0, 1, 0, 1),
  ]);
  assert.equal(show(replyOf(responder.decide(pointing, UDP))).rcode, 1);
});

test('a query without question is a server failure', () => {
  const { responder } = responderOf(RECORDS);
  const empty = Buffer.alloc(12);
  empty.writeUInt16BE(9, 0);
  const shown = show(replyOf(responder.decide(empty, UDP)));
  assert.deepEqual([shown.id, shown.rcode], [9, 2]);
});

test('only the first of several questions is answered and echoed', () => {
  const { responder } = responderOf(RECORDS);
  const two = Buffer.concat([query('a.mesos', TYPES.A), query('b.mesos', TYPES.A).subarray(12)]);
  two.writeUInt16BE(2, 4);
  const bytes = replyOf(responder.decide(two, UDP));
  assert.equal(bytes.readUInt16BE(4), 1);
  assert.deepEqual(show(bytes).answers, ['a.mesos 1 60 10.0.0.1']);
});

test('names elsewhere go to the resolvers of their zone', () => {
  const { responder } = responderOf(RECORDS, {
    resolvers: ['9.9.9.9'],
    zoneResolvers: new Map([['weave', ['1.1.1.1']]]),
  });
  const table: readonly (readonly [string, string])[] = [
    ['example.com', '9.9.9.9'],
    ['weave', '1.1.1.1'],
    ['db.WEAVE', '1.1.1.1'],
    ['notweave', '9.9.9.9'],
    ['notmesos', '9.9.9.9'],
    ['1.0.0.10.in-addr.arpa', '9.9.9.9'],
  ];
  for (const [name, resolver] of table) {
    const decision = responder.decide(query(name, TYPES.A), UDP);
    assert.equal(decision.kind, 'forward', name);
    assert.deepEqual(decision.kind === 'forward' ? decision.resolvers : [], [resolver], name);
  }
  for (const name of ['mesos', 'MESOS', 'x.Mesos']) {
    assert.equal(responder.decide(query(name, TYPES.A), UDP).kind, 'reply', name);
  }
});

test('a label that only looks like the domain is not the domain', () => {
  const { responder } = responderOf(RECORDS, { resolvers: ['9.9.9.9'] });
  // One label `a\x05mesos`, whose bytes end like the domain's.
  const label = Buffer.from('\x07a\x05mesos\x00\x00\x01\x00\x01', 'latin1');
  const message = Buffer.concat([query('x', 1).subarray(0, 12), label]);
  assert.equal(responder.decide(message, UDP).kind, 'forward');
});

test('without resolvers or with forwarding off the answer is REFUSED', () => {
  for (const options of [{ resolvers: [] }, { resolvers: ['9.9.9.9'], forwards: false }]) {
    const { responder } = responderOf(RECORDS, options);
    const shown = show(replyOf(responder.decide(query('example.com', TYPES.A), UDP)));
    assert.deepEqual([shown.rcode, shown.flags], [5, 'qr rd']);
  }
});

test('no bytes at all make the responder throw or answer more than the limit', () => {
  const { responder } = responderOf(RECORDS, { resolvers: ['9.9.9.9'] });
  const plain = query('_a._tcp.mesos', TYPES.SRV, { tail: optRecord(1_232) });
  const mutated = fc
    .array(fc.tuple(fc.nat(plain.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 })
    .map((changes) => {
      const bytes = Buffer.from(plain);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const random = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(mutated, random), (message) => {
      const decision = responder.decide(message, UDP);
      if (decision.kind !== 'reply') return;
      assert.ok(decision.bytes.length <= UDP);
      assert.equal(decision.bytes.readUInt16BE(0), message.readUInt16BE(0));
      assert.ok(((decision.bytes[2] ?? 0) & 0x80) !== 0);
    }),
    { numRuns: 2_000 },
  );
});

test('the text of a name escapes what would be mistaken', () => {
  const wire = Buffer.from('\x05a.b c\x02\x01\xff\x00', 'latin1');
  assert.equal(nameToText(wire), 'a\\.b\\ c.\\001\\255.');
  assert.equal(nameToText(Buffer.of(0)), '.');
});

test('names that fit survive the wire, longer ones are refused', () => {
  assert.deepEqual(textToName('a.mesos.'), Buffer.from('\x01a\x05mesos\x00', 'latin1'));
  assert.equal(textToName(`${'x'.repeat(64)}.mesos.`), undefined);
  assert.equal(textToName(`${'abcdefg.'.repeat(32)}`), undefined);
  assert.equal(textToName('a..b.'), undefined);
});

test('a query is read whatever follows its question, within its bytes', () => {
  const parsed = parseQuery(query('a.mesos', TYPES.SRV, { id: 5, flags: 0x0110 }));
  assert.ok(typeof parsed === 'object');
  assert.deepEqual([parsed.id, parsed.type, parsed.flags], [5, 33, [1, 16]]);
});

test('messages over TCP come out whole, however they were cut', () => {
  const messages = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 7)];
  const stream = Buffer.concat(
    messages.map((each) => Buffer.concat([Buffer.of(each.length >> 8, each.length & 255), each])),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sizes) => {
      const frames = new TcpFrames();
      const found: Buffer[] = [];
      let at = 0;
      for (let turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        found.push(...frames.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(found, messages);
      assert.equal(frames.isInside, false);
    }),
  );
});
