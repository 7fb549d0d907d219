/** Asks a DNS server over UDP, one question after another, until each is answered. */
import { createSocket } from 'node:dgram';

/** A question without answer for so long is lost. */
const LOST_MS = 1_000;
const IDS = 65_536;

export class DnsAsker {
  private readonly port: number;
  private readonly socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, done) => done(null, host, 4),
  });
  private readonly waiting = new Map<number, (answer: Buffer) => void>();
  private nextId = 0;

  constructor(port: number) {
    this.port = port;
    this.socket.on('message', (answer) => {
      const id = answer.readUInt16BE(0);
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    });
  }

  close(): void {
    this.socket.close();
  }

  /** Asks until there is an answer. */
  async ask(message: Buffer): Promise<Buffer> {
    for (;;) {
      const answer = await new Promise<Buffer | undefined>((resolve) => {
        const id = this.nextId;
        this.nextId = (this.nextId + 1) % IDS;
        const timer = setTimeout(() => {
          this.waiting.delete(id);
          resolve(undefined);
        }, LOST_MS);
        this.waiting.set(id, (bytes) => {
          clearTimeout(timer);
          resolve(bytes);
        });
        message.writeUInt16BE(id, 0);
        this.socket.send(message, this.port, '127.0.0.1');
      });
      if (answer !== undefined) return answer;
    }
  }
}
