/**
 * Functions that read one kind of message each, made from its plan when it turns out to be read often: a
 * program that reads fields by looking their names up spends most of its time on that. They do the same as
 * `BinaryReader` does by the plan, field by field, and leave everything that is not usual to it: what is unknown,
 * packed or a map. All that goes into their text are names and numbers of our own `.proto` files.
 */
import type { BinaryReader } from './binary-reader.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';
import type { Fields } from './unknown-fields.ts';

/** Reads fields into `into` until `end`; both `reader.reader` and `reader.bytes` come with it. */
export type CompiledReader = (
  reader: BinaryReader,
  position: BinaryReader['reader'],
  bytes: Uint8Array,
  end: number,
  into: Fields,
  depth: number,
) => void;

/** A daemon that reads a message now and then need not have a function for it. */
const COMPILED_AFTER = 100;

/** How often messages of one plan were read, and the function once they are read often. */
export interface ReaderUse {
  readCount: number;
  compiled: CompiledReader | undefined;
}

/** Undefined as long as messages of this plan are rare. */
export function compiledReader(plan: MessagePlan): CompiledReader | undefined {
  const { readerUse } = plan;
  if (readerUse.compiled !== undefined) return readerUse.compiled;
  readerUse.readCount += 1;
  if (readerUse.readCount > COMPILED_AFTER) readerUse.compiled = compileReader(plan);
  return readerUse.compiled;
}

export function compileReader(plan: MessagePlan): CompiledReader {
  const fields = plan.fields.filter(isUsual);
  const lacks = plan.required.map((name) => `m.${name} === undefined`).join(' || ');
  const text = `'use strict';
${fields.map((_, at) => `const f${at} = fields[${at}]; let p${at};`).join('\n')}
return function read(r, p, b, end, m, depth) {
  while (p.pos < end) {
    const start = p.pos;
    let tag = b[start];
    if (tag < 0x80) p.pos = start + 1;
    else tag = p.tag();
    switch (tag) {
${fields.map((field, at) => `      case ${field.tag}: ${caseOf(field, at)}`).join('\n')}
      default: r.field(plan, m, tag, start, depth);
    }
  }
  ${lacks === '' ? '' : `if (${lacks}) r.isComplete = false;`}
};`;
  // The text is made of our own constants, as the functions are that protobufjs makes.
  const make = new Function('plan', 'fields', text);
  return make(plan, fields);
}

/** Whether its case is written here. A name that every object has would be taken for a value. */
function isUsual(field: FieldPlan): boolean {
  return !field.isMap && /^[a-z]\w*$/.test(field.name) && !(field.name in Object.prototype);
}

function caseOf(field: FieldPlan, at: number): string {
  const member = `m.${field.name}`;
  const read = readingOf(field, at);
  if (read === undefined) return `r.known(f${at}, m, start, depth); break;`;
  if (field.repeated) return `${repeatedCase(field, member, read)} break;`;
  const unknown = field.kind === 'enum' ? 'if (v === undefined) r.keep(m, start); else ' : '';
  return `{ const v = ${read}; ${unknown}${member} = v; break; }`;
}

/**
 * The elements of a list mostly stand together. They are put on a stack first: a list that grows by itself has room for
 * seventeen as soon as there are two, and a master keeps hundreds of thousands of short lists.
 */
function repeatedCase(field: FieldPlan, member: string, read: string): string {
  if (field.kind === 'enum' || field.tag >= 0x80) {
    const unknown = 'if (v === undefined) { r.keep(m, start); break; }';
    const push = `const l = ${member}; if (l === undefined) ${member} = [v]; else l.push(v);`;
    return `{ const v = ${read}; ${unknown} ${push} }`;
  }
  return (
    `{ const s = r.stack, from = r.top; s[r.top++] = ${read}; ` +
    `while (p.pos < end && b[p.pos] === ${field.tag}) { p.pos += 1; s[r.top++] = ${read}; } ` +
    `const l = ${member}; if (l === undefined) ${member} = s.slice(from, r.top); ` +
    'else for (let i = from; i < r.top; i += 1) l.push(s[i]); r.top = from; }'
  );
}

/** Undefined for kinds that are rare. */
function readingOf(field: FieldPlan, at: number): string | undefined {
  switch (field.kind) {
    case 'message': {
      const before = field.repeated ? 'undefined' : `m.${field.name}`;
      return `r.child(p${at} ??= f${at}.message(), ${before}, depth)`;
    }
    case 'string':
      return 'r.string()';
    case 'bytes':
      return 'r.copiedBytes()';
    case 'double':
      return 'p.double()';
    case 'enum':
      return `f${at}.enumeration.nameOf.get(r.size() | 0)`;
    case 'bool':
      return 'p.bool()';
    case 'uint32':
      return 'r.size()';
    case 'int32':
      return 'r.size() | 0';
    default:
      return undefined;
  }
}
