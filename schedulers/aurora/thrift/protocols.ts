/**
 * The binary and the compact protocol of the thrift package over bytes in memory. The JSON protocol is ours
 * (`json-encoding.ts`): the package's writes control characters unescaped, which is no JSON, and believes the sizes it reads.
 */

import TBinaryProtocol from 'thrift/lib/nodejs/lib/thrift/binary_protocol.js';
import TCompactProtocol from 'thrift/lib/nodejs/lib/thrift/compact_protocol.js';
import type { ThriftProtocol, ThriftTransport } from 'thrift-protocol';
import { MalformedThrift } from './malformed.ts';

export type ByteEncoding = 'binary' | 'compact';

/** What the package sees of the bytes. Never reads beyond them. */
class MemoryTransport implements ThriftTransport {
  readonly #input: Buffer;
  readonly #output: Buffer[] = [];
  #at = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  get written(): Buffer {
    return Buffer.concat(this.#output);
  }

  get left(): number {
    return this.#input.length - this.#at;
  }

  read(length: number): Buffer {
    const from = this.#take(length);
    return this.#input.subarray(from, from + length);
  }

  readByte(): number {
    return this.#input.readInt8(this.#take(1));
  }

  readI16(): number {
    return this.#input.readInt16BE(this.#take(2));
  }

  readI32(): number {
    return this.#input.readInt32BE(this.#take(4));
  }

  readDouble(): number {
    return this.#input.readDoubleBE(this.#take(8));
  }

  readString(length: number): string {
    const from = this.#take(length);
    return this.#input.toString('utf8', from, from + length);
  }

  write(bytes: Buffer | string): void {
    this.#output.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }

  setCurrSeqId(): void {}

  flush(): void {}

  #take(length: number): number {
    if (!(length >= 0 && length <= this.left)) {
      throw new MalformedThrift(`${length} bytes are expected where ${this.left} are left`);
    }
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

function protocolOver(transport: ThriftTransport, encoding: ByteEncoding): ThriftProtocol {
  return encoding === 'binary'
    ? new TBinaryProtocol(transport, true, true)
    : new TCompactProtocol(transport);
}

/** The bytes of what `write` says. */
export function writeWith(encoding: ByteEncoding, write: (out: ThriftProtocol) => void): Buffer {
  const transport = new MemoryTransport(Buffer.alloc(0));
  write(protocolOver(transport, encoding));
  return transport.written;
}

/** Throws `MalformedThrift`; all bytes have to be used up. */
export function readWith<T>(
  encoding: ByteEncoding,
  bytes: Buffer,
  read: (from: ThriftProtocol) => T,
): T {
  const transport = new MemoryTransport(bytes);
  try {
    const value = read(protocolOver(transport, encoding));
    if (transport.left > 0) throw new MalformedThrift(`${transport.left} bytes follow the end`);
    return value;
  } catch (thrown) {
    if (thrown instanceof MalformedThrift) throw thrown;
    // The package throws errors of several kinds for bytes that it does not understand.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new MalformedThrift(why, { cause: thrown });
  }
}
