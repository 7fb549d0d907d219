/**
 * The launcher without its socket: all containers, their wakes, the attached agent. The launcher
 * process wires it to real processes, the simulator to simulated ones.
 */
import type { Clock, Instant, Timer } from '../../base/clock.ts';
import { Deadlines } from '../../base/deadlines.ts';
import type { Random } from '../../base/random.ts';
import type { WaitStatus } from '../../executor/wait-status.ts';
import type { ContainerEvent, ContainerRequest } from '../containers/port.ts';
import type { ContainerSpec, LauncherEvent } from '../launcher-port.ts';
import { Container, type ContainerPorts, type ContainerRecord } from './container.ts';
import { PlainContainers } from './plain.ts';
import type { LauncherDisk, Processes } from './ports.ts';
import type { LauncherRequest } from './protocol.ts';

export interface LauncherCorePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: Processes;
  readonly disk: LauncherDisk;
}

export class LauncherCore {
  private readonly ports: LauncherCorePorts;
  private readonly containers = new Map<string, Container>();
  private readonly deadlines = new Deadlines();
  private readonly containerPorts: ContainerPorts;
  private readonly plain: PlainContainers;
  private timer: { readonly at: Instant; readonly timer: Timer } | undefined;
  private listener: ((event: LauncherEvent) => void) | undefined;
  private containerListener: ((event: ContainerEvent) => void) | undefined;
  private detachedAt: Instant | undefined;
  /** Shut down because no agent came back in time. */
  private readonly orphans = new Set<string>();
  /** Records of dead launchers that could not be read. */
  damagedRecords = 0;

  constructor(ports: LauncherCorePorts) {
    this.ports = ports;
    this.containerPorts = {
      random: ports.random,
      processes: ports.processes,
      disk: ports.disk,
      now: () => ports.clock.now(),
      onUpdate: (containerId, update) => this.emit({ kind: 'update', containerId, update }),
      onExited: (containerId, status) => this.exited(containerId, status),
      onNestedExited: (containerId, nestedId, status) => {
        this.nestedExited(`${containerId}.${nestedId}`, status);
      },
      onChanged: (container) => this.schedule(container),
    };
    this.plain = new PlainContainers({
      processes: ports.processes,
      disk: ports.disk,
      emit: (event) => this.containerListener?.(event),
      environmentOf: (id) => {
        const { container, nestedId } = this.find(id);
        return container?.environmentOf(nestedId);
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
      if (!isContainerRecord(value)) {
        this.damagedRecords += 1;
        continue;
      }
      this.containers.set(value.spec.id, new Container(value, this.containerPorts));
    }
    for (const container of this.containers.values()) {
      container.adopt();
      this.schedule(container);
    }
    this.detach();
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
    this.detachedAt = this.ports.clock.now();
    for (const container of this.containers.values()) {
      if (!container.isExited && container.spec.recoveryTimeoutMs === 0) container.shutdown();
      this.schedule(container);
    }
  }

  /** About containers without an executor; signals may also go to executors and their tasks. */
  handleContainer(request: ContainerRequest): void {
    if (this.plain.handle(request) || request.kind !== 'plain-signal') return;
    const { container, nestedId } = this.find(request.id);
    container?.signal(nestedId, request.signal);
  }

  /** The connection to the agent is full, or has room again. */
  setCongested(isCongested: boolean): void {
    this.plain.setCongested(isCongested);
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
        container.run(request.tasks);
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

  /** Processes that still run. */
  get processCount(): number {
    const hosted = [...this.containers.values()].filter((each) => each.pid !== undefined);
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
    const container = known ?? Container.create(spec, this.containerPorts);
    if (known === undefined) {
      this.containers.set(spec.id, container);
      if (!container.start()) {
        this.forget(container);
        const message = `Failed to start the executor's command '${spec.command?.value ?? ''}'`;
        this.emit({ kind: 'launch-failed', containerId: spec.id, message });
        return;
      }
    }
    const { pid } = container;
    this.emit({
      kind: 'started',
      containerId: spec.id,
      ...(pid === undefined ? {} : { pid }),
    });
  }

  private forget(container: Container): void {
    if (!container.isExited && container.pid !== undefined) return;
    this.containers.delete(container.spec.id);
    this.deadlines.clear(container.spec.id);
    this.orphans.delete(container.spec.id);
    this.ports.disk.remove(container.spec.id);
  }

  private exited(containerId: string, status: WaitStatus): void {
    this.emit({ kind: 'exited', containerId, status });
    this.nestedExited(containerId, status);
  }

  private nestedExited(id: string, status: WaitStatus): void {
    this.plain.parentEnded(id);
    this.containerListener?.({ kind: 'plain-ended', id, status });
  }

  /** An executor's container by `root`, or with the task of `root.nested`. */
  private find(id: string): { readonly container?: Container; readonly nestedId?: string } {
    const [root = '', nestedId, ...deeper] = id.split('.');
    const container = this.containers.get(root);
    if (container === undefined || deeper.length > 0) return {};
    return { container, ...(nestedId === undefined ? {} : { nestedId }) };
  }

  private emit(event: LauncherEvent): void {
    this.listener?.(event);
  }

  private schedule(container: Container): void {
    const { id, recoveryTimeoutMs } = container.spec;
    const own = container.nextWake();
    const orphaned =
      this.detachedAt === undefined ||
      container.isExited ||
      this.orphans.has(id) ||
      recoveryTimeoutMs === 0
        ? undefined
        : this.detachedAt + recoveryTimeoutMs;
    const wakes = [own, orphaned].filter((at) => at !== undefined);
    if (wakes.length === 0) this.deadlines.clear(id);
    else this.deadlines.set(id, Math.min(...wakes));
    this.arm();
  }

  private arm(): void {
    const next = this.deadlines.next();
    if (next === this.timer?.at) return;
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
      const { detachedAt } = this;
      const { recoveryTimeoutMs } = container.spec;
      container.woke();
      if (
        detachedAt !== undefined &&
        !this.orphans.has(id) &&
        now >= detachedAt + recoveryTimeoutMs
      ) {
        // Without an agent for too long: shut down once, then only the kill deadlines matter.
        this.orphans.add(id);
        container.shutdown();
      }
      this.schedule(container);
    }
    this.arm();
  }
}

function isContainerRecord(value: unknown): value is ContainerRecord {
  if (typeof value !== 'object' || value === null || !('spec' in value)) return false;
  const { spec } = value;
  if (typeof spec !== 'object' || spec === null || !('id' in spec)) return false;
  return typeof spec.id === 'string' && 'processes' in value;
}
