import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { ByteWriter } from '../../../core/wire/byte-writer.ts';

type Step = (ours: ByteWriter, theirs: protobuf.Writer) => void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.integer().map((value) => both('uint32', value)),
  fc.integer().map((value) => both('int32', value)),
  fc.integer().map((value) => both('sint32', value)),
  fc.integer().map((value) => both('fixed32', value)),
  fc.maxSafeInteger().map((value) => both('sint64', value)),
  fc.maxSafeInteger().map((value) => both('fixed64', value)),
  fc.float().map((value) => both('float', value)),
  fc.double().map((value) => both('double', value)),
  fc.boolean().map((value) => both('bool', value)),
  fc.string({ unit: 'grapheme', size: '+1' }).map((value) => both('string', value)),
  fc.uint8Array().map((value) => both('bytes', value)),
  fc.maxSafeInteger().map((value): Step => {
    return (ours, theirs) => {
      ours.integer(value);
      theirs.int64(value);
    };
  }),
);

function both<Name extends keyof ByteWriter & keyof protobuf.Writer>(
  name: Name,
  value: Parameters<ByteWriter[Name]>[0],
): Step {
  return (ours, theirs) => {
    Reflect.apply(ours[name], ours, [value]);
    Reflect.apply(theirs[name], theirs, [value]);
  };
}

/** Values, and sized groups of them in each other. */
const nested = fc.letrec<{ group: Step; step: Step }>((tie) => ({
  step: fc.oneof({ depthSize: 'small' }, steps, tie('group')),
  group: fc.array(tie('step'), { maxLength: 12 }).map((inner): Step => {
    return (ours, theirs) => {
      const start = ours.begin();
      theirs.fork();
      for (const step of inner) step(ours, theirs);
      ours.end(start);
      theirs.ldelim();
    };
  }),
})).group;

test('any sequence of values is written as protobufjs writes it', () => {
  const ours = new ByteWriter();
  fc.assert(
    fc.property(nested, (step) => {
      const theirs = protobuf.Writer.create();
      step(ours, theirs);
      assert.deepEqual(Buffer.from(ours.finish()), Buffer.from(theirs.finish()));
    }),
    { numRuns: 100 },
  );
});

test('sizes at every border of a length, and beyond the kept buffer, are put before their content', () => {
  const ours = new ByteWriter();
  for (const size of [0, 1, 127, 128, 16_383, 16_384, 65_535, 65_536, 2_097_151, 2_097_152]) {
    const theirs = protobuf.Writer.create();
    const text = 'x'.repeat(size);
    theirs.fork().string(text).ldelim().uint32(7);
    const start = ours.begin();
    ours.string(text);
    ours.end(start);
    ours.uint32(7);
    assert.equal(Buffer.compare(ours.finish(), theirs.finish()), 0, `size ${size}`);
  }
});

test('what an encoding that failed has left is not part of the next', () => {
  const ours = new ByteWriter();
  ours.string('left');
  ours.restart();
  ours.uint32(300);
  assert.deepEqual([...ours.finish()], [0xac, 0x02]);
});

test('half a surrogate pair becomes the replacement character, which every reader takes', () => {
  const ours = new ByteWriter();
  ours.string('\ud800');
  assert.deepEqual([...ours.finish()], [3, 0xef, 0xbf, 0xbd]);
});
