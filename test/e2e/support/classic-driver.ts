/**
 * A framework of the classic driver as a process of its own would be: its actors behind one listening
 * socket, CRAM-MD5, the old messages. Works on nothing but the wire.
 */
import type { TestContext } from 'node:test';
import { Authenticatee } from '../../../core/agent/authenticatee.ts';
import { CramMd5Client } from '../../../core/auth/crammd5.ts';
import type { Credential } from '../../../core/auth/credentials.ts';
import { silentLog } from '../../../core/base/log.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { createLibprocess, type Libprocess } from '../../../core/net/libprocess.ts';
import type { Envelope, Upid } from '../../../core/net/ports.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import type { MessageTypes } from '../../../core/wire/types/messages.ts';
import { eventually } from './programs.ts';

const ACTOR = 'scheduler-classic';

export class ClassicDriver {
  private readonly transport: Libprocess;
  private readonly master: Upid;
  private readonly heard: Envelope[] = [];

  private constructor(transport: Libprocess, masterPort: number) {
    this.transport = transport;
    this.master = { id: 'master', ip: '127.0.0.1', port: masterPort };
    transport.register(ACTOR, (envelope) => this.heard.push(envelope));
  }

  static async start(t: TestContext, masterPort: number): Promise<ClassicDriver> {
    const http = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
    const transport = createLibprocess({ http, log: silentLog });
    await http.listen();
    const driver = new ClassicDriver(transport, masterPort);
    const unlink = transport.link(driver.master, () => {});
    t.after(async () => {
      unlink();
      await transport.stop();
      await http.close();
    });
    return driver;
  }

  get pid(): Upid {
    return { id: ACTOR, ip: this.transport.ip, port: this.transport.port };
  }

  authenticate(credential: Credential): Promise<string> {
    const peers = { master: this.master, self: this.pid };
    return new Promise((resolve) => {
      const client = new Authenticatee(() => new CramMd5Client(credential), this.transport);
      client.begin(1, peers, ({ kind }) => resolve(kind));
    });
  }

  say<N extends keyof MessageTypes>(name: N, message: MessageTypes[N]): void {
    const body = encodeMessage(name, message);
    this.transport.send({ from: this.pid, to: this.master, name, body });
  }

  /** The next message of that name that passes `filter`; the others before it are forgotten. */
  next<N extends keyof MessageTypes>(
    name: N,
    filter: (message: MessageTypes[N]) => boolean = () => true,
  ): Promise<MessageTypes[N]> {
    return eventually(`a message ${name}`, () => {
      for (let given = this.heard.shift(); given !== undefined; given = this.heard.shift()) {
        if (given.name !== name) continue;
        const read = decodeMessage(name, given.body);
        if (read.ok && filter(read.value)) return read.value;
      }
      return undefined;
    });
  }
}
