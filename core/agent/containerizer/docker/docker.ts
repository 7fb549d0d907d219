/**
 * The Docker containerizer: tasks and executors in containers of a Docker engine. What has to
 * outlive the agent is in the Docker launcher (`main.ts`); here are orphans, grants, statistics and the
 * removal of ended containers (spec agent-runtime, section 9).
 */
import { totalmem } from 'node:os';
import { background } from '../../../base/background.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { Deadlines } from '../../../base/deadlines.ts';
import { type DurationMs, hours } from '../../../base/duration.ts';
import { ClusterError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { TimerMetric } from '../../../base/timer-metric.ts';
import { scalarOf } from '../../../resources/select.ts';
import type { ContainerStatus, ResourceStatistics } from '../../../wire/types/mesos.v1.ts';
import type { AgentFiles } from '../../files-port.ts';
import type { Launcher, LauncherContainer, LauncherEvent } from '../../launcher-port.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  ContainerResources,
  LaunchAnswer,
  TaskLaunch,
} from '../port.ts';
import { applyWrites, findCgroups, type Grant, grantWrites, readStatistics } from './cgroups.ts';
import { clientEnvironment, writeConfig } from './client-environment.ts';
import type { DockerEngine } from './engine.ts';
import { dockerSpecOf, limitsOf, requestsOf } from './launch.ts';
import { containerIdOf, containerNameOf } from './names.ts';
import type { DockerOptions } from './options.ts';

/** The program of `main.ts`, and where it keeps what it knows. */
export const DOCKER_LAUNCHER = { folder: 'docker', main: 'containerizer/docker/main' };

export interface DockerPorts {
  readonly launcher: Launcher;
  readonly engine: Pick<DockerEngine, 'names' | 'remove' | 'stop' | 'version'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: AgentFiles;
  /** Absolute. */
  readonly workDir: string;
}

interface Known {
  pid: number | undefined;
  /** Undefined for a container that outlived the last agent. */
  grant: Grant | undefined;
  /** Of an executor in its container, whose tasks come and go; undefined kill grace of others. */
  readonly killGraceMs: DurationMs | undefined;
  readonly isCommand: boolean;
}

export class DockerContainerizer implements Containerizer {
  readonly name = 'docker';
  private readonly options: DockerOptions;
  private readonly ports: DockerPorts;
  private readonly known = new Map<string, Known>();
  /** When ended containers are removed, by container id. */
  private readonly removals = new Deadlines();
  /** Those with a removal, done or to come, that are not forgotten. */
  private readonly ended = new Set<string>();
  private timer: Timer | undefined;
  private isStopped = false;
  private readonly pulls = new TimerMetric('containerizer/docker/image_pull', hours(1));
  private onEvent: (event: ContainerizerEvent) => void = () => {};

  constructor(options: DockerOptions, ports: DockerPorts) {
    this.options = options;
    this.ports = ports;
  }

  async recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    const listed = await this.checkEngine();
    if (this.options.config !== undefined) writeConfig(this.configDirectory, this.options.config);
    await this.ports.launcher.start((event) => this.received(event));
    if (!this.options.killOrphans) return;
    for (const name of listed) {
      const id = containerIdOf(name);
      if (id === undefined || this.known.has(id)) continue;
      background(this.ports.log, this.removeOrphan(name), 'removing an orphaned container');
    }
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { containerInfo, spec, taskInfo } = config;
    if (containerInfo?.type !== 'DOCKER' || containerInfo.docker === undefined) {
      return 'not-supported';
    }
    if (spec.kind === 'group') return 'not-supported';
    if (this.known.has(spec.id)) return 'already-launched';
    const hasPolicy = taskInfo?.kill_policy?.grace_period !== undefined;
    this.known.set(spec.id, {
      pid: undefined,
      grant: grantOf({ requests: requestsOf(config), limits: limitsOf(config) }),
      killGraceMs: hasPolicy ? undefined : spec.shutdownGraceMs,
      isCommand: spec.kind === 'command',
    });
    const { options } = this;
    const configDirectory = options.config === undefined ? undefined : this.configDirectory;
    const launch = dockerSpecOf(config, containerInfo, options, {
      workDir: this.ports.workDir,
      sandbox: this.mappable(spec.id, spec.sandbox),
      hostMemoryBytes: totalmem(),
      clientEnvironment: clientEnvironment(spec.sandbox, configDirectory),
    });
    this.ports.launcher.launch(launch);
    return 'launched';
  }

  run(containerId: string, tasks: readonly TaskLaunch[]): void {
    const killGraceMs = this.known.get(containerId)?.killGraceMs;
    const hosted = tasks.map((task) =>
      killGraceMs === undefined ? task.hosted : { ...task.hosted, killGraceMs },
    );
    this.ports.launcher.run(containerId, hosted);
  }

  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void {
    this.ports.launcher.kill(containerId, taskId, graceMs);
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.ports.launcher.acknowledge(containerId, taskId, uuid);
  }

  shutdown(containerId: string): void {
    this.ports.launcher.shutdown(containerId);
  }

  /** The container of a command task has the task's resources from its start to its end. */
  update(containerId: string, resources: ContainerResources): void {
    const known = this.known.get(containerId);
    if (known === undefined || known.isCommand) return;
    known.grant = grantOf(resources);
    this.applyGrant(containerId, known);
  }

  usage(containerId: string): ResourceStatistics | undefined {
    const { pid, grant = NO_GRANT } = this.known.get(containerId) ?? {};
    if (pid === undefined) return undefined;
    const cgroups = findCgroups(pid, this.options.cgroupsHierarchy);
    if (cgroups === undefined) return undefined;
    return readStatistics(cgroups, grant, this.ports.clock.now() / 1000);
  }

  status(containerId: string): ContainerStatus | undefined {
    const pid = this.known.get(containerId)?.pid;
    return pid === undefined ? undefined : { executor_pid: pid };
  }

  destroy(containerId: string): void {
    this.ports.launcher.destroy(containerId);
  }

  /** Nobody asks for it any more, also when nobody has told its end: its launcher died with it. */
  forget(containerId: string): void {
    const isKnown = this.known.delete(containerId);
    if (isKnown && !this.ended.delete(containerId)) this.scheduleRemoval(containerId);
    this.ports.launcher.forget(containerId);
  }

  /** By full names. */
  metrics(): ReadonlyMap<string, number> {
    return this.pulls.values(this.ports.clock.now());
  }

  containers(): readonly string[] {
    return [...this.known.keys()];
  }

  async stop(how: { readonly killTasks: boolean }): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    await this.ports.launcher.stop(how);
  }

  private get configDirectory(): string {
    return `${this.ports.workDir}/docker/config`;
  }

  private received(event: LauncherEvent): void {
    switch (event.kind) {
      case 'disk-measured':
        return;
      case 'image-pulled':
        this.pulls.record(event.ms, this.ports.clock.now());
        return;
      case 'report':
        for (const container of event.containers) this.recovered(container);
        break;
      case 'started':
        this.learn(event.containerId, event.pid);
        break;
      case 'update':
        this.learn(event.containerId, event.update.pid);
        break;
      case 'exited':
        this.hasEnded(event.containerId);
        break;
      case 'launch-failed':
        this.known.delete(event.containerId);
        this.scheduleRemoval(event.containerId);
        break;
    }
    this.onEvent(event);
  }

  /** Gives the names of all containers; ends the agent's start when there is no engine. */
  private async checkEngine(): Promise<readonly string[]> {
    const { engine } = this.ports;
    const version = await engine.version();
    if (!version.ok) throw dockerError(`Failed to get docker version: ${version.error}`);
    const [major = 0, minor = 0] = version.value;
    if (major < 1 || (major === 1 && minor < VERSION_MINOR_MIN)) {
      const found = version.value.join('.');
      throw dockerError(`Insufficient version '${found}' of Docker. Please upgrade to >=' 1.8.0'`);
    }
    const listed = await engine.names();
    if (!listed.ok) throw dockerError(listed.error);
    return listed.value;
  }

  private recovered({ id, kind, pid, exitStatus }: LauncherContainer): void {
    const known = this.known.get(id);
    if (known !== undefined) known.pid = pid ?? known.pid;
    else {
      const isCommand = kind === 'command';
      this.known.set(id, { pid, grant: undefined, killGraceMs: undefined, isCommand });
    }
    // It ended while nobody listened; no `exited` follows.
    if (exitStatus !== undefined) this.hasEnded(id);
  }

  private learn(id: string, pid: number | undefined): void {
    const known = this.known.get(id);
    if (known === undefined || pid === undefined || known.pid === pid) return;
    known.pid = pid;
    if (!known.isCommand) this.applyGrant(id, known);
  }

  private applyGrant(containerId: string, { pid, grant }: Known): void {
    if (pid === undefined || grant === undefined) return;
    const cgroups = findCgroups(pid, this.options.cgroupsHierarchy);
    if (cgroups === undefined) return;
    const failure = applyWrites(grantWrites(cgroups, grant, this.options.enableCfs));
    if (failure === undefined) return;
    this.ports.log.warn({ containerId, failure }, 'resources of a container cannot be updated');
  }

  /** Docker takes a colon in a volume for the end of a path. */
  private mappable(id: string, sandbox: string): string {
    if (!sandbox.includes(':')) return sandbox;
    const link = linkOf(this.ports.workDir, id, sandbox);
    this.ports.files.symlink(link, sandbox);
    return `${this.ports.workDir}/${link}`;
  }

  /** Told again with every report until it is forgotten. */
  private hasEnded(containerId: string): void {
    if (this.ended.has(containerId)) return;
    this.ended.add(containerId);
    this.scheduleRemoval(containerId);
  }

  private scheduleRemoval(containerId: string, delayMs = this.options.removeDelayMs): void {
    const { clock } = this.ports;
    this.removals.set(containerId, clock.now() + delayMs);
    this.armRemovals();
  }

  private armRemovals(): void {
    const { clock } = this.ports;
    this.timer?.cancel();
    const next = this.removals.next();
    if (next === undefined || this.isStopped) return;
    this.timer = clock.setTimer(Math.max(0, next - clock.now()), () => {
      for (const id of this.removals.due(clock.now())) {
        this.removals.clear(id);
        background(this.ports.log, this.removeEnded(id), 'removing a container');
      }
      this.armRemovals();
    });
  }

  /** An engine that cannot be asked now is asked later; the next agent does it where this one ends. */
  private async removeEnded(id: string): Promise<void> {
    const isRemoved = await this.remove(containerNameOf(id));
    if (!isRemoved && !this.isStopped) this.scheduleRemoval(id, REMOVAL_RETRY_MS);
  }

  private async removeOrphan(name: string): Promise<void> {
    this.ports.log.info({ container: name }, 'stopping a container that nobody owns');
    const stopped = await this.ports.engine.stop(name, this.options.stopTimeoutMs);
    if (!stopped.ok) {
      this.ports.log.warn({ container: name, error: stopped.error }, 'orphan cannot be stopped');
    }
    await this.remove(name);
  }

  /** A container that never was, or was removed by somebody else, is what is wanted. */
  private async remove(name: string): Promise<boolean> {
    const removed = await this.ports.engine.remove(name, true);
    if (removed.ok || /no such container/i.test(removed.error)) return true;
    this.ports.log.warn({ container: name, error: removed.error }, 'container cannot be removed');
    return false;
  }
}

const VERSION_MINOR_MIN = 8;
const REMOVAL_RETRY_MS: DurationMs = 60_000;

const NO_GRANT: Grant = { cpus: 0, memMb: 0, cpusLimit: undefined, memLimitMb: undefined };

function grantOf({ requests, limits }: ContainerResources): Grant {
  return {
    cpus: scalarOf(requests, 'cpus'),
    memMb: scalarOf(requests, 'mem'),
    cpusLimit: limits.cpus,
    memLimitMb: limits.mem,
  };
}

/** Below the work directory, beside the sandboxes of this agent. */
function linkOf(workDir: string, id: string, sandbox: string): string {
  const [slaves = 'slaves', agentId = ''] = sandbox.slice(workDir.length + 1).split('/');
  return `${slaves}/${agentId}/docker/links/${id}`;
}

/** Ends the agent's start: containers without an engine cannot be had. */
function dockerError(why: string): ClusterError {
  const message = `Failed to create a containerizer: Could not create DockerContainerizer: ${why}`;
  return new ClusterError('DOCKER', message, { retriable: false });
}
