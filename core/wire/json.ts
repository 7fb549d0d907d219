/**
 * Mesos' JSON form of messages (spec scheduler-api, sections 3.1 and 3.2).
 *
 * Out: field names of the proto, declaration order, unset fields with an explicit default that are not
 * deprecated, no empty lists, doubles with a fraction, base64 with padding, enums by name.
 * In: json-reader.ts.
 */
import { AssertionFailed } from '../base/assert.ts';
import type { Result } from '../base/result.ts';
import { setMember } from '../base/set-member.ts';
import { integerText } from './exact-integers.ts';
import { JsonReader } from './json-reader.ts';
import {
  type Double,
  double,
  formatDouble,
  type JsonValue,
  RawJson,
  writeString,
} from './json-text.ts';
import { isRecord } from './required.ts';
import { type FieldPlan, type MessageName, type MessagePlan, planOf } from './schema.ts';
import type { MessageTypes } from './types/messages.ts';

export { parseJson } from '../base/picojson.ts';

/** The text of a message. */
export function toJson<N extends MessageName>(name: N, value: MessageTypes[N]): string {
  return messageText(planOf(name), value);
}

/** The same as a tree, for documents that embed or change it. */
export function toJsonValue<N extends MessageName>(
  name: N,
  value: MessageTypes[N],
): { readonly [key: string]: JsonValue } {
  return messageTree(planOf(name), value);
}

/** The message in a parsed JSON tree; the error is the original's sentence. */
export function fromJson<N extends MessageName>(name: N, tree: unknown): Result<MessageTypes[N]> {
  const read = new JsonReader().read(planOf(name), tree);
  // The plan was made from the same .proto file as the type.
  return read.ok ? { ok: true, value: read.value as MessageTypes[N] } : read;
}

function messageText(plan: MessagePlan, value: unknown): string {
  if (!isRecord(value)) throw new AssertionFailed(`value of ${plan.name} is ${typeof value}`);
  let text = '{';
  let separator = '';
  for (const field of plan.fields) {
    const member = value[field.name];
    if (member === undefined || member === null) {
      if (field.jsonDefault === undefined) continue;
      text += separator + field.jsonDefault;
    } else if (field.repeated) {
      if (!Array.isArray(member) || member.length === 0) continue;
      text += `${separator + field.jsonKey}[${listText(field, member)}]`;
    } else if (field.isMap) {
      const entries = isRecord(member) ? Object.entries(member) : [];
      if (entries.length === 0) continue;
      text += `${separator + field.jsonKey}{${mapText(field, entries)}}`;
    } else if (isBig(field, member)) {
      text += separator + field.jsonKey + integerText(value, field.name, member);
    } else {
      text += separator + field.jsonKey + valueText(field, member);
    }
    separator = ',';
  }
  return `${text}}`;
}

function listText(field: FieldPlan, list: readonly unknown[]): string {
  let text = '';
  for (let at = 0; at < list.length; at += 1) {
    text += at === 0 ? valueText(field, list[at]) : `,${valueText(field, list[at])}`;
  }
  return text;
}

function mapText(field: FieldPlan, entries: readonly (readonly [string, unknown])[]): string {
  return entries.map(([key, value]) => `${writeString(key)}:${valueText(field, value)}`).join(',');
}

function valueText(field: FieldPlan, value: unknown): string {
  if (field.kind === 'message') return messageText(field.message(), value);
  switch (typeof value) {
    case 'string':
      return field.kind === 'enum' ? `"${value}"` : writeString(value);
    case 'number':
      return isDouble(field) ? formatDouble(value) : String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      if (value instanceof Uint8Array) return `"${base64(value)}"`;
      throw new AssertionFailed(`field ${field.name} (${field.kind}) cannot be ${typeof value}`);
  }
}

function messageTree(plan: MessagePlan, value: unknown): { readonly [key: string]: JsonValue } {
  if (!isRecord(value)) throw new AssertionFailed(`value of ${plan.name} is ${typeof value}`);
  const tree: Record<string, JsonValue> = {};
  for (const field of plan.fields) {
    const member = value[field.name];
    if (member === undefined || member === null) {
      if (field.defaultValue !== undefined) {
        tree[field.name] = valueTree(field, field.defaultValue);
      }
    } else if (field.repeated) {
      if (!Array.isArray(member) || member.length === 0) continue;
      tree[field.name] = member.map((each: unknown) => valueTree(field, each));
    } else if (field.isMap) {
      const entries = isRecord(member) ? Object.entries(member) : [];
      if (entries.length === 0) continue;
      const map: Record<string, JsonValue> = {};
      for (const [key, each] of entries) setMember(map, key, valueTree(field, each));
      tree[field.name] = map;
    } else if (isBig(field, member)) {
      tree[field.name] = new RawJson(integerText(value, field.name, member));
    } else {
      tree[field.name] = valueTree(field, member);
    }
  }
  return tree;
}

function valueTree(field: FieldPlan, value: unknown): JsonValue | Double {
  if (field.kind === 'message') return messageTree(field.message(), value);
  if (typeof value === 'number') return isDouble(field) ? double(value) : value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Uint8Array) return base64(value);
  throw new AssertionFailed(`field ${field.name} (${field.kind}) cannot be ${typeof value}`);
}

/** An integer that may have more digits than its number. */
function isBig(field: FieldPlan, value: unknown): value is number {
  return field.isWide && typeof value === 'number' && !Number.isSafeInteger(value);
}

function isDouble(field: FieldPlan): boolean {
  return field.kind === 'double' || field.kind === 'float';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
