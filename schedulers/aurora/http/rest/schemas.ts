/**
 * JSON schemas of what the plain interface reads and answers. Those of Aurora's structures are made from the
 * description of the Thrift service, so fields have one name in every interface.
 */
import { structOf, type ThriftStruct, type ThriftType } from '../../thrift/schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const REFERENCE = '#/components/schemas/';

/** A structure by its name in the service's description. */
export function struct(name: string): JsonSchema {
  return { $ref: `${REFERENCE}${name}` };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function record(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const TEXT: JsonSchema = { type: 'string' };
export const NUMBER: JsonSchema = { type: 'number' };
export const INTEGER: JsonSchema = { type: 'integer' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0, maximum: 1_000_000 };
export const POSITIVE: JsonSchema = { type: 'integer', minimum: 1, maximum: 1_000_000 };

/** The named schemas that these refer to, whole. */
export function componentsOf(schemas: readonly JsonSchema[]): Readonly<Record<string, JsonSchema>> {
  const found = new Map<string, JsonSchema>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== '$ref' || typeof inner !== 'string') visit(inner);
      else add(inner.slice(REFERENCE.length));
    }
  };
  const add = (name: string): void => {
    if (found.has(name)) return;
    const schema = schemaOf(structOf(name));
    found.set(name, schema);
    visit(schema);
  };
  visit(schemas);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of a union exactly one field is there. */
function schemaOf({ fields, isUnion }: ThriftStruct): JsonSchema {
  if (isUnion)
    return { oneOf: fields.map(({ name, type }) => record({ [name]: typeSchema(type) })) };
  const properties = Object.fromEntries(fields.map(({ name, type }) => [name, typeSchema(type)]));
  return record(
    properties,
    fields.filter(({ isOptional }) => isOptional).map(({ name }) => name),
  );
}

function typeSchema(type: ThriftType): JsonSchema {
  switch (type.kind) {
    case 'bool':
      return { type: 'boolean' };
    case 'i32':
    case 'i64':
      return INTEGER;
    case 'double':
      return NUMBER;
    case 'str':
      return TEXT;
    case 'enum':
      return { type: 'string', enum: [...type.names.values()] };
    case 'struct':
      return struct(type.struct.name);
    case 'list':
    case 'set':
      return listOf(typeSchema(type.element));
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.value) };
  }
}

/** A structure of the machine as JSON: maps become objects, what is absent is left out. */
export function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, each]) => [String(key), plain(each)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      each === undefined ? [] : [[key, plain(each)]],
    ),
  );
}
