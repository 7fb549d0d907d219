/**
 * A framework's connection to a master over the simulated network: calls and events are encoded as
 * on a real wire and travel with latency, in order, until the connection breaks. Both ends learn
 * of a break, each in its own time; calls under way are then lost or taken, nobody knows.
 */
import type { Master } from '../master/master.ts';
import { validateCall } from '../master/validation/call.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import type { Call, Event } from '../wire/types/mesos.v1.scheduler.ts';
import type { SimulatedNetwork, SimulatedProcess } from './network.ts';

export interface SchedulerLinkOptions {
  readonly network: SimulatedNetwork;
  /** The framework's process. */
  readonly process: SimulatedProcess;
  /** Name of the master's process. */
  readonly masterName: string;
  /** The master of that process, when one runs. */
  readonly master: () => Master | undefined;
  readonly onEvent: (event: Event) => void;
  /** Called once. */
  readonly onBroken: () => void;
  /** A call was answered with something else than 2xx. */
  readonly onRefused?: (call: Call, status: number, text: string) => void;
}

export class SchedulerLink {
  private readonly options: SchedulerLinkOptions;
  private readonly peer: SimulatedProcess | undefined;
  private readonly unwatch: (() => void)[] = [];
  private streamId: string | undefined;
  private isOpen = true;

  /** Connects and subscribes. */
  constructor(options: SchedulerLinkOptions, subscribe: Call) {
    this.options = options;
    const { network, process, masterName } = options;
    const peer = network.find(masterName);
    this.peer = peer?.isAlive === true ? peer : undefined;
    if (this.peer === undefined || network.isPartitioned(process.name, masterName)) {
      network.failConnect(process.name, this.peer?.name, () => this.breakHere());
      return;
    }
    this.unwatch.push(
      process.onBreak((name) => {
        if (name === undefined) this.closeQuietly();
        else if (name === masterName) this.breakHere();
      }),
      this.peer.onBreak((name) => {
        if (name === undefined) this.after(() => this.breakHere());
        else if (name === process.name) this.breakThere();
      }),
    );
    this.toMaster('SUBSCRIBE', subscribe, (master, call) => this.accept(master, call));
  }

  /** Sends a call; the answer only matters when it refuses. */
  call(call: Call): void {
    this.toMaster(call.type ?? 'UNKNOWN', call, (master, received) => {
      const refusal = master.call(received, { principal: undefined, streamId: this.streamId });
      if (refusal === undefined) return;
      this.toFramework('refusal', () =>
        this.options.onRefused?.(call, refusal.status, refusal.text),
      );
    });
  }

  /** The framework hangs up; the master hears of it. */
  close(): void {
    if (!this.isOpen) return;
    this.closeQuietly();
    this.after(() => this.breakThere());
  }

  private accept(master: Master, call: Call): void {
    const refused = validateCall(call, undefined);
    if (refused !== undefined || !master.isReady) {
      this.toFramework('refusal', () => this.breakHere());
      return;
    }
    const connection = {
      send: (event: Event) => {
        const bytes = encodeMessage('mesos.v1.scheduler.Event', event);
        this.toFramework(event.type ?? 'UNKNOWN', () => this.deliver(bytes));
      },
      close: () => this.toFramework('close', () => this.breakHere()),
    };
    this.streamId = master.subscribe(call, connection);
  }

  private deliver(bytes: Uint8Array): void {
    const event = decodeMessage('mesos.v1.scheduler.Event', bytes);
    if (!event.ok) throw new Error(`the master sent an unreadable event: ${event.error}`);
    if (this.isOpen) this.options.onEvent(event.value);
  }

  private toMaster(name: string, call: Call, take: (master: Master, call: Call) => void): void {
    const { peer } = this;
    if (!this.isOpen || peer === undefined) return;
    const bytes = encodeMessage('mesos.v1.scheduler.Call', call);
    this.options.network.send({
      from: this.options.process,
      to: peer,
      name,
      envelope: undefined,
      deliver: () => {
        const received = decodeMessage('mesos.v1.scheduler.Call', bytes);
        const master = this.options.master();
        if (received.ok && master !== undefined) take(master, received.value);
      },
      lost: () => this.breakBoth(),
    });
  }

  private toFramework(name: string, deliver: () => void): void {
    const { peer } = this;
    if (peer === undefined) return;
    this.options.network.send({
      from: peer,
      to: this.options.process,
      name,
      envelope: undefined,
      deliver: () => {
        if (this.isOpen) deliver();
      },
      lost: () => this.breakBoth(),
    });
  }

  private breakBoth(): void {
    this.breakHere();
    this.breakThere();
  }

  private breakHere(): void {
    if (!this.isOpen) return;
    this.closeQuietly();
    if (this.options.process.isAlive) this.options.onBroken();
  }

  private closeQuietly(): void {
    this.isOpen = false;
    // The framework has gone; the master's end of the connection breaks, too.
    this.after(() => this.breakThere());
  }

  private breakThere(): void {
    const { streamId, peer } = this;
    for (const unwatch of this.unwatch.splice(0)) unwatch();
    this.streamId = undefined;
    if (streamId === undefined || peer?.isAlive !== true) return;
    this.options.master()?.disconnected(streamId);
  }

  private after(callback: () => void): void {
    this.options.network.after(this.options.network.latency(), callback);
  }
}
