/** Structs with their fields by name and enumerations as numbers, as Thrift's simple JSON writes them for others. */
import { structOf, type ThriftStruct, type ThriftType } from './schema.ts';
import type { ThriftStructs } from './types.ts';
import { enumNumber, ofMap, ofObject, sequenceOf } from './values.ts';

export function toSimpleJson<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): unknown {
  return structToSimple(structOf(name), value);
}

function structToSimple(struct: ThriftStruct, value: unknown): unknown {
  const values = ofObject(value, struct.name);
  const entries = struct.fields.flatMap(({ name, type }) => {
    const each = values[name];
    return each === undefined ? [] : [[name, valueToSimple(type, each)] as const];
  });
  return Object.fromEntries(entries);
}

function valueToSimple(type: ThriftType, value: unknown): unknown {
  switch (type.kind) {
    case 'bool':
      return value === true ? 1 : 0;
    case 'enum':
      return enumNumber(type.name, value);
    case 'struct':
      return structToSimple(type.struct, value);
    case 'map':
      return Object.fromEntries(
        [...ofMap(value)].map(([key, each]) => [String(key), valueToSimple(type.value, each)]),
      );
    case 'list':
    case 'set':
      return sequenceOf(value).map((each) => valueToSimple(type.element, each));
    default:
      return value;
  }
}
