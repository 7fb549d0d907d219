import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes, megabytes, parseBytes } from '../../../core/base/bytes.ts';

test('a size is a whole number and a unit in any case', () => {
  const table: readonly (readonly [string, number])[] = [
    ['0B', 0],
    ['10b', 10],
    ['1KB', 1_024],
    ['512MB', 512 * 1_024 ** 2],
    ['2gb', 2 * 1_024 ** 3],
    ['1Tb', 1_024 ** 4],
  ];
  for (const [text, bytes] of table) assert.deepEqual(parseBytes(text), { ok: true, value: bytes });
});

test('a size without unit, with a fraction or an unknown unit is refused', () => {
  const table: readonly (readonly [string, string])[] = [
    ['10', "Invalid bytes '10'"],
    ['', "Invalid bytes ''"],
    ['MB', "Invalid bytes 'MB'"],
    ['-1MB', "Invalid bytes '-1MB'"],
    ['1.5GB', "Fractional bytes '1.5GB'"],
    ['10x', "Unknown bytes unit 'X'"],
    ['10constructor', "Unknown bytes unit 'CONSTRUCTOR'"],
  ];
  for (const [text, error] of table) assert.deepEqual(parseBytes(text), { ok: false, error });
});

test('a size is shown in the largest unit that divides it', () => {
  assert.equal(formatBytes(0), '0B');
  assert.equal(formatBytes(megabytes(2_048)), '2GB');
  assert.equal(formatBytes(megabytes(1_536)), '1536MB');
  assert.equal(formatBytes(1_025), '1025B');
});

test('any size survives being shown and parsed', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1_024, 1_024 ** 2), (count, unit) => {
      assert.deepEqual(parseBytes(formatBytes(count * unit)), { ok: true, value: count * unit });
    }),
  );
});
