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
  raised,
  type Value,
} from '../interpreter/values.ts';
import { interpolate, textOfScalar } from './interpolate.ts';
import { fingerprint, shownObject } from './object-text.ts';
import { plainValue } from './plain.ts';
import { type Chain, type Scope, scopesOf } from './scopes.ts';
import type { ChoiceType, ScalarType, SchemaType, StructType } from './types.ts';

export type ScalarData = string | bigint | number | boolean;

export abstract class SchemaObject extends PyObject {
  abstract readonly type: SchemaType;
  /** Bound to this object, latest first. */
  abstract readonly scopes: Chain;

  abstract withScopes(scopes: Chain): SchemaObject;

  override repr(): string {
    return shownObject(this);
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
        return positional('get', [0, 0], (_, calls) =>
          plainValue(interpolate(this, [], calls).data),
        );
      case 'check':
        return positional('check', [0, 0], (_, calls) => {
          const { problems } = interpolate(this, [], calls);
          return new CheckAnswer(problems);
        });
      default:
        return undefined;
    }
  }

  bind(args: CallArguments): SchemaObject {
    return this.withScopes([...scopesOf(args).reverse(), ...this.scopes]);
  }

  override equals(other: Value): boolean {
    return this === other || (other instanceof SchemaObject && isSameObject(this, other));
  }
}

/** Deep equality by type and value, references and scopes as they stand. */
function isSameObject(one: SchemaObject, other: SchemaObject): boolean {
  if (one.type !== other.type && one.type.name !== other.type.name) return false;
  return one.hashKey() === other.hashKey();
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

  override equals(other: Value): boolean {
    if (typeof other === 'string' || typeof other === 'bigint')
      return String(this.data) === String(other);
    return super.equals(other);
  }

  /** Texts and numbers act like what they stand for. */
  override binary(
    operator: string,
    other: Value,
    isReflected: boolean,
    calls: Calls,
  ): Value | undefined {
    if (operator !== '+' || typeof this.data !== 'string' || typeof other !== 'string')
      return undefined;
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
    return this.items.some((each) => each.equals(value));
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
    if (operator !== '+' || theirs === undefined) return undefined;
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
    const found = this.entries.find(([each]) => each.equals(key));
    if (found === undefined) throw raised('KeyError', String(key));
    return found[1];
  }

  override contains(value: Value): boolean {
    return this.entries.some(([key]) => key.equals(value));
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
    return new StructObject(this.type, this.type.merged(this.fields, args, calls), this.scopes);
  }

  override attribute(name: string): Value | undefined {
    if (this.type.attributes.has(name)) {
      return positional(name, [0, 0], () => this.field(name) ?? EMPTY);
    }
    if (name.startsWith('has_') && this.type.attributes.has(name.slice(4))) {
      return positional(name, [0, 0], () => this.fields.has(name.slice(4)));
    }
    return super.attribute(name);
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

  override attribute(name: string): Value | undefined {
    if (name === 'unwrap') return positional('unwrap', [0, 0], () => this.given);
    const inner = this.given instanceof SchemaObject ? this.given.attribute(name) : undefined;
    return super.attribute(name) ?? inner;
  }
}

/** An attribute that is not set. */
export const EMPTY = new (class Empty extends PyObject {
  readonly typeName = 'Empty';

  override repr(): string {
    return 'Empty';
  }

  override isTruthy(): boolean {
    return false;
  }
})();

/** For tests and the shell: `bind` with plain names. */
export function bound(object: SchemaObject, names: ReadonlyMap<string, Value>): SchemaObject {
  return object.bind({ positional: [PyDict.from(names)], keywords: new Map() });
}
