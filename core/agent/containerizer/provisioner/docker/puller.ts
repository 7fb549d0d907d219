/** Brings an image from somewhere into a staging directory. */

import type { ImageReference } from '../../../../wire/types/docker.spec.ts';
import type { Image as StoredImage } from '../../../../wire/types/mesos.internal.slave.docker.ts';

export interface PullRequest {
  readonly reference: ImageReference;
  /** Empty; gets `<layer id>/rootfs`, `<layer id>/json`, and the image's config under its digest. */
  readonly staging: string;
  /** Name of the directory with a layer's files. */
  readonly rootfsName: string;
  /** Layers that need not be brought. */
  has(layerId: string): boolean;
  /** Credentials that came with the image, in the form of Docker's client. */
  readonly config: unknown;
  readonly signal: AbortSignal;
}

export interface Puller {
  pull(request: PullRequest): Promise<Omit<StoredImage, 'reference'>>;
}
