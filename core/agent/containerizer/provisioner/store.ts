/** Where images lie as layers: one store for each kind of image. */
import { ClusterError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { Image } from '../../../wire/types/mesos.v1.ts';
import type { BackendName } from './backends.ts';
import type { ImageRuntime } from './port.ts';

export interface StoredImage {
  /** Directories, the lowest first. */
  readonly layers: readonly string[];
  readonly runtime: ImageRuntime;
}

export interface ImageStore {
  recover(): Promise<void>;
  /** Fetches what is not there; throws a `ClusterError`. */
  get(image: Image, backend: BackendName): Promise<StoredImage>;
  /** Forgets images that are not excluded, and removes layers that nobody needs. */
  prune(excluded: readonly Image[], active: ReadonlySet<string>): Promise<void>;
}

export function imageError(message: string, cause?: unknown): ClusterError {
  return new ClusterError('IMAGE', message, { retriable: false, cause });
}

/** What a failure says to frameworks: without the codes of our errors. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function orThrow<T>(result: Result<T>, what = ''): T {
  if (!result.ok) throw imageError(`${what}${result.error}`);
  return result.value;
}
