/**
 * Protobuf's own text form of messages, which some sentences of the original embed
 * (spec scheduler-api, section 13.3: executors that are not compatible).
 *
 *   field: value LF | field { LF fields } LF, by field number, two blanks deeper each level.
 */
import { AssertionFailed } from '../base/assert.ts';
import { isRecord } from './required.ts';
import { type FieldPlan, type MessageName, type MessagePlan, planOf } from './schema.ts';
import type { MessageTypes } from './types/messages.ts';

export function toDebugText<N extends MessageName>(name: N, value: MessageTypes[N]): string {
  return messageText(planOf(name), value, '');
}

function messageText(plan: MessagePlan, value: unknown, indent: string): string {
  if (!isRecord(value)) throw new AssertionFailed(`value of ${plan.name} is ${typeof value}`);
  let text = '';
  for (const field of plan.fieldsByNumber) {
    const member = value[field.name];
    if (member === undefined || member === null) continue;
    if (field.isMap) text += mapText(field, member, indent);
    else if (!field.repeated) text += fieldText(field, member, indent);
    else if (Array.isArray(member)) {
      for (const each of member) text += fieldText(field, each, indent);
    }
  }
  return text;
}

function mapText(field: FieldPlan, value: unknown, indent: string): string {
  const inner = `${indent}  `;
  const named: FieldPlan = { ...field, name: 'value' };
  return (isRecord(value) ? Object.entries(value) : [])
    .map(([key, each]) => {
      const entry = `${inner}key: "${escaped(Buffer.from(key))}"\n${fieldText(named, each, inner)}`;
      return `${indent}${field.name} {\n${entry}${indent}}\n`;
    })
    .join('');
}

function fieldText(field: FieldPlan, value: unknown, indent: string): string {
  if (field.kind === 'message') {
    const inner = messageText(field.message(), value, `${indent}  `);
    return `${indent}${field.name} {\n${inner}${indent}}\n`;
  }
  return `${indent}${field.name}: ${scalarText(field, value)}\n`;
}

function scalarText(field: FieldPlan, value: unknown): string {
  if (value instanceof Uint8Array) return `"${escaped(value)}"`;
  if (field.kind === 'string') return `"${escaped(Buffer.from(String(value)))}"`;
  return String(value);
}

const NAMED: ReadonlyMap<number, string> = new Map([
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x22, '\\"'],
  [0x27, "\\'"],
  [0x5c, '\\\\'],
]);

/** As in C, other bytes than printable ASCII in octal. */
function escaped(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f;
    const plain = isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
    text += NAMED.get(byte) ?? plain;
  }
  return text;
}
