import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import { readShortString } from '../../../core/wire/short-strings.ts';

test('short ASCII texts are read as they stand, whatever was read before', () => {
  const ascii = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(fc.array(ascii, { minLength: 1, maxLength: 200 }), (texts) => {
      const bytes = Buffer.from(texts.join(''), 'latin1');
      let start = 0;
      for (const text of texts) {
        assert.equal(readShortString(bytes, start, text.length), text);
        start += text.length;
      }
    }),
  );
});

test('texts that share a slot do not take each other’s place', () => {
  // Far more texts than slots, each read twice in turn.
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 20_000; at += 1) {
      const text = `task-${at}`;
      assert.equal(readShortString(Buffer.from(text), 0, text.length), text);
    }
  }
});

test('empty, long, cut and other than ASCII texts are left to the general reader', () => {
  assert.equal(readShortString(Buffer.alloc(0), 0, 0), undefined);
  assert.equal(readShortString(Buffer.alloc(65, 'x'), 0, 65), undefined);
  assert.equal(readShortString(Buffer.from('abc'), 1, 3), undefined);
  assert.equal(readShortString(Buffer.from('é'), 0, 2), undefined);
});

test('a text that is cut short makes a message unreadable', () => {
  const bytes = encodeMessage('mesos.v1.TaskID', { value: 'task-1' });
  for (let length = 1; length < bytes.length; length += 1) {
    assert.equal(decodeMessage('mesos.v1.TaskID', bytes.subarray(0, length)).ok, false);
  }
});

test('messages that were read are plain objects', () => {
  const bytes = encodeMessage('mesos.v1.TaskID', { value: 'task-1' });
  const read = decodeMessage('mesos.v1.TaskID', bytes);
  assert.deepEqual(read, { ok: true, value: { value: 'task-1' } });
  assert.equal(read.ok && Object.getPrototypeOf(read.value), Object.prototype);
});
