/**
 * A network of simulated processes on one virtual clock (spec libprocess, section 2.3).
 *
 * Messages: at most once, in order from one process to another, reordered between different pairs
 * (each pair has its own random latency). Connections: `link` keeps one; it breaks, and its owner
 * hears `exited` once, when the peer crashes, a message is lost, or a partition heals.
 *
 * Verbs for tests: `next`, `drop`, `hold` and `release`, `partition` and `heal`, `crash`.
 */
import { assert } from '../base/assert.ts';
import type { DurationMs } from '../base/duration.ts';
import { type Random, SeededRandom } from '../base/random.ts';
import type { Envelope } from '../net/ports.ts';
import type { ProcessClock, SimulatedClock } from './clock.ts';
import { SimulatedTransport } from './transport.ts';

export interface NetworkOptions {
  readonly clock: SimulatedClock;
  readonly random?: Random;
  /** One-way time of a message: uniform between these; default 1 to 1. */
  readonly latencyMs?: readonly [least: DurationMs, most: DurationMs];
  /** Chance that a message breaks its connection instead of arriving; default 0. */
  readonly lossRate?: number;
}

/** Which messages a verb means; what is left out fits all. */
export interface MessageFilter {
  /** Full name, or its last part: `RunTaskMessage`. */
  readonly message?: string | undefined;
  /** Names of processes. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What is left out is chosen. */
export interface ProcessAddress {
  readonly ip?: string;
  readonly port?: number;
}

/** What travels: libprocess messages here, requests and stream events of `connection.ts`. */
export interface Packet {
  readonly from: SimulatedProcess;
  readonly to: SimulatedProcess;
  readonly name: string;
  readonly envelope: Envelope | undefined;
  readonly deliver: () => void;
  /** The connection broke before it arrived. */
  readonly lost: () => void;
}

/** One direction between two processes. */
interface Route {
  /** Not to be overtaken: when the last packet arrives. */
  lastArrival: number;
  /** Packets behind a held one, that one included. */
  held: Packet[];
  isPartitioned: boolean;
}

interface Drop {
  readonly filter: MessageFilter;
  left: number;
}

interface Waiter {
  readonly filter: MessageFilter;
  readonly resolve: (envelope: Envelope) => void;
}

/** How long a connection attempt to a silent address takes to fail. */
const CONNECT_TIMEOUT_MS = 5_000;

export class SimulatedNetwork {
  readonly clock: SimulatedClock;
  private readonly random: Random;
  private readonly processes = new Map<string, SimulatedProcess>();
  private readonly byAddress = new Map<string, SimulatedProcess>();
  private readonly routes = new Map<string, Route>();
  private readonly drops: Drop[] = [];
  private holds: MessageFilter[] = [];
  private waiters: Waiter[] = [];
  private nextAddress = 1;
  latencyMs: readonly [least: DurationMs, most: DurationMs];
  lossRate: number;
  /** Called for each delivered libprocess message; for traces. */
  onDelivery: ((from: string, to: string, envelope: Envelope) => void) | undefined;
  deliveredCount = 0;
  lostCount = 0;

  constructor(options: NetworkOptions) {
    this.clock = options.clock;
    this.random = options.random ?? new SeededRandom(1);
    this.latencyMs = options.latencyMs ?? [1, 1];
    this.lossRate = options.lossRate ?? 0;
  }

  /**
   * Starts a process under `name`. A crashed name gets its old address again (with a new
   * incarnation); others get the given or the next free one.
   */
  start(name: string, address: ProcessAddress = {}): SimulatedProcess {
    const before = this.processes.get(name);
    assert(before?.isAlive !== true, `process ${name} runs already`);
    const ip = address.ip ?? before?.ip ?? `10.0.0.${this.nextAddress++}`;
    const port = address.port ?? before?.port ?? 5_050;
    const process = new SimulatedProcess({ network: this, name, ip, port });
    this.processes.set(name, process);
    this.byAddress.set(`${process.ip}:${process.port}`, process);
    return process;
  }

  process(name: string): SimulatedProcess {
    const process = this.processes.get(name);
    assert(process !== undefined, `no process is named ${name}`);
    return process;
  }

  find(name: string): SimulatedProcess | undefined {
    return this.processes.get(name);
  }

  at(ip: string, port: number): SimulatedProcess | undefined {
    const process = this.byAddress.get(`${ip}:${port}`);
    return process?.isAlive === true ? process : undefined;
  }

  /** The process ends without a word: timers, actors and connections are gone. */
  crash(name: string): void {
    const process = this.process(name);
    if (!process.isAlive) return;
    process.end();
    for (const other of this.processes.values()) {
      if (other.isAlive) other.transport.peerDied(process);
    }
  }

  /** Cuts both directions. What is sent meanwhile is lost. */
  partition(a: string, b: string): void {
    this.route(a, b).isPartitioned = true;
    this.route(b, a).isPartitioned = true;
  }

  isPartitioned(a: string, b: string): boolean {
    return this.route(a, b).isPartitioned;
  }

  /** Mends all partitions, or the one between two processes. Connections across it are broken. */
  heal(a?: string, b?: string): void {
    for (const [key, route] of this.routes) {
      const [from = '', to = ''] = key.split(' ');
      if (!route.isPartitioned) continue;
      if (a !== undefined && b !== undefined && ![`${a} ${b}`, `${b} ${a}`].includes(key)) continue;
      route.isPartitioned = false;
      this.processes.get(from)?.breakConnections(to);
    }
  }

  /** The next `count` fitting messages vanish; nobody is told. */
  drop(filter: MessageFilter, count = 1): void {
    this.drops.push({ filter, left: count });
  }

  /** Fitting messages, and all behind them on the same way, wait for `release`. */
  hold(filter: MessageFilter): void {
    this.holds.push(filter);
  }

  release(): void {
    this.holds = [];
    for (const route of this.routes.values()) {
      const packets = route.held;
      route.held = [];
      for (const packet of packets) this.schedule(packet, route);
    }
  }

  /** Resolves when the next fitting message has been delivered. */
  next(message: string, from?: string, to?: string): Promise<Envelope> {
    return new Promise((resolve) => {
      this.waiters.push({ filter: { message, from, to }, resolve });
    });
  }

  /** Puts a packet on its way. */
  send(packet: Packet): void {
    if (!packet.from.isAlive) return;
    const route = this.route(packet.from.name, packet.to.name);
    if (this.isDropped(packet)) return;
    if (route.isPartitioned) {
      this.lostCount += 1;
      return;
    }
    if (this.lossRate > 0 && this.random.float() < this.lossRate) {
      this.lostCount += 1;
      this.after(this.latency(), () => packet.lost());
      return;
    }
    if (route.held.length > 0 || this.holds.some((filter) => fits(filter, packet))) {
      route.held.push(packet);
      return;
    }
    this.schedule(packet, route);
  }

  /** Calls back when a connection attempt has failed: at once if refused, late if nobody answers. */
  failConnect(from: string, to: string | undefined, callback: () => void): void {
    const isSilent = to !== undefined && this.isPartitioned(from, to);
    this.after(isSilent ? CONNECT_TIMEOUT_MS : this.latency(), callback);
  }

  after(delayMs: DurationMs, callback: () => void): void {
    this.clock.setTimer(delayMs, callback);
  }

  latency(): DurationMs {
    const [least, most] = this.latencyMs;
    return least + this.random.float() * (most - least);
  }

  private schedule(packet: Packet, route: Route): void {
    const arrival = Math.max(this.clock.now() + this.latency(), route.lastArrival);
    route.lastArrival = arrival;
    this.after(arrival - this.clock.now(), () => this.arrive(packet, route));
  }

  private arrive(packet: Packet, route: Route): void {
    if (route.isPartitioned || !packet.to.isAlive) {
      this.lostCount += 1;
      return;
    }
    this.deliveredCount += 1;
    packet.deliver();
    const envelope = packet.envelope;
    if (envelope === undefined) return;
    this.onDelivery?.(packet.from.name, packet.to.name, envelope);
    const due = this.waiters.filter((waiter) => fits(waiter.filter, packet));
    if (due.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve(envelope);
  }

  private isDropped(packet: Packet): boolean {
    const drop = this.drops.find((each) => each.left > 0 && fits(each.filter, packet));
    if (drop === undefined) return false;
    drop.left -= 1;
    this.lostCount += 1;
    return true;
  }

  private route(from: string, to: string): Route {
    const key = `${from} ${to}`;
    const found = this.routes.get(key);
    if (found !== undefined) return found;
    const created: Route = { lastArrival: 0, held: [], isPartitioned: false };
    this.routes.set(key, created);
    return created;
  }
}

interface ProcessFields {
  readonly network: SimulatedNetwork;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}

/** One life of a process: what it needs of the network and the clock. */
export class SimulatedProcess {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly clock: ProcessClock;
  readonly transport: SimulatedTransport;
  isAlive = true;
  private readonly breakers = new Set<(peer: string | undefined) => void>();

  constructor(fields: ProcessFields) {
    this.name = fields.name;
    this.ip = fields.ip;
    this.port = fields.port;
    this.clock = fields.network.clock.forProcess();
    this.transport = new SimulatedTransport(fields.network, this);
  }

  /** For connections of other kinds: told with the peer's name, or `undefined` for all of them. */
  onBreak(breaker: (peer: string | undefined) => void): () => void {
    this.breakers.add(breaker);
    return () => this.breakers.delete(breaker);
  }

  breakConnections(peer: string): void {
    this.transport.breakLinks(peer);
    for (const breaker of [...this.breakers]) breaker(peer);
  }

  end(): void {
    this.isAlive = false;
    this.clock.stop();
    for (const breaker of [...this.breakers]) breaker(undefined);
    this.breakers.clear();
  }
}

function fits(filter: MessageFilter, packet: Packet): boolean {
  const { message, from, to } = filter;
  if (message !== undefined && packet.name !== message && !packet.name.endsWith(`.${message}`)) {
    return false;
  }
  if (from !== undefined && packet.from.name !== from) return false;
  return to === undefined || packet.to.name === to;
}
