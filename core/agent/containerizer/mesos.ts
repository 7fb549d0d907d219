/**
 * The Mesos containerizer: plain processes, started and watched by the launcher, isolated as the
 * plan of the isolators says (spec agent-runtime, sections 7 and 8).
 */
import type { DurationMs } from '../../base/duration.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { err, type Result } from '../../base/result.ts';
import type { HostedTask, HostedUpdate } from '../../executor/hosted.ts';
import type {
  CgroupInfo,
  CommandInfo,
  ContainerInfo,
  ContainerStatus,
  Image,
  PerfStatistics,
  Resource,
  ResourceStatistics,
  TaskStatusReason,
} from '../../wire/types/mesos.v1.ts';
import { variablesOf } from '../command-info.ts';
import { type ContainerLogger, logPlanFor } from '../container-logger.ts';
import type { ContainerKind, ContainerSpec, Launcher, LauncherEvent } from '../launcher-port.ts';
import { type UsageFiles, usageOf } from './cgroup-usage.ts';
import { NetworkUsage } from './cni/network-usage.ts';
import type { CniNetworks } from './cni/networks.ts';
import { type ContainerImages, needsImages } from './container-images.ts';
import { type ImageOutcome, ImageWork } from './image-work.ts';
import { type IsolationOptions, NO_ISOLATION } from './isolation-options.ts';
import { DISK_ISOLATOR, diskStatistics } from './isolators/disk.ts';
import { RLIMITS } from './isolators/privileges.ts';
import { createIsolators } from './isolators.ts';
import { limitStatistics } from './limit-statistics.ts';
import type { NetClsHandles } from './net-cls.ts';
import type { IsolationPlan } from './plan.ts';
import { IsolationPlanner, type PlannedContainer } from './planner.ts';
import {
  type ContainerConfig,
  type Containerizer,
  type ContainerizerEvent,
  type ContainerResources,
  containerLimits,
  type LaunchAnswer,
  type TaskLaunch,
} from './port.ts';
import type { Provisioner } from './provisioner/port.ts';
import { unsupportedPart } from './unsupported.ts';

export interface MesosContainerizerOptions {
  readonly isolation: IsolationOptions;
  /** Host directory of a persistent volume. */
  readonly volumeDirectory: (resource: Resource) => string | undefined;
  /** Undefined: those that the isolation's options name. */
  readonly networks?: CniNetworks;
  /** The last sample of the perf events of a container; undefined: nothing is sampled. */
  readonly perfOf?: ((containerId: string) => PerfStatistics | undefined) | undefined;
  /** Undefined: containers get no handles of `cgroups/net_cls`. */
  readonly netCls?: NetClsHandles | undefined;
  /** Reads a file of the kernel; undefined when it is not there. */
  readonly files?: UsageFiles;
  /** Undefined: output goes to the sandbox's files, as they grow. */
  readonly logger?: ContainerLogger | undefined;
  /** Undefined: there are no images. */
  readonly provisioner?: Provisioner | undefined;
  /** Containers without an executor, which have root file systems from the same provisioner. */
  readonly otherRoots?: () => readonly string[];
  readonly log?: Log;
}

interface Known {
  readonly kind: ContainerKind;
  readonly sandbox: string;
  readonly user: ContainerSpec['user'];
  /** What the isolators give to the tasks of the container. */
  readonly given: Pick<PlannedContainer, 'environment' | 'command'>;
  readonly disk: Map<string, number>;
  /** As last granted; undefined after a restart of the agent until something changes. */
  resources: ContainerResources | undefined;
}

const NOTHING_GIVEN = { environment: {} };
const NO_IMAGES: ImageOutcome = { ok: true, images: {} };
const TERMINAL = new Set(['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED']);
const SIGKILL_STATUS = 9;
const NO_VOLUMES = { isolation: NO_ISOLATION, volumeDirectory: () => undefined };

export class MesosContainerizer implements Containerizer {
  readonly name = 'mesos';
  private readonly launcher: Launcher;
  private readonly options: MesosContainerizerOptions;
  private readonly planner: IsolationPlanner;
  private readonly images: ImageWork | undefined;
  private readonly known = new Map<string, Known>();
  private readonly traffic = new NetworkUsage();
  private onEvent: (event: ContainerizerEvent) => void = () => {};

  constructor(launcher: Launcher, options: MesosContainerizerOptions = NO_VOLUMES) {
    this.launcher = launcher;
    this.options = options;
    this.planner = new IsolationPlanner(createIsolators(options.isolation, options));
    const { provisioner, log = silentLog } = options;
    if (provisioner !== undefined) this.images = new ImageWork({ provisioner, log });
  }

  async recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    await this.launcher.start((event) => this.received(event));
    await this.options.provisioner?.recover(new Set(this.allRoots()));
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { spec, requests, limits } = config;
    const containerInfo = config.containerInfo ?? this.options.isolation.defaultContainer;
    if (containerInfo?.type === 'DOCKER') return 'not-supported';
    if (this.known.has(spec.id)) return 'already-launched';
    const refused = this.refusalOf(containerInfo) ?? terminalRefusal(spec, containerInfo);
    if (refused !== undefined) return this.fail(spec.id, refused);
    const resources = { requests, limits };
    const { kind, sandbox, user } = spec;
    const known = { kind, sandbox, user, resources, given: NOTHING_GIVEN, disk: new Map() };
    this.known.set(spec.id, known);
    const { images } = this;
    // A hosted executor of groups needs no files: its image is of no interest.
    if (images === undefined || kind === 'group' || !needsImages(containerInfo)) {
      this.launchWith(config, containerInfo, {});
    } else {
      images.launch(config, containerInfo, (outcome) => {
        if (outcome.ok) this.launchWith(config, containerInfo, outcome.images);
        else this.fail(spec.id, outcome.error);
      });
    }
    return 'launched';
  }

  private launchWith(
    config: ContainerConfig,
    containerInfo: ContainerInfo | undefined,
    images: ContainerImages,
  ): void {
    const { spec, limits } = config;
    const known = this.known.get(spec.id);
    if (known === undefined) return;
    const resources = known.resources ?? { requests: config.requests, limits };
    const command = config.taskInfo?.command ?? config.executorInfo.command;
    const planned = this.planner.plan({
      id: spec.id,
      sandbox: spec.sandbox,
      sandboxDirectory: this.options.isolation.sandboxDirectory,
      ...images,
      containerInfo,
      command,
      resources,
      user: spec.user,
    });
    const { logger } = this.options;
    const logs = logger === undefined ? undefined : logPlanFor(logger, command);
    if (!planned.ok || logs?.ok === false) {
      const why = planned.ok ? (logs?.ok === false ? logs.error : '') : planned.error;
      const reason = !planned.ok && planned.refusedBy === RLIMITS ? TERMINATED : {};
      this.afterRemoval(spec.id, () => this.fail(spec.id, why, reason));
      return;
    }
    const { plan } = planned.value;
    this.known.set(spec.id, { ...known, given: planned.value });
    this.launcher.launch({
      ...spec,
      ...(spec.command === undefined
        ? {}
        : { command: withGiven(spec.command, planned.value, config.executorInfo.command) }),
      ...(plan === undefined ? {} : { isolation: plan }),
      ...(logs === undefined ? {} : { logs: logs.value }),
    });
  }

  run(containerId: string, tasks: readonly TaskLaunch[]): void {
    const { images } = this;
    const isGroup = this.known.get(containerId)?.kind === 'group';
    const wanted = isGroup ? tasks.filter(({ info }) => needsImages(info.container)) : [];
    if (images === undefined || wanted.length === 0) {
      this.inOrder(containerId, () => this.runWith(containerId, tasks, new Map()));
      return;
    }
    const idOf = (task: TaskLaunch): string => nestedIdOf(containerId, task);
    const infos = new Map(wanted.map((task) => [idOf(task), task.info.container]));
    this.inOrder(containerId, () =>
      images.provisionAll(containerId, infos, (outcomes) =>
        this.runWith(containerId, tasks, outcomes),
      ),
    );
  }

  private runWith(
    containerId: string,
    tasks: readonly TaskLaunch[],
    outcomes: ReadonlyMap<string, ImageOutcome>,
  ): void {
    const known = this.known.get(containerId);
    // Tasks come right after their container, also where that could not be planned: it has failed.
    if (known === undefined) return;
    const hosted: HostedTask[] = [];
    const isolation: Record<string, IsolationPlan> = {};
    for (const task of tasks) {
      const outcome = outcomes.get(nestedIdOf(containerId, task)) ?? NO_IMAGES;
      const own =
        known.kind === 'group' ? this.planTask(containerId, known, { task, outcome }) : undefined;
      const refusal = task.hosted.refusal ?? (own?.ok === false ? own.error : undefined);
      const planned = own?.ok ? own.value : undefined;
      const environment = { ...known.given.environment, ...planned?.environment };
      const command = planned?.command ?? known.given.command;
      const given = { environment, ...(command === undefined ? {} : { command }) };
      hosted.push({
        ...withGivenTask(task.hosted, given, task.info.command),
        ...(refusal === undefined ? {} : { refusal }),
      });
      if (planned?.plan !== undefined) isolation[task.hosted.taskId] = planned.plan;
    }
    const more = Object.keys(isolation).length === 0 ? undefined : isolation;
    this.launcher.run(containerId, hosted, more);
  }

  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void {
    this.inOrder(containerId, () => this.launcher.kill(containerId, taskId, graceMs));
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.launcher.acknowledge(containerId, taskId, uuid);
  }

  shutdown(containerId: string): void {
    this.inOrder(containerId, () => this.launcher.shutdown(containerId));
  }

  update(containerId: string, resources: ContainerResources): void {
    const known = this.known.get(containerId);
    if (known === undefined) return;
    known.resources = resources;
    if (this.images?.isLaunching(containerId) === true) return;
    const update = this.planner.update({ id: containerId, sandbox: known.sandbox, resources });
    if (update.writes.length + update.watches.length === 0) return;
    this.launcher.update(containerId, update);
  }

  usage(containerId: string): ResourceStatistics | undefined {
    const known = this.known.get(containerId);
    if (known === undefined) return undefined;
    const counted = this.countedOf(containerId, known);
    const { resources } = known;
    const limits =
      resources === undefined ? {} : limitStatistics(resources, this.options.isolation);
    if (Object.keys(limits).length === 0) return counted;
    return { timestamp: 0, ...counted, ...limits };
  }

  private countedOf(containerId: string, known: Known): ResourceStatistics | undefined {
    const { files, isolation } = this.options;
    if (files === undefined) return undefined;
    const network = isolation.countsTraffic ? this.traffic.of(containerId, files) : {};
    const perf = this.options.perfOf?.(containerId);
    const more = { ...network, ...this.diskOf(known), ...(perf === undefined ? {} : { perf }) };
    return usageOf(containerId, isolation, { files, more });
  }

  status(containerId: string): ContainerStatus | undefined {
    const classid = this.options.netCls?.of(containerId);
    return classid === undefined ? undefined : { cgroup_info: { net_cls: { classid } } };
  }

  destroy(containerId: string): void {
    if (this.images?.giveUp(containerId) === true) {
      this.onEvent({ kind: 'exited', containerId, status: SIGKILL_STATUS });
    } else this.launcher.destroy(containerId);
  }

  forget(containerId: string): void {
    this.known.delete(containerId);
    this.launcher.forget(containerId);
  }

  containers(): readonly string[] {
    return [...this.known.keys()];
  }

  async pruneImages(excluded: readonly Image[]): Promise<void> {
    await this.options.provisioner?.prune(excluded);
  }

  async stop(how: { readonly killTasks: boolean }): Promise<void> {
    const { provisioner } = this.options;
    await this.launcher.stop(how);
    if (how.killTasks) for (const id of this.allRoots()) await provisioner?.destroy(id);
    await provisioner?.stop();
  }

  private allRoots(): readonly string[] {
    return [...this.known.keys(), ...(this.options.otherRoots?.() ?? [])];
  }

  private planTask(
    containerId: string,
    known: Known,
    { task, outcome }: { readonly task: TaskLaunch; readonly outcome: ImageOutcome },
  ): Result<PlannedContainer> {
    const { hosted, info } = task;
    const refused = outcome.ok ? this.refusalOf(info.container) : outcome.error;
    if (refused !== undefined || !outcome.ok) return err(refused ?? '');
    return this.planner.plan({
      id: nestedIdOf(containerId, task),
      sandbox: hosted.sandbox ?? known.sandbox,
      parentSandbox: known.sandbox,
      sandboxDirectory: this.options.isolation.sandboxDirectory,
      ...outcome.images,
      containerInfo: info.container,
      command: info.command,
      resources: { requests: info.resources ?? [], limits: containerLimits(info.limits) },
      user: hosted.user ?? known.user,
    });
  }

  private refusalOf(info: ContainerConfig['containerInfo']): string | undefined {
    if (needsImages(info) && this.images === undefined) {
      return 'container images are not supported by this agent';
    }
    const part =
      info === undefined ? undefined : unsupportedPart(info, this.options.isolation.isolators);
    return part === undefined ? undefined : `${part} not supported by this agent`;
  }

  private fail(
    containerId: string,
    message: string,
    reason: { readonly reason?: TaskStatusReason } = {},
  ): LaunchAnswer {
    this.known.delete(containerId);
    this.options.netCls?.release(containerId);
    this.onEvent({ kind: 'launch-failed', containerId, message, ...reason });
    return 'launched';
  }

  private inOrder(containerId: string, act: () => void): void {
    if (this.images === undefined) act();
    else this.images.inOrder(containerId, act);
  }

  private afterRemoval(containerId: string, act: () => void): void {
    if (this.images === undefined) act();
    else this.images.destroy(containerId, act);
  }

  private diskOf({ sandbox, disk, resources }: Known): Partial<ResourceStatistics> {
    const { isolation, volumeDirectory } = this.options;
    if (!isolation.isolators.includes(DISK_ISOLATOR)) return {};
    const requests = resources?.requests ?? [];
    return diskStatistics({ sandbox, requests, usedBytes: disk }, volumeDirectory);
  }

  private received(event: LauncherEvent): void {
    this.traffic.heard(event);
    switch (event.kind) {
      case 'image-pulled':
        return;
      case 'disk-measured':
        this.known.get(event.containerId)?.disk.set(event.path, event.bytes);
        return;
      case 'report':
        this.reported(event);
        return;
      case 'exited':
        this.images?.giveUp(event.containerId);
        this.options.netCls?.release(event.containerId);
        this.afterRemoval(event.containerId, () => this.onEvent(event));
        return;
      case 'launch-failed':
        this.known.delete(event.containerId);
        this.options.netCls?.release(event.containerId);
        this.afterRemoval(event.containerId, () => this.onEvent(event));
        return;
      case 'started':
        this.onEvent({ ...event, ...cgroupInfoOf(this.status(event.containerId)) });
        return;
      case 'update':
        this.taskEnded(event.containerId, event.update);
        break;
      default:
        break;
    }
    this.onEvent(event);
  }

  private reported(event: Extract<LauncherEvent, { kind: 'report' }>): void {
    for (const { id, kind, sandbox, exitStatus } of event.containers) {
      if (exitStatus !== undefined) this.afterRemoval(id, () => {});
      if (this.known.has(id)) continue;
      const found = { kind, sandbox, user: undefined, given: NOTHING_GIVEN, disk: new Map() };
      this.known.set(id, { ...found, resources: undefined });
    }
    const coming = this.images?.launches() ?? [];
    const found = event.containers.map((each) => ({
      ...each,
      ...cgroupInfoOf(this.status(each.id)),
    }));
    this.onEvent({ ...event, containers: [...found, ...coming] });
  }

  /** The root file system of a task goes before its executor's. */
  private taskEnded(containerId: string, { nestedId, state }: HostedUpdate): void {
    if (nestedId === undefined || !TERMINAL.has(state)) return;
    this.options.netCls?.release(`${containerId}.${nestedId}`);
    this.afterRemoval(`${containerId}.${nestedId}`, () => {});
  }
}

/** The original finds out about limits that cannot be set when the container has been launched. */
const TERMINATED = { reason: 'REASON_EXECUTOR_TERMINATED' } as const;

function cgroupInfoOf(status: ContainerStatus | undefined): { readonly cgroupInfo?: CgroupInfo } {
  const { cgroup_info: cgroupInfo } = status ?? {};
  return cgroupInfo === undefined ? {} : { cgroupInfo };
}

function nestedIdOf(containerId: string, { hosted }: TaskLaunch): string {
  return `${containerId}.${hosted.nestedId ?? hosted.taskId}`;
}

/** Isolators win over the agent, the task over both. */
function withGiven(
  command: HostedTask['command'],
  given: Known['given'],
  info: CommandInfo | undefined,
): HostedTask['command'] {
  const environment = { ...command.environment, ...given.environment, ...variablesOf(info) };
  return { ...command, ...given.command, environment };
}

function withGivenTask(
  task: HostedTask,
  given: Known['given'],
  info: CommandInfo | undefined,
): HostedTask {
  const { healthCheck, check } = task;
  const probed = { environment: given.environment };
  return {
    ...task,
    command: withGiven(task.command, given, info),
    ...(healthCheck?.command === undefined
      ? {}
      : {
          healthCheck: { ...healthCheck, command: withGiven(healthCheck.command, probed, info) },
        }),
    ...(check?.command === undefined
      ? {}
      : { check: { ...check, command: withGiven(check.command, probed, info) } }),
  };
}

/** An executor that is no process of its own has nothing that could run in a terminal. */
function terminalRefusal(
  { kind }: ContainerConfig['spec'],
  info: ContainerInfo | undefined,
): string | undefined {
  if (kind !== 'group' || info?.tty_info === undefined) return undefined;
  return "'tty_info' of default executors is not supported by this agent; their tasks may have it";
}
