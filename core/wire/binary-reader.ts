/**
 * Reads the binary form of a message by its plan; the rules stand in codec.ts. Primitive values are
 * read by protobufjs. Malformed bytes throw; the codec turns that into a value.
 */
import protobuf from 'protobufjs/minimal.js';
import { setMember } from '../base/set-member.ts';
import { compiledReader } from './compiled-reader.ts';
import { setInteger } from './exact-integers.ts';
import { isRecord } from './required.ts';
import type { FieldPlan, MessagePlan } from './schema.ts';
import { copyOf, copyOfBytes, type SharedMessages } from './shared-messages.ts';
import { readShortString } from './short-strings.ts';
import { type Fields, keepUnknown } from './unknown-fields.ts';

/** Messages nested deeper are refused, as the original's parser does. */
const NESTING_MAX = 100;

const END_GROUP = 4;

export class BinaryReader {
  /** False once a required field turned out to be missing. */
  isComplete = true;

  readonly reader: protobuf.Reader;
  readonly bytes: Buffer;
  /** Elements of lists that are being read, and how many there are (compiled-reader.ts). */
  readonly stack: unknown[] = [];
  top = 0;
  private readonly compiles: boolean;

  /** Without functions made for each message when `compiles` is false: for comparison. */
  constructor(bytes: Uint8Array, compiles = true) {
    // Buffers have the faster string decoder.
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.reader = protobuf.Reader.create(this.bytes);
    this.compiles = compiles;
  }

  /** The whole input as one message; throws when the bytes are malformed. */
  readMessage(plan: MessagePlan): unknown {
    return this.message(plan, this.reader.len, plan.create(), 0);
  }

  private message(plan: MessagePlan, end: number, into: Fields, depth: number): Fields {
    if (depth > NESTING_MAX) throw new RangeError('messages are nested too deeply');
    const { reader } = this;
    const compiled = this.compiles ? compiledReader(plan) : undefined;
    if (compiled === undefined) this.fields(plan, end, into, depth);
    else compiled(this, reader, this.bytes, end, into, depth);
    if (reader.pos !== end) throw new RangeError('field crosses the end of its message');
    return into;
  }

  private fields(plan: MessagePlan, end: number, into: Fields, depth: number): void {
    const { reader } = this;
    while (reader.pos < end) {
      const start = reader.pos;
      const first = reader.buf[start] ?? 0x80;
      // Nearly all tags and lengths have one byte.
      const tag = first < 0x80 ? first : reader.tag();
      if (first < 0x80) reader.pos = start + 1;
      this.field(plan, into, tag, start, depth);
    }
    for (const name of plan.required) if (into[name] === undefined) this.isComplete = false;
  }

  /** Any field, after its tag. */
  field(plan: MessagePlan, into: Fields, tag: number, start: number, depth: number): void {
    const field = plan.byNumber[tag >>> 3];
    if (field === undefined) {
      this.unknown(into, tag, start);
    } else if (tag === field.tag) {
      this.known(field, into, start, depth);
    } else if (field.repeated && (tag & 7) === 2 && (field.tag & 7) !== 2) {
      this.packed(field, into);
    } else {
      this.unknown(into, tag, start);
    }
  }

  known(field: FieldPlan, into: Fields, start: number, depth: number): void {
    if (field.isMap) {
      this.mapEntry(field, into, depth);
      return;
    }
    if (field.kind === 'message') {
      const before = field.repeated ? undefined : into[field.name];
      this.store(field, into, this.child(field.message(), before, depth));
      return;
    }
    const value = this.scalar(field);
    if (value === undefined) this.keep(into, start);
    else this.store(field, into, value);
  }

  /** The message that begins with its length; `before` is what a singular field holds already. */
  child(plan: MessagePlan, before: unknown, depth: number): object {
    const end = this.endOfSized();
    // A singular message that comes twice is merged.
    if (isRecord(before)) {
      const target = plan.sharing === undefined ? before : copyOf(before);
      return this.message(plan, end, target, depth + 1);
    }
    if (plan.sharing !== undefined) return this.shared(plan, plan.sharing, end, depth);
    return this.message(plan, end, plan.create(), depth + 1);
  }

  private shared(plan: MessagePlan, sharing: SharedMessages, end: number, depth: number): object {
    const start = this.reader.pos;
    const known = sharing.find(this.bytes, start, end);
    if (known !== undefined) {
      this.reader.pos = end;
      return known;
    }
    const value = this.message(plan, end, plan.create(), depth + 1);
    // What lacks something, here or before, must be told apart from what was complete.
    if (this.isComplete) sharing.keep(this.bytes, start, end, value);
    return value;
  }

  private store(field: FieldPlan, into: Fields, value: unknown): void {
    if (field.repeated) {
      const before = into[field.name];
      if (Array.isArray(before)) before.push(value);
      else into[field.name] = [value];
      return;
    }
    if (typeof value === 'bigint') setInteger(into, field.name, value);
    else into[field.name] = value;
  }

  private packed(field: FieldPlan, into: Fields): void {
    const end = this.endOfSized();
    while (this.reader.pos < end) {
      const value = this.scalar(field);
      // Unknown enum values in a packed list are dropped; the originals never pack.
      if (value !== undefined) this.store(field, into, value);
    }
    if (this.reader.pos !== end) throw new RangeError('packed field crosses its end');
  }

  private mapEntry(field: FieldPlan, into: Fields, depth: number): void {
    const end = this.endOfSized();
    let key = '';
    let value: unknown;
    while (this.reader.pos < end) {
      const tag = this.reader.tag();
      if (tag === 10) {
        key = this.reader.string();
      } else if (tag >>> 3 === 2 && field.kind === 'message' && (tag & 7) === 2) {
        value = this.child(field.message(), undefined, depth);
      } else if (tag >>> 3 === 2 && field.kind === 'string' && (tag & 7) === 2) {
        value = this.reader.string();
      } else {
        this.reader.skipType(tag & 7, depth, tag >>> 3);
      }
    }
    if (this.reader.pos !== end) throw new RangeError('map entry crosses its end');
    const map = into[field.name] ?? {};
    into[field.name] = map;
    if (isRecord(map)) setMember(map, key, value ?? this.defaultOf(field));
  }

  /** Of an entry without a value: an empty message may lack something, too. */
  private defaultOf(field: FieldPlan): unknown {
    if (field.kind !== 'message') return '';
    const plan = field.message();
    if (plan.required.length > 0) this.isComplete = false;
    return plan.create();
  }

  /** One value; undefined for an enum value that has no name here. */
  private scalar(field: FieldPlan): unknown {
    const reader = this.reader;
    switch (field.kind) {
      case 'string':
        return this.string();
      case 'double':
        return reader.double();
      case 'enum':
        return field.enumeration?.nameOf.get(reader.int32());
      case 'bool':
        return reader.bool();
      case 'uint32':
        return reader.uint32();
      case 'int32':
        return reader.int32();
      case 'uint64':
        return this.integer() ?? wide(field, reader.uint64());
      case 'int64':
        return this.integer() ?? wide(field, reader.int64());
      case 'bytes':
        return this.copiedBytes();
      case 'float':
        return reader.float();
      case 'sint32':
        return reader.sint32();
      case 'sint64':
        return wide(field, reader.sint64());
      case 'fixed32':
        return reader.fixed32();
      case 'sfixed32':
        return reader.sfixed32();
      case 'fixed64':
        return wide(field, reader.fixed64());
      case 'sfixed64':
        return wide(field, reader.sfixed64());
      default:
        return undefined;
    }
  }

  string(): string {
    const { pos } = this.reader;
    const length = this.bytes[pos] ?? 0;
    const known = readShortString(this.bytes, pos + 1, length);
    if (known === undefined) return this.reader.string();
    this.reader.pos = pos + 1 + length;
    return known;
  }

  copiedBytes(): Uint8Array {
    const end = this.endOfSized();
    const start = this.reader.pos;
    this.reader.pos = end;
    return copyOfBytes(this.bytes, start, end);
  }

  /** An integer of 32 bits without sign: a length, for instance. */
  size(): number {
    const { reader } = this;
    const byte = reader.buf[reader.pos];
    if (byte === undefined || byte >= 0x80) return reader.uint32();
    reader.pos += 1;
    return byte;
  }

  /** A varint of up to four bytes, without the detour through 64-bit objects. */
  private integer(): number | undefined {
    const { buf, pos } = this.reader;
    let value = 0;
    for (let at = 0; at < 4; at += 1) {
      const byte = buf[pos + at];
      if (byte === undefined) return undefined;
      value |= (byte & 0x7f) << (at * 7);
      if (byte < 0x80) {
        this.reader.pos = pos + at + 1;
        return value;
      }
    }
    return undefined;
  }

  private endOfSized(): number {
    const size = this.size();
    const end = this.reader.pos + size;
    if (end > this.reader.len) throw new RangeError('message is cut short');
    return end;
  }

  private unknown(into: Fields, tag: number, start: number): void {
    if ((tag & 7) === END_GROUP || tag >>> 3 === 0) throw new RangeError(`invalid tag ${tag}`);
    this.reader.skipType(tag & 7, 0, tag >>> 3);
    this.keep(into, start);
  }

  keep(into: Fields, start: number): void {
    keepUnknown(into, this.reader.buf.subarray(start, this.reader.pos));
  }
}

/** A number; the exact value beyond 2^53, where a member can keep it. */
function wide(field: FieldPlan, value: ReturnType<protobuf.Reader['int64']>): number | bigint {
  if (typeof value === 'number') return value;
  const high = value.unsigned ? value.high >>> 0 : value.high;
  const number = high * 2 ** 32 + (value.low >>> 0);
  if (!field.isWide || Number.isSafeInteger(number)) return number;
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}
