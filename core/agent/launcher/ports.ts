/** What the launcher needs of the system; the simulator gives simulated processes and disk. */
import type { HostedCommand, HostedProbe } from '../../executor/hosted.ts';
import type { ProbeResult } from '../../executor/task-run.ts';
import type { WaitStatus } from '../../executor/wait-status.ts';

export interface SpawnSpec {
  readonly command: HostedCommand;
  readonly cwd: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A process that cannot be mixed up with a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, as text; empty where the system does not tell. */
  readonly startTime: string;
}

export interface Processes {
  /**
   * Starts a process as leader of a new session, output appended to `stdout` and `stderr` in its
   * working directory. `undefined` when it cannot be started; the reason is then in `stderr`.
   */
  spawn(spec: SpawnSpec, onExit: (status: WaitStatus) => void): ProcessIdentity | undefined;
  /**
   * Watches a process that somebody else started; its status cannot be learnt. False when it is
   * gone already.
   */
  adopt(identity: ProcessIdentity, onExit: () => void): boolean;
  /** Session leaders working in `cwd`; finds a process whose start was not recorded any more. */
  findIn(cwd: string): ProcessIdentity | undefined;
  /** Signals the process, its group, its descendants and their sessions. */
  signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Kills what a dead session leader left behind. */
  sweep(pid: number): void;
  /** Runs one probe to its end; `undefined` when it was disturbed and says nothing. */
  probe(probe: HostedProbe, spec: Omit<SpawnSpec, 'command'>): Promise<ProbeResult | undefined>;
  /** Where there is none, nothing can be attached to. */
  readonly attached?: AttachedProcesses;
}

export interface AttachedSpec extends SpawnSpec {
  /** Where `stdout` and `stderr` are kept. */
  readonly sandbox: string;
  readonly isTerminal: boolean;
}

export interface AttachedHandlers {
  onOutput(stream: 'STDOUT' | 'STDERR', bytes: Buffer): void;
  /** After the last output. */
  onExit(status: WaitStatus): void;
}

/** A process whose input and output are ours. */
export interface AttachedProcess {
  readonly identity: ProcessIdentity;
  /** `taken` is called when the process has room for more, or will never read it. */
  write(bytes: Uint8Array, taken: () => void): void;
  endInput(): void;
  resize(rows: number, columns: number): void;
  signal(signal: number): void;
  /** Paused, the process blocks when its pipe is full. */
  setPaused(isPaused: boolean): void;
}

export interface AttachedProcesses {
  /** Why there are no terminals here; undefined when there are. */
  terminalRefusal(): string | undefined;
  spawn(spec: AttachedSpec, handlers: AttachedHandlers): AttachedProcess | undefined;
  /** Any signal to one process. */
  signal(pid: number, signal: number): void;
}

/** One small JSON value per container; writes replace atomically and are done on return. */
export interface LauncherDisk {
  save(id: string, value: unknown): void;
  remove(id: string): void;
  /** Everything readable; damaged records are put aside and counted. */
  load(): { readonly values: readonly unknown[]; readonly damaged: number };
}
