/**
 * Carries effects of the master's machine out: messages, links, streams, operators' answers, the timer. What comes back by
 * them is an input again.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { MessageTransport, Upid } from '../net/ports.ts';
import { encodeMessage } from '../wire/codec.ts';
import type { Event as SchedulerEvent } from '../wire/types/mesos.v1.scheduler.ts';
import { formatUpid } from '../wire/upid.ts';
import type { MasterEffect, MasterInput, Outgoing } from './effects.ts';
import type { OperatorEvent } from './events.ts';
import type { OperatorAnswer } from './operator/requests.ts';

/** A framework's open stream as the master sees it. */
export interface SchedulerConnection {
  send(event: SchedulerEvent): void;
  /** The master ends the stream. */
  close(): void;
}

/** To operators, once the master has ended. */
export const UNAVAILABLE: OperatorAnswer = { status: 503, text: '503 Service Unavailable.' };

type Persist = Extract<MasterEffect, { readonly kind: 'persist' }>;

interface Uses {
  persist(write: Persist['write'], operations: Persist['operations']): void;
  onInput(input: MasterInput): void;
  /** The master cannot go on. */
  onFailure(error: unknown): void;
}

export class Outlets {
  private readonly transport: MessageTransport;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly uses: Uses;
  private readonly connections = new Map<string, SchedulerConnection>();
  private readonly links = new Map<string, () => void>();
  private readonly listeners = new Set<(event: OperatorEvent) => void>();
  /** Operators' requests under way, by ticket. */
  private readonly tickets = new Map<number, (answer: OperatorAnswer) => void>();
  private nextTicket = 1;
  private wake: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(
    ports: { readonly transport: MessageTransport; readonly clock: Clock; readonly log: Log },
    uses: Uses,
  ) {
    this.transport = ports.transport;
    this.clock = ports.clock;
    this.log = ports.log;
    this.uses = uses;
  }

  /** Operators' requests that are not answered yet. */
  get ticketCount(): number {
    return this.tickets.size;
  }

  /** Gives a function that stops listening. */
  listen(listener: (event: OperatorEvent) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  open(id: string, connection: SchedulerConnection): void {
    this.connections.set(id, connection);
  }

  /** Its client has gone; false when the stream was unknown. */
  forget(id: string): boolean {
    return this.connections.delete(id);
  }

  /** The ticket whose answer goes to `resolve`. */
  ask(resolve: (answer: OperatorAnswer) => void): number {
    const ticket = this.nextTicket++;
    this.tickets.set(ticket, resolve);
    return ticket;
  }

  cancelWake(): void {
    this.wake?.timer.cancel();
    this.wake = undefined;
  }

  closeAll(): void {
    for (const unlink of this.links.values()) unlink();
    this.links.clear();
    for (const connection of [...this.connections.values()]) connection.close();
    this.connections.clear();
  }

  /** Nobody will answer them any more. */
  refuseAll(): void {
    for (const answer of this.tickets.values()) answer(UNAVAILABLE);
    this.tickets.clear();
  }

  perform(effect: MasterEffect): void {
    switch (effect.kind) {
      case 'send':
        this.send(effect.from, effect.to, effect.content);
        return;
      case 'link':
        this.link(effect.pid);
        return;
      case 'unlink':
        this.unlink(effect.pid);
        return;
      case 'observe':
        this.observe(effect.observer);
        return;
      case 'unobserve':
        this.transport.unregister(`slave-observer(${effect.observer})`);
        return;
      case 'event':
        this.connections.get(effect.connection)?.send(effect.event);
        return;
      case 'close':
        this.close(effect.connection);
        return;
      case 'persist':
        this.uses.persist(effect.write, effect.operations);
        return;
      case 'answer':
        this.answer(effect.ticket, effect.answer);
        return;
      case 'operator-event':
        this.tellListeners(effect.event);
        return;
      case 'wake':
        this.wakeAt(effect.at);
        return;
      case 'fail':
        this.uses.onFailure(new ClusterError('REMOVAL_LIMIT', effect.reason, { retriable: false }));
        return;
      case 'log':
        this.log[effect.level](effect.fields, effect.text);
        return;
    }
  }

  private answer(ticket: number, answer: OperatorAnswer): void {
    this.tickets.get(ticket)?.(answer);
    this.tickets.delete(ticket);
  }

  /** A listener that fails must not stop the master or the others. */
  private tellListeners(event: OperatorEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (thrown) {
        const fields = { event: event.kind, error: describeError(thrown) };
        this.log.error(fields, 'a listener of operator events failed');
      }
    }
  }

  private send(actor: string, to: Upid, content: Outgoing): void {
    const { transport } = this;
    const from: Upid = { id: actor, ip: transport.ip, port: transport.port };
    transport.send({ from, to, name: content.name, body: encodeOutgoing(content) });
  }

  private link(pid: Upid): void {
    const key = formatUpid(pid);
    this.links.get(key)?.();
    const unlink = this.transport.link(pid, () => {
      this.links.delete(key);
      this.uses.onInput({ kind: 'exited', pid });
    });
    this.links.set(key, unlink);
  }

  private unlink(pid: Upid): void {
    const key = formatUpid(pid);
    this.links.get(key)?.();
    this.links.delete(key);
  }

  private observe(observer: number): void {
    this.transport.register(`slave-observer(${observer})`, (envelope) => {
      if (envelope.name === 'mesos.internal.PongSlaveMessage') {
        this.uses.onInput({ kind: 'pong', observer });
      }
    });
  }

  private close(id: string): void {
    const connection = this.connections.get(id);
    this.connections.delete(id);
    connection?.close();
  }

  private wakeAt(at: number): void {
    const { clock } = this;
    if (this.wake !== undefined && this.wake.at <= at) return;
    this.wake?.timer.cancel();
    const timer = clock.setTimer(Math.max(0, at - clock.now()), () => {
      this.wake = undefined;
      this.uses.onInput({ kind: 'woke' });
    });
    this.wake = { at, timer };
  }
}

function encodeOutgoing(content: Outgoing): Uint8Array {
  // The union of names and messages is correlated; the compiler sees that only case by case.
  return encodeMessage(content.name, content.message as never);
}
