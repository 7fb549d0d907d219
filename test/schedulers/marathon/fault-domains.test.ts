/** Regions, zones and maintenance: where instances may go (spec marathon-behaviour, section 4.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../core/base/random.ts';
import type { Offer } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../../schedulers/kit/offer-resources.ts';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import type { Place } from '../../../schedulers/marathon/offers/constraint-values.ts';
import { matchOffer } from '../../../schedulers/marathon/offers/match.ts';
import { optionsWith, SLEEP } from './world.ts';

const NOW = 1_000_000;

interface Case {
  readonly constraints?: readonly (readonly string[])[];
  readonly region?: string;
  readonly zone?: string;
  readonly masterRegion?: string;
  /** Zones of the instances that run. */
  readonly placed?: readonly string[];
  /** Seconds from now. */
  readonly maintenance?: { readonly from: number; readonly for?: number };
  readonly flags?: Readonly<Record<string, string>>;
}

function reasonsOf(given: Case): readonly string[] {
  const { machine } = optionsWith(given.flags);
  const version = '2020-01-01T00:00:00.000Z';
  const app = normalizeApp(
    { ...SLEEP, ports: [], constraints: given.constraints ?? [] },
    machine.model,
    {
      version,
    },
  );
  assert.ok(app.ok);
  const { region, zone = 'z', maintenance } = given;
  const scalar = (name: string, value: number) =>
    ({ name, type: 'SCALAR', scalar: { value }, role: '*' }) as const;
  const at = (seconds: number) => ({ nanoseconds: (NOW + seconds * 1_000) * 1e6 });
  const offer: Offer = {
    id: { value: 'O' },
    framework_id: { value: 'F' },
    agent_id: { value: 'S' },
    hostname: 'h',
    allocation_info: { role: '*' },
    resources: [scalar('cpus', 1), scalar('mem', 100), scalar('disk', 10)],
    ...(region === undefined
      ? {}
      : { domain: { fault_domain: { region: { name: region }, zone: { name: zone } } } }),
    ...(maintenance === undefined
      ? {}
      : {
          unavailability: {
            start: at(maintenance.from),
            ...(maintenance.for === undefined
              ? {}
              : { duration: { nanoseconds: maintenance.for * 1e9 } }),
          },
        }),
  };
  const placed = (given.placed ?? []).map(
    (each): Place => ({ host: each, region: 'home', zone: each, attributes: [] }),
  );
  const result = matchOffer(app.value, new OfferResources(offer), {
    settings: machine,
    random: new SeededRandom(1),
    now: NOW,
    masterRegion: given.masterRegion,
    placed,
    role: '*',
  });
  return result.ok ? [] : result.error;
}

const FAR = ['UnfulfilledConstraint'];

test('instances stay in the region of the master unless a constraint speaks of regions or zones', () => {
  const home = { masterRegion: 'home' };
  const rows: readonly (readonly [Case, readonly string[]])[] = [
    [{ ...home, region: 'home' }, []],
    [{ ...home, region: 'away' }, FAR],
    [{ ...home }, []],
    [{ region: 'away' }, []],
    [{ ...home, region: 'away', constraints: [['@region', 'IS', 'away']] }, []],
    [{ ...home, region: 'home', constraints: [['@region', 'IS', 'away']] }, FAR],
    [{ ...home, region: 'away', constraints: [['@region', 'LIKE', 'a.*']] }, []],
    [{ ...home, region: 'away', constraints: [['@zone', 'IS', 'z']] }, []],
    [{ ...home, region: 'away', constraints: [['hostname', 'UNIQUE']] }, FAR],
    [{ ...home, constraints: [['@region', 'IS', 'away']] }, FAR],
    [{ ...home, constraints: [['@region', 'UNLIKE', 'away']] }, []],
  ];
  for (const [given, expected] of rows) {
    assert.deepEqual(reasonsOf(given), expected, JSON.stringify(given));
  }
});

test('zones are values like those of attributes', () => {
  const inZone = (zone: string, constraint: readonly string[], placed: readonly string[]) =>
    reasonsOf({ region: 'home', zone, constraints: [constraint], placed });
  assert.deepEqual(inZone('a', ['@zone', 'GROUP_BY', '2'], ['a']), FAR);
  assert.deepEqual(inZone('b', ['@zone', 'GROUP_BY', '2'], ['a']), []);
  assert.deepEqual(inZone('c', ['@zone', 'GROUP_BY', '2'], ['a', 'b']), FAR);
  assert.deepEqual(inZone('a', ['@zone', 'MAX_PER', '2'], ['a', 'a']), FAR);
  assert.deepEqual(inZone('a', ['@zone', 'MAX_PER', '2'], ['a', 'b']), []);
  assert.deepEqual(inZone('a', ['@zone', 'UNIQUE'], ['a']), FAR);
  assert.deepEqual(inZone('a', ['@zone', 'CLUSTER', 'a'], []), []);
});

test('agents in maintenance, or soon in it, get no instances while that is looked at', () => {
  const away = ['AgentMaintenance'];
  const rows: readonly (readonly [Case, readonly string[]])[] = [
    [{ maintenance: { from: 0 } }, away],
    [{ maintenance: { from: -10, for: 20 } }, away],
    [{ maintenance: { from: -10, for: 5 } }, []],
    [{ maintenance: { from: 60 } }, []],
    [{ maintenance: { from: 60 }, flags: { draining_seconds: '61' } }, away],
    [{ maintenance: { from: 60 }, flags: { draining_seconds: '59' } }, []],
    [{ maintenance: { from: 0 }, flags: { maintenance_mode: 'false' } }, []],
    [{ maintenance: { from: 0 }, flags: { enable_features: 'maintenance_mode' } }, away],
  ];
  for (const [given, expected] of rows) {
    assert.deepEqual(reasonsOf(given), expected, JSON.stringify(given));
  }
});
