/**
 * A Unix socket that one process alone listens on. `listen` by itself does not give that: a socket
 * that is bound and does not listen yet looks like one whose process has died, and would be removed.
 *
 * So each process listens under a name of its own first (`<path>-<pid>`) and then makes a hard link
 * `<path>.<number>`, one more than the highest there is, which one process alone can make; a number
 * that accepts connections is held. The holder's socket becomes `<path>`. The highest number is never
 * removed: whoever has read the names before would take a lower one, and finds the higher then.
 */
import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { describeError, errorCode } from '../../base/errors.ts';

export interface ExclusiveListening {
  /** Called once, when this process is the one. */
  readonly held: () => void;
  /** Called once with the reason when it is not; the server is closed then. */
  readonly refused: (why: string) => void;
}

export interface SocketNames {
  readonly path: string;
  /** What no other process uses; by default made of the pid. */
  readonly name?: string;
}

/**
 * Adds at most six bytes to `path`, whose length systems limit (to 107 bytes on Linux). Closing the
 * server gives the socket up.
 */
export function listenAlone(
  server: Server,
  { path, name = process.pid.toString(36) }: SocketNames,
  told: ExclusiveListening,
): void {
  const own = `${path}-${name}`;
  const refuse = (why: string): void => {
    server.close();
    rmSync(own, { force: true });
    told.refused(why);
  };
  const take = (): void => {
    const highest = Math.max(0, ...numbersOf(path));
    ifListening(highest === 0 ? path : numbered(path, highest), (listens) => {
      try {
        if (listens) refuse('another launcher holds the socket: the agent talks to that one');
        else if (isTaken(own, path, highest + 1)) hold(highest + 1);
        else take();
      } catch (thrown) {
        refuse(describeError(thrown));
      }
    });
  };
  const hold = (number: number): void => {
    renameSync(own, path);
    for (const each of numbersOf(path)) if (each < number) removeNumber(path, each);
    told.held();
  };
  rmSync(own, { force: true });
  server.once('error', (error) => refuse(describeError(error)));
  server.listen(own, take);
}

/** False when somebody else has taken this number, or a higher one. */
function isTaken(own: string, path: string, number: number): boolean {
  try {
    linkSync(own, numbered(path, number));
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
  if (numbersOf(path).every((each) => each <= number)) return true;
  removeNumber(path, number);
  return false;
}

function numbered(path: string, number: number): string {
  return `${path}.${number.toString(36)}`;
}

function removeNumber(path: string, number: number): void {
  rmSync(numbered(path, number), { force: true });
}

function numbersOf(path: string): readonly number[] {
  const start = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start))
    .map((name) => Number.parseInt(name.slice(start.length), 36))
    .filter((number) => number > 0);
}

function ifListening(path: string, then: (listens: boolean) => void): void {
  const socket = connect(path);
  socket.once('connect', () => {
    socket.destroy();
    then(true);
  });
  // Anything else, as too many connections that wait, is a sign of life.
  socket.once('error', (error) => {
    const code = errorCode(error);
    then(code !== 'ECONNREFUSED' && code !== 'ENOENT');
  });
}
