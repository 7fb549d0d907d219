/**
 * Functions that write one kind of message each, made from its plan when it is written often (as
 * compiled-reader.ts does for reading). They write the same bytes as `writeMessage` does by the plan, and leave to
 * it what is not usual: values with unknown fields, maps, integers beyond 2^53, values of a wrong type.
 */
import type { ByteWriter } from './byte-writer.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';
import { type Fields, UNKNOWN_FIELDS } from './unknown-fields.ts';

/** What the functions need of binary-writer.ts. */
export interface PlannedWriter {
  message(plan: MessagePlan, value: unknown, writer: ByteWriter): boolean;
  /** All fields by the plan. */
  fields(plan: MessagePlan, value: Fields, writer: ByteWriter): boolean;
  /** One field that has a value. */
  field(plan: MessagePlan, field: FieldPlan, value: Fields, writer: ByteWriter): boolean;
}

/** Writes all fields; false when a required one is missing somewhere. */
export type CompiledWriter = (value: Fields, writer: ByteWriter) => boolean;

/** A daemon that writes a message now and then need not have a function for it. */
const COMPILED_AFTER = 100;

export interface WriterUse {
  writeCount: number;
  compiled: CompiledWriter | undefined;
}

/** Undefined as long as messages of this plan are rare. */
export function compiledWriter(
  plan: MessagePlan,
  planned: PlannedWriter,
): CompiledWriter | undefined {
  const { writerUse } = plan;
  if (writerUse.compiled !== undefined) return writerUse.compiled;
  writerUse.writeCount += 1;
  if (writerUse.writeCount > COMPILED_AFTER) writerUse.compiled = compileWriter(plan, planned);
  return writerUse.compiled;
}

export function compileWriter(plan: MessagePlan, planned: PlannedWriter): CompiledWriter {
  const fields = plan.fieldsByNumber;
  const text = `'use strict';
${fields.map((_, at) => `const f${at} = fields[${at}]; let p${at};`).join('\n')}
return function write(v, w) {
  if (v[unknown] !== undefined) return planned.fields(plan, v, w);
  let ok = true;
  let x;
${fields.map((field, at) => `  ${statementOf(field, at)}`).join('\n')}
  return ok;
};`;
  // The text is made of our own constants, as the functions are that protobufjs makes.
  const make = new Function('plan', 'fields', 'planned', 'unknown', text);
  return make(plan, fields, planned, UNKNOWN_FIELDS);
}

function statementOf(field: FieldPlan, at: number): string {
  const name = JSON.stringify(field.name);
  const absent = field.required ? ' else ok = false;' : '';
  const planned = `ok = planned.field(plan, f${at}, v, w) && ok;`;
  const one = writingOf(field, at);
  return `x = v[${name}]; if (x !== undefined && x !== null) { ${present(field, one, planned)} }${absent}`;
}

function present(field: FieldPlan, one: Writing | undefined, planned: string): string {
  if (one === undefined) return planned;
  const tag = field.tag < 0x80 ? `w.byte(${field.tag});` : `w.uint32(${field.tag});`;
  if (!field.repeated) return `if (${one.fits}) { ${tag} ${one.write} } else ${planned}`;
  // A value that does not fit throws; what was written before it is thrown away.
  return (
    `if (!Array.isArray(x)) ${planned} else { const l = x; for (let i = 0; i < l.length; i += 1) { ` +
    `x = l[i]; if (${one.fits}) { ${tag} ${one.write} } else { x = l; ${planned} } } }`
  );
}

interface Writing {
  /** Whether `x` is of the usual type. */
  readonly fits: string;
  readonly write: string;
}

/** Undefined for kinds that are rare. */
function writingOf(field: FieldPlan, at: number): Writing | undefined {
  if (field.isMap || field.isWide) return undefined;
  switch (field.kind) {
    case 'message':
      return {
        fits: 'true',
        write:
          'const s = w.begin(); ' +
          `if (!planned.message(p${at} ??= f${at}.message(), x, w)) ok = false; w.end(s);`,
      };
    case 'string':
      return { fits: "typeof x === 'string'", write: 'w.string(x);' };
    case 'bytes':
      return { fits: 'x instanceof Uint8Array', write: 'w.bytes(x);' };
    case 'enum':
      return {
        fits: `typeof x === 'string' && f${at}.enumeration.numberOf.has(x)`,
        write: `w.int32(f${at}.enumeration.numberOf.get(x));`,
      };
    case 'bool':
      return { fits: "typeof x === 'boolean'", write: 'w.bool(x);' };
    case 'double':
    case 'uint32':
    case 'int32':
      return { fits: "typeof x === 'number'", write: `w.${field.kind}(x);` };
    default:
      return undefined;
  }
}
