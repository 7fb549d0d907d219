/** Equality of Thrift structures: sets are compared without order, absent and empty optional fields are different. */
import { structOf, type ThriftStruct, type ThriftType } from './schema.ts';
import type { ThriftStructs } from './types.ts';
import { ofMap, ofObject, sequenceOf } from './values.ts';

/** The same text for structures that are equal, another one for others: a key for grouping. */
export function canonicalText<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): string {
  return textOfStruct(structOf(name), value);
}

export function areEqual<N extends keyof ThriftStructs>(
  name: N,
  one: ThriftStructs[N],
  other: ThriftStructs[N],
): boolean {
  return one === other || canonicalText(name, one) === canonicalText(name, other);
}

function textOfStruct(struct: ThriftStruct, value: unknown): string {
  const values = ofObject(value, struct.name);
  const parts: string[] = [];
  for (const field of struct.fields) {
    const each = values[field.name];
    if (each !== undefined) parts.push(`${field.id}:${textOf(field.type, each)}`);
  }
  return `{${parts.join(',')}}`;
}

function textOf(type: ThriftType, value: unknown): string {
  switch (type.kind) {
    case 'struct':
      return textOfStruct(type.struct, value);
    case 'list':
      return `[${sequenceOf(value)
        .map((each) => textOf(type.element, each))
        .join(',')}]`;
    case 'set': {
      const texts = new Set(sequenceOf(value).map((each) => textOf(type.element, each)));
      return `[${[...texts].sort().join(',')}]`;
    }
    case 'map':
      return `[${[...ofMap(value)]
        .map(([key, each]) => `${textOf(type.key, key)}:${textOf(type.value, each)}`)
        .sort()
        .join(',')}]`;
    case 'bool':
    case 'i32':
    case 'i64':
    case 'double':
    case 'str':
    case 'enum':
      return JSON.stringify(value);
  }
}
