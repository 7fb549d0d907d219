/**
 * The processes of one container, part of its record: those that run, and those that are about to. What is about
 * to be started has a mark on disk before it is asked for, under which a later launcher finds out whether it has
 * begun.
 */
import type { Beginnings } from './beginnings.ts';
import type { Processes, ProcessIdentity } from './ports.ts';

/** What lies on disk of them. */
export interface ProcessesRecord {
  /** Running processes by task; a name without identity was about to be started. */
  readonly processes: Record<string, ProcessIdentity | null>;
  /** Under which each of those that are about to be started says that it has begun. */
  marks?: Record<string, string>;
  /** The same for the only one, as launchers wrote it that started one at a time. */
  mark?: string;
}

export class ContainerProcesses {
  private readonly record: ProcessesRecord;
  private readonly beginnings: Beginnings;

  constructor(record: ProcessesRecord, beginnings: Beginnings) {
    this.record = record;
    this.beginnings = beginnings;
  }

  /** Of any that runs. */
  get pid(): number | undefined {
    return Object.values(this.record.processes).find((each) => each !== null)?.pid;
  }

  get isBeginning(): boolean {
    return Object.values(this.record.processes).includes(null);
  }

  get keys(): readonly string[] {
    return Object.keys(this.record.processes);
  }

  has(key: string): boolean {
    return key in this.record.processes;
  }

  isRecorded(key: string): boolean {
    return this.record.processes[key] !== null;
  }

  /** Of something that runs, or is about to and exists already. */
  identityOf(key: string): ProcessIdentity | undefined {
    return this.record.processes[key] ?? this.beginnings.identityOf(key);
  }

  /** It is about to be started; to be saved before it is asked for. */
  expect(key: string, mark: string | undefined): void {
    this.record.processes[key] = null;
    if (mark !== undefined) this.record.marks = { ...this.record.marks, [key]: mark };
  }

  /** What was about to be started runs under this number, or does not run. */
  settle(key: string, identity: ProcessIdentity | undefined): void {
    const { marks, processes } = this.record;
    if (identity === undefined) delete processes[key];
    else processes[key] = identity;
    if (marks !== undefined) delete marks[key];
  }

  /**
   * What a dead launcher left, whose start it may not have recorded any more. `never`: it had not begun when
   * that launcher's starter ended, and will not any more.
   */
  find(key: string, cwd: string, system: Processes): ProcessIdentity | 'never' | undefined {
    const recorded = this.record.processes[key];
    if (recorded !== null && recorded !== undefined) return recorded;
    const mark = this.record.marks?.[key] ?? this.record.mark;
    if (mark === undefined || system.startedAs === undefined) return system.findIn(cwd);
    return system.startedAs(mark) ?? 'never';
  }
}
