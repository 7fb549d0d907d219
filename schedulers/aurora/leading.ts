/**
 * The life of one scheduler process among several (spec aurora-scheduler, section 9): a candidate until it is
 * elected, then it reads the state, subscribes, and is announced when the master has taken it. A process leads
 * once; whatever ends that ends the process, and a peer takes over.
 */
import { background } from '../../core/base/background.ts';
import type { Clock, Timer } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import type { Log } from '../../core/base/log.ts';
import type { Leadership } from '../kit/leadership.ts';
import type { Endpoint, ServerSet } from './server-set.ts';

export const LIFE = [
  'IDLE',
  'PREPARING_STORAGE',
  'STORAGE_PREPARED',
  'LEADER_AWAITING_REGISTRATION',
  'ACTIVE',
  'DEAD',
] as const;

export type LifeState = (typeof LIFE)[number];

export type LeaderStatus = 'leading' | 'not-leading' | 'no-leader';

export interface AuroraElection {
  readonly leadership: Leadership;
  readonly serverSet: Pick<ServerSet, 'leader' | 'watch' | 'announce' | 'stop'>;
}

export interface LeadingOptions {
  /** For which an elected process may wait for the master. */
  readonly maxRegistrationDelayMs: DurationMs;
  /** After which a peer shall take over. */
  readonly maxLeadingMs: DurationMs;
}

export interface LeadingPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Without it this process leads from its start. */
  readonly election: AuroraElection | undefined;
}

export interface LeadingActs {
  readonly recover: () => Promise<void>;
  readonly subscribe: () => Promise<void>;
  /** Nothing may be done any more: another one may lead by now. */
  readonly halt: () => void;
  readonly fail: (why: unknown) => void;
}

export class Leading {
  state: LifeState = 'IDLE';
  private readonly options: LeadingOptions;
  private readonly ports: LeadingPorts;
  private readonly acts: LeadingActs;
  private self: Endpoint | undefined;
  private readonly timers: Timer[] = [];

  constructor(options: LeadingOptions, ports: LeadingPorts, acts: LeadingActs) {
    this.options = options;
    this.ports = ports;
    this.acts = acts;
  }

  /** Where requests belong: here, to `leader`, or nowhere. */
  get status(): LeaderStatus {
    const { election } = this.ports;
    if (election === undefined) return 'leading';
    const { leader } = election.serverSet;
    if (leader === undefined) return 'no-leader';
    const { self } = this;
    return self?.host === leader.host && self.port === leader.port ? 'leading' : 'not-leading';
  }

  get leader(): Endpoint | undefined {
    return this.ports.election?.serverSet.leader;
  }

  /** The state is read: calls can be answered. */
  get isStorageReady(): boolean {
    return this.state === 'LEADER_AWAITING_REGISTRATION' || this.state === 'ACTIVE';
  }

  /** Without an election this resolves when it tries to subscribe. `listen` gives where it serves. */
  async start(listen: () => Promise<Endpoint>): Promise<void> {
    const { election } = this.ports;
    if (election === undefined) {
      await this.prepare();
      this.self = await listen();
      await this.acts.subscribe();
      return;
    }
    const self = await listen();
    this.self = self;
    this.state = 'STORAGE_PREPARED';
    election.serverSet.watch();
    election.leadership.start(`${self.host}:${self.port}`, {
      onElected: () => background(this.ports.log, this.lead(), 'take up the leadership'),
      onLost: (why) => this.die(why),
    });
  }

  /** The master has taken the framework. */
  registered(): void {
    if (this.state !== 'LEADER_AWAITING_REGISTRATION') return;
    this.state = 'ACTIVE';
    const { election } = this.ports;
    if (election === undefined || this.self === undefined) return;
    election.serverSet.announce(this.self);
    this.after(this.options.maxLeadingMs, 'has led as long as one process may');
  }

  /** Gives up the leadership, so that a peer leads at once. */
  async stop(): Promise<void> {
    this.state = 'DEAD';
    for (const timer of this.timers) timer.cancel();
    await this.ports.election?.serverSet.stop();
    await this.ports.election?.leadership.stop();
  }

  private async lead(): Promise<void> {
    try {
      await this.prepare();
      const delayMs = this.options.maxRegistrationDelayMs;
      this.after(delayMs, 'has not been registered with the master in time');
      await this.acts.subscribe();
    } catch (thrown) {
      this.die(thrown);
    }
  }

  private async prepare(): Promise<void> {
    this.state = 'PREPARING_STORAGE';
    await this.acts.recover();
    this.state = 'LEADER_AWAITING_REGISTRATION';
  }

  /** Ends the process when it is still in the same state by then. */
  private after(delayMs: DurationMs, why: string): void {
    const { state } = this;
    const timer = this.ports.clock.setTimer(delayMs, () => {
      if (this.state === state) this.die(new Error(`the scheduler ${why}`));
    });
    this.timers.push(timer);
  }

  private die(why: unknown): void {
    if (this.state === 'DEAD') return;
    this.state = 'DEAD';
    this.acts.halt();
    // A new session must not announce it again.
    const { election, log } = this.ports;
    if (election !== undefined) background(log, election.serverSet.stop(), 'leave the server set');
    this.acts.fail(why);
  }
}
