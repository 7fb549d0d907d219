/** Numbers that a struct's types cannot carry: what is written is checked before, as the encodings would bend it. */
import { structOf, type ThriftStruct, type ThriftType } from './schema.ts';
import type { ThriftStructs } from './types.ts';
import { ofMap, ofObject, sequenceOf } from './values.ts';

const I32_MAX = 2 ** 31 - 1;

/** Where the first number is that does not fit, and why. */
export function numberProblem<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): string | undefined {
  return inStruct(structOf(name), value);
}

function inStruct(struct: ThriftStruct, value: unknown): string | undefined {
  const values = ofObject(value, struct.name);
  for (const field of struct.fields) {
    const each = values[field.name];
    const problem = each === undefined ? undefined : inValue(field.type, each);
    if (problem !== undefined)
      return /^\S+\.\S+ is /.test(problem) ? problem : `${struct.name}.${field.name} ${problem}`;
  }
  return undefined;
}

function inValue(type: ThriftType, value: unknown): string | undefined {
  switch (type.kind) {
    case 'i32':
      return Number.isInteger(value) && Math.abs(Number(value)) <= I32_MAX
        ? undefined
        : `is ${String(value)}, which is no integer of 32 bits`;
    case 'i64':
      return Number.isSafeInteger(value)
        ? undefined
        : `is ${String(value)}, which is no integer up to ${Number.MAX_SAFE_INTEGER}`;
    case 'double':
      return Number.isFinite(value) ? undefined : `is ${String(value)}, which is no number`;
    case 'struct':
      return inStruct(type.struct, value);
    case 'list':
    case 'set':
      return first(sequenceOf(value).map((each) => inValue(type.element, each)));
    case 'map':
      return first([...ofMap(value).values()].map((each) => inValue(type.value, each)));
    case 'bool':
    case 'str':
    case 'enum':
      return undefined;
  }
}

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((each) => each !== undefined);
}
