/**
 * The master's side of authentication (spec libprocess, section 9): one actor
 * `crammd5-authenticator-session(N)` per exchange. Registrations that come while their sender proves who
 * it is wait for the end of that. What was proved goes to the machine.
 */
import {
  type AuthenticationMessage,
  CramMd5Server,
  isAuthenticationName,
  type ServerEnd,
} from '../auth/crammd5.ts';
import type { Credentials } from '../auth/credentials.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { AuthenticatorFactory } from '../modules/types.ts';
import type { Envelope, MessageTransport, Upid } from '../net/ports.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { formatUpid, parseUpid } from '../wire/upid.ts';

export interface AuthenticationOptions {
  /** Without any there is no authenticator, but a module's. */
  readonly credentials: Credentials | undefined;
  /** Of a module, instead of CRAM-MD5. */
  readonly authenticator?: AuthenticatorFactory | undefined;
  /** Of one exchange (`--authentication_v0_timeout`). */
  readonly timeoutMs: DurationMs;
  /** Shown in challenges. */
  readonly hostname: string;
}

export interface AuthenticationPorts {
  readonly transport: MessageTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told of every AuthenticateMessage. */
  readonly onAsked: () => void;
  /** Undefined when `pid` begins anew. */
  readonly onIdentified: (pid: Upid, principal: string | undefined) => void;
  /** What has waited. */
  readonly onReleased: (envelope: Envelope) => void;
}

/** More exchanges at a time are not begun; the peers try again. */
export const SESSIONS_MAX = 20_000;

/** More registrations of one sender are dropped while it waits; it repeats them. */
const WAITING_MAX = 8;

/** What waits; everything else is handled at once. */
const REGISTRATIONS: ReadonlySet<string> = new Set([
  'mesos.scheduler.Call',
  'mesos.internal.RegisterFrameworkMessage',
  'mesos.internal.ReregisterFrameworkMessage',
  'mesos.internal.RegisterSlaveMessage',
  'mesos.internal.ReregisterSlaveMessage',
]);

interface Session {
  readonly id: string;
  readonly server: ServerEnd;
  readonly pid: Upid;
  readonly client: Upid;
  readonly timer: Timer;
  readonly unlink: () => void;
  readonly waiting: Envelope[];
}

export class Authentication {
  private readonly options: AuthenticationOptions;
  private readonly ports: AuthenticationPorts;
  /** By the pid that is being authenticated. */
  private readonly sessions = new Map<string, Session>();
  private nextSession = 1;

  constructor(options: AuthenticationOptions, ports: AuthenticationPorts) {
    this.options = options;
    this.ports = ports;
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** True when the message is its own business or has to wait. */
  holds(envelope: Envelope): boolean {
    if (envelope.name === 'mesos.internal.AuthenticateMessage') {
      this.ports.onAsked();
      this.authenticate(envelope);
      return true;
    }
    const session = this.sessions.get(formatUpid(envelope.from));
    if (session === undefined || !REGISTRATIONS.has(envelope.name)) return false;
    if (session.waiting.length < WAITING_MAX) session.waiting.push(envelope);
    return true;
  }

  /** Ends all exchanges without a word. */
  stop(): void {
    for (const session of [...this.sessions.values()]) this.forget(session);
  }

  private authenticate(envelope: Envelope): void {
    const { log, onIdentified } = this.ports;
    const client = envelope.from;
    const read = decodeMessage('mesos.internal.AuthenticateMessage', envelope.body);
    const pid = read.ok ? parseUpid(read.value.pid) : undefined;
    if (pid === undefined) {
      log.warn({ from: formatUpid(client) }, 'dropped a request to authenticate without a pid');
      return;
    }
    onIdentified(pid, undefined);
    const newEnd = this.ends();
    if (newEnd === undefined) {
      log.warn({ pid: formatUpid(pid) }, 'cannot authenticate: there are no credentials');
      const value = { error: 'No authenticator loaded' };
      this.send('master', client, { name: 'mesos.internal.AuthenticationErrorMessage', value });
      return;
    }
    this.begin(pid, client, newEnd());
  }

  /** Makes our end of an exchange; undefined when nobody can be authenticated. */
  private ends(): (() => ServerEnd) | undefined {
    const { credentials, authenticator, hostname } = this.options;
    if (authenticator !== undefined) return () => authenticator.createSession();
    if (credentials === undefined) return undefined;
    const { clock, random } = this.ports;
    const number = Math.floor(random.float() * 2 ** 32);
    const seconds = Math.floor(clock.now() / 1000);
    return () => new CramMd5Server(credentials, `<${number}.${seconds}@${hostname}>`);
  }

  private begin(pid: Upid, client: Upid, server: ServerEnd): void {
    const { transport, clock, log } = this.ports;
    const key = formatUpid(pid);
    const before = this.sessions.get(key);
    if (before !== undefined) this.forget(before);
    if (this.sessions.size >= SESSIONS_MAX) {
      log.warn({ pid: key, sessionCount: this.sessions.size }, 'too many authentications at once');
      return;
    }
    const id = `crammd5-authenticator-session(${this.nextSession++})`;
    const session: Session = {
      id,
      server,
      pid,
      client,
      timer: clock.setTimer(this.options.timeoutMs, () => this.giveUp(key, id, 'timed out')),
      unlink: transport.link(client, () => this.giveUp(key, id, 'its sender has gone')),
      waiting: before?.waiting ?? [],
    };
    this.sessions.set(key, session);
    transport.register(id, (envelope) => this.receive(session, envelope));
    this.send(id, client, session.server.greeting());
  }

  private receive(session: Session, { name, body }: Envelope): void {
    if (!isAuthenticationName(name)) return;
    const read = decodeMessage(name, body);
    if (!read.ok) {
      this.ports.log.warn({ pid: formatUpid(session.pid), why: read.error }, 'dropped a message');
      return;
    }
    // The name decides the type of the value.
    const answer = session.server.receive({ name, value: read.value } as AuthenticationMessage);
    if (answer.message !== undefined) this.send(session.id, session.client, answer.message);
    const { outcome } = answer;
    if (outcome === undefined) return;
    const fields = { pid: formatUpid(session.pid), outcome: outcome.kind };
    this.ports.log.info(fields, 'authentication ended');
    if (outcome.kind === 'completed') this.ports.onIdentified(session.pid, outcome.principal);
    this.release(session);
  }

  /** The peer is told nothing, as by the original: it has a time-out of its own. */
  private giveUp(key: string, id: string, why: string): void {
    const session = this.sessions.get(key);
    if (session?.id !== id) return;
    this.ports.log.warn({ pid: key, why }, 'authentication given up');
    this.release(session);
  }

  private release(session: Session): void {
    this.forget(session);
    for (const envelope of session.waiting) this.ports.onReleased(envelope);
  }

  private forget(session: Session): void {
    const key = formatUpid(session.pid);
    if (this.sessions.get(key) === session) this.sessions.delete(key);
    session.timer.cancel();
    session.unlink();
    this.ports.transport.unregister(session.id);
  }

  private send(actor: string, to: Upid, message: AuthenticationMessage): void {
    const { transport } = this.ports;
    const from: Upid = { id: actor, ip: transport.ip, port: transport.port };
    const body = encodeMessage(message.name, message.value as never);
    transport.send({ from, to, name: message.name, body });
  }
}
