/**
 * Structs in Thrift's JSON encoding (spec aurora-scheduler, section 2.1): an object keyed by field id, each value
 * `{"i32":1}`; `["rec",2,{},{}]` for lists and sets; `["str","i32",1,{"http":31001}]` for maps.
 */
import { assert } from '../../../core/base/assert.ts';
import { safeInteger } from './byte-encoding.ts';
import { MalformedThrift } from './malformed.ts';
import type { ThriftStruct, ThriftType } from './schema.ts';
import { enumNumber, FieldsRead, ofMap, ofObject, sequenceOf } from './values.ts';

const TAGS = {
  bool: 'tf',
  i32: 'i32',
  enum: 'i32',
  i64: 'i64',
  double: 'dbl',
  str: 'str',
  struct: 'rec',
  map: 'map',
  list: 'lst',
  set: 'set',
} as const;

export function structToJson(struct: ThriftStruct, value: unknown): string {
  const values = ofObject(value, struct.name);
  const parts: string[] = [];
  for (const field of struct.fields) {
    const each = values[field.name];
    if (each === undefined) {
      assert(field.isOptional || struct.isUnion, `${struct.name}.${field.name} is not given`);
      continue;
    }
    const text = valueToJson(field.type, each);
    parts.push(`"${field.id}":{"${TAGS[field.type.kind]}":${text}}`);
  }
  return `{${parts.join(',')}}`;
}

function valueToJson(type: ThriftType, value: unknown): string {
  switch (type.kind) {
    case 'bool':
      return value === true ? '1' : '0';
    case 'i32':
    case 'i64':
      return String(value);
    case 'double':
      return doubleToJson(Number(value));
    case 'str':
      return JSON.stringify(String(value));
    case 'enum':
      return String(enumNumber(type.name, value));
    case 'struct':
      return structToJson(type.struct, value);
    case 'map': {
      const entries = [...ofMap(value)].map(
        ([key, each]) => `${keyToJson(type.key, key)}:${valueToJson(type.value, each)}`,
      );
      const tags = `"${TAGS[type.key.kind]}","${TAGS[type.value.kind]}"`;
      return `[${tags},${entries.length},{${entries.join(',')}}]`;
    }
    case 'list':
    case 'set': {
      const elements = sequenceOf(value).map((each) => valueToJson(type.element, each));
      return `[${[`"${TAGS[type.element.kind]}"`, elements.length, ...elements].join(',')}]`;
    }
  }
}

/** Whole numbers with `.0`, as the original writes them. */
function doubleToJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function keyToJson(type: ThriftType, key: unknown): string {
  const text = valueToJson(type, key);
  return text.startsWith('"') ? text : `"${text}"`;
}

export function structFromJson(struct: ThriftStruct, json: unknown): unknown {
  const read = new FieldsRead(struct);
  for (const [id, tagged] of Object.entries(objectOf(json, struct.name))) {
    const field = struct.byId.get(Number(id));
    if (field === undefined) continue;
    const [[tag, value] = ['', undefined], ...more] = Object.entries(objectOf(tagged, field.name));
    if (more.length > 0) throw new MalformedThrift(`${struct.name}.${field.name} has two values`);
    // A field of another type counts as unknown, as in the other encodings.
    if (tag === TAGS[field.type.kind]) read.put(field, valueFromJson(field.type, value));
  }
  return read.whole();
}

function valueFromJson(type: ThriftType, json: unknown): unknown {
  switch (type.kind) {
    case 'bool':
      return numberFrom(json) !== 0;
    case 'i32':
      return integerOf(json) | 0;
    case 'i64':
      return integerOf(json);
    case 'double':
      return numberFrom(json);
    case 'str':
      if (typeof json !== 'string') throw new MalformedThrift('a string is expected');
      return json;
    case 'enum':
      return type.names.get(integerOf(json));
    case 'struct':
      return structFromJson(type.struct, json);
    case 'map':
      return mapFromJson(type, json);
    case 'list':
    case 'set':
      return sequenceFromJson(type, json);
  }
}

function integerOf(json: unknown): number {
  return safeInteger(numberFrom(json));
}

/** Numbers may come in quotes: keys of maps do, and so do values that are not finite. */
function numberFrom(json: unknown): number {
  if (typeof json === 'number') return json;
  if (
    typeof json !== 'string' ||
    !/^(?:-?Infinity|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.test(json)
  ) {
    throw new MalformedThrift('a number is expected');
  }
  return Number(json);
}

function mapFromJson(
  type: Extract<ThriftType, { kind: 'map' }>,
  json: unknown,
): ReadonlyMap<unknown, unknown> {
  const [keyTag, valueTag, size, entries] = arrayOf(json, 'map');
  const pairs = Object.entries(objectOf(entries, 'map'));
  if (size !== pairs.length)
    throw new MalformedThrift('a map does not have as many entries as it says');
  if (pairs.length > 0 && (keyTag !== TAGS[type.key.kind] || valueTag !== TAGS[type.value.kind])) {
    throw new MalformedThrift('a map has entries of another type');
  }
  return new Map(
    pairs.map(([key, value]) => [valueFromJson(type.key, key), valueFromJson(type.value, value)]),
  );
}

function sequenceFromJson(
  type: Extract<ThriftType, { kind: 'list' | 'set' }>,
  json: unknown,
): readonly unknown[] {
  const [tag, size, ...elements] = arrayOf(json, type.kind);
  if (size !== elements.length) {
    throw new MalformedThrift(`a ${type.kind} does not have as many elements as it says`);
  }
  if (elements.length > 0 && tag !== TAGS[type.element.kind]) {
    throw new MalformedThrift(`a ${type.kind} has elements of type ${String(tag)}`);
  }
  return elements
    .map((each) => valueFromJson(type.element, each))
    .filter((each) => each !== undefined);
}

export function arrayOf(json: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(json)) throw new MalformedThrift(`${what} is no array`);
  return json;
}

function objectOf(json: unknown, what: string): object {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new MalformedThrift(`${what} is no object`);
  }
  return json;
}
