/** Images from a registry over HTTP: manifest, config, and the layers that are not in the store yet. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../../base/clock.ts';
import type { DurationMs } from '../../../../base/duration.ts';
import type { HttpClient } from '../../../../net/ports.ts';
import { Hands } from '../../../fetcher/hands.ts';
import { imageError, orThrow } from '../store.ts';
import type { Puller, PullRequest } from './puller.ts';
import { repositoryAt, versionOf } from './reference.ts';
import { RegistrySession, registryOf } from './registry.ts';
import {
  MANIFEST_TYPES,
  parseManifest,
  type RegistryLayer,
  type RegistryManifest,
} from './registry-manifest.ts';

const MANIFEST_BYTES_MAX = 4 * 1024 ** 2;
const CONFIG_BYTES_MAX = 8 * 1024 ** 2;
/** A list leads to an image, not to further lists. */
const LISTS_MAX = 2;

/** As Go names what Node names otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  ia32: '386',
  ppc64: 'ppc64le',
  x64: 'amd64',
};

export interface RegistryPullerOptions {
  /** `--docker_registry`. */
  readonly registry: string;
  /** `--docker_config`. */
  readonly config: unknown;
  /** `--fetcher_stall_timeout`. */
  readonly stallTimeoutMs: DurationMs;
}

interface Pull {
  readonly session: RegistrySession;
  readonly repository: string;
  readonly request: PullRequest;
}

type Pulled = Awaited<ReturnType<Puller['pull']>>;
type ImageManifest = Extract<RegistryManifest, { kind: 'image' }>;

export class RegistryPuller implements Puller {
  private readonly options: RegistryPullerOptions;
  private readonly http: HttpClient;
  private readonly clock: Clock;

  constructor(
    options: RegistryPullerOptions,
    ports: { readonly http: HttpClient; readonly clock: Clock },
  ) {
    this.options = options;
    this.http = ports.http;
    this.clock = ports.clock;
  }

  async pull(request: PullRequest): Promise<Pulled> {
    const { reference, signal } = request;
    const address = registryOf(reference.registry, this.options.registry);
    const configs = [request.config, this.options.config];
    const session = new RegistrySession(this.http, address, { configs, signal });
    const repository = repositoryAt(address.host, reference.repository);
    const pull = { session, repository, request };
    const { layers, configDigest } = await this.manifest(pull, versionOf(reference));
    if (configDigest !== undefined) await this.config(pull, configDigest);
    for (const layer of layers) if (!request.has(layer.id)) await this.layer(pull, layer);
    return {
      layer_ids: layers.map(({ id }) => id),
      ...(configDigest === undefined ? {} : { config_digest: configDigest }),
    };
  }

  private async manifest({ session, repository }: Pull, first: string): Promise<ImageManifest> {
    let version = first;
    for (let hop = 0; hop < LISTS_MAX; hop += 1) {
      const response = await session.get(`/v2/${repository}/manifests/${version}`, MANIFEST_TYPES);
      const text = await response.text(MANIFEST_BYTES_MAX);
      if (version.startsWith('sha256:')) checkDigest(version, sha256(text));
      const architecture = ARCHITECTURES[process.arch] ?? process.arch;
      const what = 'Failed to parse the manifest: ';
      const manifest = orThrow(parseManifest(text, architecture), what);
      if (manifest.kind === 'image') return manifest;
      version = manifest.digest;
    }
    throw imageError(`The manifest of '${repository}' leads from list to list`);
  }

  private async config({ session, repository, request }: Pull, digest: string): Promise<void> {
    const response = await session.get(`/v2/${repository}/blobs/${digest}`);
    const text = await response.text(CONFIG_BYTES_MAX);
    checkDigest(digest, sha256(text));
    await writeFile(join(request.staging, digest), text);
  }

  private async layer(
    { session, repository, request }: Pull,
    { id, digest, json }: RegistryLayer,
  ): Promise<void> {
    const directory = join(request.staging, id);
    const rootfs = join(directory, request.rootfsName);
    await mkdir(rootfs, { recursive: true });
    const packed = join(directory, 'layer.tar');
    const response = await session.get(`/v2/${repository}/blobs/${digest}`);
    const hash = createHash('sha256');
    const watched = this.watched(response.body, (chunk) => hash.update(chunk));
    const stop = (): void => response.cancel();
    request.signal.addEventListener('abort', stop, { once: true });
    try {
      await pipeline(Readable.from(watched(stop)), createWriteStream(packed));
    } finally {
      request.signal.removeEventListener('abort', stop);
    }
    checkDigest(digest, `sha256:${hash.digest('hex')}`);
    const hands = new Hands({ user: undefined, signal: request.signal });
    await hands.run('tar', ['-C', rootfs, '--numeric-owner', '-xpf', packed]);
    await rm(packed);
    if (json !== undefined) await writeFile(join(directory, 'json'), json);
  }

  /** A download that stands still is given up. */
  private watched(
    body: AsyncIterable<Uint8Array>,
    see: (chunk: Uint8Array) => void,
  ): (stop: () => void) => AsyncIterable<Uint8Array> {
    const { stallTimeoutMs } = this.options;
    const { clock } = this;
    return async function* (stop) {
      let isStalled = false;
      const giveUp = (): void => {
        isStalled = true;
        stop();
      };
      let timer = clock.setTimer(stallTimeoutMs, giveUp);
      try {
        for await (const chunk of body) {
          timer.cancel();
          timer = clock.setTimer(stallTimeoutMs, giveUp);
          see(chunk);
          yield chunk;
        }
      } finally {
        timer.cancel();
      }
      if (isStalled) throw imageError('the download stalled');
    };
  }
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function checkDigest(wanted: string, found: string): void {
  if (wanted !== found) throw imageError(`The registry sent '${found}' for '${wanted}'`);
}
