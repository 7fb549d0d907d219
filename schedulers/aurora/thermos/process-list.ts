/** The processes of a machine as /proc shows them, and those that belong to a task. */
import { readdirSync, readFileSync } from 'node:fs';

export interface SystemProcess {
  readonly pid: number;
  readonly parent: number;
  /** The pid of its first process. */
  readonly session: number;
  readonly state: string;
  /** Ticks of a hundredth of a second. */
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly nice: number;
  readonly threads: number;
  readonly virtualBytes: number;
  readonly residentBytes: number;
}

const PAGE_BYTES = 4_096;

/** Processes that end meanwhile are left out. */
export function listProcesses(): readonly SystemProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
}

/** `pid (name) state ppid ...`; a name may hold spaces and parentheses. */
export function processOf(pid: number): SystemProcess | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    state: fields[0] ?? '?',
    parent: at(1),
    session: at(3),
    userTicks: at(11),
    systemTicks: at(12),
    nice: at(16),
    threads: at(17),
    virtualBytes: at(20),
    residentBytes: at(21) * PAGE_BYTES,
  };
}

/** The process and everything below it. */
export function descendants(pid: number, all: readonly SystemProcess[]): readonly SystemProcess[] {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found = all.filter((each) => each.pid === pid);
  for (const each of found) found.push(...(children.get(each.pid) ?? []));
  return found;
}

/** What has not ended in these sessions. */
export function membersOf(sessions: ReadonlySet<number>): readonly SystemProcess[] {
  if (sessions.size === 0) return [];
  return listProcesses().filter(({ session, state }) => state !== 'Z' && sessions.has(session));
}

/** A zombie has ended, whoever its parent is. */
export function isAlive(pid: number): boolean {
  const state = processOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Whether the pid is that of this command; another process may have it by now. */
export function hasWords(pid: number, words: readonly string[]): boolean {
  const given = readText(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  return isAlive(pid) && words.every((word) => given.includes(word));
}

/** Set where several tasks may have one sandbox; an agent gives every task its own. */
export const TASK_MARK = 'THERMOS_RUN_TASK_ID';

/**
 * Every process that was started with this HOME and has no mark of another task: also those that have made
 * themselves a session, and whose parents have ended.
 *
 * @param taskId undefined for those without a mark
 */
export function processesAtHome(
  home: string,
  taskId: string | undefined,
): readonly SystemProcess[] {
  const isOwn = (pid: number): boolean => {
    const words = readText(`/proc/${pid}/environ`)?.split('\0') ?? [];
    const mark = words.find((word) => word.startsWith(`${TASK_MARK}=`));
    return words.includes(`HOME=${home}`) && (mark === undefined || mark === markOf(taskId));
  };
  return listProcesses().filter(
    ({ pid, state }) => pid !== process.pid && state !== 'Z' && isOwn(pid),
  );
}

function markOf(taskId: string | undefined): string | undefined {
  return taskId === undefined ? undefined : `${TASK_MARK}=${taskId}`;
}

/** False when there is no such process any more. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It has ended, or belongs to somebody else: both are none of ours.
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Processes end at any time.
    return undefined;
  }
}
