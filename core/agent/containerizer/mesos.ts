/**
 * The Mesos containerizer: plain processes, started and watched by the launcher, isolated as the
 * plan of the isolators says (spec agent-runtime, sections 7 and 8).
 */
import type { DurationMs } from '../../base/duration.ts';
import type { Result } from '../../base/result.ts';
import type { HostedTask } from '../../executor/hosted.ts';
import type { ContainerStatus, Resource, ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import { type ContainerLogger, logPlanFor } from '../container-logger.ts';
import type { ContainerKind, ContainerSpec, Launcher, LauncherEvent } from '../launcher-port.ts';
import { type DiskUsage, type UsageFiles, usageOf } from './cgroup-usage.ts';
import { type IsolationOptions, NO_ISOLATION } from './isolation-options.ts';
import { createIsolators } from './isolators.ts';
import type { IsolationPlan } from './plan.ts';
import { IsolationPlanner, type PlannedContainer } from './planner.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  ContainerResources,
  LaunchAnswer,
  TaskLaunch,
} from './port.ts';
import { unsupportedPart } from './unsupported.ts';

export interface MesosContainerizerOptions {
  readonly isolation: IsolationOptions;
  /** Host directory of a persistent volume. */
  readonly volumeDirectory: (resource: Resource) => string | undefined;
  /** Reads a file of the kernel; undefined when it is not there. */
  readonly files?: UsageFiles;
  /** Undefined: output goes to the sandbox's files, as they grow. */
  readonly logger?: ContainerLogger | undefined;
}

interface Known {
  readonly kind: ContainerKind;
  readonly sandbox: string;
  readonly user: ContainerSpec['user'];
  /** What the isolators give to the tasks of the container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly disk: Map<string, number>;
  /** As last granted; undefined after a restart of the agent until something changes. */
  resources: ContainerResources | undefined;
}

const NO_VOLUMES = { isolation: NO_ISOLATION, volumeDirectory: () => undefined };

export class MesosContainerizer implements Containerizer {
  readonly name = 'mesos';
  private readonly launcher: Launcher;
  private readonly options: MesosContainerizerOptions;
  private readonly planner: IsolationPlanner;
  private readonly known = new Map<string, Known>();
  private onEvent: (event: ContainerizerEvent) => void = () => {};

  constructor(launcher: Launcher, options: MesosContainerizerOptions = NO_VOLUMES) {
    this.launcher = launcher;
    this.options = options;
    this.planner = new IsolationPlanner(createIsolators(options.isolation, options));
  }

  recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    return this.launcher.start((event) => this.received(event));
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { spec, requests, limits } = config;
    const containerInfo = config.containerInfo ?? this.options.isolation.defaultContainer;
    if (containerInfo?.type === 'DOCKER') return 'not-supported';
    if (this.known.has(spec.id)) return 'already-launched';
    const refused = this.refusalOf(containerInfo);
    if (refused !== undefined) return this.fail(spec.id, refused);
    const planned = this.planner.plan({
      id: spec.id,
      sandbox: spec.sandbox,
      containerInfo,
      command: config.taskInfo?.command ?? config.executorInfo.command,
      resources: { requests, limits },
      user: spec.user,
    });
    if (!planned.ok) return this.fail(spec.id, planned.error);
    const command = config.taskInfo?.command ?? config.executorInfo.command;
    const { logger } = this.options;
    const logs = logger === undefined ? undefined : logPlanFor(logger, command);
    if (logs?.ok === false) return this.fail(spec.id, logs.error);
    const { plan, environment } = planned.value;
    const { kind, sandbox, user } = spec;
    const resources = { requests, limits };
    this.known.set(spec.id, { kind, sandbox, user, environment, resources, disk: new Map() });
    this.launcher.launch({
      ...spec,
      ...(spec.command === undefined ? {} : { command: withVariables(spec.command, environment) }),
      ...(plan === undefined ? {} : { isolation: plan }),
      ...(logs === undefined ? {} : { logs: logs.value }),
    });
    return 'launched';
  }

  run(containerId: string, tasks: readonly TaskLaunch[]): void {
    const known = this.known.get(containerId);
    const hosted: HostedTask[] = [];
    const isolation: Record<string, IsolationPlan> = {};
    for (const task of tasks) {
      const own = known?.kind === 'group' ? this.planTask(containerId, known, task) : undefined;
      const refusal = task.hosted.refusal ?? (own?.ok === false ? own.error : undefined);
      const planned = own?.ok ? own.value : undefined;
      const variables = { ...known?.environment, ...planned?.environment };
      const command = withVariables(task.hosted.command, variables);
      hosted.push({ ...task.hosted, command, ...(refusal === undefined ? {} : { refusal }) });
      if (planned?.plan !== undefined) isolation[task.hosted.taskId] = planned.plan;
    }
    const more = Object.keys(isolation).length === 0 ? undefined : isolation;
    this.launcher.run(containerId, hosted, more);
  }

  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void {
    this.launcher.kill(containerId, taskId, graceMs);
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.launcher.acknowledge(containerId, taskId, uuid);
  }

  shutdown(containerId: string): void {
    this.launcher.shutdown(containerId);
  }

  update(containerId: string, resources: ContainerResources): void {
    const known = this.known.get(containerId);
    if (known === undefined) return;
    known.resources = resources;
    const update = this.planner.update({ id: containerId, sandbox: known.sandbox, resources });
    if (update.writes.length + update.watches.length === 0) return;
    this.launcher.update(containerId, update);
  }

  usage(containerId: string): ResourceStatistics | undefined {
    const known = this.known.get(containerId);
    const { files, isolation } = this.options;
    if (known === undefined || files === undefined) return undefined;
    return usageOf(containerId, isolation, { files, disk: this.diskUsage(known) });
  }

  status(_containerId: string): ContainerStatus | undefined {
    return undefined;
  }

  destroy(containerId: string): void {
    this.launcher.destroy(containerId);
  }

  forget(containerId: string): void {
    this.known.delete(containerId);
    this.launcher.forget(containerId);
  }

  containers(): readonly string[] {
    return [...this.known.keys()];
  }

  stop(options: { readonly killTasks: boolean }): Promise<void> {
    return this.launcher.stop(options);
  }

  private planTask(
    containerId: string,
    known: Known,
    { hosted, info }: TaskLaunch,
  ): Result<PlannedContainer> {
    return this.planner.plan({
      id: `${containerId}.${hosted.nestedId ?? hosted.taskId}`,
      sandbox: hosted.sandbox ?? known.sandbox,
      containerInfo: info.container,
      command: info.command,
      resources: { requests: info.resources ?? [], limits: limitsOf(info) },
      user: hosted.user ?? known.user,
    });
  }

  private refusalOf(info: ContainerConfig['containerInfo']): string | undefined {
    const part =
      info === undefined ? undefined : unsupportedPart(info, this.options.isolation.isolators);
    return part === undefined ? undefined : `${part} not supported by this agent`;
  }

  private fail(containerId: string, message: string): LaunchAnswer {
    this.onEvent({ kind: 'launch-failed', containerId, message });
    return 'launched';
  }

  private diskUsage({ sandbox, disk, resources }: Known): DiskUsage | undefined {
    const usedBytes = disk.get(sandbox);
    if (usedBytes === undefined) return undefined;
    let quotaMb = 0;
    for (const each of resources?.requests ?? []) {
      const isRoot = each.name === 'disk' && each.disk?.persistence === undefined;
      if (isRoot) quotaMb += each.scalar?.value ?? 0;
    }
    return { usedBytes, limitBytes: quotaMb * 1024 ** 2 };
  }

  private received(event: LauncherEvent): void {
    switch (event.kind) {
      case 'image-pulled':
        return;
      case 'disk-measured':
        this.known.get(event.containerId)?.disk.set(event.path, event.bytes);
        return;
      case 'report':
        for (const { id, kind, sandbox } of event.containers) {
          if (this.known.has(id)) continue;
          const found = { kind, sandbox, user: undefined, environment: {}, disk: new Map() };
          this.known.set(id, { ...found, resources: undefined });
        }
        break;
      case 'launch-failed':
        this.known.delete(event.containerId);
        break;
      default:
        break;
    }
    this.onEvent(event);
  }
}

function withVariables(
  command: HostedTask['command'],
  variables: Readonly<Record<string, string>>,
): HostedTask['command'] {
  return { ...command, environment: { ...variables, ...command.environment } };
}

function limitsOf(info: TaskLaunch['info']): ContainerResources['limits'] {
  const { cpus, mem } = info.limits ?? {};
  return {
    ...(cpus === undefined ? {} : { cpus: cpus.value }),
    ...(mem === undefined ? {} : { mem: mem.value }),
  };
}
