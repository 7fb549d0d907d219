import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Asked, QuestionTable } from '../../dns/question-table.ts';
import { parseQuery, plainQuestionEnd } from '../../dns/wire.ts';
import { optRecord, query, TYPES } from './support/ask.ts';

interface Numbered extends Asked {
  readonly number: number;
}

function asked(name: number, number: number): Numbered {
  const message = query(`name-${name}.mesos`, TYPES.A, { id: number & 0xffff });
  return { message, questionEnd: message.length, number };
}

function find(table: QuestionTable<Numbered>, name: number): number | undefined {
  const { message } = asked(name, 0);
  return table.find(message, message.length)?.number;
}

test('a value is found by the question alone until it is replaced, deleted or put out', () => {
  const step = fc.record({ name: fc.nat(60), deletes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
      const table = new QuestionTable<Numbered>(1_024, seed);
      const model = new Map<number, number>();
      for (const [number, { name, deletes }] of steps.entries()) {
        const value = asked(name, number);
        const before = deletes ? table.delete(value.message, value.questionEnd) : table.set(value);
        assert.equal(before?.number, model.get(name));
        if (deletes) model.delete(name);
        else model.set(name, number);
      }
      assert.equal(table.size, model.size);
      for (let name = 0; name <= 60; name += 1) assert.equal(find(table, name), model.get(name));
    }),
    { numRuns: 50 },
  );
});

test('a table grows to its limit and then keeps the newer values', () => {
  const table = new QuestionTable<Numbered>(2_048, 7);
  for (let name = 0; name < 10_000; name += 1) table.set(asked(name, name));
  assert.ok(table.size <= 2_048 && table.size > 1_500, String(table.size));
  assert.equal(find(table, 9_999), 9_999);
  for (let name = 0; name < 10_000; name += 1) {
    const found = find(table, name);
    assert.ok(found === undefined || found === name, `${name} gave ${found}`);
  }
});

test('a plain query is one whose question the careful reader finds in the same place', () => {
  const plain = query('_a._tcp.mesos', TYPES.SRV, { tail: optRecord(1_232) });
  const mutated = fc
    .array(fc.tuple(fc.nat(plain.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 3 })
    .map((changes) => {
      const bytes = Buffer.from(plain);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  let plainCount = 0;
  fc.assert(
    fc.property(mutated, fc.boolean(), fc.nat(plain.length), (message, optionCounts, cut) => {
      const bytes = cut % 3 === 0 ? message.subarray(0, cut) : message;
      const end = plainQuestionEnd(bytes, optionCounts);
      if (end === undefined) return;
      plainCount += 1;
      const parsed = parseQuery(bytes);
      assert.ok(typeof parsed === 'object');
      assert.equal(12 + (parsed.question?.length ?? 0), end);
      assert.ok(!optionCounts || parsed.udpBytes === undefined);
    }),
    { numRuns: 2_000 },
  );
  assert.ok(plainCount > 100, `${plainCount} plain ones`);
});

test('what is plain: one question, perhaps an OPT record that does not count, nothing else', () => {
  const bare = query('a.mesos', TYPES.A);
  const withOption = query('a.mesos', TYPES.A, { tail: optRecord(512) });
  const end = bare.length;
  const changed = (message: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(message);
    copy[at] = value;
    return copy;
  };
  for (const [message, optionCounts, expected, why] of [
    [bare, false, end, 'no record'],
    [bare, true, end, 'no record to count'],
    [withOption, false, end, 'an option'],
    [withOption, true, undefined, 'an option that counts'],
    [changed(bare, 2, 0x80), false, undefined, 'a reply'],
    [changed(bare, 5, 2), false, undefined, 'two questions'],
    [changed(bare, 7, 1), false, undefined, 'an answer'],
    [changed(bare, 12, 0xc0), false, undefined, 'a pointer'],
    [changed(withOption, end + 2, 1), false, undefined, 'another record'],
    [changed(withOption, withOption.length - 1, 1), false, undefined, 'a cut option'],
    [bare.subarray(0, end - 1), false, undefined, 'a cut question'],
    [bare.subarray(0, 11), false, undefined, 'a cut header'],
  ] as const) {
    assert.equal(plainQuestionEnd(message, optionCounts), expected, why);
  }
});
