/** Arbitrary values of a struct of the description. */
import fc from 'fast-check';
import {
  structOf,
  type ThriftStruct,
  type ThriftType,
} from '../../../../schedulers/aurora/thrift/schema.ts';
import type { ThriftStructs } from '../../../../schedulers/aurora/thrift/types.ts';

const I32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const ELEMENTS_MAX = 2;

export function arbitraryStruct<N extends keyof ThriftStructs>(
  name: N,
): fc.Arbitrary<ThriftStructs[N]> {
  return ofStruct(structOf(name)) as fc.Arbitrary<ThriftStructs[N]>;
}

function ofStruct(struct: ThriftStruct): fc.Arbitrary<unknown> {
  if (struct.isUnion) {
    return fc.oneof(
      ...struct.fields.map((field) => ofType(field.type).map((value) => ({ [field.name]: value }))),
    );
  }
  const all = Object.fromEntries(struct.fields.map((field) => [field.name, ofType(field.type)]));
  const requiredKeys = struct.fields.filter((field) => !field.isOptional).map(({ name }) => name);
  return fc.record(all, { requiredKeys, noNullPrototype: true });
}

function ofType(type: ThriftType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'i32':
      return fc.integer(I32);
    case 'i64':
      return fc.maxSafeInteger();
    case 'double':
      return fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
    case 'str':
      return fc.string({ unit: 'binary', maxLength: 6 });
    case 'enum':
      return fc.constantFrom(...type.names.values());
    case 'struct':
      return ofStruct(type.struct);
    case 'list':
    case 'set':
      return fc.array(ofType(type.element), { maxLength: ELEMENTS_MAX });
    case 'map':
      return fc
        .array(fc.tuple(ofType(type.key), ofType(type.value)), { maxLength: ELEMENTS_MAX })
        .map((entries) => new Map(entries));
  }
}
