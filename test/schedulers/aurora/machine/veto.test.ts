/** The filter of the scheduler (spec aurora-scheduler, section 4.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  NEAREST_FIT_KEPT_MS,
  NearestFits,
} from '../../../../schedulers/aurora/machine/nearest-fit.ts';
import {
  type FilterInput,
  type MaintenanceMode,
  type TaskConstraint,
  totalScore,
  vetoes,
} from '../../../../schedulers/aurora/machine/veto.ts';

const NOW = 1_000_000;
const PLENTY = { cpus: 16, ramMb: 16_384, diskMb: 100_000, ports: 100, gpus: 0 };
const SMALL = { cpus: 1.25, ramMb: 256, diskMb: 64, ports: 1, gpus: 0 };

interface Situation {
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly mode?: MaintenanceMode;
  readonly unavailableAt?: number;
  readonly constraints?: readonly TaskConstraint[];
  readonly offered?: Partial<FilterInput['offered']>;
  readonly wanted?: Partial<FilterInput['wanted']>;
  readonly counts?: Readonly<Record<string, number>>;
}

function input(situation: Situation): FilterInput {
  const attributes = new Map(
    Object.entries(situation.attributes ?? {}).map(([name, values]) => [name, new Set(values)]),
  );
  return {
    host: {
      attributes,
      mode: situation.mode ?? 'NONE',
      unavailableAt: situation.unavailableAt,
    },
    offered: { ...PLENTY, ...situation.offered },
    wanted: { ...SMALL, ...situation.wanted },
    constraints: situation.constraints ?? [],
    countWith: (name, value) => situation.counts?.[`${name}:${value}`] ?? 0,
    unavailabilityThresholdMs: 360_000,
  };
}

function reasons(situation: Situation): string {
  return vetoes(input(situation), NOW)
    .map((veto) => `${veto.reason} (${veto.kind} ${veto.score})`)
    .join(', ');
}

function value(name: string, values: readonly string[], isNegated = false): TaskConstraint {
  return { kind: 'value', name, isNegated, values: new Set(values) };
}

function limit(name: string, most: number): TaskConstraint {
  return { kind: 'limit', name, limit: most };
}

const DEDICATED = { dedicated: ['www/web'] };

const ROWS: readonly (readonly [name: string, situation: Situation, reasons: string])[] = [
  ['that fits', {}, ''],
  ['of the size of the offer', { wanted: PLENTY }, ''],
  ['on a dedicated host', { attributes: DEDICATED }, 'Host is dedicated (static 1000000)'],
  [
    'with its dedicated host',
    { attributes: DEDICATED, constraints: [value('dedicated', ['www/web'])] },
    '',
  ],
  [
    'with another dedicated host',
    { attributes: DEDICATED, constraints: [value('dedicated', ['*/db'])] },
    'Constraint not satisfied: dedicated (static 10000)',
  ],
  ['on a host with scheduled maintenance', { mode: 'SCHEDULED' }, ''],
  [
    'on a draining host',
    { mode: 'DRAINING' },
    'Host draining for maintenance (maintenance 100000)',
  ],
  ['on a drained host', { mode: 'DRAINED' }, 'Host drained for maintenance (maintenance 100000)'],
  [
    'on a host that is away soon',
    { unavailableAt: NOW + 360_000 },
    'Host draining for maintenance (maintenance 100000)',
  ],
  ['on a host that is away later', { unavailableAt: NOW + 360_001 }, ''],
  [
    'on a dedicated host that is drained and too small',
    { attributes: DEDICATED, mode: 'DRAINED', offered: { cpus: 0 } },
    'Host is dedicated (static 1000000)',
  ],
  [
    'for one of some racks',
    { attributes: { rack: ['b'] }, constraints: [value('rack', ['a', 'b'])] },
    '',
  ],
  [
    'for another rack',
    { attributes: { rack: ['c'] }, constraints: [value('rack', ['a', 'b'])] },
    'Constraint not satisfied: rack (static 10000)',
  ],
  [
    'for a rack where there is none',
    { constraints: [value('rack', ['a'])] },
    'Constraint not satisfied: rack (static 10000)',
  ],
  [
    'not for a rack',
    { attributes: { rack: ['a'] }, constraints: [value('rack', ['a'], true)] },
    'Constraint not satisfied: rack (static 10000)',
  ],
  ['not for a rack where there is none', { constraints: [value('rack', ['a'], true)] }, ''],
  [
    'with a limit that is not reached',
    { attributes: { host: ['h'] }, constraints: [limit('host', 2)], counts: { 'host:h': 1 } },
    '',
  ],
  [
    'with a limit that is reached',
    { attributes: { host: ['h'] }, constraints: [limit('host', 2)], counts: { 'host:h': 2 } },
    'Limit not satisfied: host (dynamic 10000)',
  ],
  [
    'with a limit on what the host does not announce',
    { constraints: [limit('host', 2)] },
    'Constraint not satisfied: host (static 10000)',
  ],
  [
    'with a limit and a value, neither satisfied',
    {
      attributes: { host: ['h'], rack: ['a'] },
      constraints: [limit('host', 1), value('rack', ['b'])],
      counts: { 'host:h': 1 },
    },
    'Constraint not satisfied: rack (static 10000)',
  ],
  [
    'that lacks all resources',
    {
      offered: { cpus: 0, ramMb: 0, diskMb: 0, ports: 0 },
      wanted: { cpus: 1.6, ramMb: 24_576, diskMb: 4_608, ports: 500, gpus: 8 },
    },
    'Insufficient: CPU (static 100), Insufficient: RAM (static 1000), ' +
      'Insufficient: disk (static 10), Insufficient: ports (static 500), ' +
      'Insufficient: GPU (static 1000)',
  ],
  [
    'that lacks nothing but a rounding error',
    { offered: { cpus: 0.1 + 0.2 }, wanted: { cpus: 0.3 } },
    '',
  ],
];

for (const [name, situation, expected] of ROWS) {
  test(`a task ${name}: ${expected === '' ? 'no veto' : expected}`, () => {
    assert.equal(reasons(situation), expected);
  });
}

test('the offer that came nearest says why a task is pending, until it is ten minutes old', () => {
  const fits = new NearestFits();
  const far = vetoes(input({ mode: 'DRAINED' }), NOW);
  const near = vetoes(input({ offered: { cpus: 1, ramMb: 128 } }), NOW);
  assert.ok(totalScore(near) < totalScore(far));
  assert.deepEqual(fits.reasons('g', NOW), []);
  fits.vetoed('g', far, NOW);
  assert.deepEqual(fits.reasons('g', NOW), ['Host drained for maintenance']);
  fits.vetoed('g', near, NOW);
  fits.vetoed('g', far, NOW + 1);
  const lacking = ['Insufficient: CPU', 'Insufficient: RAM'];
  assert.deepEqual(fits.reasons('g', NOW + 1), lacking);
  assert.deepEqual(fits.reasons('other', NOW), []);
  fits.sweep(NOW + NEAREST_FIT_KEPT_MS);
  assert.deepEqual(fits.reasons('g', NOW + NEAREST_FIT_KEPT_MS), lacking);
  assert.deepEqual(fits.reasons('g', NOW + 1 + NEAREST_FIT_KEPT_MS), []);
  fits.forget('g');
  assert.deepEqual(fits.reasons('g', NOW), []);
});
