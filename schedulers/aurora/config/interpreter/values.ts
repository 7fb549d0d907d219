/**
 * The values of the language. None is `null`, an int a `bigint`, a float a `number`, both kinds of strings a `string`;
 * everything else is a class of this file or an object of the library on top (`PyObject`).
 */
import type { Budget } from './budget.ts';
import { ConfigError } from './source.ts';

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | PyList
  | PyTuple
  | PyDict
  | PySet
  | PyObject;

export interface CallArguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
}

/** What functions written by us may use of the interpreter. */
export interface Calls {
  readonly budget: Budget;
  call(callee: Value, args: CallArguments): Value;
  /** Text of `str(value)`. */
  text(value: Value): string;
}

export class PyList {
  items: Value[];

  constructor(items: Value[]) {
    this.items = items;
  }
}

export class PyTuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** Keys by what they are equal to; in order of insertion. */
export class PyDict {
  readonly entries = new Map<string, readonly [key: Value, value: Value]>();

  static from(pairs: Iterable<readonly [Value, Value]>): PyDict {
    const dict = new PyDict();
    for (const [key, value] of pairs) dict.set(key, value);
    return dict;
  }

  get(key: Value): Value | undefined {
    return this.entries.get(keyOf(key))?.[1];
  }

  set(key: Value, value: Value): void {
    const id = keyOf(key);
    this.entries.set(id, [this.entries.get(id)?.[0] ?? key, value]);
  }

  delete(key: Value): boolean {
    return this.entries.delete(keyOf(key));
  }
}

export class PySet {
  readonly entries = new Map<string, Value>();

  constructor(items: Iterable<Value> = []) {
    for (const item of items) {
      const id = keyOf(item);
      if (!this.entries.has(id)) this.entries.set(id, item);
    }
  }
}

/** Functions, modules, exceptions, files; types and objects of the schema. */
export abstract class PyObject {
  abstract readonly typeName: string;

  repr(): string {
    return `<${this.typeName}>`;
  }

  text(_calls: Calls): string {
    return this.repr();
  }

  /** Undefined when there is none. */
  attribute(_name: string): Value | undefined {
    return undefined;
  }

  /** Says what is wrong with a name that is no attribute. */
  missingAttribute(name: string): ConfigError {
    return raised('AttributeError', `'${this.typeName}' object has no attribute '${name}'`);
  }

  call(_args: CallArguments, _calls: Calls): Value {
    throw raised('TypeError', `'${this.typeName}' object is not callable`);
  }

  item(_key: Value): Value {
    throw raised('TypeError', `'${this.typeName}' object is not subscriptable`);
  }

  /** Undefined: the operator is not known to it. */
  binary(
    _operator: string,
    _other: Value,
    _isReflected: boolean,
    _calls: Calls,
  ): Value | undefined {
    return undefined;
  }

  iterate(): readonly Value[] | undefined {
    return undefined;
  }

  contains(_value: Value): boolean | undefined {
    return undefined;
  }

  equals(other: Value, _calls: Calls | undefined = undefined): boolean {
    return this === other;
  }

  /** Below zero when this comes first; undefined: they have no order. */
  order(_other: Value, _calls: Calls): number | undefined {
    return undefined;
  }

  isTruthy(): boolean {
    return true;
  }

  /** As a key of a dictionary. Undefined: cannot be one. */
  hashKey(): string | undefined {
    return undefined;
  }

  /** `class X(this):` */
  subclass(_name: string, _attributes: ReadonlyMap<string, Value>): Value {
    throw raised('TypeError', `'${this.typeName}' cannot be the base of a class in configurations`);
  }

  /** Whether `isinstance(value, this)`; undefined when this is no type. */
  isTypeOf(_value: Value): boolean | undefined {
    return undefined;
  }
}

/** An error to throw where the place is not known: the evaluator puts in where it happened. */
export function raised(kind: string, message: string): ConfigError {
  return new ConfigError(kind, message);
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'str';
    case 'object':
      break;
  }
  if (value instanceof PyList) return 'list';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PyDict) return 'dict';
  if (value instanceof PySet) return 'set';
  return value.typeName;
}

/** Equal values have equal keys: `1`, `1.0` and `True` are one key. */
export function keyOf(value: Value, depth = 0): string {
  if (value === null) return 'none';
  if (typeof value === 'string') return `s:${value}`;
  if (typeof value === 'boolean') return value ? 'n:1' : 'n:0';
  if (typeof value === 'bigint') return `n:${value}`;
  if (typeof value === 'number') return `n:${Object.is(value, -0) ? 0 : value}`;
  if (value instanceof PyTuple) {
    if (depth > KEY_DEPTH_MAX) throw raised('RuntimeError', 'maximum recursion depth exceeded');
    return `t(${value.items.map((each) => `${JSON.stringify(keyOf(each, depth + 1))}`).join()})`;
  }
  const key = value instanceof PyObject ? value.hashKey() : undefined;
  if (key === undefined) throw raised('TypeError', `unhashable type: '${typeName(value)}'`);
  return key;
}

/** Keys of nested tuples are quoted in each other, which doubles their length with each level. */
const KEY_DEPTH_MAX = 6;

export function isTruthy(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '')
    return false;
  if (value instanceof PyList || value instanceof PyTuple) return value.items.length > 0;
  if (value instanceof PyDict || value instanceof PySet) return value.entries.size > 0;
  return value instanceof PyObject ? value.isTruthy() : true;
}

const LOOP_TEXT_MAX = 1_000_000;

/** The elements that a loop over the value sees. */
export function iterate(value: Value): readonly Value[] {
  if (typeof value === 'string') {
    if (value.length > LOOP_TEXT_MAX) throw raised('MemoryError', 'text is too long for a loop');
    return [...value];
  }
  if (value instanceof PyList) return [...value.items];
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return [...value.entries.values()];
  if (value instanceof PyDict) return [...value.entries.values()].map(([key]) => key);
  const items = value instanceof PyObject ? value.iterate() : undefined;
  if (items === undefined) throw raised('TypeError', `'${typeName(value)}' object is not iterable`);
  return items;
}

export function isNumeric(value: Value): value is boolean | bigint | number {
  return typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';
}

/** A whole number as JavaScript has it; `what` says what it is for. */
export function indexOf(value: Value, what = 'an integer is required'): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'bigint') throw raised('TypeError', what);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw raised('OverflowError', 'number is too large');
  return number;
}
