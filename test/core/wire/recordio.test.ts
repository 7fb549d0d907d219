import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRecord, RecordDecoder } from '../../../core/wire/recordio.ts';

function texts(records: readonly Uint8Array[]): readonly string[] {
  return records.map((record) => Buffer.from(record).toString('utf8'));
}

const STREAM = Buffer.concat([
  encodeRecord('{"type":"HEARTBEAT"}'),
  encodeRecord(Buffer.from('é\n5\nx')),
  encodeRecord('y'),
]);
const RECORDS = ['{"type":"HEARTBEAT"}', 'é\n5\nx', 'y'];

test('a record is its length in bytes, a line end and the payload', () => {
  assert.equal(Buffer.from(encodeRecord('é')).toString('utf8'), '2\né');
});

test('records come out the same at every pair of chunk borders', () => {
  for (let first = 0; first <= STREAM.length; first += 1) {
    for (let second = first; second <= STREAM.length; second += 1) {
      const decoder = new RecordDecoder();
      const parts = [STREAM.subarray(0, first), STREAM.subarray(first, second)];
      const records = [...parts, STREAM.subarray(second)].flatMap((part) => [
        ...decoder.push(part),
      ]);
      assert.deepEqual(texts(records), RECORDS);
      assert.ok(decoder.isBetweenRecords);
    }
  }
});

test('records come out the same byte by byte', () => {
  const decoder = new RecordDecoder();
  const records = [...STREAM].flatMap((byte) => [...decoder.push(Uint8Array.of(byte))]);
  assert.deepEqual(texts(records), RECORDS);
});

test('a length that is none ends the stream with an error', () => {
  for (const bad of ['0\n', '-1\nx', 'x\n', '\n', '99999999999999999999999', '1e3\n']) {
    assert.throws(() => [...new RecordDecoder().push(Buffer.from(bad))], { code: 'RECORDIO' });
  }
});

test('records before a broken length are given wherever the chunks end', () => {
  const stream = Buffer.concat([STREAM, Buffer.from('x\n5\nhello')]);
  for (let border = 0; border <= stream.length; border += 1) {
    const decoder = new RecordDecoder();
    const records: Uint8Array[] = [];
    const read = (): void => {
      for (const part of [stream.subarray(0, border), stream.subarray(border)]) {
        for (const record of decoder.push(part)) records.push(record);
      }
    };
    assert.throws(read, { code: 'RECORDIO' });
    assert.deepEqual(texts(records), RECORDS);
  }
});
