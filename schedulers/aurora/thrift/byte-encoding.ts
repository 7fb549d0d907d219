/**
 * Structs in the binary and the compact encoding: walks a value along its description. Unknown fields and fields of
 * another type are skipped, as every Thrift reader does; an unknown number of an enumeration is as if absent.
 */
import type { ThriftProtocol } from 'thrift-protocol';
import { assert } from '../../../core/base/assert.ts';
import { MalformedThrift } from './malformed.ts';
import type { ThriftStruct, ThriftType } from './schema.ts';
import { enumNumber, FieldsRead, ofMap, ofObject, sequenceOf } from './values.ts';

/** Numbers of the types in both encodings' interfaces. */
const CODES = {
  bool: 2,
  double: 4,
  i32: 8,
  enum: 8,
  i64: 10,
  str: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;
const STOP = 0;

export function writeStruct(out: ThriftProtocol, struct: ThriftStruct, value: unknown): void {
  const fields = ofObject(value, struct.name);
  out.writeStructBegin(struct.name);
  for (const field of struct.fields) {
    const each = fields[field.name];
    if (each === undefined) {
      assert(field.isOptional || struct.isUnion, `${struct.name}.${field.name} is not given`);
      continue;
    }
    out.writeFieldBegin(field.name, CODES[field.type.kind], field.id);
    writeValue(out, field.type, each);
    out.writeFieldEnd();
  }
  out.writeFieldStop();
  out.writeStructEnd();
}

function writeValue(out: ThriftProtocol, type: ThriftType, value: unknown): void {
  switch (type.kind) {
    case 'bool':
      out.writeBool(value === true);
      return;
    case 'i32':
      out.writeI32(Number(value));
      return;
    case 'i64':
      out.writeI64(Number(value));
      return;
    case 'double':
      out.writeDouble(Number(value));
      return;
    case 'str':
      out.writeString(String(value));
      return;
    case 'enum':
      out.writeI32(enumNumber(type.name, value));
      return;
    case 'struct':
      writeStruct(out, type.struct, value);
      return;
    case 'map':
      writeMap(out, type, value);
      return;
    case 'list':
    case 'set':
      writeSequence(out, type, value);
      return;
  }
}

function writeMap(
  out: ThriftProtocol,
  type: Extract<ThriftType, { kind: 'map' }>,
  value: unknown,
): void {
  const entries = ofMap(value);
  out.writeMapBegin(CODES[type.key.kind], CODES[type.value.kind], entries.size);
  for (const [key, each] of entries) {
    writeValue(out, type.key, key);
    writeValue(out, type.value, each);
  }
  out.writeMapEnd();
}

function writeSequence(
  out: ThriftProtocol,
  type: Extract<ThriftType, { kind: 'list' | 'set' }>,
  value: unknown,
): void {
  const elements = sequenceOf(value);
  const code = CODES[type.element.kind];
  if (type.kind === 'set') out.writeSetBegin(code, elements.length);
  else out.writeListBegin(code, elements.length);
  for (const each of elements) writeValue(out, type.element, each);
  if (type.kind === 'set') out.writeSetEnd();
  else out.writeListEnd();
}

export function readStruct(from: ThriftProtocol, struct: ThriftStruct): unknown {
  const read = new FieldsRead(struct);
  from.readStructBegin();
  for (;;) {
    const { ftype, fid } = from.readFieldBegin();
    if (ftype === STOP) break;
    const field = struct.byId.get(fid);
    if (field === undefined || CODES[field.type.kind] !== ftype) from.skip(ftype);
    else read.put(field, readValue(from, field.type));
    from.readFieldEnd();
  }
  from.readStructEnd();
  return read.whole();
}

/** Undefined for an unknown number of an enumeration only. */
function readValue(from: ThriftProtocol, type: ThriftType): unknown {
  switch (type.kind) {
    case 'bool':
      return from.readBool();
    case 'i32':
      return from.readI32() | 0;
    case 'i64':
      return safeInteger(from.readI64().valueOf());
    case 'double':
      return from.readDouble();
    case 'str':
      return from.readString();
    case 'enum':
      return type.names.get(from.readI32());
    case 'struct':
      return readStruct(from, type.struct);
    case 'map':
      return readMap(from, type);
    case 'list':
    case 'set':
      return readSequence(from, type);
  }
}

export function safeInteger(value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new MalformedThrift('a number is larger than 9007199254740991');
  }
  return value;
}

function readMap(
  from: ThriftProtocol,
  type: Extract<ThriftType, { kind: 'map' }>,
): ReadonlyMap<unknown, unknown> {
  const { ktype, vtype, size } = from.readMapBegin();
  const map = new Map<unknown, unknown>();
  checkElements(size, [
    [ktype, type.key],
    [vtype, type.value],
  ]);
  for (let left = size; left > 0; left -= 1) {
    map.set(readValue(from, type.key), readValue(from, type.value));
  }
  from.readMapEnd();
  return map;
}

function readSequence(
  from: ThriftProtocol,
  type: Extract<ThriftType, { kind: 'list' | 'set' }>,
): readonly unknown[] {
  const { etype, size } = type.kind === 'set' ? from.readSetBegin() : from.readListBegin();
  checkElements(size, [[etype, type.element]]);
  const elements: unknown[] = [];
  // Each element takes at least one byte, so a size that lies ends with the bytes.
  for (let left = size; left > 0; left -= 1) {
    const each = readValue(from, type.element);
    if (each !== undefined) elements.push(each);
  }
  if (type.kind === 'set') from.readSetEnd();
  else from.readListEnd();
  return elements;
}

function checkElements(
  size: number,
  types: readonly (readonly [code: number, expected: ThriftType])[],
): void {
  if (size < 0) throw new MalformedThrift(`a collection has ${size} elements`);
  for (const [code, expected] of types) {
    if (size > 0 && code !== CODES[expected.kind]) {
      throw new MalformedThrift(`a collection of type ${code} where ${expected.kind} is expected`);
    }
  }
}
