/** What a configuration sees of typed values: comparisons, accessors, `interpolate()`. Each row was run on Python 2.7 with pystachio 0.8.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printed } from './support/load.ts';

const TYPES = `
class Size(Struct):
  cpu = Required(Float)
  ram = Integer
class Step(Struct):
  name = Required(String)
  line = String
  size = Default(Size, Size(cpu=1.0))
class Plan(Struct):
  name = Default(String, 'plan-{{steps[0].name}}')
  steps = List(Step)
  sizes = Map(String, Size)
class Inner(Struct):
  value = Integer
class Outer(Struct):
  inner = Inner
  value = Integer
Number = Choice((Integer, Float))
NumberOrText = Choice([String, List(Integer)])
Colour = Enum('Colour', ('Red', 'Blue'))
Either = Choice([Inner, String])
class Chosen(Struct):
  either = Either
  number = Number
`;

const ROWS: readonly (readonly [expression: string, shown: string])[] = [
  // Equal is what is equal once references have been resolved.
  ["Plan(steps=[Step(name='a')]).name() == String('plan-a')", 'True'],
  ["Plan().name() == String('plan-{{steps[0].name}}')", 'True'],
  ["List(Integer)([1, '{{n}}']).bind(n=23) == List(Integer)([1, 23])", 'True'],
  ["Plan(sizes={'a': Size()}) == Plan(sizes={'{{k}}': Size()}).bind(k='a')", 'True'],
  ["Step(name='a') == Step(name='a', size=Size(cpu=1))", 'True'],
  ["Step(name='a') == Step(name='a', size=Size())", 'False'],
  ["Boolean('0') == Boolean(False)", 'True'],
  ['Integer(1) == 1', 'False'],
  ['Integer(1) == Float(1)', 'False'],
  ["String('a') in ['a']", 'False'],
  ["String('a') in [String('a')]", 'True'],
  // Order.
  [
    'Integer(1) < Integer(2), Integer(2) < Integer(1), Integer(2) >= Integer(2)',
    '(True, False, True)',
  ],
  ["String('b') > String('{{x}}').bind(x='a')", 'True'],
  ['Float(2) < Integer(1), Integer(1) < Float(2), Integer(1) > Float(0)', '(True, True, False)'],
  ['[each.get() for each in sorted([Integer(3), Integer(1)])]', '[1, 3]'],
  // Nothing is refused before it is looked at.
  ["Integer('x').check().ok(), Size(cpu='x').check().ok()", '(False, False)'],
  ["Size(cpu='x')(cpu=2).check().ok()", 'True'],
  ["Number('1.x').check().ok()", 'False'],
  // interpolate() and %.
  ["String('{{a}} {{b}}').bind(a=1).interpolate()", '(String(1 {{b}}), [Ref(b)])'],
  ["List(Integer)(['{{a}}']) % {'a': 2}", 'IntegerList(2)'],
  ["Float('{{a}}.{{b}}') % {'a': 1, 'b': '2e3'} == Float(1.2e3)", 'True'],
  ["Step(name='{{n}}').bind(n='x').interpolate()[0].name()", 'x'],
  ["isinstance(Number('{{n}}').bind(n='3').interpolate()[0], Integer)", 'True'],
  ["isinstance(Number('{{n}}').bind(n='3.4').interpolate()[0], Float)", 'True'],
  // get() does not resolve, an accessor does.
  ["String('{{a}}').bind(a=1).get()", '{{a}}'],
  ["Step(name='{{n}}').bind(n='x').name().get()", 'x'],
  ["Outer(inner=Inner(value='{{super.value}}'), value=23).inner().value().get()", '23'],
  ["Outer(inner=Inner(value=5), value='{{self.inner.value}}').value().get()", '5'],
  // Choices.
  ["Number('{{a}}{{b}}').bind(a=12, b='.34').unwrap() == Float(12.34)", 'True'],
  ["Number('{{a}}{{b}}').bind(a=12, b=23).unwrap() == Integer(1223)", 'True'],
  [
    "NumberOrText([1, '{{x}}']).check().ok(), NumberOrText([1, '{{x}}']).bind(x=3).check().ok()",
    '(False, True)',
  ],
  ["repr(NumberOrText('hello'))", "Choice_String_IntegerList('hello')"],
  ["Number('{{a}}').get(), Number('{{a}}').bind(a=1).get()", "('{{a}}', 1)"],
  ["Either({'value': '{{z}}'}).get()['value']", '{{z}}'],
  ['Chosen(either=Inner(value=3), number=1)', 'Chosen(either=Inner(value=3),\n       number=1)'],
  ["List(NumberOrText)(['a', [1]])", 'Choice_String_IntegerListList(a, IntegerList(1))'],
  // Names.
  ["String('{{a.b}} {{a.c}}').bind({'a': {'b': 1}, 'a.c': 2})", '1 2'],
  ["String('{{a.b}}').bind({Ref.from_address('a.b'): 3})", '3'],
  [
    "Ref.from_address('a.b') == Ref.from_address('a.b'), repr(Ref.from_address('a[b]'))",
    "(True, 'Ref(a[b])')",
  ],
  // Texts.
  [
    'repr(Float(1)), repr(Boolean(True)), repr(Boolean(0))',
    "('Float(1.0)', 'Boolean(True)', 'Boolean(False)')",
  ],
  ["repr(List(String)(['a', '{{b}}']))", 'StringList(a, {{b}})'],
  ["repr(Map(String, Integer)({'a': 1}))", 'StringIntegerMap(a => 1)'],
  ["repr(Colour('Red'))", 'Colour(Red)'],
  ["str(Inner(value='{{x}}').bind(x=4))", 'Inner(value=4)'],
  [
    "Integer(1).check(), Integer('{{a}}').check()",
    "(TypeCheck(OK), TypeCheck(FAILED): u'{{a}}' not an integer)",
  ],
  // The rest.
  [
    'isinstance(List(String)([]), List(String)), isinstance(List(String)([]), List(Integer))',
    '(True, False)',
  ],
  ["Step(name='a').copy().name(), bool(Inner().value())", '(String(a), True)'],
  ['Inner.json_loads(\'{"value": 1, "other": 2}\').json_dumps()', '{"value": 1}'],
  ["Step(name='a').line() is Empty", 'True'],
];

for (const [expression, shown] of ROWS) {
  test(`${expression} is ${shown}`, () => {
    assert.deepEqual(printed(`${TYPES}\nresult = ${expression}\nprint '%s' % (result,)\n`), [
      shown,
    ]);
  });
}

test('the struct of a text that cannot be decoded strictly is refused', () => {
  const program = `${TYPES}\ntry:\n  Inner.json_loads('{"other": 2}', strict=True)\n  print 'read'\nexcept Exception as e:\n  print e`;
  assert.deepEqual(printed(program), ['Unknown schema attribute other']);
});
