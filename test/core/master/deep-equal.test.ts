import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deepEqual } from '../../../core/master/deep-equal.ts';

test('messages are equal when all they hold is, and absent is the same as undefined', () => {
  const message = { id: { value: 'a' }, bytes: Uint8Array.of(1, 2), list: [1, { x: 'y' }] };
  assert.ok(deepEqual(message, structuredClone(message)));
  assert.ok(deepEqual({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(deepEqual({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(deepEqual(undefined, undefined));
});

test('one difference anywhere is seen from both sides', () => {
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [{ a: 1 }, { a: 1, b: 0 }],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }],
    [[1, 2], [1]],
    [[], {}],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [Uint8Array.of(1), Uint8Array.of(1, 2)],
    [{}, null],
    [{}, undefined],
    [{}, { toString: 'x' }],
    ['1', 1],
  ];
  for (const [a, b] of pairs) {
    assert.ok(!deepEqual(a, b));
    assert.ok(!deepEqual(b, a));
  }
});
