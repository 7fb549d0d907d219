/** The types of values, and how plain values become typed ones (spec aurora, section 2.5). */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { fromJson } from '../interpreter/json-values.ts';
import { NativeFunction, onlyPositional, stringOf } from '../interpreter/native.ts';
import { reprOf } from '../interpreter/text-of.ts';
import {
  type CallArguments,
  type Calls,
  isTruthy,
  iterate,
  PyDict,
  PyList,
  PyObject,
  PySet,
  PyTuple,
  raised,
  typeName,
  type Value,
} from '../interpreter/values.ts';
import {
  ChoiceObject,
  EMPTY,
  ListObject,
  MapObject,
  type SchemaObject,
  StructObject,
} from './objects.ts';
import { SchemaType } from './schema-type.ts';

const NAME_MAX_CHARS = 200;

/** Types can be nested without end, and each name holds the ones inside. */
function shortened(name: string): string {
  return name.length > NAME_MAX_CHARS ? `${name.slice(0, NAME_MAX_CHARS)}...` : name;
}

export class ListType extends SchemaType {
  readonly name: string;
  readonly element: SchemaType;

  constructor(element: SchemaType) {
    super();
    this.name = shortened(`${element.name}List`);
    this.element = element;
  }

  override isSame(other: SchemaType): boolean {
    return other instanceof ListType && this.element.isSame(other.element);
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof ListObject && value.type === this) return ok(value);
    const isList =
      value instanceof PyList ||
      value instanceof PyTuple ||
      value instanceof PySet ||
      value instanceof ListObject;
    if (!isList) return err(`ListContainer expects an iterable, got ${reprOf(value, calls)}`);
    const items: SchemaObject[] = [];
    const given = value instanceof ListObject ? value.items : iterate(value);
    calls.budget.elements(given.length);
    for (const each of given) {
      const item = this.element.accept(each, calls);
      if (!item.ok) return item;
      items.push(item.value);
    }
    return ok(new ListObject(this, items, value instanceof ListObject ? value.scopes : []));
  }
}

export class MapType extends SchemaType {
  readonly name: string;
  readonly key: SchemaType;
  readonly value: SchemaType;

  constructor(key: SchemaType, value: SchemaType) {
    super();
    this.name = shortened(`${key.name}${value.name}Map`);
    this.key = key;
    this.value = value;
  }

  override isSame(other: SchemaType): boolean {
    return other instanceof MapType && this.key.isSame(other.key) && this.value.isSame(other.value);
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof MapObject && value.type === this) return ok(value);
    const given =
      value instanceof MapObject
        ? value.entries
        : value instanceof PyDict
          ? [...value.entries.values()]
          : undefined;
    if (given === undefined) {
      return err(`Unexpected input to MapContainer: (${reprOf(value, calls)},)`);
    }
    const entries: (readonly [SchemaObject, SchemaObject])[] = [];
    calls.budget.elements(given.length);
    for (const [key, each] of given) {
      const name = this.key.accept(key, calls);
      if (!name.ok) return name;
      const content = this.value.accept(each, calls);
      if (!content.ok) return content;
      entries.push([name.value, content.value]);
    }
    return ok(new MapObject(this, entries, value instanceof MapObject ? value.scopes : []));
  }
}

export class ChoiceType extends SchemaType {
  readonly name: string;
  readonly alternatives: readonly SchemaType[];

  constructor(name: string, alternatives: readonly SchemaType[]) {
    super();
    this.name = shortened(name);
    this.alternatives = alternatives;
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject && value.type === this) return ok(value);
    const isAccepted = this.alternatives.some((each) => each.accept(value, calls).ok);
    return isAccepted ? ok(new ChoiceObject(this, value)) : this.refuse(value, calls);
  }
}

export interface Attribute {
  readonly type: SchemaType;
  readonly isRequired: boolean;
  readonly otherwise: SchemaObject | undefined;
}

export class StructType extends SchemaType {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly #base: StructType | undefined;

  constructor(
    name: string,
    attributes: ReadonlyMap<string, Attribute>,
    base: StructType | undefined = undefined,
  ) {
    super();
    this.name = name;
    this.attributes = attributes;
    this.#base = base;
  }

  override isTypeOf(value: Value): boolean {
    return value instanceof StructObject && value.type.isA(this);
  }

  isA(other: StructType): boolean {
    return this === other || (this.#base?.isA(other) ?? false);
  }

  /** Structs of this type, or what can be made into one: a dictionary. */
  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof StructObject && value.type.isA(this)) return ok(value);
    if (!(value instanceof PyDict)) {
      return err(`Expected dictionary argument, got ${reprOf(value, calls)}`);
    }
    const unknown = [...value.entries.values()].find(([key]) => !this.attributes.has(String(key)));
    if (unknown !== undefined) return err(`Unknown schema attribute ${String(unknown[0])}`);
    return ok(this.construct({ positional: [value], keywords: new Map() }, calls));
  }

  override call(args: CallArguments, calls: Calls): StructObject {
    return this.construct(args, calls);
  }

  override attribute(name: string): Value | undefined {
    if (name !== 'json_loads') return super.attribute(name);
    return new NativeFunction(name, ({ positional, keywords }, calls) => {
      const strict = keywords.get('strict') ?? positional[1] ?? false;
      const [text] = onlyPositional(
        name,
        { positional: positional.slice(0, 1), keywords: new Map() },
        [1, 1],
      );
      const value = fromJson(stringOf(text, name), calls);
      const made = this.accept(isTruthy(strict) ? value : this.#known(value), calls);
      if (!made.ok) throw raised('ValueError', made.error);
      return made.value;
    });
  }

  /** A dictionary without what is no attribute. */
  #known(value: Value): Value {
    if (!(value instanceof PyDict)) return value;
    const known = [...value.entries.values()].flatMap(([key, each]): [string, Value][] => {
      const type = this.attributes.get(String(key))?.type;
      if (type === undefined) return [];
      return [[String(key), type instanceof StructType ? type.#known(each) : each]];
    });
    return PyDict.from(known);
  }

  construct(args: CallArguments, calls: Calls): StructObject {
    const defaults = new Map<string, SchemaObject>();
    for (const [name, { otherwise }] of this.attributes) {
      if (otherwise !== undefined) defaults.set(name, otherwise);
    }
    return new StructObject(this, this.merged(defaults, args, calls));
  }

  /** The fields with those of the arguments put in, in the order of the type. */
  merged(
    fields: ReadonlyMap<string, SchemaObject>,
    args: CallArguments,
    calls: Calls,
  ): ReadonlyMap<string, SchemaObject> {
    const given = new Map<string, Value>();
    for (const each of args.positional) {
      if (!(each instanceof PyDict)) {
        throw raised('ValueError', `Expected dictionary argument, got ${reprOf(each, calls)}`);
      }
      for (const [key, value] of each.entries.values()) given.set(String(key), value);
    }
    for (const [name, value] of args.keywords) given.set(name, value);
    const changed = new Map(fields);
    for (const [name, value] of given) {
      const attribute = this.attributes.get(name);
      if (attribute === undefined)
        throw raised('AttributeError', `Unknown schema attribute ${name}`);
      if (value === EMPTY) {
        changed.delete(name);
        continue;
      }
      const made = attribute.type.accept(value, calls);
      if (!made.ok) throw raised('ValueError', `${this.name}[${name}]: ${made.error}`);
      changed.set(name, made.value);
    }
    return this.#ordered(changed);
  }

  override subclass(name: string, given: ReadonlyMap<string, Value>): StructType {
    const attributes = new Map(this.attributes);
    for (const [key, value] of given) {
      if (value instanceof SchemaType) {
        attributes.set(key, { type: value, isRequired: false, otherwise: undefined });
      } else if (value instanceof AttributeMark) attributes.set(key, value.described);
      else if (typeof value !== 'string') {
        throw raised('TypeError', `attribute '${key}' of ${name} is no type: ${typeName(value)}`);
      }
    }
    return new StructType(name, attributes, this);
  }

  #ordered(fields: ReadonlyMap<string, SchemaObject>): ReadonlyMap<string, SchemaObject> {
    const ordered = new Map<string, SchemaObject>();
    for (const name of this.attributes.keys()) {
      const field = fields.get(name);
      if (field !== undefined) ordered.set(name, field);
    }
    return ordered;
  }
}

/** What `Required(T)` and `Default(T, v)` make. */
export class AttributeMark extends PyObject {
  readonly typeName = 'attribute';
  readonly described: Attribute;

  constructor(attribute: Attribute) {
    super();
    this.described = attribute;
  }
}

export const STRUCT = new StructType('Struct', new Map());
