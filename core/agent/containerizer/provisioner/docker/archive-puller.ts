/** Images from a directory, or from HDFS, of archives that `docker save` made: `<name>:<tag>.tar`. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageReference } from '../../../../wire/types/docker.spec.ts';
import { Hadoop } from '../../../fetcher/hadoop.ts';
import { Hands } from '../../../fetcher/hands.ts';
import { imageError, orThrow } from '../store.ts';
import { type LayerFile, readArchive } from './archive.ts';
import type { Puller, PullRequest } from './puller.ts';
import { formatReference, LATEST } from './reference.ts';

type Pulled = Awaited<ReturnType<Puller['pull']>>;

export class ArchivePuller implements Puller {
  private readonly directory: string;
  private readonly hadoop: Hadoop;

  /** `hdfs://...`, or a path. */
  constructor(directory: string, hadoopHome: string | undefined) {
    this.directory = directory.replace(/\/+$/, '');
    this.hadoop = new Hadoop(hadoopHome);
  }

  async pull(request: PullRequest): Promise<Pulled> {
    const { reference, staging, signal } = request;
    const hands = new Hands({ user: undefined, signal });
    const tar = await this.archiveOf(reference, { hands, staging });
    // Layers lie beside what they are taken from.
    const packed = join(staging, '.archive');
    await mkdir(packed);
    await hands.run('tar', ['-C', packed, '-xf', tar]);
    const image = orThrow(readArchive(reference, (path) => read(join(packed, path))));
    for (const layer of image.layers) {
      if (!request.has(layer.id)) await unpack(layer, { packed, request, hands });
    }
    if (image.config !== undefined) {
      await rename(join(packed, image.config.path), join(staging, image.config.digest));
    }
    await rm(packed, { recursive: true });
    return {
      layer_ids: image.layers.map(({ id }) => id),
      ...(image.config === undefined ? {} : { config_digest: image.config.digest }),
    };
  }

  private async archiveOf(
    reference: ImageReference,
    { hands, staging }: { readonly hands: Hands; readonly staging: string },
  ): Promise<string> {
    const name = formatReference(reference);
    const isVersioned = reference.tag !== undefined || reference.digest !== undefined;
    const names = isVersioned ? [name] : [name, `${name}:${LATEST}`];
    const paths = names.map((each) => `${this.directory}/${each}.tar`);
    if (this.directory.startsWith('hdfs://')) {
      return await this.firstOf(paths, join(staging, '.tar'), hands);
    }
    const found = paths.find((path) => existsSync(path));
    if (found !== undefined) return found;
    throw imageError(`Failed to find archive for image '${name}' at '${paths.at(-1)}'`);
  }

  /** The last failure counts: it is of the full name. */
  private async firstOf(urls: readonly string[], target: string, hands: Hands): Promise<string> {
    let failure: unknown;
    for (const url of urls) {
      try {
        await this.hadoop.copyToLocal(hands, url, target);
        return target;
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw failure;
  }
}

async function unpack(
  { id, tar, json }: LayerFile,
  from: { readonly packed: string; readonly request: PullRequest; readonly hands: Hands },
): Promise<void> {
  const { packed, request, hands } = from;
  const layer = join(request.staging, id);
  const rootfs = join(layer, request.rootfsName);
  await mkdir(rootfs, { recursive: true });
  await hands.run('tar', ['-C', rootfs, '--numeric-owner', '-xpf', join(packed, tar)]);
  if (json !== undefined) await rename(join(packed, json), join(layer, 'json'));
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
