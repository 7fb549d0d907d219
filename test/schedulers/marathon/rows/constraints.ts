/** One test per row about constraints (spec marathon-behaviour, section 4.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribute } from '../../../../core/wire/types/mesos.v1.ts';
import type { Place } from '../../../../schedulers/marathon/offers/constraint-values.ts';
import { satisfies } from '../../../../schedulers/marathon/offers/constraints.ts';

const text = (name: string, value: string): Attribute => ({ name, type: 'TEXT', text: { value } });
const scalar = (value: number): Attribute => ({ name: 'n', type: 'SCALAR', scalar: { value } });

function place(host: string, ...attributes: readonly Attribute[]): Place {
  return { host, region: 'r1', zone: 'z1', attributes };
}

const rack = (name: string): Place => place('h', text('rack', name));
const racks = (names: string): Place[] => names.split(' ').filter(Boolean).map(rack);
const number = (value: number): Place => place('h', scalar(value));

const RANGES = place('h', {
  name: 'n',
  type: 'RANGES',
  ranges: {
    range: [
      { begin: 8, end: 9 },
      { begin: 1, end: 5 },
    ],
  },
});
const SET = place('h', { name: 'n', type: 'SET', set: { item: ['b', 'a'] } });

/** The constraint, the agent, where instances are, and whether one more may go there. */
type Row = readonly [readonly string[], Place, readonly Place[], boolean, wanted?: number];

const ROWS: readonly Row[] = [
  [['hostname', 'UNIQUE'], place('h4'), [place('h1'), place('h2')], true],
  [['hostname', 'UNIQUE'], place('h2'), [place('h1'), place('h2')], false],
  [['@hostname', 'UNIQUE'], place('h2'), [place('h2')], false],
  [['rack', 'UNIQUE'], rack('1'), [], true],
  [['rack', 'UNIQUE'], rack('1'), racks('1 2'), false],
  [['rack', 'UNIQUE'], rack('3'), racks('1 2'), true],
  [['@region', 'UNIQUE'], place('h1'), [place('h2')], false],
  [['hostname', 'CLUSTER', 'right'], place('wrong'), [], false],
  [['hostname', 'CLUSTER', 'right'], place('right'), [place('wrong')], true],
  [['rack', 'CLUSTER'], rack('1'), [], true],
  [['rack', 'CLUSTER'], rack('1'), racks('1 1'), true],
  [['rack', 'CLUSTER'], rack('2'), racks('1 1'), false],
  [['@zone', 'CLUSTER', 'z1'], place('h'), [], true],
  [['@zone', 'CLUSTER', 'z2'], place('h'), [], false],
  [['rack', 'GROUP_BY', '2'], rack('1'), [], true],
  [['rack', 'GROUP_BY', '2'], rack('1'), racks('1'), false, 2],
  [['rack', 'GROUP_BY', '2'], rack('2'), racks('1'), true, 2],
  [['rack', 'GROUP_BY', '2'], rack('1'), racks('1 2'), true, 3],
  [['rack', 'GROUP_BY', '2'], rack('2'), racks('1 1 2'), false, 3],
  [['rack', 'GROUP_BY', '2'], rack('3'), racks('1 2'), false, 4],
  [['rack', 'GROUP_BY', '3'], rack('2'), racks('1 2 3 1'), true, 5],
  [['rack', 'GROUP_BY', '3'], rack('1'), racks('1 2 3 1'), false, 5],
  [['rack', 'GROUP_BY'], rack('1'), racks('1'), true],
  [['rack', 'GROUP_BY'], rack('1'), racks('1 2'), true],
  [['rack', 'GROUP_BY'], rack('1'), racks('1 1 2'), false],
  [['rack', 'GROUP_BY'], rack('9'), racks('1 1 2'), true],
  [['rack', 'LIKE', 'rack-[1-3]'], rack('rack-2'), [], true],
  [['rack', 'LIKE', 'rack-[1-3]'], rack('rack-21'), [], false],
  [['rack', 'LIKE', 'a|b'], rack('ab'), [], false],
  [['rack', 'UNLIKE', 'rack-[1-3]'], rack('rack-2'), [], false],
  [['rack', 'UNLIKE', 'rack-[1-3]'], rack('rack-4'), [], true],
  [['rack', 'MAX_PER', '2'], rack('1'), racks('1 2'), true],
  [['rack', 'MAX_PER', '2'], rack('1'), racks('1 1 2'), false],
  [['hostname', 'MAX_PER', '1'], place('h1'), [place('h1')], false],
  [['rack', 'IS', '1'], rack('1'), racks('1 1'), true],
  [['rack', 'IS', '1'], rack('2'), [], false],
  [['n', 'IS', '0.5'], number(0.5), [], true],
  [['n', 'IS', '5.00'], number(5), [], true],
  [['n', 'IS', '5.0004'], number(5), [], true],
  [['n', 'IS', '5.001'], number(5), [], false],
  [['n', 'CLUSTER', '0.123'], number(0.1234), [], true],
  [['n', 'LIKE', '5'], number(5), [], true],
  [['n', 'LIKE', '\\[1-5,8-9\\]'], RANGES, [], true],
  [['n', 'CLUSTER', '[1-5,8-9]'], RANGES, [], true],
  [['n', 'CLUSTER', '{a,b}'], SET, [], true],
  [['n', 'UNIQUE'], SET, [SET], false],
  // An agent without the attribute.
  [['none', 'UNIQUE'], place('h'), [], false],
  [['none', 'CLUSTER'], place('h'), [], false],
  [['none', 'GROUP_BY', '2'], place('h'), [], false],
  [['none', 'GROUP_BY'], place('h'), [], false],
  [['none', 'LIKE', '.*'], place('h'), [], false],
  [['none', 'MAX_PER', '5'], place('h'), [], false],
  [['none', 'IS', 'x'], place('h'), [], false],
  [['none', 'UNLIKE', 'x'], place('h'), [], true],
];

function written({ host, attributes: [attribute] }: Place): string {
  const { text: word, scalar: amount, ranges, set } = attribute ?? {};
  return word?.value ?? String(amount?.value ?? JSON.stringify(ranges ?? set) ?? host);
}

for (const [constraint, here, placed, accepts, wanted = 4] of ROWS) {
  const others = placed.length === 0 ? 'nothing' : placed.map(written).join(' ');
  const verdict = accepts ? 'accepts' : 'refuses';
  test(`${constraint.join(' ')} ${verdict} ${written(here)} beside ${others}, of ${wanted}`, () => {
    assert.equal(satisfies(constraint, here, placed, wanted), accepts);
  });
}
