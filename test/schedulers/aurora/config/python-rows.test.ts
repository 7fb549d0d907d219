/** What Python 2.7 prints for regular expressions and for the builtins beyond the usual. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, printed, refusal } from './support/load.ts';

const IMPORTS = 'import hashlib, json, os, re\n';

/** Expression to what `print` shows. */
const EXPRESSIONS: readonly (readonly [expression: string, shown: string])[] = [
  ["re.match('a', 'b')", 'None'],
  [
    "re.match('(a)(b)?', 'ac').groups(), re.match('(a)(b)?', 'ac').groups('x')",
    "('a', None) ('a', 'x')",
  ],
  [
    "re.search('b+', 'abbb').span(), re.search('b+', 'abbb').start(), re.search('b+', 'abbb').end()",
    '(1, 4) 1 4',
  ],
  [
    "re.match(r'(?P<role>\\w+)/(?P<env>\\w+)', 'www/prod').groupdict()",
    "{'role': 'www', 'env': 'prod'}",
  ],
  ["re.match(r'(?P<a>.)(.)', 'xy').group('a', 2, 0)", "('x', 'y', 'xy')"],
  ["re.match('((a)b)?c', 'c').group(1), re.match('x', 'x').group()", 'None x'],
  [
    "re.findall(r'\\d+', 'a1b22'), re.findall(r'(\\w)(\\d)', 'a1b2'), re.findall('a*', 'baac')",
    "['1', '22'] [('a', '1'), ('b', '2')] ['', 'aa', '', '']",
  ],
  ["[m.group() for m in re.finditer('[ab]', 'xaxb')]", "['a', 'b']"],
  [
    "re.sub(r'[\\b\\a-\\t]', '.', 'a\\b\\t\\v'), re.findall(r'\\n\\r\\f\\v\\\\\\-', '\\n\\r\\f\\v\\\\-')",
    "a..\u000b ['\\n\\r\\x0c\\x0b\\\\-']",
  ],
  [
    "re.split(',', 'a,b,c'), re.split('(,)', 'a,b'), re.split(r'\\s*', 'a b'), re.split(',', 'a,b,c', 1)",
    "['a', 'b', 'c'] ['a', ',', 'b'] ['a', 'b'] ['a', 'b,c']",
  ],
  [
    "re.sub('a', 'b', 'aaa'), re.sub('a', 'b', 'aaa', 2), re.subn('a', 'b', 'aa')",
    "bbb bba ('bb', 2)",
  ],
  [
    "re.sub(r'(\\w)(\\w)', r'\\2\\1', 'abcd'), re.sub(r'(?P<x>a)', r'<\\g<x>\\g<1>>', 'ab')",
    'badc <aa>b',
  ],
  ["re.sub('b*', '-', 'abc'), re.sub(r'x', r'\\n\\\\', 'x')", '-a-c- \n\\'],
  ["re.sub(r'\\d', lambda m: str(int(m.group()) + 1), 'a1b2')", 'a2b3'],
  ["re.escape('a.b-c d'), re.escape('a_1')", 'a\\.b\\-c\\ d a\\_1'],
  [
    "re.compile('a', re.I).match('A').group(), re.compile('a').pattern, re.compile('(a)(?P<n>b)').groups",
    'A a 2',
  ],
  [
    "re.findall('^a$', 'a\\na', re.M), re.findall('^a$', 'a\\na'), re.search('a.b', 'a\\nb', re.S).span()",
    "['a', 'a'] [] (0, 3)",
  ],
  [
    "re.match(r'a b # c', 'ab', re.X).span(), re.match('(?x) a b', 'ab').span(), re.match('(?i)A', 'a').group()",
    '(0, 2) (0, 2) a',
  ],
  [
    "re.findall(r'\\bfoo\\b', 'foo food foo'), re.findall(r'oo\\B', 'foo food')",
    "['foo', 'foo'] ['oo']",
  ],
  [
    "re.match('a{2}', 'aaa').span(), re.match('a{1,2}', 'aaa').span(), re.match('a{,2}', 'aaa').span(), re.match('a{2,}', 'aaa').span()",
    '(0, 2) (0, 2) (0, 2) (0, 3)',
  ],
  [
    "re.match('a*?', 'aa').span(), re.match('a+?b', 'aab').span(), re.match('(ab)+?', 'abab').span(), re.match('a{x', 'a{x').span()",
    '(0, 0) (0, 3) (0, 2) (0, 3)',
  ],
  [
    "re.match('(a|ab)(c|bcd)', 'abcd').groups(), re.match('(?:a|b)+', 'abba').span(), re.match('a||b', 'b').span()",
    "('a', 'bcd') (0, 4) (0, 0)",
  ],
  [
    "re.match('[^a-c]+', 'xyza').span(), re.match('[]a]+', ']a').span(), re.match('[a-]+', 'a-').span(), re.match(r'[\\d\\s]+', '1 2').span()",
    '(0, 3) (0, 2) (0, 2) (0, 3)',
  ],
  [
    "re.search('(?<=a)b', 'ab').span(), re.search('(?<!a)b', 'abb').span(), re.search('a(?=b)', 'aab').span(), re.search('a(?!b)', 'aba').span()",
    '(1, 2) (2, 3) (1, 2) (2, 3)',
  ],
  [
    "re.match(r'(.)\\1', 'aa').span(), re.match('(?P<q>[\\'\"]).*(?P=q)', '\"a\"').span(), re.match('(a)?(?(1)b|c)', 'ab').span(), re.match('(a)?(?(1)b|c)', 'c').span()",
    '(0, 2) (0, 3) (0, 2) (0, 1)',
  ],
  [
    "re.match(r'\\x41\\101\\t', 'AA\\t').span(), re.match(r'\\A\\d\\D\\s\\S\\w\\W\\Z', '1a bc-').span(), re.match('(?#note)a', 'a').span()",
    '(0, 3) (0, 6) (0, 1)',
  ],
  [
    "re.compile('b').search('abb', 2).span(), re.compile('b').match('ab', 1).span(), re.compile('b').findall('abb', 0, 2)",
    "(2, 3) (1, 2) ['b']",
  ],
  [
    "re.match('a', 'a').expand(r'<\\g<0>>'), re.match('(a)', 'a').string, re.match('(a)', 'a').re.pattern",
    '<a> a (a)',
  ],
  [
    "re.I, re.M | re.S, re.compile('a', re.I).flags, re.compile('(?P<x>a)').groupindex",
    "2 24 2 {'x': 1}",
  ],
  [
    "re.match('(a*)*b', 'aaaaaaaaaab').span(), re.match('(?:(a)|b)*', 'ab').groups(), re.match('()*', '').groups()",
    "(0, 11) ('a',) ('',)",
  ],
];

const BUILTINS: readonly (readonly [expression: string, shown: string])[] = [
  ["'abcb'.rfind('b'), 'abcb'.index('b'), 'abcb'.rindex('b'), 'abc'.rfind('x')", '3 1 3 -1'],
  [
    "'a=b=c'.partition('='), 'a=b=c'.rpartition('='), 'a'.partition('='), 'a'.rpartition('=')",
    "('a', '=', 'b=c') ('a=b', '=', 'c') ('a', '', '') ('', '', 'a')",
  ],
  [
    "'a,b,c'.rsplit(',', 1), ' a b  c '.rsplit(None, 1), 'a b'.rsplit(), 'a,b'.rsplit(',')",
    "['a,b', 'c'] [' a b', 'c'] ['a', 'b'] ['a', 'b']",
  ],
  [
    "'x'.ljust(3) + '|', 'x'.rjust(3), 'x'.center(4) + '|', 'ab'.center(5, '.'), 'abc'.ljust(2, '-')",
    'x  |   x  x  | ..ab. abc',
  ],
  [
    "'aB'.swapcase(), 'ab'.isalpha(), 'a1'.isalpha(), 'a1'.isalnum(), ' \\t'.isspace(), 'AB'.isupper(), 'ab1'.islower(), ''.isalpha()",
    'Ab True False True True True True False',
  ],
  ['reduce(lambda a, b: a + b, [1, 2, 3]), reduce(lambda a, b: a * b, [], 5)', '6 5'],
  [
    'map(lambda a, b: (a, b), [1, 2], [3]), map(None, [1], [2]), map(None, [1])',
    '[(1, 3), (2, None)] [(1, 2)] [1]',
  ],
  [
    "hex(255), hex(-1), oct(8), oct(0), bin(5), pow(2, 5), divmod(7, 2), cmp(1, 2), cmp('b', 'a')",
    '0xff -0x1 010 0 0b101 32 (3, 1) -1 1',
  ],
  ["int('0x1f', 16), int('1f', 16), int('0b11', 2), int('0o17', 8), int('17', 8)", '31 31 3 15 15'],
  [
    "json.dumps([1, {'a': 2}], separators=(',', ':')), json.dumps({'b': [], 'a': [1]}, sort_keys=True, indent=1)",
    '[1,{"a":2}] {\n "a": [\n  1\n ], \n "b": []\n}',
  ],
  ['json.dumps([[1]], indent=-2)', '[\n[\n1\n]\n]'],
  [
    "os.path.split('/a/b'), os.path.split('a'), os.path.splitext('a.tar.gz'), os.path.splitext('.bashrc'), os.path.isabs('/a'), os.path.normpath('a/../b//c')",
    "('/a', 'b') ('', 'a') ('a.tar', '.gz') ('.bashrc', '') True b/c",
  ],
  ["hashlib.new('md5', 'x').hexdigest() == hashlib.md5('x').hexdigest()", 'True'],
];

for (const [expression, shown] of [...EXPRESSIONS, ...BUILTINS]) {
  test(`${expression} is ${JSON.stringify(shown)}`, () => {
    assert.deepEqual(printed(`${IMPORTS}print ${expression}`), [shown]);
  });
}

const BROKEN: readonly (readonly [pattern: string, error: string])[] = [
  ['(', 'unbalanced parenthesis'],
  ['a)', 'unbalanced parenthesis'],
  ['[a', 'unexpected end of regular expression'],
  ['*a', 'nothing to repeat'],
  ['a**', 'multiple repeat'],
  ['a\\', 'bogus escape (end of line)'],
  ['(?P<1>a)', "bad character in group name '1'"],
  ['(?P<a>b)(?P<a>c)', "redefinition of group name 'a' as group 2; was group 1"],
  ['(?P=x)', "unknown group name: 'x'"],
  ['\\2(a)', "bogus escape: '\\\\2'"],
  ['(?<=a+)b', 'look-behind requires fixed-width pattern'],
  ['[b-a]', 'bad character range'],
  ['a{3,2}', 'bad repeat interval'],
  ['(?z)', 'unexpected end of pattern'],
  ['(\\1)', 'cannot refer to open group'],
  ['\\x4', "bogus escape: '\\\\x4'"],
  ['(?P<a', 'unterminated name'],
  ['(?P<>a)', 'missing group name'],
];

for (const [pattern, error] of BROKEN) {
  test(`the pattern ${pattern} is refused: ${error}`, () => {
    const program = `import re\nre.compile(${JSON.stringify(pattern)})`;
    assert.equal(refusal(program), `error: ${error}`);
  });
}

test('a broken pattern can be caught as re.error', () => {
  const program = "import re\ntry:\n  re.compile('(')\nexcept re.error as e:\n  print e";
  assert.deepEqual(printed(program), ['unbalanced parenthesis']);
});

test('a pattern that would take for ever ends in an error', () => {
  const limits = { stepsMax: 20_000, elementsMax: 20_000, charactersMax: 200_000, depthMax: 500 };
  for (const pattern of ['(a*)*b', '(a|aa)+$', '((a+)+)+$', '(?:a?){30}a{30}']) {
    const loaded = load(`import re\nre.match('${pattern}', 'a' * 40 + 'c')`, {}, limits);
    assert.match(loaded.ok ? 'loaded' : loaded.error, /too many steps|recursion/, pattern);
  }
  const long = load("import re\nprint re.match('(?:ab)*', 'ab' * 5000)");
  assert.match(long.ok ? 'loaded' : long.error, /recursion|loaded/);
});

test('long paths and separators take no long time, and no room', () => {
  const program = "import os\nprint os.path.splitext('a' * 200000)[1] == ''";
  assert.deepEqual(printed(program), ['True']);
  assert.deepEqual(
    printed("import os\nfor p in ['/a.b/c', '..', 'x/..a', 'x/.a.b']: print os.path.splitext(p)"),
    ["('/a.b/c', '')", "('..', '')", "('x/..a', '')", "('x/.a', '.b')"],
  );
  const long = "import json\njson.dumps([1, 2], separators=(',' * 1000, ':'))";
  assert.match(refusal(long), /separators are too long/);
});

const PROGRAMS: readonly (readonly [name: string, text: string, lines: readonly string[]])[] = [
  [
    'print as a function of the future',
    "from __future__ import print_function, absolute_import\nprint('a', 1, sep='-')\nprint()",
    ['a-1', ''],
  ],
  [
    'raise with a message',
    "try:\n  raise ValueError, 'why'\nexcept ValueError, e:\n  print e",
    ['why'],
  ],
  [
    'keys that are missing',
    "try:\n  raise KeyError('a')\nexcept KeyError as e:\n  print e\ntry:\n  {}['b']\nexcept KeyError as e:\n  print e",
    ["'a'", "'b'"],
  ],
  [
    'slices of lists',
    'l = [1, 2, 3, 4]\nl[1:3] = [9]\nprint l\nl[:0] = [0]\nprint l\ndel l[-2:]\nprint l\nl[5:] = [7]\nprint l',
    ['[1, 9, 4]', '[0, 1, 9, 4]', '[0, 1]', '[0, 1, 7]'],
  ],
];

for (const [name, text, lines] of PROGRAMS) {
  test(`${name} do what Python does`, () => {
    assert.deepEqual(printed(text), lines);
  });
}

test('what is not known of the future, and JSON of an open file', () => {
  assert.equal(
    refusal('from __future__ import division'),
    'SyntaxError: future feature division is not supported in configurations',
  );
  const files = { '/x.json': '{"a": [1]}' };
  const program = "import json\nwith open('/x.json') as f: print json.load(f)['a']";
  assert.deepEqual(printed(program, { files }), ['[1]']);
});
