/**
 * A client of ZooKeeper: keeps one session alive over changing connections and servers, by the rules
 * of spec ha-and-security, section 1.3. Requests fail at once while there is no connection; who needs
 * them repeats them after `connected`.
 *
 *   disconnected --server answers--> connected --connection ends or stays silent--> disconnected
 *   any --session time-out since the server was heard last, or the server says so--> expired, and a
 *   new session is begun
 *
 * Servers tell an expiry only to those who reach them, so the client declares it itself: whoever
 * leads by an ephemeral node must not believe in it longer than the ensemble does.
 */
import type { Clock, Instant, Timer } from '../../base/clock.ts';
import { type DurationMs, seconds } from '../../base/duration.ts';
import type { ClusterError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import {
  type CreateOptions,
  sessionText,
  type Znode,
  type ZooKeeperConnect,
  type ZooKeeperConnection,
  type ZooKeeperEnd,
  type ZooKeeperOperation,
  type ZooKeeperRequests,
  type ZooKeeperServer,
  type ZooKeeperSession,
  zooKeeperError,
} from './ports.ts';

export interface ZooKeeperClientOptions {
  readonly servers: readonly ZooKeeperServer[];
  readonly sessionTimeoutMs: DurationMs;
  /** `user:password` */
  readonly credentials: string | undefined;
}

export interface ZooKeeperClientPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: ZooKeeperConnect;
}

/** Called one after another; all of one event before the next event. */
export interface ZooKeeperListener {
  connected?(): void;
  disconnected?(): void;
  /** Everything ephemeral of the session is gone or will be; a new session follows. */
  expired?(): void;
  /** The ensemble refuses this client for good. */
  failed?(error: ClusterError): void;
}

export const DEFAULT_SESSION_TIMEOUT_MS: DurationMs = seconds(10);

/** Pauses between rounds over all servers: half of it and a random part of the other half. */
const RETRY_MIN_MS: DurationMs = 100;
const RETRY_MAX_MS: DurationMs = 1_000;
/** How long `close` waits for the server to end the session. */
const CLOSE_LIMIT_MS: DurationMs = 500;
/** An answer may be waiting behind a busy event loop: it is given one more turn. */
const GRACE_MS: DurationMs = 10;

type State = 'new' | 'disconnected' | 'connected' | 'closed';

export class ZooKeeperClient implements ZooKeeperRequests {
  private readonly options: ZooKeeperClientOptions;
  private readonly ports: ZooKeeperClientPorts;
  private readonly listeners = new Set<ZooKeeperListener>();
  private state: State = 'new';
  private session: ZooKeeperSession | undefined;
  private connection: ZooKeeperConnection | undefined;
  private lastZxid: Uint8Array | undefined;
  private lastHeard: Instant = 0;
  private attempts = 0;
  private serverIndex: number;
  private retry: Timer | undefined;
  private watchdog: Timer | undefined;
  private onClosed: (() => void) | undefined;

  constructor(options: ZooKeeperClientOptions, ports: ZooKeeperClientPorts) {
    this.options = options;
    this.ports = ports;
    this.serverIndex = Math.floor(ports.random.float() * options.servers.length);
  }

  /** Idempotent. */
  start(): void {
    if (this.state !== 'new') return;
    this.state = 'disconnected';
    this.connect();
  }

  get isConnected(): boolean {
    return this.state === 'connected';
  }

  /** The present session, as in `Znode.owner`; undefined without one. */
  get sessionId(): string | undefined {
    return this.session === undefined ? undefined : sessionText(this.session.id);
  }

  /** Gives a function that stops listening. */
  listen(listener: ZooKeeperListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Ends the session, so that its ephemeral nodes vanish at once. */
  async close(): Promise<void> {
    if (this.state === 'closed') return;
    const wasConnected = this.state === 'connected';
    this.state = 'closed';
    this.retry?.cancel();
    this.watchdog?.cancel();
    const { connection } = this;
    if (connection === undefined) return;
    if (wasConnected) {
      const ended = Promise.withResolvers<void>();
      this.onClosed = ended.resolve;
      const limit = this.ports.clock.setTimer(CLOSE_LIMIT_MS, ended.resolve);
      connection.endSession();
      await ended.promise;
      limit.cancel();
    }
    connection.cut();
  }

  create(path: string, data: Uint8Array, options?: CreateOptions): Promise<string> {
    return this.ask((connection) => connection.create(path, data, options));
  }

  get(path: string): Promise<Znode> {
    return this.ask((connection) => connection.get(path));
  }

  children(path: string, onChange?: () => void): Promise<readonly string[]> {
    return this.ask((connection) => connection.children(path, onChange));
  }

  remove(path: string): Promise<void> {
    return this.ask((connection) => connection.remove(path));
  }

  transact(operations: readonly ZooKeeperOperation[]): Promise<void> {
    return this.ask((connection) => connection.transact(operations));
  }

  private ask<T>(request: (connection: ZooKeeperConnection) => Promise<T>): Promise<T> {
    const { connection } = this;
    if (this.state === 'connected' && connection !== undefined) return request(connection);
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'there is no connection now'));
  }

  private connect(): void {
    const { servers, sessionTimeoutMs, credentials } = this.options;
    const server = servers[this.serverIndex % servers.length];
    if (server === undefined) return;
    this.serverIndex += 1;
    this.attempts += 1;
    let limit: Timer | undefined;
    const connection: ZooKeeperConnection = this.ports.connect({
      server,
      sessionTimeoutMs,
      session: this.session,
      lastZxid: this.lastZxid,
      credentials,
      onOpen: (session) => {
        limit?.cancel();
        if (connection === this.connection) this.opened(session);
      },
      onHeard: () => {
        if (connection === this.connection) this.lastHeard = this.ports.clock.now();
      },
      onClose: (why) => {
        limit?.cancel();
        if (connection === this.connection) this.closed(why);
      },
    });
    this.connection = connection;
    // Time for one try with every server within the session; a server may accept and stay silent.
    const limitMs = Math.max(sessionTimeoutMs / 3 / servers.length, RETRY_MAX_MS);
    limit = this.ports.clock.setTimer(limitMs, () => connection.cut());
  }

  private opened(session: ZooKeeperSession): void {
    if (this.state === 'closed') return;
    this.session = session;
    this.lastHeard = this.ports.clock.now();
    this.attempts = 0;
    this.state = 'connected';
    this.watch();
    const sessionId = sessionText(session.id);
    this.ports.log.debug({ sessionId, timeoutMs: session.timeoutMs }, 'connected to ZooKeeper');
    this.tell((listener) => listener.connected?.());
  }

  private closed(why: ZooKeeperEnd): void {
    this.lastZxid = this.connection?.lastZxid ?? this.lastZxid;
    this.connection = undefined;
    if (this.state === 'closed') {
      this.onClosed?.();
      return;
    }
    const wasConnected = this.state === 'connected';
    this.state = 'disconnected';
    if (why === 'auth-failed') {
      const error = zooKeeperError('ZK_AUTH_FAILED', 'the credentials were refused');
      this.tell((listener) => listener.failed?.(error));
      return;
    }
    if (wasConnected) {
      this.ports.log.warn({}, 'lost the connection to ZooKeeper');
      this.tell((listener) => listener.disconnected?.());
    }
    if (why === 'expired') this.expire();
    else this.connectLater();
  }

  /** Every server gets its try at once; rounds have growing pauses between them. */
  private connectLater(): void {
    if (this.state !== 'disconnected' || this.connection !== undefined) return;
    const round = Math.floor(this.attempts / this.options.servers.length);
    const boundMs = Math.min(RETRY_MIN_MS * 2 ** Math.min(round - 1, 10), RETRY_MAX_MS);
    const isRoundOver = this.attempts % this.options.servers.length === 0 && round > 0;
    const pauseMs = isRoundOver ? (boundMs / 2) * (1 + this.ports.random.float()) : 0;
    this.retry?.cancel();
    this.retry = this.ports.clock.setTimer(pauseMs, () => this.connect());
  }

  private expire(): void {
    this.watchdog?.cancel();
    this.ports.log.warn({ sessionId: this.sessionId }, 'the ZooKeeper session expired');
    this.session = undefined;
    this.retry?.cancel();
    const { connection } = this;
    this.connection = undefined;
    connection?.cut();
    const wasConnected = this.state === 'connected';
    if (this.state !== 'closed') this.state = 'disconnected';
    if (wasConnected) this.tell((listener) => listener.disconnected?.());
    this.tell((listener) => listener.expired?.());
    this.connectLater();
  }

  /** Two limits since the server was heard last: a new connection is tried, the session is over. */
  private watch(): void {
    this.watchdog?.cancel();
    const { session } = this;
    if (session === undefined) return;
    const { clock } = this.ports;
    const silentMs = clock.now() - this.lastHeard;
    const patienceMs = (session.timeoutMs * 2) / 3;
    const isBeforePatience = this.state === 'connected' && silentMs < patienceMs;
    const nextMs = isBeforePatience ? patienceMs : session.timeoutMs;
    this.watchdog = clock.setTimer(Math.max(0, nextMs - silentMs), () => this.checkSilence());
  }

  private checkSilence(): void {
    const { session } = this;
    if (session === undefined) return;
    const { clock } = this.ports;
    const silentMs = clock.now() - this.lastHeard;
    if (silentMs >= session.timeoutMs) {
      this.expire();
      return;
    }
    if (this.state === 'connected' && silentMs >= (session.timeoutMs * 2) / 3) {
      const { connection } = this;
      const heardBefore = this.lastHeard;
      clock.setTimer(GRACE_MS, () => {
        if (this.connection === connection && this.lastHeard === heardBefore) connection?.cut();
      });
    }
    this.watch();
  }

  private tell(event: (listener: ZooKeeperListener) => void): void {
    for (const listener of [...this.listeners]) {
      if (this.listeners.has(listener)) event(listener);
    }
  }
}
