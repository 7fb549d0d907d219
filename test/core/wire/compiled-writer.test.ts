/** A message that is written often is written by a function made for it: the bytes must stay the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryReader } from '../../../core/wire/binary-reader.ts';
import { writeFields, writeMessage } from '../../../core/wire/binary-writer.ts';
import { ByteWriter } from '../../../core/wire/byte-writer.ts';
import { isMessageName } from '../../../core/wire/codec.ts';
import { planOf } from '../../../core/wire/schema.ts';
import { isFields } from '../../../core/wire/unknown-fields.ts';
import { recordedMessages } from './golden.ts';

function bytesOf(write: (writer: ByteWriter) => boolean): string {
  const writer = new ByteWriter();
  const isComplete = write(writer);
  return `${isComplete} ${Buffer.from(writer.finish()).toString('hex')}`;
}

test('recorded messages have the same bytes however often they are written', () => {
  for (const { path, body, label } of recordedMessages()) {
    const name = path.split('/').at(-1) ?? '';
    assert.ok(isMessageName(name), label);
    const plan = planOf(name);
    const value = new BinaryReader(body).readMessage(plan);
    assert.ok(isFields(value));
    const first = bytesOf((writer) => writeFields(plan, value, writer));
    for (let time = 0; time < 102; time += 1) writeMessage(plan, value, new ByteWriter());
    assert.equal(
      bytesOf((writer) => writeMessage(plan, value, writer)),
      first,
      label,
    );
  }
});

const TASK = planOf('mesos.v1.Task');
const VALUES: readonly [string, Record<string, unknown>][] = [
  ['a required member is missing', { name: 'x' }],
  ['a member is null', { name: null, task_id: { value: 't' } }],
  ['a nested required member is missing', { name: 'x', task_id: {}, statuses: [{}] }],
];

for (const [what, value] of VALUES) {
  test(`what is said of a value is the same when it is written often: ${what}`, () => {
    const first = bytesOf((writer) => writeFields(TASK, value, writer));
    for (let time = 0; time < 102; time += 1) writeMessage(TASK, value, new ByteWriter());
    assert.equal(
      bytesOf((writer) => writeMessage(TASK, value, writer)),
      first,
    );
    assert.match(first, /^false /);
  });
}

const WRONG: readonly Record<string, unknown>[] = [
  { name: 1 },
  { state: 'TASK_WRONG' },
  { task_id: 'text' },
  { resources: {} },
  { resources: ['cpus'] },
  { statuses: [{ timestamp: 'now' }] },
  { statuses: [{ uuid: 'text' }] },
];

for (const value of WRONG) {
  test(`a value of a wrong type is refused with the same words: ${JSON.stringify(value)}`, () => {
    for (let time = 0; time < 102; time += 1) writeMessage(TASK, { name: 'x' }, new ByteWriter());
    const words = (write: () => unknown): string => {
      try {
        write();
      } catch (thrown) {
        return String(thrown);
      }
      return assert.fail('nothing was thrown');
    };
    const first = words(() => writeFields(TASK, value, new ByteWriter()));
    assert.equal(
      words(() => writeMessage(TASK, value, new ByteWriter())),
      first,
    );
  });
}
