/** The types of values, and how plain values become typed ones (spec aurora, section 2.5). */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { onlyPositional } from '../interpreter/native.ts';
import { floatText, reprOf } from '../interpreter/text-of.ts';
import {
  type CallArguments,
  type Calls,
  isNumeric,
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
  type ScalarData,
  ScalarObject,
  SchemaObject,
  StructObject,
} from './objects.ts';

const STR_DIGITS = 12;
const NAME_MAX_CHARS = 200;

/** Types can be nested without end, and each name holds the ones inside. */
function shortened(name: string): string {
  return name.length > NAME_MAX_CHARS ? `${name.slice(0, NAME_MAX_CHARS)}...` : name;
}

export abstract class SchemaType extends PyObject {
  readonly typeName: string = 'type';
  abstract readonly name: string;

  /** The typed value, or why the value cannot be one. */
  abstract accept(value: Value, calls: Calls): Result<SchemaObject>;

  override repr(): string {
    return `<class '${this.name}'>`;
  }

  override hashKey(): string {
    return `type:${this.name}`;
  }

  override isTypeOf(value: Value): boolean {
    return value instanceof SchemaObject && value.type === this;
  }

  override call(args: CallArguments, calls: Calls): Value {
    const [value = ''] = onlyPositional(this.name, args, [1, 1]);
    const made = this.accept(value, calls);
    if (!made.ok) throw raised('ValueError', made.error);
    return made.value;
  }

  protected refuse(value: Value, calls: Calls): Result<SchemaObject> {
    return err(`Cannot coerce ${reprOf(value, calls)} to ${this.name}`);
  }
}

export type ScalarKind = 'String' | 'Integer' | 'Float' | 'Boolean' | 'Enum';

export class ScalarType extends SchemaType {
  readonly kind: ScalarKind;
  readonly name: string;
  /** Of an enumeration. */
  readonly values: readonly string[];

  constructor(kind: ScalarKind, name: string = kind, values: readonly string[] = []) {
    super();
    this.kind = kind;
    this.name = name;
    this.values = values;
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof ScalarObject) {
      if (value.type === this) return ok(value);
      const data = this.coerceData(value.data);
      return data === undefined
        ? this.refuse(value, calls)
        : ok(new ScalarObject(this, data, value.scopes));
    }
    if (typeof value !== 'string' && !isNumeric(value)) return this.refuse(value, calls);
    const isOpen = typeof value === 'string' && value.includes('{{');
    const data = isOpen ? value : this.coerceData(value);
    return data === undefined ? this.refuse(value, calls) : ok(new ScalarObject(this, data));
  }

  /** Undefined when the value is none of this type. Texts with references are none. */
  coerceData(value: ScalarData): ScalarData | undefined {
    switch (this.kind) {
      case 'String':
        return scalarText(value);
      case 'Enum':
        return this.values.includes(String(value)) ? String(value) : undefined;
      case 'Integer':
        return toInteger(value);
      case 'Float':
        return toFloat(value);
      case 'Boolean':
        return toBoolean(value);
    }
  }

  complaint(text: string): string {
    switch (this.kind) {
      case 'Integer':
        return `'${text}' not an integer`;
      case 'Float':
        return `'${text}' not a float`;
      case 'Boolean':
        return `'${text}' not a boolean`;
      default:
        return `'${text}' not in the enumeration (${this.values.join(', ')})`;
    }
  }
}

function scalarText(value: ScalarData): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? floatText(value, STR_DIGITS) : String(value);
}

function toInteger(value: ScalarData): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number')
    return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
  return /^\s*[+-]?\d{1,300}\s*$/.test(value) ? BigInt(value.trim().replace(/^\+/, '')) : undefined;
}

function toFloat(value: ScalarData): number | undefined {
  if (typeof value !== 'string') return Number(value);
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value)
    ? Number(value)
    : undefined;
}

function toBoolean(value: ScalarData): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return value !== 0n && value !== 0;
  const text = value.toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

export class ListType extends SchemaType {
  readonly name: string;
  readonly element: SchemaType;

  constructor(element: SchemaType) {
    super();
    this.name = shortened(`${element.name}List`);
    this.element = element;
  }

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof ListObject && value.type === this) return ok(value);
    const isList =
      value instanceof PyList ||
      value instanceof PyTuple ||
      value instanceof PySet ||
      value instanceof ListObject;
    if (!isList) return this.refuse(value, calls);
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

  accept(value: Value, calls: Calls): Result<SchemaObject> {
    if (value instanceof ChoiceObject) return this.accept(value.given, calls);
    if (value instanceof MapObject && value.type === this) return ok(value);
    const given =
      value instanceof MapObject
        ? value.entries
        : value instanceof PyDict
          ? [...value.entries.values()]
          : undefined;
    if (given === undefined) return this.refuse(value, calls);
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
    if (!(value instanceof PyDict)) return this.refuse(value, calls);
    const unknown = [...value.entries.values()].find(([key]) => !this.attributes.has(String(key)));
    if (unknown !== undefined) return err(`Unknown schema attribute ${String(unknown[0])}`);
    return ok(this.construct({ positional: [value], keywords: new Map() }, calls));
  }

  override call(args: CallArguments, calls: Calls): StructObject {
    return this.construct(args, calls);
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
        throw raised('ValueError', `Expected dictionary argument, got ${typeName(each)}`);
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

export const STRING = new ScalarType('String');
export const INTEGER = new ScalarType('Integer');
export const FLOAT = new ScalarType('Float');
export const BOOLEAN = new ScalarType('Boolean');
export const STRUCT = new StructType('Struct', new Map());
