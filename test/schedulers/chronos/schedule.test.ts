import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  countDown,
  formatSchedule,
  moveStart,
  parseSchedule,
  periodsUntil,
  type Schedule,
  startAt,
} from '../../../schedulers/chronos/schedule.ts';

/** Posted text, zone, and how it is printed; `undefined` where it is refused. */
const FORMS: readonly (readonly [text: string, zone: string, printed: string | undefined])[] = [
  // Repeats.
  ['R5/2008-03-01T13:00:00Z/P1D', '', 'R5/2008-03-01T13:00:00.000Z/P1D'],
  ['R/2008-03-01T13:00:00Z/P1D', '', 'R/2008-03-01T13:00:00.000Z/P1D'],
  ['R0/2008-03-01T13:00:00Z/P1D', '', 'R0/2008-03-01T13:00:00.000Z/P1D'],
  ['R9007199254740991/2008/P1D', '', 'R9007199254740991/2008-01-01T00:00:00.000Z/P1D'],
  ['R9223372036854775808/2008/P1D', '', undefined],
  ['R-1/2008-03-01T13:00:00Z/P1D', '', undefined],
  ['r5/2008-03-01T13:00:00Z/P1D', '', undefined],
  ['5/2008-03-01T13:00:00Z/P1D', '', undefined],
  ['R 5/2008-03-01T13:00:00Z/P1D', '', undefined],
  // Parts.
  ['FOO', '', undefined],
  ['', '', undefined],
  ['R//', '', undefined],
  ['R/2008-03-01T13:00:00Z', '', undefined],
  ['R/2008-03-01T13:00:00Z/', '', undefined],
  ['R/2008-03-01T13:00:00Z/P1D/', '', undefined],
  ['R/2008-03-01T13:00:00Z/2008-03-02T13:00:00Z', '', undefined],
  ['R1//P', '', 'R1//PT0S'],
  ['R10//PT2S', '', 'R10//PT2S'],
  // Starts: dates.
  ['R/2014/P1D', '', 'R/2014-01-01T00:00:00.000Z/P1D'],
  ['R/2014-03/P1D', '', 'R/2014-03-01T00:00:00.000Z/P1D'],
  ['R/2014-03-08/P1D', '', 'R/2014-03-08T00:00:00.000Z/P1D'],
  ['R/2014-W10-6/P1D', '', 'R/2014-03-08T00:00:00.000Z/P1D'],
  ['R/2014-W10/P1D', '', 'R/2014-03-03T00:00:00.000Z/P1D'],
  ['R/2014-067/P1D', '', 'R/2014-03-08T00:00:00.000Z/P1D'],
  ['R/2016-366/P1D', '', 'R/2016-12-31T00:00:00.000Z/P1D'],
  ['R/2016-02-29/P1Y', '', 'R/2016-02-29T00:00:00.000Z/P1Y'],
  ['R/2015-02-29/P1Y', '', undefined],
  ['R/2015-366/P1Y', '', undefined],
  ['R/2015-13-01/P1Y', '', undefined],
  ['R/2015-W54-1/P1Y', '', undefined],
  ['R/20140308/P1D', '', undefined],
  ['R/14-03-08/P1D', '', undefined],
  ['R/tomorrow/P1D', '', undefined],
  // Starts: times and offsets.
  ['R/2014-03-08T18/P1D', '', 'R/2014-03-08T18:00:00.000Z/P1D'],
  ['R/2014-03-08T18:32/P1D', '', 'R/2014-03-08T18:32:00.000Z/P1D'],
  ['R/2014-03-08T18.5/P1D', '', 'R/2014-03-08T18:30:00.000Z/P1D'],
  ['R/2014-03-08T18:32,25/P1D', '', 'R/2014-03-08T18:32:15.000Z/P1D'],
  ['R/2014-03-08T18:32:05.1239Z/P1D', '', 'R/2014-03-08T18:32:05.123Z/P1D'],
  ['R/2014-03-08T18:32:05,5Z/P1D', '', 'R/2014-03-08T18:32:05.500Z/P1D'],
  ['R/2014-03-08T18:32:05+02/P1D', '', 'R/2014-03-08T18:32:05.000+02:00/P1D'],
  ['R/2014-03-08T18:32:05+0230/P1D', '', 'R/2014-03-08T18:32:05.000+02:30/P1D'],
  ['R/2014-03-08T18:32:05-02:30/P1D', '', 'R/2014-03-08T18:32:05.000-02:30/P1D'],
  ['R/2014-03-08T18:32:05+00:00/P1D', '', 'R/2014-03-08T18:32:05.000Z/P1D'],
  ['R/2014-03-08T24:00:00Z/P1D', '', undefined],
  ['R/2014-03-08T18:60:00Z/P1D', '', undefined],
  ['R/2014-03-08 18:32:05Z/P1D', '', undefined],
  ['R/2014-03-08t18:32:05z/P1D', '', undefined],
  // Zones: the wall clock is kept, the offset of the text is not.
  ['R/2014-03-08T13:00:00-04:00/P1D', 'PST', 'R/2014-03-08T13:00:00.000-08:00/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'Europe/Berlin', 'R/2014-07-08T13:00:00.000+02:00/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'BST', 'R/2014-07-08T13:00:00.000+06:00/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'EST', 'R/2014-07-08T13:00:00.000-04:00/P1D'],
  ['R/2014-07-08T13:00:00+05:00/P1D', 'Nowhere/At_All', 'R/2014-07-08T13:00:00.000Z/P1D'],
  ['R/2014-07-08T13:00:00+05:00/P1D', 'constructor', 'R/2014-07-08T13:00:00.000Z/P1D'],
  ['R/2014-07-08T13:00:00+05:00/P1D', 'UTC', 'R/2014-07-08T13:00:00.000Z/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'GMT+5', 'R/2014-07-08T13:00:00.000+05:00/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'GMT-08:30', 'R/2014-07-08T13:00:00.000-08:30/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'GMT+24', 'R/2014-07-08T13:00:00.000Z/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', '+05:00', 'R/2014-07-08T13:00:00.000Z/P1D'],
  ['R/2014-07-08T13:00:00Z/P1D', 'US/Pacific', 'R/2014-07-08T13:00:00.000-07:00/P1D'],
  // Periods: printed as given, never normalised.
  ['R/2014/PT24H', '', 'R/2014-01-01T00:00:00.000Z/PT24H'],
  ['R/2014/PT60M', '', 'R/2014-01-01T00:00:00.000Z/PT60M'],
  ['R/2014/P10M', '', 'R/2014-01-01T00:00:00.000Z/P10M'],
  ['R/2014/PT10M', '', 'R/2014-01-01T00:00:00.000Z/PT10M'],
  ['R/2014/P1Y2M3W4DT5H6M7.5S', '', 'R/2014-01-01T00:00:00.000Z/P1Y2M3W4DT5H6M7.500S'],
  ['R/2014/P1Y2M10DT2H30M', '', 'R/2014-01-01T00:00:00.000Z/P1Y2M10DT2H30M'],
  ['R/2014/P0D', '', 'R/2014-01-01T00:00:00.000Z/PT0S'],
  ['R/2014/P-1D', '', 'R/2014-01-01T00:00:00.000Z/P-1D'],
  ['R/2014/P1DT-2H', '', 'R/2014-01-01T00:00:00.000Z/P1DT-2H'],
  ['R/2014/PT-0.5S', '', 'R/2014-01-01T00:00:00.000Z/PT-0.500S'],
  ['R/2014/P1D2M', '', undefined],
  ['R/2014/P1H', '', undefined],
  ['R/2014/PT', '', undefined],
  ['R/2014/P1.5D', '', undefined],
  ['R/2014/p1d', '', undefined],
  ['R/2014/1D', '', undefined],
];

for (const [text, zone, printed] of FORMS) {
  const where = zone === '' ? '' : ` in ${zone}`;
  test(`'${text}'${where} ${printed === undefined ? 'is refused' : `reads as ${printed}`}`, () => {
    const schedule = parseSchedule(text, zone);
    assert.equal(schedule === undefined ? undefined : formatSchedule(schedule), printed);
  });
}

/** From a start, the first one not before `until`. */
const NEXT: readonly (readonly [
  why: string,
  text: string,
  zone: string,
  until: string,
  next: string,
])[] = [
  [
    'in phase',
    'R/2015-02-01T05:52:00Z/PT2S',
    '',
    '2026-01-01T00:00:01.5Z',
    'R/2026-01-01T00:00:02.000Z/PT2S',
  ],
  [
    'a start of this very moment',
    'R/2026-01-01T00:00:00Z/PT2S',
    '',
    '2026-01-01T00:00:00Z',
    'R/2026-01-01T00:00:00.000Z/PT2S',
  ],
  [
    'months keep the day',
    'R/2015-01-31T10:00:00Z/P1M',
    '',
    '2015-02-10T00:00:00Z',
    'R/2015-02-28T10:00:00.000Z/P1M',
  ],
  [
    'months are counted from the start',
    'R/2015-01-31T10:00:00Z/P1M',
    '',
    '2015-03-10T00:00:00Z',
    'R/2015-03-31T10:00:00.000Z/P1M',
  ],
  [
    'leap days',
    'R/2016-02-29T00:00:00Z/P1Y',
    '',
    '2016-03-01T00:00:00Z',
    'R/2017-02-28T00:00:00.000Z/P1Y',
  ],
  [
    'leap days come back',
    'R/2016-02-29T00:00:00Z/P1Y',
    '',
    '2019-03-01T00:00:00Z',
    'R/2020-02-29T00:00:00.000Z/P1Y',
  ],
  [
    'days keep the wall clock when summer time starts',
    'R/2021-03-27T02:15:00/P1D',
    'Europe/Paris',
    '2021-03-28T12:00:00Z',
    'R/2021-03-29T02:15:00.000+02:00/P1D',
  ],
  [
    'days keep the wall clock when summer time ends',
    'R/2021-10-30T08:00:00/P1D',
    'Europe/Berlin',
    '2021-10-31T00:00:00Z',
    'R/2021-10-31T08:00:00.000+01:00/P1D',
  ],
  [
    'hours run on the time line',
    'R/2021-10-30T08:00:00/PT24H',
    'Europe/Berlin',
    '2021-10-31T00:00:00Z',
    'R/2021-10-31T07:00:00.000+01:00/PT24H',
  ],
  [
    'weeks keep the wall clock',
    'R/2021-03-24T08:00:00/P1W',
    'America/New_York',
    '2021-11-10T00:00:00Z',
    'R/2021-11-10T08:00:00.000-05:00/P1W',
  ],
  [
    'a fixed offset knows no summer time',
    'R/2021-03-20T08:00:00+01:00/P1D',
    '',
    '2021-03-30T00:00:00Z',
    'R/2021-03-30T08:00:00.000+01:00/P1D',
  ],
  [
    'mixed periods',
    'R/2020-01-01T00:00:00Z/P1M1DT1H',
    '',
    '2020-03-01T00:00:00Z',
    'R/2020-03-03T02:00:00.000Z/P1M1DT1H',
  ],
  [
    'periods under a second count as one',
    'R/2020-01-01T00:00:00Z/PT0.2S',
    '',
    '2020-01-01T00:00:05.1Z',
    'R/2020-01-01T00:00:06.000Z/PT0.200S',
  ],
  [
    'no period, no later start',
    'R/2020-01-01T00:00:00Z/P',
    '',
    '2026-01-01T00:00:00Z',
    'R/2020-01-01T00:00:00.000Z/PT0S',
  ],
  [
    'a negative period neither',
    'R/2020-01-01T00:00:00Z/P-1D',
    '',
    '2026-01-01T00:00:00Z',
    'R/2020-01-01T00:00:00.000Z/P-1D',
  ],
];

for (const [why, text, zone, until, next] of NEXT) {
  test(`the next start: ${why}`, () => {
    const schedule = parsed(text, zone);
    const now = Date.parse(until);
    const count = periodsUntil(schedule, now, now);
    assert.equal(formatSchedule(moveStart(schedule, count, now)), next);
  });
}

test('the count goes down to zero and stays there; without end it stays without end', () => {
  const two = parsed('R2/2014/P1D', '');
  assert.equal(countDown(two).repeat, 1);
  assert.equal(countDown(countDown(countDown(two))).repeat, 0);
  assert.equal(countDown(parsed('R/2014/P1D', '')).repeat, -1);
});

const PERIODS = ['PT1S', 'PT7M', 'PT24H', 'P1D', 'P1W', 'P10D', 'P1M', 'P3M', 'P1Y', 'P1M1DT3H'];
const ZONES = ['', 'UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'PST'];

test('the number of periods is the smallest that reaches the instant', () => {
  const instants = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) });
  const cases = fc.tuple(
    instants,
    instants,
    fc.constantFrom(...PERIODS),
    fc.constantFrom(...ZONES),
  );
  fc.assert(
    fc.property(cases, ([from, until, period, zone]) => {
      const start = new Date(from).toISOString();
      const schedule = parsed(`R/${start}/${period}`, zone);
      const count = periodsUntil(schedule, until, until);
      const at = (periods: number) => startAt(moveStart(schedule, periods, until), until);
      assert.ok(at(count) >= until || at(0) >= until, `${count} periods do not reach it`);
      if (count > 0) assert.ok(at(count - 1) < until, `${count - 1} periods would do`);
    }),
    { numRuns: 2_000 },
  );
});

test('an hourly schedule passes the hour that comes twice', () => {
  const zone = 'Europe/Berlin';
  let schedule = parsed('R/2021-10-31T01:30:00+02:00/PT1H', zone);
  const times: string[] = [];
  for (let run = 0; run < 4; run += 1) {
    times.push(new Date(startAt(schedule, 0)).toISOString().slice(11, 16));
    schedule = parsed(formatSchedule(moveStart(schedule, 1, 0)), zone);
  }
  assert.deepEqual(times, ['23:30', '00:30', '01:30', '02:30']);
});

test('what is printed reads back to the same start', () => {
  const cases = fc.tuple(
    fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
    fc.constantFrom(...PERIODS),
    fc.integer({ min: -1, max: 1_000_000 }),
    fc.constantFrom(...ZONES),
  );
  fc.assert(
    fc.property(cases, ([from, period, repeat, zone]) => {
      const count = repeat === -1 ? '' : String(repeat);
      const schedule = parsed(`R${count}/${new Date(from).toISOString()}/${period}`, zone);
      const printed = formatSchedule(schedule);
      assert.equal(formatSchedule(parsed(printed, zone)), printed);
    }),
    { numRuns: 1_000 },
  );
});

function parsed(text: string, zone: string): Schedule {
  const schedule = parseSchedule(text, zone);
  if (schedule === undefined) throw new Error(`'${text}' is no schedule`);
  return schedule;
}

/** Java's three-letter ids: what their wall clock of noon is on a winter's day, in UTC. */
const SHORT_ZONES: Readonly<Record<string, string>> = {
  ACT: '02:30',
  AET: '01:00',
  AGT: '15:00',
  ART: '10:00',
  AST: '21:00',
  BET: '14:00',
  BST: '06:00',
  CAT: '10:00',
  CNT: '15:30',
  CST: '18:00',
  CTT: '04:00',
  EAT: '09:00',
  ECT: '11:00',
  EST: '17:00',
  HST: '22:00',
  IET: '17:00',
  IST: '06:30',
  JST: '03:00',
  MIT: '22:00',
  MST: '19:00',
  NET: '08:00',
  NST: '23:00',
  PLT: '07:00',
  PNT: '19:00',
  PRT: '16:00',
  PST: '20:00',
  SST: '01:00',
  VST: '05:00',
};

for (const [zone, utc] of Object.entries(SHORT_ZONES)) {
  test(`noon in ${zone} on 15 January 2015 is ${utc} in UTC`, () => {
    const read = parseSchedule('R/2015-01-15T12:00:00Z/P1D', zone);
    assert.equal(read?.start?.toUTC().toFormat('HH:mm'), utc);
  });
}
