/**
 * One connection to one ZooKeeper server through node-zookeeper-client. The library is used for one
 * connection only, never for its own reconnecting: it forgets silent servers and repeats nothing
 * safely, so the session rules are ours (`client.ts`).
 */
import type { Client, ACL as LibraryAcl } from 'node-zookeeper-client';
import { describeError } from '../../base/errors.ts';
import {
  type CreateOptions,
  type Znode,
  type ZooKeeperConnection,
  type ZooKeeperConnectOptions,
  type ZooKeeperEnd,
  type ZooKeeperErrorCode,
  type ZooKeeperOperation,
  zooKeeperError,
} from './ports.ts';

type Library = typeof import('node-zookeeper-client').default;

/** States of the library's connection. */
const STATE = { disconnected: 0, connected: 2, closed: -2, expired: -3, authFailed: -4 } as const;

const MODE = { persistent: 0, ephemeral: 1, sequential: 2 } as const;

const CODES: Readonly<Record<number, ZooKeeperErrorCode>> = {
  [-4]: 'ZK_CONNECTION_LOST',
  [-101]: 'ZK_NO_NODE',
  [-102]: 'ZK_NO_AUTH',
  [-103]: 'ZK_BAD_VERSION',
  [-110]: 'ZK_NODE_EXISTS',
  [-111]: 'ZK_NOT_EMPTY',
  [-112]: 'ZK_SESSION_EXPIRED',
  [-114]: 'ZK_NO_AUTH',
  [-115]: 'ZK_AUTH_FAILED',
};

export function openZooKeeperConnection(options: ZooKeeperConnectOptions): ZooKeeperConnection {
  return new SocketConnection(options);
}

class SocketConnection implements ZooKeeperConnection {
  private readonly options: ZooKeeperConnectOptions;
  private library: Library | undefined;
  private client: Client | undefined;
  private isOpen = false;
  private isClosed = false;
  /** Rejections of the requests under way: the library forgets those it has not sent yet. */
  private readonly waiting = new Set<(error: Error) => void>();

  constructor(options: ZooKeeperConnectOptions) {
    this.options = options;
    this.open().catch(() => this.close('lost'));
  }

  get lastZxid(): Uint8Array | undefined {
    return this.client?.connectionManager.zxid;
  }

  create(path: string, data: Uint8Array, options: CreateOptions = {}): Promise<string> {
    const mode =
      (options.isEphemeral === true ? MODE.ephemeral : MODE.persistent) +
      (options.isSequential === true ? MODE.sequential : 0);
    return this.request(`create ${path}`, (client, done) =>
      client.create(path, Buffer.from(data), this.acls(), mode, done),
    );
  }

  get(path: string): Promise<Znode> {
    return this.request(`get ${path}`, (client, done) =>
      client.getData(path, (error, data, stat) => {
        if (error) done(error);
        else {
          const owner = stat.ephemeralOwner.toString('hex');
          done(null, { data: data ?? new Uint8Array(), version: stat.version, owner });
        }
      }),
    );
  }

  children(path: string, onChange?: () => void): Promise<readonly string[]> {
    // Watches of a connection that is gone are void: a new one reads everything again.
    const watcher =
      onChange === undefined
        ? undefined
        : () => {
            if (!this.isClosed) onChange();
          };
    return this.request(`children of ${path}`, (client, done) =>
      client.getChildren(path, watcher, done),
    );
  }

  remove(path: string): Promise<void> {
    return this.request(`remove ${path}`, (client, done) => client.remove(path, -1, done));
  }

  transact(operations: readonly ZooKeeperOperation[]): Promise<void> {
    return this.request('a transaction', (client, done) => {
      const transaction = client.transaction();
      for (const operation of operations) {
        const { path } = operation;
        if (operation.kind === 'remove') transaction.remove(path, -1);
        else if (operation.kind === 'set') {
          transaction.setData(path, Buffer.from(operation.data), operation.version ?? -1);
        } else {
          const data = Buffer.from(operation.data);
          transaction.create(path, data, this.acls(), MODE.persistent);
        }
      }
      transaction.commit(done);
    });
  }

  endSession(): void {
    if (this.isOpen) this.client?.close();
    else this.cut();
  }

  cut(): void {
    this.close('lost');
  }

  private async open(): Promise<void> {
    this.library = (await import('node-zookeeper-client')).default;
    if (this.isClosed) return;
    const { server, sessionTimeoutMs, session, credentials, lastZxid } = this.options;
    const client = this.library.createClient('given-below:1', {
      sessionTimeout: sessionTimeoutMs,
      spinDelay: 0,
      retries: 0,
      ...(session === undefined
        ? {}
        : {
            sessionId: Buffer.from(session.id),
            sessionPassword: Buffer.from(session.password),
          }),
    });
    this.client = client;
    const manager = client.connectionManager;
    if (lastZxid !== undefined) manager.zxid = Buffer.from(lastZxid);
    manager.findNextServer = (callback) => callback({ host: server.host, port: server.port });
    const connected = manager.onSocketConnected;
    manager.onSocketConnected = () => {
      // A port of this machine that nobody listens on may be given to the connection itself, which
      // would then keep the server from coming back.
      const { socket } = manager;
      const isOwn =
        socket?.localPort === socket?.remotePort && socket?.localAddress === socket?.remoteAddress;
      if (isOwn) this.close('lost');
      else connected.call(manager);
    };
    const parse = manager.onSocketData;
    manager.onSocketData = (buffer) => {
      if (this.isClosed) return;
      this.options.onHeard();
      try {
        parse.call(manager, buffer);
      } catch {
        // The library throws on codes it does not know; what follows cannot be trusted.
        this.close('lost');
      }
    };
    manager.on('state', (state) => this.stateChanged(state));
    if (credentials !== undefined) client.addAuthInfo('digest', Buffer.from(credentials));
    client.connect();
    // It would reconnect by itself.
    manager.connect = () => {};
  }

  private stateChanged(state: number): void {
    if (this.isClosed) return;
    switch (state) {
      case STATE.connected:
        this.opened();
        return;
      case STATE.disconnected:
      case STATE.closed:
        this.close('lost');
        return;
      case STATE.expired:
        this.close('expired');
        return;
      case STATE.authFailed:
        this.close('auth-failed');
        return;
      default:
    }
  }

  private opened(): void {
    const manager = this.client?.connectionManager;
    if (manager === undefined) return;
    this.isOpen = true;
    const { sessionId: id, sessionPassword: password, sessionTimeout: timeoutMs } = manager;
    // Listeners ask at once; the library is in the middle of its change of state.
    queueMicrotask(() => {
      if (!this.isClosed) this.options.onOpen({ id, password, timeoutMs });
    });
  }

  private close(why: ZooKeeperEnd): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const manager = this.client?.connectionManager;
    if (manager?.connectTimeoutHandler) clearTimeout(manager.connectTimeoutHandler);
    manager?.socket?.destroy();
    const code = why === 'expired' ? 'ZK_SESSION_EXPIRED' : 'ZK_CONNECTION_LOST';
    for (const reject of [...this.waiting]) reject(zooKeeperError(code, 'the connection ended'));
    this.waiting.clear();
    this.options.onClose(why);
  }

  private request<T>(
    what: string,
    send: (client: Client, done: (error: Error | null, value?: T) => void) => void,
  ): Promise<T> {
    const { client } = this;
    if (client === undefined || this.isClosed) {
      return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', `${what}: not connected`));
    }
    return new Promise<T>((resolve, reject) => {
      this.waiting.add(reject);
      send(client, (error, value) => {
        this.waiting.delete(reject);
        if (error) reject(errorOf(what, error));
        // The type of the answer is that of the request; void requests have none.
        else resolve(value as T);
      });
    });
  }

  private acls(): readonly LibraryAcl[] {
    const { library } = this;
    if (library === undefined) return [];
    const { ACL, Id, Permission } = library;
    if (this.options.credentials === undefined) return ACL.OPEN_ACL_UNSAFE;
    return [new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE), new ACL(Permission.ALL, Id.AUTH_IDS)];
  }
}

function errorOf(what: string, error: Error): Error {
  const code = 'code' in error && typeof error.code === 'number' ? CODES[error.code] : undefined;
  return zooKeeperError(code ?? 'ZK_FAILED', `${what}: ${describeError(error)}`);
}
