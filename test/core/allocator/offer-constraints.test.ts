import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMinAllocatable, parseWeights } from '../../../core/allocator/flag-values.ts';
import { compileConstraints } from '../../../core/allocator/offer-constraints.ts';
import type {
  AttributeConstraint,
  AttributeConstraintPredicate,
  OfferConstraints,
} from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type { AgentInfo } from '../../../core/wire/types/mesos.v1.ts';

const agent: AgentInfo = {
  hostname: 'h1',
  attributes: [
    { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
    { name: 'size', type: 'SCALAR', scalar: { value: 3 } },
  ],
};

const compile = (name: string, predicate: AttributeConstraintPredicate) =>
  compileConstraints({
    role_constraints: {
      web: {
        groups: [{ attribute_constraints: [{ selector: { attribute_name: name }, predicate }] }],
      },
    },
  });

test('each predicate treats absent, text and other attributes as the table says', () => {
  const table: readonly (readonly [AttributeConstraintPredicate, boolean, boolean, boolean])[] = [
    [{ exists: {} }, false, true, true],
    [{ not_exists: {} }, true, false, false],
    [{ text_equals: { value: 'r1' } }, false, true, true],
    [{ text_equals: { value: 'r2' } }, false, false, true],
    [{ text_not_equals: { value: 'r1' } }, true, false, true],
    [{ text_matches: { regex: 'r' } }, false, false, true],
    [{ text_matches: { regex: '(?i)R\\d' } }, false, true, true],
    [{ text_matches: { regex: '(?P<x>r)1' } }, false, true, true],
    [{ text_not_matches: { regex: 'r.' } }, true, false, true],
  ];
  for (const [predicate, ...expected] of table) {
    const seen = ['none', 'rack', 'size'].map((name) => {
      const compiled = compile(name, predicate);
      assert.ok(compiled.ok);
      return compiled.value.allows('web', agent);
    });
    assert.deepEqual(seen, expected, JSON.stringify(predicate));
  }
});

test('roles without constraints are free', () => {
  const compiled = compile('none', { exists: {} });
  assert.ok(compiled.ok && compiled.value.allows('db', agent));
});

test('malformed constraints are refused with the original sentence', () => {
  const bad = (predicate: AttributeConstraintPredicate): string => {
    const compiled = compile('rack', predicate);
    return compiled.ok ? '' : compiled.error;
  };
  assert.equal(bad({}), "A role web has an invalid 'AttributeConstraint': Unknown predicate type");
  const complaints: Readonly<Record<string, string>> = {
    '(?=a)': 'invalid perl operator: (?=',
    '(?<!a)': 'invalid perl operator: (?<',
    '(a)\\1': 'invalid escape sequence: \\1',
    'a)(b': 'unexpected ): a)(b',
    '(ab': 'missing ): (ab',
    'x[ab': 'missing ]: [ab',
    '*a': 'no argument for repetition operator: *',
    'a**': 'bad repetition operator: **',
    'a\\': 'trailing \\',
    '[z-a]': 'invalid character class range: z-a',
  };
  for (const [regex, complaint] of Object.entries(complaints)) {
    const where = "A role web has an invalid 'AttributeConstraint'";
    const text = `${where}: Failed to construct regex from pattern '${regex}': ${complaint}`;
    assert.equal(bad({ text_matches: { regex } }), text);
  }
  for (const regex of ['(a{10}){20}', 'a'.repeat(200)]) {
    assert.match(
      bad({ text_matches: { regex } }),
      /is too complex: program size of \d+ is larger than maximum of 100/,
    );
  }
  assert.deepEqual(compileConstraints({ role_constraints: { a: {} } }), {
    ok: false,
    error: "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role a",
  });
});

test('flag values are read', () => {
  const minimum = parseMinAllocatable('cpus:0.01|mem:32;disk:1');
  assert.ok(minimum.ok);
  assert.deepEqual(
    minimum.value.map((each) => [...each]),
    [
      [['cpus', 0.01]],
      [
        ['mem', 32],
        ['disk', 1],
      ],
    ],
  );
  assert.deepEqual(parseMinAllocatable(''), { ok: true, value: [] });
  assert.ok(!parseMinAllocatable('cpus').ok);
  const weights = parseWeights('a=2,b/c=0.5');
  assert.deepEqual(weights.ok && [...weights.value], [
    ['a', 2],
    ['b/c', 0.5],
  ]);
  for (const text of ['a', 'a=0', 'a=x', '/a=1']) assert.ok(!parseWeights(text).ok);
});

test('selectors, groups and weights are refused with the whole sentence of the original', () => {
  const exists = { exists: {} };
  const one = (selector: AttributeConstraint['selector']): OfferConstraints => ({
    role_constraints: {
      web: { groups: [{ attribute_constraints: [{ selector, predicate: exists }] }] },
    },
  });
  const invalid = "A role web has an invalid 'AttributeConstraint': ";
  const both =
    "Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set";
  const rows: readonly (readonly [OfferConstraints, string])[] = [
    [one({}), invalid + both],
    [one({ attribute_name: 'a', pseudoattribute_type: 'ZONE' }), invalid + both],
    [one({ pseudoattribute_type: 'UNKNOWN' }), `${invalid}Unknown pseudoattribute type`],
    [
      { role_constraints: { web: { groups: [{}] } } },
      "'OfferConstraints::RoleConstraints::groups' for role webcontains an empty RoleConstraints::Group",
    ],
    [
      { role_constraints: { web: {} } },
      "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role web",
    ],
  ];
  for (const [constraints, error] of rows) {
    assert.deepEqual(compileConstraints(constraints), { ok: false, error });
  }
  assert.deepEqual(parseWeights('web:2'), {
    ok: false,
    error: "Invalid weight: 'web:2'. --weights should be of the form 'role=weight,role=weight'",
  });
});
