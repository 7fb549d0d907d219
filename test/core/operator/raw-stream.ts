/** A stream of JSON events over a real connection, read while virtual time passes. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { RecordDecoder } from '../../../core/wire/recordio.ts';
import { type HeaderLine, headerLines } from './recordings.ts';

/** Turns of the event loop that an event may take: both ends live in this process. */
const TURNS_MAX = 100_000;

export interface RawStreamOptions {
  readonly port: number;
  readonly path: string;
  /** The call that opens it. */
  readonly body: unknown;
  /** Lets time pass. */
  readonly advance: () => Promise<void>;
}

export class RawStream implements Disposable {
  readonly records: string[] = [];
  private readonly sent: http.ClientRequest;
  private readonly advance: () => Promise<void>;
  private answer: http.IncomingMessage | undefined;

  constructor({ port, path, body, advance }: RawStreamOptions) {
    this.advance = advance;
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    this.sent = http.request({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      method: 'POST',
      headers,
    });
    const decoder = new RecordDecoder();
    this.sent.on('error', () => {});
    this.sent.on('response', (answer) => {
      this.answer = answer;
      answer.on('error', () => {});
      answer.on('data', (chunk: Buffer) => {
        for (const record of decoder.push(chunk)) this.records.push(Buffer.from(record).toString());
      });
    });
    this.sent.end(JSON.stringify(body));
  }

  [Symbol.dispose](): void {
    this.sent.destroy();
  }

  get isOver(): boolean {
    return this.answer?.complete === true;
  }

  private get head(): http.IncomingMessage {
    assert.ok(this.answer !== undefined);
    return this.answer;
  }

  get status(): number | undefined {
    return this.head.statusCode;
  }

  /** In the order and case of the wire. */
  get headers(): readonly HeaderLine[] {
    return headerLines(this.head.rawHeaders);
  }

  /** Lets time pass until so many events have come. */
  async until(count: number): Promise<void> {
    await this.untilTrue(() => this.records.length >= count, `${count} events`);
  }

  /** Lets time pass until one of the events has this in it; gives it. */
  async untilTold(part: string): Promise<string> {
    const found = (): string | undefined => this.records.find((each) => each.includes(part));
    await this.untilTrue(() => found() !== undefined, part);
    return found() ?? '';
  }

  private async untilTrue(isDone: () => boolean, what: string): Promise<void> {
    for (let turn = 0; !isDone(); turn += 1) {
      assert.ok(turn < TURNS_MAX, `waited for ${what}, came: ${this.records.join('\n')}`);
      await new Promise((resolve) => setImmediate(resolve));
      await this.advance();
    }
  }
}
