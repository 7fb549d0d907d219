/**
 * A simulated machine for an agent: processes that follow a script, the files of the work directory,
 * and the launcher, which outlives the agent. All of it survives the agent's crash; a reboot keeps
 * only the files.
 *
 * Scripts: `sleep 5` runs 5 s of virtual time, `sleep infinity` for ever, `exit 3` ends with status 3;
 * joined by `;`. Whatever else is written takes no time. `ignore-term` makes SIGTERM useless.
 */

import type {
  ContainerEvent,
  ContainerLauncher,
  ContainerRequest,
} from '../agent/containers/port.ts';
import { LauncherCore } from '../agent/launcher/core.ts';
import type {
  BeginHandlers,
  LauncherDisk,
  Processes,
  ProcessIdentity,
  SpawnSpec,
} from '../agent/launcher/ports.ts';
import type { LauncherRequest } from '../agent/launcher/protocol.ts';
import { UnconfirmedRequests } from '../agent/launcher/unconfirmed.ts';
import type { Launcher, LauncherEvent } from '../agent/launcher-port.ts';
import { MemoryFiles } from '../agent/memory-files.ts';
import type { Timer } from '../base/clock.ts';
import type { Failpoints } from '../base/failpoints.ts';
import type { Random } from '../base/random.ts';
import type { HostedProbe } from '../executor/hosted.ts';
import type { ProbeResult } from '../executor/task-run.ts';
import {
  exitedWith,
  signalledWith,
  UNKNOWN_STATUS,
  type WaitStatus,
} from '../executor/wait-status.ts';
import type { ProcessClock, SimulatedClock } from './clock.ts';
import { diskOfLife, ProcessesOfLife } from './lives.ts';

/** One way through the launcher's socket. */
const SOCKET_MS = 0.2;
/** Between the request for a process, its birth and the start of its program. */
const BIRTH_MS = 0.1;
/** From SIGTERM to the end of a process that heeds it. */
const TERMINATION_MS = 5;

export interface SpawnedProcess {
  readonly pid: number;
  readonly cwd: string;
  readonly command: string;
}

export interface SimulatedMachineOptions {
  readonly clock: SimulatedClock;
  readonly random: Random;
  /** Called when a process starts; for checks such as "nothing runs twice". */
  readonly onSpawn?: (process: SpawnedProcess) => void;
  /** Called when a process ends by itself or by a signal; not when the machine goes down. */
  readonly onEnd?: (process: SpawnedProcess, status: WaitStatus) => void;
  /** What each launcher passes; it may crash this machine's launcher. */
  readonly failpoints?: Failpoints | undefined;
}

export class SimulatedMachine {
  readonly files: MemoryFiles;
  readonly processes: SimulatedProcesses;
  private readonly clock: SimulatedClock;
  private readonly random: Random;
  private readonly failpoints: Failpoints | undefined;
  private readonly launcherDisk = new LauncherRecords();
  private launcher: { readonly core: LauncherCore; readonly clock: ProcessClock } | undefined;
  private attached: SimulatedLauncher | undefined;
  private boots = 1;
  /** Whether what a dying agent has written to its socket is read. */
  hearsLastWords = true;

  constructor(options: SimulatedMachineOptions) {
    this.clock = options.clock;
    this.files = new MemoryFiles(() => options.clock.now());
    this.random = options.random;
    this.failpoints = options.failpoints;
    this.processes = new SimulatedProcesses(options);
  }

  bootId(): string {
    return `boot-${this.boots}`;
  }

  /** The launcher as the agent of this life sees it; timers are those of the agent's process. */
  launcherFor(agentClock: ProcessClock): SimulatedLauncher {
    return new SimulatedLauncher(this, agentClock);
  }

  /** Containers of which the launcher has a record, dead or alive. */
  get recordCount(): number {
    return this.launcherDisk.count;
  }

  /** The agent has gone: the launcher hears what was still on the socket, and goes on alone. */
  agentDied(): void {
    if (this.hearsLastWords) this.attached?.deliverAll();
    this.attached = undefined;
    this.launcher?.core.detach();
  }

  /** The launcher dies alone; its processes go on and the next launcher adopts them. */
  crashLauncher(): void {
    this.launcher?.clock.stop();
    this.launcher = undefined;
    this.processes.forgetListeners();
    this.attached?.reconnect();
  }

  /** Everything but the files is gone. */
  reboot(): void {
    this.launcher?.clock.stop();
    this.launcher = undefined;
    this.attached = undefined;
    this.boots += 1;
    this.processes.killAll();
  }

  /** For `SimulatedLauncher` only. */
  attach(
    launcher: SimulatedLauncher,
    listener: (event: LauncherEvent) => void,
    containerListener: (event: ContainerEvent) => void,
  ): void {
    this.attached = launcher;
    const core = this.core();
    const isHeard = (): boolean => this.launcher?.core === core;
    core.attach(
      (event) => {
        if (isHeard()) listener(event);
      },
      (event) => {
        if (isHeard()) containerListener(event);
      },
    );
  }

  /** For `SimulatedLauncher` only. */
  request(launcher: SimulatedLauncher, request: LauncherRequest): void {
    if (this.attached === launcher) this.core().handle(request);
  }

  /** For `SimulatedLauncher` only. */
  requestContainer(launcher: SimulatedLauncher, request: ContainerRequest): void {
    if (this.attached === launcher) this.core().handleContainer(request);
  }

  /** For `SimulatedLauncher` only. */
  endLauncher(): void {
    this.launcher?.core.destroyAll();
    this.launcher?.core.forgetAll();
    this.launcher?.clock.stop();
    this.launcher = undefined;
    this.attached = undefined;
  }

  private core(): LauncherCore {
    if (this.launcher !== undefined) return this.launcher.core;
    const clock = this.clock.forProcess();
    const { random, failpoints } = this;
    const isAlive = (): boolean => !clock.isStopped;
    const disk = diskOfLife(this.launcherDisk, isAlive);
    const processes = new ProcessesOfLife(this.processes, isAlive);
    const core = new LauncherCore({ clock, random, processes, disk, failpoints });
    this.launcher = { core, clock };
    core.recover();
    return core;
  }
}

/** The agent's end of the launcher's socket. Processes have no input and output to attach to. */
export class SimulatedLauncher implements Launcher, ContainerLauncher {
  private readonly machine: SimulatedMachine;
  private readonly clock: ProcessClock;
  private onEvent: (event: LauncherEvent) => void = () => {};
  private onContainer: (event: ContainerEvent) => void = () => {};
  private isStopped = false;
  private readonly underWay: LauncherRequest[] = [];
  private readonly unconfirmed = new UnconfirmedRequests();

  constructor(machine: SimulatedMachine, clock: ProcessClock) {
    this.machine = machine;
    this.clock = clock;
  }

  start(onEvent: (event: LauncherEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    const { promise, resolve } = Promise.withResolvers<void>();
    const later = (deliver: () => void): void => {
      this.clock.setTimer(SOCKET_MS, () => {
        if (!this.isStopped) deliver();
      });
    };
    this.machine.attach(
      this,
      (event) => {
        later(() => this.received(event));
        if (event.kind === 'report') this.clock.setTimer(SOCKET_MS, resolve);
      },
      (event) => later(() => this.onContainer(event)),
    );
    return promise;
  }

  private received(event: LauncherEvent): void {
    this.unconfirmed.confirm(event);
    this.onEvent(event);
    if (event.kind !== 'report') return;
    for (const request of this.unconfirmed.all()) {
      if ('containerId' in request || request.kind === 'launch') this.send(request);
    }
  }

  onContainerEvent(listener: (event: ContainerEvent) => void): void {
    this.onContainer = listener;
  }

  request(request: ContainerRequest): void {
    this.clock.setTimer(SOCKET_MS, () => this.machine.requestContainer(this, request));
  }

  /** After a crash of the launcher: a new one is started and reports. */
  reconnect(): void {
    this.clock.setTimer(SOCKET_MS, () => {
      if (!this.isStopped) void this.start(this.onEvent);
    });
  }

  launch(spec: Parameters<Launcher['launch']>[0]): void {
    this.demand(spec.id, { kind: 'launch', spec });
  }

  run(containerId: string, tasks: Parameters<Launcher['run']>[1]): void {
    this.demand(containerId, { kind: 'run', containerId, tasks });
  }

  update(containerId: string, update: Parameters<Launcher['update']>[1]): void {
    this.send({ kind: 'update', containerId, update });
  }

  kill(containerId: string, taskId: string, graceMs: number | undefined): void {
    this.demand(containerId, {
      kind: 'kill',
      containerId,
      taskId,
      ...(graceMs === undefined ? {} : { graceMs }),
    });
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.send({ kind: 'acknowledge', containerId, taskId, uuid });
  }

  shutdown(containerId: string): void {
    this.demand(containerId, { kind: 'shutdown', containerId });
  }

  destroy(containerId: string): void {
    this.demand(containerId, { kind: 'destroy', containerId });
  }

  forget(containerId: string): void {
    this.unconfirmed.forget(containerId);
    this.send({ kind: 'forget', containerId });
  }

  async stop(options: { readonly killTasks: boolean }): Promise<void> {
    this.isStopped = true;
    if (options.killTasks) this.machine.endLauncher();
    else this.machine.agentDied();
  }

  /** Called when the agent has died: what it had written is on the socket. */
  deliverAll(): void {
    for (const request of this.underWay.splice(0)) this.machine.request(this, request);
  }

  private demand(containerId: string, request: LauncherRequest): void {
    this.unconfirmed.add(containerId, request);
    this.send(request);
  }

  private send(request: LauncherRequest): void {
    if (this.clock.isStopped) return;
    this.underWay.push(request);
    this.clock.setTimer(SOCKET_MS, () => {
      const first = this.underWay.shift();
      if (first !== undefined) this.machine.request(this, first);
    });
  }
}

class LauncherRecords implements LauncherDisk {
  private readonly records = new Map<string, string>();

  get count(): number {
    return this.records.size;
  }

  save(id: string, value: unknown): void {
    this.records.set(id, JSON.stringify(value));
  }

  remove(id: string): void {
    this.records.delete(id);
  }

  load(): { readonly values: readonly unknown[]; readonly damaged: number } {
    return { values: [...this.records.values()].map((text) => JSON.parse(text)), damaged: 0 };
  }
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

  constructor(options: SimulatedMachineOptions) {
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
