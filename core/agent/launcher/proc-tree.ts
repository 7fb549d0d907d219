/** Process trees as Linux' /proc tells them; elsewhere only process groups are known. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type WaitStatus, waitStatusOf } from '../../executor/wait-status.ts';
import { ENTER_NAME } from './rootfs.ts';
import { TERMINAL_NAME } from './terminal-program.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
  readonly isZombie: boolean;
  /** Of a zombie. */
  readonly endStatus?: WaitStatus;
}

/** Programs that do nothing but wait for their only child. */
const WAITING_NAMES = ['nsenter', ENTER_NAME, TERMINAL_NAME].map((name) => `${name}\n`);

/** The entry of one process; `undefined` when it is gone. */
export function readProcess(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command's name stands in parentheses and may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: fields[19] ?? '',
    isZombie: state === 'Z' || state === 'X',
    ...(state === 'Z' ? { endStatus: waitStatusOf(Number(fields[49])) } : {}),
  };
}

export function readAllProcesses(): readonly ProcessEntry[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const entries: ProcessEntry[] = [];
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const entry = readProcess(pid);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** `root`, its descendants, and the members of all their groups and sessions, without zombies. */
export function treeOf(root: number, all: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const members = new Set<number>();
  const sessions = new Set<number>([root]);
  let grown = true;
  while (grown) {
    grown = false;
    for (const entry of all) {
      const belongs =
        entry.pid === root ||
        members.has(entry.parent) ||
        sessions.has(entry.session) ||
        sessions.has(entry.group);
      if (!belongs || members.has(entry.pid)) continue;
      members.add(entry.pid);
      sessions.add(entry.session).add(entry.group);
      grown = true;
    }
  }
  return all.filter(({ pid, isZombie }) => members.has(pid) && !isZombie);
}

/**
 * Whether a process was started in this directory: it works there, writes to the files of its output, or
 * has the directory in its environment. A command may change any of them, hardly all before it is looked for.
 */
export function isFrom(directory: string, pid: number): boolean {
  if (linkOf(pid, 'cwd') === directory) return true;
  if (linkOf(pid, 'fd/1') === `${directory}/stdout`) return true;
  if (linkOf(pid, 'fd/2') === `${directory}/stderr`) return true;
  return environmentOf(pid).includes(`MESOS_SANDBOX=${directory}`);
}

/** Undefined when it may not be seen. */
function linkOf(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The process itself, where another one only waits for it: outside of its pid namespace, or at its terminal. */
export function enteredProcess(pid: number): number {
  try {
    if (!WAITING_NAMES.includes(readFileSync(`/proc/${pid}/comm`, 'utf8'))) return pid;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const first = Number(children.trim().split(' ')[0]);
    return first > 0 ? enteredProcess(first) : pid;
  } catch {
    // It has ended.
    return pid;
  }
}
