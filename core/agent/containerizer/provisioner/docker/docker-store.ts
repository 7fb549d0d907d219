/**
 * Docker images as layers: `layers/<id>/{rootfs,json}`, `staging/` for what is being fetched, `gc/` for what
 * is being removed, `storedImages`. Layers are made in `staging` and moved: one that is there is whole.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../base/clock.ts';
import { hours } from '../../../../base/duration.ts';
import { describeError } from '../../../../base/errors.ts';
import type { Log } from '../../../../base/log.ts';
import { TimerMetric } from '../../../../base/timer-metric.ts';
import type { ImageReference } from '../../../../wire/types/docker.spec.ts';
import type { Image as StoredLayers } from '../../../../wire/types/mesos.internal.slave.docker.ts';
import type { Image } from '../../../../wire/types/mesos.v1.ts';
import { NodeFiles } from '../../../node-files.ts';
import type { BackendName } from '../backends.ts';
import { type ImageStore, imageError, messageOf, orThrow, type StoredImage } from '../store.ts';
import { markWhiteouts } from '../whiteouts.ts';
import { parseObject, parseRuntime } from './image-config.ts';
import type { Puller } from './puller.ts';
import { formatReference, parseReference } from './reference.ts';
import { StoredImages } from './stored-images.ts';

export interface DockerStorePorts {
  readonly puller: Puller;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class DockerStore implements ImageStore {
  private readonly directory: string;
  private readonly ports: DockerStorePorts;
  private readonly images: StoredImages;
  /** By reference; who comes later waits for the same. */
  private readonly pulling = new Map<string, Promise<StoredLayers>>();
  private readonly pulls: TimerMetric;

  constructor(directory: string, ports: DockerStorePorts) {
    this.directory = directory;
    this.ports = ports;
    mkdirSync(join(directory, 'staging'), { recursive: true });
    mkdirSync(join(directory, 'layers'), { recursive: true });
    this.images = new StoredImages(new NodeFiles(directory));
    const name = 'containerizer/mesos/provisioner/docker_store/image_pull';
    this.pulls = new TimerMetric(name, hours(1));
  }

  /** Also removes what a dead agent was fetching or removing. */
  async recover(): Promise<void> {
    this.images.recover();
    for (const name of ['staging', 'gc']) await this.empty(join(this.directory, name));
  }

  metrics(): ReadonlyMap<string, number> {
    return this.pulls.values(this.ports.clock.now());
  }

  async get(image: Image, backend: BackendName): Promise<StoredImage> {
    const name = image.docker?.name ?? '';
    const reference = orThrow(parseReference(name), `Failed to parse docker image '${name}': `);
    const known = image.cached === false ? undefined : this.images.get(reference);
    const isWhole = known?.layer_ids?.every((id) => existsSync(this.rootfs(id, backend))) === true;
    const stored =
      known !== undefined && isWhole ? known : await this.pull(image, reference, backend);
    const ids = stored.layer_ids ?? [];
    return {
      layers: ids.map((id) => this.rootfs(id, backend)),
      runtime: orThrow(parseRuntime(this.configOf(stored))),
    };
  }

  async prune(excluded: readonly Image[], active: ReadonlySet<string>): Promise<void> {
    const names = excluded.map((image) => {
      const reference = parseReference(image.docker?.name ?? '');
      return reference.ok ? formatReference(reference.value) : '';
    });
    const kept = new Set<string>();
    for (const image of this.images.keepOnly(new Set(names))) {
      for (const id of image.layer_ids ?? []) kept.add(id);
      if (image.config_digest !== undefined) kept.add(image.config_digest);
    }
    for (const path of active) {
      const [id] = path.slice(this.layer('').length).split('/');
      if (path.startsWith(this.layer('')) && id !== undefined) kept.add(id);
    }
    const gone = join(this.directory, 'gc');
    await mkdir(gone, { recursive: true });
    for (const id of await readdir(join(this.directory, 'layers'))) {
      if (!kept.has(id))
        await rename(this.layer(id), join(gone, `${id}.${this.ports.clock.now()}`));
    }
    await this.empty(gone);
  }

  private pull(
    image: Image,
    reference: ImageReference,
    backend: BackendName,
  ): Promise<StoredLayers> {
    const name = formatReference(reference);
    const running = this.pulling.get(name);
    if (running !== undefined) return running;
    const pull = this.fetch(image, reference, backend).finally(() => this.pulling.delete(name));
    this.pulling.set(name, pull);
    return pull;
  }

  private async fetch(
    image: Image,
    reference: ImageReference,
    backend: BackendName,
  ): Promise<StoredLayers> {
    const { clock, puller, signal } = this.ports;
    const startedAt = clock.now();
    const staging = await mkdtemp(join(this.directory, 'staging', 'pull-'));
    try {
      const pulled = await puller.pull({
        reference,
        staging,
        rootfsName: rootfsNameOf(backend),
        has: (id) => existsSync(this.rootfs(id, backend)),
        config: secretOf(image),
        signal,
      });
      for (const id of pulled.layer_ids ?? []) await this.take(staging, id, backend);
      const { config_digest: digest } = pulled;
      if (digest !== undefined && !existsSync(this.layer(digest))) {
        await rename(join(staging, digest), this.layer(digest));
      }
      const stored = { reference, ...pulled };
      this.images.put(stored);
      this.pulls.record(clock.now() - startedAt, clock.now());
      return stored;
    } finally {
      await this.remove(staging);
    }
  }

  /** Moves a fetched layer into the store; one that was there already, or came by another pull, stays. */
  private async take(staging: string, id: string, backend: BackendName): Promise<void> {
    const source = join(staging, id);
    const target = this.rootfs(id, backend);
    const files = join(source, rootfsNameOf(backend));
    if (!existsSync(source) || existsSync(target)) return;
    if (backend === 'overlay') await markWhiteouts(files, this.ports.signal);
    // The layer may be there as another backend wants it.
    if (existsSync(this.layer(id))) await rename(files, target);
    else await rename(source, this.layer(id));
  }

  /** All that is said about running the image stands in its config, or with its topmost layer. */
  private configOf({ layer_ids: ids = [], config_digest: digest }: StoredLayers): string {
    const path =
      digest === undefined ? join(this.layer(ids.at(-1) ?? ''), 'json') : this.layer(digest);
    try {
      return readFileSync(path, 'utf8');
    } catch (thrown) {
      throw imageError(`Failed to read manifest: ${messageOf(thrown)}`, thrown);
    }
  }

  private layer(id: string): string {
    return join(this.directory, 'layers', '/', id);
  }

  private rootfs(id: string, backend: BackendName): string {
    return join(this.layer(id), rootfsNameOf(backend));
  }

  private async empty(directory: string): Promise<void> {
    const names = await readdir(directory).catch(() => []);
    for (const name of names) await this.remove(join(directory, name));
  }

  private async remove(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (thrown) {
      this.ports.log.warn({ path, error: describeError(thrown) }, 'directory cannot be removed');
    }
  }
}

/** Overlay's marks for what is taken away are no files that could be copied. */
function rootfsNameOf(backend: BackendName): string {
  return backend === 'overlay' ? 'rootfs.overlay' : 'rootfs';
}

/** Credentials that the framework has sent with the image. */
function secretOf(image: Image): unknown {
  const secret = image.docker?.config;
  if (secret === undefined) return undefined;
  if (secret.value === undefined) {
    throw imageError('Failed to resolve the docker config secret: only values can be resolved');
  }
  const text = new TextDecoder().decode(secret.value.data);
  return orThrow(parseObject(text, 'the docker config secret'));
}
