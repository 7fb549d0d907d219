/**
 * The message descriptors behind all codecs: `proto/*.proto` are parsed once, at first use, into one
 * plan per message with its fields in declaration order (JSON) and in number order (binary).
 *
 * Messages of `mesos.internal` refer to v1 messages through `v1-names.ts`, so that v0 bytes come out
 * as v1 values; the numbers are the same (spec scheduler-api, head).
 */
import { readdirSync, readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { assert, defined } from '../base/assert.ts';
import type { ReaderUse } from './compiled-reader.ts';
import type { WriterUse } from './compiled-writer.ts';
import { formatDouble } from './json-text.ts';
import { type SharedMessages, sharingOf } from './shared-messages.ts';
import type { MessageTypes } from './types/messages.ts';
import { v1NameOf } from './v1-names.ts';

export type MessageName = keyof MessageTypes;

export type FieldKind =
  | 'double'
  | 'float'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'sint64'
  | 'fixed32'
  | 'sfixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'message';

export interface EnumPlan {
  readonly nameOf: ReadonlyMap<number, string>;
  readonly numberOf: ReadonlyMap<string, number>;
}

export interface FieldPlan {
  readonly name: string;
  readonly number: number;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  readonly isMap: boolean;
  /** A singular integer of 64 bits: more than a double holds (exact-integers.ts). */
  readonly isWide: boolean;
  readonly required: boolean;
  /** Number and wire type as they stand before one (unpacked) value. */
  readonly tag: number;
  readonly enumeration: EnumPlan | undefined;
  /** The message of `message` fields, made when first asked for: messages may be recursive. */
  readonly message: () => MessagePlan;
  /** `"name":`, ready to be written. */
  readonly jsonKey: string;
  /** `"name":value` to write when unset: explicit defaults of fields that are not deprecated. */
  readonly jsonDefault: string | undefined;
  /** The same default as a value for trees (numbers of double fields are marked by `kind`). */
  readonly defaultValue: string | number | boolean | undefined;
}

export interface MessagePlan {
  readonly name: string;
  readonly fields: readonly FieldPlan[];
  readonly fieldsByNumber: readonly FieldPlan[];
  /** Sparse, by the fields' numbers. */
  readonly byNumber: readonly (FieldPlan | undefined)[];
  readonly byName: ReadonlyMap<string, FieldPlan>;
  readonly required: readonly string[];
  /** Where equal ones are one object (shared-messages.ts). */
  readonly sharing: SharedMessages | undefined;
  /** The only parts that change: caches. */
  readonly readerUse: ReaderUse;
  readonly writerUse: WriterUse;
  /** An empty message, a plain object. */
  readonly create: () => Record<string, unknown>;
}

const PROTO_DIRECTORY = new URL('./proto/', import.meta.url);

const WIRE_TYPES: Readonly<Record<FieldKind, number>> = {
  double: 1,
  float: 5,
  int32: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  sint64: 0,
  fixed32: 5,
  sfixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  bool: 0,
  string: 2,
  bytes: 2,
  enum: 0,
  message: 2,
};

const WIDE: ReadonlySet<FieldKind> = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

/** Messages by name, and enums by name; a cache of what the constant `.proto` files say. */
const plans = new Map<string, MessagePlan>();
const enumPlans = new Map<protobuf.Enum, EnumPlan>();
let loadedRoot: protobuf.Root | undefined;

/** The plan of a message; an unknown name is a bug. */
export function planOf(name: string): MessagePlan {
  const known = plans.get(name);
  if (known !== undefined) return known;
  const plan = buildPlan(root().lookupType(name));
  plans.set(name, plan);
  return plan;
}

/** Whether a message of that name exists, for names that came over the wire. */
export function isMessageName(name: string): name is MessageName {
  if (plans.has(name)) return true;
  const found = root().lookup(name);
  return found instanceof protobuf.Type && found.fullName === `.${name}`;
}

function root(): protobuf.Root {
  if (loadedRoot !== undefined) return loadedRoot;
  const loading = new protobuf.Root();
  for (const file of readdirSync(PROTO_DIRECTORY).sort()) {
    const text = readFileSync(new URL(file, PROTO_DIRECTORY), 'utf8');
    protobuf.parse(text, loading, { keepCase: true });
  }
  loading.resolveAll();
  loadedRoot = loading;
  return loading;
}

function buildPlan(type: protobuf.Type): MessagePlan {
  const name = type.fullName.slice(1);
  const isInternal = name.startsWith('mesos.internal');
  const fields = type.fieldsArray.map((field) => buildField(field.resolve(), isInternal));
  return {
    name,
    fields,
    fieldsByNumber: [...fields].sort((a, b) => a.number - b.number),
    byNumber: indexByNumber(fields),
    byName: new Map(fields.map((field) => [field.name, field])),
    required: fields.filter((field) => field.required).map((field) => field.name),
    sharing: sharingOf(name),
    readerUse: { readCount: 0, compiled: undefined },
    writerUse: { writeCount: 0, compiled: undefined },
    create: creator(),
  };
}

/**
 * A maker of plain objects for one message. Each function's objects have a layout of their own, which
 * the engine fits to the fields that are really there: half the memory of literals, and a master keeps
 * millions of them.
 */
function creator(): () => Record<string, unknown> {
  function Message(): void {}
  Message.prototype = Object.prototype;
  const Shape = Message as unknown as new () => Record<string, unknown>;
  return () => new Shape();
}

function indexByNumber(fields: readonly FieldPlan[]): readonly (FieldPlan | undefined)[] {
  const index: (FieldPlan | undefined)[] = [];
  for (const field of fields) index[field.number] = field;
  return index;
}

function buildField(field: protobuf.Field, isInternal: boolean): FieldPlan {
  const isMap = field instanceof protobuf.MapField;
  assert(!isMap || field.keyType === 'string', `map ${field.fullName} has no string keys`);
  const resolved = resolveType(field, isInternal);
  const kind = kindOf(field, resolved);
  const enumeration = resolved instanceof protobuf.Enum ? planEnum(resolved) : undefined;
  const hasDefault = field.options?.['default'] !== undefined;
  const shown = hasDefault && field.options?.['deprecated'] !== true && !field.required;
  const defaultValue = shown ? defaultOf(field, enumeration) : undefined;
  const jsonKey = `${JSON.stringify(field.name)}:`;
  let message: MessagePlan | undefined;
  return {
    name: field.name,
    number: field.id,
    kind,
    repeated: field.repeated && !isMap,
    isMap,
    isWide: !field.repeated && !isMap && WIDE.has(kind),
    required: field.required,
    tag: ((field.id << 3) | (isMap ? 2 : WIRE_TYPES[kind])) >>> 0,
    enumeration,
    message: () => {
      if (message === undefined) {
        message = planOf(defined(resolved, `message of ${field.fullName}`).fullName.slice(1));
      }
      return message;
    },
    jsonKey,
    jsonDefault:
      defaultValue === undefined ? undefined : `${jsonKey}${defaultText(kind, defaultValue)}`,
    defaultValue,
  };
}

function resolveType(
  field: protobuf.Field,
  isInternal: boolean,
): protobuf.Type | protobuf.Enum | undefined {
  if (field.resolvedType === null) return undefined;
  if (!isInternal) return field.resolvedType;
  return root().lookupTypeOrEnum(v1NameOf(field.resolvedType.fullName.slice(1)));
}

function kindOf(
  field: protobuf.Field,
  resolved: protobuf.Type | protobuf.Enum | undefined,
): FieldKind {
  if (resolved instanceof protobuf.Enum) return 'enum';
  if (resolved !== undefined) return 'message';
  assert(isScalarKind(field.type), `field ${field.fullName} has unknown type ${field.type}`);
  return field.type;
}

function isScalarKind(type: string): type is FieldKind {
  return type in WIRE_TYPES && type !== 'enum' && type !== 'message';
}

function planEnum(type: protobuf.Enum): EnumPlan {
  const known = enumPlans.get(type);
  if (known !== undefined) return known;
  const nameOf = new Map<number, string>();
  const numberOf = new Map<string, number>();
  for (const [name, number] of Object.entries(type.values)) {
    numberOf.set(name, number);
    // With `allow_alias` the first name of a number is the one that is written.
    if (!nameOf.has(number)) nameOf.set(number, name);
  }
  const plan = { nameOf, numberOf };
  enumPlans.set(type, plan);
  return plan;
}

function defaultOf(
  field: protobuf.Field,
  enumeration: EnumPlan | undefined,
): string | number | boolean {
  const value: unknown = field.defaultValue;
  if (enumeration !== undefined) {
    return typeof value === 'string' ? value : (enumeration.nameOf.get(Number(value)) ?? '');
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return Number(value);
}

function defaultText(kind: FieldKind, value: string | number | boolean): string {
  if (typeof value === 'number' && (kind === 'double' || kind === 'float')) {
    return formatDouble(value);
  }
  return JSON.stringify(value);
}
