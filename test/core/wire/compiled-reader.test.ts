/** Functions made for a message read exactly what reading by its plan gives, malformed bytes included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryReader } from '../../../core/wire/binary-reader.ts';
import { isMessageName, UNKNOWN_FIELDS } from '../../../core/wire/codec.ts';
import { compiledReader } from '../../../core/wire/compiled-reader.ts';
import { type MessagePlan, planOf } from '../../../core/wire/schema.ts';
import { recordedMessages } from './golden.ts';

interface Outcome {
  readonly value?: unknown;
  readonly isComplete?: boolean;
  readonly error?: string;
}

function outcome(plan: MessagePlan, bytes: Uint8Array, compiles: boolean): Outcome {
  const reader = new BinaryReader(bytes, compiles);
  try {
    return { value: reader.readMessage(plan), isComplete: reader.isComplete };
  } catch (thrown) {
    return { error: String(thrown) };
  }
}

/** From here on the plan and all below it have their functions. */
function makeFrequent(plan: MessagePlan, done = new Set<MessagePlan>()): void {
  if (done.has(plan)) return;
  done.add(plan);
  for (let time = 0; time <= 100; time += 1) compiledReader(plan);
  assert.notEqual(compiledReader(plan), undefined);
  for (const field of plan.fields)
    if (field.kind === 'message') makeFrequent(field.message(), done);
}

function assertSame(path: string, bytes: Uint8Array): void {
  const name = path.split('/').at(-1) ?? '';
  assert.ok(isMessageName(name));
  const plan = planOf(name);
  makeFrequent(plan);
  const compiled = outcome(plan, bytes, true);
  assert.deepStrictEqual(compiled, outcome(plan, bytes, false));
}

test('recorded messages are read the same by functions and by plans', () => {
  for (const { path, body } of recordedMessages()) assertSame(path, body);
});

test('bytes of recorded messages that were damaged are read the same, errors included', () => {
  const recorded = recordedMessages().filter(({ body }) => body.length > 0);
  const damage = fc.record({
    which: fc.nat(),
    changes: fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
      maxLength: 4,
    }),
    cut: fc.option(fc.nat()),
    isDoubled: fc.boolean(),
  });
  fc.assert(
    fc.property(damage, ({ which, changes, cut, isDoubled }) => {
      const { path, body } = recorded[which % recorded.length] ?? assert.fail();
      const damaged = Buffer.from(isDoubled ? Buffer.concat([body, body]) : body);
      for (const { at, byte } of changes) damaged[at % damaged.length] = byte;
      assertSame(path, cut === null ? damaged : damaged.subarray(0, cut % damaged.length));
    }),
    { numRuns: 300 },
  );
});

const TASK = Buffer.concat([
  Buffer.from('0a01741203', 'hex').subarray(0, 3),
  Buffer.from('12030a0174', 'hex'),
  Buffer.from('1a030a0166', 'hex'),
  Buffer.from('22030a0161', 'hex'),
  Buffer.from('3001', 'hex'),
]);

test('a shared message that comes twice in a field is merged without changing what others read', () => {
  const plan = planOf('mesos.v1.Task');
  makeFrequent(plan);
  // TaskID twice, the second with a field that nobody knows.
  const twice = Buffer.concat([TASK, Buffer.from('12027801', 'hex')]);
  for (const compiles of [true, false]) {
    const before = outcome(plan, TASK, compiles).value;
    const merged = outcome(plan, twice, compiles).value;
    const after = outcome(plan, TASK, compiles).value;
    assert.deepStrictEqual(after, before);
    assert.ok(isTask(merged) && isTask(before));
    assert.equal(merged.task_id.value, 't');
    assert.deepEqual(merged.task_id[UNKNOWN_FIELDS], [Uint8Array.from([0x78, 0x01])]);
    assert.equal(before.task_id[UNKNOWN_FIELDS], undefined);
  }
});

test('unknown fields of a shared message are not added to those that others read', () => {
  const plan = planOf('mesos.v1.Task');
  makeFrequent(plan);
  const unknown = Buffer.from('12050a01747801', 'hex');
  const once = Buffer.concat([TASK.subarray(0, 3), unknown, TASK.subarray(8)]);
  const first = outcome(plan, once, true).value;
  outcome(plan, Buffer.concat([once, unknown]), true);
  const again = outcome(plan, once, true).value;
  assert.ok(isTask(first) && isTask(again));
  assert.deepEqual(first.task_id[UNKNOWN_FIELDS], [Uint8Array.from([0x78, 0x01])]);
  assert.deepEqual(again.task_id[UNKNOWN_FIELDS], [Uint8Array.from([0x78, 0x01])]);
});

function isTask(value: unknown): value is {
  readonly task_id: { readonly value: string; readonly [UNKNOWN_FIELDS]?: unknown };
} {
  return typeof value === 'object' && value !== null && 'task_id' in value;
}
