/**
 * Structs from plain JSON (spec aurora-scheduler, section 2.2): fields by name, enumerations by name, sets as arrays,
 * unions as objects with one key. What has no place in a struct is left out, as the original's reader does.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { MalformedThrift } from './malformed.ts';
import type { ThriftCall } from './messages.ts';
import { callOf, type MethodName, type ThriftField, type ThriftType } from './schema.ts';
import { FieldsRead } from './values.ts';

/** What a parameter may not be deeper than. */
const DEPTH_MAX = 32;

/** A call by its parameters; the sentence names the one that is wrong. */
export function callFromPlain(
  method: MethodName,
  parameters: Readonly<Record<string, unknown>>,
): Result<ThriftCall> {
  const { args } = callOf(method);
  const read = new FieldsRead(args);
  for (const field of args.fields) {
    try {
      read.put(field, fieldFromPlain(field, parameters, 0));
    } catch (thrown) {
      if (!(thrown instanceof MalformedThrift)) throw thrown;
      return err(`Failed to parse parameter ${field.name}: ${thrown.message}`);
    }
  }
  return ok({ kind: 'call', method, seqid: 0, args: read.whole() } as ThriftCall);
}

function fieldFromPlain(
  { name, type }: ThriftField,
  from: Readonly<Record<string, unknown>>,
  depth: number,
): unknown {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  return value === undefined || value === null ? undefined : valueFromPlain(type, value, depth);
}

function valueFromPlain(type: ThriftType, value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new MalformedThrift('nested too deeply');
  switch (type.kind) {
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'i32':
    case 'i64':
      if (Number.isSafeInteger(Number(value)) && isNumeric(value)) return Number(value);
      break;
    case 'double':
      if (Number.isFinite(Number(value)) && isNumeric(value)) return Number(value);
      break;
    case 'str':
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      break;
    case 'enum':
      if (typeof value === 'string' && [...type.names.values()].includes(value)) return value;
      throw new MalformedThrift(`${JSON.stringify(value)} is no ${type.name}`);
    case 'list':
    case 'set':
      if (!Array.isArray(value)) break;
      return value.map((each) => valueFromPlain(type.element, each, depth + 1));
    case 'map':
      if (!isTable(value)) break;
      return new Map(
        Object.entries(value).map(([key, each]) => [
          valueFromPlain(type.key, key, depth + 1),
          valueFromPlain(type.value, each, depth + 1),
        ]),
      );
    case 'struct': {
      if (!isTable(value)) break;
      const read = new FieldsRead(type.struct);
      for (const field of type.struct.fields) {
        read.put(field, fieldFromPlain(field, value, depth + 1));
      }
      return read.whole();
    }
  }
  throw new MalformedThrift(`Expected ${expected(type)} but was ${JSON.stringify(value)}`);
}

/** Texts of numbers are numbers, too. */
function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
}

function expected(type: ThriftType): string {
  if (type.kind === 'struct') return type.struct.name;
  return type.kind === 'str' ? 'a string' : `a ${type.kind}`;
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
