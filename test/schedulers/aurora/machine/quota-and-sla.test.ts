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

test('the uptime of a job is what so many percent of its instances have reached', () => {
  const uptimes = [10_000, 20_000, 30_000, 40_000];
  assert.equal(jobUptimeSecs(uptimes, 50), 30);
  assert.equal(jobUptimeSecs(uptimes, 75), 20);
  assert.equal(jobUptimeSecs(uptimes, 99), 10);
  assert.equal(jobUptimeSecs([], 50), 0);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 }),
      fc.constantFrom(50, 75, 90, 95, 99),
      (secs, percent) => {
        const figure = jobUptimeSecs(
          secs.map((each) => each * 1_000),
          percent,
        );
        const share = (100 * secs.filter((each) => each >= figure).length) / secs.length;
        assert.ok(share >= percent, `${share} of ${percent}`);
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

test('the median time to a milestone counts those that reached it in the window or still wait', () => {
  const histories = [
    events(['PENDING', 900], ['ASSIGNED', 1_100], ['RUNNING', 1_300]),
    events(['PENDING', 1_500]),
    events(['PENDING', 0], ['ASSIGNED', 500]),
    events(['PENDING', 1_200], ['KILLED', 1_300]),
  ];
  assert.equal(medianTimeMs(histories, 'ASSIGNED', WINDOW), 350);
  assert.equal(medianTimeMs(histories, 'RUNNING', WINDOW), 500);
  assert.equal(medianTimeMs([], 'RUNNING', WINDOW), 0);
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
