/**
 * DNS over TCP: each message has its length before it, as two bytes (RFC 1035, section 4.2.2).
 * Fed with chunks; at most one incomplete message of 64 KiB is kept.
 */
export class TcpFrames {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly Buffer[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const messages: Buffer[] = [];
    while (bytes.length >= 2) {
      const end = 2 + bytes.readUInt16BE(0);
      if (bytes.length < end) break;
      messages.push(bytes.subarray(2, end));
      bytes = bytes.subarray(end);
    }
    this.rest = bytes;
    return messages;
  }

  /** Whether a message has begun and not ended. */
  get isInside(): boolean {
    return this.rest.length > 0;
  }
}
