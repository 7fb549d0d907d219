/** What the Mesos containerizer needs of its provisioner: images as root file systems (README.md). */
import type { Image } from '../../../wire/types/mesos.v1.ts';

/** What an image wants its processes to be; of Docker images and Appc images. */
export type ImageRuntime =
  | {
      readonly kind: 'docker';
      readonly entrypoint: readonly string[];
      readonly cmd: readonly string[];
      /** `NAME=value`. */
      readonly env: readonly string[];
      readonly workingDirectory?: string;
    }
  | {
      readonly kind: 'appc';
      readonly exec: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
      readonly workingDirectory?: string;
    };

export interface ProvisionedImage {
  /** Directory of the host. */
  readonly rootfs: string;
  readonly runtime: ImageRuntime;
}

export interface Provisioner {
  /** Removes what belongs to none of these root containers; stores read what they have. */
  recover(known: ReadonlySet<string>): Promise<void>;
  /** Rejects with a `ClusterError` whose message is the rest of `Failed to launch container: ...`. */
  provision(containerId: string, image: Image): Promise<ProvisionedImage>;
  /** All root file systems of a container and of those nested in it; what is not there is left alone. */
  destroy(containerId: string): Promise<void>;
  /** Whether it has root file systems. */
  has(containerId: string): boolean;
  /** Layers that no container and no excluded image needs go. */
  prune(excluded: readonly Image[]): Promise<void>;
  stop(): Promise<void>;
  /** By full names. */
  metrics(): ReadonlyMap<string, number>;
}
