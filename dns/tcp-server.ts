/** Queries over TCP: several per connection, answered in any order. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../core/base/clock.ts';
import { frameOf } from './forwarder.ts';
import { TcpFrames } from './tcp-frames.ts';
import type { MessageHandler } from './udp-server.ts';

/** A connection without a query for so long is closed. */
const IDLE_MS = 8_000;
/** A query that has begun must end within this. */
const READ_MS = 2_000;
/** Connections at one time; the oldest idle one does not make room, new ones are refused. */
const CONNECTIONS_MAX = 1_000;
/** Bytes a client may leave unread before it is dropped. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;

export class TcpServer {
  private readonly handle: MessageHandler;
  private readonly clock: Clock;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(handle: MessageHandler, clock: Clock) {
    this.handle = handle;
    this.clock = clock;
  }

  get connectionCount(): number {
    return this.sockets.size;
  }

  /** Gives the port in use; rejects with the cause of the system. */
  async listen(ip: string, port: number): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.serve(socket));
    server.maxConnections = CONNECTIONS_MAX;
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, ip, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    const frames = new TcpFrames();
    const reply = (bytes: Buffer): void => {
      if (socket.destroyed) return;
      if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
      else socket.write(frameOf(bytes));
    };
    let limit: Timer | undefined;
    const closeIn = (ms: number): void => {
      limit?.cancel();
      limit = this.clock.setTimer(ms, () => socket.destroy());
    };
    closeIn(IDLE_MS);
    socket.on('data', (chunk) => {
      for (const message of frames.push(chunk)) this.handle(message, reply);
      closeIn(frames.isInside ? READ_MS : IDLE_MS);
    });
    // A client that resets its connection is no news.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      limit?.cancel();
      this.sockets.delete(socket);
    });
  }
}
