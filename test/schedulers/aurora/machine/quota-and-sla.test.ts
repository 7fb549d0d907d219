/** Quota, service levels and preemption (spec aurora-scheduler, sections 5 and 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  findVictims,
  mayPreempt,
  type Victim,
} from '../../../../schedulers/aurora/machine/preemption.ts';
import {
  larger,
  NO_QUOTA,
  quotaRefusal,
  usedBy,
} from '../../../../schedulers/aurora/machine/quota.ts';
import type { ScheduleStatus } from '../../../../schedulers/aurora/machine/schedule-status.ts';
import {
  jobUptimeSecs,
  type Milestone,
  medianTimeMs,
  platformUptimePercent,
  runningSince,
  sizeClass,
} from '../../../../schedulers/aurora/machine/sla-figures.ts';
import {
  type KillQuestion,
  mayKill,
  type SlaPolicy,
} from '../../../../schedulers/aurora/machine/sla-kill.ts';

test('what exceeds a quota is named with two decimals', () => {
  const quota = { cpus: 10, ramMb: 1_024, diskMb: 2_048 };
  assert.equal(quotaRefusal(quota, quota), undefined);
  assert.equal(
    quotaRefusal(quota, { cpus: 11, ramMb: 1_032, diskMb: 0 }),
    'Insufficient resource quota: CPU quota exceeded by 1.00 core(s); RAM quota exceeded by 8.00 MB',
  );
  assert.equal(
    quotaRefusal(NO_QUOTA, { cpus: 0, ramMb: 0, diskMb: 64 }),
    'Insufficient resource quota: DISK quota exceeded by 64.00 MB',
  );
});

test('ten tenths of a core fit a quota of one core', () => {
  const used = usedBy(
    Array.from({ length: 10 }, () => ({ amounts: { ...NO_QUOTA, cpus: 0.1 }, count: 1 })),
  );
  assert.equal(quotaRefusal({ ...NO_QUOTA, cpus: 1 }, used), undefined);
});

test('an update is charged for the larger of before and after, per resource', () => {
  const before = usedBy([{ amounts: { cpus: 1, ramMb: 100, diskMb: 10 }, count: 3 }]);
  const after = usedBy([{ amounts: { cpus: 2, ramMb: 10, diskMb: 10 }, count: 2 }]);
  assert.deepEqual(larger(before, after), { cpus: 4, ramMb: 300, diskMb: 30 });
});

test('the uptime of a job is what so many percent of its instances have reached, on a line between two', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => (at + 1) * 1_000);
  const figures = [50, 75, 90, 95, 99].map((percent) => jobUptimeSecs(hundred, percent).toFixed(9));
  const expected = [50.5, 25.75, 10.9, 5.95, 1.99];
  assert.deepEqual(
    figures,
    expected.map((each) => each.toFixed(9)),
  );
  const uptimes = [30_000, 70_000, 90_000, 60_000];
  assert.equal(jobUptimeSecs(uptimes, 75), 52.5);
  assert.equal(jobUptimeSecs(uptimes, 100), 30);
  assert.equal(jobUptimeSecs(uptimes, 0), 90);
  assert.equal(jobUptimeSecs([10_000], 99), 10);
  assert.equal(jobUptimeSecs([], 50), 0);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 }),
      fc.constantFrom(50, 75, 90, 95, 99),
      (secs, percent) => {
        const ms = secs.map((each) => each * 1_000);
        const figure = jobUptimeSecs(ms, percent);
        assert.ok(figure >= Math.min(...secs) && figure <= jobUptimeSecs(ms, percent - 1));
      },
    ),
  );
});

function events(...pairs: readonly (readonly [ScheduleStatus, number])[]) {
  return pairs.map(([status, timestamp]) => ({ status, timestamp }));
}

const WINDOW = { from: 1_000, to: 2_000 };

const UPTIMES: readonly (readonly [
  name: string,
  history: ReturnType<typeof events>[],
  percent: number,
])[] = [
  ['without tasks', [], 100],
  ['running all the time', [events(['RUNNING', 0])], 100],
  ['lost half way and not back', [events(['RUNNING', 0], ['LOST', 1_500])], 50],
  [
    'lost and pending again',
    [events(['RUNNING', 0], ['LOST', 1_500]), events(['PENDING', 1_500], ['RUNNING', 1_750])],
    75,
  ],
  ['pending for the first time', [events(['PENDING', 1_000], ['RUNNING', 1_500])], 100],
  [
    'failed by itself',
    [events(['RUNNING', 0], ['FAILED', 1_500]), events(['PENDING', 1_500], ['RUNNING', 1_900])],
    100,
  ],
  ['killed by the cluster', [events(['RUNNING', 0], ['KILLED', 1_500])], 50],
  ['killed on purpose', [events(['RUNNING', 0], ['KILLING', 1_500], ['KILLED', 1_600])], 100],
  ['drained', [events(['RUNNING', 0], ['DRAINING', 1_900], ['KILLED', 1_950])], 90],
  ['partitioned', [events(['RUNNING', 0], ['PARTITIONED', 1_500])], 100],
];
for (const [name, history, percent] of UPTIMES) {
  test(`the platform kept an instance ${name} up for ${percent.toFixed(2)} percent`, () => {
    assert.equal(platformUptimePercent([history], WINDOW).toFixed(6), percent.toFixed(6));
  });
}

/** Histories as `50 P, 200 A, 250 K`: times and first letters of PENDING, ASSIGNED, STARTING, RUNNING, KILLED. */
const MEDIANS: readonly (readonly [
  Milestone,
  window: [number, number],
  median: number,
  string[],
])[] = [
  ['ASSIGNED', [0, 300], 75, ['50 P, 200 A, 250 K', '100 P, 200 A, 300 R', '200 P, 250 A, 350 S']],
  ['ASSIGNED', [0, 300], 100, ['50 P, 200 A, 250 R', '100 P, 200 A, 300 R', '200 P, 250 A, 350 S']],
  ['ASSIGNED', [0, 300], 0, ['50 P', '100 P, 200 A, 300 K']],
  ['ASSIGNED', [0, 300], 100, ['50 P', '100 P, 200 A']],
  [
    'ASSIGNED',
    [200, 300],
    130,
    ['50 P', '100 P, 200 A', '100 P, 300 A', '100 P, 150 A', '100 P, 260 A', '100 P, 400 A'],
  ],
  [
    'STARTING',
    [0, 500],
    150,
    ['50 P', '50 P, 100 A, 150 S', '100 P, 200 A, 300 S, 400 R', '100 P, 200 A, 300 S, 400 K'],
  ],
  ['RUNNING', [0, 500], 215, ['50 P', '50 P, 150 S, 180 R', '100 P, 300 S, 400 R']],
  ['RUNNING', [0, 500], 0, ['50 P', '50 P, 100 R, 200 K']],
  ['RUNNING', [0, 500], 0, []],
];
const STATUS_OF: { readonly [letter: string]: ScheduleStatus } = {
  ...{ P: 'PENDING', A: 'ASSIGNED', S: 'STARTING', R: 'RUNNING', K: 'KILLED' },
  ...{ G: 'KILLING', L: 'LOST' },
};

function history(text: string) {
  return text.split(', ').map((each) => {
    const [at = '', letter = ''] = each.split(' ');
    return { status: STATUS_OF[letter] ?? 'INIT', timestamp: Number(at) };
  });
}

test('the median time to a milestone counts those that reached it in the window and have not ended', () => {
  for (const [milestone, [from, to], expected, texts] of MEDIANS) {
    const found = medianTimeMs(texts.map(history), milestone, { from, to });
    assert.equal(found, expected, `${milestone} ${texts.join('; ')}`);
  }
});

test('time is up, down, or nobody is to blame', () => {
  const rows: readonly (readonly [percent: number, instances: string[][]])[] = [
    [100, [['50 P']]],
    [100, [['100 P, 200 A, 300 S, 400 R'], ['10 P, 20 A, 30 S, 50 R, 400 G, 450 K']]],
    [50, [['50 R, 300 K']]],
    [75, [['50 R, 300 L, 310 K', '320 P, 330 A, 350 S, 400 R']]],
  ];
  for (const [percent, instances] of rows) {
    const found = platformUptimePercent(
      instances.map((tasks) => tasks.map(history)),
      { from: 100, to: 500 },
    );
    assert.equal(found, percent, JSON.stringify(instances));
  }
});

test('only a task whose newest event is RUNNING is up', () => {
  assert.equal(runningSince(events(['PENDING', 1], ['RUNNING', 5])), 5);
  assert.equal(runningSince(events(['RUNNING', 5], ['KILLING', 6])), undefined);
});

test('sizes have inclusive upper bounds', () => {
  assert.deepEqual(
    [1, 1.01, 4, 8, 16, 16.1].map((cpus) => sizeClass('cpu', cpus)),
    ['small', 'medium', 'medium', 'large', 'xlarge', 'xxlarge'],
  );
  assert.equal(sizeClass('ram', 1_024), 'small');
  assert.equal(sizeClass('disk', 65_537), 'xxlarge');
});

const NOW = 10_000_000;

function question(
  policy: SlaPolicy,
  upCount: number,
  fields: Partial<KillQuestion> = {},
): KillQuestion {
  const othersRunningSince = Array.from({ length: upCount }, () => NOW - 60_000);
  return { policy, isProduction: true, activeCount: 20, othersRunningSince, ...fields };
}

const RULE = { checksNonProduction: false, instancesMin: 20 };

test('a kill is permitted when enough of the others have been up for long enough', () => {
  const percentage = { kind: 'percentage', percentage: 90, durationSecs: 60 } as const;
  const count = { kind: 'count', count: 15, durationSecs: 60 } as const;
  assert.equal(mayKill(question(percentage, 18), RULE, NOW).kind, 'permitted');
  assert.equal(mayKill(question(percentage, 17), RULE, NOW).kind, 'refused');
  assert.equal(mayKill(question(count, 15), RULE, NOW).kind, 'permitted');
  assert.equal(mayKill(question(count, 14), RULE, NOW).kind, 'refused');
  assert.equal(mayKill(question(count, 15), RULE, NOW - 1).kind, 'refused');
});

test('a policy that lets nobody go lets one go', () => {
  const percentage = { kind: 'percentage', percentage: 100, durationSecs: 60 } as const;
  assert.equal(mayKill(question(percentage, 19), RULE, NOW).kind, 'permitted');
  assert.equal(mayKill(question(percentage, 18), RULE, NOW).kind, 'refused');
});

test('small jobs and other than production are not checked, a coordinator is asked for small ones too', () => {
  const count = { kind: 'count', count: 15, durationSecs: 60 } as const;
  const coordinator = { kind: 'coordinator', url: 'http://c/', statusKey: 'drain' } as const;
  assert.equal(mayKill(question(count, 0, { activeCount: 19 }), RULE, NOW).kind, 'permitted');
  assert.equal(mayKill(question(count, 0, { isProduction: false }), RULE, NOW).kind, 'permitted');
  const strict = { ...RULE, checksNonProduction: true };
  assert.equal(mayKill(question(count, 0, { isProduction: false }), strict, NOW).kind, 'refused');
  assert.deepEqual(mayKill(question(coordinator, 0, { activeCount: 1 }), RULE, NOW), {
    kind: 'ask',
    url: 'http://c/',
    statusKey: 'drain',
  });
});

function victim(taskId: string, cpus: number, fields: Partial<Victim> = {}): Victim {
  const amounts = { cpus, ramMb: 100, diskMb: 100, ports: 0, gpus: 0 };
  return { taskId, role: 'dev', priority: 0, isPreemptible: true, amounts, ...fields };
}

test('production takes from any preemptible task, others only from lower priorities of their role', () => {
  const production = { role: 'web', priority: 0, isPreemptible: false };
  const rows: readonly (readonly [Parameters<typeof mayPreempt>, boolean])[] = [
    [[production, victim('a', 1)], true],
    [[production, { ...production }], false],
    [[{ ...production, priority: 1 }, production], true],
    [
      [
        { ...production, priority: 1 },
        { ...production, role: 'db' },
      ],
      false,
    ],
    [[victim('a', 1, { priority: 1 }), victim('b', 1)], true],
    [[victim('a', 1, { priority: 1 }), victim('b', 1, { role: 'web' })], false],
    [[victim('a', 1, { priority: 5 }), production], false],
  ];
  for (const [pair, may] of rows) assert.equal(mayPreempt(...pair), may);
});

test('the fewest victims give way, the larger ones first', () => {
  const running = [victim('small', 1), victim('large', 4), victim('middle', 2)];
  const slack = { cpus: 1, ramMb: 0, diskMb: 0, ports: 0, gpus: 0 };
  const pending = { role: 'web', priority: 0, isPreemptible: false };
  const needing = (cpus: number) =>
    findVictims(pending, { slack, running, fits: (amounts) => amounts.cpus >= cpus })?.map(
      (each) => each.taskId,
    );
  assert.deepEqual(needing(5), ['large']);
  assert.deepEqual(needing(6), ['large', 'middle']);
  assert.deepEqual(needing(8), ['large', 'middle', 'small']);
  assert.equal(needing(9), undefined);
});
