/**
 * What waits for images: containers that are not at the launcher yet, and tasks of groups with images of
 * their own. What is asked of a container meanwhile comes after.
 */
import { background } from '../../base/background.ts';
import type { Log } from '../../base/log.ts';
import type { ContainerInfo } from '../../wire/types/mesos.v1.ts';
import type { LauncherContainer } from '../launcher-port.ts';
import { type ContainerImages, provisionImages } from './container-images.ts';
import type { ContainerConfig } from './port.ts';
import type { Provisioner } from './provisioner/port.ts';
import { messageOf } from './provisioner/store.ts';

/** Images, or the sentence why there are none. */
export type ImageOutcome =
  | { readonly ok: true; readonly images: ContainerImages }
  | { readonly ok: false; readonly error: string };

export interface ImageWorkPorts {
  readonly provisioner: Provisioner;
  readonly log: Log;
}

export class ImageWork {
  private readonly ports: ImageWorkPorts;
  private readonly launching = new Map<string, ContainerConfig>();
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(ports: ImageWorkPorts) {
    this.ports = ports;
  }

  /** As the launcher would tell them. */
  launches(): readonly LauncherContainer[] {
    return [...this.launching.values()].map(({ spec }) => {
      const { id, kind, frameworkId, executorId, sandbox } = spec;
      return { id, kind, frameworkId, executorId, sandbox, taskIds: [], updates: [] };
    });
  }

  /** `done` is not called when the container is given up meanwhile. */
  launch(
    config: ContainerConfig,
    info: ContainerInfo | undefined,
    done: (outcome: ImageOutcome) => void,
  ): void {
    const { id } = config.spec;
    this.launching.set(id, config);
    this.inBackground(
      this.provision(id, info).then(async (outcome) => {
        const isWanted = this.launching.delete(id);
        if (isWanted && outcome.ok) done(outcome);
        else {
          await this.ports.provisioner.destroy(id);
          if (isWanted) done(outcome);
        }
      }),
    );
  }

  /** True when the container was waiting for its image; what was made for it goes when it is there. */
  giveUp(containerId: string): boolean {
    this.waiting.delete(containerId);
    return this.launching.delete(containerId);
  }

  isLaunching(containerId: string): boolean {
    return this.launching.has(containerId);
  }

  /** For tasks of a container, by their ids (`root.nested`). */
  provisionAll(
    containerId: string,
    infos: ReadonlyMap<string, ContainerInfo | undefined>,
    done: (outcomes: ReadonlyMap<string, ImageOutcome>) => void,
  ): void {
    const queue: (() => void)[] = [];
    this.waiting.set(containerId, queue);
    const all = [...infos].map(async ([id, info]) => [id, await this.provision(id, info)] as const);
    this.inBackground(
      Promise.all(all).then(async (outcomes) => {
        if (this.waiting.get(containerId) !== queue) {
          // Its container has ended.
          for (const id of infos.keys()) await this.ports.provisioner.destroy(id);
          return;
        }
        this.waiting.delete(containerId);
        done(new Map(outcomes));
        // One of them may make the others wait again.
        for (const act of queue) this.inOrder(containerId, act);
      }),
    );
  }

  /** At once, or after what its container waits for. */
  inOrder(containerId: string, act: () => void): void {
    const queue = this.waiting.get(containerId);
    if (queue === undefined) act();
    else queue.push(act);
  }

  /** `done` comes when nothing is left of its root file systems; at once when there are none. */
  destroy(containerId: string, done: () => void): void {
    const { provisioner } = this.ports;
    if (!provisioner.has(containerId)) done();
    else this.inBackground(provisioner.destroy(containerId).then(done));
  }

  private async provision(id: string, info: ContainerInfo | undefined): Promise<ImageOutcome> {
    try {
      return { ok: true, images: await provisionImages(this.ports.provisioner, id, info) };
    } catch (thrown) {
      return { ok: false, error: messageOf(thrown) };
    }
  }

  private inBackground(work: Promise<void>): void {
    background(this.ports.log, work, 'images of containers');
  }
}
