/**
 * The Mesos containerizer: plain processes, started and watched by the launcher, isolated as the
 * plan of the isolators says (spec agent-runtime, sections 7 and 8).
 */
import type { DurationMs } from '../../base/duration.ts';
import type {
  ContainerInfo,
  ContainerStatus,
  ResourceStatistics,
} from '../../wire/types/mesos.v1.ts';
import type { Launcher, LauncherEvent } from '../launcher-port.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  ContainerResources,
  LaunchAnswer,
  TaskLaunch,
} from './port.ts';

export class MesosContainerizer implements Containerizer {
  readonly name = 'mesos';
  private readonly launcher: Launcher;
  private readonly known = new Set<string>();
  private onEvent: (event: ContainerizerEvent) => void = () => {};

  constructor(launcher: Launcher) {
    this.launcher = launcher;
  }

  recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    return this.launcher.start((event) => this.received(event));
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { containerInfo, spec } = config;
    if (containerInfo?.type === 'DOCKER') return 'not-supported';
    if (this.known.has(spec.id)) return 'already-launched';
    const refused = containerInfo === undefined ? undefined : unsupportedPart(containerInfo);
    if (refused !== undefined) {
      const message = `${refused} not supported by this agent`;
      this.onEvent({ kind: 'launch-failed', containerId: spec.id, message });
      return 'launched';
    }
    this.known.add(spec.id);
    this.launcher.launch(spec);
    return 'launched';
  }

  run(containerId: string, tasks: readonly TaskLaunch[]): void {
    this.launcher.run(
      containerId,
      tasks.map(({ hosted }) => hosted),
    );
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

  update(_containerId: string, _resources: ContainerResources): void {}

  usage(_containerId: string): ResourceStatistics | undefined {
    return undefined;
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
    return [...this.known];
  }

  stop(options: { readonly killTasks: boolean }): Promise<void> {
    return this.launcher.stop(options);
  }

  private received(event: LauncherEvent): void {
    if (event.kind === 'disk-measured') return;
    if (event.kind === 'report') for (const { id } of event.containers) this.known.add(id);
    if (event.kind === 'launch-failed') this.known.delete(event.containerId);
    this.onEvent(event);
  }
}

function unsupportedPart(info: ContainerInfo): string | undefined {
  if (info.mesos?.image !== undefined) return 'container images are';
  if ((info.volumes ?? []).length > 0) return 'volumes are';
  if ((info.network_infos ?? []).some((network) => network.name !== undefined)) {
    return 'container networks are';
  }
  if (info.linux_info !== undefined) return 'Linux capabilities and namespaces are';
  if (info.rlimit_info !== undefined) return 'resource limits (rlimit_info) are';
  if (info.tty_info !== undefined) return 'terminals are';
  return undefined;
}
