import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { load, printed, refusal } from './support/load.ts';

/** Expression to what `print` shows, as Python 2 prints it. */
const EXPRESSIONS: readonly (readonly [expression: string, shown: string])[] = [
  // Numbers.
  ['7 / 2', '3'],
  ['-7 / 2', '-4'],
  ['-7 % 3', '2'],
  ['7 / 2.0', '3.5'],
  ['7 // 2.0', '3.0'],
  ['2 ** 10', '1024'],
  ['2 ** -1', '0.5'],
  ['-2 ** 2', '-4'],
  ['2 ** 3 ** 2', '512'],
  ['(-1) ** 1000001', '-1'],
  ['0x10 + 0777 + 0b11 + 0o17 + 10L', '555'],
  ['.10, 1e3, 1., 1e16, 1e-5, 0.1 + 0.2', '0.1 1000.0 1.0 1e+16 1e-05 0.3'],
  ['[0.1 + 0.2, 1e16]', '[0.30000000000000004, 1e+16]'],
  ['1 << 4 | 3 & 2 ^ 1', '19'],
  ['~5, +5, --5', '-6 5 5'],
  ['True + 1, 1 == 1.0, 3 > 2.5', '2 True True'],
  ['int("42"), int("ff", 16), int(-3.7), float("1.5"), bool([])', '42 255 -3 1.5 False'],
  ['round(2.5), abs(-3), sum([1, 2, 3]), min(3, 1), max([2, 5])', '3.0 3 6 1 5'],
  // Strings.
  [`'a' "b" '''c''' """d"""`, 'abcd'],
  [`u'x' + r'\\n' + b'y' + ur'\\d'`, 'x\\ny\\d'],
  [`'\\x41\\101\\t\\q' == 'AA\t' + r'\\q'`, 'True'],
  [`u'\\u00e9', '\\u00e9'`, 'é \\u00e9'],
  [`'%s-%d-%05.1f-%r-%x-%%' % ('a', 7, 2.55, 'q', 255)`, `a-7-002.5-'q'-ff-%`],
  [`'%(a)s %(b)5d|%(b)-4d|' % {'a': 1, 'b': 2}`, '1     2|2   |'],
  [
    `'{0}{1}{0} {n!r} {2:>4}|{2:<4}|{2:^4}|{2:04d}'.format('a', 'b', 7, n='x')`,
    `aba 'x'    7|7   | 7  |0007`,
  ],
  [`'{} {} {{}}'.format(1, 2)`, '1 2 {}'],
  [
    `'{a[k]} {l[1]} {f:.2f} {n:,}'.format(a={'k': 1}, l=[1, 2], f=1.005, n=1234567)`,
    '1 2 1.00 1,234,567',
  ],
  [`','.join(['a', 'b']), 'a,b,c'.split(',', 1), ' a  b '.split()`, `a,b ['a', 'b,c'] ['a', 'b']`],
  [`'  x '.strip() + 'xxyx'.strip('x') + 'ab'.upper() + 'AB'.lower()`, 'xyABab'],
  [
    `'a-b-c'.replace('-', '+', 1), 'abc'.startswith(('x', 'a')), 'abc'.endswith('bc')`,
    'a+b-c True True',
  ],
  [`'abc'[0], 'abc'[-1], 'abc'[1:], 'abcdef'[::2], 'abc'[::-1], 'ab' * 2`, 'a c bc ace cba abab'],
  [`'b' in 'abc', 'abc'.find('c'), len('abc'), 'a\\nb'.splitlines()`, `True 2 3 ['a', 'b']`],
  [`["it's", 'say "x"', 'a\\n']`, `["it's", 'say "x"', 'a\\n']`],
  // Collections.
  ['[x * 2 for x in range(5) if x % 2]', '[2, 6]'],
  ['[(a, b) for a in [1, 2] for b in "xy"]', `[(1, 'x'), (1, 'y'), (2, 'x'), (2, 'y')]`],
  ['{k: v for k, v in zip("ab", [1, 2])}', `{'a': 1, 'b': 2}`],
  ['sorted({x for x in [3, 1, 3]})', '[1, 3]'],
  ['sum(x for x in range(4)), (1,), ()', '6 (1,) ()'],
  ['[1, 2, 3][1:], (1, 2) + (3,), [0] * 3, [1] + [2]', '[2, 3] (1, 2, 3) [0, 0, 0] [1, 2]'],
  ['range(1, 10, 3), range(3, 0, -1), xrange(2)', '[1, 4, 7] [3, 2, 1] [0, 1]'],
  ['sorted([3, 1, 2], reverse=True), sorted(["bb", "a"], key=len)', `[3, 2, 1] ['a', 'bb']`],
  [
    'map(str, [1, 2]), filter(None, [0, 1]), zip([1, 2], "ab"), enumerate("a")',
    `['1', '2'] [1] [(1, 'a'), (2, 'b')] [(0, 'a')]`,
  ],
  ['dict(a=1, **{"b": 2}), dict([("c", 3)])', `{'a': 1, 'b': 2} {'c': 3}`],
  ['{"a": 1}.get("b", 7), {"a": 1}.items(), "a" in {"a": 1}', `7 [('a', 1)] True`],
  ['list("ab"), tuple([1]), set([1, 1])', `['a', 'b'] (1,) set([1])`],
  ['[1, [2]] == [1, [2]], (1, 2) < (1, 3), [] is [], None is None', 'True True False True'],
  // Logic.
  ['1 < 2 < 3, not 1, 1 and 2, 0 or "x", 1 if [] else 2', 'True False 2 x 2'],
  ['1 not in [2], 1 is not None, 3 <> 4', 'True True True'],
  ['(lambda a, b=2, *c, **d: (a, b, c, d))(1, 3, 4, z=5)', `(1, 3, (4,), {'z': 5})`],
  ['isinstance("a", basestring), isinstance(1, (str, int)), hasattr("", "join")', 'True True True'],
  ['getattr("x", "nope", 3), repr("x"), any([0, 1]), all([0])', `3 'x' True False`],
  ['str(1.0) + str(None) + str(True) + str([1])', '1.0NoneTrue[1]'],
];

for (const [expression, shown] of EXPRESSIONS) {
  test(`${expression.replaceAll('\n', '\\n')} is ${shown}`, () => {
    assert.deepEqual(printed(`print ${expression}\n`), [shown]);
  });
}

const PROGRAMS: readonly (readonly [name: string, text: string, lines: readonly string[]])[] = [
  [
    'assignments to tuples, chains and items',
    'a = b = 1\nc, (d, e) = 2, (3, 4)\nx = {}\nx["k"] = [a]\nx["k"][0] += 5\nprint a, b, c, d, e, x',
    ["1 1 2 3 4 {'k': [6]}"],
  ],
  [
    'functions with defaults, closures, and their own names',
    'n = 1\ndef f(x, y=2, *rest, **kw):\n  n = x\n  def g():\n    return n + y\n  return g(), rest, kw\nprint f(5), f(1, 2, 3, k=4), n',
    ["(7, (), {}) (3, (3,), {'k': 4}) 1"],
  ],
  ['global names', 'n = 1\ndef f():\n  global n\n  n += 1\nf()\nf()\nprint n', ['3']],
  [
    'loops with else, break and continue',
    'for i in range(9):\n  if i == 1: continue\n  if i == 3: break\n  print i\nelse:\n  print "no"\nwhile i < 5:\n  i += 1\nelse:\n  print "end", i',
    ['0', '2', 'end 5'],
  ],
  [
    'if, elif and else',
    'for x in [1, 2, 3]:\n  if x == 1:\n    print "a"\n  elif x == 2: print "b"\n  else:\n    print "c"',
    ['a', 'b', 'c'],
  ],
  [
    'try, except, else and finally',
    'def f(x):\n  try:\n    return {"k": 1}[x]\n  except (KeyError, ValueError) as e:\n    return "no %s" % e\n  finally:\n    print "f"\nprint f("k"), f("z")',
    ['f', 'f', "1 no 'z'"],
  ],
  [
    'raise with own classes, and again',
    'class Mine(ValueError): pass\ntry:\n  try:\n    raise Mine("m")\n  except ValueError, e:\n    raise\nexcept Exception as e:\n  print e, isinstance(e, Mine)',
    ['m True'],
  ],
  [
    'lines joined in brackets and by backslash',
    'x = [1,\n  2, # two\n\n 3]\ny = 1 + \\\n  2\nprint x, y; print 4',
    ['[1, 2, 3] 3', '4'],
  ],
  [
    'tabs, blank lines and comments between blocks',
    'def f():\n\t# c\n\n\tx = 1\n        \n\treturn x\n# d\nprint(f())\n',
    ['1'],
  ],
  [
    'line ends of other systems',
    'if True:\r\n  x = """a\r\nb"""\r\n  print repr(x)\r\n',
    ["'a\\nb'"],
  ],
  [
    'del and assert',
    'x = {"a": 1, "b": 2}\ndel x["a"]\nl = [1, 2]\ndel l[0]\nassert x, "no"\nprint x, l',
    ["{'b': 2} [2]"],
  ],
  [
    'methods that change lists',
    'l = [1]\nl.append(2)\nl.extend([3])\nl.insert(0, 0)\nl.sort(reverse=True)\nprint l, l.pop(), l.index(2)',
    ['[3, 2, 1, 0] 0 1'],
  ],
  [
    'methods that change dictionaries',
    'd = {}\nd.update({"a": 1}, b=2)\nc = d.copy()\nc["a"] = 9\nprint d, d.keys(), d.values(), c["a"]',
    ["{'a': 1, 'b': 2} ['a', 'b'] [1, 2] 9"],
  ],
  [
    'the modules',
    'import os, hashlib, json as j, time, sys\nfrom getpass import getuser\nfrom os.path import join, basename\nprint os.getenv("A"), os.getenv("N", "d"), os.environ.get("N"), os.environ["A"], "N" in os.environ\nprint getuser(), join("a", "b", "/c", "d"), basename("/x/y"), os.path.abspath("../z"), time.time()\nprint hashlib.md5("x").hexdigest(), j.loads(\'{"a": [1, 2.5, null]}\'), j.dumps({"b": [True, 1.0]}, sort_keys=True)',
    [
      '1 d None 1 False',
      'someone /c/d y /home/z 1480000000.5',
      '9dd4e461268c8034f5c8564e155c67a6 {\'a\': [1, 2.5, None]} {"b": [true, 1.0]}',
    ],
  ],
];

for (const [name, text, lines] of PROGRAMS) {
  test(`${name} do what Python does`, () => {
    assert.deepEqual(printed(text, { environment: { A: '1' } }), lines);
  });
}

/** Text to the last line of the error. */
const ERRORS: readonly (readonly [text: string, error: string])[] = [
  ['x = (1', 'SyntaxError: unexpected EOF while parsing'],
  ["x = 'a", 'SyntaxError: EOL while scanning string literal'],
  ['x = """a', 'SyntaxError: EOF while scanning triple-quoted string literal'],
  ['if 1:\nx = 1', 'SyntaxError: expected an indented block'],
  ['  x = 1', 'IndentationError: unexpected indent'],
  [
    'if 1:\n    x = 1\n  y = 2',
    'IndentationError: unindent does not match any outer indentation level',
  ],
  ['x = 09', 'SyntaxError: invalid token'],
  ['f() = 1', "SyntaxError: can't assign to function call"],
  ['def f(a, a): pass', "SyntaxError: duplicate argument 'a' in function definition"],
  ['@d\ndef f(): pass', 'SyntaxError: decorators are not supported in configurations'],
  ['def f():\n  yield 1', 'SyntaxError: yield is not supported in configurations'],
  [
    'class A(Struct):\n  def f(self): pass',
    'SyntaxError: a class may only assign attributes in configurations',
  ],
  ['import socket', 'ImportError: No module named socket'],
  ['from os import system', 'ImportError: cannot import name system'],
  ['import os\nos.system("x")', "AttributeError: 'module' object has no attribute 'system'"],
  ['x', "NameError: name 'x' is not defined"],
  [
    'def f():\n  x += 1\nx = 1\nf()',
    "UnboundLocalError: local variable 'x' referenced before assignment",
  ],
  ["'a' + 1", "TypeError: cannot concatenate 'str' and 'int' objects"],
  ["1 + 'a'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"],
  ['1 / 0', 'ZeroDivisionError: integer division or modulo by zero'],
  ["{'a': 1}['b']", "KeyError: 'b'"],
  ['[1][1]', 'IndexError: list index out of range'],
  ["'%d' % 'x'", 'TypeError: %d format: a number is required, not str'],
  ["'%s' % (1, 2)", 'TypeError: not all arguments converted during string formatting'],
  ['a, b = 1, 2, 3', 'ValueError: too many values to unpack'],
  ['a, b = [1]', 'ValueError: need more than 1 value to unpack'],
  ['{[]: 1}', "TypeError: unhashable type: 'list'"],
  ["int('x')", "ValueError: invalid literal for int() with base 10: 'x'"],
  ['assert False, "why"', 'AssertionError: why'],
  ['raise ValueError("v")', 'ValueError: v'],
  ['None()', "TypeError: 'NoneType' object is not callable"],
  ['(lambda a: a)()', "TypeError: <lambda>() needs argument 'a'"],
  ['len(1)', "TypeError: object of type 'int' has no len()"],
  ['return 1', "SyntaxError: 'return' outside of its block"],
  ["open('/etc/passwd')", "IOError: [Errno 2] No such file or directory: '/etc/passwd'"],
  ["open('x', 'w')", "IOError: [Errno 13] configurations may only read files: 'x'"],
  ["''.__class__", "AttributeError: 'str' object has no attribute '__class__'"],
  ['x = constructor', "NameError: name 'constructor' is not defined"],
  ['{}.constructor', "AttributeError: 'dict' object has no attribute 'constructor'"],
];

for (const [text, error] of ERRORS) {
  test(`${text.replaceAll('\n', '\\n')} is refused: ${error}`, () => {
    assert.equal(refusal(text), error);
  });
}

test('an error names file, line and column, and the calls that led there', () => {
  const loaded = load("include('parts/a.aurora')\nx = boom(1)\n", {
    files: { '/jobs/parts/a.aurora': 'def boom(n):\n  return n + nothing\n' },
  });
  assert.deepEqual(loaded, {
    ok: false,
    error: [
      "name 'nothing' is not defined",
      'Traceback (most recent call last):',
      '  File "/jobs/main.aurora", line 2, column 9',
      '    x = boom(1)',
      '            ^',
      '  File "/jobs/parts/a.aurora", line 2, column 14',
      '    return n + nothing',
      '               ^',
      "NameError: name 'nothing' is not defined",
    ].join('\n'),
  });
});

test('an included file runs in the same namespace, relative to the file that includes it', () => {
  const files = {
    '/jobs/sub/a.aurora': "include('../b.aurora')\nA = B + 1\n",
    '/jobs/b.aurora': 'B = 1\n',
  };
  assert.deepEqual(printed("include('sub/a.aurora')\nprint A, B\n", { files }), ['2 1']);
  assert.match(
    refusal("include('c.aurora')"),
    /^IOError: .*No such file or directory: 'c.aurora'$/,
  );
  const itself = { '/jobs/loop.aurora': "include('loop.aurora')" };
  assert.match(refusal("include('loop.aurora')", { files: itself }), /^(?:RuntimeError|IOError): /);
});

test('a file is digested by its bytes, whether they are text or not', () => {
  const files = { '/pkg/text': 'x', '/pkg/bytes': Uint8Array.of(0xff, 0x00) };
  const program = (path: string): string =>
    `import hashlib\nwith open('${path}', 'rb') as f:\n  print hashlib.md5(f.read()).hexdigest()\n`;
  assert.deepEqual(printed(program('/pkg/text'), { files }), ['9dd4e461268c8034f5c8564e155c67a6']);
  assert.deepEqual(printed(program('/pkg/bytes'), { files }), [digestOfBytes]);
});

const digestOfBytes = createHash('md5').update(Uint8Array.of(0xff, 0x00)).digest('hex');

const ENDLESS: readonly (readonly [name: string, text: string, error: RegExp])[] = [
  ['an endless loop', 'while True: pass', /too many steps/],
  ['endless recursion', 'def f(): return f()\nf()', /maximum recursion depth/],
  [
    'recursion that is caught',
    'def f():\n  try:\n    f()\n  except Exception:\n    f()\nf()',
    /maximum recursion depth|too many steps/,
  ],
  ['doubling text', 'x = "ab"\nwhile True: x = x + x', /too much text/],
  ['doubling lists', 'x = [1]\nwhile True: x += x', /too many elements/],
  ['repeated text', 'x = "a" * 10 ** 9', /too much text/],
  ['a range', 'x = range(10 ** 9)', /too many elements/],
  ['a large number', 'x = 10 ** 10 ** 10', /too large/],
  ['a growing number', 'x = 10\nwhile True: x = x * x', /too large/],
  ['a wide format', 'x = "%999999999d" % 1', /too large/],
  ['text that is printed for ever', 'while True: print "x" * 1000', /too much text|too many steps/],
  [
    'lists in lists that are printed',
    'x = []\nfor i in range(40): x = [x, x, x]\nprint x',
    /too much text|too many steps/,
  ],
  [
    'brackets in brackets',
    `x = ${'['.repeat(101)}${']'.repeat(101)}`,
    /too many nested parentheses/,
  ],
  ['signs before signs', `x = ${'-'.repeat(500)}1`, /too many levels of nesting/],
  ['a long chain of operators', `x = ${'1+'.repeat(500)}1`, /too many operators/],
  [
    'references that double at each level',
    "d = dict(('a%d' % i, '{{a%d}}{{a%d}}' % (i + 1, i + 1)) for i in range(60))\nprint String('{{a0}}').bind(d)",
    /too many steps|too much text/,
  ],
];

for (const [name, text, error] of ENDLESS) {
  test(`${name} end in an error`, () => {
    const limits = { stepsMax: 20_000, elementsMax: 20_000, charactersMax: 200_000, depthMax: 500 };
    const loaded = load(text, {}, limits);
    assert.match(loaded.ok ? 'loaded' : loaded.error, error);
  });
}
