/**
 * Libprocess messages without sockets: several processes of one network in one program, found by ip and
 * port. Messages arrive at most once and in order per receiver, never inside the sender's call;
 * stopping a process is what a crash is to the others.
 */
import type { Envelope, MessageTransport, Upid } from './ports.ts';

/** Runs a task soon, after the current one; tests pass their own to stay in control. */
export type Defer = (task: () => void) => void;

export class LoopbackNetwork {
  private readonly processes = new Map<string, LoopbackTransport>();
  private readonly defer: Defer;

  constructor(defer: Defer = setImmediate) {
    this.defer = defer;
  }

  /** Starts a process; the address must be free. */
  createTransport(ip: string, port: number): LoopbackTransport {
    const address = addressKey(ip, port);
    if (this.processes.has(address)) throw new Error(`address ${address} is taken`);
    const transport = new LoopbackTransport(ip, port, this);
    this.processes.set(address, transport);
    return transport;
  }

  /** For transports only. */
  deliver(envelope: Envelope): void {
    this.defer(() => {
      this.processes.get(addressKey(envelope.to.ip, envelope.to.port))?.receive(envelope);
    });
  }

  /** For transports only. */
  isAlive(peer: Upid): boolean {
    return this.processes.has(addressKey(peer.ip, peer.port));
  }

  /** For transports only. */
  later(task: () => void): void {
    this.defer(task);
  }

  /** For transports only. */
  remove(transport: LoopbackTransport): void {
    const address = addressKey(transport.ip, transport.port);
    if (this.processes.get(address) !== transport) return;
    this.processes.delete(address);
    for (const other of this.processes.values()) other.peerGone(address);
  }
}

export class LoopbackTransport implements MessageTransport {
  readonly ip: string;
  readonly port: number;
  private readonly network: LoopbackNetwork;
  private readonly actors = new Map<string, (envelope: Envelope) => void>();
  /** Watchers by the address they watch. */
  private readonly links = new Map<string, Set<() => void>>();
  private isStopped = false;

  constructor(ip: string, port: number, network: LoopbackNetwork) {
    this.ip = ip;
    this.port = port;
    this.network = network;
  }

  register(id: string, receive: (envelope: Envelope) => void): void {
    this.actors.set(id, receive);
  }

  unregister(id: string): void {
    this.actors.delete(id);
  }

  send(envelope: Envelope): void {
    if (!this.isStopped) this.network.deliver(envelope);
  }

  link(peer: Upid, onExited: () => void): () => void {
    const address = addressKey(peer.ip, peer.port);
    const watchers = this.links.get(address) ?? new Set();
    this.links.set(address, watchers);
    const watcher = (): void => onExited();
    watchers.add(watcher);
    if (!this.network.isAlive(peer)) this.peerGone(address);
    return () => {
      watchers.delete(watcher);
    };
  }

  /** Ends the process: its actors hear nothing more, those linked to it are told. */
  stop(): void {
    this.isStopped = true;
    this.actors.clear();
    this.links.clear();
    this.network.remove(this);
  }

  /** For the network only. */
  receive(envelope: Envelope): void {
    this.actors.get(envelope.to.id)?.(envelope);
  }

  /** For the network only. */
  peerGone(address: string): void {
    const watchers = this.links.get(address);
    if (watchers === undefined) return;
    this.links.delete(address);
    this.network.later(() => {
      for (const watcher of watchers) watcher();
    });
  }
}

function addressKey(ip: string, port: number): string {
  return `${ip}:${port}`;
}
