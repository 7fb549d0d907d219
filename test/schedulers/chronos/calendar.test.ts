/** Starts against a calendar written a second time, and by table where clocks and years are odd. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CronRule } from '../../../schedulers/chronos/cron.ts';
import {
  formatSchedule,
  moveStart,
  parseSchedule,
  periodsUntil,
  type Schedule,
  startAt,
} from '../../../schedulers/chronos/schedule.ts';
import { instantOf, offsetAt, type PlainPeriod, plusPeriods } from './plain-calendar.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
];
const HOUR_MS = 3_600_000;

interface Case {
  readonly zone: string;
  /** Wall clock of the start. */
  readonly wall: number;
  readonly period: PlainPeriod;
  readonly text: string;
}

const amount = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));

const cases: fc.Arbitrary<Case> = fc
  .record({
    zone: fc.constantFrom(...ZONES),
    wall: fc.integer({ min: Date.UTC(1996, 0, 1) / 60_000, max: Date.UTC(2034, 0, 1) / 60_000 }),
    years: amount(4),
    months: amount(30),
    weeks: amount(5),
    days: amount(40),
    hours: amount(100),
    minutes: amount(200),
    seconds: amount(100),
  })
  .filter(({ zone, wall, ...parts }) => Object.values(parts).some((part) => part > 0))
  .map(({ zone, wall, years, months, weeks, days, hours, minutes, seconds }) => ({
    zone,
    wall: wall * 60_000,
    period: {
      months: years * 12 + months,
      days: weeks * 7 + days,
      clockMs: hours * HOUR_MS + minutes * 60_000 + seconds * 1_000,
    },
    text: `P${years}Y${months}M${weeks}W${days}DT${hours}H${minutes}M${seconds}S`,
  }));

function scheduleOf({ zone, wall, text }: Case): Schedule {
  const start = new Date(wall).toISOString().slice(0, -1);
  return parsed(`R/${start}/${text}`, zone);
}

/**
 * Where the wall clock is read for the first time, there is no offset of before; that of the moment when
 * UTC's clock shows the same stands for it, as in the original's calendar.
 */
function firstStart({ zone, wall }: Case): number {
  return instantOf(wall, offsetAt(wall, zone), zone);
}

test('the n-th start of any interval in any zone is where the calendar has it', () => {
  fc.assert(
    fc.property(cases, fc.nat(60), (each, count) => {
      const start = firstStart(each);
      const schedule = scheduleOf(each);
      assert.equal(startAt(schedule, 0), start, 'the first start');
      assert.equal(
        startAt(moveStart(schedule, count, 0), 0),
        plusPeriods(start, each.period, count, each.zone),
      );
    }),
    { numRuns: 1_500 },
  );
});

test('an hour that comes twice is the later one where the change is past by the same clock of UTC', () => {
  const twice: readonly (readonly [zone: string, wall: string, start: string])[] = [
    ['Pacific/Apia', '2012-04-01T03:00:00', '2012-03-31T14:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T01:30:00.000Z'],
    ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00.000Z'],
  ];
  for (const [zone, wall, start] of twice) {
    const at = startAt(parsed(`R/${wall}/P1D`, zone), 0);
    assert.equal(new Date(at).toISOString(), start, zone);
  }
});

test('launch after launch, printed and read again, starts move by one interval each', () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 12 }), (each, launches) => {
      let schedule = scheduleOf(each);
      let expected = firstStart(each);
      for (let launch = 0; launch < launches; launch += 1) {
        schedule = parsed(formatSchedule(moveStart(schedule, 1, 0)), each.zone);
        expected = plusPeriods(expected, each.period, 1, each.zone);
        assert.equal(startAt(schedule, 0), expected, `launch ${launch}`);
      }
    }),
    { numRuns: 400 },
  );
});

test('the first start that is not before an instant is the one that counting finds', () => {
  fc.assert(
    fc.property(cases, fc.nat(40), fc.integer({ min: -1, max: 1 }), (each, near, shift) => {
      const start = firstStart(each);
      const until = plusPeriods(start, each.period, near, each.zone) + shift;
      let count = 0;
      while (plusPeriods(start, each.period, count, each.zone) < until) count += 1;
      assert.equal(periodsUntil(scheduleOf(each), until, until), count);
    }),
    { numRuns: 600 },
  );
});

/** Starts in a row, as local time with offset. */
const ROWS: readonly (readonly [
  why: string,
  text: string,
  zone: string,
  starts: readonly string[],
])[] = [
  [
    'an hour that does not come is passed by its length, and the wall clock stays there',
    'R/2021-03-27T02:30:00/P1D',
    'Europe/Berlin',
    ['2021-03-27T02:30+01:00', '2021-03-28T03:30+02:00', '2021-03-29T02:30+02:00'],
  ],
  [
    'an hour that comes twice is taken once, with the offset of before',
    'R/2021-10-30T02:30:00/P1D',
    'Europe/Berlin',
    ['2021-10-30T02:30+02:00', '2021-10-31T02:30+02:00', '2021-11-01T02:30+01:00'],
  ],
  [
    'hours go on through the hour that does not come',
    'R/2021-03-28T01:00:00/PT1H',
    'Europe/Berlin',
    ['2021-03-28T01:00+01:00', '2021-03-28T03:00+02:00', '2021-03-28T04:00+02:00'],
  ],
  [
    'half an hour of summer time',
    'R/2021-04-03T01:45:00/P1D',
    'Australia/Lord_Howe',
    ['2021-04-03T01:45+11:00', '2021-04-04T01:45+11:00', '2021-04-05T01:45+10:30'],
  ],
  [
    'a day that an island left out',
    'R/2011-12-28T12:00:00/P1D',
    'Pacific/Apia',
    ['2011-12-28T12:00-10:00', '2011-12-29T12:00-10:00', '2011-12-31T12:00+14:00'],
  ],
  [
    'summer time ends on another side of the date line than where the job began',
    'R/2000-07-04T03:00:00/P177M',
    'Pacific/Apia',
    ['2000-07-04T03:00-11:00', '2015-04-04T03:00+14:00'],
  ],
  [
    'midnight that does not come',
    'R/2018-11-03T00:00:00/P1D',
    'America/Sao_Paulo',
    ['2018-11-03T00:00-03:00', '2018-11-04T01:00-02:00', '2018-11-05T00:00-02:00'],
  ],
  [
    'leap days come every four years',
    'R/2092-02-29T06:00:00/P1Y',
    'UTC',
    [
      ...['2092-02-29T06:00+00:00', '2093-02-28T06:00+00:00', '2094-02-28T06:00+00:00'],
      ...['2095-02-28T06:00+00:00', '2096-02-29T06:00+00:00'],
    ],
  ],
  [
    'but not in 2100',
    'R/2096-02-29T06:00:00/P4Y',
    'UTC',
    ['2096-02-29T06:00+00:00', '2100-02-28T06:00+00:00', '2104-02-29T06:00+00:00'],
  ],
  [
    'the last day of short months',
    'R/2023-12-31T23:00:00/P1M',
    'America/New_York',
    ['2023-12-31T23:00-05:00', '2024-01-31T23:00-05:00', '2024-02-29T23:00-05:00'],
  ],
];

for (const [why, text, zone, starts] of ROWS) {
  test(`starts in a row: ${why}`, () => {
    const schedule = parsed(text, zone);
    const found = starts.map((_, at) => localText(startAt(moveStart(schedule, at, 0), 0), zone));
    assert.deepEqual(found, starts);
  });
}

test('cron at a fixed time of day comes once a day, whatever the clocks do', () => {
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'UTC']) {
    const rule = CronRule.parse('cron 30 8 * * *', zone);
    assert.ok(rule !== undefined);
    let at = Date.UTC(2025, 0, 1);
    const days = new Set<string>();
    for (let start = 0; start < 365; start += 1) {
      at = rule.firstAfter(at) ?? 0;
      const local = localText(at, zone);
      assert.equal(local.slice(11, 16), '08:30', local);
      days.add(local.slice(0, 10));
    }
    assert.equal(days.size, 365);
  }
});

function localText(instant: number, zone: string): string {
  const offsetMinutes = offsetAt(instant, zone) / 60_000;
  const wall = new Date(instant + offsetMinutes * 60_000).toISOString().slice(0, 16);
  const [sign, size] = [offsetMinutes < 0 ? '-' : '+', Math.abs(offsetMinutes)];
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${wall}${sign}${two(size / 60)}:${two(size % 60)}`;
}

function parsed(text: string, zone: string): Schedule {
  const schedule = parseSchedule(text, zone);
  if (schedule === undefined) throw new Error(`'${text}' is no schedule`);
  return schedule;
}
