/** Methods of strings, lists, tuples, dictionaries and sets (spec aurora, section 2.3). */
import { formatWith } from './format-method.ts';
import { NativeFunction, onlyPositional, stringOf } from './native.ts';
import { areEqual, searched } from './operators.ts';
import { sorted } from './sorting.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  iterate,
  keyOf,
  PyDict,
  PyList,
  PySet,
  PyTuple,
  raised,
  typeName,
  type Value,
} from './values.ts';

interface Method<T> {
  readonly arity: readonly [min: number, max: number];
  readonly body: (self: T, args: readonly Value[], calls: Calls) => Value;
}

type Methods<T> = Readonly<Record<string, Method<T>>>;

function method<T>(min: number, max: number, body: Method<T>['body']): Method<T> {
  return { arity: [min, max], body };
}

const STRING: Methods<string> = {
  join: method(1, 1, (self, [list = null], calls) => {
    const parts = iterate(list).map((each, at) => {
      if (typeof each === 'string') return each;
      throw raised('TypeError', `sequence item ${at}: expected string, ${typeName(each)} found`);
    });
    const separators = self.length * Math.max(0, parts.length - 1);
    calls.budget.characters(parts.reduce((sum, each) => sum + each.length, separators));
    return parts.join(self);
  }),
  split: method(0, 2, (self, [separator = null, max = -1n], calls) => {
    if (typeof separator === 'string') searched(self, separator, calls);
    const parts = split(self, separator, indexOf(max));
    calls.budget.elements(parts.length);
    calls.budget.characters(self.length);
    return new PyList(parts);
  }),
  splitlines: method(0, 0, (self, _args, calls) => {
    const lines = self.split(/\r\n|\r|\n/);
    if (lines.at(-1) === '') lines.pop();
    calls.budget.elements(lines.length);
    calls.budget.characters(self.length);
    return new PyList(lines);
  }),
  replace: method(2, 3, (self, [from = null, to = null, max = -1n], calls) => {
    const limit = indexOf(max);
    searched(self, stringOf(from, 'replace()'), calls);
    const parts = self.split(stringOf(from, 'replace()'));
    const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
    const by = stringOf(to, 'replace()');
    calls.budget.characters(self.length + by.length * Math.max(0, count));
    if (count <= 0) return self;
    return `${parts.slice(0, count + 1).join(by)}${['', ...parts.slice(count + 1)].join(String(from))}`;
  }),
  strip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'both')),
  lstrip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'left')),
  rstrip: method(0, 1, (self, [chars = null]) => stripped(self, chars, 'right')),
  lower: method(0, 0, (self, _args, calls) => counted(self.toLowerCase(), calls)),
  upper: method(0, 0, (self, _args, calls) => counted(self.toUpperCase(), calls)),
  title: method(0, 0, (self, _args, calls) =>
    counted(
      self.toLowerCase().replaceAll(/[a-z]+/g, (word) => word[0]?.toUpperCase() + word.slice(1)),
      calls,
    ),
  ),
  capitalize: method(0, 0, (self, _args, calls) =>
    counted(self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(), calls),
  ),
  startswith: method(1, 1, (self, [start = null]) => anyOf(start, (each) => self.startsWith(each))),
  endswith: method(1, 1, (self, [end = null]) => anyOf(end, (each) => self.endsWith(each))),
  find: method(1, 1, (self, [text], calls) => {
    searched(self, stringOf(text, 'find()'), calls);
    return BigInt(self.indexOf(String(text)));
  }),
  count: method(1, 1, (self, [text], calls) => {
    searched(self, stringOf(text, 'count()'), calls);
    return BigInt(self.split(String(text)).length - 1);
  }),
  isdigit: method(0, 0, (self) => /^\d+$/.test(self)),
  zfill: method(1, 1, (self, [width = 0n], calls) => {
    calls.budget.characters(indexOf(width));
    const sign = /^[-+]/.exec(self)?.[0] ?? '';
    return sign + self.slice(sign.length).padStart(indexOf(width) - sign.length, '0');
  }),
  encode: method(0, 2, (self) => self),
  decode: method(0, 2, (self) => self),
};

function counted(text: string, calls: Calls): string {
  calls.budget.characters(text.length);
  return text;
}

function split(text: string, separator: Value, max: number): string[] {
  if (separator !== null && stringOf(separator, 'split()') === '')
    throw raised('ValueError', 'empty separator');
  const by = separator === null ? undefined : String(separator);
  const from = by === undefined ? text.trimStart() : text;
  const parts =
    by === undefined ? (from === '' ? [] : from.trimEnd().split(/\s+/)) : from.split(by);
  if (max < 0 || parts.length <= max + 1) return parts;
  if (by !== undefined) return [...parts.slice(0, max), parts.slice(max).join(by)];
  const head = parts.slice(0, max);
  let rest = from;
  for (const each of head) rest = rest.slice(each.length).trimStart();
  return [...head, rest];
}

function stripped(text: string, chars: Value, side: 'left' | 'right' | 'both'): string {
  const wanted = chars === null ? undefined : new Set(stringOf(chars, 'strip()'));
  const isStripped = (char: string | undefined): boolean =>
    char !== undefined && (wanted === undefined ? /\s/.test(char) : wanted.has(char));
  let from = 0;
  let to = text.length;
  if (side !== 'right') while (from < to && isStripped(text[from])) from += 1;
  if (side !== 'left') while (to > from && isStripped(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function anyOf(value: Value, test: (text: string) => boolean): boolean {
  const texts = value instanceof PyTuple ? value.items : [value];
  return texts.some((each) => test(stringOf(each, 'startswith()')));
}

const LIST: Methods<PyList> = {
  append: method(1, 1, (self, [value = null], calls) => {
    calls.budget.elements(1);
    self.items.push(value);
    return null;
  }),
  extend: method(1, 1, (self, [more = null], calls) => {
    const items = iterate(more);
    calls.budget.elements(items.length);
    for (const each of items) self.items.push(each);
    return null;
  }),
  insert: method(2, 2, (self, [at = null, value = null], calls) => {
    calls.budget.elements(1);
    calls.budget.step(1 + self.items.length / 100);
    self.items.splice(indexOf(at), 0, value);
    return null;
  }),
  pop: method(0, 1, (self, [at = -1n]) => {
    const index = indexOf(at);
    const [taken] = self.items.splice(index < 0 ? index + self.items.length : index, 1);
    if (taken === undefined) throw raised('IndexError', 'pop index out of range');
    return taken;
  }),
  remove: method(1, 1, (self, [value = null], calls) => {
    const at = self.items.findIndex((each) => areEqual(each, value, calls));
    if (at === -1) throw raised('ValueError', 'list.remove(x): x not in list');
    self.items.splice(at, 1);
    return null;
  }),
  index: method(1, 1, (self, [value = null], calls) => {
    const at = self.items.findIndex((each) => areEqual(each, value, calls));
    if (at === -1) throw raised('ValueError', 'value is not in list');
    return BigInt(at);
  }),
  count: method(1, 1, (self, [value = null], calls) =>
    BigInt(self.items.filter((each) => areEqual(each, value, calls)).length),
  ),
  reverse: method(0, 0, (self, _args, calls) => {
    calls.budget.step(self.items.length);
    self.items.reverse();
    return null;
  }),
};

const DICT: Methods<PyDict> = {
  get: method(1, 2, (self, [key = null, otherwise = null]) => self.get(key) ?? otherwise),
  has_key: method(1, 1, (self, [key = null]) => self.entries.has(keyOf(key))),
  keys: method(0, 0, (self, _args, calls) => listOf(iterate(self), calls)),
  values: method(0, 0, (self, _args, calls) =>
    listOf(
      [...self.entries.values()].map(([, value]) => value),
      calls,
    ),
  ),
  items: method(0, 0, (self, _args, calls) =>
    listOf(
      [...self.entries.values()].map((pair) => new PyTuple(pair)),
      calls,
    ),
  ),
  copy: method(0, 0, (self, _args, calls) => {
    calls.budget.elements(self.entries.size);
    return PyDict.from(self.entries.values());
  }),
  pop: method(1, 2, (self, [key = null, otherwise]) => {
    const found = self.get(key) ?? otherwise;
    if (found === undefined) throw raised('KeyError', keyOf(key).slice(2));
    self.delete(key);
    return found;
  }),
  setdefault: method(1, 2, (self, [key = null, otherwise = null], calls) => {
    calls.budget.elements(1);
    const found = self.get(key) ?? otherwise;
    self.set(key, found);
    return found;
  }),
};
const DICT_ALIASES: Readonly<Record<string, string>> = {
  iteritems: 'items',
  iterkeys: 'keys',
  itervalues: 'values',
};

const SET: Methods<PySet> = {
  add: method(1, 1, (self, [value = null], calls) => {
    calls.budget.elements(1);
    self.entries.set(keyOf(value), value);
    return null;
  }),
  copy: method(0, 0, (self, _args, calls) => {
    calls.budget.elements(self.entries.size);
    return new PySet(self.entries.values());
  }),
};

function listOf(items: readonly Value[], calls: Calls): PyList {
  calls.budget.elements(items.length);
  return new PyList([...items]);
}

/** Undefined when the value has no such method. */
export function methodOf(value: Value, name: string): NativeFunction | undefined {
  if (typeof value === 'string') {
    if (name === 'format')
      return new NativeFunction(name, (args, calls) => formatWith(value, args, calls));
    return bound(STRING, value, name);
  }
  if (value instanceof PyList) {
    if (name === 'sort') {
      return new NativeFunction(name, (args, calls) => {
        value.items = sorted(value, args, calls);
        return null;
      });
    }
    return bound(LIST, value, name);
  }
  if (value instanceof PyTuple) return tupleMethod(value, name);
  if (value instanceof PyDict) {
    if (name === 'update')
      return new NativeFunction(name, (args, calls) => update(value, args, calls));
    return bound(DICT, value, DICT_ALIASES[name] ?? name);
  }
  return value instanceof PySet ? bound(SET, value, name) : undefined;
}

function tupleMethod(value: PyTuple, name: string): NativeFunction | undefined {
  return name === 'index' || name === 'count'
    ? bound(LIST, new PyList([...value.items]), name)
    : undefined;
}

function bound<T>(methods: Methods<T>, self: T, name: string): NativeFunction | undefined {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (found === undefined) return undefined;
  return new NativeFunction(name, (args, calls) => {
    calls.budget.step();
    return found.body(self, onlyPositional(name, args, found.arity), calls);
  });
}

/** `dict(...)` and `update(...)`: a dictionary or pairs, then keywords. */
export function update(self: PyDict, args: CallArguments, calls: Calls): null {
  const [from, ...more] = args.positional;
  if (more.length > 0) throw raised('TypeError', 'expected at most 1 arguments');
  if (from instanceof PyDict) {
    calls.budget.elements(from.entries.size);
    for (const [key, value] of [...from.entries.values()]) self.set(key, value);
  } else if (from !== undefined) {
    const pairs = iterate(from);
    calls.budget.elements(pairs.length);
    for (const pair of pairs) {
      const [key, value, ...rest] = iterate(pair);
      if (key === undefined || value === undefined || rest.length > 0) {
        throw raised('ValueError', 'dictionary update sequence element is no pair');
      }
      self.set(key, value);
    }
  }
  calls.budget.elements(args.keywords.size);
  for (const [name, value] of args.keywords) self.set(name, value);
  return null;
}
