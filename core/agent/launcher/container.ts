/**
 * One container in the launcher: a custom executor's process, or a hosted executor with its tasks.
 * Every change is on disk before anyone hears of it.
 */
import type { Instant } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import type { HostedTask } from '../../executor/hosted.ts';
import {
  type HostedEffect,
  HostedExecutor,
  type HostedState,
  newHostedState,
} from '../../executor/hosted-executor.ts';
import type { ProbeKind } from '../../executor/task-run.ts';
import { UNKNOWN_STATUS, type WaitStatus } from '../../executor/wait-status.ts';
import type { ContainerSpec, LauncherContainer } from '../launcher-port.ts';
import type { ContainerPorts, ContainerRun, ProcessIdentity, SpawnSpec } from './ports.ts';

/** The key of a custom executor's own process among the task ids (which are never empty). */
const EXECUTOR = '';
const SIGKILL = 9;

/** What lies on disk. */
export interface ContainerRecord {
  readonly spec: ContainerSpec;
  readonly hosted: HostedState | undefined;
  /** Running processes by task; a name without identity was about to be started. */
  readonly processes: Record<string, ProcessIdentity | null>;
  exitStatus?: number;
}

export class Container implements ContainerRun {
  readonly spec: ContainerSpec;
  private readonly record: ContainerRecord;
  private readonly ports: ContainerPorts;
  private readonly hosted: HostedExecutor | undefined;
  /** When a shut down custom executor is killed. */
  private killAt: Instant | undefined;
  /** SIGKILL was sent to everything; the container ends with its last process. */
  private isDestroyed = false;

  constructor(record: ContainerRecord, ports: ContainerPorts) {
    this.record = record;
    this.spec = record.spec;
    this.ports = ports;
    const { kind } = record.spec;
    this.hosted =
      kind === 'process' || record.hosted === undefined
        ? undefined
        : new HostedExecutor({ ...record.spec, kind }, record.hosted, ports.random);
  }

  static create(spec: ContainerSpec, ports: ContainerPorts): Container {
    const hosted = spec.kind === 'process' ? undefined : newHostedState();
    return new Container({ spec, hosted, processes: {} }, ports);
  }

  /** Undefined when the value is no record. */
  static restore(value: unknown, ports: ContainerPorts): Container | undefined {
    return isContainerRecord(value) ? new Container(value, ports) : undefined;
  }

  get isStarted(): boolean {
    return true;
  }

  get isExited(): boolean {
    return this.record.exitStatus !== undefined;
  }

  get pid(): number | undefined {
    return Object.values(this.record.processes).find((each) => each !== null)?.pid;
  }

  describe(): LauncherContainer {
    const { spec, record, pid } = this;
    const { id, kind, frameworkId, executorId, sandbox } = spec;
    return {
      id,
      kind,
      frameworkId,
      executorId,
      sandbox,
      ...(pid === undefined ? {} : { pid }),
      taskIds: record.hosted?.tasks.map(({ task }) => task.taskId) ?? [],
      updates: record.hosted?.updates ?? [],
      ...(record.exitStatus === undefined ? {} : { exitStatus: record.exitStatus }),
    };
  }

  nextWake(): Instant | undefined {
    if (this.isExited) return undefined;
    return this.hosted === undefined ? this.killAt : this.hosted.nextWake();
  }

  /** Starts a custom executor; hosted ones have nothing to start. */
  start(): void {
    const { command, kind } = this.spec;
    this.save();
    const isExecutor = kind === 'process' && command !== undefined;
    if (isExecutor && this.spawn(EXECUTOR, { ...this.place(), command }) === undefined) {
      const message = `Failed to start the executor's command '${command.value}'`;
      this.ports.onLaunchFailed(this, message);
      return;
    }
    this.ports.onStarted(this);
  }

  run(tasks: readonly HostedTask[]): void {
    this.apply(this.hosted?.run(tasks, this.ports.now()) ?? []);
  }

  kill(taskId: string, graceMs: DurationMs | undefined): void {
    this.apply(this.hosted?.kill(taskId, graceMs, this.ports.now()) ?? []);
  }

  acknowledge(taskId: string, uuid: string): void {
    this.apply(this.hosted?.acknowledged(taskId, uuid) ?? []);
  }

  /** Hosted executors kill their tasks; a custom executor gets SIGTERM, then SIGKILL. */
  shutdown(graceMaxMs = Number.POSITIVE_INFINITY): void {
    if (this.isExited) return;
    if (this.hosted !== undefined) {
      this.apply(this.hosted.shutdown(this.ports.now(), graceMaxMs));
      return;
    }
    const { pid } = this;
    if (pid === undefined || this.killAt !== undefined) return;
    this.ports.processes.signalTree(pid, 'SIGTERM');
    this.killAt = this.ports.now() + Math.min(this.spec.shutdownGraceMs, graceMaxMs);
    this.ports.onChanged(this);
  }

  destroy(): void {
    if (this.isExited) return;
    let alive = false;
    for (const identity of Object.values(this.record.processes)) {
      if (identity === null) continue;
      alive = true;
      this.ports.processes.signalTree(identity.pid, 'SIGKILL');
    }
    if (this.hosted !== undefined) this.hosted.state.isShutDown = true;
    // The last update may never be acknowledged: a destroyed container ends with its processes.
    if (!alive) this.exit(9);
    else this.isDestroyed = true;
  }

  /** The complete environment of the executor or of one of a group's tasks. */
  environmentOf(nestedId: string | undefined): Readonly<Record<string, string>> | undefined {
    const runs = this.record.hosted?.tasks ?? [];
    if (nestedId !== undefined) {
      return runs.find(({ task }) => task.nestedId === nestedId)?.task.command.environment;
    }
    if (this.spec.kind === 'command') return runs[0]?.task.command.environment;
    return this.spec.command?.environment;
  }

  /** Any signal to the executor or to one of a group's tasks. */
  signal(nestedId: string | undefined, signal: number): void {
    if (signal === SIGKILL && nestedId === undefined) {
      this.destroy();
      return;
    }
    const key =
      nestedId === undefined ? Object.keys(this.record.processes)[0] : this.taskIdOf(nestedId);
    const identity = key === undefined ? undefined : this.record.processes[key];
    if (!identity) return;
    if (signal === SIGKILL) this.ports.processes.signalTree(identity.pid, 'SIGKILL');
    else this.ports.processes.attached?.signal(identity.pid, signal);
  }

  private taskIdOf(nestedId: string): string | undefined {
    const runs = this.record.hosted?.tasks ?? [];
    return runs.find(({ task }) => task.nestedId === nestedId)?.task.taskId;
  }

  woke(): void {
    if (this.hosted !== undefined) {
      this.apply(this.hosted.woke(this.ports.now()));
      return;
    }
    if (this.killAt !== undefined && this.ports.now() >= this.killAt) {
      this.killAt = undefined;
      this.destroy();
    }
  }

  /** Takes over from a dead launcher: watches what lives, reports what does not. */
  adopt(): void {
    if (this.isExited) return;
    for (const [key, recorded] of Object.entries(this.record.processes)) {
      const found = recorded ?? this.ports.processes.findIn(this.cwdOf(key));
      const onExit = (): void => this.processExited(key, UNKNOWN_STATUS);
      if (found === undefined || !this.ports.processes.adopt(found, onExit)) {
        onExit();
        continue;
      }
      this.record.processes[key] = found;
      if (recorded === null && key !== EXECUTOR) {
        this.apply(this.hosted?.spawned(key, found.pid, this.ports.now()) ?? []);
      }
    }
    this.adoptProbes();
    if (this.spec.kind === 'process' && this.pid === undefined) this.exit(UNKNOWN_STATUS);
  }

  /** Probes that ran when the old launcher died will not come back: start them anew. */
  private adoptProbes(): void {
    for (const run of this.hosted?.liveRuns() ?? []) {
      for (const kind of ['health', 'check'] as const) {
        const state = kind === 'health' ? run.state.health : run.state.check;
        if (state !== undefined && state.nextAt === undefined) {
          run.probeSkipped(kind, this.ports.now());
        }
      }
    }
  }

  private apply(effects: readonly HostedEffect[]): void {
    if (effects.length > 0) this.save();
    for (const effect of effects) {
      switch (effect.kind) {
        case 'update':
          this.ports.onUpdate(this.spec.id, effect.update);
          break;
        case 'spawn':
          this.spawnTask(effect.taskId);
          break;
        case 'signal': {
          const identity = this.record.processes[effect.taskId];
          if (identity) this.ports.processes.signalTree(identity.pid, effect.signal);
          break;
        }
        case 'probe':
          this.probe(effect.taskId, effect.probe);
          break;
        case 'done':
          this.exit(0);
          break;
      }
    }
    this.ports.onChanged(this);
  }

  private spawnTask(taskId: string): void {
    const task = this.hosted?.runOf(taskId)?.task;
    if (task === undefined || this.hosted === undefined) return;
    const identity = this.spawn(taskId, { ...this.place(task), command: task.command });
    this.apply(this.hosted.spawned(taskId, identity?.pid, this.ports.now()));
  }

  private spawn(key: string, spec: SpawnSpec): ProcessIdentity | undefined {
    this.record.processes[key] = null;
    this.save();
    const identity = this.ports.processes.spawn(spec, (status) => this.processExited(key, status));
    if (identity === undefined) delete this.record.processes[key];
    else this.record.processes[key] = identity;
    // A hosted task's `spawned` saves; a custom executor must be saved here.
    if (key === EXECUTOR) this.save();
    return identity;
  }

  private processExited(key: string, status: WaitStatus): void {
    const identity = this.record.processes[key];
    delete this.record.processes[key];
    if (identity) this.ports.processes.sweep(identity.pid);
    const nestedId = this.hosted?.runOf(key)?.task.nestedId;
    if (nestedId !== undefined) this.ports.onNestedExited?.(this.spec.id, nestedId, status);
    if (key === EXECUTOR) {
      this.exit(status);
      return;
    }
    this.apply(this.hosted?.exited(key, status, this.ports.now()) ?? []);
    if (this.isDestroyed && this.pid === undefined) this.exit(9);
  }

  private probe(taskId: string, kind: ProbeKind): void {
    const run = this.hosted?.runOf(taskId);
    const probe = kind === 'health' ? run?.task.healthCheck : run?.task.check;
    if (run === undefined || probe === undefined) return;
    this.ports.processes.probe(probe, this.place(run.task)).then(
      (result) => {
        if (result === undefined) {
          run.probeSkipped(kind, this.ports.now());
          this.ports.onChanged(this);
          return;
        }
        const now = this.ports.now();
        this.apply(this.hosted?.probed(taskId, kind, result, now) ?? []);
      },
      () => run.probeSkipped(kind, this.ports.now()),
    );
  }

  private exit(status: WaitStatus): void {
    if (this.isExited) return;
    this.record.exitStatus = status;
    this.save();
    this.ports.onExited(this.spec.id, status);
  }

  private save(): void {
    this.ports.disk.save(this.spec.id, this.record);
  }

  private place(task?: HostedTask): Omit<SpawnSpec, 'command'> {
    const user = task?.user ?? this.spec.user;
    return { cwd: task?.sandbox ?? this.spec.sandbox, ...(user === undefined ? {} : { user }) };
  }

  private cwdOf(key: string): string {
    return this.hosted?.runOf(key)?.task.sandbox ?? this.spec.sandbox;
  }
}

function isContainerRecord(value: unknown): value is ContainerRecord {
  if (typeof value !== 'object' || value === null || !('spec' in value)) return false;
  const { spec } = value;
  if (typeof spec !== 'object' || spec === null || !('id' in spec)) return false;
  return typeof spec.id === 'string' && 'processes' in value;
}
