/**
 * A simulated machine for an agent: processes that follow a script, the files of the work directory,
 * and the launcher, which outlives the agent. All of it survives the agent's crash; a reboot keeps
 * only the files.
 *
 * What processes do stands in processes.ts.
 */

import type {
  ContainerEvent,
  ContainerLauncher,
  ContainerRequest,
} from '../agent/containers/port.ts';
import { LauncherCore } from '../agent/launcher/core.ts';
import type { LauncherDisk } from '../agent/launcher/ports.ts';
import type { LauncherRequest } from '../agent/launcher/protocol.ts';
import { UnconfirmedRequests } from '../agent/launcher/unconfirmed.ts';
import type { Launcher, LauncherEvent } from '../agent/launcher-port.ts';
import { MemoryFiles } from '../agent/memory-files.ts';
import type { Failpoints } from '../base/failpoints.ts';
import type { Random } from '../base/random.ts';
import type { ProcessClock, SimulatedClock } from './clock.ts';
import { diskOfLife, ProcessesOfLife } from './lives.ts';
import { SimulatedProcesses, type SimulatedProcessesOptions } from './processes.ts';

/** One way through the launcher's socket. */
const SOCKET_MS = 0.2;

export interface SimulatedMachineOptions extends SimulatedProcessesOptions {
  readonly random: Random;
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
