/**
 * One Docker container in the Docker launcher: the client that runs it, the executor that this
 * launcher hosts for its task, or the executor inside of it (spec agent-runtime, section 9;
 * executor-api, section 14). Every change is on disk before anyone hears of it.
 */
import { type Clock, type Instant, sleep } from '../../../base/clock.ts';
import type { DurationMs } from '../../../base/duration.ts';
import type { HostedTask } from '../../../executor/hosted.ts';
import {
  type HostedEffect,
  HostedExecutor,
  type HostedState,
  newHostedState,
} from '../../../executor/hosted-executor.ts';
import type { ProbeKind } from '../../../executor/task-run.ts';
import {
  describeStatus,
  exitCodeOf,
  exitedWith,
  UNKNOWN_STATUS,
  type WaitStatus,
} from '../../../executor/wait-status.ts';
import type { NamespaceProbe } from '../../launcher/namespace-probe.ts';
import type { ContainerPorts, ContainerRun, ProcessIdentity } from '../../launcher/ports.ts';
import type { LauncherContainer } from '../../launcher-port.ts';
import type { DockerEngine } from './engine.ts';
import { type InspectedContainer, networkInfosOf } from './inspect.ts';
import { dockerProbe } from './probes.ts';
import type { DockerSpec } from './spec.ts';
import { DockerStop } from './stop.ts';

/** First wait for a container to start; doubles up to the last one. */
const START_POLL_MS: DurationMs = 100;
const POLL_MAX_MS: DurationMs = 1_000;
/** How long an engine may be silent about a container whose process has gone. */
const ENGINE_SILENCE_MAX_MS: DurationMs = 60_000;
/** How often it is looked whether the container's process is there. */
const ALIVE_POLL_MS: DurationMs = 5_000;
/** Docker's client: the engine refused, nothing ran. */
const REFUSED_CODE = 125;
const DESTROYED_STATUS: WaitStatus = 9;

/** What lies on disk. */
export interface DockerRecord {
  readonly spec: DockerSpec;
  readonly hosted: HostedState | undefined;
  phase: 'preparing' | 'ready' | 'running';
  /** The attached client; null when it was about to be started. */
  client: ProcessIdentity | null | undefined;
  /** The container's first process, once the engine has told it. */
  process: ProcessIdentity | undefined;
  /** The engine's own id of the container, known with its process. */
  engineId?: string;
  wasStarted: boolean;
  isDestroyed: boolean;
  exitStatus?: number;
}

export interface DockerContainerPorts extends ContainerPorts {
  readonly clock: Clock;
  engineOf(spec: DockerSpec): Pick<DockerEngine, 'hasImage' | 'inspect' | 'kill' | 'pull' | 'stop'>;
  readonly probeInNamespace: NamespaceProbe;
  identify(pid: number): ProcessIdentity | undefined;
  isAlive(identity: ProcessIdentity): boolean;
  /** SIGKILL to a process of this container of the engine; false when it is not, or is gone. */
  killContained(identity: ProcessIdentity, engineId: string): boolean;
}

export class DockerContainer implements ContainerRun {
  readonly spec: DockerSpec;
  private readonly record: DockerRecord;
  private readonly ports: DockerContainerPorts;
  private readonly engine: ReturnType<DockerContainerPorts['engineOf']>;
  private readonly hosted: HostedExecutor | undefined;
  /** Ends what is under way when the container ends. */
  private readonly over = new AbortController();
  private readonly stopping: DockerStop;

  constructor(record: DockerRecord, ports: DockerContainerPorts) {
    this.record = record;
    this.spec = record.spec;
    this.ports = ports;
    this.engine = ports.engineOf(record.spec);
    this.hosted =
      record.hosted === undefined
        ? undefined
        : new HostedExecutor({ ...record.spec, kind: 'docker' }, record.hosted, ports.random);
    this.stopping = new DockerStop({
      engine: this.engine,
      record,
      ports,
      isOver: () => this.isExited,
      pause: (ms) => this.pause(ms),
      killed: () => this.ended(DESTROYED_STATUS),
    });
  }

  static create(spec: DockerSpec, ports: DockerContainerPorts): DockerContainer {
    const record: DockerRecord = {
      spec,
      hosted: spec.kind === 'command' ? newHostedState() : undefined,
      phase: 'preparing',
      client: undefined,
      process: undefined,
      wasStarted: false,
      isDestroyed: false,
    };
    return new DockerContainer(record, ports);
  }

  static restore(value: unknown, ports: DockerContainerPorts): DockerContainer | undefined {
    return isDockerRecord(value) ? new DockerContainer(value, ports) : undefined;
  }

  get isStarted(): boolean {
    const { phase, wasStarted } = this.record;
    return this.hosted === undefined ? wasStarted : phase !== 'preparing';
  }

  get isExited(): boolean {
    return this.record.exitStatus !== undefined;
  }

  get pid(): number | undefined {
    return this.isExited ? undefined : this.record.process?.pid;
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
    return this.isExited ? undefined : this.hosted?.nextWake();
  }

  start(): void {
    this.save();
    this.go(this.prepare());
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

  shutdown(graceMaxMs = Number.POSITIVE_INFINITY): void {
    if (this.isExited) return;
    if (this.hosted !== undefined && this.record.phase !== 'preparing') {
      this.apply(this.hosted.shutdown(this.ports.now(), graceMaxMs));
    } else if (this.record.phase === 'running') {
      this.stop(Math.min(this.spec.shutdownGraceMs, graceMaxMs));
    } else {
      this.destroy();
    }
  }

  destroy(): void {
    if (this.isExited) return;
    this.record.isDestroyed = true;
    if (this.hosted !== undefined) this.hosted.state.isShutDown = true;
    const isOver = [...(this.hosted?.liveRuns() ?? [])].length === 0 && this.hosted !== undefined;
    if (this.record.phase !== 'running' || isOver) {
      this.exit(DESTROYED_STATUS);
      return;
    }
    this.save();
    this.stop(this.spec.docker.stopTimeoutMs);
  }

  woke(): void {
    this.apply(this.hosted?.woke(this.ports.now()) ?? []);
  }

  adopt(): void {
    if (this.isExited) return;
    this.hosted?.resumeProbes(this.ports.now());
    const { record } = this;
    if (record.phase === 'preparing') this.go(this.prepare());
    if (record.phase !== 'running') return;
    const client = record.client ?? this.ports.processes.findIn(this.spec.sandbox);
    const isThere =
      client !== undefined &&
      this.ports.processes.adopt(client, () => this.clientEnded(UNKNOWN_STATUS));
    record.client = isThere ? client : undefined;
    if (!isThere) this.go(this.settle(UNKNOWN_STATUS));
    else if (record.wasStarted) this.go(this.watchProcess());
    else this.go(this.watchStart());
    this.adoptKill();
  }

  environmentOf(): Readonly<Record<string, string>> | undefined {
    return this.spec.command?.environment;
  }

  signal(_nestedId: string | undefined, signal: number): void {
    if (signal === DESTROYED_STATUS) this.destroy();
    else this.go(this.engine.kill(this.spec.docker.name, String(signal)));
  }

  private adoptKill(): void {
    if (this.record.isDestroyed) this.stop(this.spec.docker.stopTimeoutMs);
    for (const run of this.hosted?.liveRuns() ?? []) {
      if (run.isKilling) this.stop(run.task.killGraceMs);
    }
  }

  /** The image, then the executor: hosted ones are ready, those inside a container are run. */
  private async prepare(): Promise<void> {
    const { image, forcePull, environment } = this.spec.docker;
    const { signal } = this.over;
    if (forcePull || !(await this.engine.hasImage(image, { environment, signal }))) {
      if (this.isExited) return;
      const since = this.ports.now();
      const pulled = await this.engine.pull(image, { environment, signal });
      if (this.isExited) return;
      if (!pulled.ok) {
        this.launchFailed(pulled.error);
        return;
      }
      this.ports.onImagePulled?.(this.spec.id, this.ports.now() - since);
    }
    if (this.isExited) return;
    this.record.phase = 'ready';
    this.save();
    if (this.hosted === undefined) this.runClient();
    else this.ports.onStarted(this);
  }

  private runClient(): void {
    const { docker } = this.spec;
    if (docker.refusal !== undefined) {
      this.failed(`Failed to create docker run options: ${docker.refusal}`);
      return;
    }
    this.record.phase = 'running';
    if (!this.spawnClient(docker.runArguments)) {
      this.failed(`Failed to run docker container: '${docker.docker}' cannot be started`);
      return;
    }
    this.ports.onChanged(this);
    this.go(this.watchStart());
  }

  /** Attached to the container, output to the sandbox. */
  private spawnClient(args: readonly string[]): boolean {
    const { docker, sandbox } = this.spec;
    this.record.client = null;
    this.save();
    const command = {
      shell: false,
      value: docker.docker,
      arguments: [docker.docker, '-H', docker.host, ...args],
      environment: docker.environment,
    };
    const identity = this.ports.processes.spawn({ command, cwd: sandbox }, (status) =>
      this.clientEnded(status),
    );
    this.record.client = identity;
    this.save();
    return identity !== undefined;
  }

  private async watchStart(): Promise<void> {
    for (let waitMs = START_POLL_MS; ; waitMs = Math.min(POLL_MAX_MS, waitMs * 2)) {
      await this.pause(waitMs);
      const seen = await this.engine.inspect(this.spec.docker.name, { signal: this.over.signal });
      // Once the client has ended, that decides.
      if (this.isExited || this.record.client === undefined || this.record.wasStarted) return;
      if (seen.kind !== 'found' || !seen.container.isStarted) continue;
      this.started(seen.container);
      await this.watchProcess();
      return;
    }
  }

  private started(container: InspectedContainer): void {
    const { record, spec } = this;
    const { pid, output } = container;
    record.wasStarted = true;
    record.process = pid === undefined ? undefined : this.ports.identify(pid);
    record.engineId = container.id;
    this.save();
    if (this.hosted === undefined) {
      this.ports.onStarted(this);
      return;
    }
    const networkInfos = networkInfosOf(container, spec.docker.networkInfo);
    for (const { task } of [...this.hosted.liveRuns()]) {
      const now = this.ports.now();
      this.apply(this.hosted.started(task.taskId, { pid, data: output, networkInfos }, now));
    }
  }

  /** An engine may miss that a container ended; then its client never comes back by itself. */
  private async watchProcess(): Promise<void> {
    const { process } = this.record;
    if (process === undefined) return;
    while (!this.isExited && this.ports.isAlive(process)) await this.pause(ALIVE_POLL_MS);
    await this.pause(ENGINE_SILENCE_MAX_MS);
    const { client } = this.record;
    if (this.isExited || !client) return;
    this.ports.processes.signalTree(client.pid, 'SIGKILL');
  }

  private clientEnded(status: WaitStatus): void {
    if (this.isExited) return;
    this.record.client = undefined;
    this.save();
    this.go(this.settle(status));
  }

  /** The client has ended: what became of the container decides, as far as the engine tells it. */
  private async settle(status: WaitStatus): Promise<void> {
    const since = this.ports.now();
    const { record } = this;
    if (exitCodeOf(status) === REFUSED_CODE && !record.wasStarted) {
      this.ended(status);
      return;
    }
    for (;;) {
      const seen = await this.engine.inspect(this.spec.docker.name);
      if (this.isExited) return;
      if (seen.kind === 'found') {
        const { container } = seen;
        if (container.isStarted && !record.wasStarted) this.started(container);
        if (container.isRunning) {
          await this.attachAgain();
          return;
        }
        this.ended(container.isStarted ? exitedWith(container.exitCode) : status);
        return;
      }
      const isAlive = record.process !== undefined && this.ports.isAlive(record.process);
      const isSilent = !isAlive && this.ports.now() - since >= ENGINE_SILENCE_MAX_MS;
      if (seen.kind === 'missing' || isSilent) {
        this.ended(status);
        return;
      }
      await this.pause(POLL_MAX_MS);
    }
  }

  /** The client has gone and the container has not: an engine that was restarted with live containers. */
  private async attachAgain(): Promise<void> {
    await this.pause(POLL_MAX_MS);
    if (this.isExited) return;
    const { name } = this.spec.docker;
    if (!this.spawnClient(['attach', '--no-stdin', '--sig-proxy=false', name])) {
      this.clientEnded(UNKNOWN_STATUS);
    }
  }

  private ended(status: WaitStatus): void {
    this.stopping.end();
    this.record.process = undefined;
    if (this.hosted === undefined) {
      if (this.record.wasStarted || this.record.isDestroyed) this.exit(status);
      else this.launchFailed(`Container exited on error: ${describeStatus(status)}`);
      return;
    }
    for (const { task } of [...this.hosted.liveRuns()]) {
      this.apply(this.hosted.exited(task.taskId, status, this.ports.now()));
    }
    if (this.record.isDestroyed) this.exit(DESTROYED_STATUS);
  }

  /** Nothing ran. */
  private failed(message: string): void {
    if (this.hosted === undefined) {
      this.launchFailed(message);
      return;
    }
    for (const { task } of [...this.hosted.liveRuns()]) {
      this.apply(this.hosted.failed(task.taskId, message, this.ports.now()));
    }
  }

  private launchFailed(message: string): void {
    this.record.exitStatus = UNKNOWN_STATUS;
    this.over.abort();
    this.ports.onLaunchFailed(this, message);
  }

  private apply(effects: readonly HostedEffect[]): void {
    if (this.isExited) return;
    if (effects.length > 0) this.save();
    for (const effect of effects) {
      switch (effect.kind) {
        case 'update':
          this.ports.onUpdate(this.spec.id, effect.update);
          break;
        case 'spawn':
          this.runClient();
          break;
        case 'signal':
          this.stop(effect.graceMs);
          break;
        case 'probe':
          this.go(this.probe(effect.taskId, effect.probe));
          break;
        case 'done':
          this.exit(0);
          break;
      }
    }
    this.ports.onChanged(this);
  }

  private stop(graceMs: DurationMs): void {
    this.go(this.stopping.ask(graceMs));
  }

  private async probe(taskId: string, kind: ProbeKind): Promise<void> {
    const run = this.hosted?.runOf(taskId);
    const probe = kind === 'health' ? run?.task.healthCheck : run?.task.check;
    if (run === undefined || probe === undefined) return;
    const { spec, record, ports } = this;
    const result = await dockerProbe(probe, spec, record.process?.pid, ports);
    if (this.isExited) return;
    if (result === undefined) run.probeSkipped(kind, this.ports.now());
    else this.apply(this.hosted?.probed(taskId, kind, result, this.ports.now()) ?? []);
    this.ports.onChanged(this);
  }

  private exit(status: WaitStatus): void {
    if (this.isExited) return;
    this.record.exitStatus = status;
    this.save();
    this.over.abort();
    this.stopping.end();
    this.ports.onExited(this.spec.id, status);
    this.ports.onChanged(this);
  }

  private save(): void {
    this.ports.disk.save(this.spec.id, this.record);
  }

  /** Ends early, and quietly, with the container. */
  private async pause(ms: DurationMs): Promise<void> {
    await sleep(this.ports.clock, ms, this.over.signal).catch(() => {});
  }

  /** The engine's methods answer with values; what is thrown here is a fault of ours. */
  private go(work: Promise<unknown>): void {
    work.catch((thrown: unknown) => {
      process.stderr.write(`docker launcher: container ${this.spec.id}: ${String(thrown)}\n`);
    });
  }
}

function isDockerRecord(value: unknown): value is DockerRecord {
  if (typeof value !== 'object' || value === null || !('spec' in value)) return false;
  const { spec } = value;
  if (typeof spec !== 'object' || spec === null || !('id' in spec)) return false;
  return typeof spec.id === 'string' && 'docker' in spec && 'phase' in value;
}
