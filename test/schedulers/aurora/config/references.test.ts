import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fragmentsOf } from '../../../../schedulers/aurora/config/pystachio/references.ts';
import { load, printed } from './support/load.ts';

const TOKENS: readonly (readonly [text: string, found: readonly string[]])[] = [
  ['{{a}}', ['a']],
  ['{{a.b[c].d}}', ['a.b[c].d']],
  ['{{thermos.ports[http-1]}}', ['thermos.ports[http-1]']],
  ['{{docker.image[library/python][2.7]}}', ['docker.image[library/python][2.7]']],
  ['x{{a}}y{{b}}', ['a', 'b']],
  ['{{a}', []],
  ['{{}}', []],
  ['{{ a }}', []],
  ['{{a b}}', []],
  ['{{1a}}', []],
  ['{{[a]}}', []],
  ['{{.Names}}', []],
  ['{{&a}}', []],
  ['{{{a}}}', ['a']],
];

for (const [text, found] of TOKENS) {
  test(`the references in ${text} are ${found.join(' and ') || 'none'}`, () => {
    const references = fragmentsOf(text).flatMap((each) =>
      typeof each === 'string' ? [] : [each.text],
    );
    assert.deepEqual(references, found);
  });
}

const RESOLVED: readonly (readonly [name: string, text: string, shown: string])[] = [
  ["a struct's own field", "Process(name='n', cmdline='echo {{name}}').cmdline()", 'echo n'],
  ['a bound name', "String('{{x}}').bind(x=1)", '1'],
  [
    'a dotted name of a bound dictionary',
    "String('{{a.b}}{{a.c[0]}}').bind(a={'b': 1, 'c': [2]})",
    '12',
  ],
  ['a field of a bound struct', "String('{{p.cmdline}}').bind(p=Process(cmdline='c'))", 'c'],
  [
    'the fields of a struct that is bound itself',
    "String('{{cmdline}}').bind(Process(cmdline='c'))",
    'c',
  ],
  [
    'an item by number, and an entry by key',
    "Task(name='{{processes[1].name}}{{m[k]}}', processes=[Process(name='a'), Process(name='b')]).bind(m=Map(String, String)({'k': 'v'})).name()",
    'bv',
  ],
  ['an unbound name, which stays', "String('{{x}} {{y}}').bind(x='z')", 'z {{y}}'],
  ['an escaped one, which becomes the text', "String('{{&x}}').bind(x=1)", '{{x}}'],
  [
    'the field before what is bound',
    "Process(name='field', cmdline='{{name}}').bind(name='bound').cmdline()",
    'field',
  ],
  ['the latest of what is bound', "String('{{x}}').bind(x='first').bind(x='second')", 'second'],
  [
    'the inner before the outer binding',
    "Task(processes=[Process(cmdline='{{x}}').bind(x='inner')]).bind(x='outer').processes()[0].cmdline()",
    'inner',
  ],
  [
    'the outer binding where the inner has none',
    "Task(processes=[Process(cmdline='{{x}}').bind(y=1)]).bind(x='outer').processes()[0].cmdline()",
    'outer',
  ],
  [
    "the enclosing struct's field",
    "Task(user='u', processes=[Process(cmdline='{{user}}')]).processes()[0].cmdline()",
    'u',
  ],
  [
    "the enclosing struct's field by super",
    "Task(name='t', processes=[Process(name='p', cmdline='{{super.name}}{{name}}')]).processes()[0].cmdline()",
    'tp',
  ],
  ['a reference in what was put in', "String('{{a}}').bind(a='{{b}}', b='{{c}}', c='end')", 'end'],
  [
    'a number that a text stands for',
    "Process(max_failures='{{n}}').bind(n=3).max_failures().get() + 1",
    '4',
  ],
];

for (const [name, text, shown] of RESOLVED) {
  test(`a reference is resolved to ${name}`, () => {
    assert.deepEqual(printed(`print ${text}`), [shown]);
  });
}

test('a struct that refers to itself keeps the reference', () => {
  const loaded = load("print Process(name='{{name}}').name()");
  assert.deepEqual(loaded.ok && loaded.value.printed, ['{{name}}']);
});

test('references that refer to each other in a circle stay', () => {
  const program = "print String('{{a}}-{{b}}').bind(a='{{b}}', b='{{a}}')";
  assert.deepEqual(printed(program), ['{{a}}-{{b}}']);
});

test('values are immutable: calling and binding make copies', () => {
  const program = [
    "a = Process(name='a', cmdline='{{x}}')",
    "b = a(name='b')",
    'c = a.bind(x=1)',
    'print a.name(), b.name(), a.cmdline(), c.cmdline(), a == b, a == a(), a(name="b") == b',
  ].join('\n');
  assert.deepEqual(printed(program), ['a b {{x}} 1 False True True']);
});

test('structs of the configuration have defaults, requirements and heirs', () => {
  const program = [
    'class A(Struct):',
    '  """Documented."""',
    '  name = Required(String)',
    "  n = Default(Integer, '3')",
    '  opt = String',
    'class B(A):',
    "  more = Default(List(String), ['x'])",
    "b = B({'n': 4}, name='b')",
    'print b.n(), b.more().get(), b.has_opt(), b.opt() is Empty, isinstance(b, A), isinstance(A(), B)',
    'print A().check().message()',
  ].join('\n');
  assert.deepEqual(printed(program), ["4 ['x'] False True True False", 'A[name] is required.']);
});
