/**
 * The keeper: parent of a launcher and of the starter, the small process that starts its tasks. Node takes
 * much longer to start a process than a program of a few lines, and a launcher that dies must not take
 * what it knows about its children along: Linux gives orphans to the next ancestor that asks for them (a
 * subreaper), which is the keeper; without one they go to init, and nobody learns how they ended.
 *
 * Node cannot make the system calls for that; perl can, and it is part of every Debian and most other
 * systems. Where there is none the launcher starts processes itself: statuses of tasks are then unknown
 * after its death, and say so.
 */
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { type WaitStatus, waitStatusOf } from '../../executor/wait-status.ts';
import { KEEPER_PROGRAM } from './keeper-program.ts';
import type { ProcessIdentity } from './ports.ts';

/**
 * Numbers of prctl(2), waitid(2), signalfd4(2), rt_sigprocmask(2), setsid(2), setgid(2), setuid(2) and exit_group(2) by
 * architecture, as Node names them: perl's module of them makes each fork a third dearer.
 */
const SYSTEM_CALLS: Readonly<Record<string, string>> = {
  arm64: '167,95,74,135,157,144,146,94',
  ppc64: '171,272,313,174,66,46,23,234',
  riscv64: '167,95,74,135,157,144,146,94',
  s390x: '172,281,322,175,66,214,213,248',
  x64: '157,247,289,14,112,106,105,231',
};

/** The launcher's ends of the pipes to its starter. */
const PIPES_VARIABLE = 'ORRERY_STARTER';

export interface KeptProgram {
  readonly file: string;
  readonly words: readonly string[];
}

/** How to start a program under a keeper; undefined where there can be none. */
export function underKeeper(folder: string, program: KeptProgram): KeptProgram | undefined {
  const numbers = systemCallNumbers();
  const perl = findProgram('perl');
  if (numbers === undefined || perl === undefined) return undefined;
  makeFolders(folder);
  const words = ['-e', KEEPER_PROGRAM, numbers, folder, program.file, ...program.words];
  return { file: perl, words };
}

/** Undefined where they are not known. */
export function systemCallNumbers(): string | undefined {
  return process.platform === 'linux' ? SYSTEM_CALLS[process.arch] : undefined;
}

export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Below the launcher's folder. */
export function keeperFolder(folder: string): string {
  return join(folder, 'keeper');
}

/** What keepers and starters wrote: how processes ended, and which have begun. */
export class KeptFiles {
  private readonly ends: string;
  private readonly starts: string;

  constructor(folder: string) {
    makeFolders(folder);
    this.ends = join(folder, 'ends');
    this.starts = join(folder, 'starts');
  }

  /** How a process ended, once; undefined when no keeper saw it. */
  takeEnd({ pid, startTime }: ProcessIdentity): WaitStatus | undefined {
    const [status = '', started] = read(join(this.ends, String(pid))).split(' ');
    if (started !== startTime || status === '') return undefined;
    this.forgetEnd(pid);
    return waitStatusOf(Number(status));
  }

  forgetEnd(pid: number): void {
    rmSync(join(this.ends, String(pid)), { force: true });
  }

  /** The process that has begun under a mark. */
  startedAs(mark: string): ProcessIdentity | undefined {
    const [pid = '', startTime] = read(join(this.starts, mark)).split(' ');
    return startTime === undefined ? undefined : { pid: Number(pid), startTime };
  }

  forgetStart(mark: string): void {
    rmSync(join(this.starts, mark), { force: true });
  }

  /** Forgets the ends of processes that nobody asks for, and all marks. */
  keepOnly(pids: ReadonlySet<number>): void {
    for (const name of readdirSync(this.ends)) {
      if (!pids.has(Number(name))) rmSync(join(this.ends, name), { force: true });
    }
    for (const mark of readdirSync(this.starts)) this.forgetStart(mark);
  }
}

/** Descriptors of the pipes to a starter, closed on exec; undefined in a process that has none. */
export interface StarterPipes {
  readonly requests: number;
  readonly replies: number;
  /** Does not block. */
  readonly ends: number;
}

/** Takes over what the keeper has left open, once. */
export function takeStarterPipes(environment: NodeJS.ProcessEnv): StarterPipes | undefined {
  const text = environment[PIPES_VARIABLE];
  delete environment[PIPES_VARIABLE];
  const [requests, replies, ends] = (text ?? '').split(',').map(Number);
  if (requests === undefined || replies === undefined || ends === undefined) return undefined;
  return {
    requests: reopened(requests, constants.O_WRONLY),
    replies: reopened(replies, constants.O_RDONLY),
    ends: reopened(ends, constants.O_RDONLY | constants.O_NONBLOCK),
  };
}

/** What the launcher itself starts must not hold the pipes: Node opens files so that they do not go along. */
function reopened(descriptor: number, flags: number): number {
  const own = openSync(`/proc/self/fd/${descriptor}`, flags);
  closeSync(descriptor);
  return own;
}

function makeFolders(folder: string): void {
  for (const name of ['ends', 'starts']) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
