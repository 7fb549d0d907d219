/**
 * One of several scheduler processes of a simulation: state and election in a simulated ZooKeeper, a
 * clock that can be set, a supervisor that starts it again.
 */
import type { Clock, Timer } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import {
  type ZooKeeperConnect,
  type ZooKeeperConnection,
  type ZooKeeperConnectOptions,
  zooKeeperError,
} from '../../core/net/zookeeper/ports.ts';
import type { SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import type { SimulatedZooKeeper } from '../../core/testing/zookeeper.ts';
import { openZooKeeperState, type ZooKeeperState } from '../../schedulers/kit/zookeeper-state.ts';

const SERVERS = { servers: [{ host: 'z1', port: 2_181 }], credentials: undefined };
const RESTART_MS = seconds(2);

/** What Chronos and Marathon have in common here. */
export interface ElectedService {
  readonly failure: Promise<unknown>;
  startWithoutSocket(): Promise<void>;
}

/** What a life of a service gets. */
export interface LifePorts extends ZooKeeperState {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ElectedHostOptions<S extends ElectedService> {
  readonly name: string;
  /** Where its state and its latch are in ZooKeeper. */
  readonly path: string;
  readonly cluster: SimulatedCluster;
  readonly zooKeeper: SimulatedZooKeeper;
  readonly random: Random;
  readonly log: Log;
  readonly create: (ports: LifePorts, process: SimulatedProcess) => S;
  /** It has given up; a supervisor starts it again. */
  readonly onFailure?: (why: unknown) => void;
}

/** The cluster's time, set forward or back. */
class SteppedClock implements Clock {
  offsetMs = 0;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  now(): number {
    return this.clock.now() + this.offsetMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.clock.setTimer(delayMs, callback);
  }
}

interface Life<S> {
  readonly process: SimulatedProcess;
  readonly clock: SteppedClock;
  readonly service: S;
}

export class ElectedHost<S extends ElectedService> {
  readonly name: string;
  /** Nothing passes between this host and ZooKeeper. */
  private isCut = false;
  private readonly options: ElectedHostOptions<S>;
  private readonly connections = new Set<ZooKeeperConnection>();
  private offsetMs = 0;
  private life: Life<S> | undefined;

  constructor(options: ElectedHostOptions<S>) {
    this.name = options.name;
    this.options = options;
  }

  get service(): S | undefined {
    return this.life?.service;
  }

  /** Its clock runs ahead of the others. */
  get isAhead(): boolean {
    return this.offsetMs > 0;
  }

  async start(): Promise<void> {
    if (this.life !== undefined) return;
    const { cluster, name, path, random } = this.options;
    const process = cluster.network.start(name);
    const clock = new SteppedClock(process.clock);
    clock.offsetMs = this.offsetMs;
    const log = this.options.log.child({ process: name });
    const ports = { clock, random, log, connect: this.connect };
    const state = openZooKeeperState(
      {
        servers: SERVERS,
        statePath: `${path}/orrery`,
        latchPath: `${path}/candidate`,
        sessionTimeoutMs: seconds(10),
      },
      ports,
    );
    const service = this.options.create({ ...ports, ...state }, process);
    const life = { process, clock, service };
    this.life = life;
    void service.failure.then((why) => {
      if (this.life !== life) return;
      this.options.onFailure?.(why);
      this.restartSoon();
    });
    await service.startWithoutSocket();
  }

  kill(): void {
    const { life } = this;
    if (life === undefined) return;
    this.life = undefined;
    this.options.cluster.network.crash(this.name);
    for (const connection of [...this.connections]) connection.cut();
  }

  setClock(offsetMs: number): void {
    this.offsetMs = offsetMs;
    if (this.life !== undefined) this.life.clock.offsetMs = offsetMs;
  }

  cutFromZooKeeper(): void {
    this.isCut = true;
    for (const connection of [...this.connections]) connection.cut();
  }

  healToZooKeeper(): void {
    this.isCut = false;
  }

  private restartSoon(): void {
    this.kill();
    this.options.cluster.clock.setTimer(RESTART_MS, () => void this.start());
  }

  private readonly connect: ZooKeeperConnect = (options) => {
    const { zooKeeper, cluster } = this.options;
    if (this.isCut) return new RefusedConnection(cluster.clock, options);
    const connection = zooKeeper.connect({
      ...options,
      onClose: (why) => {
        this.connections.delete(connection);
        options.onClose(why);
      },
    });
    this.connections.add(connection);
    return connection;
  };
}

/** Nobody answers; after a while it is given up. */
class RefusedConnection implements ZooKeeperConnection {
  readonly lastZxid = undefined;
  private readonly options: ZooKeeperConnectOptions;
  private isOver = false;

  constructor(clock: Clock, options: ZooKeeperConnectOptions) {
    this.options = options;
    clock.setTimer(seconds(1), () => this.cut());
  }

  create(): Promise<string> {
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut off'));
  }

  get(): Promise<never> {
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut off'));
  }

  children(): Promise<never> {
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut off'));
  }

  remove(): Promise<void> {
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut off'));
  }

  transact(): Promise<void> {
    return Promise.reject(zooKeeperError('ZK_CONNECTION_LOST', 'cut off'));
  }

  endSession(): void {
    this.cut();
  }

  cut(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.onClose('lost');
  }
}
