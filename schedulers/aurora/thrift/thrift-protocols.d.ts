/** The parts of the thrift package that `protocols.ts` uses: its own typings name the transports of its sockets. */
declare module 'thrift/lib/nodejs/lib/thrift/binary_protocol.js' {
  import type { ThriftProtocol, ThriftTransport } from 'thrift-protocol';

  const TBinaryProtocol: new (
    transport: ThriftTransport,
    strictRead: boolean,
    strictWrite: boolean,
  ) => ThriftProtocol;
  export default TBinaryProtocol;
}

declare module 'thrift/lib/nodejs/lib/thrift/compact_protocol.js' {
  import type { ThriftProtocol, ThriftTransport } from 'thrift-protocol';

  const TCompactProtocol: new (transport: ThriftTransport) => ThriftProtocol;
  export default TCompactProtocol;
}

/** Types only. */
declare module 'thrift-protocol' {
  interface ThriftTransport {
    read(length: number): Buffer;
    readByte(): number;
    readI16(): number;
    readI32(): number;
    readDouble(): number;
    readString(length: number): string;
    write(bytes: Buffer | string): void;
    setCurrSeqId(id: number): void;
    flush(): void;
  }

  interface ThriftProtocol {
    writeMessageBegin(name: string, type: number, seqid: number): void;
    writeMessageEnd(): void;
    writeStructBegin(name: string): void;
    writeStructEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldEnd(): void;
    writeFieldStop(): void;
    writeMapBegin(key: number, value: number, size: number): void;
    writeMapEnd(): void;
    writeListBegin(element: number, size: number): void;
    writeListEnd(): void;
    writeSetBegin(element: number, size: number): void;
    writeSetEnd(): void;
    writeBool(value: boolean): void;
    writeI32(value: number): void;
    writeI64(value: number): void;
    writeDouble(value: number): void;
    writeString(value: string): void;
    readMessageBegin(): { fname: string; mtype: number; rseqid: number };
    readMessageEnd(): void;
    readStructBegin(): unknown;
    readStructEnd(): void;
    readFieldBegin(): { ftype: number; fid: number };
    readFieldEnd(): void;
    readMapBegin(): { ktype: number; vtype: number; size: number };
    readMapEnd(): void;
    readListBegin(): { etype: number; size: number };
    readListEnd(): void;
    readSetBegin(): { etype: number; size: number };
    readSetEnd(): void;
    readBool(): boolean;
    readI32(): number;
    readI64(): { valueOf(): number };
    readDouble(): number;
    readString(): string;
    skip(type: number): void;
  }
}
