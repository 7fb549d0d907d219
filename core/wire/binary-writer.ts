/**
 * Writes the binary form of a message by its plan; the rules stand in codec.ts. A value that does not
 * fit its type is a bug and throws.
 */
import type protobuf from 'protobufjs/minimal.js';
import { AssertionFailed } from '../base/assert.ts';
import { integerText } from './exact-integers.ts';
import { isRecord } from './required.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';
import { isFields, unknownOf } from './unknown-fields.ts';

/** Writes all fields; false when a required one is missing somewhere. */
export function writeMessage(plan: MessagePlan, value: unknown, writer: protobuf.Writer): boolean {
  if (!isFields(value)) throw new AssertionFailed(`value of ${plan.name} is ${typeof value}`);
  let complete = true;
  const unknown = unknownOf(value);
  for (const field of plan.fieldsByNumber) {
    if (unknown !== undefined) unknown.writeBelow(field.number, writer);
    const member = value[field.name];
    if (member === undefined || member === null) {
      if (field.required) complete = false;
    } else if (field.isMap) {
      complete = writeMap(field, member, writer) && complete;
    } else if (field.repeated) {
      if (!Array.isArray(member)) throw wrongType(plan, field, member);
      for (const each of member) complete = writeOne(plan, field, each, writer) && complete;
    } else if (field.isWide && typeof member === 'number' && !Number.isSafeInteger(member)) {
      writeBig(field, integerText(value, field.name, member), writer.uint32(field.tag));
    } else {
      complete = writeOne(plan, field, member, writer) && complete;
    }
  }
  if (unknown !== undefined) unknown.writeBelow(Number.POSITIVE_INFINITY, writer);
  return complete;
}

function writeOne(
  plan: MessagePlan,
  field: FieldPlan,
  value: unknown,
  writer: protobuf.Writer,
): boolean {
  writer.uint32(field.tag);
  if (field.kind === 'message') {
    const complete = writeMessage(field.message(), value, writer.fork());
    writer.ldelim();
    return complete;
  }
  if (!writeScalar(field, value, writer)) throw wrongType(plan, field, value);
  return true;
}

function writeMap(field: FieldPlan, map: unknown, writer: protobuf.Writer): boolean {
  let complete = true;
  for (const [key, value] of isRecord(map) ? Object.entries(map) : []) {
    writer.uint32(field.tag).fork().uint32(10).string(key);
    if (field.kind === 'message') {
      writer.uint32(18);
      complete = writeMessage(field.message(), value, writer.fork()) && complete;
      writer.ldelim();
    } else {
      writer.uint32(18).string(String(value));
    }
    writer.ldelim();
  }
  return complete;
}

/** An integer beyond 2^53, from its digits. */
function writeBig(field: FieldPlan, digits: string, writer: protobuf.Writer): void {
  const bits = BigInt.asUintN(64, BigInt(digits));
  const low = Number(bits & 0xffff_ffffn);
  const high = Number(bits >> 32n);
  switch (field.kind) {
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      writer[field.kind]({ low, high, unsigned: field.kind !== 'sint64' });
  }
}

/** False when the value is not of the field's type. */
function writeScalar(field: FieldPlan, value: unknown, writer: protobuf.Writer): boolean {
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

function writeText(field: FieldPlan, value: string, writer: protobuf.Writer): boolean {
  if (field.kind === 'string') {
    writer.string(value);
    return true;
  }
  const number = field.enumeration?.numberOf.get(value);
  if (number === undefined) return false;
  writer.int32(number);
  return true;
}

function writeNumber(field: FieldPlan, value: number, writer: protobuf.Writer): boolean {
  switch (field.kind) {
    case 'double':
    case 'float':
    case 'int32':
    case 'uint32':
    case 'sint32':
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed32':
    case 'sfixed32':
    case 'fixed64':
    case 'sfixed64':
      writer[field.kind](value);
      return true;
    default:
      return false;
  }
}

function wrongType(plan: MessagePlan, field: FieldPlan, value: unknown): AssertionFailed {
  const shown = typeof value === 'string' ? `'${value}'` : typeof value;
  return new AssertionFailed(`${plan.name}.${field.name} (${field.kind}) cannot be ${shown}`);
}
