/**
 * Real processes. Each task leads its own session, so that its whole tree can be signalled; the
 * tree of a kill is read from /proc once per turn of the event loop, whatever the number of kills.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { HostedProbe } from '../../executor/hosted.ts';
import type { ProbeResult } from '../../executor/task-run.ts';
import {
  exitedWith,
  signalledWith,
  UNKNOWN_STATUS,
  type WaitStatus,
} from '../../executor/wait-status.ts';
import type { OutputStream } from '../container-logger.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import { appendOutput, openOutputFile } from '../output-file.ts';
import { NodeAttachedProcesses } from './attached.ts';
import { holdNamespaces, letGo } from './gate.ts';
import { joinedBy } from './isolation.ts';
import { KeptFiles, keeperFolder, type StarterPipes, takeStarterPipes } from './keeper.ts';
import { namespaceProbe } from './namespace-probe.ts';
import type {
  BeginHandlers,
  Held,
  Isolation,
  Processes,
  ProcessIdentity,
  SpawnSpec,
} from './ports.ts';
import { runProbe } from './probes.ts';
import { isFrom, type ProcessEntry, readAllProcesses, readProcess, treeOf } from './proc-tree.ts';
import { openRotatedOutput } from './rotated-output.ts';
import { Starter, type StartRequest } from './starter.ts';
import type { NodeTerminals } from './terminal-host.ts';
import {
  behindGate,
  type CommandLine,
  isolatedCommandLine,
  plainCommandLine,
  switchedLine,
  wrappedCommandLine,
} from './wrapped-command.ts';

const ADOPTED_POLL_MS = 250;
/** Dead sessions are swept together this long after the first. */
const SWEEP_DELAY_MS = 200;
const START_TRIES = 5;

/** What a process under a keeper has. */
export interface Kept {
  readonly files: KeptFiles;
  readonly pipes: StarterPipes;
  /** Nothing can be started any more. */
  onGone(): void;
}

/** Undefined in a launcher without a keeper. A launcher that can start nothing makes room for another one. */
export function keptHere(folder: string): Kept | undefined {
  const pipes = takeStarterPipes(process.env);
  if (pipes === undefined) return undefined;
  const onGone = (): void => {
    process.stderr.write('launcher: its starter has gone\n');
    process.exit(1);
  };
  return { files: new KeptFiles(keeperFolder(folder)), pipes, onGone };
}

interface Ordered {
  readonly spec: SpawnSpec;
  readonly handlers: BeginHandlers;
  readonly tries: number;
}

interface Started {
  readonly identity: ProcessIdentity;
  readonly mark: string;
  readonly onExit: (status: WaitStatus) => void;
}

/** Output opened here for a process that is being started. */
class OpenedOutput {
  private readonly spec: SpawnSpec;
  private readonly descriptors: number[] = [];

  constructor(spec: SpawnSpec) {
    this.spec = spec;
  }

  open(stream: OutputStream): number {
    const descriptor = openOutput(stream, this.spec);
    this.descriptors.push(descriptor);
    return descriptor;
  }

  close(): void {
    for (const descriptor of this.descriptors.splice(0)) closeSync(descriptor);
  }
}

export class NodeProcesses implements Processes {
  private readonly clock: Clock;
  private snapshot: readonly ProcessEntry[] | undefined;
  private readonly adopted = new Map<ProcessIdentity, (status: WaitStatus) => void>();
  /** Sessions seen in the trees of processes that were signalled. */
  private readonly sessions = new Map<number, Set<number>>();
  /** Sessions whose survivors are to be killed. */
  private readonly dead = new Set<number>();
  /** By pid: what the starter has started. */
  private readonly started = new Map<number, Started>();
  private readonly files: KeptFiles | undefined;
  private readonly starter?: Starter;
  private markCount = 0;
  readonly attached: NodeAttachedProcesses;
  readonly isolation: Isolation;
  readonly terminals?: NodeTerminals;
  /** With a starter only. */
  readonly begin?: (spec: SpawnSpec, handlers: BeginHandlers) => void;

  constructor(
    clock: Clock,
    isolation: Isolation,
    {
      kept,
      terminals,
    }: { readonly kept?: Kept | undefined; readonly terminals?: NodeTerminals } = {},
  ) {
    this.clock = clock;
    this.isolation = isolation;
    if (terminals !== undefined) this.terminals = terminals;
    this.files = kept?.files;
    if (kept !== undefined) {
      const starter = new Starter(kept.pipes, {
        onEnd: (identity, status) => this.ended(identity, status),
        onGone: () => kept.onGone(),
      });
      this.starter = starter;
      this.begin = (spec, handlers) => this.order(starter, { spec, handlers, tries: 1 });
    }
    this.attached = new NodeAttachedProcesses(clock, this, isolation);
  }

  spawn(spec: SpawnSpec, onExit: (status: WaitStatus) => void): ProcessIdentity | undefined {
    const output = new OpenedOutput(spec);
    try {
      const { starter } = this;
      if (starter !== undefined) {
        const identity = patiently(() => starter.start(this.requestOf(spec, output)));
        this.started.set(identity.pid, { identity, mark: spec.mark ?? '', onExit });
        return identity;
      }
      const child = this.start(spec, {
        stdout: output.open('stdout'),
        stderr: output.open('stderr'),
      });
      const { pid } = child;
      if (pid === undefined) return undefined;
      child.on('exit', (code, signal) => {
        onExit(signal === null ? exitedWith(code ?? 0) : signalledWith(signal));
      });
      return { pid, startTime: readProcess(pid)?.startTime ?? '' };
    } catch (thrown) {
      complain(spec, thrown);
      return undefined;
    } finally {
      output.close();
    }
  }

  private order(starter: Starter, { spec, handlers, tries }: Ordered): void {
    const output = new OpenedOutput(spec);
    const { mark = '' } = spec;
    let pid = 0;
    const refused = (why: unknown): void => {
      output.close();
      this.started.delete(pid);
      if (tries < START_TRIES && isRetriable(why)) {
        this.order(starter, { spec, handlers, tries: tries + 1 });
        return;
      }
      complain(spec, why);
      handlers.onBegun(undefined);
    };
    try {
      starter.begin(this.requestOf(spec, output), {
        onBorn: (identity) => {
          pid = identity.pid;
          this.started.set(pid, { identity, mark, onExit: handlers.onExit });
          handlers.onBorn(identity);
        },
        onBegun: (identity) => {
          output.close();
          handlers.onBegun(identity);
        },
        onRefused: (why) => refused(new ClusterError('STARTER', why, { retriable: true })),
        onLost: () => output.close(),
      });
    } catch (thrown) {
      refused(thrown);
    }
  }

  newMark(): string | undefined {
    if (this.starter === undefined) return undefined;
    this.markCount += 1;
    return `${this.clock.now()}-${process.pid}-${this.markCount}`;
  }

  startedAs(mark: string): ProcessIdentity | undefined {
    return this.files?.startedAs(mark);
  }

  hold(plan: IsolationPlan, done: (held: Held) => void, outer?: ProcessIdentity): void {
    holdNamespaces(plan, this.isolation, { done, outer });
  }

  private ended({ pid, startTime }: ProcessIdentity, status: WaitStatus): void {
    const started = this.started.get(pid);
    if (started?.identity.startTime === startTime) {
      this.started.delete(pid);
      started.onExit(status);
      if (started.mark !== '') this.files?.forgetStart(started.mark);
    }
    // Recorded by now.
    this.files?.forgetEnd(pid);
  }

  private requestOf(spec: SpawnSpec, output: OpenedOutput): StartRequest {
    const { cwd, isolation, mark = '' } = spec;
    const line = this.lineOf(spec);
    // What is open here can be opened again by its number.
    const outputOf = (stream: OutputStream): string =>
      spec.logs === undefined
        ? `${cwd}/${stream}`
        : `/proc/${process.pid}/fd/${output.open(stream)}`;
    return {
      mark,
      waits: spec.logs !== undefined,
      cwd,
      stdout: outputOf('stdout'),
      stderr: outputOf('stderr'),
      user: line.user,
      oomScoreAdjust: isolation?.plan.oomScoreAdjust,
      joins: isolation === undefined ? [] : joinedBy(isolation.plan),
      file: line.file,
      words: [line.argv0, ...line.args],
      environment: line.env,
    };
  }

  private lineOf(spec: SpawnSpec, isolated = isolatedCommandLine): CommandLine {
    const { command, cwd, user, isolation, terminal } = spec;
    const line =
      isolation === undefined
        ? plainCommandLine(command, user)
        : isolated(command, isolation.plan, { ...isolation, cwd, user });
    if (terminal === undefined || this.terminals === undefined) return line;
    return this.terminals.lineOf(terminal, line);
  }

  /** Starts a process and puts it where its plan says before it does anything. */
  private start(
    spec: SpawnSpec,
    output: { readonly stdout: number; readonly stderr: number },
  ): ChildProcess {
    const { cwd, isolation } = spec;
    const isGatedOutside = isolation !== undefined && spec.terminal !== undefined;
    const line = switchedLine(
      isGatedOutside ? behindGate(this.lineOf(spec)) : this.lineOf(spec, wrappedCommandLine),
    );
    const stdio = ['ignore', output.stdout, output.stderr] as const;
    const child = spawn(line.file, [...line.args], {
      argv0: line.argv0,
      cwd,
      env: line.env,
      detached: true,
      stdio: line.isGated ? [...stdio, 'pipe'] : [...stdio],
      ...line.user,
    });
    // Without a listener a failed start would end the launcher.
    child.on('error', (error) => complain(spec, error));
    if (isolation === undefined || child.pid === undefined) return child;
    const refused = letGo(child, child.pid, { plan: isolation.plan, isolation: this.isolation });
    if (refused !== undefined) complain(spec, refused);
    return child;
  }

  adopt(identity: ProcessIdentity, onExit: (status: WaitStatus) => void): boolean {
    if (!isAlive(identity)) return false;
    this.adopted.set(identity, onExit);
    if (this.adopted.size === 1) this.pollAdopted();
    return true;
  }

  endOf(identity: ProcessIdentity): WaitStatus {
    const entry = readProcess(identity.pid);
    // Its keeper has not come to it yet.
    if (entry?.endStatus !== undefined && entry.startTime === identity.startTime) {
      return entry.endStatus;
    }
    return this.files?.takeEnd(identity) ?? UNKNOWN_STATUS;
  }

  /** Of what began or ended before anybody adopted it, nobody will ask any more. */
  forgetOthers(): void {
    this.files?.keepOnly(new Set([...this.adopted.keys()].map(({ pid }) => pid)));
  }

  findIn(cwd: string): ProcessIdentity | undefined {
    const leaders = readAllProcesses()
      .filter(({ pid, session, isZombie }) => pid === session && !isZombie && isFrom(cwd, pid))
      // Sessions that the task has made since are younger.
      .sort((a, b) => Number(a.startTime) - Number(b.startTime));
    const [oldest] = leaders;
    return oldest === undefined ? undefined : { pid: oldest.pid, startTime: oldest.startTime };
  }

  signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    // Looked up before the first signal: orphans of a dead parent could not be found any more.
    const tree = treeOf(pid, this.processes());
    const sessions = this.sessions.get(pid) ?? new Set();
    for (const { session } of tree) sessions.add(session);
    this.sessions.set(pid, sessions);
    // `nsenter` waits for the task and has no handler: it would end before the task has. As long as
    // there is no task yet it is the one to end.
    const isSpared = (each: number): boolean =>
      signal === 'SIGTERM' && tree.some(({ parent }) => parent === each) && isEntering(each);
    if (!isSpared(pid)) sendSignal(-pid, signal);
    for (const member of tree) if (!isSpared(member.pid)) sendSignal(member.pid, signal);
  }

  sweep(pid: number): void {
    sendSignal(-pid, 'SIGKILL');
    const isFirst = this.dead.size === 0;
    for (const session of this.sessions.get(pid) ?? []) this.dead.add(session);
    this.sessions.delete(pid);
    this.dead.add(pid);
    if (!isFirst) return;
    this.clock.setTimer(SWEEP_DELAY_MS, () => {
      const all = readAllProcesses();
      for (const { pid: member, session, isZombie } of all) {
        if (this.dead.has(session) && !isZombie) sendSignal(member, 'SIGKILL');
      }
      this.dead.clear();
    });
  }

  probe(probe: HostedProbe, place: Omit<SpawnSpec, 'command'>): Promise<ProbeResult | undefined> {
    const { plan, holder } = place.isolation ?? {};
    const isElsewhere = plan?.namespaces?.kinds.includes('net') === true;
    if (probe.type !== 'COMMAND' && isElsewhere && holder !== undefined) {
      return namespaceProbe(process.argv[1] ?? '')(holder.pid, probe);
    }
    return runProbe(probe, place, this, this.clock);
  }

  private processes(): readonly ProcessEntry[] {
    if (this.snapshot === undefined) {
      this.snapshot = readAllProcesses();
      setImmediate(() => {
        this.snapshot = undefined;
      });
    }
    return this.snapshot;
  }

  private pollAdopted(): void {
    this.clock.setTimer(ADOPTED_POLL_MS, () => {
      for (const [identity, onExit] of [...this.adopted]) {
        if (isAlive(identity)) continue;
        this.adopted.delete(identity);
        onExit(this.endOf(identity));
      }
      if (this.adopted.size > 0) this.pollAdopted();
    });
  }
}

/** A cgroup may be swept away, by another agent of this machine, before anything is in it: it is made again. */
function patiently<T>(start: () => T): T {
  for (let tries = 1; ; tries += 1) {
    try {
      return start();
    } catch (thrown) {
      if (tries === START_TRIES || !isRetriable(thrown)) throw thrown;
    }
  }
}

function isRetriable(thrown: unknown): boolean {
  return thrown instanceof ClusterError && thrown.retriable;
}

/** A sandbox that is not there or full cannot be told. */
function complain({ cwd }: SpawnSpec, why: unknown): void {
  try {
    appendOutput(`${cwd}/stderr`, `Failed to execute command: ${describeError(why)}\n`);
  } catch {
    // The task's status says that it could not be started.
  }
}

function isEntering(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'nsenter\n';
  } catch {
    return false;
  }
}

/** The sandbox's file, or the pipe to what keeps that small. */
function openOutput(stream: OutputStream, spec: SpawnSpec): number {
  const { cwd, logs } = spec;
  if (logs === undefined) return openOutputFile(`${cwd}/${stream}`);
  return openRotatedOutput(stream, logs, spec).descriptor;
}

function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  const entry = readProcess(pid);
  if (entry === undefined || entry.isZombie) return false;
  return startTime === '' || entry.startTime === startTime;
}

/** Processes that are gone already are what the sender wanted. */
function sendSignal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: gone. EPERM: changed its user; nothing more can be done without privileges.
  }
}
