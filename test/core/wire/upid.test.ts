import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUpid, NO_UPID_TEXT, parseUpid } from '../../../core/wire/upid.ts';

test('an address is read and written in its text form', () => {
  const upid = { id: 'slave(1)', ip: '10.0.0.7', port: 5051 };
  assert.deepEqual(parseUpid('slave(1)@10.0.0.7:5051'), upid);
  assert.equal(formatUpid(upid), 'slave(1)@10.0.0.7:5051');
});

test('texts that name no actor give nothing', () => {
  const texts = [
    NO_UPID_TEXT,
    '',
    'garbage',
    'a@b',
    'a@1.2.3.4:x',
    'a@1.2.3.4:70000',
    '@1.2.3.4:5',
  ];
  for (const text of texts) assert.equal(parseUpid(text), undefined, text);
});
