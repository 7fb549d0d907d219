/** Real terminals: command lines that start in one, and connections to those that run. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, systemCallNumbers } from './keeper.ts';
import type { TerminalConnection, TerminalHandlers, TerminalHost } from './ports.ts';
import { TERMINAL_CARRIER, TERMINAL_PROGRAM } from './terminal-program.ts';
import { groupsWord } from './user-words.ts';
import type { CommandLine } from './wrapped-command.ts';

const HEADER_BYTES = 5;

export class NodeTerminals implements TerminalHost {
  private readonly folder: string;

  /** `folder` is nobody's but the launcher's: who can open a socket in it can type. */
  constructor(folder: string) {
    this.folder = folder;
  }

  refusal(): string | undefined {
    return terminalRefusal();
  }

  /** `line`, in a terminal with a socket. */
  lineOf(id: string, line: CommandLine): CommandLine {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    return terminalLine(line, { folder: this.folder, name: nameOf(id) });
  }

  connect(id: string, handlers: TerminalHandlers): TerminalConnection {
    // Paths of sockets are short: by way of the folder's descriptor this one always is.
    const descriptor = open(this.folder);
    const path =
      descriptor === undefined
        ? join(this.folder, nameOf(id))
        : `/proc/self/fd/${descriptor}/${nameOf(id)}`;
    const socket = connect(path);
    const opened = (): void => {
      if (descriptor !== undefined) closeSync(descriptor);
    };
    socket.once('connect', () => {
      opened();
      handlers.onOpen();
    });
    socket.on('data', (bytes) => handlers.onOutput(bytes));
    socket.once('error', () => {
      if (socket.connecting || socket.pending) opened();
    });
    socket.once('close', () => handlers.onClose());
    return {
      write: (bytes, taken) => {
        if (socket.writable) socket.write(frame('i', bytes), () => taken());
        else taken();
      },
      resize: (rows, columns) => {
        if (socket.writable) socket.write(frame('r', Buffer.from(`${rows} ${columns}`)));
      },
      setPaused: (isPaused) => {
        if (isPaused) socket.pause();
        else socket.resume();
      },
      close: () => socket.destroy(),
    };
  }

  remove(id: string): void {
    rmSync(join(this.folder, nameOf(id)), { force: true });
  }
}

/** Why there are no terminals on this host; undefined where there are. */
export function terminalRefusal(): string | undefined {
  if (systemCallNumbers() === undefined) return "'tty_info' needs Linux";
  if (findProgram('perl') !== undefined) return undefined;
  return "'tty_info' needs the program 'perl', which this host does not have";
}

/** Without a socket it is used over descriptors 0 (frames) and 1. */
export function terminalLine(
  line: CommandLine,
  socket: { readonly folder: string; readonly name: string } = { folder: '', name: '' },
): CommandLine {
  const variables = Object.entries({ TERM: 'xterm', ...line.env });
  const numbered = variables.map(([name, value], at) => [
    `${TERMINAL_CARRIER}${at}`,
    `${name}=${value}`,
  ]);
  const { user } = line;
  const who = [String(user?.uid ?? ''), groupsWord(user)];
  const words = [systemCallNumbers() ?? '', socket.folder, socket.name, ...who];
  return {
    file: findProgram('perl') ?? 'perl',
    argv0: 'perl',
    args: ['-e', TERMINAL_PROGRAM, ...words, line.file, line.argv0, ...line.args],
    env: Object.fromEntries(numbered),
    user: undefined,
    isGated: false,
  };
}

/** What is written to a terminal's process: see `terminal-program.ts`. */
export function frame(kind: 'i' | 'r', bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc(HEADER_BYTES + bytes.length);
  whole.write(kind, 0, 'latin1');
  whole.writeUInt32BE(bytes.length, 1);
  whole.set(bytes, HEADER_BYTES);
  return whole;
}

function nameOf(id: string): string {
  return createHash('sha1').update(id).digest('hex').slice(0, 20);
}

function open(folder: string): number | undefined {
  try {
    return openSync(folder, 'r');
  } catch {
    // Nothing has been started in a terminal: the connection fails and says so.
    return undefined;
  }
}
