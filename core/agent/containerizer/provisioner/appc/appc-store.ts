/**
 * Appc images as layers: `images/<image id>/{manifest,rootfs}`, `staging/` for what is being fetched. The id
 * is the checksum of the unpacked archive.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Clock } from '../../../../base/clock.ts';
import type { DurationMs } from '../../../../base/duration.ts';
import { describeError } from '../../../../base/errors.ts';
import type { Log } from '../../../../base/log.ts';
import type { HttpClient } from '../../../../net/ports.ts';
import type { Image } from '../../../../wire/types/mesos.v1.ts';
import { Hands } from '../../../fetcher/hands.ts';
import { download } from '../../../fetcher/sources.ts';
import { type ImageStore, imageError, messageOf, orThrow, type StoredImage } from '../store.ts';
import {
  type AppcManifest,
  type AppcName,
  askedFor,
  discoveryPath,
  matchingImage,
  parseAppcManifest,
} from './manifest.ts';

export interface AppcStoreOptions {
  /** `--appc_store_dir`. */
  readonly directory: string;
  /** `--appc_simple_discovery_uri_prefix`: `http...`, or a path. */
  readonly uriPrefix: string;
  readonly stallTimeoutMs: DurationMs;
}

export interface AppcStorePorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Deeper ones are taken for images that depend on themselves. */
const DEPTH_MAX = 32;
const GZIP_MAGIC = 0x1f8b;

export class AppcStore implements ImageStore {
  private readonly options: AppcStoreOptions;
  private readonly ports: AppcStorePorts;
  /** By image id. */
  private readonly images = new Map<string, AppcManifest>();

  constructor(options: AppcStoreOptions, ports: AppcStorePorts) {
    this.options = options;
    this.ports = ports;
    for (const name of ['images', 'staging']) {
      mkdirSync(join(options.directory, name), { recursive: true });
    }
  }

  async recover(): Promise<void> {
    const { directory } = this.options;
    for (const name of await readdir(join(directory, 'staging'))) {
      await rm(join(directory, 'staging', name), { recursive: true, force: true });
    }
    for (const id of await readdir(join(directory, 'images'))) {
      try {
        this.images.set(id, this.manifestOf(id));
      } catch (thrown) {
        this.ports.log.warn({ id, error: describeError(thrown) }, 'image cannot be used');
      }
    }
  }

  async get(image: Image): Promise<StoredImage> {
    const asked = orThrow(askedFor(image.appc));
    const ids = await this.withDependencies(asked, image.cached !== false, 0);
    const top = ids.at(-1) ?? '';
    return {
      layers: ids.map((id) => join(this.pathOf(id), 'rootfs')),
      runtime: this.manifestOf(top).runtime,
    };
  }

  /** Images of operators lie here too: none is removed, as by the original. */
  prune(): Promise<void> {
    return Promise.resolve();
  }

  /** What an image stands on comes before it. */
  private async withDependencies(
    asked: AppcName,
    mayBeCached: boolean,
    depth: number,
  ): Promise<readonly string[]> {
    if (depth > DEPTH_MAX) throw imageError(`Dependencies of '${asked.name}' are too deep`);
    const known = asked.id ?? matchingImage(asked, this.images);
    const isHere = mayBeCached && known !== undefined && existsSync(this.pathOf(known));
    const id = isHere ? known : await this.fetch(asked);
    const below: string[] = [];
    for (const dependency of this.manifestOf(id).dependencies) {
      below.push(...(await this.withDependencies(dependency, mayBeCached, depth + 1)));
    }
    return [...below, id];
  }

  private async fetch(asked: AppcName): Promise<string> {
    const what = `Failed to get discovery path for image '${asked.name}': `;
    const path = orThrow(discoveryPath(asked), what);
    const { directory, uriPrefix } = this.options;
    const staging = await mkdtemp(join(directory, 'staging', 'fetch-'));
    try {
      const packed = join(staging, 'image.aci');
      await this.bring(`${uriPrefix}${path}`, packed);
      const tar = join(staging, 'image.tar');
      const id = await unzip(packed, tar);
      if (asked.id !== undefined && asked.id !== id) {
        throw imageError(`The image '${asked.name}' has the id '${id}', not '${asked.id}'`);
      }
      const image = join(staging, id);
      await mkdir(image);
      const hands = new Hands({ user: undefined, signal: this.ports.signal });
      await hands.run('tar', ['-C', image, '--numeric-owner', '-xpf', tar]);
      const manifest = readManifest(image, id);
      if (!existsSync(this.pathOf(id))) await rename(image, this.pathOf(id));
      this.images.set(id, manifest);
      return id;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  private async bring(uri: string, target: string): Promise<void> {
    try {
      if (uri.startsWith('/')) await copyFile(uri, target);
      else {
        const { stallTimeoutMs } = this.options;
        const { signal } = this.ports;
        const bytes = download(this.ports, uri, { stallTimeoutMs, signal });
        await pipeline(Readable.from(bytes), createWriteStream(target));
      }
    } catch (thrown) {
      throw imageError(`Failed to fetch '${uri}': ${messageOf(thrown)}`, thrown);
    }
  }

  private manifestOf(id: string): AppcManifest {
    return this.images.get(id) ?? readManifest(this.pathOf(id), id);
  }

  private pathOf(id: string): string {
    return join(this.options.directory, 'images', id);
  }
}

function readManifest(image: string, id: string): AppcManifest {
  let text: string;
  try {
    text = readFileSync(join(image, 'manifest'), 'utf8');
  } catch (thrown) {
    throw imageError(`Failed to read manifest of '${id}': ${messageOf(thrown)}`, thrown);
  }
  return orThrow(parseAppcManifest(text), `Failed to parse manifest of '${id}': `);
}

/** Gives the id. */
async function unzip(packed: string, target: string): Promise<string> {
  const hash = createHash('sha512');
  const watch = async function* (bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const [from, to] = [createReadStream(packed), createWriteStream(target)];
  if (await isZipped(packed)) await pipeline(from, createGunzip(), watch, to);
  else await pipeline(from, watch, to);
  return `sha512-${hash.digest('hex')}`;
}

async function isZipped(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return head.readUInt16BE() === GZIP_MAGIC;
  } finally {
    await file.close();
  }
}
