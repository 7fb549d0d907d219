/** A door before a server: shut, it breaks all connections and refuses new ones, whatever the server does. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpGate {
  private readonly port: number;
  private readonly target: number;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  constructor(port: number, target: number) {
    this.port = port;
    this.target = target;
  }

  /** Connections that are open now. */
  get clientCount(): number {
    return this.sockets.size / 2;
  }

  async open(): Promise<void> {
    const server = createServer((inside) => {
      const outside = connect(this.target, '127.0.0.1');
      this.join(inside, outside);
      this.join(outside, inside);
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  async shut(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** What comes from one goes to the other, and the end of one is the end of both. */
  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
