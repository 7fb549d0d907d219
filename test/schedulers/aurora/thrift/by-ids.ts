/** Messages as ids, types and values, as the JSON encoding has them, by the thrift package, which knows no names. */
import type { ThriftProtocol } from 'thrift-protocol';

const TYPES: Readonly<Record<string, number>> = {
  tf: 2,
  dbl: 4,
  i32: 8,
  i64: 10,
  str: 11,
  rec: 12,
  map: 13,
  set: 14,
  lst: 15,
};
export interface MessageByIds {
  readonly name: string;
  readonly type: number;
  readonly seqid: number;
  readonly body: object;
}

export function writeMessage(out: ThriftProtocol, message: MessageByIds): void {
  out.writeMessageBegin(message.name, message.type, message.seqid);
  writeStruct(out, message.body);
  out.writeMessageEnd();
}

function writeStruct(out: ThriftProtocol, fields: object): void {
  out.writeStructBegin('');
  for (const [id, typed] of Object.entries(fields)) {
    const [tag = '', value] = Object.entries(typed)[0] ?? [];
    out.writeFieldBegin('', TYPES[tag] ?? 0, Number(id));
    writeValue(out, tag, value);
    out.writeFieldEnd();
  }
  out.writeFieldStop();
  out.writeStructEnd();
}

function writeValue(out: ThriftProtocol, tag: string, value: unknown): void {
  if (tag === 'tf') out.writeBool(value === 1);
  else if (tag === 'dbl') out.writeDouble(Number(value));
  else if (tag === 'i32') out.writeI32(Number(value));
  else if (tag === 'i64') out.writeI64(Number(value));
  else if (tag === 'str') out.writeString(String(value));
  else if (tag === 'rec') writeStruct(out, Object(value));
  else if (tag === 'map') {
    const [key, each, size, entries] = Object(value);
    out.writeMapBegin(TYPES[key] ?? 0, TYPES[each] ?? 0, size);
    for (const [name, inner] of Object.entries(entries)) {
      writeValue(out, key, name);
      writeValue(out, each, inner);
    }
    out.writeMapEnd();
  } else {
    const [element, size, ...items] = Object(value);
    if (tag === 'set') out.writeSetBegin(TYPES[element] ?? 0, size);
    else out.writeListBegin(TYPES[element] ?? 0, size);
    for (const item of items) writeValue(out, element, item);
  }
}

export function readMessage(from: ThriftProtocol): unknown {
  const { fname, mtype, rseqid } = from.readMessageBegin();
  return [1, fname, mtype, rseqid, readStruct(from)];
}

function tagOf(type: number): string {
  return Object.keys(TYPES).find((tag) => TYPES[tag] === type) ?? `type ${type}`;
}

function readStruct(from: ThriftProtocol): unknown {
  const fields: Record<string, unknown> = {};
  from.readStructBegin();
  for (;;) {
    const { ftype, fid } = from.readFieldBegin();
    if (ftype === 0) break;
    fields[fid] = { [tagOf(ftype)]: readValue(from, ftype) };
    from.readFieldEnd();
  }
  from.readStructEnd();
  return fields;
}

function readValue(from: ThriftProtocol, type: number): unknown {
  switch (tagOf(type)) {
    case 'tf':
      return from.readBool() ? 1 : 0;
    case 'dbl':
      return from.readDouble();
    case 'i32':
      return from.readI32();
    case 'i64':
      return from.readI64().valueOf();
    case 'str':
      return from.readString();
    case 'rec':
      return readStruct(from);
    case 'map': {
      const { ktype, vtype, size } = from.readMapBegin();
      const entries = Array.from({ length: size }, () => [
        readValue(from, ktype),
        readValue(from, vtype),
      ]);
      return [tagOf(ktype), tagOf(vtype), size, Object.fromEntries(entries)];
    }
    default: {
      const isSet = tagOf(type) === 'set';
      const { etype, size } = isSet ? from.readSetBegin() : from.readListBegin();
      return [tagOf(etype), size, ...Array.from({ length: size }, () => readValue(from, etype))];
    }
  }
}
