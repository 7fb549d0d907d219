/** Queries over UDP. The hot path: no promise, no copy, no lookup per message. */
import { createSocket, type Socket } from 'node:dgram';
import { ipVersion } from '../core/base/addresses.ts';
import type { Log } from '../core/base/log.ts';

/** Answers a message at once or later; `reply` may be called once, or never. */
export type MessageHandler = (message: Buffer, reply: (bytes: Buffer) => void) => void;

/** Bytes the kernel holds for us while we are busy; less where the system allows less. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export class UdpServer {
  private readonly handle: MessageHandler;
  private readonly log: Log;
  private socket: Socket | undefined;

  constructor(handle: MessageHandler, log: Log) {
    this.handle = handle;
    this.log = log;
  }

  /** Gives the port in use; rejects with the cause of the system. */
  async listen(ip: string, port: number): Promise<number> {
    const family = ipVersion(ip) === 6 ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Replies go to addresses, never to names: answering at once saves a turn per message.
      lookup: (host, _options, done) => done(null, host, family),
    });
    this.socket = socket;
    socket.on('message', (message, peer) => {
      this.handle(message, (bytes) => {
        // A reply to a forwarded query may come after the end.
        if (this.socket === socket) socket.send(bytes, peer.port, peer.address);
      });
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, ip, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    // For instance an unreachable client; the server goes on.
    socket.on('error', (error) => this.log.debug({ error: error.message }, 'udp error'));
    this.enlargeBuffer(socket);
    return socket.address().port;
  }

  async close(): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return;
    this.socket = undefined;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  private enlargeBuffer(socket: Socket): void {
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch (thrown) {
      this.log.debug({ error: String(thrown) }, 'the system refuses a larger receive buffer');
    }
  }
}
