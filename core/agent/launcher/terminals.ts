/**
 * Terminals of executors and tasks (`ContainerInfo.tty_info`): who reads and types. The terminal belongs to a
 * process of its own (`terminal-program.ts`) that outlives the launcher; this connects to it when somebody
 * attaches, and stays connected until the process has ended.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { ContainerEvent, ContainerRequest } from '../containers/port.ts';
import type { TerminalConnection, TerminalHost } from './ports.ts';

/** A terminal is there a moment after its process is told to run. */
const RETRY_MS = 50;
/** How long the end waits for output that is still on its way to somebody who reads. */
const DRAIN_LIMIT_MS = 1_500;
/** Input for a terminal that is not there yet; more is thrown away, and told as taken. */
const WAITING_INPUTS_MAX = 64;

export interface TerminalsPorts {
  readonly clock: Clock;
  /** Undefined where there are none. */
  readonly host: TerminalHost | undefined;
  emit(event: ContainerEvent): void;
}

interface Attached {
  readonly id: string;
  connection: TerminalConnection | undefined;
  isConnecting: boolean;
  isWatched: boolean;
  isOver: boolean;
  retry: Timer | undefined;
  /** What was typed before there was a connection. */
  waiting: ((connection: TerminalConnection) => void)[];
  onDrained: (() => void) | undefined;
}

export class Terminals {
  private readonly ports: TerminalsPorts;
  private readonly attached = new Map<string, Attached>();
  private isCongested = false;

  constructor(ports: TerminalsPorts) {
    this.ports = ports;
  }

  /** Of an executor (`root`) or of one of its tasks (`root.nested`) that runs in a terminal. */
  handle(request: ContainerRequest): void {
    switch (request.kind) {
      case 'plain-watch':
        this.watch(request.id, request.isWatched);
        break;
      case 'plain-input':
        this.input(request.id, request.sequence, Buffer.from(request.data, 'base64'));
        break;
      case 'plain-resize':
        this.later(this.of(request.id), ({ resize }) => resize(request.rows, request.columns));
        break;
      default:
        break;
    }
  }

  /** The process has ended: `done` when what it wrote has been told to whoever reads. */
  ended(id: string, done: () => void): void {
    const attached = this.attached.get(id);
    if (attached === undefined) {
      done();
      return;
    }
    attached.isOver = true;
    const finish = (): void => {
      attached.retry?.cancel();
      if (this.attached.get(id) !== attached) return;
      this.attached.delete(id);
      attached.connection?.close();
      done();
    };
    if (attached.connection === undefined) {
      finish();
      return;
    }
    const limit = this.ports.clock.setTimer(DRAIN_LIMIT_MS, finish);
    attached.onDrained = () => {
      limit.cancel();
      finish();
    };
  }

  /** The agent has gone, and with it whoever read. */
  detach(): void {
    this.isCongested = false;
    for (const attached of this.attached.values()) {
      attached.isWatched = false;
      attached.connection?.setPaused(false);
    }
  }

  setCongested(isCongested: boolean): void {
    this.isCongested = isCongested;
    for (const attached of this.attached.values()) this.updatePause(attached);
  }

  private watch(id: string, isWatched: boolean): void {
    const attached = isWatched ? this.of(id) : this.attached.get(id);
    if (attached === undefined) return;
    attached.isWatched = isWatched;
    this.updatePause(attached);
    if (isWatched) this.connect(attached);
  }

  private input(id: string, sequence: number, bytes: Buffer): void {
    const taken = (): void => this.ports.emit({ kind: 'plain-input-taken', id, sequence });
    const attached = this.of(id);
    // The end of input is a character in a terminal.
    if (bytes.length === 0 || attached.waiting.length >= WAITING_INPUTS_MAX) taken();
    else this.later(attached, ({ write }) => write(bytes, taken));
  }

  private later(attached: Attached, act: (connection: TerminalConnection) => void): void {
    if (attached.connection !== undefined) act(attached.connection);
    else {
      attached.waiting.push(act);
      this.connect(attached);
    }
  }

  private connect(attached: Attached): void {
    const { host, clock } = this.ports;
    if (attached.isConnecting || attached.connection !== undefined || host === undefined) return;
    const { id } = attached;
    attached.isConnecting = true;
    const connection = host.connect(id, {
      onOpen: () => {
        attached.connection = connection;
        this.updatePause(attached);
        for (const act of attached.waiting.splice(0)) act(connection);
      },
      onOutput: (bytes) => {
        if (!attached.isWatched) return;
        const data = bytes.toString('base64');
        this.ports.emit({ kind: 'plain-output', id, stream: 'STDOUT', data });
      },
      onClose: () => {
        attached.connection = undefined;
        attached.isConnecting = false;
        attached.onDrained?.();
        if (attached.isOver || this.attached.get(id) !== attached) return;
        attached.retry = clock.setTimer(RETRY_MS, () => this.connect(attached));
      },
    });
  }

  private updatePause({ connection, isWatched }: Attached): void {
    connection?.setPaused(this.isCongested && isWatched);
  }

  private of(id: string): Attached {
    const known = this.attached.get(id);
    if (known !== undefined) return known;
    const attached: Attached = {
      id,
      connection: undefined,
      isConnecting: false,
      isWatched: false,
      isOver: false,
      retry: undefined,
      waiting: [],
      onDrained: undefined,
    };
    this.attached.set(id, attached);
    return attached;
  }
}
