/** What both kinds of encodings do with the values of structs. */
import { assert, defined } from '../../../core/base/assert.ts';
import { MalformedThrift } from './malformed.ts';
import { numberOf, type ThriftField, type ThriftStruct, type ThriftType } from './schema.ts';

export function ofObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  assert(typeof value === 'object' && value !== null, `${what} is no object`);
  return value as Readonly<Record<string, unknown>>;
}

export function ofMap(value: unknown): ReadonlyMap<unknown, unknown> {
  assert(value instanceof Map, 'a map of a Thrift struct is no Map');
  return value;
}

export function sequenceOf(value: unknown): readonly unknown[] {
  assert(Array.isArray(value), 'a list of a Thrift struct is no array');
  return value;
}

export function enumNumber(type: string, value: unknown): number {
  return defined(numberOf(type, String(value)), `${type} ${String(value)}`);
}

/** Collects fields in any order, then fills in what absent ones mean. */
export class FieldsRead {
  readonly #struct: ThriftStruct;
  /** By place in the description: many structs are read at a start. */
  readonly #values: unknown[];

  constructor(struct: ThriftStruct) {
    this.#struct = struct;
    this.#values = new Array(struct.fields.length);
  }

  put(field: ThriftField, value: unknown): void {
    if (value !== undefined) this.#values[field.place] = value;
  }

  /** Keys in the order of the description, so that equal structs have equal texts. */
  whole(): Readonly<Record<string, unknown>> {
    const struct = this.#struct;
    const whole: Record<string, unknown> = {};
    let count = 0;
    for (const field of struct.fields) {
      const read = this.#values[field.place];
      if (read !== undefined) count += 1;
      const value = read ?? (struct.isUnion ? undefined : absent(struct, field));
      if (value !== undefined) whole[field.name] = value;
    }
    if (struct.isUnion && count !== 1) {
      throw new MalformedThrift(`union ${struct.name} has ${count} fields`);
    }
    return whole;
  }
}

function absent(struct: ThriftStruct, field: ThriftField): unknown {
  if (field.isOptional) return undefined;
  if (field.otherwise !== undefined) return field.otherwise;
  const empty = emptyOf(field.type);
  if (empty === undefined) throw new MalformedThrift(`${struct.name}.${field.name} is missing`);
  return empty;
}

function emptyOf(type: ThriftType): unknown {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'i32':
    case 'i64':
    case 'double':
      return 0;
    case 'str':
      return '';
    case 'list':
    case 'set':
      return [];
    case 'map':
      return new Map();
    case 'enum':
    case 'struct':
      return undefined;
  }
}
