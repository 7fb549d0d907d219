/** How long DECLINE and ACCEPT refuse (spec scheduler-api, section 10; allocator, section 7.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseDuration } from '../../../core/allocator/refuse-filters.ts';
import { seconds } from '../../../core/base/duration.ts';

const DAY = seconds(86_400);

const CASES: readonly (readonly [what: string, given: number | undefined, ms: number])[] = [
  ['absent', undefined, seconds(5)],
  ['zero', 0, 0],
  ['shorter than the allocation interval', 0.5, seconds(1)],
  ['usual', 7.5, seconds(7.5)],
  ['negative', -1, seconds(5)],
  ['not a number', Number.NaN, seconds(5)],
  ['a year', 31_536_000, 365 * DAY],
  ['longer than a year', 31_536_001, 365 * DAY],
  ['longer than a duration can be', 1e300, seconds(5)],
  ['infinite', Number.POSITIVE_INFINITY, seconds(5)],
];

for (const [what, given, ms] of CASES) {
  test(`refuse_seconds that are ${what} refuse ${ms} ms`, () => {
    const filters = given === undefined ? {} : { refuse_seconds: given };
    assert.equal(refuseDuration(filters, seconds(1)), ms);
  });
}
