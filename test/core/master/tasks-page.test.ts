/** Pages of `/tasks` (spec operator-api, section 4.5): sums of 64 bits without a sign. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf } from '../../../core/master/views/documents.ts';

const TASKS = Array.from({ length: 10 }, (_, index) => index);

test('limit and offset cut out a page, and wrap where they are negative', () => {
  const rows: readonly (readonly [offset: number, limit: number, expected: readonly number[]])[] = [
    [0, 3, [0, 1, 2]],
    [8, 100, [8, 9]],
    [10, 1, []],
    [50, 1, []],
    [0, 0, []],
    [0, -1, TASKS],
    [1, -1, []],
    [0, -5, TASKS],
    [3, -5, [3, 4, 5, 6, 7, 8, 9]],
    [5, -5, []],
    [9, -5, []],
    [-1, 100, []],
    [-1, -1, []],
    [-5, 3, []],
    [2 ** 31 - 1, 2 ** 31 - 1, []],
    [0, -(2 ** 31), TASKS],
  ];
  for (const [offset, limit, expected] of rows) {
    const { from, to } = pageOf(offset, limit);
    assert.deepEqual(TASKS.slice(from, to), expected, `offset ${offset}, limit ${limit}`);
  }
});
