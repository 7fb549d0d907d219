/** Methods of strings, lists, tuples, dictionaries and sets (spec aurora, section 2.3). */
import { formatWith } from './format-method.ts';
import { type Methods, method } from './method-rows.ts';
import { NativeFunction, onlyPositional } from './native.ts';
import { areEqual } from './operators.ts';
import { sorted } from './sorting.ts';
import { STRING } from './string-methods.ts';
import { reprOf } from './text-of.ts';
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
  type Value,
} from './values.ts';

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
  pop: method(1, 2, (self, [key = null, otherwise], calls) => {
    const found = self.get(key) ?? otherwise;
    if (found === undefined) throw raised('KeyError', reprOf(key, calls));
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
