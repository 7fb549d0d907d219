/**
 * A ZooKeeper ensemble in memory under virtual time: nodes with versions and owners, sessions that
 * expire when their client has been silent for too long, watches, connections that can be cut,
 * refused or left without answers. One server is like another: there is one state.
 */
import type { Clock, Instant, Timer } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import {
  type CreateOptions,
  sessionText,
  type Znode,
  type ZooKeeperConnection,
  type ZooKeeperConnectOptions,
  type ZooKeeperEnd,
  type ZooKeeperOperation,
  zooKeeperError,
} from '../net/zookeeper/ports.ts';

interface Node {
  data: Uint8Array;
  version: number;
  owner: string;
  /** Children made so far: the next sequence number. */
  made: number;
}

interface Session {
  readonly id: Uint8Array;
  readonly timeoutMs: DurationMs;
  heardAt: Instant;
  timer: Timer | undefined;
}

const NOBODY = '0000000000000000';
const LATENCY_MS: DurationMs = 1;

export class SimulatedZooKeeper {
  private readonly clock: Clock;
  private readonly nodes = new Map<string, Node>();
  private readonly sessions = new Map<string, Session>();
  private readonly connections = new Set<SimulatedConnection>();
  private sessionCount = 0;
  private childWatches: { readonly path: string; readonly tell: () => void }[] = [];
  /** Connections are refused. */
  isDown = false;
  private silence: (() => void)[] | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.nodes.set('/', { data: new Uint8Array(), version: 0, owner: NOBODY, made: 0 });
  }

  /** The port of a `ZooKeeperClient`. */
  readonly connect = (options: ZooKeeperConnectOptions): ZooKeeperConnection => {
    const connection = new SimulatedConnection(this, this.clock, options);
    this.connections.add(connection);
    return connection;
  };

  /** Nothing is answered, nothing is closed; what is under way is handled when the silence ends, as TCP does it. */
  get isSilent(): boolean {
    return this.silence !== undefined;
  }

  set isSilent(isSilent: boolean) {
    if (isSilent) {
      this.silence ??= [];
      return;
    }
    const held = this.silence ?? [];
    this.silence = undefined;
    for (const act of held) act();
  }

  /** Carries out now what has come over the network, or after the silence. */
  arrive(act: () => void): void {
    if (this.silence === undefined) act();
    else this.silence.push(act);
  }

  /** Paths with their data as text, in order. */
  get tree(): Readonly<Record<string, string>> {
    const paths = [...this.nodes.keys()].filter((path) => path !== '/').sort();
    return Object.fromEntries(
      paths.map((path) => [path, Buffer.from(this.nodes.get(path)?.data ?? []).toString()]),
    );
  }

  /** Ends every connection; the sessions live on. */
  cutAll(): void {
    for (const connection of [...this.connections]) connection.end('lost');
  }

  /** Ends a session as an operator could. */
  expire(id: string): void {
    const session = this.sessions.get(id);
    session?.timer?.cancel();
    this.sessions.delete(id);
    for (const [path, node] of [...this.nodes]) if (node.owner === id) this.delete(path);
  }

  /** Used by connections. */
  open(options: ZooKeeperConnectOptions): Session | undefined {
    const { session } = options;
    if (session !== undefined) {
      const known = this.sessions.get(sessionText(session.id));
      if (known !== undefined) this.heard(known);
      return known;
    }
    this.sessionCount += 1;
    const id = new Uint8Array(8);
    new DataView(id.buffer).setUint32(4, this.sessionCount);
    const made = { id, timeoutMs: options.sessionTimeoutMs, heardAt: 0, timer: undefined };
    this.sessions.set(sessionText(id), made);
    this.heard(made);
    return made;
  }

  heard(session: Session): void {
    session.heardAt = this.clock.now();
    session.timer?.cancel();
    session.timer = this.clock.setTimer(session.timeoutMs, () => {
      this.expire(sessionText(session.id));
    });
  }

  isAlive(session: Session): boolean {
    return this.sessions.has(sessionText(session.id));
  }

  forget(connection: SimulatedConnection): void {
    this.connections.delete(connection);
  }

  watchChildren(path: string, tell: () => void): void {
    this.childWatches.push({ path, tell });
  }

  node(path: string): Node {
    const node = this.nodes.get(path);
    if (node === undefined) throw zooKeeperError('ZK_NO_NODE', path);
    return node;
  }

  children(path: string): readonly string[] {
    this.node(path);
    const prefix = path === '/' ? '/' : `${path}/`;
    return [...this.nodes.keys()]
      .filter((each) => each !== '/' && each.startsWith(prefix))
      .map((each) => each.slice(prefix.length))
      .filter((name) => name !== '' && !name.includes('/'));
  }

  create(path: string, data: Uint8Array, owner: string, options: CreateOptions): string {
    const parent = this.node(parentOf(path));
    const number = String(parent.made).padStart(10, '0');
    const made = options.isSequential === true ? `${path}${number}` : path;
    if (this.nodes.has(made)) throw zooKeeperError('ZK_NODE_EXISTS', made);
    parent.made += 1;
    const node = {
      data,
      version: 0,
      owner: options.isEphemeral === true ? owner : NOBODY,
      made: 0,
    };
    this.nodes.set(made, node);
    this.changed(parentOf(made));
    return made;
  }

  delete(path: string): void {
    this.node(path);
    if (this.children(path).length > 0) throw zooKeeperError('ZK_NOT_EMPTY', path);
    this.nodes.delete(path);
    this.changed(parentOf(path));
  }

  /** All or nothing: tried on a copy first. */
  transact(operations: readonly ZooKeeperOperation[]): void {
    const before = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]));
    try {
      for (const operation of operations) this.apply(operation);
    } catch (thrown) {
      this.nodes.clear();
      for (const [path, node] of before) this.nodes.set(path, node);
      throw thrown;
    }
  }

  private apply(operation: ZooKeeperOperation): void {
    const { path } = operation;
    if (operation.kind === 'create') this.create(path, operation.data, NOBODY, {});
    else if (operation.kind === 'remove') this.delete(path);
    else {
      const node = this.node(path);
      if (operation.version !== undefined && operation.version !== node.version) {
        throw zooKeeperError('ZK_BAD_VERSION', path);
      }
      node.data = operation.data;
      node.version += 1;
    }
  }

  private changed(path: string): void {
    const due = this.childWatches.filter((watch) => watch.path === path);
    this.childWatches = this.childWatches.filter((watch) => watch.path !== path);
    for (const watch of due) watch.tell();
  }
}

class SimulatedConnection implements ZooKeeperConnection {
  readonly lastZxid = undefined;
  private readonly server: SimulatedZooKeeper;
  private readonly clock: Clock;
  private readonly options: ZooKeeperConnectOptions;
  private session: Session | undefined;
  private isClosed = false;
  private ping: Timer | undefined;
  private readonly waiting = new Set<(error: Error) => void>();

  constructor(server: SimulatedZooKeeper, clock: Clock, options: ZooKeeperConnectOptions) {
    this.server = server;
    this.clock = clock;
    this.options = options;
    this.onArrival(() => this.opened());
  }

  create(path: string, data: Uint8Array, options: CreateOptions = {}): Promise<string> {
    return this.ask((owner) => this.server.create(path, data, owner, options));
  }

  get(path: string): Promise<Znode> {
    return this.ask(() => ({ ...this.server.node(path) }));
  }

  children(path: string, onChange?: () => void): Promise<readonly string[]> {
    return this.ask(() => {
      const names = this.server.children(path);
      if (onChange !== undefined) this.server.watchChildren(path, () => this.onArrival(onChange));
      return names;
    });
  }

  remove(path: string): Promise<void> {
    return this.ask(() => this.server.delete(path));
  }

  transact(operations: readonly ZooKeeperOperation[]): Promise<void> {
    return this.ask(() => this.server.transact(operations));
  }

  endSession(): void {
    if (this.session !== undefined) this.server.expire(sessionText(this.session.id));
    this.end('lost');
  }

  cut(): void {
    this.end('lost');
  }

  end(why: ZooKeeperEnd): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ping?.cancel();
    this.server.forget(this);
    for (const reject of [...this.waiting]) reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut'));
    this.options.onClose(why);
  }

  private opened(): void {
    if (this.isClosed) return;
    if (this.server.isDown) {
      this.end('lost');
      return;
    }
    const session = this.server.open(this.options);
    if (session === undefined) {
      this.end('expired');
      return;
    }
    this.session = session;
    this.schedulePing(session);
    this.options.onOpen({ id: session.id, password: session.id, timeoutMs: session.timeoutMs });
  }

  /** The client's pings and their answers. */
  private schedulePing(session: Session): void {
    this.ping = this.clock.setTimer(session.timeoutMs / 3, () => {
      if (this.isClosed) return;
      this.schedulePing(session);
      this.server.arrive(() => {
        if (!this.isClosed) this.keepAlive(session);
      });
    });
  }

  /** Whether the session lives on; a server closes the connection of one that has expired. */
  private keepAlive(session: Session): boolean {
    if (!this.server.isAlive(session)) {
      this.end('lost');
      return false;
    }
    this.server.heard(session);
    this.options.onHeard();
    return true;
  }

  private onArrival(act: () => void): void {
    this.clock.setTimer(LATENCY_MS, () => {
      this.server.arrive(() => {
        if (!this.isClosed) act();
      });
    });
  }

  private ask<T>(act: (owner: string) => T): Promise<T> {
    const { session } = this;
    if (this.isClosed || session === undefined) {
      return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'not connected'));
    }
    return new Promise<T>((resolve, reject) => {
      this.waiting.add(reject);
      this.onArrival(() => {
        if (!this.keepAlive(session)) return;
        this.waiting.delete(reject);
        try {
          resolve(act(sessionText(session.id)));
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
