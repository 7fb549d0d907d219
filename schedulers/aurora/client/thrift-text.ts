/** Thrift structures as the original client shows them: as texts in its language, and as JSON with names. */
import { floatText, quoted } from '../config/interpreter/text-of.ts';
import {
  structOf,
  type ThriftField,
  type ThriftStruct,
  type ThriftType,
} from '../thrift/schema.ts';
import type { ThriftStructs } from '../thrift/types.ts';
import { enumNumber, ofMap, ofObject, sequenceOf } from '../thrift/values.ts';

const FLOAT_DIGITS = 16;
const WIDTH = 80;
const INDENT = 2;

/** `JobKey(role='www', environment='devel', name='web')` */
export function structText<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
): string {
  return textOfStruct(structOf(name), value);
}

function textOfStruct(struct: ThriftStruct, value: unknown): string {
  const fields = ofObject(value, struct.name);
  const parts = struct.fields.map((field) => `${field.name}=${textAt(field, fields[field.name])}`);
  return `${struct.name}(${parts.join(', ')})`;
}

function textAt(field: ThriftField, value: unknown): string {
  return value === undefined ? 'None' : textOfType(field.type, value);
}

function textOfType(type: ThriftType, value: unknown): string {
  switch (type.kind) {
    case 'bool':
      return value === true ? 'True' : 'False';
    case 'i32':
    case 'i64':
      return String(value);
    case 'double':
      return floatText(Number(value), FLOAT_DIGITS);
    case 'str':
      return quoted(String(value));
    case 'enum':
      return String(enumNumber(type.name, value));
    case 'struct':
      return textOfStruct(type.struct, value);
    case 'list':
      return `[${elementTexts(type.element, value).join(', ')}]`;
    case 'set':
      return `set([${elementTexts(type.element, value).join(', ')}])`;
    case 'map': {
      const entries = [...ofMap(value)].map(
        ([key, one]) => `${textOfType(type.key, key)}: ${textOfType(type.value, one)}`,
      );
      return `{${entries.join(', ')}}`;
    }
  }
}

function elementTexts(element: ThriftType, value: unknown): readonly string[] {
  return sequenceOf(value).map((each) => textOfType(element, each));
}

/**
 * The fields of a struct by name, one to a line, as a pretty printer of width 80 does it. Sets are sorted lists, so that
 * equal ones look alike; `raw` gives the text of a field in place of its value.
 */
export function fieldLines<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
  raw: ReadonlyMap<string, string>,
): string {
  const struct = structOf(name);
  const fields = ofObject(value, name);
  const rows = struct.fields.map((field): readonly [string, string] => {
    const key = quoted(field.name);
    const given = raw.get(field.name);
    if (given !== undefined) return [field.name, `${key}: ${given}`];
    const at = INDENT + key.length + 2;
    return [field.name, `${key}: ${sortedText(field, fields[field.name], at)}`];
  });
  const sorted = rows.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text);
  return `{ ${sorted.join(`,\n${' '.repeat(INDENT)}`)}}`;
}

function sortedText(field: ThriftField, value: unknown, column: number): string {
  const { type } = field;
  if (value === undefined || (type.kind !== 'set' && type.kind !== 'list'))
    return textAt(field, value);
  const parts = [...elementTexts(type.element, value)].sort();
  const line = `[${parts.join(', ')}]`;
  if (line.length < WIDTH - 1 - column) return line;
  return `[ ${parts.join(`,\n${' '.repeat(column + INDENT)}`)}]`;
}

/** A struct as JSON has it: enumerations by name, `null` for what is optional and not there where `nulls` says so. */
export function jsonOfStruct<N extends keyof ThriftStructs>(
  name: N,
  value: ThriftStructs[N],
  nulls: ReadonlySet<string> = new Set(),
): unknown {
  return jsonStruct(structOf(name), value, nulls);
}

function jsonStruct(struct: ThriftStruct, value: unknown, nulls: ReadonlySet<string>): unknown {
  const fields = ofObject(value, struct.name);
  const entries = struct.fields.flatMap((field): readonly [string, unknown][] => {
    const one = fields[field.name];
    if (one !== undefined) return [[field.name, jsonValue(field.type, one, nulls)]];
    return nulls.has(field.name) ? [[field.name, null]] : [];
  });
  return Object.fromEntries(entries);
}

function jsonValue(type: ThriftType, value: unknown, nulls: ReadonlySet<string>): unknown {
  switch (type.kind) {
    case 'struct':
      return jsonStruct(type.struct, value, nulls);
    case 'list':
    case 'set':
      return sequenceOf(value).map((each) => jsonValue(type.element, each, nulls));
    case 'map': {
      const entries = [...ofMap(value)].map(([key, one]): [string, unknown] => [
        String(key),
        jsonValue(type.value, one, nulls),
      ]);
      return Object.fromEntries(entries);
    }
    default:
      return value;
  }
}

/** `json.dumps(indent=2, separators=(',', ': '))` */
export function prettyJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
