/**
 * Reads a message from a parsed JSON tree with the leniency and the error texts of the original (spec
 * scheduler-api, section 3.2): unknown keys and `null` are ignored, numbers and booleans may be strings,
 * one value stands for a list of one, unknown enum names count as unset unless required. Keys are
 * looked at in alphabetical order, which decides the error when several members are wrong.
 */

import { parseJson } from '../base/picojson.ts';
import { err, ok, type Result } from '../base/result.ts';
import { setMember } from '../base/set-member.ts';
import { setInteger } from './exact-integers.ts';
import { isRecord, missingRequired } from './required.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';

/** Messages nested deeper are refused. */
const NESTING_MAX = 100;

/** What a scalar becomes when it counts as unset. */
const UNSET: unique symbol = Symbol('unset');

const NON_FINITE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    Infinity: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY,
    NaN: Number.NaN,
  }),
);

export class JsonReader {
  private refusal: string | undefined;
  private isComplete = true;

  read(plan: MessagePlan, tree: unknown): Result<unknown> {
    if (!isRecord(tree)) return err('Expecting a JSON object');
    const value = this.message(plan, tree, {}, 0);
    if (this.refusal !== undefined) return err(this.refusal);
    if (this.isComplete) return ok(value);
    return err(`Missing required fields: ${missingRequired(plan, value).join(', ')}`);
  }

  private message(
    plan: MessagePlan,
    tree: Record<string, unknown>,
    into: Record<string, unknown>,
    depth: number,
  ): Record<string, unknown> {
    if (depth > NESTING_MAX) {
      this.refusal = `Message '${plan.name}' is nested too deeply`;
      return into;
    }
    for (const key of Object.keys(tree).sort()) {
      const field = plan.byName.get(key);
      if (field === undefined) continue;
      this.field(field, tree[key], into, depth);
      if (this.refusal !== undefined) return into;
    }
    for (const name of plan.required) if (into[name] === undefined) this.isComplete = false;
    return into;
  }

  private field(
    field: FieldPlan,
    value: unknown,
    into: Record<string, unknown>,
    depth: number,
  ): void {
    if (value === null) return;
    if (Array.isArray(value)) {
      if (!field.repeated) this.refuse('array', field);
      else if (depth > NESTING_MAX) this.refusal = `Field '${field.name}' is nested too deeply`;
      else this.list(field, value, into, depth);
      return;
    }
    const read = isRecord(value) ? this.object(field, value, depth) : this.scalar(field, value);
    if (this.refusal !== undefined || read === UNSET) return;
    if (typeof read === 'bigint') setInteger(into, field.name, read);
    else if (!field.repeated) into[field.name] = read;
    else append(into, field.name, read);
  }

  /** Lists in lists are flattened, as the original does. */
  private list(
    field: FieldPlan,
    values: readonly unknown[],
    into: Record<string, unknown>,
    depth: number,
  ): void {
    for (const each of values) {
      this.field(field, each, into, Array.isArray(each) ? depth + 1 : depth);
      if (this.refusal !== undefined) return;
    }
  }

  private object(field: FieldPlan, tree: Record<string, unknown>, depth: number): unknown {
    if (field.isMap) return this.map(field, tree, depth);
    if (field.kind === 'message') return this.message(field.message(), tree, {}, depth + 1);
    this.refuse('object', field);
    return UNSET;
  }

  private map(field: FieldPlan, tree: Record<string, unknown>, depth: number): unknown {
    const map: Record<string, unknown> = {};
    const one: FieldPlan = { ...field, isMap: false };
    for (const [key, value] of Object.entries(tree)) {
      const holder: Record<string, unknown> = {};
      this.field(one, value, holder, depth);
      if (holder[field.name] !== undefined) setMember(map, key, holder[field.name]);
    }
    return map;
  }

  private scalar(field: FieldPlan, value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(field, value);
      case 'bigint':
        return this.integer(field, value);
      case 'number':
        return this.number(field, value);
      case 'boolean':
        if (field.kind !== 'bool' || field.isMap) this.refuse('boolean', field);
        return value;
      default:
        return UNSET;
    }
  }

  private text(field: FieldPlan, text: string): unknown {
    if (field.isMap) return this.refuse('string', field);
    switch (field.kind) {
      case 'string':
        return text;
      case 'bytes':
        return this.bytes(field, text);
      case 'enum':
        if (field.enumeration?.numberOf.has(text) === true) return text;
        if (field.required) this.refusal = `Failed to find enum for '${text}'`;
        return UNSET;
      case 'message':
        return this.refuse('string', field);
      case 'bool':
        return this.parsed(field, text, 'boolean');
      default: {
        const special = field.kind === 'double' ? NON_FINITE.get(text) : undefined;
        if (special !== undefined) return special;
        const number = this.parsed(field, text, 'number');
        if (typeof number === 'bigint') return this.integer(field, number);
        return typeof number === 'number' ? this.number(field, number) : UNSET;
      }
    }
  }

  /** A number or boolean that was given as a string. */
  private parsed(field: FieldPlan, text: string, type: 'number' | 'boolean'): unknown {
    const parsed = parseJson(text);
    if (parsed.ok && typeof parsed.value === type) return parsed.value;
    if (parsed.ok && typeof parsed.value === 'bigint' && type === 'number') return parsed.value;
    const why = parsed.ok ? 'Unexpected JSON type parsed' : parsed.error;
    this.refusal = `Failed to parse '${text}' as a JSON ${type} for field '${field.name}': ${why}`;
    return UNSET;
  }

  /** More digits than a double has; members of 64 bits keep them. */
  private integer(field: FieldPlan, value: bigint): unknown {
    const isUnsigned = field.kind === 'uint64' || field.kind === 'fixed64';
    const fitting = isUnsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    return field.isWide && fitting === value ? value : this.number(field, Number(value));
  }

  private number(field: FieldPlan, value: number): unknown {
    if (field.isMap) return this.refuse('number', field);
    switch (field.kind) {
      case 'double':
      case 'float':
        return value;
      case 'int32':
      case 'sint32':
      case 'sfixed32':
        return clamp(value, -(2 ** 31), 2 ** 31 - 1);
      case 'uint32':
      case 'fixed32':
        return clamp(value, 0, 2 ** 32 - 1);
      case 'int64':
      case 'sint64':
      case 'sfixed64':
        return clamp(value, -(2 ** 63), 2 ** 63 - 1024);
      case 'uint64':
      case 'fixed64':
        return clamp(value, 0, 2 ** 64 - 2048);
      default:
        return this.refuse('number', field);
    }
  }

  private bytes(field: FieldPlan, text: string): unknown {
    const invalid = /[^A-Za-z0-9+/=\s]/.exec(text)?.[0];
    if (invalid !== undefined) {
      this.refusal =
        `Failed to base64 decode bytes field '${field.name}': ` + `Invalid character '${invalid}'`;
      return UNSET;
    }
    return Uint8Array.from(Buffer.from(text, 'base64'));
  }

  private refuse(type: string, field: FieldPlan): typeof UNSET {
    this.refusal = `Not expecting a JSON ${type} for field '${field.name}'`;
    return UNSET;
  }
}

function append(into: Record<string, unknown>, name: string, value: unknown): void {
  const list = into[name];
  if (Array.isArray(list)) list.push(value);
  else into[name] = [value];
}

/** Integers are cut off; what does not fit the type becomes the nearest value that does. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.trunc(value), least), most);
}
