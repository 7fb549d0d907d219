/** The dialect of the original, by its own examples (spec aurora-scheduler, section 7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CronSchedule } from '../../../../schedulers/aurora/machine/cron-schedule.ts';

const INVALID = [
  '* * * * MON-SUN',
  '* * **',
  '0-59 0-59 * * *',
  '1/1 * * * *',
  '5 5 * MAR-JAN *',
  '*/0 * * * *',
  '0-59/60 * * * *',
  '* * 1 * 1',
  '* * * * 7',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * 32 * *',
  '* * * 13 *',
  '* * * 0 *',
  '* * * * MON-',
  '@daily',
  '',
  '* * * *',
  '* * * * * *',
  '-1 * * * *',
  '1.5 * * * *',
  'JAN * * * *',
  ', * * * *',
  'H * * * *',
  '* * L * *',
  '* * * * 1#2',
  '* * ? * *',
];

for (const text of INVALID) {
  test(`the schedule '${text}' is refused`, () => {
    assert.equal(CronSchedule.parse(text), undefined);
  });
}

const CANONICAL: readonly (readonly [text: string, canonical: string])[] = [
  ['0,1-57,58 * * * *', '0-58 * * * *'],
  ['0-59 0-23 1-31 1-12 0-6', '* * * * *'],
  ['30 15 * * *,', '30 15 * * *'],
  ['1-56/5 * * * *', '1,6,11,16,21,26,31,36,41,46,51,56 * * * *'],
  ['*/30 * * * *', '0,30 * * * *'],
  ['0 9 4,18 * *', '0 9 4,18 * *'],
  ['0 0 * jan,FEB-apr *', '0 0 * 1-4 *'],
  ['0 0 * * sun,Mon-WED', '0 0 * * 0-3'],
  [' 5   4 * * * ', '5 4 * * *'],
  ['5,3,4,4 * * * *', '3-5 * * * *'],
];
for (const [text, canonical] of CANONICAL) {
  test(`the schedule '${text}' is the same as '${canonical}'`, () => {
    assert.equal(CronSchedule.parse(text)?.text, canonical);
    assert.equal(CronSchedule.parse(canonical)?.text, canonical);
  });
}

const PREDICTIONS: readonly (readonly [text: string, times: readonly number[]])[] = [
  ['0 20 * * 1', [417_600_000]],
  ['0 0 * * 1', [345_600_000]],
  ['0 17-23 * * 1-5', [61_200_000]],
  ['0 0 12 * *', [950_400_000]],
  ['30 15 * * *,', [55_800_000]],
  ['1-56/5 * * * *', [60_000, 360_000]],
  ['0 9 4,18 * *', [291_600_000]],
];
for (const [text, times] of PREDICTIONS) {
  test(`'${text}' first comes true after 1970 at ${times.join(' and ')}`, () => {
    const schedule = CronSchedule.parse(text);
    let at = 0;
    for (const time of times) {
      at = schedule?.nextAfter(at, 'GMT') ?? Number.NaN;
      assert.equal(at, time);
    }
  });
}

const DAYLIGHT: readonly (readonly [from: string, starts: readonly string[]])[] = [
  ['2026-03-28T12:00:00Z', ['2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z']],
  ['2026-10-24T12:00:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
];
for (const [from, starts] of DAYLIGHT) {
  test(`half past two in Berlin comes once each day after ${from}, an hour left out or twice there`, () => {
    const schedule = CronSchedule.parse('30 2 * * *');
    let at = Date.parse(from);
    for (const start of starts) {
      at = schedule?.nextAfter(at, 'Europe/Berlin') ?? Number.NaN;
      assert.equal(new Date(at).toISOString(), start);
    }
  });
}

test('a day that no calendar has is accepted and never comes', () => {
  assert.equal(CronSchedule.parse('0 0 30 2 *')?.nextAfter(0, 'GMT'), undefined);
});

test('any text is refused or read to a canonical text that means the same', () => {
  const word = fc.stringMatching(/^[\d*/,\-A-Za-z]{0,6}$/);
  fc.assert(
    fc.property(fc.tuple(word, word, word, word, word), (words) => {
      const schedule = CronSchedule.parse(words.join(' '));
      if (schedule !== undefined) {
        assert.equal(CronSchedule.parse(schedule.text)?.text, schedule.text);
      }
    }),
    { numRuns: 1_000 },
  );
});
