/**
 * A copy of the log for Logstash, one JSON document per line, or per datagram:
 *
 *   {"@timestamp":"...Z","@version":"1","message":"...","level":"INFO",...fields}
 *
 * The log never waits for it: what cannot be sent waits in a bounded queue while the connection is
 * made anew.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock, Timer } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import type { LineTarget } from '../../core/base/joined-lines.ts';

export interface LogstashTarget {
  readonly protocol: 'udp' | 'tcp' | 'ssl';
  readonly host: string;
  readonly port: number;
}

export interface LogConnection {
  /** False when no more should be written before `drained`. */
  write(line: string): boolean;
  close(): void;
}

export interface LogConnectionEvents {
  opened(): void;
  drained(): void;
  /** Once; nothing more comes of it. */
  closed(why: string): void;
}

export type ConnectLog = (target: LogstashTarget, on: LogConnectionEvents) => LogConnection;

/** Lines that wait for the connection; then the oldest is dropped for each new one. */
export const LINES_WAITING_MAX = 10_000;

/** Between two attempts to connect. */
export const RECONNECT_MS = seconds(30);

/** Names and numbers of levels, by those of the log. */
const LEVELS: ReadonlyMap<unknown, readonly [name: string, value: number]> = new Map([
  [20, ['DEBUG', 10_000]],
  [30, ['INFO', 20_000]],
  [40, ['WARN', 30_000]],
  [50, ['ERROR', 40_000]],
]);

export class LogstashShipper implements LineTarget {
  private readonly target: LogstashTarget;
  private readonly clock: Clock;
  private readonly connect: ConnectLog;
  private readonly waiting: string[] = [];
  private connection: LogConnection | undefined;
  private isOpen = false;
  /** Changes with every connection, and with the end of each. */
  private attempt = 0;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(target: LogstashTarget, clock: Clock, connect: ConnectLog = connectLog) {
    this.target = target;
    this.clock = clock;
    this.connect = connect;
  }

  /** Takes lines of the log, whole ones. */
  write(text: string): void {
    if (this.isStopped) return;
    for (const line of text.split('\n')) {
      if (line !== '') this.waiting.push(logstashLine(line));
    }
    if (this.waiting.length > LINES_WAITING_MAX) {
      this.waiting.splice(0, this.waiting.length - LINES_WAITING_MAX);
    }
    this.send();
  }

  /** What still waits is lost. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.connection?.close();
  }

  private send(): void {
    if (this.connection === undefined) {
      if (this.timer === undefined) this.open();
      return;
    }
    while (this.isOpen) {
      const line = this.waiting.shift();
      if (line === undefined) return;
      if (!this.connection.write(line)) this.isOpen = false;
    }
  }

  private open(): void {
    this.attempt += 1;
    const { attempt } = this;
    // What an earlier connection has still to say is about that one.
    const ifCurrent = (action: () => void) => (): void => {
      if (attempt === this.attempt) action();
    };
    const goOn = ifCurrent(() => {
      this.isOpen = true;
      this.send();
    });
    const closed = ifCurrent(() => this.onClosed());
    this.connection = this.connect(this.target, { opened: goOn, drained: goOn, closed });
    this.send();
  }

  private onClosed(): void {
    this.attempt += 1;
    this.connection = undefined;
    this.isOpen = false;
    if (this.isStopped) return;
    this.timer = this.clock.setTimer(RECONNECT_MS, () => {
      this.timer = undefined;
      if (this.waiting.length > 0) this.open();
    });
  }
}

/** A line of the log in the form of Logstash. */
export function logstashLine(line: string): string {
  const parsed: unknown = JSON.parse(line);
  const { time, msg, level, name, hostname, pid, ...fields } = Object(parsed);
  const [levelName, value] = LEVELS.get(level) ?? ['INFO', 20_000];
  return `${JSON.stringify({
    '@timestamp': time,
    '@version': '1',
    message: msg,
    logger_name: name,
    thread_name: String(pid),
    level: levelName,
    level_value: value,
    HOSTNAME: hostname,
    ...fields,
  })}\n`;
}

function connectLog(target: LogstashTarget, on: LogConnectionEvents): LogConnection {
  return target.protocol === 'udp' ? overUdp(target, on) : overStream(target, on);
}

/** Looks the host up once: a look-up for each line would wait outside the queue. */
function overUdp({ host, port }: LogstashTarget, on: LogConnectionEvents): LogConnection {
  let socket: Socket | undefined;
  let isWanted = true;
  lookup(host, (error, address, family) => {
    if (!isWanted) return;
    if (error !== null) {
      on.closed(error.message);
      return;
    }
    const made = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket = made;
    made.unref();
    let why = 'the socket was closed';
    made.on('error', (failure) => {
      why = failure.message;
      made.close();
    });
    made.on('close', () => on.closed(why));
    made.connect(port, address, on.opened);
  });
  return {
    write: (line) => {
      // A datagram that is lost, or too long, is lost: that is what UDP was chosen for.
      socket?.send(line, () => {});
      return true;
    },
    close: () => {
      isWanted = false;
      socket?.close();
    },
  };
}

function overStream(
  { protocol, host, port }: LogstashTarget,
  on: LogConnectionEvents,
): LogConnection {
  const socket =
    protocol === 'ssl'
      ? connectTls({ host, port, servername: host }, on.opened)
      : connectTcp({ host, port }, on.opened);
  socket.unref();
  let why = 'the connection was closed';
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('drain', on.drained);
  socket.on('close', () => on.closed(why));
  // Nothing is expected from it, but what comes must not fill the buffers.
  socket.resume();
  return { write: (line) => socket.write(line), close: () => socket.destroy() };
}
