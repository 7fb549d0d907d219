/**
 * The table of processes of a simulated machine.
 *
 * Scripts: `sleep 5` runs 5 s of virtual time, `sleep infinity` for ever, `exit 3` ends with status 3;
 * joined by `;`. Whatever else is written takes no time. `ignore-term` makes SIGTERM useless.
 */

import type {
  BeginHandlers,
  Processes,
  ProcessIdentity,
  SpawnSpec,
} from '../agent/launcher/ports.ts';
import type { Timer } from '../base/clock.ts';
import type { HostedProbe } from '../executor/hosted.ts';
import type { ProbeResult } from '../executor/task-run.ts';
import {
  exitedWith,
  signalledWith,
  UNKNOWN_STATUS,
  type WaitStatus,
} from '../executor/wait-status.ts';
import type { SimulatedClock } from './clock.ts';

/** Between the request for a process, its birth and the start of its program. */
const BIRTH_MS = 0.1;
/** From SIGTERM to the end of a process that heeds it. */
const TERMINATION_MS = 5;

export interface SpawnedProcess {
  readonly pid: number;
  readonly cwd: string;
  readonly command: string;
}

export interface SimulatedProcessesOptions {
  readonly clock: SimulatedClock;
  /** Called when a process starts; for checks such as "nothing runs twice". */
  readonly onSpawn?: (process: SpawnedProcess) => void;
  /** Called when a process ends by itself or by a signal; not when the machine goes down. */
  readonly onEnd?: (process: SpawnedProcess, status: WaitStatus) => void;
}

interface Running {
  readonly identity: ProcessIdentity;
  readonly cwd: string;
  readonly command: string;
  readonly heedsTerm: boolean;
  timer: Timer | undefined;
  /** Told the end: who asked for it, or an adopter. */
  onEnd: (status: WaitStatus) => void;
}

/** A table of processes. */
export class SimulatedProcesses implements Processes {
  private readonly clock: SimulatedClock;
  private readonly onSpawn: ((process: SpawnedProcess) => void) | undefined;
  private readonly onEnd: ((process: SpawnedProcess, status: WaitStatus) => void) | undefined;
  private readonly table = new Map<number, Running>();
  /** Written down by their starter, whoever hears of them. */
  private readonly ends = new Map<number, WaitStatus>();
  private readonly begun = new Map<string, ProcessIdentity>();
  private nextPid = 100;
  private markCount = 0;

  constructor(options: SimulatedProcessesOptions) {
    this.clock = options.clock;
    this.onSpawn = options.onSpawn;
    this.onEnd = options.onEnd;
  }

  get runningCount(): number {
    return this.table.size;
  }

  /** Working directories of what runs; a task's sandbox tells which one it is. */
  get directories(): readonly string[] {
    return [...this.table.values()].map(({ cwd }) => cwd);
  }

  spawn(spec: SpawnSpec, onExit: (status: WaitStatus) => void): ProcessIdentity {
    const running = this.make(spec, onExit);
    this.run(running, spec);
    return running.identity;
  }

  begin(spec: SpawnSpec, { onBorn, onBegun, onExit }: BeginHandlers): void {
    const running = this.make(spec, onExit);
    const { identity } = running;
    this.clock.setTimer(BIRTH_MS, () => onBorn(identity));
    this.clock.setTimer(2 * BIRTH_MS, () => {
      if (!this.isRunning(identity.pid)) return;
      onBegun(identity);
      this.run(running, spec);
    });
  }

  private make(spec: SpawnSpec, onExit: (status: WaitStatus) => void): Running {
    const pid = this.nextPid++;
    const identity = { pid, startTime: String(pid) };
    const { value } = spec.command;
    const running: Running = {
      identity,
      cwd: spec.cwd,
      command: value ?? '',
      heedsTerm: !value.includes('ignore-term'),
      timer: undefined,
      onEnd: onExit,
    };
    this.table.set(pid, running);
    if (spec.mark !== undefined) this.begun.set(spec.mark, identity);
    this.onSpawn?.({ pid, cwd: spec.cwd, command: value });
    return running;
  }

  private run(running: Running, { command }: SpawnSpec): void {
    const { durationMs, exitCode } = parseScript(command.value);
    // It may have been told to end before it came to its script.
    if (durationMs === undefined || running.timer !== undefined) return;
    running.timer = this.clock.setTimer(durationMs, () =>
      this.finish(running, exitedWith(exitCode)),
    );
  }

  newMark(): string {
    this.markCount += 1;
    return String(this.markCount);
  }

  startedAs(mark: string): ProcessIdentity | undefined {
    return this.begun.get(mark);
  }

  adopt(identity: ProcessIdentity, onExit: (status: WaitStatus) => void): boolean {
    const running = this.table.get(identity.pid);
    if (running === undefined || running.identity.startTime !== identity.startTime) return false;
    running.onEnd = onExit;
    return true;
  }

  endOf({ pid }: ProcessIdentity): WaitStatus {
    const status = this.ends.get(pid) ?? UNKNOWN_STATUS;
    this.ends.delete(pid);
    return status;
  }

  findIn(cwd: string): ProcessIdentity | undefined {
    return [...this.table.values()].find((running) => running.cwd === cwd)?.identity;
  }

  signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const running = this.table.get(pid);
    if (running === undefined || (signal === 'SIGTERM' && !running.heedsTerm)) return;
    running.timer?.cancel();
    const delayMs = signal === 'SIGTERM' ? TERMINATION_MS : 0;
    running.timer = this.clock.setTimer(delayMs, () => this.finish(running, signalledWith(signal)));
  }

  sweep(_pid: number): void {}

  /** Probes succeed as long as somebody asks. */
  async probe(probe: HostedProbe): Promise<ProbeResult> {
    switch (probe.type) {
      case 'COMMAND':
        return { type: 'COMMAND', exitCode: 0 };
      case 'HTTP':
        return { type: 'HTTP', statusCode: 200 };
      case 'TCP':
        return { type: 'TCP', succeeded: true };
    }
  }

  /** The launcher died: nobody hears how what runs will end. */
  forgetListeners(): void {
    for (const running of this.table.values()) running.onEnd = () => {};
  }

  isRunning(pid: number): boolean {
    return this.table.has(pid);
  }

  /** It ends by itself. */
  exit(pid: number, code: number): void {
    const running = this.table.get(pid);
    if (running === undefined) return;
    running.timer?.cancel();
    this.finish(running, exitedWith(code));
  }

  killAll(): void {
    for (const running of this.table.values()) running.timer?.cancel();
    this.table.clear();
  }

  private finish(running: Running, status: WaitStatus): void {
    if (!this.table.delete(running.identity.pid)) return;
    this.ends.set(running.identity.pid, status);
    const { identity, cwd, command } = running;
    this.onEnd?.({ pid: identity.pid, cwd, command }, status);
    running.onEnd(status);
  }
}

function parseScript(text: string): {
  readonly durationMs: number | undefined;
  readonly exitCode: number;
} {
  let durationMs = 0;
  let exitCode = 0;
  for (const part of text.split(';')) {
    const [word, argument] = part.trim().split(/\s+/);
    if (word === 'sleep' && argument === 'infinity') return { durationMs: undefined, exitCode };
    const number = argument === undefined ? Number.NaN : Number(argument);
    // As a shell does with what is no number.
    if (word === 'sleep' && number >= 0) durationMs += number * 1_000;
    else if (word === 'sleep') exitCode = 1;
    if (word === 'exit') exitCode = Number.isInteger(number) ? number & 0xff : 2;
  }
  return { durationMs, exitCode };
}
