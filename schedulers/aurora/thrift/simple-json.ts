/**
 * Structs with their fields by name, as others read them: Thrift's simple JSON (enumerations and truth as numbers), and
 * the JSON of events (enumerations by name, a union as the name of its member and the value).
 */
import { structOf, type ThriftStruct, type ThriftType } from './schema.ts';
import type { ThriftStructs } from './types.ts';
import { enumNumber, ofMap, ofObject, sequenceOf } from './values.ts';

type Style = 'simple' | 'event';

export function toSimpleJson<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): unknown {
  return structTo('simple', structOf(name), value);
}

export function toEventJson<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): unknown {
  return structTo('event', structOf(name), value);
}

function structTo(style: Style, struct: ThriftStruct, value: unknown): unknown {
  const values = ofObject(value, struct.name);
  const entries = struct.fields.flatMap(({ name, type }) => {
    const each = values[name];
    return each === undefined ? [] : [[name, valueTo(style, type, each)] as const];
  });
  const [member] = entries;
  if (style === 'event' && struct.isUnion && member !== undefined) {
    return { setField: constantName(member[0]), value: member[1] };
  }
  return Object.fromEntries(entries);
}

/** `numCpus` is `NUM_CPUS`. */
function constantName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function valueTo(style: Style, type: ThriftType, value: unknown): unknown {
  switch (type.kind) {
    case 'bool':
      if (style === 'event') return value === true;
      return value === true ? 1 : 0;
    case 'enum':
      return style === 'event' ? value : enumNumber(type.name, value);
    case 'struct':
      return structTo(style, type.struct, value);
    case 'map':
      return Object.fromEntries(
        [...ofMap(value)].map(([key, each]) => [String(key), valueTo(style, type.value, each)]),
      );
    case 'list':
    case 'set':
      return sequenceOf(value).map((each) => valueTo(style, type.element, each));
    default:
      return value;
  }
}
