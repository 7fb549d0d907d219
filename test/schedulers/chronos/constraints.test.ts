/** Constraints against attributes of an offer (spec chronos, section 5.4), a line per case. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Attribute } from '../../../core/wire/types/mesos.v1.ts';
import { meetsConstraints } from '../../../schedulers/chronos/constraints.ts';
import type { JobConstraint } from '../../../schedulers/chronos/job.ts';

const text = (name: string, value: string): Attribute => ({ name, type: 'TEXT', text: { value } });
const scalar = (name: string, value: number): Attribute => ({
  name,
  type: 'SCALAR',
  scalar: { value },
});
const set = (name: string, ...item: string[]): Attribute => ({ name, type: 'SET', set: { item } });
const ranges = (name: string): Attribute => ({
  name,
  type: 'RANGES',
  ranges: { range: [{ begin: 1, end: 2 }] },
});

const RACK = [text('dc', 'north'), text('rack', 'rack-1')];

type Row = readonly [
  constraint: `${string} ${JobConstraint['operator']} ${string}`,
  attributes: readonly Attribute[],
  meets: boolean,
];

const ROWS: readonly Row[] = [
  ['rack EQUALS rack-1', RACK, true],
  ['rack EQUALS rack-2', RACK, false],
  ['rack EQUALS rack', RACK, false],
  ['zone EQUALS rack-1', RACK, false],
  ['rack EQUALS rack-2', [...RACK, text('rack', 'rack-2')], true],
  ['n EQUALS 1.0', [scalar('n', 1)], false],
  ['dc EQUALS north', [set('dc', 'north')], false],
  ['rack LIKE rack-[1-3]', RACK, true],
  ['rack LIKE rack-[2-3]', RACK, false],
  ['rack LIKE rack', RACK, false],
  ['dc LIKE north|south', RACK, true],
  ['zone LIKE .*', RACK, false],
  // The first attribute of a name counts.
  ['rack LIKE rack-2', [...RACK, text('rack', 'rack-2')], false],
  ['n LIKE \\d\\.\\d', [scalar('n', 1)], true],
  ['n LIKE 1', [scalar('n', 1)], false],
  ['n LIKE 2\\.5', [scalar('n', 2.5)], true],
  ['dc LIKE ^n.*', [set('dc', 'north')], true],
  ['dc LIKE ^n.*', [set('dc', 'south')], false],
  ['dc LIKE ^n.*', [set('dc', 'south', 'north')], true],
  ['ports LIKE .*', [ranges('ports')], false],
  ['rack UNLIKE rack-[1-3]', RACK, false],
  ['rack UNLIKE rack-[2-3]', RACK, true],
  ['zone UNLIKE x', RACK, false],
  ['n UNLIKE 2\\.0', [scalar('n', 1)], true],
  ['dc UNLIKE ^n.*', [set('dc', 'south')], true],
  ['dc UNLIKE ^n.*', [set('dc', 'south', 'north')], false],
  ['ports UNLIKE x', [ranges('ports')], false],
  ['hostname EQUALS agent.example', [], true],
  ['hostname LIKE agent.*', [], true],
  ['hostname EQUALS agent.example', [text('hostname', 'other')], false],
  ['hostname EQUALS other', [text('hostname', 'other')], true],
];

function constraint(line: string): JobConstraint {
  const [attribute = '', operator = '', value = ''] = line.split(' ');
  if (operator === 'EQUALS' || operator === 'LIKE' || operator === 'UNLIKE') {
    return { attribute, operator, value };
  }
  throw new Error(`${operator} is no operator`);
}

function offerWith(attributes: readonly Attribute[]) {
  return {
    id: { value: 'o' },
    framework_id: { value: 'f' },
    agent_id: { value: 'a' },
    hostname: 'agent.example',
    attributes,
  };
}

for (const [line, attributes, meets] of ROWS) {
  const names = attributes.map(({ name, type }) => `${name} (${type})`).join(', ') || 'nothing';
  test(`'${line}' is ${meets ? '' : 'not '}met with ${names}`, () => {
    assert.equal(meetsConstraints([constraint(line)], offerWith(attributes)), meets);
  });
}

test('all constraints must be met', () => {
  const offer = offerWith(RACK);
  const both = [constraint('rack EQUALS rack-1'), constraint('dc EQUALS south')];
  assert.equal(meetsConstraints(both.slice(0, 1), offer), true);
  assert.equal(meetsConstraints(both, offer), false);
  assert.equal(meetsConstraints([], offer), true);
});
