/**
 * Processes whose input and output can be attached to: over pipes, or over a pseudo terminal. All
 * output is also appended to the sandbox's `stdout` and `stderr`.
 *
 * Node cannot open terminals by itself: `terminal-program.ts` makes one and copies between it and our pipes. Its
 * child is the container's process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { exitedWith, signalledWith, type WaitStatus } from '../../executor/wait-status.ts';
import { openOutputFile } from '../output-file.ts';
import { letGo } from './gate.ts';
import type {
  AttachedHandlers,
  AttachedProcess,
  AttachedProcesses,
  AttachedSpec,
  Isolation,
  ProcessIdentity,
} from './ports.ts';
import { enteredProcess, type ProcessEntry, readAllProcesses, readProcess } from './proc-tree.ts';
import { frame, terminalLine, terminalRefusal } from './terminal-host.ts';
import {
  behindGate,
  type CommandLine,
  isolatedCommandLine,
  plainCommandLine,
  switchedLine,
} from './wrapped-command.ts';

/** How long output is still read after the end; a child that has left the session may hold it open. */
const DRAIN_LIMIT_MS = 1_000;

export interface Sweeper {
  sweep(pid: number): void;
}

export class NodeAttachedProcesses implements AttachedProcesses {
  private readonly clock: Clock;
  private readonly sweeper: Sweeper;
  private readonly isolation: Isolation;

  constructor(clock: Clock, sweeper: Sweeper, isolation: Isolation) {
    this.clock = clock;
    this.sweeper = sweeper;
    this.isolation = isolation;
  }

  terminalRefusal(): string | undefined {
    return terminalRefusal();
  }

  spawn(spec: AttachedSpec, handlers: AttachedHandlers): AttachedProcess | undefined {
    const { cwd, sandbox, isolation } = spec;
    const outputs = openOutputs(sandbox);
    if (outputs === undefined) return undefined;
    const complain = (thrown: unknown): void => {
      writeSync(outputs.STDERR, `Failed to execute command: ${describeError(thrown)}\n`);
    };
    try {
      const started = spec.isTerminal ? terminalLine(lineOf(spec)) : lineOf(spec);
      const line = switchedLine(isolation === undefined ? started : behindGate(started));
      const child = spawn(line.file, [...line.args], {
        argv0: line.argv0,
        cwd,
        env: line.env,
        detached: true,
        stdio: line.isGated ? ['pipe', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe'],
        ...line.user,
      });
      child.on('error', complain);
      const { pid } = child;
      if (pid !== undefined) {
        const refused =
          isolation && letGo(child, pid, { plan: isolation.plan, isolation: this.isolation });
        if (refused !== undefined) complain(refused);
        return new NodeAttached(
          { child, pid, outputs, handlers, isTerminal: spec.isTerminal },
          this,
        );
      }
    } catch (thrown) {
      complain(thrown);
    }
    closeSync(outputs.STDOUT);
    closeSync(outputs.STDERR);
    return undefined;
  }

  signal(pid: number, signal: number): void {
    send(enteredProcess(pid), signal);
  }

  sweep(pid: number): void {
    this.sweeper.sweep(pid);
  }

  setTimer(delayMs: number, act: () => void): Timer {
    return this.clock.setTimer(delayMs, act);
  }
}

interface AttachedParts {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly outputs: { readonly STDOUT: number; readonly STDERR: number };
  readonly handlers: AttachedHandlers;
  readonly isTerminal: boolean;
}

class NodeAttached implements AttachedProcess {
  readonly identity: ProcessIdentity;
  private readonly parts: AttachedParts;
  private readonly host: NodeAttachedProcesses;
  /** The process in the terminal, once seen. */
  private inner: ProcessEntry | undefined;
  private isOver = false;

  constructor(parts: AttachedParts, host: NodeAttachedProcesses) {
    this.parts = parts;
    this.host = host;
    const { child, pid } = parts;
    this.identity = { pid, startTime: readProcess(pid)?.startTime ?? '' };
    this.copy(child.stdout, 'STDOUT');
    this.copy(child.stderr, 'STDERR');
    // Input to a process that does not read any more is lost, as on any pipe.
    child.stdin?.on('error', () => {});
    child.on('exit', (code, signal) => this.exited(code, signal));
  }

  write(bytes: Uint8Array, taken: () => void): void {
    const { stdin } = this.parts.child;
    if (stdin === null || !stdin.writable) taken();
    else stdin.write(this.parts.isTerminal ? frame('i', bytes) : bytes, () => taken());
  }

  endInput(): void {
    this.parts.child.stdin?.end();
  }

  resize(rows: number, columns: number): void {
    const { child, isTerminal } = this.parts;
    if (isTerminal) child.stdin?.write(frame('r', Buffer.from(`${rows} ${columns}`)));
  }

  signal(signal: number): void {
    send(enteredProcess(this.parts.pid), signal);
  }

  setPaused(isPaused: boolean): void {
    for (const stream of [this.parts.child.stdout, this.parts.child.stderr]) {
      if (isPaused) stream?.pause();
      else stream?.resume();
    }
  }

  private copy(stream: Readable | null, name: 'STDOUT' | 'STDERR'): void {
    stream?.on('error', () => {});
    stream?.on('data', (bytes: Buffer) => {
      if (this.isOver) return;
      // Seen while it lives, so that its session can be swept when it is over.
      if (this.parts.isTerminal) this.innerProcess();
      try {
        writeSync(this.parts.outputs[name], bytes);
      } catch {
        // A full disk must not cost the attached client its output.
      }
      this.parts.handlers.onOutput(name, bytes);
    });
  }

  private exited(code: number | null, signal: NodeJS.Signals | null): void {
    const { child, pid } = this.parts;
    const status = signal === null ? exitedWith(code ?? 0) : signalledWith(signal);
    // Children in the background hold the pipes open: the container ends with its first process.
    this.host.sweep(pid);
    if (this.inner !== undefined) this.host.sweep(this.inner.pid);
    this.setPaused(false);
    const timer = this.host.setTimer(DRAIN_LIMIT_MS, () => this.finish(status));
    child.once('close', () => {
      timer.cancel();
      this.finish(status);
    });
  }

  private finish(status: WaitStatus): void {
    if (this.isOver) return;
    this.isOver = true;
    const { child, outputs, handlers } = this.parts;
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    closeSync(outputs.STDOUT);
    closeSync(outputs.STDERR);
    handlers.onExit(status);
  }

  private innerProcess(): ProcessEntry | undefined {
    this.inner ??= readAllProcesses().find(({ parent }) => parent === this.parts.pid);
    return this.inner;
  }
}

/** Undefined when one cannot be opened: there is no place in the sandbox to say that. */
function openOutputs(sandbox: string): AttachedParts['outputs'] | undefined {
  const opened: number[] = [];
  try {
    const STDOUT = openOutputFile(`${sandbox}/stdout`);
    opened.push(STDOUT);
    return { STDOUT, STDERR: openOutputFile(`${sandbox}/stderr`) };
  } catch (thrown) {
    for (const each of opened) closeSync(each);
    process.stderr.write(`launcher: ${describeError(thrown)}\n`);
    return undefined;
  }
}

function lineOf({ command, isolation, cwd, user }: AttachedSpec): CommandLine {
  if (isolation === undefined) return plainCommandLine(command, user);
  return isolatedCommandLine(command, isolation.plan, { ...isolation, cwd, user });
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what the sender wanted, or no signal of this system.
  }
}
