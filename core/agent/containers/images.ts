/**
 * Root file systems of containers without an executor: had before the container is planned, removed when
 * it has ended.
 */
import { background } from '../../base/background.ts';
import type { Log } from '../../base/log.ts';
import type { ContainerInfo } from '../../wire/types/mesos.v1.ts';
import {
  type ContainerImages,
  needsImages,
  provisionImages,
} from '../containerizer/container-images.ts';
import type { Provisioner } from '../containerizer/provisioner/port.ts';

export interface PlainImagesPorts {
  /** Undefined: there are no images. */
  readonly provisioner: Provisioner | undefined;
  readonly log: Log;
}

export class PlainImages {
  private readonly ports: PlainImagesPorts;

  constructor(ports: PlainImagesPorts) {
    this.ports = ports;
  }

  /**
   * Undefined when the container needs none. Rejects with the sentence why it cannot have them, or when it
   * was given up meanwhile; nothing is left then.
   */
  async provide(
    id: string,
    info: ContainerInfo | undefined,
    signal: AbortSignal,
  ): Promise<ContainerImages | undefined> {
    const { provisioner } = this.ports;
    if (provisioner === undefined || !needsImages(info)) return undefined;
    // An earlier container of this id may still be on its way out.
    await provisioner.destroy(id);
    try {
      const images = await provisionImages(provisioner, id, info);
      signal.throwIfAborted();
      return images;
    } catch (thrown) {
      await provisioner.destroy(id);
      throw thrown;
    }
  }

  /** The container has ended, or never began. */
  remove(id: string): void {
    const { provisioner, log } = this.ports;
    if (provisioner === undefined || !provisioner.has(id)) return;
    background(log, provisioner.destroy(id), 'images of containers');
  }
}
