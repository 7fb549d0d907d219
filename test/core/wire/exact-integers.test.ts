/** Integers of 64 bits beyond 2^53 come back with all their digits, from JSON and from protobuf. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { fromJson, parseJson, toJson, toJsonValue } from '../../../core/wire/json.ts';
import { writeJson } from '../../../core/wire/json-text.ts';

const TIME = 'mesos.v1.TimeInfo';

function read(text: string) {
  const tree = parseJson(text);
  assert.ok(tree.ok, text);
  const message = fromJson(TIME, tree.value);
  assert.ok(message.ok, text);
  return message.value;
}

test('nanoseconds keep their digits through both codecs', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanoseconds) => {
      const text = `{"nanoseconds":${nanoseconds}}`;
      const message = read(text);
      assert.equal(message.nanoseconds, Number(nanoseconds));
      assert.equal(toJson(TIME, message), text);
      assert.equal(writeJson(toJsonValue(TIME, message)), text);
      const binary = decodeMessage(TIME, encodeMessage(TIME, { ...message }));
      assert.ok(binary.ok);
      assert.equal(toJson(TIME, binary.value), text);
    }),
  );
});

test('the digits of an unavailability survive inside a whole schedule', () => {
  const name = 'mesos.v1.maintenance.Schedule';
  const text =
    '{"windows":[{"machine_ids":[{"hostname":"a1","ip":"10.0.0.5"}],"unavailability":' +
    '{"start":{"nanoseconds":1443830400123456789},"duration":{"nanoseconds":3600000000001}}}]}';
  const tree = parseJson(text);
  assert.ok(tree.ok);
  const schedule = fromJson(name, tree.value);
  assert.ok(schedule.ok);
  assert.equal(toJson(name, schedule.value), text);
});

test('unsigned integers reach 2^64 - 1; what is beyond becomes the nearest', () => {
  const name = 'mesos.v1.Value.Range';
  const texts = ['18446744073709551615', '18446744073709551617', '-1', '99999999999999999999999'];
  const written = texts.map((begin) => {
    const tree = parseJson(`{"begin":${begin},"end":9007199254740993}`);
    assert.ok(tree.ok);
    const range = fromJson(name, tree.value);
    assert.ok(range.ok);
    const binary = decodeMessage(name, encodeMessage(name, range.value));
    assert.ok(binary.ok);
    assert.equal(toJson(name, binary.value), toJson(name, range.value));
    return toJson(name, range.value);
  });
  assert.deepEqual(written, [
    '{"begin":18446744073709551615,"end":9007199254740993}',
    '{"begin":18446744073709550000,"end":9007199254740993}',
    '{"begin":0,"end":9007199254740993}',
    '{"begin":18446744073709550000,"end":9007199254740993}',
  ]);
});

test('a member that was changed is written as changed', () => {
  const message = { ...read('{"nanoseconds":1443830400123456789}'), nanoseconds: 2 ** 60 };
  assert.equal(toJson(TIME, message), '{"nanoseconds":1152921504606847000}');
});

test('long integers given as text, and in doubles, are taken', () => {
  assert.equal(
    toJson(TIME, read('{"nanoseconds":"1443830400123456789"}')),
    '{"nanoseconds":1443830400123456789}',
  );
  const tree = parseJson('{"value":1443830400123456789}');
  assert.ok(tree.ok);
  const scalar = fromJson('mesos.v1.Value.Scalar', tree.value);
  assert.ok(scalar.ok);
  assert.equal(toJson('mesos.v1.Value.Scalar', scalar.value), '{"value":1443830400123456800.0}');
});
