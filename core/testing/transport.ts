/** The `MessageTransport` of one simulated process; see `network.ts`. */
import type { Envelope, MessageTransport, Upid } from '../net/ports.ts';
import type { SimulatedNetwork, SimulatedProcess } from './network.ts';

interface Watch {
  readonly peer: Upid;
  readonly onExited: () => void;
}

export class SimulatedTransport implements MessageTransport {
  readonly ip: string;
  readonly port: number;
  private readonly network: SimulatedNetwork;
  private readonly process: SimulatedProcess;
  private readonly actors = new Map<string, (envelope: Envelope) => void>();
  /** By address: all watches there end together (spec libprocess, section 2.3). */
  private readonly watches = new Map<string, Set<Watch>>();

  constructor(network: SimulatedNetwork, process: SimulatedProcess) {
    this.network = network;
    this.process = process;
    this.ip = process.ip;
    this.port = process.port;
  }

  register(id: string, receive: (envelope: Envelope) => void): void {
    this.actors.set(id, receive);
  }

  unregister(id: string): void {
    this.actors.delete(id);
  }

  send(envelope: Envelope): void {
    if (!this.process.isAlive) return;
    const target = this.network.at(envelope.to.ip, envelope.to.port);
    // Nobody listens there: a temporary connection fails silently, a linked one has ended already.
    if (target === undefined) return;
    this.network.send({
      from: this.process,
      to: target,
      name: envelope.name,
      envelope,
      deliver: () => target.transport.receive(envelope),
      lost: () => this.breakAddress(addressOf(envelope.to)),
    });
  }

  link(peer: Upid, onExited: () => void): () => void {
    const address = addressOf(peer);
    const watch: Watch = { peer, onExited };
    const watches = this.watches.get(address) ?? new Set();
    this.watches.set(address, watches.add(watch));
    const target = this.network.at(peer.ip, peer.port);
    const isReachable =
      target !== undefined && !this.network.isPartitioned(this.process.name, target.name);
    if (!isReachable) {
      this.network.failConnect(this.process.name, target?.name, () => this.breakAddress(address));
    }
    return () => {
      watches.delete(watch);
    };
  }

  receive(envelope: Envelope): void {
    if (!this.process.isAlive) return;
    this.actors.get(envelope.to.id)?.(envelope);
  }

  /** A process at another address has crashed. */
  peerDied(peer: SimulatedProcess): void {
    const address = `${peer.ip}:${peer.port}`;
    const watches = this.watches.get(address);
    if (watches === undefined || watches.size === 0) return;
    // Nothing of it crosses a partition; the links break when that heals.
    if (this.network.isPartitioned(this.process.name, peer.name)) return;
    // Links made to the next process at that address are not meant.
    const broken = [...watches];
    this.network.after(this.network.latency(), () => this.exit(address, broken));
  }

  breakLinks(peerName: string): void {
    const peer = this.network.process(peerName);
    this.breakAddress(`${peer.ip}:${peer.port}`);
  }

  private breakAddress(address: string): void {
    this.exit(address, [...(this.watches.get(address) ?? [])]);
  }

  private exit(address: string, broken: readonly Watch[]): void {
    const watches = this.watches.get(address);
    for (const watch of broken) {
      if (watches?.delete(watch) !== true) continue;
      if (this.process.isAlive) watch.onExited();
    }
  }
}

function addressOf(upid: Upid): string {
  return `${upid.ip}:${upid.port}`;
}
