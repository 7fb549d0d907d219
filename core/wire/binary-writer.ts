/**
 * Writes the binary form of a message by its plan; the rules stand in codec.ts. A value that does not
 * fit its type is a bug and throws.
 */
import { AssertionFailed } from '../base/assert.ts';
import type { ByteWriter } from './byte-writer.ts';
import { compiledWriter, type PlannedWriter } from './compiled-writer.ts';
import { integerText } from './exact-integers.ts';
import { isRecord } from './required.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';
import { type Fields, isFields, unknownOf } from './unknown-fields.ts';

/** Writes all fields; false when a required one is missing somewhere. */
export function writeMessage(plan: MessagePlan, value: unknown, writer: ByteWriter): boolean {
  if (!isFields(value)) throw new AssertionFailed(`value of ${plan.name} is ${typeof value}`);
  const compiled = compiledWriter(plan, PLANNED);
  return compiled === undefined ? writeFields(plan, value, writer) : compiled(value, writer);
}

/** The same by the plan alone. */
export function writeFields(plan: MessagePlan, value: Fields, writer: ByteWriter): boolean {
  let complete = true;
  const unknown = unknownOf(value);
  for (const field of plan.fieldsByNumber) {
    if (unknown !== undefined) unknown.writeBelow(field.number, writer);
    const member = value[field.name];
    if (member !== undefined && member !== null) {
      complete = writeField(plan, field, value, writer) && complete;
    } else if (field.required) {
      complete = false;
    }
  }
  if (unknown !== undefined) unknown.writeBelow(Number.POSITIVE_INFINITY, writer);
  return complete;
}

function writeField(
  plan: MessagePlan,
  field: FieldPlan,
  value: Fields,
  writer: ByteWriter,
): boolean {
  const member = value[field.name];
  if (field.isMap) return writeMap(field, member, writer);
  if (field.repeated) {
    if (!Array.isArray(member)) throw wrongType(plan, field, member);
    let complete = true;
    for (const each of member) complete = writeOne(plan, field, each, writer) && complete;
    return complete;
  }
  if (field.isWide && typeof member === 'number' && !Number.isSafeInteger(member)) {
    writer.uint32(field.tag);
    writeBig(field, integerText(value, field.name, member), writer);
    return true;
  }
  return writeOne(plan, field, member, writer);
}

function writeOne(
  plan: MessagePlan,
  field: FieldPlan,
  value: unknown,
  writer: ByteWriter,
): boolean {
  writer.uint32(field.tag);
  if (field.kind === 'message') {
    const start = writer.begin();
    const complete = writeMessage(field.message(), value, writer);
    writer.end(start);
    return complete;
  }
  if (!writeScalar(field, value, writer)) throw wrongType(plan, field, value);
  return true;
}

function writeMap(field: FieldPlan, map: unknown, writer: ByteWriter): boolean {
  let complete = true;
  for (const [key, value] of isRecord(map) ? Object.entries(map) : []) {
    writer.uint32(field.tag);
    const start = writer.begin();
    writer.uint32(10);
    writer.string(key);
    writer.uint32(18);
    if (field.kind === 'message') {
      const valueStart = writer.begin();
      complete = writeMessage(field.message(), value, writer) && complete;
      writer.end(valueStart);
    } else {
      writer.string(String(value));
    }
    writer.end(start);
  }
  return complete;
}

/** An integer beyond 2^53, from its digits. */
function writeBig(field: FieldPlan, digits: string, writer: ByteWriter): void {
  const bits = BigInt.asUintN(64, BigInt(digits));
  const low = Number(bits & 0xffff_ffffn);
  const high = Number(bits >> 32n);
  switch (field.kind) {
    case 'int64':
    case 'uint64':
      writer.varint64(low, high);
      return;
    case 'sint64': {
      const sign = high >> 31;
      writer.varint64(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
      return;
    }
    case 'fixed64':
    case 'sfixed64':
      writer.fixed32(low);
      writer.fixed32(high);
  }
}

/** False when the value is not of the field's type. */
function writeScalar(field: FieldPlan, value: unknown, writer: ByteWriter): boolean {
  switch (typeof value) {
    case 'string':
      return writeText(field, value, writer);
    case 'number':
      return writeNumber(field, value, writer);
    case 'boolean':
      if (field.kind === 'bool') writer.bool(value);
      return field.kind === 'bool';
    default:
      if (field.kind !== 'bytes' || !(value instanceof Uint8Array)) return false;
      writer.bytes(value);
      return true;
  }
}

function writeText(field: FieldPlan, value: string, writer: ByteWriter): boolean {
  if (field.kind === 'string') {
    writer.string(value);
    return true;
  }
  const number = field.enumeration?.numberOf.get(value);
  if (number === undefined) return false;
  writer.int32(number);
  return true;
}

function writeNumber(field: FieldPlan, value: number, writer: ByteWriter): boolean {
  switch (field.kind) {
    case 'double':
    case 'float':
    case 'int32':
    case 'uint32':
    case 'sint32':
    case 'sint64':
    case 'fixed32':
    case 'fixed64':
      writer[field.kind](value);
      return true;
    case 'int64':
    case 'uint64':
      writer.integer(value);
      return true;
    case 'sfixed32':
      writer.fixed32(value);
      return true;
    case 'sfixed64':
      writer.fixed64(value);
      return true;
    default:
      return false;
  }
}

function wrongType(plan: MessagePlan, field: FieldPlan, value: unknown): AssertionFailed {
  const shown = typeof value === 'string' ? `'${value}'` : typeof value;
  return new AssertionFailed(`${plan.name}.${field.name} (${field.kind}) cannot be ${shown}`);
}

const PLANNED: PlannedWriter = { message: writeMessage, fields: writeFields, field: writeField };
