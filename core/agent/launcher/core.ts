/**
 * The launcher without its socket: all containers, their wakes, the attached agent. The launcher
 * process wires it to real processes, the simulator to simulated ones.
 */
import type { Clock, Instant, Timer } from '../../base/clock.ts';
import { Deadlines } from '../../base/deadlines.ts';
import type { Failpoints } from '../../base/failpoints.ts';
import type { Random } from '../../base/random.ts';
import type { WaitStatus } from '../../executor/wait-status.ts';
import type { ContainerEvent, ContainerRequest } from '../containers/port.ts';
import { between } from '../failpoints.ts';
import type { ContainerLimitation, ContainerSpec, LauncherEvent } from '../launcher-port.ts';
import { Container } from './container.ts';
import { PlainContainers } from './plain.ts';
import type {
  ContainerKinds,
  ContainerPorts,
  ContainerRun,
  LauncherDisk,
  Processes,
} from './ports.ts';
import type { LauncherRequest } from './protocol.ts';
import { Terminals } from './terminals.ts';

export interface LauncherCorePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: Processes;
  readonly disk: LauncherDisk;
  /** What containers are made of; processes where it is left out. */
  readonly kinds?: ContainerKinds;
  /** Only where a test asks for it. */
  readonly failpoints?: Failpoints | undefined;
}

const PROCESS_KINDS: ContainerKinds = {
  create: (spec, ports) => Container.create(spec, ports),
  restore: (record, ports) => Container.restore(record, ports),
};

/** How long a launcher that replaces a dead one waits for the agent, which may well be alive. */
const RETURN_MS = 10_000;

export class LauncherCore {
  private readonly ports: LauncherCorePorts;
  private readonly containers = new Map<string, ContainerRun>();
  private readonly deadlines = new Deadlines();
  private readonly containerPorts: ContainerPorts;
  private readonly kinds: ContainerKinds;
  private readonly plain: PlainContainers;
  private readonly terminals: Terminals;
  private timer: { readonly at: Instant; readonly timer: Timer } | undefined;
  private listener: ((event: LauncherEvent) => void) | undefined;
  private containerListener: ((event: ContainerEvent) => void) | undefined;
  private detachedAt: Instant | undefined;
  /** No agent has been there yet. */
  private isNew = false;
  /** Shut down because no agent came back in time. */
  private readonly orphans = new Set<string>();
  /** Records of dead launchers that could not be read. */
  damagedRecords = 0;

  constructor(ports: LauncherCorePorts) {
    this.ports = ports;
    this.kinds = ports.kinds ?? PROCESS_KINDS;
    this.containerPorts = {
      random: ports.random,
      processes: ports.processes,
      disk: ports.disk,
      failpoints: ports.failpoints,
      now: () => ports.clock.now(),
      onStarted: (container) => this.started(container),
      onLaunchFailed: (container, message) => this.launchFailed(container, message),
      onUpdate: (containerId, update) => this.emit({ kind: 'update', containerId, update }),
      onExited: (containerId, status, limitation) => this.exited(containerId, status, limitation),
      onUpdateFailed: (containerId, message) => {
        this.emit({ kind: 'update-failed', containerId, message });
      },
      onDiskMeasured: (containerId, path, bytes) => {
        this.emit({ kind: 'disk-measured', containerId, path, bytes });
      },
      onImagePulled: (containerId, ms) => this.emit({ kind: 'image-pulled', containerId, ms }),
      onNestedExited: (containerId, nestedId, status) => {
        this.nestedExited(`${containerId}.${nestedId}`, status);
      },
      onChanged: (container) => this.schedule(container),
    };
    const emit = (event: ContainerEvent): void => this.containerListener?.(event);
    const { clock, processes } = ports;
    this.terminals = new Terminals({ clock, host: processes.terminals, emit });
    this.plain = new PlainContainers({
      processes,
      disk: ports.disk,
      emit,
      environmentOf: (id) => {
        const { container, nestedId } = this.find(id);
        return container?.environmentOf(nestedId);
      },
      placeOf: (id) => {
        const { container, nestedId } = this.find(id);
        return container?.placeOf?.(nestedId);
      },
      isAlive: (root) => this.containers.get(root)?.isExited === false,
    });
  }

  /**
   * Nothing runs and nobody listens: the process may end. What ended without being told to an agent
   * stands on disk; the launcher that the next agent starts reads it.
   */
  get isIdle(): boolean {
    return this.listener === undefined && this.processCount === 0;
  }

  /** Takes over what a dead launcher has written down. */
  recover(): void {
    const { values, damaged } = this.ports.disk.load();
    this.damagedRecords = damaged;
    for (const value of values) {
      if (this.plain.recover(value)) continue;
      const container = this.kinds.restore(value, this.containerPorts);
      if (container === undefined) this.damagedRecords += 1;
      else this.containers.set(container.spec.id, container);
    }
    for (const container of this.containers.values()) {
      container.adopt();
    }
    // The agent comes back at once if it lives: also what does not outlive it waits for that.
    this.detachedAt = this.ports.clock.now();
    this.isNew = true;
    for (const container of this.containers.values()) this.schedule(container);
  }

  /** An agent is there: it hears what is known, then every event. */
  attach(
    listener: (event: LauncherEvent) => void,
    containerListener?: (event: ContainerEvent) => void,
  ): void {
    this.listener = listener;
    this.containerListener = containerListener;
    // Before the executors: the agent must know which of their children exist.
    containerListener?.(this.plain.report());
    this.detachedAt = undefined;
    this.isNew = false;
    this.orphans.clear();
    const containers = [...this.containers.values()].map((container) => container.describe());
    listener({ kind: 'report', containers });
    this.arm();
  }

  /** The agent has gone; containers of frameworks that do not checkpoint end now. */
  detach(): void {
    this.listener = undefined;
    this.containerListener = undefined;
    this.plain.detach();
    this.terminals.detach();
    this.detachedAt = this.ports.clock.now();
    for (const container of this.containers.values()) {
      if (!container.isExited && container.spec.recoveryTimeoutMs === 0) container.shutdown();
      this.schedule(container);
    }
  }

  /** About containers without an executor; signals and what is typed may also be for executors and their tasks. */
  handleContainer(request: ContainerRequest): void {
    if (this.plain.handle(request)) return;
    if (request.kind === 'plain-launch') return;
    const { container, nestedId } = this.find(request.id);
    if (request.kind === 'plain-signal') container?.signal(nestedId, request.signal);
    else if (container?.isExited === false) this.terminals.handle(request);
    else if (request.kind === 'plain-input') {
      const { id, sequence } = request;
      this.containerListener?.({ kind: 'plain-input-taken', id, sequence });
    }
  }

  /** The connection to the agent is full, or has room again. */
  setCongested(isCongested: boolean): void {
    this.plain.setCongested(isCongested);
    this.terminals.setCongested(isCongested);
  }

  handle(request: LauncherRequest): void {
    if (request.kind === 'launch') {
      this.launch(request.spec);
      return;
    }
    if (request.kind === 'stop') return;
    const container = this.containers.get(request.containerId);
    if (container === undefined) return;
    switch (request.kind) {
      case 'run':
        container.run(request.tasks, request.isolation);
        break;
      case 'update':
        container.update?.(request.update);
        break;
      case 'kill':
        container.kill(request.taskId, request.graceMs);
        break;
      case 'acknowledge':
        container.acknowledge(request.taskId, request.uuid);
        break;
      case 'shutdown':
        container.shutdown();
        break;
      case 'destroy':
        container.destroy();
        break;
      case 'forget':
        this.forget(container);
        break;
    }
  }

  /** Ends everything, with at most this long between SIGTERM and SIGKILL. */
  shutdownAll(graceMaxMs: number): void {
    for (const container of this.containers.values()) container.shutdown(graceMaxMs);
    this.plain.shutdownAll();
  }

  /** Containers with a record, with and without an executor; the roots of nested ones. */
  get knownIds(): ReadonlySet<string> {
    return new Set([...this.containers.keys(), ...this.plain.rootIds]);
  }

  /** Containers in which something still runs, or that are being removed. */
  get processCount(): number {
    const hosted = [...this.containers.values()].filter(
      (each) => each.pid !== undefined || each.isBeginning === true || each.isCleaning === true,
    );
    return hosted.length + this.plain.processCount;
  }

  /** SIGKILL to everything. */
  destroyAll(): void {
    for (const container of this.containers.values()) container.destroy();
    this.plain.destroyAll();
  }

  /** Drops the records of what has ended; called when the whole agent is stopped for good. */
  forgetAll(): void {
    for (const container of [...this.containers.values()]) this.forget(container);
    this.plain.forgetAll();
  }

  close(): void {
    this.timer?.timer.cancel();
    this.timer = undefined;
  }

  private launch(spec: ContainerSpec): void {
    const known = this.containers.get(spec.id);
    if (known !== undefined) {
      if (known.isStarted) this.started(known);
      return;
    }
    const container = this.kinds.create(spec, this.containerPorts);
    this.containers.set(spec.id, container);
    container.start();
  }

  private started({ spec, pid, networkInfos }: ContainerRun): void {
    this.emit({
      kind: 'started',
      containerId: spec.id,
      ...(pid === undefined ? {} : { pid }),
      ...(networkInfos === undefined ? {} : { networkInfos }),
    });
  }

  private launchFailed(container: ContainerRun, message: string): void {
    this.forget(container);
    this.emit({ kind: 'launch-failed', containerId: container.spec.id, message });
  }

  private forget(container: ContainerRun): void {
    const isAlive = container.pid !== undefined || container.isBeginning === true;
    if (!container.isExited && isAlive) return;
    this.containers.delete(container.spec.id);
    this.deadlines.clear(container.spec.id);
    this.orphans.delete(container.spec.id);
    between(this.ports.failpoints, 'launcher.forget', () =>
      this.ports.disk.remove(container.spec.id),
    );
  }

  private exited(
    containerId: string,
    status: WaitStatus,
    limitation: ContainerLimitation | undefined,
  ): void {
    const why = limitation === undefined ? {} : { limitation };
    this.emit({ kind: 'exited', containerId, status, ...why });
    this.nestedExited(containerId, status);
  }

  private nestedExited(id: string, status: WaitStatus): void {
    this.plain.parentEnded(id);
    this.terminals.ended(id, () => {
      this.containerListener?.({ kind: 'plain-ended', id, status });
    });
  }

  /** An executor's container by `root`, or with the task of `root.nested`. */
  private find(id: string): { readonly container?: ContainerRun; readonly nestedId?: string } {
    const [root = '', nestedId, ...deeper] = id.split('.');
    const container = this.containers.get(root);
    if (container === undefined || deeper.length > 0) return {};
    return { container, ...(nestedId === undefined ? {} : { nestedId }) };
  }

  private emit(event: LauncherEvent): void {
    between(this.ports.failpoints, 'launcher.tell', () => this.listener?.(event));
  }

  private schedule(container: ContainerRun): void {
    const { id } = container.spec;
    const own = container.nextWake();
    const orphaned =
      container.isExited || this.orphans.has(id) ? undefined : this.orphanedAt(container);
    const wakes = [own, orphaned].filter((at) => at !== undefined);
    if (wakes.length === 0) this.deadlines.clear(id);
    else this.deadlines.set(id, Math.min(...wakes));
    this.arm();
  }

  /** When it ends because no agent has come back; undefined while that is not so, or done already. */
  private orphanedAt({ spec }: ContainerRun): Instant | undefined {
    if (this.detachedAt === undefined) return undefined;
    if (spec.recoveryTimeoutMs > 0) return this.detachedAt + spec.recoveryTimeoutMs;
    return this.isNew ? this.detachedAt + RETURN_MS : undefined;
  }

  private arm(): void {
    const next = this.deadlines.next();
    // Rather one wake too many than another timer for each change.
    if (this.timer !== undefined && next !== undefined && this.timer.at <= next) return;
    this.timer?.timer.cancel();
    this.timer = undefined;
    if (next === undefined) return;
    const delayMs = Math.max(0, next - this.ports.clock.now());
    this.timer = { at: next, timer: this.ports.clock.setTimer(delayMs, () => this.wake()) };
  }

  private wake(): void {
    this.timer = undefined;
    const now = this.ports.clock.now();
    for (const id of this.deadlines.due(now)) {
      const container = this.containers.get(id);
      if (container === undefined) continue;
      const orphanedAt = this.orphanedAt(container);
      container.woke();
      if (orphanedAt !== undefined && !this.orphans.has(id) && now >= orphanedAt) {
        // Without an agent for too long: shut down once, then only the kill deadlines matter.
        this.orphans.add(id);
        container.shutdown();
      }
      this.schedule(container);
    }
    this.arm();
  }
}
