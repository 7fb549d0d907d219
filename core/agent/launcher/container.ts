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
  newHostedState,
} from '../../executor/hosted-executor.ts';
import type { ProbeKind } from '../../executor/task-run.ts';
import { NO_PROCESS, UNKNOWN_STATUS, type WaitStatus } from '../../executor/wait-status.ts';
import type { NetworkInfo } from '../../wire/types/mesos.v1.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import { between } from '../failpoints.ts';
import type {
  ContainerLimitation,
  ContainerSpec,
  ContainerUpdate,
  LauncherContainer,
} from '../launcher-port.ts';
import { Beginnings } from './beginnings.ts';
import { ContainerIsolation } from './container-isolation.ts';
import { ContainerMembers, EXECUTOR } from './container-members.ts';
import { ContainerProcesses } from './container-processes.ts';
import { type ContainerRecord, isContainerRecord } from './container-record.ts';
import type {
  ContainerPorts,
  ContainerRun,
  ProcessIdentity,
  SpawnIsolation,
  SpawnSpec,
} from './ports.ts';

const SIGKILL = 9;

export class Container implements ContainerRun {
  readonly spec: ContainerSpec;
  private readonly record: ContainerRecord;
  private readonly ports: ContainerPorts;
  private readonly hosted: HostedExecutor | undefined;
  /** When a shut down custom executor is killed. */
  private killAt: Instant | undefined;
  /** SIGKILL was sent to everything; the container ends with its last process. */
  private isDestroyed = false;
  private readonly isolation: ContainerIsolation;
  private readonly beginnings: Beginnings;
  private readonly processes: ContainerProcesses;
  private readonly members: ContainerMembers;
  /** Of a dead launcher's container: whether a process was started, or about to be. */
  private hadProcess = false;
  /** What was asked before it had started. */
  private readonly waiting: (() => void)[] = [];
  /** Of the tasks in that: an agent that returns must not give them up. */
  private readonly waitingTasks = new Set<string>();
  /** False while what it needs is being made. */
  isStarted = true;
  /** It has ended, and what was in it or made for it is being removed. */
  isCleaning = false;

  constructor(record: ContainerRecord, ports: ContainerPorts) {
    this.record = record;
    this.spec = record.spec;
    this.ports = ports;
    const { kind } = record.spec;
    this.hosted =
      kind === 'process' || record.hosted === undefined
        ? undefined
        : new HostedExecutor({ ...record.spec, kind }, record.hosted, ports.random);
    this.beginnings = new Beginnings((update) => ports.onUpdate(this.spec.id, update));
    this.processes = new ContainerProcesses(record, this.beginnings);
    record.isolation ??= { tasks: {} };
    this.isolation = new ContainerIsolation(record.spec, record.isolation, {
      processes: ports.processes,
      handlers: {
        onChanged: () => this.save(),
        onLimitation: (limitation) => this.limited(limitation),
        onTaskLimitation: (taskId, limitation) => this.taskLimited(taskId, limitation),
        onDiskMeasured: (path, bytes) => ports.onDiskMeasured?.(this.spec.id, path, bytes),
        onUpdateFailed: (message) => ports.onUpdateFailed?.(this.spec.id, message),
      },
    });
    this.members = new ContainerMembers(record, this.isolation, this.processes);
  }

  static create(spec: ContainerSpec, ports: ContainerPorts): Container {
    const hosted = spec.kind === 'process' ? undefined : newHostedState();
    return new Container({ spec, hosted, processes: {} }, ports);
  }

  /** Undefined when the value is no record. */
  static restore(value: unknown, ports: ContainerPorts): Container | undefined {
    return isContainerRecord(value) ? new Container(value, ports) : undefined;
  }

  get isExited(): boolean {
    return this.record.exitStatus !== undefined;
  }

  get pid(): number | undefined {
    return this.processes.pid;
  }

  get isBeginning(): boolean {
    return this.processes.isBeginning;
  }

  get networkInfos(): readonly NetworkInfo[] | undefined {
    return this.isolation.networksOf(EXECUTOR);
  }

  describe(): LauncherContainer {
    const { spec, record, pid, networkInfos, waitingTasks } = this;
    const begunTasks = record.hosted?.tasks.map(({ task }) => task.taskId) ?? [];
    const { id, kind, frameworkId, executorId, sandbox } = spec;
    return {
      id,
      kind,
      frameworkId,
      executorId,
      sandbox,
      ...(pid === undefined ? {} : { pid }),
      taskIds: [...begunTasks, ...waitingTasks],
      updates: record.hosted?.updates ?? [],
      ...(record.exitStatus === undefined ? {} : { exitStatus: record.exitStatus }),
      ...(record.limitation === undefined ? {} : { limitation: record.limitation }),
      ...(networkInfos === undefined ? {} : { networkInfos }),
    };
  }

  nextWake(): Instant | undefined {
    if (this.isExited) return undefined;
    return this.hosted === undefined ? this.killAt : this.hosted.nextWake();
  }

  /** Makes what it is isolated by and starts a custom executor; hosted ones have nothing to start. */
  start(): void {
    this.save();
    this.isStarted = false;
    this.isolation.make((failure) => {
      if (this.isExited) return;
      const { command, kind, isTerminal } = this.spec;
      if (failure !== undefined || kind !== 'process' || command === undefined) {
        this.started(failure);
        return;
      }
      const refusal = this.terminalRefusal(isTerminal);
      if (refusal !== undefined) {
        this.started(refusal);
        return;
      }
      this.begin(EXECUTOR, this.members.spawnSpec(command, isTerminal));
    });
  }

  private started(failure: string | undefined): void {
    this.isStarted = true;
    if (failure === undefined) {
      this.ports.onStarted(this);
      this.waitingTasks.clear();
      for (const act of this.waiting.splice(0)) act();
      return;
    }
    this.isolation.destroy(() => {});
    this.ports.onLaunchFailed(this, failure);
  }

  /** A custom executor runs, or cannot be started. */
  private executorBegun(identity: ProcessIdentity | undefined): void {
    this.save();
    if (!this.isDestroyed) {
      const { value } = this.spec.command ?? {};
      this.started(
        identity === undefined ? `Failed to start the executor's command '${value}'` : undefined,
      );
      return;
    }
    if (identity !== undefined) this.signalTree(identity.pid, 'SIGKILL');
    this.endIfDestroyed();
  }

  run(tasks: readonly HostedTask[], isolation?: Readonly<Record<string, IsolationPlan>>): void {
    if (!this.isStarted) {
      for (const { taskId } of tasks) this.waitingTasks.add(taskId);
      this.waiting.push(() => this.run(tasks, isolation));
      return;
    }
    if (isolation !== undefined) this.isolation.addTasks(isolation);
    this.apply(this.hosted?.run(tasks, this.ports.now()) ?? []);
  }

  update(update: ContainerUpdate): void {
    if (!this.isExited) this.isolation.update(update);
  }

  kill(taskId: string, graceMs: DurationMs | undefined): void {
    if (!this.isStarted) {
      this.waiting.push(() => this.kill(taskId, graceMs));
      return;
    }
    this.apply(this.hosted?.kill(taskId, graceMs, this.ports.now()) ?? []);
  }

  acknowledge(taskId: string, uuid: string): void {
    this.apply(this.hosted?.acknowledged(taskId, uuid) ?? []);
  }

  /** Hosted executors kill their tasks; a custom executor gets SIGTERM, then SIGKILL. */
  shutdown(graceMaxMs = Number.POSITIVE_INFINITY): void {
    if (this.isExited) return;
    if (!this.isStarted) {
      this.waiting.push(() => this.shutdown(graceMaxMs));
      return;
    }
    if (this.hosted !== undefined) {
      this.apply(this.hosted.shutdown(this.ports.now(), graceMaxMs));
      return;
    }
    const { pid } = this;
    if (pid === undefined || this.killAt !== undefined) return;
    this.signalTree(pid, 'SIGTERM');
    this.killAt = this.ports.now() + Math.min(this.spec.shutdownGraceMs, graceMaxMs);
    this.ports.onChanged(this);
  }

  destroy(): void {
    if (this.isExited) return;
    const { keys } = this.processes;
    for (const key of keys) {
      const identity = this.processes.identityOf(key);
      if (identity !== undefined) this.signalTree(identity.pid, 'SIGKILL');
    }
    this.isolation.kill();
    if (this.hosted !== undefined) this.hosted.state.isShutDown = true;
    // The last update may never be acknowledged: a destroyed container ends with its processes.
    if (keys.length === 0) this.exit(9);
    else this.isDestroyed = true;
  }

  environmentOf(nestedId: string | undefined): Readonly<Record<string, string>> | undefined {
    return this.members.environmentOf(nestedId);
  }

  placeOf(nestedId: string | undefined): SpawnIsolation | undefined {
    return this.members.placeOf(nestedId);
  }

  /** Any signal to the executor or to one of a group's tasks. */
  signal(nestedId: string | undefined, signal: number): void {
    if (signal === SIGKILL && nestedId === undefined) {
      this.destroy();
      return;
    }
    const key = nestedId === undefined ? this.processes.keys[0] : this.members.taskIdOf(nestedId);
    const identity = key === undefined ? undefined : this.processes.identityOf(key);
    if (identity === undefined) return;
    if (signal === SIGKILL) this.signalTree(identity.pid, 'SIGKILL');
    else this.ports.processes.attached?.signal(identity.pid, signal);
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
    if (this.isExited) {
      this.isolation.destroy(() => {});
      return;
    }
    if (!this.isolation.adopt()) {
      this.isDestroyed = true;
      this.isolation.kill();
    }
    for (const key of this.processes.keys) {
      const { processes } = this.ports;
      const isRecorded = this.processes.isRecorded(key);
      const found = this.processes.find(key, this.members.cwdOf(key), processes);
      if (found === 'never') {
        this.processes.settle(key, undefined);
        continue;
      }
      this.hadProcess = true;
      const onExit = (status: WaitStatus): void => this.processExited(key, status);
      if (found === undefined || !processes.adopt(found, onExit)) {
        onExit(found === undefined ? UNKNOWN_STATUS : processes.endOf(found));
        continue;
      }
      this.processes.settle(key, found);
      if (isRecorded) continue;
      // Its mark is forgotten after this: a launcher after this one would take it for never begun.
      this.save();
      if (key === EXECUTOR) continue;
      this.apply(this.hosted?.spawned(key, found.pid, this.ports.now()) ?? []);
    }
    this.resume();
  }

  /** What the dead launcher had written down that it would do, and had not begun. */
  private resume(): void {
    const { hosted } = this;
    if (hosted === undefined) {
      if (this.pid !== undefined || this.isExited) return;
      if (this.mayStartAgain) this.start();
      else this.exit(UNKNOWN_STATUS);
      return;
    }
    const now = this.ports.now();
    for (const run of [...hosted.liveRuns()]) {
      const { taskId } = run.task;
      if (this.processes.has(taskId)) continue;
      if (run.isStarting) this.spawnTask(taskId);
      else this.apply(hosted.exited(taskId, NO_PROCESS, now));
    }
    this.apply(hosted.resumeKills(now));
    hosted.resumeProbes(now);
    if (hosted.state.isDone && !this.isExited) this.exit(0);
  }

  /** Nothing was started, and what was made for it can be made again. */
  private get mayStartAgain(): boolean {
    const { record, spec } = this;
    const wasStarted = this.hadProcess || record.limitation !== undefined;
    return !wasStarted && spec.isolation?.namespaces === undefined;
  }

  private apply(effects: readonly HostedEffect[]): void {
    // What is only to be started is saved with the mark under which it can be found.
    const isLater = this.ports.processes.begin !== undefined;
    const isToBeSaved = effects.some((effect) => {
      return !isLater || (effect.kind !== 'spawn' && !this.isHeld(effect));
    });
    if (isToBeSaved) this.save();
    for (const effect of effects) {
      switch (effect.kind) {
        case 'update':
          if (this.isHeld(effect)) this.beginnings.hold(effect.update);
          else this.ports.onUpdate(this.spec.id, effect.update);
          break;
        case 'spawn':
          this.spawnTask(effect.taskId);
          break;
        case 'signal': {
          const identity = this.processes.identityOf(effect.taskId);
          if (identity !== undefined) this.signalTree(identity.pid, effect.signal);
          if (effect.signal === 'SIGKILL') this.isolation.killTask(effect.taskId);
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

  /** Told when there is a process. */
  private isHeld(effect: HostedEffect): boolean {
    if (effect.kind !== 'update' || effect.update.state !== 'TASK_STARTING') return false;
    return this.hosted?.runOf(effect.update.taskId)?.isStarting === true;
  }

  private spawnTask(taskId: string): void {
    const task = this.hosted?.runOf(taskId)?.task;
    if (task === undefined || this.hosted === undefined) return;
    this.isolation.makeTask(taskId, (failure) => this.startTask(task, failure));
  }

  private startTask(task: HostedTask, failure: string | undefined): void {
    const { taskId, isTerminal } = task;
    const { hosted } = this;
    if (hosted === undefined || this.isExited) return;
    const why = failure ?? this.terminalRefusal(isTerminal);
    if (why !== undefined) {
      const message = `Failed to launch container: ${why}`;
      const reason = 'REASON_CONTAINER_LAUNCH_FAILED';
      this.beginnings.over(taskId);
      this.isolation.taskEnded(taskId);
      this.apply(hosted.fail(taskId, { message, reason }, this.ports.now()));
      return;
    }
    if (hosted.runOf(taskId)?.isStarting !== true || this.isDestroyed) {
      // It was killed while what it needs was being made.
      this.beginnings.over(taskId);
      this.isolation.taskEnded(taskId);
      this.apply(hosted.exited(taskId, SIGKILL, this.ports.now()));
      return;
    }
    const { state } = hosted.runOf(taskId) ?? {};
    if (state !== undefined) state.networkInfos = this.isolation.networksOf(taskId);
    this.begin(taskId, this.members.spawnSpec(task.command, isTerminal, task));
  }

  private terminalRefusal(isTerminal: boolean | undefined): string | undefined {
    if (isTerminal !== true) return undefined;
    const { terminals } = this.ports.processes;
    return terminals === undefined ? 'there are no terminals here' : terminals.refusal();
  }

  private begin(taskId: string, spec: SpawnSpec): void {
    const { failpoints, processes } = this.ports;
    const marked = this.expect(taskId, spec);
    const onExit = (status: WaitStatus): void => this.processExited(taskId, status);
    const spawned = between(failpoints, 'launcher.spawn', () => {
      if (processes.begin === undefined) return { identity: processes.spawn(marked, onExit) };
      processes.begin(marked, {
        onBorn: (identity) => this.born(taskId, identity),
        onBegun: (identity) => this.begun(taskId, identity),
        onExit,
      });
      return undefined;
    });
    if (spawned !== undefined) this.begun(taskId, spawned.identity);
  }

  private born(taskId: string, identity: ProcessIdentity): void {
    this.beginnings.born(taskId, identity);
    if (this.isDestroyed) this.signalTree(identity.pid, 'SIGKILL');
    else this.apply(this.hosted?.born(taskId, this.ports.now()) ?? []);
  }

  private begun(taskId: string, identity: ProcessIdentity | undefined): void {
    this.beginnings.over(taskId);
    this.processes.settle(taskId, identity);
    if (taskId === EXECUTOR) {
      this.executorBegun(identity);
      return;
    }
    const isUnwanted = this.isDestroyed || this.hosted?.runOf(taskId)?.isEnded === true;
    if (isUnwanted && identity !== undefined) {
      this.save();
      this.signalTree(identity.pid, 'SIGKILL');
      return;
    }
    const effects = this.hosted?.spawned(taskId, identity?.pid, this.ports.now()) ?? [];
    // What is not told must be written down all the same.
    if (effects.length === 0) this.save();
    this.apply(effects);
    this.endIfDestroyed();
  }

  /** Writes down that it is about to be started, before it is. */
  private expect(key: string, spec: SpawnSpec): SpawnSpec {
    const mark = this.ports.processes.newMark?.();
    this.processes.expect(key, mark);
    this.save();
    return mark === undefined ? spec : { ...spec, mark };
  }

  private processExited(key: string, status: WaitStatus): void {
    const identity = this.processes.identityOf(key);
    this.beginnings.over(key);
    this.processes.settle(key, undefined);
    if (identity !== undefined) this.ports.processes.sweep(identity.pid);
    const { isTerminal } = this.hosted?.runOf(key)?.task ?? this.spec;
    if (isTerminal === true) this.ports.processes.terminals?.remove(this.members.idOf(key));
    const nestedId = this.hosted?.runOf(key)?.task.nestedId;
    if (nestedId !== undefined) this.ports.onNestedExited?.(this.spec.id, nestedId, status);
    // The kernel may have killed it for what the container used: that is its end, not the signal.
    const limitation = this.record.limitation ?? this.isolation.limitation();
    const own = this.isolation.taskLimitation(key);
    this.isolation.taskEnded(key);
    if (limitation !== undefined) this.limited(limitation);
    else if (own !== undefined) this.taskLimited(key, own);
    if (key === EXECUTOR) {
      this.exit(status);
      return;
    }
    if (limitation === undefined) {
      this.apply(this.hosted?.exited(key, status, this.ports.now()) ?? []);
    }
    this.endIfDestroyed();
  }

  private endIfDestroyed(): void {
    if (this.isDestroyed && this.pid === undefined && !this.isBeginning) this.exit(9);
  }

  private probe(taskId: string, kind: ProbeKind): void {
    const run = this.hosted?.runOf(taskId);
    const probe = kind === 'health' ? run?.task.healthCheck : run?.task.check;
    if (run === undefined || probe === undefined) return;
    this.ports.processes.probe(probe, this.members.place(run.task)).then(
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

  /** It used more than it was granted: everything in it is killed, and that is told. */
  private limited(limitation: ContainerLimitation): void {
    if (this.isExited || this.record.limitation !== undefined) return;
    this.record.limitation = limitation;
    this.save();
    this.destroy();
  }

  /** The default executor puts what it knows itself before what the agent tells it. */
  private taskLimited(taskId: string, limitation: ContainerLimitation): void {
    this.isolation.killTask(taskId);
    const { reason, resources } = limitation;
    const message = `Command terminated with signal Killed: ${limitation.message}`;
    const why = { message, reason, limitation: { resources } };
    this.apply(this.hosted?.fail(taskId, why, this.ports.now()) ?? []);
  }

  /** Recorded at once, told when everything is gone: what is left is of nobody's interest. */
  private exit(status: WaitStatus): void {
    if (this.isExited) return;
    this.record.exitStatus = status;
    this.save();
    this.isCleaning = true;
    this.isolation.destroy(() => {
      this.isCleaning = false;
      this.ports.onExited(this.spec.id, status, this.record.limitation);
    });
  }

  private save(): void {
    between(this.ports.failpoints, 'launcher.record', () =>
      this.ports.disk.save(this.spec.id, this.record),
    );
  }

  private signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    const { failpoints, processes } = this.ports;
    between(failpoints, 'launcher.signal', () => processes.signalTree(pid, signal));
  }
}
