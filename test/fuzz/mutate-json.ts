/** Mutations that know JSON: of the tree, which keeps it JSON, and of the text, which may not. */
import type { Dice } from './dice.ts';
import { isFields } from './recorded.ts';

/** Texts that have broken parsers, paths, roles and ids before. */
export const NASTY_TEXTS: readonly [string, ...string[]] = [
  '',
  ' ',
  '*',
  '/',
  '.',
  '..',
  '-',
  'a/',
  '/a',
  'a//b',
  'a/../b',
  '../../etc/passwd',
  '\0',
  'a\0b',
  'role1',
  'eng/web',
  '-x',
  '__proto__',
  'constructor',
  'toString',
  'undefined',
  'null',
  'NaN',
  '0',
  '1e309',
  '-0',
  '\u{1f600}',
  '\ud800',
  'é',
  '%',
  '%zz',
  '%00',
  '%2e%2e%2f',
  '\r\nX: y',
  '{}',
  '[]',
  '<script>',
  '5secs',
  '-1secs',
  '1e100weeks',
  '[1-0]',
  '[0-18446744073709551615]',
  'cpus:1;mem:',
  '\'"`',
  '$(id)',
  'a'.repeat(300),
  'a/'.repeat(400),
  '\\',
  'AAAA',
  'AAAAAAAAAAAAAAAAAAAAAA==',
  'AAAAAAAAEACAAAAAAAAAAA==',
];

const NASTY_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, '', [], {}],
  ...[[null], [[]], { value: 'x' }, { '': {} }],
];

const NASTY_NUMBERS: readonly [number, ...number[]] = [
  0,
  -0,
  1,
  -1,
  0.1,
  0.0001,
  1e-320,
  1.5,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  2 ** 64,
  -(2 ** 63),
  1e18,
  1e300,
  -1e300,
  1.7976931348623157e308,
];

/** What a JSON text may hold that no JSON value is. */
const NASTY_TOKENS: readonly [string, ...string[]] = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '-1e999',
  '01',
  '1.',
  '.5',
  '+1',
  '0x10',
  'nul',
  'True',
  '',
  '"\\u12"',
  '"\\ud800"',
  '"\\x"',
  '"\n"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '{"":0}',
  '/**/',
  '\ufeff',
  '\0',
  '"',
  '123456789012345678901234567890',
  '-',
  '1e',
  '[[[[[[[[',
  '"a":1',
];

/** Longest text of a value that was repeated. */
const GROWN_MAX = 20_000;

/** Longest text of a value that was nested: reading one of 5 MB alone takes 100 ms. */
const NESTED_MAX = 500_000;

/** How deep a value is nested into itself; the last one is deeper than any stack. */
const NESTINGS: readonly [number, ...number[]] = [2, 3, 20, 99, 101, 499, 501, 3_000, 40_000];

type Path = readonly (string | number)[];

/** A copy of the tree with one thing changed. */
export function mutateTree(dice: Dice, tree: unknown, words: readonly string[]): unknown {
  const path = dice.pickAny(pathsOf(tree)) ?? [];
  return changeAt(tree, path, (value) => change(dice, value, path.at(-1), words));
}

function change(
  dice: Dice,
  value: unknown,
  key: string | number | undefined,
  words: readonly string[],
): unknown {
  // Most changes keep the type: what the schema refuses at once reaches nothing behind it.
  if (!dice.once(6)) {
    if (typeof value === 'number') return dice.pick(NASTY_NUMBERS);
    if (typeof value === 'boolean') return !value;
    if (typeof value === 'string') return changedText(dice, value, words);
    if (Array.isArray(value) && dice.once(2)) return grown(dice, value);
  }
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
      return REMOVED;
    case 3:
      return dice.pickAny(NASTY_VALUES);
    case 4:
      return dice.pick(NASTY_TEXTS);
    case 5:
      return dice.pick(NASTY_NUMBERS);
    case 6:
      return [value, value];
    case 7:
      return dice.once(30) ? nested(dice, value, key) : { [String(key)]: value };
    case 8:
      return grown(dice, value);
    default:
      return renamed(dice, value, words);
  }
}

function changedText(dice: Dice, value: string, words: readonly string[]): string {
  if (dice.once(3)) return dice.pickAny(words) ?? '';
  if (dice.once(3)) return value + dice.pick(NASTY_TEXTS);
  return dice.once(5)
    ? value.repeat(dice.pick([2, 100])).slice(0, GROWN_MAX)
    : dice.pick(NASTY_TEXTS);
}

/** The value inside itself, many times: `{"parent": {"parent": ...}}`. */
function nested(dice: Dice, value: unknown, key: string | number | undefined): unknown {
  let tree = value;
  const name = typeof key === 'string' ? key : 'parent';
  const depth = dice.pick(NESTINGS);
  const isList = dice.once(3);
  const isSmall = isFields(value) && sizeOf(value) * depth < NESTED_MAX;
  const base = isSmall ? value : {};
  for (let level = 0; level < depth; level += 1) tree = isList ? [tree] : { ...base, [name]: tree };
  return tree;
}

function grown(dice: Dice, value: unknown): unknown {
  const count = dice.pick([2, 3, 10, 100]);
  if (sizeOf(value) * count > GROWN_MAX) return value;
  if (Array.isArray(value)) return Array.from({ length: count }, () => value).flat();
  if (typeof value === 'string') return value.repeat(count);
  if (typeof value === 'number') return value * 10 ** count;
  return Array.from({ length: Math.min(count, 10) }, () => value);
}

function renamed(dice: Dice, value: unknown, words: readonly string[]): unknown {
  if (!isFields(value))
    return typeof value === 'string' ? `${value}${dice.pick(NASTY_TEXTS)}` : value;
  const entries = Object.entries(value);
  const at = dice.below(Math.max(1, entries.length));
  return Object.fromEntries(
    entries.map(([key, each], index) => [
      index === at ? (dice.pickAny(words) ?? dice.pick(NASTY_TEXTS)) : key,
      each,
    ]),
  );
}

/** Length of its text; endless for what is too deep to be written. */
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const REMOVED: unique symbol = Symbol('removed');

/** Where everything in the tree is, the tree itself included; not more than a few hundred places. */
function pathsOf(tree: unknown): readonly Path[] {
  const paths: Path[] = [[]];
  const visit = (value: unknown, path: Path): void => {
    if (paths.length > 400) return;
    const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
      ? value.map((each, at) => [at, each] as const)
      : isFields(value)
        ? Object.entries(value)
        : [];
    for (const [key, each] of entries) {
      paths.push([...path, key]);
      visit(each, [...path, key]);
    }
  };
  visit(tree, []);
  return paths;
}

function changeAt(tree: unknown, path: Path, update: (value: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) {
    const changed = update(tree);
    return changed === REMOVED ? {} : changed;
  }
  if (Array.isArray(tree)) {
    return tree.flatMap((each: unknown, at) => {
      if (at !== first) return [each];
      const changed = rest.length === 0 ? update(each) : changeAt(each, rest, update);
      return changed === REMOVED ? [] : [changed];
    });
  }
  if (!isFields(tree)) return tree;
  const entries = Object.entries(tree).flatMap(([key, each]): [string, unknown][] => {
    if (key !== first) return [[key, each]];
    const changed = rest.length === 0 ? update(each) : changeAt(each, rest, update);
    return changed === REMOVED ? [] : [[key, changed]];
  });
  return Object.fromEntries(entries);
}

/** JSON text of a tree that may be deeper than `JSON.stringify` can go. */
export function jsonText(tree: unknown): string {
  try {
    return JSON.stringify(tree) ?? '';
  } catch {
    return deepText(tree);
  }
}

/** Follows the last member down; the trees of `nested` hold their depth there. */
function deepText(tree: unknown): string {
  let [head, tail, inner] = ['', '', tree];
  for (;;) {
    if (Array.isArray(inner) && inner.length === 1) {
      [head, tail, inner] = [`${head}[`, `]${tail}`, inner[0]];
    } else if (isFields(inner)) {
      const entries = Object.entries(inner);
      const deepest = entries.pop();
      if (deepest === undefined) return `${head}{}${tail}`;
      const before = entries
        .map(([key, each]) => `${JSON.stringify(key)}:${shallow(each)},`)
        .join('');
      head += `{${before}${JSON.stringify(deepest[0])}:`;
      [tail, inner] = [`}${tail}`, deepest[1]];
    } else {
      return head + shallow(inner) + tail;
    }
  }
}

function shallow(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return 'null';
  }
}

/** The text with one token changed. */
export function mutateJsonText(dice: Dice, text: string): string {
  const token = dice.pick(NASTY_TOKENS);
  if (dice.once(2)) {
    const at = dice.below(text.length + 1);
    return text.slice(0, at) + token + text.slice(at);
  }
  const values = [
    ...text.matchAll(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|"(?:[^"\\]|\\.)*"|true|false|null/g),
  ];
  const found = dice.pickAny(values);
  if (found === undefined) return text + token;
  return text.slice(0, found.index) + token + text.slice(found.index + found[0].length);
}
