/** Bytes of files as text in JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textOf } from '../../../core/files/endpoints.ts';

test('each byte that is no UTF-8 becomes one replacement character', () => {
  const cases: readonly (readonly [bytes: string, text: string])[] = [
    ['6f6b', 'ok'],
    ['c3a4e282ac', 'ä€'],
    ['e282', '\ufffd\ufffd'],
    ['61ff62', 'a\ufffdb'],
    ['82ace282ac', '\ufffd\ufffd€'],
    ['f09f9880', '😀'],
    ['f09f98', '\ufffd\ufffd\ufffd'],
  ];
  for (const [bytes, text] of cases) assert.equal(textOf(Buffer.from(bytes, 'hex')), text, bytes);
});

test('text stays what it is, and any bytes give some', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = Buffer.from(text, 'utf8');
      assert.equal(textOf(bytes), bytes.toString('utf8'));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.ok(textOf(bytes).length <= bytes.length);
    }),
  );
});
