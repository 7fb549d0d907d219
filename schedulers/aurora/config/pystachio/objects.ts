/**
 * Typed values (spec aurora, section 2.5). They are immutable: `bind`, calling and assigning of attributes make
 * new ones. Texts with references stay as they are until `interpolate.ts` resolves them.
 */
import { positional } from '../interpreter/native.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  PyDict,
  PyList,
  PyObject,
  PyTuple,
  raised,
  type Value,
} from '../interpreter/values.ts';
import { interpolate, textOfScalar } from './interpolate.ts';
import { fingerprint, shownObject } from './object-text.ts';
import { jsonOf, plainValue } from './plain.ts';
import { RefValue } from './ref-value.ts';
import { rawData, resolved, unwrapped } from './resolved.ts';
import type { ScalarType } from './scalar-type.ts';
import type { SchemaType } from './schema-type.ts';
import { type Chain, type Scope, scopesOf } from './scopes.ts';
import type { ChoiceType, StructType } from './types.ts';

export type ScalarData = string | bigint | number | boolean;

export abstract class SchemaObject extends PyObject {
  abstract readonly type: SchemaType;
  /** Bound to this object, latest first. */
  abstract readonly scopes: Chain;

  abstract withScopes(scopes: Chain): SchemaObject;

  override repr(): string {
    return shownObject(this);
  }

  override text(calls: Calls): string {
    return shownObject(resolved(this, calls));
  }

  override hashKey(): string {
    return fingerprint(this);
  }

  get typeName(): string {
    return this.type.name;
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'bind':
        return new Method('bind', (args) => this.bind(args));
      case 'in_scope':
        return new Method('in_scope', (args) =>
          this.withScopes([...this.scopes, ...scopesOf(args)]),
        );
      case 'get':
        return positional('get', [0, 0], (_, calls) => plainValue(rawData(this, calls)));
      case 'copy':
        return positional('copy', [0, 0], () => this);
      case 'interpolate':
        return positional('interpolate', [0, 0], (_, calls) => this.#interpolated(calls));
      case 'check':
        return positional('check', [0, 0], (_, calls) => {
          const { problems } = interpolate(this, [], calls);
          return new CheckAnswer(problems);
        });
      default:
        return undefined;
    }
  }

  /** With what is unbound, each once. */
  #interpolated(calls: Calls): Value {
    const { unbound } = interpolate(this, [], calls);
    const refs = [...new Set(unbound)].map((each) => new RefValue(each));
    return new PyTuple([unwrapped(this, calls), new PyList(refs)]);
  }

  /** `object % names`: bound and resolved. */
  override binary(
    operator: string,
    other: Value,
    isReflected: boolean,
    calls: Calls,
  ): Value | undefined {
    if (operator !== '%' || isReflected) return undefined;
    return unwrapped(this.bind({ positional: [other], keywords: new Map() }), calls);
  }

  bind(args: CallArguments): SchemaObject {
    return this.withScopes([...scopesOf(args).reverse(), ...this.scopes]);
  }

  /** By type and value; with `calls` after references have been resolved, else as they stand. */
  override equals(other: Value, calls: Calls | undefined = undefined): boolean {
    if (this === other) return true;
    if (!(other instanceof SchemaObject) || this.type.name !== other.type.name) return false;
    if (calls === undefined) return this.hashKey() === other.hashKey();
    return resolved(this, calls).hashKey() === resolved(other, calls).hashKey();
  }
}

/** Whether this key of a map is the one that is asked for, which may be a plain value. */
export function isKey(key: SchemaObject, wanted: Value): boolean {
  if (wanted instanceof SchemaObject) return key.equals(wanted);
  return key instanceof ScalarObject && String(key.data) === String(wanted);
}

class Method extends PyObject {
  readonly typeName = 'instancemethod';
  readonly #name: string;
  readonly #body: (args: CallArguments, calls: Calls) => Value;

  constructor(name: string, body: (args: CallArguments, calls: Calls) => Value) {
    super();
    this.#name = name;
    this.#body = body;
  }

  override repr(): string {
    return `<bound method ${this.#name}>`;
  }

  override call(args: CallArguments, calls: Calls): Value {
    return this.#body(args, calls);
  }
}

class CheckAnswer extends PyObject {
  readonly typeName = 'TypeCheck';
  readonly #problems: readonly string[];

  constructor(problems: readonly string[]) {
    super();
    this.#problems = problems;
  }

  override repr(): string {
    if (this.#problems.length === 0) return 'TypeCheck(OK)';
    return `TypeCheck(FAILED): ${this.#problems.join(', ')}`;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'ok') return positional('ok', [0, 0], () => this.#problems.length === 0);
    if (name === 'message') return positional('message', [0, 0], () => this.#problems.join(', '));
    return undefined;
  }
}

export class ScalarObject extends SchemaObject {
  readonly type: ScalarType;
  /** Text with references where it could not be coerced yet. */
  readonly data: ScalarData;
  readonly scopes: Chain;

  constructor(type: ScalarType, data: ScalarData, scopes: Chain = []) {
    super();
    this.type = type;
    this.data = data;
    this.scopes = scopes;
  }

  withScopes(scopes: Chain): ScalarObject {
    return new ScalarObject(this.type, this.data, scopes);
  }

  override text(calls: Calls): string {
    return textOfScalar(this, calls);
  }

  /** Of two types, the one that is asked comes first. */
  override order(other: Value, calls: Calls): number | undefined {
    if (!(other instanceof ScalarObject)) return undefined;
    if (!this.type.isSame(other.type)) return -1;
    const [mine, theirs] = [this, other].map((each) => rawData(resolved(each, calls), calls));
    if (mine === undefined || theirs === undefined) return undefined;
    return mine < theirs ? -1 : mine > theirs ? 1 : 0;
  }

  /** Texts act like what they stand for. */
  override binary(
    operator: string,
    other: Value,
    isReflected: boolean,
    calls: Calls,
  ): Value | undefined {
    if (operator !== '+' || typeof this.data !== 'string' || typeof other !== 'string')
      return super.binary(operator, other, isReflected, calls);
    const own = this.text(calls);
    calls.budget.characters(own.length + other.length);
    return isReflected ? other + own : own + other;
  }
}

export class ListObject extends SchemaObject {
  readonly type: SchemaType;
  readonly items: readonly SchemaObject[];
  readonly scopes: Chain;

  constructor(type: SchemaType, items: readonly SchemaObject[], scopes: Chain = []) {
    super();
    this.type = type;
    this.items = items;
    this.scopes = scopes;
  }

  withScopes(scopes: Chain): ListObject {
    return new ListObject(this.type, this.items, scopes);
  }

  /** Elements see what is bound to the list. */
  override iterate(): readonly Value[] {
    return this.items.map((each) => each.withScopes([...each.scopes, ...this.scopes]));
  }

  override item(key: Value): Value {
    const index = indexOf(key, 'list indices must be integers');
    const found = this.iterate()[index < 0 ? index + this.items.length : index];
    if (found === undefined) throw raised('IndexError', 'list index out of range');
    return found;
  }

  override contains(value: Value): boolean {
    return this.items.some((each) => isKey(each, value));
  }

  override isTruthy(): boolean {
    return this.items.length > 0;
  }

  override binary(
    operator: string,
    other: Value,
    isReflected: boolean,
    calls: Calls,
  ): Value | undefined {
    const theirs =
      other instanceof ListObject
        ? other.iterate()
        : other instanceof PyList
          ? other.items
          : undefined;
    if (operator !== '+' || theirs === undefined)
      return super.binary(operator, other, isReflected, calls);
    calls.budget.elements(theirs.length + this.items.length);
    return new PyList(
      isReflected ? [...theirs, ...this.iterate()] : [...this.iterate(), ...theirs],
    );
  }
}

export class MapObject extends SchemaObject {
  readonly type: SchemaType;
  readonly entries: readonly (readonly [key: SchemaObject, value: SchemaObject])[];
  readonly scopes: Chain;

  constructor(
    type: SchemaType,
    entries: readonly (readonly [SchemaObject, SchemaObject])[],
    scopes: Chain = [],
  ) {
    super();
    this.type = type;
    this.entries = entries;
    this.scopes = scopes;
  }

  withScopes(scopes: Chain): MapObject {
    return new MapObject(this.type, this.entries, scopes);
  }

  override iterate(): readonly Value[] {
    return this.entries.map(([key]) => key);
  }

  override item(key: Value): Value {
    const found = this.entries.find(([each]) => isKey(each, key));
    if (found === undefined) throw raised('KeyError', String(key));
    return found[1];
  }

  override contains(value: Value): boolean {
    return this.entries.some(([key]) => isKey(key, value));
  }

  override isTruthy(): boolean {
    return this.entries.length > 0;
  }
}

export class StructObject extends SchemaObject {
  readonly type: StructType;
  /** Those that are set, with their defaults, in the order of the type. */
  readonly fields: ReadonlyMap<string, SchemaObject>;
  readonly scopes: Chain;

  constructor(type: StructType, fields: ReadonlyMap<string, SchemaObject>, scopes: Chain = []) {
    super();
    this.type = type;
    this.fields = fields;
    this.scopes = scopes;
  }

  withScopes(scopes: Chain): StructObject {
    return new StructObject(this.type, this.fields, scopes);
  }

  /** A copy with other attributes. */
  override call(args: CallArguments, calls: Calls): StructObject {
    const { length } = args.positional;
    if (length > 0)
      throw raised('TypeError', `__call__() takes exactly 1 argument (${length + 1} given)`);
    return new StructObject(this.type, this.type.merged(this.fields, args, calls), this.scopes);
  }

  override attribute(name: string): Value | undefined {
    if (this.type.attributes.has(name)) {
      return positional(name, [0, 0], (_, calls) => {
        const field = this.field(name);
        return field === undefined ? EMPTY : resolved(field, calls);
      });
    }
    if (name.startsWith('has_') && this.type.attributes.has(name.slice(4))) {
      return positional(name, [0, 0], () => this.fields.has(name.slice(4)));
    }
    if (name !== 'json_dumps') return super.attribute(name);
    return positional(name, [0, 0], (_, calls) => jsonOf(interpolate(this, [], calls).data));
  }

  /** A field that sees this struct's fields and what is bound to it. */
  field(name: string): SchemaObject | undefined {
    const found = this.fields.get(name);
    const own: Scope = { kind: 'fields', of: this, outer: [] };
    return found?.withScopes([...found.scopes, own, ...this.scopes]);
  }
}

/** What a choice was given: which alternative it is shows when it is interpolated. */
export class ChoiceObject extends SchemaObject {
  readonly type: ChoiceType;
  readonly given: Value;
  readonly scopes: Chain;

  constructor(type: ChoiceType, given: Value, scopes: Chain = []) {
    super();
    this.type = type;
    this.given = given;
    this.scopes = scopes;
  }

  withScopes(scopes: Chain): ChoiceObject {
    return new ChoiceObject(this.type, this.given, scopes);
  }

  override text(calls: Calls): string {
    const made = unwrapped(this, calls);
    return made instanceof ChoiceObject ? shownObject(made) : made.text(calls);
  }

  override attribute(name: string): Value | undefined {
    if (name === 'unwrap') return positional(name, [0, 0], (_, calls) => unwrapped(this, calls));
    const inner = this.given instanceof SchemaObject ? this.given.attribute(name) : undefined;
    return super.attribute(name) ?? inner;
  }
}

/** An attribute that is not set. */
export const EMPTY = new (class Empty extends PyObject {
  readonly typeName = 'Empty';

  /** A class there, so it is true. */
  override repr(): string {
    return "<class 'pystachio.composite.Empty'>";
  }
})();

/** For tests and the shell: `bind` with plain names. */
export function bound(object: SchemaObject, names: ReadonlyMap<string, Value>): SchemaObject {
  return object.bind({ positional: [PyDict.from(names)], keywords: new Map() });
}
