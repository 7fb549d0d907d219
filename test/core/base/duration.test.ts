import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatDuration,
  hours,
  minutes,
  parseDuration,
  seconds,
} from '../../../core/base/duration.ts';

const UNITS = "supported units are 'ns', 'us', 'ms', 'secs', 'mins', 'hrs', 'days', and 'weeks'";

test('a duration is a number and a unit', () => {
  const table: readonly (readonly [string, number])[] = [
    ['0ns', 0],
    ['5ns', 5e-6],
    ['250us', 0.25],
    ['10ms', 10],
    ['10secs', 10_000],
    ['1.5mins', 90_000],
    ['2hrs', 7_200_000],
    ['10days', 864_000_000],
    ['1weeks', 604_800_000],
    ['.5secs', 500],
  ];
  for (const [text, ms] of table)
    assert.deepEqual(parseDuration(text), { ok: true, value: ms }, text);
});

test('a duration without unit, with a sign or with spaces is refused in the words of the original', () => {
  const table: readonly (readonly [string, string])[] = [
    ['10', "Invalid duration '10'"],
    ['', "Invalid duration ''"],
    ['secs', "Failed to convert '' to number"],
    ['-5secs', "Failed to convert '' to number"],
    ['1.2.3secs', "Failed to convert '1.2.3' to number"],
    [' 5secs', "Failed to convert '' to number"],
    ['5s', `Unknown duration unit 's'; ${UNITS}`],
    ['1min', `Unknown duration unit 'min'; ${UNITS}`],
    ['5 secs', `Unknown duration unit ' secs'; ${UNITS}`],
    ['5SECS', `Unknown duration unit 'SECS'; ${UNITS}`],
  ];
  for (const [text, error] of table) assert.deepEqual(parseDuration(text), { ok: false, error });
});

test('a duration is shown in the largest unit it reaches, or the next smaller one', () => {
  const table: readonly (readonly [number, string])[] = [
    [0, '0ns'],
    [5e-6, '5ns'],
    [0.25, '250us'],
    [minutes(1), '1mins'],
    [seconds(90), '90secs'],
    [hours(240), '10days'],
    [hours(168), '1weeks'],
    [1_500, '1500ms'],
    [hours(2), '2hrs'],
    [hours(25), '25hrs'],
    [seconds(3_661), '1.01694444444444hrs'],
    [seconds(10), '10secs'],
    [minutes(15), '15mins'],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

test('any whole number of milliseconds survives being shown and parsed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (ms) => {
      const parsed = parseDuration(formatDuration(ms));
      assert.ok(parsed.ok && Math.abs(parsed.value - ms) <= ms * 1e-13);
    }),
  );
});
