/**
 * Small writes to one socket, joined: everything written in one turn of the event loop leaves in one
 * system call. A call costs as much as making a dozen messages, and a busy master sends thousands
 * of messages to the same peer in a turn. The order is kept; nothing waits longer than the turn.
 */

import type { Writable } from 'node:stream';

/** So much is written at once, without waiting for the end of the turn. */
const JOINED_MAX_BYTES = 64 * 1024;

/**
 * The same for a socket that somebody else writes to (Node's HTTP server): whatever is written to it in
 * this turn leaves in one call.
 */
export function joinWritesOfTurn(socket: Writable): void {
  turnOf(socket).begin();
}

function turnOf(socket: Writable): Turn {
  const known: unknown = Reflect.get(socket, TURN);
  if (known instanceof Turn) return known;
  const turn = new Turn(socket);
  Reflect.set(socket, TURN, turn);
  return turn;
}

const TURN = Symbol('whether writes are joined');

/** Ends of what is joined in this turn of the process's event loop. */
const endsOfTurn = new Set<() => void>();

/**
 * Lets everything out that waits for the end of the turn. Whoever is about to work for a while calls it before, or the
 * answers that are ready would wait for that work, too.
 */
export function endTurn(): void {
  for (const end of [...endsOfTurn]) end();
}

/** Node's server lets everything go at the end of each answer: that is kept from it until the turn is over. */
class Turn {
  private readonly socket: Writable;
  private readonly uncork: () => void;
  private isOn = false;

  constructor(socket: Writable) {
    this.socket = socket;
    this.uncork = socket.uncork.bind(socket);
    socket.uncork = () => {
      if (!this.isOn) this.uncork();
    };
  }

  begin(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.socket.cork();
    endsOfTurn.add(this.end);
    setImmediate(this.end);
  }

  private readonly end = (): void => {
    endsOfTurn.delete(this.end);
    if (!this.isOn) return;
    this.isOn = false;
    while (this.socket.writableCorked > 0) this.uncork();
  };
}

export class JoinedWrites {
  private readonly out: (bytes: Uint8Array) => void;
  private parts: Uint8Array[] = [];
  private bytes = 0;
  private isScheduled = false;

  /** `out` gets the joined bytes. */
  constructor(out: (bytes: Uint8Array) => void) {
    this.out = out;
  }

  /** Bytes that wait for the end of the turn. */
  get waitingBytes(): number {
    return this.bytes;
  }

  write(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.bytes += bytes.length;
    if (this.bytes >= JOINED_MAX_BYTES) {
      this.flush();
      return;
    }
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  /** Hands over what waits; before the socket is ended. */
  flush(): void {
    const { parts } = this;
    const [first] = parts;
    if (first === undefined) return;
    this.parts = [];
    this.bytes = 0;
    this.out(parts.length === 1 ? first : Buffer.concat(parts));
  }
}
