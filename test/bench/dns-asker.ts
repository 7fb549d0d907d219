/** Asks a DNS server over UDP: one question at a time, as many as it takes, or at a steady pace. */
import { createSocket, type Socket } from 'node:dgram';

const SOCKETS = 4;
/** A question without answer for so long is lost. */
const LOST_MS = 1_000;
const IDS = 65_536;

export class DnsAsker {
  answers = 0;
  /** Answers without a record, or with an error. */
  wrong = 0;
  private readonly port: number;
  private readonly sockets: readonly Socket[];
  private readonly waiting = new Map<number, (answer: Buffer) => void>();
  private queries: readonly Buffer[] = [];
  private isFull = false;
  private nextQuery = 0;
  private nextId = 0;

  constructor(port: number) {
    this.port = port;
    this.sockets = Array.from({ length: SOCKETS }, () => this.open());
  }

  close(): void {
    this.isFull = false;
    for (const socket of this.sockets) socket.close();
  }

  /** Asks until there is an answer. */
  async ask(message: Buffer): Promise<Buffer> {
    for (;;) {
      const answer = await new Promise<Buffer | undefined>((resolve) => {
        const id = this.send(message, (bytes) => {
          clearTimeout(timer);
          resolve(bytes);
        });
        const timer = setTimeout(() => {
          this.waiting.delete(id);
          resolve(undefined);
        }, LOST_MS);
      });
      if (answer !== undefined) return answer;
    }
  }

  /** Sends the next question with each answer; lost ones are replaced. */
  keepInFlight(queries: readonly Buffer[], count: number): void {
    this.queries = queries;
    this.isFull = true;
    for (let at = 0; at < count; at += 1) this.sendNext();
    let before = -1;
    const refill = setInterval(() => {
      if (!this.isFull) clearInterval(refill);
      else if (this.answers === before) for (let at = 0; at < count; at += 1) this.sendNext();
      before = this.answers;
    }, 200);
  }

  /** Sends no more and forgets what is under way. */
  async drain(): Promise<void> {
    this.isFull = false;
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.waiting.clear();
  }

  /** Asks `perSecond` questions for `durationMs` whatever comes back; gives the delays, in ms. */
  async paced(
    queries: readonly Buffer[],
    perSecond: number,
    durationMs: number,
  ): Promise<readonly number[]> {
    const delays: number[] = [];
    const start = performance.now();
    let sent = 0;
    while (performance.now() - start < durationMs) {
      const wanted = ((performance.now() - start) / 1_000) * perSecond;
      for (; sent < wanted; sent += 1) {
        const at = performance.now();
        const message = queries[sent % queries.length];
        if (message !== undefined) this.send(message, () => delays.push(performance.now() - at));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.drain();
    // What never came is worse than anything that did.
    return [...delays, ...Array.from({ length: sent - delays.length }, () => LOST_MS)];
  }

  private sendNext(): void {
    this.nextQuery = (this.nextQuery + 1) % this.queries.length;
    const message = this.queries[this.nextQuery];
    if (message !== undefined) this.send(message, () => this.isFull && this.sendNext());
  }

  private send(message: Buffer, onAnswer: (answer: Buffer) => void): number {
    const id = this.nextId;
    this.nextId = (this.nextId + 1) % IDS;
    message.writeUInt16BE(id, 0);
    this.waiting.set(id, onAnswer);
    this.sockets[id % SOCKETS]?.send(message, this.port, '127.0.0.1');
    return id;
  }

  private open(): Socket {
    const socket = createSocket({
      type: 'udp4',
      lookup: (host, _options, done) => done(null, host, 4),
      recvBufferSize: 4 * 1024 ** 2,
    });
    socket.on('message', (answer) => {
      const id = answer.readUInt16BE(0);
      const taken = this.waiting.get(id);
      if (taken === undefined) return;
      this.waiting.delete(id);
      this.answers += 1;
      // Answer count is at byte 6, the response code in the low bits of byte 3.
      if (answer.readUInt16BE(6) === 0 || ((answer[3] ?? 0) & 15) !== 0) this.wrong += 1;
      taken(answer);
    });
    return socket;
  }
}

export function query(name: string, type: number): Buffer {
  const header = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, type, 0, 1)]);
}
