/** Wait statuses of processes and the sentences made of them (spec executor-api, section 12). */

/** `exit code << 8`, or the number of the signal; -1 when nobody knows. */
export type WaitStatus = number;

export const UNKNOWN_STATUS: WaitStatus = -1;
/** Nobody even knows of such a process; never told on the wire. */
export const NO_PROCESS: WaitStatus = -2;

/** Linux numbers and the C library's texts. */
const SIGNALS: readonly (readonly [name: string, number: number, text: string])[] = [
  ['SIGHUP', 1, 'Hangup'],
  ['SIGINT', 2, 'Interrupt'],
  ['SIGQUIT', 3, 'Quit'],
  ['SIGILL', 4, 'Illegal instruction'],
  ['SIGTRAP', 5, 'Trace/breakpoint trap'],
  ['SIGABRT', 6, 'Aborted'],
  ['SIGBUS', 7, 'Bus error'],
  ['SIGFPE', 8, 'Floating point exception'],
  ['SIGKILL', 9, 'Killed'],
  ['SIGUSR1', 10, 'User defined signal 1'],
  ['SIGSEGV', 11, 'Segmentation fault'],
  ['SIGUSR2', 12, 'User defined signal 2'],
  ['SIGPIPE', 13, 'Broken pipe'],
  ['SIGALRM', 14, 'Alarm clock'],
  ['SIGTERM', 15, 'Terminated'],
  ['SIGSTKFLT', 16, 'Stack fault'],
  ['SIGXCPU', 24, 'CPU time limit exceeded'],
  ['SIGXFSZ', 25, 'File size limit exceeded'],
  ['SIGVTALRM', 26, 'Virtual timer expired'],
  ['SIGPROF', 27, 'Profiling timer expired'],
  ['SIGIO', 29, 'I/O possible'],
  ['SIGPWR', 30, 'Power failure'],
  ['SIGSYS', 31, 'Bad system call'],
];

/** What the system calls a wait status, without the mark of a core dump. */
export function waitStatusOf(status: number): WaitStatus {
  const signal = status & 0x7f;
  return signal === 0 ? status & 0xff00 : signal;
}

export function exitedWith(code: number): WaitStatus {
  return (code & 0xff) << 8;
}

export function signalledWith(name: string): WaitStatus {
  return SIGNALS.find(([each]) => each === name)?.[1] ?? UNKNOWN_STATUS;
}

export function exitCodeOf(status: WaitStatus): number | undefined {
  return status >= 0 && (status & 0x7f) === 0 ? status >> 8 : undefined;
}

/** `exited with status 1`, `terminated with signal Killed`. */
export function describeStatus(status: WaitStatus): string {
  const code = exitCodeOf(status);
  if (code !== undefined) return `exited with status ${code}`;
  const number = status & 0x7f;
  const text = SIGNALS.find(([, each]) => each === number)?.[2];
  return `terminated with signal ${text ?? `Unknown signal ${number}`}`;
}
