/**
 * Several containerizers behind one interface, tried in the order of `--containerizers`; the first that
 * takes a container keeps it (spec agent-runtime, section 7).
 */
import type { DurationMs } from '../../base/duration.ts';
import type { ContainerStatus, Image, ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import type { LauncherContainer } from '../launcher-port.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  ContainerResources,
  LaunchAnswer,
  TaskLaunch,
} from './port.ts';

export class ComposingContainerizer implements Containerizer {
  readonly name: string;
  private readonly parts: readonly Containerizer[];
  private readonly owners = new Map<string, Containerizer>();
  /** Of those that have recovered; all together are told as one. */
  private readonly reports = new Map<Containerizer, readonly LauncherContainer[]>();

  constructor(parts: readonly Containerizer[]) {
    this.parts = parts;
    this.name = parts.map(({ name }) => name).join(', ');
  }

  async recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    for (const part of this.parts) {
      await part.recover((event) => this.received(part, event, onEvent));
    }
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { id } = config.spec;
    if (this.owners.has(id)) return 'already-launched';
    for (const part of this.parts) {
      // Its events may come before its answer.
      this.owners.set(id, part);
      const answer = part.launch(config);
      if (answer !== 'not-supported') return answer;
    }
    this.owners.delete(id);
    return 'not-supported';
  }

  run(containerId: string, tasks: readonly TaskLaunch[]): void {
    this.owners.get(containerId)?.run(containerId, tasks);
  }

  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void {
    this.owners.get(containerId)?.kill(containerId, taskId, graceMs);
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.owners.get(containerId)?.acknowledge(containerId, taskId, uuid);
  }

  shutdown(containerId: string): void {
    this.owners.get(containerId)?.shutdown(containerId);
  }

  update(containerId: string, resources: ContainerResources): void {
    this.owners.get(containerId)?.update(containerId, resources);
  }

  usage(containerId: string): ResourceStatistics | undefined {
    return this.owners.get(containerId)?.usage(containerId);
  }

  status(containerId: string): ContainerStatus | undefined {
    return this.owners.get(containerId)?.status(containerId);
  }

  destroy(containerId: string): void {
    this.owners.get(containerId)?.destroy(containerId);
  }

  forget(containerId: string): void {
    this.owners.get(containerId)?.forget(containerId);
    this.owners.delete(containerId);
  }

  containers(): readonly string[] {
    return this.parts.flatMap((part) => part.containers());
  }

  async pruneImages(excluded: readonly Image[]): Promise<void> {
    for (const part of this.parts) await part.pruneImages?.(excluded);
  }

  async stop(options: { readonly killTasks: boolean }): Promise<void> {
    await Promise.all(this.parts.map((part) => part.stop(options)));
  }

  private received(
    part: Containerizer,
    event: ContainerizerEvent,
    onEvent: (event: ContainerizerEvent) => void,
  ): void {
    const isRecovering = this.reports.size < this.parts.length;
    if (event.kind !== 'report') {
      if (event.kind === 'launch-failed') this.owners.delete(event.containerId);
      if (isRecovering) this.fold(part, event);
      else onEvent(event);
      return;
    }
    const { containers } = event;
    for (const { id } of containers) this.owners.set(id, part);
    if (!isRecovering) {
      const owned = [...this.owners].filter(([, owner]) => owner === part).map(([id]) => id);
      onEvent({ kind: 'report', containers, about: new Set(owned) });
      return;
    }
    this.reports.set(part, containers);
    if (this.reports.size < this.parts.length) return;
    onEvent({ kind: 'report', containers: [...this.reports.values()].flat() });
  }

  /** What happens before all have reported is not lost: it becomes part of the report. */
  private fold(part: Containerizer, event: Exclude<ContainerizerEvent, { kind: 'report' }>): void {
    const folded: LauncherContainer[] = [];
    for (const container of this.reports.get(part) ?? []) {
      if (container.id !== event.containerId) folded.push(container);
      else if (event.kind === 'update') {
        folded.push({ ...container, updates: [...container.updates, event.update] });
      } else if (event.kind === 'exited') folded.push({ ...container, exitStatus: event.status });
      else if (event.kind === 'started') folded.push(container);
    }
    this.reports.set(part, folded);
  }
}
