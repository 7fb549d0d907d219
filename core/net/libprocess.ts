/**
 * Libprocess messages over sockets (spec libprocess, sections 2.2 and 2.3).
 *
 * One outgoing socket per remote address. Without a link it is temporary: closed as soon as its queue is
 * empty, its failure loses the messages silently. A link makes it persistent: it stays open, silent,
 * and its end calls every watcher of that address once. Messages are pipelined, answers thrown
 * away. Incoming messages arrive through the HTTP server of the same process.
 */
import net from 'node:net';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { encodeRequest, type MessageRequest } from '../wire/libprocess.ts';
import { addressOf, formatUpid } from '../wire/upid.ts';
import type { HttpServer } from './http-server.ts';
import { JoinedWrites } from './joined-writes.ts';
import type { Envelope, MessageTransport, Upid } from './ports.ts';

/** What may wait for one peer; beyond it messages are dropped, as on a lost connection. */
const QUEUE_MAX_BYTES = 512 * 1024 ** 2;

/** A peer that does not answer the connection attempt within this is gone. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A socket without links is closed when it has been idle this long. The original closes it at once, but
 * then the next message may overtake the last one on a second socket.
 */
const TEMPORARY_LINGER_MS = 1_000;

const NOBODY: Upid = { id: '', ip: '0.0.0.0', port: 0 };

export interface LibprocessOptions {
  readonly http: HttpServer;
  readonly log: Log;
  /** What peers are told; the address the server listens on by default. */
  readonly advertiseIp?: string | undefined;
  readonly advertisePort?: number | undefined;
}

/** The transport of a daemon. Start it after the HTTP server listens; stop it before. */
export type Libprocess = MessageTransport & Service;

export function createLibprocess(options: LibprocessOptions): Libprocess {
  return new SocketTransport(options);
}

class SocketTransport implements Libprocess {
  private readonly options: LibprocessOptions;
  private readonly actors = new Map<string, (envelope: Envelope) => void>();
  private readonly peers = new Map<string, Peer>();
  private isStopped = false;

  constructor(options: LibprocessOptions) {
    this.options = options;
    options.http.receiveMessages((message) => this.receive(message));
  }

  get ip(): string {
    return this.options.advertiseIp ?? this.options.http.address.ip;
  }

  get port(): number {
    return this.options.advertisePort ?? this.options.http.address.port;
  }

  register(id: string, receive: (envelope: Envelope) => void): void {
    this.actors.set(id, receive);
  }

  unregister(id: string): void {
    this.actors.delete(id);
  }

  send(envelope: Envelope): void {
    if (this.isStopped) return;
    if (envelope.to.ip === this.ip && envelope.to.port === this.port) {
      this.sendLocally(envelope);
      return;
    }
    this.peer(envelope.to).send(encodeRequest(envelope));
  }

  link(peer: Upid, onExited: () => void): () => void {
    // An actor of this process cannot be lost without this process.
    if (this.isStopped || (peer.ip === this.ip && peer.port === this.port)) return () => {};
    return this.peer(peer).link(onExited);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const peer of this.peers.values()) peer.abandon();
    this.peers.clear();
    this.actors.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private peer(upid: Upid): Peer {
    const address = addressOf(upid);
    const known = this.peers.get(address);
    if (known !== undefined) return known;
    const peer = new Peer(upid, this.options.log, () => {
      if (this.peers.get(address) === peer) this.peers.delete(address);
    });
    this.peers.set(address, peer);
    return peer;
  }

  /** Messages within the process keep their order but never run inside the sender. */
  private sendLocally(envelope: Envelope): void {
    setImmediate(() => {
      if (this.isStopped) return;
      this.actors.get(envelope.to.id)?.(envelope);
    });
  }

  private receive(message: MessageRequest): boolean {
    const receive = this.actors.get(message.toId);
    if (receive === undefined || this.isStopped) return false;
    receive({
      from: message.from ?? NOBODY,
      to: { id: message.toId, ip: this.ip, port: this.port },
      name: message.name,
      body: message.body,
    });
    return true;
  }
}

/** The outgoing socket to one address; after its end a new `Peer` is made. */
class Peer {
  private readonly upid: Upid;
  private readonly log: Log;
  private readonly onGone: () => void;
  private readonly socket: net.Socket;
  private readonly writes: JoinedWrites;
  private readonly watchers = new Set<() => void>();
  private isConnected = false;
  private lingering: NodeJS.Timeout | undefined;
  private sentCount = 0;
  private sentBeforeLinger = 0;
  private isGone = false;

  constructor(upid: Upid, log: Log, onGone: () => void) {
    this.upid = upid;
    this.log = log;
    this.onGone = onGone;
    this.socket = net.connect({ host: upid.ip, port: upid.port, noDelay: true });
    this.writes = new JoinedWrites((bytes) => {
      this.socket.write(bytes, () => this.endIfIdle());
    });
    this.socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      if (!this.isConnected) this.socket.destroy();
    });
    this.socket.on('connect', () => {
      this.isConnected = true;
      this.socket.setTimeout(0);
      this.endIfIdle();
    });
    this.socket.on('error', (error) => {
      log.debug({ peer: formatUpid(upid), error: error.message }, 'connection to peer failed');
    });
    this.socket.on('close', () => this.gone());
    // Answers say nothing that matters: 202 is "queued", and errors are dropped like the original does.
    this.socket.resume();
  }

  send(bytes: Uint8Array): void {
    const waitingBytes = this.socket.writableLength + this.writes.waitingBytes;
    if (waitingBytes + bytes.length > QUEUE_MAX_BYTES) {
      this.log.warn(
        { peer: formatUpid(this.upid) },
        'message dropped: the queue to the peer is full',
      );
      return;
    }
    this.sentCount += 1;
    this.writes.write(bytes);
  }

  link(onExited: () => void): () => void {
    // Each link is its own record, also when the same function is given twice.
    const watcher = (): void => onExited();
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
      this.endIfIdle();
    };
  }

  /** Closes without telling the watchers; for the end of this process. */
  abandon(): void {
    this.watchers.clear();
    if (this.isConnected && !this.isGone) {
      this.writes.flush();
      this.socket.end();
      this.socket.destroySoon();
    } else {
      this.socket.destroy();
    }
  }

  /** Without links the socket lives until everything has been written, and a moment longer. */
  private endIfIdle(): void {
    if (this.lingering !== undefined || !this.isIdle) return;
    this.lingering = setTimeout(() => {
      this.lingering = undefined;
      if (!this.isIdle) return;
      if (this.sentCount !== this.sentBeforeLinger) {
        this.endIfIdle();
        return;
      }
      this.onGone();
      this.socket.end();
    }, TEMPORARY_LINGER_MS);
    this.sentBeforeLinger = this.sentCount;
    this.lingering.unref();
  }

  private get isIdle(): boolean {
    if (!this.isConnected || this.isGone) return false;
    if (this.writes.waitingBytes > 0) return false;
    return this.watchers.size === 0 && this.socket.writableLength === 0;
  }

  private gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    clearTimeout(this.lingering);
    this.onGone();
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const watcher of watchers) watcher();
  }
}
