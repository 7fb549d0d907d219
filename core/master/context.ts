/**
 * What every handler of the machine works with: the state, the allocator, `now`, and an outbox of
 * effects. One input is handled at a time, so handlers may emit freely; the machine takes the
 * outbox when the input is done.
 */

import type { Allocator, Recovery } from '../allocator/types.ts';
import { APPROVES_ALL, type Approvers } from '../auth/authorizer.ts';
import { namedPrincipal } from '../auth/principal.ts';
import type { Instant } from '../base/clock.ts';
import type { LogFields } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { type Hooks, NO_HOOKS } from '../modules/hooks.ts';
import type { Upid } from '../net/ports.ts';
import type { Event as SchedulerEvent } from '../wire/types/mesos.v1.scheduler.ts';
import { Deadlines } from './deadlines.ts';
import { driverMessage } from './driver/events.ts';
import type { MasterEffect, Outgoing } from './effects.ts';
import type { OperatorEvent } from './events.ts';
import type { MachineOptions } from './options.ts';
import { FrameworkThrottle } from './rate-limits.ts';
import type { Agent, Framework } from './records.ts';
import type { RegistryOperation } from './registry.ts';
import type { MasterState } from './state.ts';

/** Principals whose approvers are kept; beyond it all are made again. */
const APPROVERS_MAX = 1_000;

/** What the machine works with besides its state. */
export interface MachineParts {
  readonly allocator: Allocator;
  readonly random: Random;
  readonly hooks?: Hooks;
}

export class MasterContext {
  readonly state: MasterState;
  readonly allocator: Allocator;
  readonly random: Random;
  readonly options: MachineOptions;
  readonly hooks: Hooks;
  readonly deadlines = new Deadlines();
  /** Holds up drivers' messages. */
  readonly throttle: FrameworkThrottle;
  /** The time of the input being handled. */
  now: Instant = 0;

  /** Agents for which a registry write is under way, by what is being written. */
  readonly registering = new Set<string>();
  readonly reregistering = new Set<string>();
  /** Agents on their way out, by where to. */
  readonly departing = new Map<string, 'unreachable' | 'removed' | 'gone'>();

  /** Principals of agents and drivers that have authenticated, by pid text. */
  readonly authenticated = new Map<string, string>();

  private outbox: MasterEffect[] = [];
  private readonly held = new Map<number, () => void>();
  private nextWrite = 1;
  private nextRemoval: Instant = 0;
  private readonly approvers = new Map<string | undefined, Approvers>();

  constructor(state: MasterState, options: MachineOptions, parts: MachineParts) {
    this.state = state;
    this.options = options;
    this.throttle = new FrameworkThrottle(options.rateLimits, this.deadlines);
    this.allocator = parts.allocator;
    this.random = parts.random;
    this.hooks = parts.hooks ?? NO_HOOKS;
  }

  /** What a principal may do; `undefined` is anybody who is not known. */
  approversOf(principal: string | undefined): Approvers {
    const { authorizer } = this.options;
    if (authorizer === undefined) return APPROVES_ALL;
    const known = this.approvers.get(principal);
    if (known !== undefined) return known;
    const subject = principal === undefined ? undefined : namedPrincipal(principal);
    const made = authorizer.approvers(subject);
    if (this.approvers.size >= APPROVERS_MAX) this.approvers.clear();
    this.approvers.set(principal, made);
    return made;
  }

  takeEffects(): MasterEffect[] {
    const effects = this.outbox;
    this.outbox = [];
    return effects;
  }

  emit(effect: MasterEffect): void {
    this.outbox.push(effect);
  }

  /** To an agent, from the master's own actor. */
  send(agent: Pick<Agent, 'pid'>, content: Outgoing): void {
    this.sendTo(agent.pid, content);
  }

  sendTo(to: Upid, content: Outgoing): void {
    this.outbox.push({ kind: 'send', from: 'master', to, content });
  }

  /**
   * To a framework's scheduler; dropped when it is not connected. `forDriver` is what a classic driver
   * is told instead of the usual translation.
   */
  event(framework: Framework, event: SchedulerEvent, forDriver?: Outgoing): void {
    const connection = framework.connection;
    if (connection === undefined) return;
    if (event.type !== undefined) {
      framework.counters.increment('events');
      framework.counters.increment(`events/${event.type.toLowerCase()}`);
    }
    if (connection.kind === 'http') {
      this.outbox.push({ kind: 'event', connection: connection.id, event });
      return;
    }
    const content = forDriver ?? driverMessage(this.state, framework, event);
    if (content !== undefined) this.sendTo(connection.pid, content);
  }

  operatorEvent(event: OperatorEvent): void {
    this.outbox.push({ kind: 'operator-event', event });
  }

  count(name: string): void {
    this.state.counters.increment(name);
  }

  log(level: 'debug' | 'info' | 'warn', fields: LogFields, text: string): void {
    this.outbox.push({ kind: 'log', level, fields, text });
  }

  /** Writes to the registry; `then` runs when that is durable, in the order of the writes. */
  persist(operations: readonly RegistryOperation[], then: () => void): void {
    const write = this.nextWrite++;
    this.held.set(write, then);
    this.outbox.push({ kind: 'persist', write, operations });
  }

  /** Runs what was held for `write`; repeated answers do nothing. */
  persisted(write: number): void {
    const then = this.held.get(write);
    this.held.delete(write);
    then?.();
  }

  get pendingWriteCount(): number {
    return this.held.size;
  }

  /** When the next agent may be marked unreachable (`--agent_removal_rate_limit`). */
  removalTurn(): Instant {
    const rate = this.options.agentRemovalRate;
    if (rate === undefined) return this.now;
    const at = Math.max(this.now, this.nextRemoval);
    this.nextRemoval = at + rate.intervalMs / rate.count;
    return at;
  }

  recover(recovery: Recovery): void {
    if (recovery.resources.length === 0) return;
    this.allocator.recoverResources(recovery, this.now);
  }
}
